"""What generates text: the registry of engines, and what every engine offers.

To add an engine, write its module and add its line to ENGINES. The module is imported when the engine is loaded, so
that nothing else needs the engine's packages. It has one function, `load(model, revision, max_context, options)`: the
model's folder or hub id; the revision of a hub id; the limit of prompt and answer in tokens, 0 for the model's own; a
value for every option of the registry's entry. What it returns has `check(prompts, max_new_tokens)`, which raises
UserError for a prompt that would be refused, and one of these two methods:

generate(prompts, seeds, decoding) -> list[list[dict]]
    One answer to prompts[i] for each seed in seeds[i]; the call is one batch. Equal batches give equal results on equal
    hardware. An answer is a dict of `text` (cut before the first stop string), `tokens` (how many were generated, with
    those of a stop string and of the end), `prompt_tokens`, `finish_reason` ("stop" or "length") and `seed`.
stream(prompts, seeds, decoding, is_due) -> Iterator[list[tuple[int, int, dict]]]
    For an engine that forms its batches itself: yields lists of (i, j, answer to prompts[i] with seeds[i][j]) as they
    finish, in any order. It yields at least every few seconds, an empty list if nothing has finished. It reports the
    seconds of its longest answer so far to `is_due`; once that returns True, it starts no further answer, finishes
    those that it has started, and ends.

An engine that holds memory which Python does not free by itself also has `close()`, see `close_engine`.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field

from yetbetter.errors import UserError
from yetbetter.generation import openai_options

# Of programs called by hand; a config says the engine of each model, or the schema does.
DEFAULT_ENGINE = "transformers"


@dataclass(frozen=True)
class Decoding:
    """How an engine chooses tokens. temperature: 0 is greedy. top_k: 0 keeps the whole vocabulary.

    stop: strings that end an answer.
    """

    temperature: float
    top_k: int
    max_new_tokens: int
    stop: tuple[str, ...] = ()


def engine_options_of(entry: dict) -> dict:
    """The engine's options in a model's config entry."""
    return entry["engine_options"]


def accept_entry(key: str, entry: dict) -> None:
    """Most engines work with every model entry that the schema allows."""


@dataclass(frozen=True)
class Engine:
    """All that is known of an engine without loading it.

    module: its module, imported when the engine is loaded.
    description: one sentence for help texts and the schema.
    tool: the tool whose environment holds its packages: envs/<tool>.yaml, and <tool> under the config's `environments`.
    packages: those whose versions a result depends on.
    streams: it has `stream` instead of `generate`, so it has no batch size.
    is_endpoint: models are asked over the network under the endpoint's own names. There are no local files, no
        revision, no download, no finetuning and no chat format of ours, and answers have a price.
    options: name -> (type, default) of what a model's config entry may say.
    shaping: names of the options that change the answers; they are part of a pool's identity.
    identify: for a shaping option, which part of its value enters the identity, if not all of it.
    options_of: a model's config entry -> its options.
    check_entry: raises UserError, starting with the given key, for a config entry that the engine cannot work with.
    """

    module: str
    description: str
    tool: str
    packages: tuple[str, ...] = ()
    streams: bool = False
    is_endpoint: bool = False
    options: dict[str, tuple[type, object]] = field(default_factory=dict)
    shaping: tuple[str, ...] = ()
    identify: dict[str, Callable] = field(default_factory=dict)
    options_of: Callable[[dict], dict] = engine_options_of
    check_entry: Callable[[str, dict], None] = accept_entry


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
    "transformers": Engine(
        module="yetbetter.generation.transformers_engine",
        description="on any machine.",
        tool="deepspeed",
        packages=("torch", "transformers"),
    ),
    "vllm": Engine(
        module="yetbetter.generation.vllm_engine",
        description="on GPUs (or CPUs), in an environment of its own.",
        tool="vllm",
        packages=("vllm", "torch", "transformers"),
        streams=True,
        options=VLLM_OPTIONS,
        shaping=("dtype", "quantization"),
    ),
    "openai": Engine(
        module="yetbetter.generation.openai_engine",
        description="any OpenAI-compatible endpoint; nothing is spent without a spending limit.",
        tool="openai",
        packages=("openai",),
        streams=True,
        is_endpoint=True,
        options=openai_options.OPTIONS,
        shaping=openai_options.SHAPING,
        identify={"base_url": openai_options.host_of},
        options_of=openai_options.options_of,
        check_entry=openai_options.check_entry,
    ),
}


def find_engine(name: str) -> Engine:
    """The engine of that name; UserError if there is none."""
    if name not in ENGINES:
        raise UserError(f"--engine is {name!r}, allowed: {', '.join(ENGINES)}")
    return ENGINES[name]


def engine_of(entry: dict) -> Engine:
    """The engine of a model's config entry."""
    return find_engine(entry["engine"])


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
            raise UserError(f"--engine-option {argument}: {value!r} is not of type {kind.__name__}") from None
    return options


def shaping_options(name: str, options: dict) -> dict:
    """The options that are part of a pool's identity."""
    engine = find_engine(name)
    return {option: engine.identify.get(option, lambda value: value)(options[option]) for option in engine.shaping}


def load_engine(name: str, model: str, revision: str | None = None, max_context: int = 0, options: dict | None = None):
    """Load an engine with a model: a folder or hub id. max_context: limit in tokens, 0 for the model's own."""
    module = importlib.import_module(find_engine(name).module)
    return module.load(model, revision, max_context, parse_options(name, []) | (options or {}))


def close_engine(engine) -> None:
    """Free an engine's memory before another is loaded; None is allowed."""
    if hasattr(engine, "close"):
        engine.close()
