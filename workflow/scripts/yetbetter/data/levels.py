"""Levels of difficulty: one spelling for each level, however a file writes it."""

import math
import re

from yetbetter.records import shorten

# "2", "2.0", "Level 2"
NUMBER = re.compile(r"(?:level)?[\s:_]*([+-]?\d+(?:\.\d*)?)", re.IGNORECASE)
UNKNOWN = re.compile(r"(?:level)?[\s:_]*\??", re.IGNORECASE)  # "", "?", "Level ?", as MATH has it
EVERY = "all"  # how tables name all levels together


def read_level(value: object) -> int | float | str | None:
    """A level as it is written into problems; None if it is unknown.

    2, 2.0, "2" and "Level 2" are the whole number 2. Other text stays, with single spaces. Raises ValueError, with a
    message, for anything else.
    """
    if isinstance(value, str):
        number = NUMBER.fullmatch(value.strip())
        if UNKNOWN.fullmatch(value.strip()):
            return None
        value = float(number[1]) if number else " ".join(value.split())
        if value == EVERY:
            raise ValueError(f"level is {value!r}, which tables call the problems of all levels")
    elif isinstance(value, bool) or not isinstance(value, int | float | None):
        raise ValueError(f"level is {shorten(repr(value))}, it must be text or a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"level is {value}, it must be text or a finite number")
    return int(value) if isinstance(value, float) and value.is_integer() else value
