"""A bound on the work of one comparison, counted in steps and not in seconds: a busy machine changes no verdict."""

import math
import threading
from collections.abc import Callable

# A step takes about a microsecond. A usual comparison of formulas takes some hundreds.
MAX_STEPS = 300_000


class OutOfWork(Exception):
    """The comparison has used up its steps; a worker process, which can be killed, may continue with it."""


class Allowance(threading.local):
    steps = math.inf


ALLOWANCE = Allowance()


def spend(steps: int) -> None:
    """Count work that is about to be done. Raises OutOfWork if too few steps are left."""
    ALLOWANCE.steps -= steps
    if ALLOWANCE.steps < 0:
        raise OutOfWork


def within(steps: float, do: Callable, *arguments):
    """The result of do(*arguments), which may spend this many steps."""
    before, ALLOWANCE.steps = ALLOWANCE.steps, steps
    try:
        return do(*arguments)
    finally:
        ALLOWANCE.steps = before
