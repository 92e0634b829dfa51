"""Does the final answer of a solution equal the gold answer? The rules are in docs/grading.md.

Only the standard library is imported here; SymPy runs in worker processes, and only for what nothing cheaper decides.
"""

import functools

from yetbetter.grading.extraction import CONVENTIONS, extract_answer
from yetbetter.grading.golds import gold_of
from yetbetter.grading.grader import CORRECT, GRADER_ERROR, INCORRECT, NO_ANSWER, TIMEOUT, VERDICTS, Grader
from yetbetter.grading.normalisation import normalise
from yetbetter.grading.rationals import read_number
from yetbetter.verdicts import LENIENT, MODES, STRICT
from yetbetter.versions import GRADER_VERSION

__all__ = [
    "CONVENTIONS",
    "CORRECT",
    "GRADER_ERROR",
    "GRADER_VERSION",
    "INCORRECT",
    "LENIENT",
    "MODES",
    "NO_ANSWER",
    "STRICT",
    "TIMEOUT",
    "VERDICTS",
    "Grader",
    "extract_answer",
    "gold_of",
    "grade",
    "is_equal",
    "normalise",
    "read_number",
]


@functools.cache
def shared_grader(mode: str) -> Grader:
    return Grader(mode)


def is_equal(answer: str, gold: str, mode: str = STRICT) -> bool:
    """Whether an extracted answer equals the gold answer; a comparison that hits a limit is not equal."""
    return shared_grader(mode).verdict(answer, gold) == CORRECT


def grade(text: str, gold: str, convention: str, mode: str = STRICT) -> tuple[str | None, str]:
    """(extracted answer, verdict) of one solution, by this process's grader of that mode."""
    return shared_grader(mode).grade(text, gold, convention)
