"""How good a verifier is, where the truth is known: the table verifiers.csv, and what it removes from an arm.

A solution is sound if both its answer and its reasoning are right, otherwise flawed. A false positive is flawed with a
right answer. Right answers without a verdict on their reasoning count only where right and wrong answers are compared.
So if a judge saw only some right answers, wrong ones have too much weight in what is about both: recall and precision
of flaws, and all that ends in _sound. All intervals are over questions, whose solutions go together (`stats.shares`).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from yetbetter.errors import UserError
from yetbetter.stats.calibration import calibration_curve, calibration_error
from yetbetter.stats.contrasts import contrast
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.ranking import area_under_curve
from yetbetter.stats.shares import share_interval
from yetbetter.tables import Table
from yetbetter.verdicts import CORRECT, FLAWED, INVALID, SOUND, VALID

PLACE = ("dataset", "verifier", "model")
# at: where the metric is of one threshold ("0.5"), of the best share ("best 0.5") or of one bin of scores ("0.2-0.3").
# count: solutions that the value is of.
VERIFIERS = (*PLACE, "metric", "at", "value", "low", "high", "count")
# Truths that a score may stand for, and which solutions they are known of.
TRUTHS = ("sound", "right")
REMOVED = ("false_positives_removed", "sound_removed")


class Scored(NamedTuple):
    """A solution. score: 0 to 1, None if the verifier could not score it. right: whether its answer is.

    sound: whether answer and reasoning are right; None if the answer is right and its reasoning was not decided.
    """

    problem: str
    score: float | None
    right: bool
    sound: bool | None


def scored_of(problem: str, score: float | None, verdict: str, reasoning: str | None) -> Scored:
    """verdict: of the grader. reasoning: what the exact check, a judge or people say of a right answer."""
    right = verdict == CORRECT
    known = {VALID: True, SOUND: True, INVALID: False, FLAWED: False}
    return Scored(problem, score, right, known.get(reasoning) if right else False)


class Solutions:
    """Solutions as arrays of shape (solutions,).

    questions: whole numbers. score: NaN for none. sound, flawed: both False if that is not known.
    """

    def __init__(self, solutions: Iterable[Scored]):
        solutions = list(solutions)
        places: dict[str, int] = {}
        self.questions = np.array([places.setdefault(one.problem, len(places)) for one in solutions], dtype=int)
        self.problems = tuple(places)
        self.score = np.array([math.nan if one.score is None else one.score for one in solutions], dtype=float)
        self.right = np.array([one.right for one in solutions], dtype=bool)
        self.sound = np.array([one.right and one.sound is True for one in solutions], dtype=bool)
        self.flawed = np.array([not one.right or one.sound is False for one in solutions], dtype=bool)
        self.scored = ~np.isnan(self.score)

    def known(self, truth: str) -> np.ndarray:
        """Mask of the solutions with a score of which this is known; none if no right answer's reasoning is."""
        if truth == "right":
            return self.scored
        return self.scored & (self.sound | self.flawed) & bool((self.right & (self.sound | self.flawed)).any())

    def by_question(self, values: np.ndarray) -> np.ndarray:
        """Sums over the solutions of each question, shape (questions,)."""
        return np.bincount(self.questions, weights=values, minlength=len(self.problems))

    def share(self, of: np.ndarray, among: np.ndarray) -> tuple[float, float, float, int]:
        """(share, low, high, number) of those `of`, a mask or values between 0 and 1, among a mask."""
        values = share_interval(self.by_question(of * among), self.by_question(among))
        return *map(float, values), int(among.sum())

    def keeps(self, threshold: float) -> np.ndarray:
        """Mask of the solutions with at least this score; one without a score is not kept."""
        return self.scored & (self.score >= threshold)


def threshold_of_share(scores: Sequence[float | None], best: float) -> float:
    """The score from which on the best share of the solutions is kept, all with an equal score together.

    best: above 0, at most 1, of all solutions with and without a score. Infinite if no solution has a score.
    """
    known = sorted((score for score in scores if score is not None), reverse=True)
    wanted = math.ceil(best * len(scores))
    return known[min(wanted, len(known)) - 1] if known else math.inf


def measure_verifier(
    place: tuple[str, str, str],
    solutions: Iterable[Scored],
    thresholds: Sequence[float] = (0.5,),
    best: Sequence[float] = (),
    of_right: bool = True,
) -> Iterator[dict]:
    """Rows of VERIFIERS. place: data set, verifier, and model whose solutions are scored.

    solutions: those that the verifier was not trained on. thresholds, best: what the filter keeps, by score and as
    shares of the solutions; of_right: of the right ones alone. A value is NaN if there is nothing that it is of, and
    low and high are where there is no interval.
    """
    solutions = list(solutions)
    found = Solutions(solutions)
    cuts = {f"{threshold:g}": threshold for threshold in thresholds}
    shared = [one.score for one in solutions if one.right or not of_right]
    cuts |= {f"best {share:g}": threshold_of_share(shared, share) for share in best}
    for at, threshold in cuts.items():
        for metric, values in measure_cut(found, found.keeps(threshold)):
            yield row_of(place, metric, at, *values)
        lowest = threshold if math.isfinite(threshold) else math.nan
        yield row_of(place, "threshold", at, lowest, math.nan, math.nan, len(solutions))
    for metric, at, values in measure_scores(found):
        yield row_of(place, metric, at, *values)


def row_of(place: tuple[str, ...], metric: str, at: str, value: float, low: float, high: float, count: int) -> dict:
    numbers = {"value": value, "low": low, "high": high, "count": count}
    return dict(zip(PLACE, place, strict=True)) | {"metric": metric, "at": at} | numbers


def measure_cut(found: Solutions, kept: np.ndarray) -> Iterator[tuple[str, tuple[float, float, float, int]]]:
    """(metric, values) of what a filter by score removes and keeps. kept: mask of the solutions."""
    false_positive, decided = found.right & found.flawed, found.right & (found.sound | found.flawed)
    yield "wrong_removed", found.share(~kept, ~found.right)
    yield "false_positives_removed", found.share(~kept, false_positive)
    yield "sound_removed", found.share(~kept, found.sound)
    yield "recall_of_flaws", found.share(~kept, found.flawed)
    yield "precision_of_flaws", found.share(found.flawed, ~kept & (found.sound | found.flawed))
    yield "precision_of_false_positives", found.share(false_positive, ~kept & decided)
    yield "false_positive_rate_kept", found.share(false_positive, kept & decided)
    change = contrast([(1.0, rate_of(found, kept)), (-1.0, rate_of(found, np.ones_like(kept)))])
    yield "false_positive_rate_change", (change.effect, *change.interval(), int(decided.sum()))


def rate_of(found: Solutions, kept: np.ndarray) -> Measurements:
    """The false positive rate of what is kept, by question, for paired comparisons."""
    kept = kept & found.right
    top, bottom = found.by_question(kept & found.flawed), found.by_question(kept & (found.sound | found.flawed))
    return Measurements(found.problems, top[None], bottom[None], "solutions")


def measure_scores(found: Solutions) -> Iterator[tuple[str, str, tuple[float, float, float, int]]]:
    """(metric, at, values) that need no threshold."""
    decided = found.right & (found.sound | found.flawed)
    yield "unscored", "", found.share(~found.scored, np.ones_like(found.scored))
    yield "false_positive_rate", "", found.share(found.flawed, decided)
    for truth in TRUTHS:
        chosen = found.known(truth)
        score, outcome, questions = found.score[chosen], getattr(found, truth)[chosen], found.questions[chosen]
        yield f"auroc_{truth}", "", (*area_under_curve(score, outcome, questions), len(score))
        errors = np.zeros(len(chosen))
        errors[chosen] = (score - outcome) ** 2
        yield f"brier_{truth}", "", found.share(errors, chosen)
        yield f"calibration_error_{truth}", "", (*calibration_error(score, outcome, questions), len(score))
        for one in calibration_curve(score, outcome, questions):
            at = f"{one.start:g}-{one.end:g}"
            yield f"mean_score_{truth}", at, (one.score, math.nan, math.nan, one.number)
            yield f"share_{truth}", at, (one.share, one.low, one.high, one.number)


def measure_removed(place: tuple[str, ...], before: Table, after: Table) -> dict[str, Measurements]:
    """What a verifier removes from an arm, over its questions: the shares of REMOVED, as (top, bottom) by question.

    place: (dataset, budget, source) of the arm with the verifier. before, after: the tables of questions
    (`measures.arms`) of the same arm without and with it. A share of nothing is left out. UserError unless after is a
    part of before.
    """
    rows = {row["problem"]: row for row in before.rows}
    if rows.keys() != {row["problem"] for row in after.rows}:
        raise UserError(f"{after.path}: not the questions of {before.path}, which the verifier removes solutions from")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in REMOVED}
    for row in after.rows:
        was = rows[row["problem"]]
        for name, of in (("false_positives_removed", wrong_of), ("sound_removed", sound_of)):
            if of(row) > of(was):
                raise UserError(
                    f"{after.path}: {row['problem']!r} has more solutions of one kind than in {before.path}, so a"
                    " verifier is not their only difference (such as keep_per_question)"
                )
            found[name].append((of(was) - of(row), of(was)))
    problems = tuple(row["problem"] for row in after.rows)
    arrays = {name: np.array(pairs, dtype=float).reshape(-1, 2).T for name, pairs in found.items()}
    return {
        name: Measurements(problems, top[None], bottom[None], (place[0], "train"))
        for name, (top, bottom) in arrays.items()
        if bottom.any()
    }


def wrong_of(row: dict) -> float:
    return row["wrong_reasoning"]


def sound_of(row: dict) -> float:
    return row["decided"] - row["wrong_reasoning"]
