"""Coverage, diversity and false positive rate: of a whole pool, and of the samples that an arm trains on."""

from collections.abc import Mapping

import numpy as np

from yetbetter.measures.metrics import FURTHER_MEASURES, METRICS, Counts, Metric
from yetbetter.stats.estimators import Bootstrap, coverage_curve, unique_curve


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
    multiplicities: Mapping[str, list[int]],
    problems: list[dict],
    samples: int,
    seed: int,
    check: str = "",
) -> list[dict]:
    """Rows (level, k, metric, value, low, high, questions) of coverage and diversity for k = 1..samples.

    counted: counts of each question (`count_by_question`), as if all samples were trained on. multiplicities: how often
    each distinct right solution of a question was drawn. check: as in `measure_arm`; its measures have no k.
    """
    measured = []
    for level, names in levels_of(problems).items():
        names = [name for name in names if name in counted]
        counts = [counted[name] for name in names]
        solved = coverage_curve(samples, [count["correct"] for count in counts])
        unique = unique_curve(samples, [multiplicities[name] for name in names])
        bootstrap = Bootstrap(len(counts), seed)
        estimates = {
            "coverage": bootstrap.mean(solved),
            "diversity": bootstrap.ratio(unique, solved),
            "diversity_per_question": bootstrap.mean(unique),
        }
        for metric, (value, low, high) in estimates.items():
            for k in range(1, samples + 1):
                measured.append(estimate(level, metric, value[k - 1], low[k - 1], high[k - 1], len(counts)) | {"k": k})
        measured += measure_reasoning(counts, bootstrap, level, check)
    return measured


def measure_arm(counted: Mapping[str, Counts], problems: list[dict], seed: int, check: str = "") -> list[dict]:
    """Rows (level, metric, value, low, high, questions) for the samples that are trained on.

    counted: counts of each question that was drawn from (`count_by_question`); a question without samples to
    train on counts as not covered. check: what checked the reasoning, `exact` or `judge`; empty: nothing.
    """
    measured = []
    for level, names in levels_of(problems).items():
        counts = [counted[name] for name in names if name in counted]
        bootstrap = Bootstrap(len(counts), seed)
        measured += measure_metrics(counts, bootstrap, level)
        measured += measure_reasoning(counts, bootstrap, level, check)
    return measured


def measure_metrics(counts: list[Counts], bootstrap: Bootstrap, level: str, check: str = "") -> list[dict]:
    """A row for each metric of training data that this check provides; without a check, those that need none."""
    measured = []
    for name, metric in (METRICS | FURTHER_MEASURES).items():
        if metric.of and metric.tabled and (check in metric.checked if check else not metric.checked):
            found = bootstrap.ratio(*columns(metric, counts))
            measured.append(estimate(level, name, *found, len(counts)))
    return measured


def measure_reasoning(counts: list[Counts], bootstrap: Bootstrap, level: str, check: str) -> list[dict]:
    """False positive rate among solutions with the right answer; nothing if none was checked.

    Solutions without a verdict are counted separately: chains that the exact check cannot parse; for a judge,
    its answers without a verdict (a share), and numbers of right answers that were judged and not judged.
    """
    judged = sum(count["decided"] + count["unclear"] for count in counts)
    not_judged = sum(count["not_judged"] for count in counts)
    if not check or not judged + not_judged:
        return []
    measured = measure_metrics(counts, bootstrap, level, check)
    if check == "judge":
        for name, number in (("judged", judged), ("not_judged", not_judged)):
            measured.append(estimate(level, name, number, np.nan, np.nan, len(counts)))
    return measured


def columns(metric: Metric, counts: list[Counts]) -> tuple[np.ndarray, np.ndarray]:
    """Top and bottom of a metric, shape (questions,)."""
    pairs = np.array([metric.of(count) for count in counts], dtype=float).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def estimate(level: str, metric: str, value: float, low: float, high: float, questions: int) -> dict:
    numbers = {"value": float(value), "low": float(low), "high": float(high)}
    return {"level": level, "metric": metric, **numbers, "questions": questions}
