"""Coverage, diversity and false positive rate: of a whole pool, and of the very samples an arm trains on."""

from collections import Counter

import numpy as np

from yetbetter.selection.pools import solution_key
from yetbetter.stats.estimators import Bootstrap, coverage_curve, unique_curve
from yetbetter.verdicts import CORRECT, FLAWED, INVALID, NO_VERDICT, NOT_JUDGED, SOUND, UNREADABLE, VALID


def levels_of(problems: list[dict]) -> dict[str, list[str]]:
    """Ids of the problems of each level, and of 'all'; levels in order."""
    levels = {"all": [row["problem"] for row in problems]}
    for level in sorted(
        {row["level"] for row in problems if row.get("level") is not None},
        key=lambda level: (isinstance(level, str), level),
    ):
        levels[str(level)] = [row["problem"] for row in problems if row.get("level") == level]
    return levels


def by_question(rows: list[dict]) -> dict[str, list[dict]]:
    grouped: dict[str, list[dict]] = {}
    for row in rows:
        grouped.setdefault(row["problem"], []).append(row)
    return grouped


def measure_pool(rows: list[dict], problems: list[dict], samples: int, seed: int) -> list[dict]:
    """Rows (level, k, metric, value, low, high, questions) of coverage and diversity for k = 1..samples."""
    grouped = by_question(rows)
    measured = []
    for level, names in levels_of(problems).items():
        groups = [grouped[name] for name in names if name in grouped]
        correct = [sum(row["verdict"] == CORRECT for row in group) for group in groups]
        solved = coverage_curve(samples, correct)
        unique = unique_curve(samples, [list(count_distinct(group).values()) for group in groups])
        bootstrap = Bootstrap(len(groups), seed)
        estimates = {
            "coverage": bootstrap.mean(solved),
            "diversity": bootstrap.ratio(unique, solved),
            "diversity_per_question": bootstrap.mean(unique),
        }
        for metric, (value, low, high) in estimates.items():
            for k in range(1, samples + 1):
                measured.append(estimate(level, metric, value[k - 1], low[k - 1], high[k - 1], len(groups)) | {"k": k})
        measured += measure_reasoning(groups, bootstrap, level)
    return measured


def measure_arm(rows: list[dict], problems: list[dict], seed: int) -> list[dict]:
    """Rows (level, metric, value, low, high, questions) for exactly the samples that are trained on.

    rows: all that the arm drew; `trained` false marks those that the selection left out. A question without any
    counts as not covered.
    """
    grouped = {
        question: [row for row in group if row.get("trained", True)] for question, group in by_question(rows).items()
    }
    measured = []
    for level, names in levels_of(problems).items():
        groups = [grouped[name] for name in names if name in grouped]
        unique = np.array([len(count_distinct(group)) for group in groups], dtype=float)
        solved = (unique > 0).astype(float)
        bootstrap = Bootstrap(len(groups), seed)
        for metric, found in (
            ("coverage", bootstrap.mean(solved)),
            ("diversity", bootstrap.ratio(unique, solved)),
            ("diversity_per_question", bootstrap.mean(unique)),
        ):
            measured.append(estimate(level, metric, *found, len(groups)))
        measured += measure_reasoning(groups, bootstrap, level)
    return measured


def measure_reasoning(groups: list[list[dict]], bootstrap: Bootstrap, level: str) -> list[dict]:
    """False positive rate among solutions with the right answer; nothing where unchecked.

    What has no verdict is counted apart: chains that the exact check cannot read; and of a judge, answers without a
    verdict (a share) and right answers that it was not shown (a count, beside the count of those it was).
    """
    checks = [
        [row["reasoning"] for row in group if row["verdict"] == CORRECT and row.get("reasoning")] for group in groups
    ]
    if not any(checks):
        return []
    counts = [Counter(group) for group in checks]

    def column(*kinds: str) -> np.ndarray:
        return np.array([sum(count[kind] for kind in kinds) for count in counts], dtype=float)

    wrong, unclear = column(INVALID, FLAWED), column(UNREADABLE, NO_VERDICT)
    decided = wrong + column(VALID, SOUND)
    rates = {"false_positive_rate": (wrong, decided)}
    if column(VALID, INVALID, UNREADABLE).any():
        rates["unreadable_rate"] = (unclear, decided + unclear)
        numbers = {}
    else:
        rates["no_verdict_rate"] = (unclear, decided + unclear)
        numbers = {"judged": (decided + unclear).sum(), "not_judged": column(NOT_JUDGED).sum()}
    return [
        *(estimate(level, metric, *bootstrap.ratio(*pair), len(groups)) for metric, pair in rates.items()),
        *(estimate(level, metric, value, np.nan, np.nan, len(groups)) for metric, value in numbers.items()),
    ]


def count_distinct(group: list[dict]) -> Counter:
    """How often each distinct correct solution of one question was drawn."""
    return Counter(solution_key(row["text"]) for row in group if row["verdict"] == CORRECT)


def estimate(level: str, metric: str, value: float, low: float, high: float, questions: int) -> dict:
    numbers = {"value": float(value), "low": float(low), "high": float(high)}
    return {"level": level, "metric": metric, **numbers, "questions": questions}
