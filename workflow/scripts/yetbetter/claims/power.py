"""How many problems or seeds a comparison needs, from the variances that it has."""

import math
from collections.abc import Callable
from dataclasses import replace

from yetbetter.stats.contrasts import Contrast
from yetbetter.stats.distributions import t_below, t_quantile

POWER = 0.8
MOST = 1000  # times what there is


def power(estimate: Contrast, distance: float, level: float, problems: float = 1.0, seeds: float = 1.0) -> float:
    """Chance that a one-sided test at `level` finds an effect that lies `distance` from the boundary.

    problems, seeds: so many times as many as the estimate has. The noncentral t is taken for a shifted one.
    """
    more = scaled(estimate, problems, seeds)
    if more.error == 0:
        return 1.0 if distance > 0 else 0.0
    critical = t_quantile(1 - level, round(more.freedom, 1))
    return t_below(distance / more.error - critical, more.freedom)


def scaled(estimate: Contrast, problems: float, seeds: float) -> Contrast:
    """The estimate with these multiples of its problems and seeds; more seeds do not change the problems' variance.

    Comparable cells are assumed to get as many more seeds, since their noise is one estimate. Cells of one seed then
    have noise of their own, even if they borrowed it before.
    """
    freedom = estimate.seed_freedom
    if seeds > 1:
        several = [count for count in estimate.seeds if count > 1]
        if several:
            count = sum(several) / len(several)
            freedom *= (seeds * count - 1) / (count - 1)
        freedom = max(freedom, sum(seeds * count - 1 for count in estimate.seeds))
    return replace(
        estimate,
        problem_variance=estimate.problem_variance / problems,
        problem_freedom=estimate.problem_freedom * problems,
        seed_variance=estimate.seed_variance / seeds,
        seed_raw=estimate.seed_raw / seeds,
        seed_freedom=freedom,
    )


def needs(estimate: Contrast, distance: float, level: float, wanted: float = POWER) -> tuple[int | None, int | None]:
    """(problems, seeds) that give the wanted power: each with the other as it is; both if neither alone would do.

    (None, None) if no multiple up to 1,000 does. For one seed, the problems are counted without noise
    between seeds, and the seeds are at least 2.
    """
    if not distance > 0 or math.isnan(estimate.effect):
        return None, None

    def smallest(reach: Callable[[float], float]) -> float | None:
        if reach(MOST) < wanted:
            return None
        low, high = 0.0, math.log(MOST)
        if reach(1.0) >= wanted:
            return 1.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if reach(math.exp(middle)) >= wanted else (middle, high)
        return math.exp(high)

    seeds = min(estimate.seeds, default=0)
    problems = smallest(lambda factor: power(estimate, distance, level, problems=factor))
    if not seeds:
        return count_of(problems, estimate.problems), None
    if estimate.one_seed:
        return count_of(problems, estimate.problems), 2
    more_seeds = smallest(lambda factor: power(estimate, distance, level, seeds=factor))
    if problems is None and more_seeds is None:
        problems = more_seeds = smallest(lambda factor: power(estimate, distance, level, factor, factor))
    return count_of(problems, estimate.problems), count_of(more_seeds, seeds)


def count_of(factor: float | None, have: int) -> int | None:
    return None if factor is None else math.ceil(factor * have - 1e-9)
