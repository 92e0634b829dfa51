"""Accuracy of finetuned models with intervals, and paired differences between the data they were trained on.

The interval of a single finetuning is over problems only: it holds for that finetuning, on that pool, and says nothing
about other seeds. With several seeds on each side, seeds are crossed with problems (`stats.contrasts`). The column
`interval` says which. Intervals of shares are Wilson's (`stats.shares`), those of differences Student's.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from yetbetter.measures.scores import arrays_of
from yetbetter.stats.contrasts import PROBLEMS, Contrast, contrast, independent_cases
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.noise import CROSSED
from yetbetter.stats.shares import interval_of_variance, share_interval

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

    def arms(self, weighted: list[tuple[float, str]], metric: str, chosen: np.ndarray) -> list | None:
        """(weight, arm) of each source over the problems that count; None if one has nothing to count.

        chosen: mask of these problems, shape (problems,). Seeds are crossed with problems if every source has several
        and there are several problems. Otherwise the answers of all seeds are summed up, and intervals are over
        problems only.
        """
        found = [(weight, *self.arrays.get((source, metric), ([], None, None))) for weight, source in weighted]
        if not all(seeds and bottom[:, chosen].any() for _, seeds, _, bottom in found):
            return None
        problems, kin = tuple(self.problems[chosen]), metric
        tops, bottoms = ([arrays[index][:, chosen] for arrays in found] for index in (2, 3))
        if any(len(seeds) < 2 for _, seeds, *_ in found) or chosen.sum() < 2:
            kin = None
            tops, bottoms = ([array.sum(axis=0, keepdims=True) for array in arrays] for arrays in (tops, bottoms))
        pairs = zip(weighted, tops, bottoms, strict=True)
        return [(weight, Measurements(problems, top, bottom, kin=kin)) for (weight, _), top, bottom in pairs]

    def by_level(self) -> Iterator[tuple[str, np.ndarray]]:
        """'all' and each level, with the mask of its problems, shape (problems,)."""
        yield "all", np.ones(len(self.problems), dtype=bool)
        for level in sorted(set(self.levels) - {""}):
            yield level, self.levels == level


def measure_accuracy(scores: Scores, group: dict) -> Iterator[dict]:
    """One row per source, seed (each, and 'all'), metric and level. group: the values of GROUP."""
    for level, chosen in scores.by_level():
        for source in scores.sources:
            for seed in (*scores.seeds[source], "all"):
                for metric in scores.metrics:
                    pair = scores.select(source, seed, metric)
                    if pair is None:
                        continue
                    top, bottom = pair[:, chosen]
                    value, low, high = share_interval(top, bottom)
                    arms = scores.arms([(1.0, source)], metric, chosen) if seed == "all" else None
                    crossed = bool(arms) and is_crossed(arms)
                    if crossed:
                        estimate, (_, arm) = contrast(arms), arms[0]
                        number = independent_cases(arm.top, arm.bottom)
                        low, high = interval_of_variance(float(value), estimate.variance, estimate.freedom, number)
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


def is_crossed(arms: list[tuple[float, Measurements]]) -> bool:
    return all(arm.kin is not None for _, arm in arms)


def measure_leads(scores: Scores, group: dict, baseline: str, sources: Iterable[str] | None = None) -> Iterator[dict]:
    """Each source's difference from the baseline, paired over the problems; seeds: of the source, of the baseline.

    sources: those to compare (default: all). difference, low and high are in the metric's own scale,
    difference_points of 100; difference_percent is relative to the baseline.
    """
    if baseline not in scores.sources:
        return
    others = [name for name in scores.sources if name != baseline and (sources is None or name in sources)]
    for level, chosen in scores.by_level():
        for metric in scores.metrics:
            for source in others:
                if not all((name, metric) in scores.arrays for name in (source, baseline)):
                    continue
                arms = scores.arms([(1.0, source), (-1.0, baseline)], metric, chosen)
                estimate = contrast(arms) if arms else Contrast(math.nan, math.nan)
                low, high = estimate.interval()
                reference = estimate.ends[1]
                yield group | {
                    "metric": metric,
                    "level": level,
                    "source": source,
                    "baseline": baseline,
                    "difference": estimate.effect,
                    "low": low,
                    "high": high,
                    "difference_points": 100 * estimate.effect,
                    "difference_percent": 100 * estimate.effect / reference if reference else math.nan,
                    "interval": CROSSED if arms and is_crossed(arms) else PROBLEMS,
                    "seeds": "/".join(str(len(scores.seeds[name])) for name in (source, baseline)),
                }
