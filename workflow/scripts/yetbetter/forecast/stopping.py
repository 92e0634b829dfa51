"""Allocations that stop a question at its first right solution: they look at more samples of hard questions.

A budget buys a number of samples per question in the mean. The most samples of a question are so many that the samples
looked at cost as much: with p the chance that a sample of a question is right, (1 - (1 - p)^K) / p of K are looked at.
"""

import numpy as np

from yetbetter.forecast.allocations import BEYOND, Allocation
from yetbetter.stats.coverage_forecast import Pilot
from yetbetter.stats.mixtures import binomial_table, chances, fit_mixture

FIRST = 1  # right solution


def looks(pilot: Pilot, most: int) -> np.ndarray:
    """Samples per question that are looked at until one is right, if K are the most, for K = 1 to `most`.

    By the nonparametric mixture of the pilot's questions.
    """
    grid = chances(max(pilot.samples, most))
    weights = fit_mixture(pilot.histogram()[None], binomial_table(pilot.samples, grid))[0]
    missed = (1 - grid)[None, :] ** np.arange(most)[:, None]
    return np.cumsum(missed @ weights)


def stopping_allocations(fixed: list[Allocation], pilots: dict[str, Pilot]) -> dict[Allocation, float]:
    """The allocations that cost at most as much as those of one model for all questions, with what they look at.

    At most BEYOND times as many samples as a fixed number: forecasts reach no further. None where that buys no further
    sample, as for a model that solves nothing.
    """
    alone = [one for one in fixed if one.share == 1 and not one.is_mix]
    reach = {model: BEYOND * max((one.samples for one in alone if one.model == model), default=1) for model in pilots}
    seen = {model: looks(pilot, reach[model]) for model, pilot in pilots.items()}
    found = {}
    for one in alone:
        own = seen[one.model][: BEYOND * one.samples]
        most = int(np.searchsorted(own, one.samples, side="right"))
        if most > one.samples:
            allocation = Allocation(one.budget, one.match, ((one.model, most),), stop_after=FIRST)
            found[allocation] = float(own[most - 1])
    return found
