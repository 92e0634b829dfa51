"""Coverage of questions that two models share: so many samples of the one and so many of the other for each question.

A question is unsolved if both fail, (1 - p)^a (1 - q)^b. What the pilots say about the joint distribution of p and q is
profiled as that of one p is (`mixtures.profile`), so intervals assume no shape, and hold of differences as well.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from yetbetter.stats.coverage_forecast import Difference, Pilot
from yetbetter.stats.mixtures import PUSHES, Profile, binomial_table, chances, profile

# The grid has the square of these points; fewer than for one model, for the sake of time.
SMALL, LARGE = 8, 10
STEPS = 150
Z = NormalDist().inv_cdf(0.975)

# Samples of the first model, of the second.
Mix = tuple[int, int]


class MixedPilot:
    """Two models' pilots on the same questions, with `samples` of each. ValueError if they are not."""

    def __init__(self, first: Pilot, second: Pilot, most: int):
        """most: the largest number of samples of either model that is forecast."""
        if len(first.right) != len(second.right):
            raise ValueError(f"pilots of {len(first.right)} and of {len(second.right)} questions")
        self.pilots = first, second
        self.grid = chances(most, SMALL, LARGE)
        cells = np.stack([first.right, second.right], axis=1)
        seen, self.histogram = np.unique(cells, axis=0, return_counts=True)
        tables = [binomial_table(pilot.samples, self.grid)[seen[:, side]] for side, pilot in enumerate(self.pilots)]
        self.table = (tables[0][:, :, None] * tables[1][:, None, :]).reshape(len(seen), -1)

    def event(self, mix: Mix) -> np.ndarray:
        """The chance that the mix solves a question, given its p and q. shape (grid^2,)."""
        # 0 samples miss at p = 1, too.
        missing = [(1 - self.grid) ** samples for samples in mix]
        return 1 - (missing[0][:, None] * missing[1][None, :]).ravel()

    def profiled(self, events: list[np.ndarray]) -> Profile:
        return profile(self.histogram.astype(float), self.table, np.stack(events), steps=STEPS, pushes=PUSHES[::2])

    def coverage(self, mixes: Sequence[Mix]) -> list[tuple[float, float, float]]:
        """(estimate, low, high) of every mix: unbiased if the pilots hold as many samples, else the middle."""
        found = self.profiled([self.event(mix) for mix in mixes])
        middles = (found.low + found.estimate + found.high) / 3
        rows = []
        for number, mix in enumerate(mixes):
            estimate = self.unbiased(mix)
            estimate = float(middles[number]) if estimate is None else estimate
            rows.append((estimate, min(estimate, float(found.low[number])), max(estimate, float(found.high[number]))))
        return rows

    def unbiased(self, mix: Mix) -> float | None:
        if any(samples > pilot.samples for samples, pilot in zip(mix, self.pilots, strict=True)):
            return None
        missing = [
            1 - pilot.unbiased[:, samples - 1] if samples else np.ones(len(pilot.right))
            for samples, pilot in zip(mix, self.pilots, strict=True)
        ]
        return float(1 - (missing[0] * missing[1]).mean())

    def leads(self, pairs: Sequence[tuple[Mix, Mix]]) -> list[tuple[float, float, float]]:
        """(middle, low, high) of the coverage of the first minus that of the second.

        One model alone is a mix with 0 samples of the other.
        """
        found = self.profiled([(1 + self.event(first) - self.event(second)) / 2 for first, second in pairs])
        middles = (found.low + found.estimate + found.high) / 3
        rows = zip(middles, found.low, found.high, strict=True)
        return [tuple(2 * float(value) - 1 for value in row) for row in rows]


def difference_between(estimate: float, low: float, high: float) -> Difference:
    """The difference with this interval, widened if the estimate lies outside."""
    low, high = min(estimate, low), max(estimate, high)
    reach = estimate - low if estimate > 0 else high - estimate
    chance = NormalDist().cdf(Z * estimate / reach) if reach > 1e-12 else 0.5 + 0.5 * float(np.sign(estimate))
    return Difference(estimate, low, high, chance)
