"""How a program is told which model to ask and how: the arguments that sampling, judging and evaluation share."""

import argparse
import re
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.generation.drawing import Decoding
from yetbetter.generation.engines import ENGINES, find_engine, load_engine, parse_options, shaping_options

# More than one slash is no hub id: better said before a missing folder is looked up on the network.
HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?")


def add_arguments(parser: argparse.ArgumentParser, **defaults) -> None:
    """Add what says how a model is asked; what has no value in `defaults` (by its name) must be given."""

    def add(name: str, kind, what: str) -> None:
        given = {"default": defaults[name]} if name in defaults else {"required": True}
        what += f" (default: {defaults[name]})" if name in defaults else ""
        parser.add_argument("--" + name.replace("_", "-"), type=kind, help=what, **given)

    defaults = {"engine": "transformers", "max_context": 0} | defaults
    add("engine", str, f"one of: {', '.join(ENGINES)}")
    parser.add_argument("--engine-option", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    add("temperature", float, "0 is greedy decoding")
    add("top_k", at_least(0), "0 keeps the whole vocabulary")
    add("max_new_tokens", at_least(1), "limit of an answer")
    add("max_context", at_least(0), "limit of prompt and answer; 0: the model's own")
    parser.add_argument("--stop", action="append", default=[], help="a string that ends an answer; may be repeated")
    add("batch_size", at_least(1), "answers drawn together; shapes their last digits")


def at_least(least: int):
    def integer(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return int(text)

    return integer


def check_arguments(arguments: argparse.Namespace) -> None:
    """Raise UserError for what argparse lets through."""
    parse_options(arguments.engine, arguments.engine_option)
    if not 0 <= arguments.temperature < float("inf"):
        raise UserError(f"--temperature is {arguments.temperature}, it must be 0 (greedy) or more")
    if getattr(arguments, "chat", False) and arguments.engine == "openai":
        raise UserError("--chat: an endpoint formats its chats itself, ask it for them with its own options")
    if "" in arguments.stop:
        raise UserError("--stop is empty, it must hold at least one character")


def check_model_name(arguments: argparse.Namespace) -> None:
    """Raise UserError where --model can be neither a folder nor a hub id; an endpoint has names of its own."""
    model = arguments.model
    if arguments.engine != "openai" and not Path(model).is_dir() and not HUB_ID.fullmatch(model):
        raise UserError(f"--model {model}: no such folder, and not a hub id")


def streams(arguments: argparse.Namespace) -> bool:
    return find_engine(arguments.engine).streams


def settings_of(arguments: argparse.Namespace) -> dict:
    """What of the arguments shapes the answers: part of every fingerprint."""
    settings = {
        "engine": arguments.engine,
        "temperature": arguments.temperature,
        "top_k": arguments.top_k,
        "max_new_tokens": arguments.max_new_tokens,
        "max_context": arguments.max_context,
        "stop": arguments.stop,
        **shaping_options(arguments.engine, parse_options(arguments.engine, arguments.engine_option)),
    }
    return settings if streams(arguments) else settings | {"batch_size": arguments.batch_size}


def decoding_of(arguments: argparse.Namespace) -> Decoding:
    return Decoding(arguments.temperature, arguments.top_k, arguments.max_new_tokens, tuple(arguments.stop))


def load(arguments: argparse.Namespace, model: str, revision: str | None = None):
    """The engine that the arguments name, with a model's folder or hub id."""
    options = parse_options(arguments.engine, arguments.engine_option)
    return load_engine(arguments.engine, model, revision, arguments.max_context, options)
