"""Checks config files before Snakemake merges them: it would silently keep only the last of duplicate keys."""

import json
from pathlib import Path

import yaml

from yetbetter.errors import UserError
from yetbetter.records import open_text, shorten

# libyaml's parser is ten times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_file(path: str | Path) -> None:
    """Raise UserError, naming file and line, if a config is not YAML or has duplicate keys."""
    try:
        with open_text(path) as file:
            text = file.read()
        repeated = find_repeated(yaml.compose(text, LOADER))
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    except yaml.YAMLError as error:
        if is_json(text):
            return
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else path
        raise UserError(f"{place}: not YAML ({getattr(error, 'problem', None) or shorten(str(error))})") from None
    if repeated:
        again, first = (key.start_mark.line + 1 for key in repeated)
        raise UserError(f"{path}:{again}: duplicate key {repeated[0].value!r}, first in line {first}")


def is_json(text: str) -> bool:
    """Whether the text is JSON: Snakemake reads it too, and some JSON is not YAML."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def find_repeated(root: yaml.Node | None) -> tuple[yaml.Node, yaml.Node] | None:
    """The first duplicate key of a document, and the key that it duplicates."""
    nodes, known = [root], set()
    while nodes:
        node = nodes.pop()
        if id(node) in known or not isinstance(node, yaml.CollectionNode):
            continue
        known.add(id(node))  # an alias is the same node as its anchor
        if isinstance(node, yaml.SequenceNode):
            nodes += reversed(node.value)
            continue
        keys: dict[tuple, yaml.Node] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and keys.setdefault((key.tag, key.value), key) is not key:
                return key, keys[key.tag, key.value]
        nodes += [value for _, value in reversed(node.value)]
    return None
