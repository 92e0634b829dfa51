"""Unquoted words that YAML reads otherwise than a person would expect, and what to write instead.

YAML here is version 1.1, as PyYAML and Snakemake read it: `on` and `no` are truth values, `010` is octal, `1:30` is in
base 60, `2026-01-31` is a date, and `1e-3` is text because its number has no decimal point.
"""

import datetime
import math
import re

import yaml

# Tags of YAML's own types, in words.
WORDS = {
    "tag:yaml.org,2002:bool": "a truth value",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:null": "no value",
    "tag:yaml.org,2002:timestamp": "a date",
}
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
EXPONENT = re.compile(r"([-+]?)(\d*)(?:\.(\d*))?[eE]([-+]?\d+)")
OCTAL, BASE_60 = re.compile(r"[-+]?0[0-7_]+"), re.compile(r"[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?")
# Commas between groups of three digits; any other comma is read as a decimal one.
THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
IN_QUOTES = "write the text in quotes"
YES, NO = ("y", "yes", "true", "t", "on"), ("n", "no", "false", "f", "off")


def typed(text: str):
    """The value of an unquoted word: a number, a truth value, None, or otherwise the text itself."""
    tag = tag_of(text)
    return yaml.safe_load(text) if tag in WORDS and not tag.endswith("timestamp") else text


def tag_of(text: str) -> str:
    return yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False))


def misread_key(node: yaml.Node) -> str:
    """A message if YAML does not read an unquoted key as text; otherwise empty."""
    if not isinstance(node, yaml.ScalarNode) or node.tag not in WORDS:
        return ""
    written = node.value or "''"
    return f"YAML reads the key {written} as {WORDS[node.tag]} (write it in quotes: {quoted(node.value)})"


def misread_number(node: yaml.Node) -> str:
    """A message if YAML reads a number as octal or base 60, which is rarely meant; otherwise empty."""
    if not isinstance(node, yaml.ScalarNode) or node.tag not in NUMBERS:
        return ""
    base = "octal" if OCTAL.fullmatch(node.value) else "base 60" if BASE_60.fullmatch(node.value) else ""
    if not base:
        return ""
    value = typed(node.value)
    return f"YAML reads {node.value} as the number {value} ({base}): write {value}, or as text {quoted(node.value)}"


def reading_of(value, wanted: set[str]) -> str:
    """Why YAML read a value as a type that is not wanted, and what to write; empty if that is not known.

    wanted: types as JSON Schema calls them.
    """
    if value is None:
        return "YAML reads null, ~ and an empty place as no value"
    if isinstance(value, str):
        return reading_of_text(value, wanted)
    if "integer" in wanted and isinstance(value, float) and value.is_integer():
        return f"write {int(value)}"
    if isinstance(value, bool):
        words, example = ("on, yes and true", "'on'") if value else ("off, no and false", "'off'")
        advice = f": {IN_QUOTES}, such as {example}" if "string" in wanted else ""
        return f"YAML reads {words} as a truth value{advice}"
    if "string" not in wanted:
        return ""
    if isinstance(value, int | float):
        return f"YAML reads it as a number: {IN_QUOTES}"
    if isinstance(value, datetime.date):
        return f"YAML reads it as a date: {IN_QUOTES}"
    return ""


def reading_of_text(text: str, wanted: set[str]) -> str:
    plain = typed(text)
    is_number = isinstance(plain, int | float) and not isinstance(plain, bool)
    if "boolean" in wanted:
        meant = "true" if text.lower() in YES else "false" if text.lower() in NO else ""
        how = "text, because of its quotes" if isinstance(plain, bool) else "text"
        return f"YAML reads {text} as {how}: write {meant}" if meant else ""
    if not wanted & {"number", "integer"}:
        return ""
    if is_number:
        return f"YAML reads {text} as text, because of its quotes: write {plain}"
    number = number_meant(text, "number" not in wanted)
    return f"YAML reads {text} as text: write {number}" if number else ""


def number_meant(text: str, whole: bool) -> str:
    """The number that a text means, in a spelling that YAML reads as a number; empty for none. whole: only integers."""
    exponent = EXPONENT.fullmatch(text)
    point = "" if THOUSANDS.fullmatch(text) else "."
    try:
        value = int(text, 0) if re.fullmatch(r"[-+]?0[oObB]\d+", text) else float(text.replace(",", point))
    except ValueError:
        return ""
    if not math.isfinite(value):
        return ""
    if not value and re.search("[1-9]", re.split("[eE]", text)[0]):  # too small for a number of a computer: 1e-400
        return ""
    if value == int(value) and (whole or not exponent):
        return str(int(value))
    if whole or not exponent:
        return "" if whole else str(value)
    sign, before, after, power = exponent.groups()
    return f"{sign}{before or 0}.{after or 0}e{int(power):+d}"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
