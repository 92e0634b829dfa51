"""The ratio at which the weak sources of a ladder begin to win over a strong one, with its interval.

A ladder is a row of weak sources, its rungs, which are all compared with the same strong source. Each has a ratio (its
pass@1 over the strong one's) and a difference (its finetuned accuracy minus the strong one's). The difference is
assumed not to fall as the ratio grows: it is estimated by isotonic regression (Barlow, Bartholomew, Bremner and Brunk
1972, Statistical Inference under Order Restrictions) and linear between rungs. The crossover is where it becomes
positive. Outside the ladder it is not extrapolated.

The interval is a parametric bootstrap (percentiles) over everything that is estimated: the problems, which all arms
share; the seeds of every arm, those of the strong one being common to all differences; the noise between seeds itself;
and the questions from which the ratios were measured. `benchmarks/ladder.py` simulates its coverage.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from yetbetter.stats.contrasts import in_order, rare
from yetbetter.stats.distributions import t_quantile
from yetbetter.stats.measurements import Measurements, Noise, linearise
from yetbetter.stats.noise import CROSSED, ONE_SEED, largest_noise

DRAWS = 4000
BELOW, INSIDE, ABOVE = "below", "inside", "above"


@dataclass(frozen=True)
class Differences:
    """Each rung's value minus the strong source's, in the metric's own scale, and what their errors are made of.

    values: shape (rungs,). problem_covariance: (rungs, rungs). raw, share: (rungs + 1,), the strong source last: an
    arm's variance between seeds as observed, and the part of it that the problems explain (`measurements.Noise`), both
    of the mean over its seeds. ends: (rungs + 1,), the arms' own values.
    """

    values: np.ndarray
    problem_covariance: np.ndarray
    raw: np.ndarray
    share: np.ndarray
    seed_freedom: float
    basis: str
    problems: int
    ends: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        noise = np.maximum(self.raw - self.share, 0)
        return self.problem_covariance + np.diag(noise[:-1]) + noise[-1]

    def intervals(self, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
        """low and high of each difference, (rungs,); Student's t with Satterthwaite's degrees of freedom."""
        variances, of_problems = np.diag(self.covariance), np.diag(self.problem_covariance)
        raw = self.raw[:-1] + self.raw[-1]
        used = of_problems**2 / max(self.problems - 1, 1) + raw**2 / self.seed_freedom
        halves = [
            t_quantile(1 - alpha / 2, round(max(1.0, variance**2 / part), 1)) * math.sqrt(variance) if part else 0.0
            for variance, part in zip(variances, used, strict=True)
        ]
        return self.values - halves, self.values + halves


def joint_differences(
    rungs: Sequence[Measurements], strong: Measurements, others: Iterable[Measurements] = ()
) -> Differences:
    """The differences of all rungs from one strong source, over the problems that all of them were asked.

    others: comparable arms, whose seeds show how large the noise is; the noise of an arm is the largest of the pooled
    estimates that include it (`stats.noise`).
    """
    arms = [*rungs, strong]
    pairs = in_common(arms)
    problems = pairs[0][0].shape[1]
    ends = np.array([top.sum() / bottom.sum() for top, bottom in pairs])
    linear = np.stack([linearise(*pair).mean(axis=0) for pair in pairs])
    covariance = np.atleast_2d(np.cov(linear[:-1] - linear[-1])) / problems
    floors = np.array([rare(*pair) if arm.share else 0.0 for arm, pair in zip(arms, pairs, strict=True)])
    several = [arm for arm in arms if arm.noise]
    kin = [arm for arm in others if arm.noise and arm.kin == strong.kin and not any(arm is one for one in several)]
    if several:
        noises, basis = [largest_noise(arm, several, kin) for arm in arms], CROSSED
    else:
        noises, basis = [Noise(0.0, 0.0, math.inf)] * len(arms), ONE_SEED
    seeds = np.array([arm.seeds for arm in arms])
    return Differences(
        values=ends[:-1] - ends[-1],
        problem_covariance=covariance + np.diag(floors[:-1]) + floors[-1],
        raw=np.array([noise.raw for noise in noises]) / seeds,
        share=np.array([noise.share for noise in noises]) / seeds,
        seed_freedom=noises[0].freedom,
        basis=basis,
        problems=problems,
        ends=ends,
    )


def in_common(arms: Sequence[Measurements]) -> list[tuple[np.ndarray, np.ndarray]]:
    """top and bottom of each arm over the problems that all have, in one order."""
    if all(arm.problems == arms[0].problems for arm in arms):
        return [(arm.top, arm.bottom) for arm in arms]
    names = set.intersection(*(set(arm.problems) for arm in arms))
    return [in_order(arm, names) for arm in arms]


@dataclass(frozen=True)
class Ratios:
    """Each rung's value over the strong source's, (rungs,), and the covariance of their logarithms, (rungs, rungs)."""

    values: np.ndarray
    covariance: np.ndarray

    def intervals(self, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
        halves = t_quantile(1 - alpha / 2, math.inf) * np.sqrt(np.diag(self.covariance))
        return self.values * np.exp(-halves), self.values * np.exp(halves)


def joint_ratios(rungs: Sequence[Measurements], strong: Measurements) -> Ratios:
    """The ratios of all rungs to one strong source, paired over the questions. All values must be above 0."""
    pairs = in_common([*rungs, strong])
    ends = np.array([top.sum() / bottom.sum() for top, bottom in pairs])
    linear = np.stack([linearise(*pair).mean(axis=0) / end for pair, end in zip(pairs, ends, strict=True)])
    return Ratios(ends[:-1] / ends[-1], np.atleast_2d(np.cov(linear[:-1] - linear[-1])) / linear.shape[1])


@dataclass(frozen=True)
class Crossover:
    """The ratio at which the difference is 0, and its 95 % interval; -inf and inf: below and above the ladder.

    first, last: the lowest and the highest ratio of the ladder. rungs: their number.
    """

    value: float
    low: float
    high: float
    first: float
    last: float
    rungs: int

    @property
    def position(self) -> str:
        return INSIDE if math.isfinite(self.value) else BELOW if self.value < 0 else ABOVE

    @property
    def text(self) -> str:
        """For example "0.74 [0.70, above 1.00]"."""
        return f"{self.shown(self.value)} [{self.shown(self.low)}, {self.shown(self.high)}]"

    def shown(self, end: float) -> str:
        if math.isfinite(end):
            return f"{end:.2f}"
        return f"below {self.first:.2f}" if end < 0 else f"above {self.last:.2f}"


def estimate_crossover(
    ratios: Ratios, differences: Differences, seed: int = 0, draws: int = DRAWS, alpha: float = 0.05
) -> Crossover:
    """The crossover of a ladder of at least two rungs, in any order. seed: of the bootstrap."""
    weights = 1 / np.maximum(np.diag(differences.covariance), 1e-12)
    dice = np.random.default_rng(seed)
    value = crossing(ratios.values, differences.values, weights)
    rungs = len(weights)
    drawn_ratios = ratios.values * np.exp(normal(dice, ratios.covariance, draws))
    freedom = differences.seed_freedom
    # The noise between seeds is an estimate, too.
    scale = freedom / dice.chisquare(freedom, (draws, 1)) if math.isfinite(freedom) else np.ones((draws, 1))
    noise = np.sqrt(np.maximum(scale * differences.raw - differences.share, 0))
    shifts = noise * dice.standard_normal((draws, rungs + 1))
    drawn = differences.values + normal(dice, differences.problem_covariance, draws) + shifts[:, :-1] - shifts[:, -1:]
    found = crossing(drawn_ratios, drawn, weights)
    # Values that were drawn, since an end may be infinite.
    low = np.quantile(found, alpha / 2, method="lower")
    high = np.quantile(found, 1 - alpha / 2, method="higher")
    return Crossover(
        float(value), float(low), float(high), float(ratios.values.min()), float(ratios.values.max()), rungs
    )


def normal(dice: np.random.Generator, covariance: np.ndarray, draws: int) -> np.ndarray:
    """Normal variables with mean 0 and this covariance, shape (draws, variables)."""
    values, vectors = np.linalg.eigh(covariance)
    return dice.standard_normal((draws, len(values))) @ (vectors * np.sqrt(np.maximum(values, 0))).T


def isotonic(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The non-decreasing values closest to the given ones by weighted squares. Shapes (..., rungs), both.

    By the max-min formula (Barlow et al. 1972, 1.9): value i is the largest over a <= i of the smallest over b >= i of
    the weighted mean of a to b.
    """
    rungs = values.shape[-1]
    sums = np.cumsum(np.concatenate([np.zeros((*values.shape[:-1], 1)), values * weights], axis=-1), axis=-1)
    totals = np.cumsum(np.concatenate([np.zeros((*values.shape[:-1], 1)), weights], axis=-1), axis=-1)
    fitted = np.full(values.shape, -np.inf)
    for start in range(rungs):
        means = (sums[..., start + 1 :] - sums[..., start, None]) / (
            totals[..., start + 1 :] - totals[..., start, None]
        )
        smallest = np.minimum.accumulate(means[..., ::-1], axis=-1)[..., ::-1]
        fitted[..., start:] = np.maximum(fitted[..., start:], smallest)
    return fitted


def crossing(ratios: np.ndarray, differences: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Where the isotonic differences, linear between rungs, become positive. Shapes (..., rungs); returns (...).

    -inf if they are positive on all rungs, inf if on none.
    """
    order = np.argsort(ratios, axis=-1, kind="stable")
    x = np.take_along_axis(ratios, order, axis=-1)
    fitted = isotonic(
        np.take_along_axis(differences, order, axis=-1),
        np.take_along_axis(np.broadcast_to(weights, ratios.shape), order, axis=-1),
    )
    negative = (fitted <= 0).sum(axis=-1)  # rungs up to the crossover
    before = np.clip(negative - 1, 0, x.shape[-1] - 2)[..., None]
    x0, y0 = (np.take_along_axis(values, before, axis=-1)[..., 0] for values in (x, fitted))
    x1, y1 = (np.take_along_axis(values, before + 1, axis=-1)[..., 0] for values in (x, fitted))
    rise = np.where(y1 > y0, y1 - y0, 1.0)
    place = x0 - y0 / rise * (x1 - x0)
    return np.where(negative == 0, -np.inf, np.where(negative == x.shape[-1], np.inf, place))
