"""Counts calls of functions: work that is the same on every machine, however busy it is."""

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator


@contextlib.contextmanager
def counted_calls() -> Iterator[Counter]:
    """The calls inside the block, of Python's functions and of built-in ones."""
    calls: Counter = Counter()

    def count(frame, event, argument):
        calls[event] += 1

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)
