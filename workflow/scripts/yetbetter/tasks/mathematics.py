"""The task `math`: the final answer of a solution is compared with the gold answer (docs/grading.md)."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator

from yetbetter import grading
from yetbetter.grading.processes import grade_chunk, grade_side_by_side
from yetbetter.tasks.task import Options, Solution, Task

VOTERS = (1, 4, 8, 16)
# Rows that one process takes at a time. Slow rows are handed on in smaller parts.
CHUNK = 2_000


def reference_of(problem: dict, where: str) -> str:
    return grading.gold_of(problem)


def grade(solutions: Iterable[Solution], options: Options) -> Iterator[list[dict]]:
    chunks = chunks_of((*solution, options.convention) for solution in solutions)
    limits = (options.mode, options.seconds, options.memory_mb)
    if options.workers > 1:
        yield from grade_side_by_side(chunks, options.workers, *limits)
        return
    with grading.Grader(*limits) as grader:
        for chunk in chunks:
            yield from grade_chunk(grader, chunk)


def chunks_of(rows: Iterable[tuple]) -> Iterator[list[tuple]]:
    rows = iter(rows)
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield chunk


def settings(options: Options) -> dict:
    return {
        "grader_version": grading.GRADER_VERSION,
        "mode": options.mode,
        "answer_format": options.convention,
        "seconds": options.seconds,
        "memory_mb": options.memory_mb,
    }


def score_votes(rows: list[dict]) -> dict[str, float]:
    """maj@k, for the k up to the number of samples: the expected accuracy of a vote of k of them."""
    from yetbetter.stats.estimators import majority  # loads NumPy, which programs that only look up a task do without

    votes = Counter(map(vote_of, rows))
    right, blank = votes.pop(True, 0), votes.pop(None, 0)
    return {
        f"maj@{voters}": majority(right, list(votes.values()), blank, voters)
        for voters in VOTERS
        if voters <= len(rows)
    }


def vote_of(row: dict) -> str | bool | None:
    """True for the right answer. Wrong ones vote together if they are the same text after normalisation."""
    if row["verdict"] == grading.CORRECT:
        return True
    return grading.normalise(row["answer"]) if row["verdict"] == grading.INCORRECT else None


MATH = Task(
    title="mathematics",
    conventions=("any", *(name for name in grading.CONVENTIONS if name != "any")),
    keys=("answer",),
    reference_of=reference_of,
    grade=grade,
    version=grading.GRADER_VERSION,
    settings=settings,
    score_samples=score_votes,
    vote_of=vote_of,
    checks=("exact", "judge", "none"),
    votes=True,
)
