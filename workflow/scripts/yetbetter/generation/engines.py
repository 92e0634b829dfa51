"""What generates text. Heavy packages are imported only when an engine is loaded.

A loaded engine has check(prompts, max_new_tokens), which raises UserError for a prompt it would refuse, and draws in
one of two ways, both with the arguments of `generation.Generator.generate`:

generate(prompts, seeds, temperature, top_k, max_new_tokens, stop) -> list[list[dict]]
    One batch; equal batches give equal results on equal hardware.
stream(prompts, seeds, temperature, top_k, max_new_tokens, stop, is_due) -> Iterator[list[tuple[int, int, dict]]]
    An engine that schedules by itself: yields lists of (i, j, answer) as they finish, in any order, where the answer is
    that of seeds[i][j], with the keys that `generate` gives. At least every few seconds it yields, if need be an empty
    list. It tells `is_due` the seconds that its longest answer took; once that says True it begins no further answer,
    and ends with those that it has begun.

One that holds more than Python frees by itself has close() too; `close_engine` calls it where there is one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from yetbetter.errors import UserError
from yetbetter.generation import openai_options


@dataclass(frozen=True)
class Engine:
    """How an engine is loaded, and what it can be told.

    load: of (model's folder or hub id, revision, limit of the context in tokens or 0, options).
    streams: it has `stream` instead of `generate`.
    options: name -> (type, default) of what its models' config entries may say.
    shaping: names of those options that are part of a pool's identity, because they change what is drawn.
    identify: of a shaping option, what of its value enters the identity, where that is not all of it.
    """

    load: Callable
    streams: bool = False
    options: dict[str, tuple[type, object]] = field(default_factory=dict)
    shaping: tuple[str, ...] = ()
    identify: dict[str, Callable] = field(default_factory=dict)


def load_transformers(model: str, revision: str | None, max_context: int, options: dict):
    from yetbetter.generation.transformers_engine import Generator, load_model

    return Generator(*load_model(model, revision), max_context)


def load_vllm(model: str, revision: str | None, max_context: int, options: dict):
    from yetbetter.generation.vllm_engine import VllmEngine

    return VllmEngine(model, revision, max_context, options)


def load_openai(model: str, revision: str | None, max_context: int, options: dict):
    from yetbetter.generation.openai_engine import OpenaiEngine

    return OpenaiEngine(model, max_context, options)


# What they mean is in config/README.md; 0 and "" leave the choice to vLLM.
VLLM_OPTIONS = {
    "dtype": (str, "auto"),
    "quantization": (str, ""),
    "tensor_parallel_size": (int, 1),
    "gpu_memory_utilization": (float, 0.9),
    "kv_cache_gb": (float, 0.0),
    "max_num_seqs": (int, 0),
    "max_num_batched_tokens": (int, 0),
    "enforce_eager": (bool, False),
}

ENGINES = {
    "transformers": Engine(load_transformers),
    "vllm": Engine(load_vllm, streams=True, options=VLLM_OPTIONS, shaping=("dtype", "quantization")),
    "openai": Engine(
        load_openai,
        streams=True,
        options=openai_options.OPTIONS,
        shaping=openai_options.SHAPING,
        identify={"base_url": openai_options.host_of},
    ),
}


def find_engine(name: str) -> Engine:
    if name not in ENGINES:
        raise UserError(f"--engine is {name!r}, allowed: {', '.join(ENGINES)}")
    return ENGINES[name]


def parse_options(name: str, arguments: list[str]) -> dict:
    """The engine's options from NAME=VALUE arguments, over its defaults. UserError for a wrong name or type."""
    known = find_engine(name).options
    options = {option: default for option, (_, default) in known.items()}
    for argument in arguments:
        option, _, value = argument.partition("=")
        if option not in known:
            allowed = ", ".join(known) or "none"
            raise UserError(f"--engine-option {argument}: the engine {name} has no option {option!r} (has: {allowed})")
        kind = known[option][0]
        try:
            options[option] = value in ("true", "True", "1") if kind is bool else kind(value)
        except ValueError:
            raise UserError(f"--engine-option {argument}: {value!r} is no {kind.__name__}") from None
    return options


def shaping_options(name: str, options: dict) -> dict:
    """Those options that belong into a pool's identity."""
    engine = find_engine(name)
    return {option: engine.identify.get(option, lambda value: value)(options[option]) for option in engine.shaping}


def load_engine(name: str, model: str, revision: str | None = None, max_context: int = 0, options: dict | None = None):
    """The engine for a model: a folder or hub id. max_context: limit in tokens, 0 for the model's own."""
    return find_engine(name).load(model, revision, max_context, parse_options(name, []) | (options or {}))


def close_engine(engine) -> None:
    """Give an engine's memory back, before another is loaded; None is fine."""
    if hasattr(engine, "close"):
        engine.close()
