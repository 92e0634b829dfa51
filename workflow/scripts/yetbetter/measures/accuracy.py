"""Accuracy of finetuned models with intervals, and paired differences between the data they were trained on.

The interval of a single finetuning is a bootstrap over problems only: it holds for that finetuning, on that pool, and
says nothing about other seeds. With several seeds on each side, seeds are crossed with problems (`stats.contrasts`).
The column `interval` says which.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from yetbetter.identity import stream_seed
from yetbetter.measures.scores import arrays_of
from yetbetter.stats.contrasts import PROBLEMS, contrast
from yetbetter.stats.distributions import t_quantile
from yetbetter.stats.estimators import Bootstrap
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.noise import CROSSED

GROUP = ("dataset", "budget", "target", "benchmark")


class Scores:
    """The scores of one GROUP: sources and seeds over the same problems.

    table: its rows, as `measures.scores` has them. seeds: of each source. arrays: (source, metric) -> the seeds with
    that metric, and (top, bottom), shape (seeds, problems) each.
    """

    def __init__(self, table: pd.DataFrame):
        self.problems = table["problem"].unique()
        self.levels = table.drop_duplicates("problem")["level"].to_numpy()
        self.sources = table["source"].unique().tolist()
        self.metrics = table["metric"].unique().tolist()
        self.paradigms = dict(zip(table["source"], table["paradigm"], strict=True))
        self.seeds = {source: sorted(own.unique()) for source, own in table.groupby("source")["seed"]}
        self.arrays = {}
        for key, own in table.groupby(["source", "metric"]):
            seeds = sorted(own["seed"].unique())
            self.arrays[key] = seeds, *arrays_of(own, seeds, self.problems)

    def select(self, source: str, seed: str, metric: str) -> np.ndarray | None:
        """(2, problems) top and bottom of the ratio; for seed 'all' the sum over seeds, so that seeds are averaged."""
        seeds, top, bottom = self.arrays.get((source, metric), ([], None, None))
        if seed == "all" and seeds:
            return np.stack([top.sum(axis=0), bottom.sum(axis=0)])
        return np.stack([top[seeds.index(seed)], bottom[seeds.index(seed)]]) if seed in seeds else None

    def crossed(self, terms: list[tuple[float, str]], metric: str, chosen: np.ndarray) -> tuple | None:
        """Sum of weighted sources, low, high: of seeds crossed with problems; None if a source has one seed.

        chosen: mask of the problems that count, shape (problems,).
        """
        arms = []
        for weight, source in terms:
            seeds, top, bottom = self.arrays.get((source, metric), ([], None, None))
            if len(seeds) < 2 or chosen.sum() < 2:
                return None
            problems = tuple(self.problems[chosen])
            arms.append((weight, Measurements(problems, top[:, chosen], bottom[:, chosen], kin=metric)))
        estimate = contrast(arms)
        if math.isnan(estimate.effect):
            return None
        half = t_quantile(0.975, round(estimate.freedom, 1)) * estimate.error
        return estimate.effect, estimate.effect - half, estimate.effect + half

    def by_level(self) -> Iterator[tuple[str, np.ndarray]]:
        """'all' and each level, with the mask of its problems, shape (problems,)."""
        yield "all", np.ones(len(self.problems), dtype=bool)
        for level in sorted(set(self.levels) - {""}):
            yield level, self.levels == level


def measure_accuracy(scores: Scores, group: dict) -> Iterator[dict]:
    """One row per source, seed (each, and 'all'), metric and level. group: the values of GROUP."""
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


def measure_leads(scores: Scores, group: dict, baseline: str, sources: Iterable[str] | None = None) -> Iterator[dict]:
    """Each source's difference from the baseline, paired over the problems; seeds: of the source, of the baseline.

    sources: those to compare (default: all). difference, low and high are in the metric's own scale,
    difference_points of 100; difference_percent is relative to the baseline.
    """
    if baseline not in scores.sources:
        return
    others = [name for name in scores.sources if name != baseline and (sources is None or name in sources)]
    for level, chosen in scores.by_level():
        bootstrap = Bootstrap(int(chosen.sum()), stream_seed(group["dataset"], group["benchmark"], level))
        for metric in scores.metrics:
            other = scores.select(baseline, "all", metric)
            for source in others:
                pair = scores.select(source, "all", metric)
                if pair is None or other is None:
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
