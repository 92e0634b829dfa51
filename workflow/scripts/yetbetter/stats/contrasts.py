"""Differences between arms with the uncertainty of the problems and of the finetuning seeds: sums of weighted arms.

An arm holds, for each finetuning seed and each problem, what the problem adds to the metric, (top, bottom) of a ratio
of sums; a mean has bottom 1. All arms over the same problems are paired: their variance over problems is that of the
weighted sum. Seeds are crossed with problems, since every finetuned model answers the same ones: the variance of the
mean over S seeds and N problems is, by the expected mean squares of the two-way layout with random rows and columns
(Cornfield and Tukey 1956, Annals of Mathematical Statistics 27; Searle, Casella and McCulloch 1992, Variance
Components, chapter 4),

    (MS_seeds + MS_problems - MS_residual) / (S N),

floored at MS_problems / (S N), which it is without noise between finetunings. Two arms are finetuned on different data,
so their seeds are independent of each other also where they have the same number. Degrees of freedom are
Satterthwaite's (1946, Biometrics Bulletin 2). Ratios enter by linearisation (Cochran 1977, Sampling Techniques, 6.4).
"""

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

import numpy as np

PROBLEMS, CROSSED = "problems", "seeds x problems"
FEWEST = 20  # problems: with fewer the mean is not a t variable


@dataclass(frozen=True)
class Measurements:
    """Values of one arm in one metric. top, bottom: shape (seeds, problems).

    units: what the problems belong to; arms with equal units are paired by the problems' names. kin: arms whose
    finetunings are taken to be equally noisy (same data set, target, benchmark and metric), None if nothing was
    finetuned. share: whether the metric lies between 0 and 1.
    """

    problems: tuple[str, ...]
    top: np.ndarray
    bottom: np.ndarray
    units: Hashable = None
    kin: Hashable = None
    share: bool = True

    @property
    def seeds(self) -> int:
        return len(self.top)

    @property
    def value(self) -> float:
        bottom = self.bottom.sum()
        return float(self.top.sum() / bottom) if bottom else math.nan


@dataclass(frozen=True)
class Noise:
    """Variance between finetunings of one mean over all problems; raw: not freed of the problems' share in it."""

    variance: float
    raw: float
    freedom: float


@dataclass(frozen=True)
class Contrast:
    """A difference and its uncertainty, in the metric's own scale (or as a difference of logarithms).

    problem_variance, seed_variance: what both add to the variance of `effect`; seed_variance is NaN if the noise
    between finetunings is not known, and 0 if there is none. pool_variance: assumed. basis: in words.
    """

    effect: float
    problem_variance: float
    problem_freedom: float = math.inf
    seed_variance: float = 0.0
    seed_raw: float = 0.0
    seed_freedom: float = math.inf
    pool_variance: float = 0.0
    basis: str = PROBLEMS
    problems: int = 0
    informative: int = 0  # problems that count on the side that has fewest of them
    seeds: tuple[int, ...] = ()
    ends: tuple[float, float] = (math.nan, math.nan)  # values of the two sides, if there are two

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


def pooled_noise(arms: Iterable[Measurements]) -> Noise | None:
    """The variance between finetunings, pooled over those arms that have several seeds; None if none has."""
    several = [arm for arm in arms if arm.seeds > 1 and arm.bottom.sum()]
    if not several:
        return None
    freedom = sum(arm.seeds - 1 for arm in several)
    raw = own = 0.0
    for arm in several:
        linear = linearise(arm, arm.top, arm.bottom)
        problems = linear.shape[1]
        by_seed = linear.mean(axis=1)
        between = by_seed.var(ddof=1)
        residual = linear - by_seed[:, None] - linear.mean(axis=0) + linear.mean()
        square = (residual**2).sum() / ((arm.seeds - 1) * max(problems - 1, 1))
        raw += (arm.seeds - 1) * between / freedom
        own += (arm.seeds - 1) * (between - square / problems) / freedom
    return Noise(max(own, 0.0), raw, freedom)


def linearise(arm: Measurements, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """What each seed and problem moves the ratio by, times their number; its mean is 0. Shape (seeds, problems)."""
    ratio = top.sum() / bottom.sum()
    return (top - ratio * bottom) / bottom.mean()


def rare(top: np.ndarray, bottom: np.ndarray) -> float:
    """What the variance of a share lacks if fewer than five cases of either kind were seen, 0 otherwise.

    No rate is certain, though none of its few cases varies: the variance is at least that of a share with one more case
    of each kind (Laplace).
    """
    seen, cases = bottom.sum(axis=1).mean(), top.sum(axis=1).mean()
    if min(cases, seen - cases) >= 5:
        return 0.0
    share, smoothed = cases / seen, (cases + 1) / (seen + 2)
    return max(0.0, (smoothed * (1 - smoothed) - share * (1 - share)) / seen)


def contrast(
    terms: list[tuple[float, Measurements]],
    kin: Iterable[Measurements] = (),
    logarithms: bool = False,
    seed_sd: float | None = None,
    pool_sd: float = 0.0,
) -> Contrast:
    """The sum of weighted arms (of their logarithms, for ratios), with its variances.

    kin: further arms of the study, whose several seeds may lend a one-seed arm their noise. seed_sd, pool_sd: assumed
    standard deviations between finetunings, for when none is known, and between pools, in the metric's own scale.
    NaN effect if an arm has nothing to count.
    """
    effect = problem_variance = used = 0.0
    count = informative = math.inf
    ends = [0.0, 0.0]
    scale: list[float] = []  # by which a term's noise enters
    for units in dict.fromkeys(arm.units for _, arm in terms):
        own = [(weight, arm) for weight, arm in terms if arm.units == units]
        names = set.intersection(*(set(arm.problems) for _, arm in own))
        total = np.zeros(len(names))
        floor = 0.0
        for weight, arm in own:
            chosen = [number for number, problem in enumerate(arm.problems) if problem in names]
            order = sorted(chosen, key=lambda number: arm.problems[number])
            top, bottom = arm.top[:, order], arm.bottom[:, order]
            informative = min(informative, int(bottom.any(axis=0).sum()))
            if not bottom.sum():
                return Contrast(math.nan, math.nan)
            ratio = top.sum() / bottom.sum()
            ends[weight < 0] += abs(weight) * ratio
            if logarithms:
                ratio = ratio or 0.5 / bottom.sum()  # half a case if there is none
            factor = weight / ratio if logarithms else weight
            effect += weight * (math.log(ratio) if logarithms else ratio)
            linear = linearise(arm, top, bottom)
            floor += factor**2 * (rare(top, bottom) if arm.share else 0.0)
            total += factor * linear.mean(axis=0)
        variance = (total.var(ddof=1) / len(names) if len(names) > 1 else 0.0) + floor
        problem_variance += variance
        used += variance**2 / max(len(names) - 1, 1)
        count = min(count, len(names))
    for weight, arm in terms:
        scale.append(weight / (arm.value or 0.5 / arm.bottom.sum()) if logarithms else weight)
    freedom = problem_variance**2 / used if used else math.inf
    estimate = Contrast(
        effect,
        problem_variance,
        freedom,
        problems=int(count),
        informative=int(informative),
        ends=(ends[0], ends[1]),
        basis="questions",
    )
    if all(arm.kin is None for _, arm in terms):
        return estimate
    return add_seeds(estimate, terms, scale, list(kin), seed_sd, pool_sd)


def add_seeds(
    estimate: Contrast,
    terms: list[tuple[float, Measurements]],
    scale: list[float],
    kin: list[Measurements],
    seed_sd: float | None,
    pool_sd: float,
) -> Contrast:
    variance = raw = used = pool = 0.0
    bases = []
    arms = [arm for _, arm in terms]
    for factor, arm in zip(scale, arms, strict=True):
        own = [other for other in arms if other.kin == arm.kin]
        if all(other.seeds > 1 for other in own):
            noise, basis = pooled_noise(own), CROSSED
        else:
            alike = [*own, *(other for other in kin if other.kin == arm.kin)]
            noise, basis = pooled_noise({id(other): other for other in alike}.values()), "borrowed"
        if noise is None and seed_sd is not None:
            noise, basis = Noise(seed_sd**2, seed_sd**2, math.inf), "assumed"
        if noise is None:
            noise, basis = Noise(math.nan, math.nan, math.inf), "one seed"
        bases.append(basis)
        share = factor**2 / arm.seeds
        variance += share * noise.variance
        raw += share * noise.raw
        # The terms of one kin share one estimate, so their parts add up before they are squared.
        used += share * noise.raw / math.sqrt(noise.freedom)
        pool += factor**2 * pool_sd**2
    basis = {
        "one seed": "problems, one seed",
        "assumed": f"{PROBLEMS}, noise between finetunings assumed",
        "borrowed": f"{PROBLEMS}, noise between finetunings of comparable cells",
        CROSSED: CROSSED,
    }[next(kind for kind in ("one seed", "assumed", "borrowed", CROSSED) if kind in bases)]
    return replace(
        estimate,
        seed_variance=variance,
        seed_raw=raw,
        seed_freedom=raw**2 / used**2 if used else math.inf,
        pool_variance=pool,
        seeds=tuple(arm.seeds for arm in arms),
        basis=basis,
    )
