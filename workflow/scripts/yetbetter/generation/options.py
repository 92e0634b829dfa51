"""Which engine is asked, and how: the arguments that sampling, judging and evaluation share."""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.generation.engines import (
    DEFAULT_ENGINE,
    ENGINES,
    Decoding,
    Engine,
    find_engine,
    load_engine,
    parse_options,
    shaping_options,
)
from yetbetter.program import whole

# More than one slash cannot be a hub id: reported before a missing folder is looked up on the network.
HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?")


@dataclass(frozen=True)
class Sampler:
    """An engine with its settings; load it with a model to get answers.

    engine: its name in the registry. options: a value for each of its options. max_context: limit of prompt and answer
    in tokens, 0 for the model's own. batch_size: answers generated together, by an engine that does not stream.
    """

    engine: str
    options: dict
    decoding: Decoding
    max_context: int = 0
    batch_size: int = 64

    @property
    def entry(self) -> Engine:
        return find_engine(self.engine)

    @property
    def streams(self) -> bool:
        return self.entry.streams

    @property
    def settings(self) -> dict:
        """What shapes the answers: part of every fingerprint."""
        settings = {
            "engine": self.engine,
            "temperature": self.decoding.temperature,
            "top_k": self.decoding.top_k,
            "max_new_tokens": self.decoding.max_new_tokens,
            "max_context": self.max_context,
            "stop": list(self.decoding.stop),
            **shaping_options(self.engine, self.options),
        }
        return settings if self.streams else settings | {"batch_size": self.batch_size}

    def load(self, model: str, revision: str | None = None):
        """The loaded engine. model: folder or hub id."""
        return load_engine(self.engine, model, revision, self.max_context, self.options)


def add_arguments(parser: argparse.ArgumentParser, **defaults) -> None:
    """Add the arguments of a Sampler; those without a value in `defaults` (by name) are required."""

    def add(name: str, kind, what: str) -> None:
        given = {"default": defaults[name]} if name in defaults else {"required": True}
        what += f" (default: {defaults[name]})" if name in defaults else ""
        parser.add_argument("--" + name.replace("_", "-"), type=kind, help=what, **given)

    defaults = {"engine": DEFAULT_ENGINE, "max_context": 0} | defaults
    add("engine", str, f"one of: {', '.join(ENGINES)}")
    parser.add_argument("--engine-option", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    add("temperature", float, "0 is greedy decoding")
    add("top_k", whole(0), "0 keeps the whole vocabulary")
    add("max_new_tokens", whole(1), "limit of an answer")
    add("max_context", whole(0), "limit of prompt and answer; 0: the model's own")
    parser.add_argument("--stop", action="append", default=[], help="a string that ends an answer; may be repeated")
    add("batch_size", whole(1), "answers generated together; shapes their last digits")


def sampler_of(arguments: argparse.Namespace) -> Sampler:
    """The Sampler that the arguments of `add_arguments` describe. UserError for what argparse lets through."""
    options = parse_options(arguments.engine, arguments.engine_option)
    if not 0 <= arguments.temperature < float("inf"):
        raise UserError(f"--temperature is {arguments.temperature}, it must be 0 (greedy) or more")
    if "" in arguments.stop:
        raise UserError("--stop is empty, it must hold at least one character")
    decoding = Decoding(arguments.temperature, arguments.top_k, arguments.max_new_tokens, tuple(arguments.stop))
    return Sampler(arguments.engine, options, decoding, arguments.max_context, arguments.batch_size)


def check_model_argument(sampler: Sampler, model: str, chat: bool) -> None:
    """UserError if --model cannot be a folder or a hub id, or --chat is given for an endpoint, which has its own."""
    if sampler.entry.is_endpoint:
        if chat:
            raise UserError("--chat: an endpoint formats its chats itself, ask it for them with its own options")
    elif not Path(model).is_dir() and not HUB_ID.fullmatch(model):
        raise UserError(f"--model {model}: no such folder, and not a hub id")


def packages_of(line: list[str]) -> tuple[str, ...]:
    """The packages of the engine that a command line names; none for an unknown engine.

    For the first lines of a log, which are written before the arguments are parsed.
    """
    words = [word for argument in line[1:] for word in argument.split("=", 1)]
    name = words[words.index("--engine") + 1] if "--engine" in words[:-1] else DEFAULT_ENGINE
    return ENGINES[name].packages if name in ENGINES else ()
