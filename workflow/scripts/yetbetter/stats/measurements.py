"""The values of one arm in one metric, by seed and problem, and how much its seeds differ."""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Noise:
    """Variance between seeds of one mean over all problems.

    raw: as observed. share: the part of raw that comes from the problems and is there without any noise between seeds.
    """

    raw: float
    share: float
    freedom: float

    @property
    def variance(self) -> float:
        return max(self.raw - self.share, 0.0)


@dataclass(frozen=True)
class Measurements:
    """Values of one arm in one metric. top, bottom: shape (seeds, problems).

    units: what the problems belong to; arms with equal units are paired by the problems' names. kin: arms whose noise
    between seeds is comparable (same data set, benchmark and metric), None if nothing was finetuned. budget, target,
    source: distinguish comparable arms. share: whether the metric lies between 0 and 1.
    """

    problems: tuple[str, ...]
    top: np.ndarray
    bottom: np.ndarray
    units: Hashable = None
    kin: Hashable = None
    share: bool = True
    budget: str = ""
    target: str = ""
    source: str = ""

    @property
    def seeds(self) -> int:
        return len(self.top)

    @property
    def value(self) -> float:
        bottom = self.bottom.sum()
        return float(self.top.sum() / bottom) if bottom else math.nan

    @cached_property
    def noise(self) -> Noise | None:
        """Between the arm's own seeds; None if it has one seed or nothing to count."""
        if self.seeds < 2 or not self.bottom.sum():
            return None
        linear = linearise(self.top, self.bottom)
        by_seed = linear.mean(axis=1)
        residual = linear - by_seed[:, None] - linear.mean(axis=0) + linear.mean()
        freedom, problems = self.seeds - 1, linear.shape[1]
        square = (residual**2).sum() / (freedom * max(problems - 1, 1))
        return Noise(float(by_seed.var(ddof=1)), float(square / problems), freedom)


def linearise(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """How much each seed and problem moves the ratio, times their number; the mean is 0. Shape (seeds, problems)."""
    ratio = top.sum() / bottom.sum()
    return (top - ratio * bottom) / bottom.mean()
