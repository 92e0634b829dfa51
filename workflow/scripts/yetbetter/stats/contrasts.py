"""Differences between arms with the uncertainty of the problems and of the seeds: sums of weighted arms.

An arm holds, for each seed and each problem, what the problem adds to the metric, (top, bottom) of a ratio of sums; a
mean has bottom 1. All arms over the same problems are paired: their variance over problems is that of the
weighted sum. Seeds are crossed with problems, since every finetuned model answers the same ones: the variance of the
mean over S seeds and N problems is, by the expected mean squares of the two-way layout with random rows and columns
(Cornfield and Tukey 1956, Annals of Mathematical Statistics 27; Searle, Casella and McCulloch 1992, Variance
Components, chapter 4),

    (MS_seeds + MS_problems - MS_residual) / (S N),

with the floor MS_problems / (S N), its value without noise between seeds. MS_seeds comes from all comparable arms
(`stats.noise`). Two arms are finetuned on different data, so their seeds are independent of each other, even if they
have the same number. Degrees of freedom are Satterthwaite's (1946, Biometrics Bulletin 2). Ratios enter by
linearisation (Cochran 1977, Sampling Techniques, 6.4).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from yetbetter.stats.distributions import t_quantile
from yetbetter.stats.measurements import Measurements, linearise
from yetbetter.stats.noise import ALONE, ASSUMED, BORROWED, CROSSED, ONE_SEED, estimate_noise
from yetbetter.stats.shares import effective_number, smoothed

PROBLEMS = "problems"
FEWEST = 20  # problems: with fewer the mean is not a t variable
BASES = (ONE_SEED, ASSUMED, BORROWED, ALONE, CROSSED)  # the weakest first: that of its arms names a contrast


@dataclass(frozen=True)
class Contrast:
    """A difference and its uncertainty, in the metric's own scale (or as a difference of logarithms).

    problem_variance, seed_variance: what both add to the variance of `effect`; seed_variance is NaN if the noise
    between seeds is not known, and 0 if there is none. pool_variance: assumed. basis: in words. bounds: smallest and
    largest difference that is possible.
    """

    effect: float
    problem_variance: float
    problem_freedom: float = math.inf
    seed_variance: float = 0.0
    seed_raw: float = 0.0
    seed_freedom: float = math.inf
    pool_variance: float = 0.0
    basis: str = PROBLEMS
    unknown: str = ""  # why the noise between seeds is not known, in words
    problems: int = 0
    informative: int = 0  # problems that count on the side that has fewest of them
    seeds: tuple[int, ...] = ()
    ends: tuple[float, float] = (math.nan, math.nan)  # values of the two sides, if there are two
    bounds: tuple[float, float] = (-math.inf, math.inf)

    @property
    def one_seed(self) -> bool:
        return math.isnan(self.seed_variance)

    @property
    def variance(self) -> float:
        seeds = 0.0 if self.one_seed else self.seed_variance
        return self.problem_variance + seeds + self.pool_variance

    @property
    def freedom(self) -> float:
        parts = [(self.problem_variance, self.problem_freedom)]
        if not self.one_seed:
            parts.append((self.seed_raw, self.seed_freedom))
        used = sum(part**2 / freedom for part, freedom in parts if part > 0)
        return max(1.0, self.variance**2 / used) if used else math.inf

    @property
    def error(self) -> float:
        return math.sqrt(self.variance)

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """low and high, within the bounds; NaN if the effect is."""
        half = t_quantile(1 - alpha / 2, round(self.freedom, 1)) * self.error
        least, most = self.bounds
        # Corrected rates may be outside: an interval holds its effect all the same.
        low, high = max(self.effect - half, least), min(self.effect + half, most)
        return min(self.effect, low), max(self.effect, high)


def rare(top: np.ndarray, bottom: np.ndarray) -> float:
    """What the variance of a share lacks if fewer than five independent cases of either kind were seen, else 0.

    The variance is at least that of the smoothed share (`shares.smoothed`). Shapes (seeds, problems).
    """
    number = independent_cases(top, bottom)
    share = min(1.0, max(0.0, top.sum() / bottom.sum()))  # a corrected rate may be outside
    spread = smoothed(share, number)
    return max(0.0, (spread * (1 - spread) - share * (1 - share)) / number)


def independent_cases(top: np.ndarray, bottom: np.ndarray) -> float:
    """Their number, of all seeds together: answers to one problem go together. Shapes (seeds, problems)."""
    return float(effective_number(top.sum(axis=0), bottom.sum(axis=0))[0])


def contrast(
    terms: list[tuple[float, Measurements]],
    kin: Iterable[Measurements] = (),
    logarithms: bool = False,
    seed_sd: float | None = None,
    pool_sd: float = 0.0,
) -> Contrast:
    """The sum of weighted arms (of their logarithms, for ratios), with its variances.

    kin: further arms of the study, whose seeds show how large the noise is (`stats.noise`). seed_sd, pool_sd:
    assumed standard deviations between seeds, for when none is known, and between pools, in the metric's own scale.
    NaN effect if an arm has nothing to count.
    """
    effect = problem_variance = used = 0.0
    count = informative = math.inf
    ends = [0.0, 0.0]
    scale: list[float] = []  # by which a term's noise enters
    shares = all(arm.share for _, arm in terms)
    for units in dict.fromkeys(arm.units for _, arm in terms):
        own = [(weight, arm) for weight, arm in terms if arm.units == units]
        first = own[0][1].problems
        same = all(arm.problems == first for _, arm in own)
        names = set(first) if same else set.intersection(*(set(arm.problems) for _, arm in own))
        total = np.zeros(len(names))
        floor = largest = 0.0
        counting = math.inf
        for weight, arm in own:
            top, bottom = (arm.top, arm.bottom) if same else in_order(arm, names)
            counting = min(counting, int(bottom.any(axis=0).sum()))
            informative = min(informative, counting)
            if not bottom.sum():
                return Contrast(math.nan, math.nan)
            ratio = top.sum() / bottom.sum()
            ends[weight < 0] += abs(weight) * ratio
            if logarithms:
                ratio = ratio or 0.5 / bottom.sum()  # half a case if there is none
            factor = weight / ratio if logarithms else weight
            largest = max(largest, factor**2)
            effect += weight * (math.log(ratio) if logarithms else ratio)
            linear = linearise(top, bottom)
            floor += factor**2 * (rare(top, bottom) if arm.share else 0.0)
            total += factor * linear.mean(axis=0)
        variance = (total.var(ddof=1) / len(names) if len(names) > 1 else 0.0) + floor
        # Answers that are all alike do not prove that two arms are: the variance is at least that of half a problem
        # more for each of the four pairs of answers (Agresti and Min 2005, Statistics in Medicine 24).
        variance = max(variance, largest / (counting + 2) ** 2 if shares else 0.0)
        problem_variance += variance
        used += variance**2 / max(len(names) - 1, 1)
        count = min(count, len(names))
    for weight, arm in terms:
        scale.append(weight / (arm.value or 0.5 / arm.bottom.sum()) if logarithms else weight)
    freedom = problem_variance**2 / used if used else math.inf
    weights = [weight for weight, _ in terms]
    bounds = sum(min(weight, 0.0) for weight in weights), sum(max(weight, 0.0) for weight in weights)
    estimate = Contrast(
        effect,
        problem_variance,
        freedom,
        problems=int(count),
        informative=int(informative),
        ends=(ends[0], ends[1]),
        basis="questions",
        bounds=bounds if shares and not logarithms else (-math.inf, math.inf),
    )
    if all(arm.kin is None for _, arm in terms):
        return estimate
    return add_seeds(estimate, terms, scale, list(kin), seed_sd, pool_sd)


def in_order(arm: Measurements, names: set[str]) -> tuple[np.ndarray, np.ndarray]:
    """top and bottom of these problems, ordered by name."""
    chosen = [number for number, problem in enumerate(arm.problems) if problem in names]
    order = sorted(chosen, key=lambda number: arm.problems[number])
    return arm.top[:, order], arm.bottom[:, order]


def add_seeds(
    estimate: Contrast,
    terms: list[tuple[float, Measurements]],
    scale: list[float],
    kin: list[Measurements],
    seed_sd: float | None,
    pool_sd: float,
) -> Contrast:
    variance = raw = used = 0.0
    bases = []
    for family in dict.fromkeys(arm.kin for _, arm in terms):
        members = [(factor, arm) for factor, (_, arm) in zip(scale, terms, strict=True) if arm.kin == family]
        shared = 0.0
        for (factor, arm), found in zip(
            members, estimate_noise([arm for _, arm in members], kin, seed_sd), strict=True
        ):
            bases.append(found.basis)
            if found.noise is None:
                variance = math.nan
                continue
            share = factor**2 / arm.seeds
            variance += share * found.noise.variance
            raw += share * found.noise.raw
            part = share * found.noise.raw / math.sqrt(found.noise.freedom)
            # Arms that share one estimate err together, so their parts add up before they are squared.
            shared += part if found.shared else 0.0
            used += 0.0 if found.shared else part**2
        used += shared**2
    return replace(
        estimate,
        seed_variance=variance,
        seed_raw=raw,
        seed_freedom=raw**2 / used if used else math.inf,
        pool_variance=sum(factor**2 for factor in scale) * pool_sd**2,
        seeds=tuple(arm.seeds for _, arm in terms),
        basis=next(basis for basis in BASES if basis in bases),
    )
