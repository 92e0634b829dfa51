"""Coverage, diversity and false positive rate: of a whole pool, and of the samples that an arm trains on."""

from collections.abc import Mapping

import numpy as np

from yetbetter.measures.metrics import FURTHER_MEASURES, METRICS, Counts, Metric
from yetbetter.stats.estimators import Bootstrap, coverage_curve, unique_curve
from yetbetter.stats.shares import interval_of_number, share_interval

ALIKE = 1e-9  # width of an interval that rounding alone gives


def levels_of(problems: list[dict]) -> dict[str, list[str]]:
    """Ids of the problems of each level, and of 'all'; levels in order."""
    levels = {"all": [row["problem"] for row in problems]}
    for level in sorted(
        {row["level"] for row in problems if row.get("level") is not None},
        key=lambda level: (isinstance(level, str), level),
    ):
        levels[str(level)] = [row["problem"] for row in problems if row.get("level") == level]
    return levels


def measure_pool(
    counted: Mapping[str, Counts],
    multiplicities: Mapping[str, Mapping[str, list[int]]],
    problems: list[dict],
    samples: int,
    seed: int,
    check: str = "",
) -> list[dict]:
    """Rows (level, k, metric, value, low, high, questions) of coverage and diversity for k = 1..samples.

    Of answers that are neither right nor wrong: their diversity alone.

    counted: counts of each question (`count_by_question`), as if all samples were trained on. multiplicities: metric
    of diversity -> question -> how often each distinct right solution was drawn. check: as in `measure_arm`; its
    measures have no k.
    """
    measured = []
    for level, names in levels_of(problems).items():
        names = [name for name in names if name in counted]
        counts = [counted[name] for name in names]
        solved = coverage_curve(samples, [count["correct"] for count in counts])
        each = np.ones((len(counts), 1))
        graded = is_graded(counts)
        curves = {"coverage": (solved, each)} if graded else {}
        for metric, drawn in multiplicities.items():
            unique = unique_curve(samples, [drawn[name] for name in names])
            if not graded:
                curves["diversity_of_answers"] = (unique, each)
                continue
            curves[metric] = (unique, solved)
            if metric == "diversity":
                curves["diversity_per_question"] = (unique, each)
        chosen = metrics_of(counts, check, checked=True)
        rates = {name: columns(metric, counts) for name, metric in chosen.items()}
        shares = {"coverage", *(name for name in rates if chosen[name].share)}
        found = intervals_of(curves | rates, shares, len(counts), seed)
        for metric in curves:
            for k, one in enumerate(zip(*found[metric], strict=True), start=1):
                measured.append(estimate(level, metric, *one, len(counts)) | {"k": k})
        measured += [estimate(level, name, *found[name], len(counts)) for name in rates]
        measured += count_judged(counts, level, check)
    return measured


def measure_arm(counted: Mapping[str, Counts], problems: list[dict], seed: int, check: str = "") -> list[dict]:
    """Rows (level, metric, value, low, high, questions) for the samples that are trained on.

    counted: counts of each question that was drawn from (`count_by_question`); a question without samples to
    train on counts as not covered. check: what checked the reasoning, `exact` or `judge`; empty: nothing.
    """
    measured = []
    for level, names in levels_of(problems).items():
        counts = [counted[name] for name in names if name in counted]
        chosen = metrics_of(counts, check, checked=False) | metrics_of(counts, check, checked=True)
        pairs = {name: columns(metric, counts) for name, metric in chosen.items()}
        found = intervals_of(pairs, {name for name in chosen if chosen[name].share}, len(counts), seed)
        measured += [estimate(level, name, *found[name], len(counts)) for name in chosen]
        measured += count_judged(counts, level, check)
    return measured


def intervals_of(
    pairs: Mapping[str, tuple[np.ndarray, np.ndarray]], shares: set[str], questions: int, seed: int
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """name -> (value, low, high) of sum(top) / sum(bottom) over questions; 95 %.

    pairs: name -> (top, bottom), shape (questions, ...) each. shares: the names of those between 0 and 1, whose
    intervals are Wilson's; the others have a bootstrap. If no question differs from another, the share of those that
    may differ by one is below Wilson's upper end for none.
    """
    found = {name: share_interval(*np.broadcast_arrays(*pairs[name])) for name in pairs if name in shares}
    others = {name: pair for name, pair in pairs.items() if name not in shares}
    for name, (value, low, high) in zip(others, Bootstrap(questions, seed).ratios(list(others.values())), strict=True):
        counting = (np.broadcast_arrays(*others[name])[1] > 0).sum(axis=0)
        _, more = interval_of_number(np.zeros(np.shape(counting)), np.maximum(counting, 1))
        found[name] = value, low, np.where(high - low < ALIKE, value + more, high)
    return found


def metrics_of(counts: list[Counts], check: str, checked: bool) -> dict[str, Metric]:
    """The metrics that arms are measured by and that need no check of the reasoning, or that this check gives.

    If not one right answer was checked, a check gives none. What has no verdict is measured apart from the false
    positive rate: chains that the exact check cannot read, or a judge's answers without a verdict.
    """
    graded = is_graded(counts)
    tabled = {
        name: metric
        for name, metric in (METRICS | FURTHER_MEASURES).items()
        if metric.of and metric.tabled and metric.graded == graded
    }
    if not checked:
        return {name: metric for name, metric in tabled.items() if not metric.checked}
    looked_at = any(count["decided"] or count["unclear"] or count["not_judged"] for count in counts)
    return {name: metric for name, metric in tabled.items() if looked_at and check in metric.checked}


def is_graded(counts: list[Counts]) -> bool:
    """Whether the answers are right or wrong; all of a data set are, or none."""
    return not any(count.get("ungraded") for count in counts)


def count_judged(counts: list[Counts], level: str, check: str) -> list[dict]:
    """How many right answers a judge was shown, and how many it was not."""
    judged = sum(count["decided"] + count["unclear"] for count in counts)
    not_judged = sum(count["not_judged"] for count in counts)
    if check != "judge" or not judged + not_judged:
        return []
    numbers = {"judged": judged, "not_judged": not_judged}
    return [estimate(level, name, number, np.nan, np.nan, len(counts)) for name, number in numbers.items()]


def columns(metric: Metric, counts: list[Counts]) -> tuple[np.ndarray, np.ndarray]:
    """Top and bottom of a metric, shape (questions,)."""
    pairs = np.array([metric.of(count) for count in counts], dtype=float).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def estimate(level: str, metric: str, value: float, low: float, high: float, questions: int) -> dict:
    numbers = {"value": float(value), "low": float(low), "high": float(high)}
    return {"level": level, "metric": metric, **numbers, "questions": questions}
