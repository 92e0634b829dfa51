"""A grader: extraction, comparison, one verdict per unique (answer, gold) pair, and a worker for what needs algebra."""

import sys

from yetbetter.grading.equivalence import compare
from yetbetter.grading.extraction import CONVENTIONS, extract_answer, extract_other
from yetbetter.grading.workers import LimitReached, NotStarted, SymbolicWorker
from yetbetter.verdicts import (
    CORRECT,
    GRADER_ERROR,
    INCORRECT,
    LENIENT,
    MODES,
    NO_ANSWER,
    STRICT,
    TIMEOUT,
    VERDICTS,
)

__all__ = [
    "CONVENTIONS",
    "CORRECT",
    "GRADER_ERROR",
    "INCORRECT",
    "LENIENT",
    "MODES",
    "NO_ANSWER",
    "STRICT",
    "TIMEOUT",
    "VERDICTS",
    "Grader",
]

# Pairs that are remembered, and the longest answer that is: memory does not grow with the pool.
CACHED_PAIRS = 100_000
CACHED_LENGTH = 500
# Failures that a grader prints; the others are only counted as verdicts.
TOLD_ERRORS = 5


class Grader:
    """Grades solutions under one mode. Use it in a `with` block, or call `close`, so that its worker ends at once.

    seconds, memory_mb: limits for one pair in the symbolic worker; above them the verdict is `timeout`.
    """

    def __init__(self, mode: str = STRICT, seconds: float = 5.0, memory_mb: int = 1024):
        if mode not in MODES:
            raise ValueError(f"mode is {mode!r}, it must be one of {', '.join(MODES)}")
        self.mode = mode
        self.worker = SymbolicWorker(seconds, memory_mb)
        self.cache: dict[tuple[str, str], str] = {}
        self.errors = 0

    def grade(self, text: str, gold: str, convention: str) -> tuple[str | None, str]:
        """(extracted answer, verdict) of one solution. convention: a key of CONVENTIONS."""
        try:
            answer = extract_answer(text, convention)
            if answer is None:
                return None, NO_ANSWER
            verdict = self.verdict(answer, gold)
            other = extract_other(text, convention) if verdict == INCORRECT else None
        except Exception as error:
            return None, self.failed(error, text[-200:], gold)
        if other and other != answer and self.verdict(other, gold) == CORRECT:
            return other, CORRECT
        return answer, verdict

    def verdict(self, answer: str, gold: str) -> str:
        """`correct`, `incorrect`, `timeout` or `grader_error` for an extracted answer."""
        if answer == gold:
            return CORRECT
        key = (answer, gold)
        found = self.cache.get(key)
        if found is None:
            found = self.decide(answer, gold)
            if len(answer) <= CACHED_LENGTH:
                if len(self.cache) >= CACHED_PAIRS:
                    # The oldest half goes; pairs that hung stay, they cost seconds.
                    for old in list(self.cache)[: CACHED_PAIRS // 2]:
                        if self.cache[old] != TIMEOUT:
                            del self.cache[old]
                self.cache[key] = found
        return found

    def decide(self, answer: str, gold: str) -> str:
        try:
            equal = compare(answer, gold, self.mode)
            if equal is None:
                equal = self.worker.decide(answer, gold, self.mode)
        except LimitReached:
            return TIMEOUT
        except NotStarted:
            raise
        except Exception as error:
            return self.failed(error, answer, gold)
        return CORRECT if equal else INCORRECT

    def failed(self, error: Exception, answer: str, gold: str) -> str:
        """The verdict of a row for which the grader failed. Prints what to report; the run continues."""
        self.errors += 1
        if self.errors <= TOLD_ERRORS:
            told = f"{type(error).__name__}: {error}"
            print(
                f"grader error (please report it): {told[:200]}; {answer[:200]!r} for {gold[:200]!r}", file=sys.stderr
            )
        return GRADER_ERROR

    def close(self) -> None:
        self.worker.close()

    def __enter__(self) -> "Grader":
        return self

    def __exit__(self, *_) -> None:
        self.close()
