"""A grader: extraction, comparison, one verdict per unique (answer, gold) pair, and a worker for what needs algebra."""

from yetbetter.grading.equivalence import LENIENT, MODES, STRICT, compare
from yetbetter.grading.extraction import CONVENTIONS, extract_answer
from yetbetter.grading.workers import LimitReached, SymbolicWorker
from yetbetter.verdicts import CORRECT, INCORRECT, NO_ANSWER, TIMEOUT, VERDICTS

__all__ = [
    "CONVENTIONS",
    "CORRECT",
    "INCORRECT",
    "LENIENT",
    "MODES",
    "NO_ANSWER",
    "STRICT",
    "TIMEOUT",
    "VERDICTS",
    "Grader",
]

# Pairs that are remembered at once, and the longest text that is: memory stays flat in the pool's size.
CACHED_PAIRS = 100_000
CACHED_LENGTH = 500


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

    def grade(self, text: str, gold: str, convention: str) -> tuple[str | None, str]:
        """(extracted answer, verdict) of one solution. convention: a key of CONVENTIONS."""
        answer = extract_answer(text, convention)
        if answer is None:
            return None, NO_ANSWER
        return answer, self.verdict(answer, gold)

    def verdict(self, answer: str, gold: str) -> str:
        """`correct`, `incorrect` or `timeout` for an extracted answer."""
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
        equal = compare(answer, gold, self.mode)
        if equal is None:
            try:
                equal = self.worker.decide(answer, gold, self.mode)
            except LimitReached:
                return TIMEOUT
        return CORRECT if equal else INCORRECT

    def close(self) -> None:
        self.worker.close()

    def __enter__(self) -> "Grader":
        return self

    def __exit__(self, *_) -> None:
        self.close()
