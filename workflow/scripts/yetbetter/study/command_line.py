"""Snakemake's command line: its values of the config, typed as in a file and named in messages; its targets."""

import copy
import re
import sys
from collections.abc import Callable, Iterator

from yetbetter.errors import UserError
from yetbetter.study.schema import Validator
from yetbetter.study.yaml_readings import IN_QUOTES, typed

OPTION = "--config"
# Snakemake drops the quotes of a value, and has already turned a text of digits into a number.
NO_QUOTES = (IN_QUOTES, "write it in a config file, since Snakemake drops quotes here")


def as_in_a_file(config: dict, given: dict, schema: dict) -> dict:
    """A copy of the config in which the texts of the command line have the types that they would have in a file.

    Snakemake types only the outermost level of a value: the 0.7 of `sampling={temperature: 0.7}` stays text. A text
    that the schema requires to be text is not converted, since Snakemake drops the quotes that would mark it.

    given: the values of the command line, as Snakemake merged them into the config.
    """
    texts = {path: text for path, text in leaves(given) if isinstance(text, str)}
    if not texts:
        return config
    config = copy.deepcopy(config)
    for path, text in texts.items():
        put(config, path, typed(text))
    part = Validator({"$defs": schema["$defs"]})
    for error in every(Validator(schema).iter_errors(config)):
        path = tuple(error.absolute_path)
        if path in texts and part.evolve(schema=error.schema).is_valid(texts[path]):
            put(config, path, texts[path])
    return config


def leaves(value, path: tuple = ()) -> Iterator[tuple[tuple, object]]:
    """(path, value) of everything in a config that is neither a mapping nor a list."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield path, value
        return
    for key, part in inner:
        yield from leaves(part, (*path, key))


def put(config: dict, path: tuple, value) -> None:
    *way, last = path
    for key in way:
        config = config[key]
    config[last] = value


def every(errors) -> Iterator:
    """Errors of a schema, followed by the errors of their alternatives (`anyOf` and the like)."""
    for error in errors:
        yield error
        yield from every(error.context)


def blamed(message: str, name: str, given: dict) -> str:
    """A message about a config, which begins with `--config`, not the file's name, if the command line gave the value.

    If the command line gave only a part of the wrong value, the message begins with both.
    """
    if not given or not message.startswith(f"{name}: "):
        return message
    rest = message.removeprefix(f"{name}: ")
    key, unknown = re.match(r"(the config|\S+?)(?: under \S+?)?:(?: unknown key '(.+?)')?", rest).groups()
    keys = [] if key == "the config" else [key]
    whole = covered(given, ".".join([*keys, *([unknown] if unknown else [])]))
    if whole is None:
        return message
    return f"{OPTION}: {rest.replace(*NO_QUOTES)}" if whole else f"{name} with {OPTION}: {rest}"


def covered(given, key: str) -> bool | None:
    """Whether the values set the key (written with dots): True, False if only a part of it, None if nothing of it."""
    if not isinstance(given, dict):
        return True
    if not key:
        return False if given else None
    for name, inner in given.items():
        if key == name or key.startswith(f"{name}."):
            return covered(inner, key[len(name) + 1 :])
    return None


def requested(files: Callable[[], list[str]]) -> Callable[..., list[str]]:
    """The input function of a rule that is requested by name: a UserError ends the run with its line alone.

    Snakemake reports an exception of an input function as that of a broken function, with a traceback.
    """

    def of(wildcards):
        try:
            return files()
        except UserError as error:
            sys.exit(str(error))

    return of
