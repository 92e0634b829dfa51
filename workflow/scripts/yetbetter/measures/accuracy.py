"""Accuracy of finetuned models with intervals, and paired differences between the data they were trained on.

An interval of one finetuning is over problems alone (a bootstrap): it holds for that finetuning, on that pool, and says
nothing of another seed. With several seeds on every side it is that of seeds crossed with problems (`contrasts`). The
column `interval` says which.
"""

import math
from collections.abc import Iterator

import numpy as np

from yetbetter.identity import stream_seed
from yetbetter.stats.contrasts import CROSSED, PROBLEMS, Arm, contrast
from yetbetter.stats.distributions import t_quantile
from yetbetter.stats.estimators import Bootstrap
from yetbetter.verdicts import CORRECT, INVALID, VALID

GROUP = ("dataset", "budget", "target", "benchmark")


def problem_values(row: dict) -> dict[str, tuple[float, float]]:
    """What one scored problem adds to each metric: (top, bottom) of a ratio over problems."""
    values = {}
    if row["verdict"] is not None:
        values["pass@1"] = (float(row["verdict"] == CORRECT), 1.0)
    if row["reasoning"] is not None:
        values["false_positive_rate"] = (
            float(row["reasoning"] == INVALID),
            float(row["reasoning"] in (VALID, INVALID)),
        )
    values |= {key: (value, 1.0) for key, value in row.items() if key.startswith("maj@")}
    return values


class Scores:
    """The scores of one (dataset, budget, target, benchmark): sources and seeds over the same problems."""

    def __init__(self, rows: list[dict]):
        self.problems = list(dict.fromkeys(row["problem"] for row in rows))
        self.levels = {row["problem"]: str(row["level"]) for row in rows if row["level"] is not None}
        self.sources = list(dict.fromkeys(row["source"] for row in rows))
        self.paradigms = {row["source"]: row["paradigm"] for row in rows}
        self.seeds = {
            source: sorted({row["seed"] for row in rows if row["source"] == source}) for source in self.sources
        }
        number = {problem: index for index, problem in enumerate(self.problems)}
        self.values: dict[tuple, np.ndarray] = {}
        for row in rows:
            for metric, pair in problem_values(row).items():
                key = (row["source"], row["seed"], metric)
                array = self.values.setdefault(key, np.zeros((2, len(self.problems))))
                array[:, number[row["problem"]]] = pair
        self.metrics = list(dict.fromkeys(metric for _, _, metric in self.values))

    def select(self, source: str, seed: str, metric: str) -> np.ndarray | None:
        """(2, problems) top and bottom of the ratio; for seed 'all' the sum over seeds, so that seeds are averaged."""
        seeds = self.seeds[source] if seed == "all" else [seed]
        found = [self.values[source, one, metric] for one in seeds if (source, one, metric) in self.values]
        return sum(found) if found else None

    def crossed(self, terms: list[tuple[float, str]], metric: str, chosen: np.ndarray) -> tuple | None:
        """Sum of weighted sources, low, high: of seeds crossed with problems; None where a source has one seed."""
        arms = []
        for weight, source in terms:
            found = [
                self.values[source, seed, metric]
                for seed in self.seeds[source]
                if (source, seed, metric) in self.values
            ]
            if len(found) < 2 or chosen.sum() < 2:
                return None
            top, bottom = np.stack(found)[:, :, chosen].swapaxes(0, 1)
            problems = tuple(np.array(self.problems)[chosen])
            arms.append((weight, Arm(problems, top, bottom, kin=metric)))
        estimate = contrast(arms)
        if math.isnan(estimate.effect):
            return None
        half = t_quantile(0.975, round(estimate.freedom, 1)) * estimate.error
        return estimate.effect, estimate.effect - half, estimate.effect + half

    def by_level(self) -> Iterator[tuple[str, np.ndarray]]:
        yield "all", np.ones(len(self.problems), dtype=bool)
        for level in sorted(set(self.levels.values())):
            yield level, np.array([self.levels.get(problem) == level for problem in self.problems])


def measure(scores: Scores, group: dict) -> Iterator[dict]:
    """One row per source, seed (each, and 'all'), metric and level."""
    for level, chosen in scores.by_level():
        bootstrap = Bootstrap(int(chosen.sum()), stream_seed(group["dataset"], group["benchmark"], level))
        for source in scores.sources:
            for seed in (*scores.seeds[source], "all"):
                for metric in scores.metrics:
                    pair = scores.select(source, seed, metric)
                    if pair is None:
                        continue
                    top, bottom = pair[:, chosen]
                    value, low, high = bootstrap.ratio(top, bottom)
                    crossed = scores.crossed([(1.0, source)], metric, chosen) if seed == "all" else None
                    if crossed:
                        _, low, high = crossed
                    yield group | {
                        "source": source,
                        "paradigm": scores.paradigms[source],
                        "seed": seed,
                        "metric": metric,
                        "level": level,
                        "value": float(value),
                        "low": float(low),
                        "high": float(high),
                        "problems": int((bottom > 0).sum()),
                        "interval": CROSSED if crossed else PROBLEMS,
                    }


def compare(scores: Scores, group: dict, baseline: str) -> Iterator[dict]:
    """Each source's difference from the baseline, paired over the problems; seeds: of the source, of the baseline.

    difference, low and high are in the metric's own scale, difference_points of 100; difference_percent is relative to
    the baseline.
    """
    if baseline not in scores.sources:
        return
    for level, chosen in scores.by_level():
        bootstrap = Bootstrap(int(chosen.sum()), stream_seed(group["dataset"], group["benchmark"], level))
        for metric in scores.metrics:
            other = scores.select(baseline, "all", metric)
            for source in scores.sources:
                pair = scores.select(source, "all", metric)
                if source == baseline or pair is None or other is None:
                    continue
                pair, base = pair[:, chosen], other[:, chosen]
                difference, low, high = bootstrap.difference(*pair, *base)
                crossed = scores.crossed([(1.0, source), (-1.0, baseline)], metric, chosen)
                if crossed:
                    _, low, high = crossed
                reference = base[0].sum() / base[1].sum() if base[1].any() else math.nan
                yield group | {
                    "metric": metric,
                    "level": level,
                    "source": source,
                    "baseline": baseline,
                    "difference": difference,
                    "low": low,
                    "high": high,
                    "difference_points": 100 * difference,
                    "difference_percent": 100 * difference / reference if reference else math.nan,
                    "interval": CROSSED if crossed else PROBLEMS,
                    "seeds": "/".join(str(len(scores.seeds[name])) for name in (source, baseline)),
                }
