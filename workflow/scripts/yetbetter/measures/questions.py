"""Counts of an arm's training data per question, for its measures and for paired comparisons of arms."""

from collections import Counter
from collections.abc import Iterable

from yetbetter.judging.samples import Sample
from yetbetter.verdicts import CORRECT, FLAWED, INVALID, NO_VERDICT, NOT_JUDGED, SOUND, UNGRADED, UNREADABLE, VALID

# The columns of a table of questions; solutions without a verdict (unclear, not_judged) are counted in addition.
COUNTS = ("drawn", "trained", "correct", "unique_correct", "decided", "wrong_reasoning")


def count_by_question(samples: Iterable[Sample]) -> dict[str, dict[str, int]]:
    """question -> counts of its solutions.

    samples: all that were drawn. correct: right answers among those trained on; unique_correct: distinct ones; decided:
    those whose reasoning has a verdict; wrong_reasoning: those whose reasoning is wrong; unclear: chains that the exact
    check cannot parse, or a judge's answers without a verdict; not_judged: those that were not shown to the judge;
    ungraded: all drawn that are neither right nor wrong; unique_answers: distinct ones of them among those trained on.
    """
    found: dict[str, Counter] = {}
    for sample in samples:
        count = found.setdefault(sample.problem, Counter())
        count["drawn"] += 1
        count["ungraded"] += sample.verdict == UNGRADED
        if sample.trained:
            count["trained"] += 1
            if sample.verdict == CORRECT:
                count["correct"] += 1
                count["unique_correct"] += sample.distinct
                count[sample.reasoning] += 1
            elif sample.verdict == UNGRADED:
                count["unique_answers"] += sample.distinct
    return {question: counts_of(count) for question, count in found.items()}


def counts_of(count: Counter) -> dict[str, int]:
    counts = {key: count[key] for key in COUNTS[:4]}
    wrong = count[INVALID] + count[FLAWED]
    counts["decided"] = wrong + count[VALID] + count[SOUND]
    counts["wrong_reasoning"] = wrong
    counts["unclear"] = count[UNREADABLE] + count[NO_VERDICT]
    counts["not_judged"] = count[NOT_JUDGED]
    counts |= {key: count[key] for key in ("ungraded", "unique_answers")}
    return counts


def tabulate_questions(counted: dict[str, dict[str, int]], problems: list[dict]) -> Iterable[dict]:
    """A row per question that was drawn from, in the order of the problems."""
    for problem in problems:
        if problem["problem"] in counted:
            counts = counted[problem["problem"]]
            place = {"problem": problem["problem"], "level": problem.get("level")}
            yield place | {key: counts[key] for key in COUNTS}
