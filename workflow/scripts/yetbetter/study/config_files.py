"""Checks config files before Snakemake merges them: it would silently keep only the last of duplicate keys.

Keys and numbers that YAML misreads are found here too, because later only the values that it read are left.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from yetbetter.errors import UserError
from yetbetter.records import open_text, shorten
from yetbetter.study.yaml_readings import misread_key, misread_number

# libyaml's parser is ten times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_file(path: str | Path) -> None:
    """Raise UserError, naming file and line, for invalid YAML, a duplicate key, or a word that YAML misreads."""
    try:
        with open_text(path) as file:
            text = file.read()
        root = yaml.compose(text, LOADER)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    except yaml.YAMLError as error:
        if is_json(text):
            return
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else path
        raise UserError(f"{place}: not YAML ({getattr(error, 'problem', None) or shorten(str(error))})") from None
    repeated = find_repeated(root)
    if repeated:
        again, first = (key.start_mark.line + 1 for key in repeated)
        raise UserError(f"{path}:{again}: duplicate key {repeated[0].value!r}, first in line {first}")
    misread = find_misread(root)
    if misread:
        node, message = misread
        raise UserError(f"{path}:{node.start_mark.line + 1}: {message}")


def is_json(text: str) -> bool:
    """Whether the text is JSON: Snakemake reads it too, and some JSON is not YAML."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def collections(root: yaml.Node | None) -> Iterator[yaml.CollectionNode]:
    """The mappings and lists of a document, in order, each once: an alias is the same node as its anchor."""
    nodes, known = [root], set()
    while nodes:
        node = nodes.pop()
        if id(node) in known or not isinstance(node, yaml.CollectionNode):
            continue
        known.add(id(node))
        yield node
        inner = node.value if isinstance(node, yaml.SequenceNode) else [value for _, value in node.value]
        nodes += reversed(inner)


def find_repeated(root: yaml.Node | None) -> tuple[yaml.Node, yaml.Node] | None:
    """The first duplicate key of a document, and the key that it duplicates."""
    for node in collections(root):
        keys: dict[tuple, yaml.Node] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and keys.setdefault((key.tag, key.value), key) is not key:
                return key, keys[key.tag, key.value]
    return None


def find_misread(root: yaml.Node | None) -> tuple[yaml.Node, str] | None:
    """The first key or number that YAML misreads, and a message."""
    for node in collections(root):
        is_mapping = isinstance(node, yaml.MappingNode)
        for key, value in node.value if is_mapping else [(None, item) for item in node.value]:
            if is_mapping and (message := misread_key(key)):
                return key, message
            if message := misread_number(value):
                return value, f"{key.value}: {message}" if is_mapping else message
    return None
