"""coverage@k of a model forecast from a pilot: a few hundred questions with a few samples each.

No single family of distributions fits all data: a beta-binomial describes the paper's curves within a point and is 8
points off on other data, with a narrow interval. So the forecast is an average of families, weighted by how well each
predicts counts that it was not fitted to. Its interval comes from the nonparametric profile (`mixtures.profile`), which
holds whatever the shape is. Up to k = m, the estimate is the usual unbiased one (`estimators.coverage_curve`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from yetbetter.stats.beta_binomial import beta_coverage, fit_beta, log_chances
from yetbetter.stats.estimators import coverage_curve
from yetbetter.stats.mixtures import binomial_table, chances, fit_mixture, profile, solved_within

ONE_BETA, BY_LEVEL, MIXTURE = "beta-binomial", "beta-binomial per level", "nonparametric mixture"
FOLDS, FOLD_STEPS = 5, 200
RESAMPLES, RESAMPLE_STEPS = 200, 150
Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Forecast:
    """Shares of the questions, each of shape (len(counts),): expected, with a 95 % interval.

    by_family: what each family alone expects. weights: of the families in the average.
    """

    counts: np.ndarray
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    by_family: dict[str, np.ndarray]
    weights: dict[str, float]


@dataclass(frozen=True)
class Difference:
    """A difference of two forecasts on the same questions, with its 95 % interval. chance: that it is above 0."""

    estimate: float
    low: float
    high: float
    chance: float


class Pilot:
    """The right answers among `samples` of every pilot question, of one model.

    right: shape (questions,). levels: of every question, if known. Raises ValueError as `coverage_curve` does, and
    without questions.
    """

    def __init__(self, samples: int, right: Sequence[int], levels: Sequence | None = None):
        self.samples, self.right = samples, np.asarray(right)
        self.unbiased = coverage_curve(samples, self.right)
        if not len(self.right):
            raise ValueError("a pilot without questions")
        names = [str(level) for level in levels] if levels is not None else [""] * len(self.right)
        self.levels = np.unique(names, return_inverse=True)[1].ravel()
        if len(self.levels) != len(self.right):
            raise ValueError(f"{len(self.levels)} levels of {len(self.right)} questions")

    def histogram(self, weights: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(self.right, weights, minlength=self.samples + 1).astype(float)

    def histograms_by_level(self, chosen: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Shape (levels with a chosen question, samples + 1)."""
        right, levels = self.right[chosen], self.levels[chosen]
        each = [right[levels == level] for level in np.unique(levels)]
        return np.stack([np.bincount(counts, minlength=self.samples + 1) for counts in each])

    def forecast(self, counts: Sequence[int]) -> Forecast:
        """coverage@k for every k of `counts`, each at least 1."""
        counts = np.asarray(counts)
        histogram, grid = self.histogram(), chances(max(self.samples, *counts))
        table = binomial_table(self.samples, grid)
        bounds = profile(histogram, table, solved_within(grid, counts))
        by_level = self.histograms_by_level().astype(float)
        families = {ONE_BETA: beta_coverage(fit_beta(histogram[None]), counts)[0]}
        if len(by_level) > 1:
            shares = by_level.sum(axis=1) / len(self.right)
            families[BY_LEVEL] = shares @ beta_coverage(fit_beta(by_level), counts)
        # EM reaches one of many mixtures of about the same likelihood; the middle of all of them varies less.
        families[MIXTURE] = (bounds.low + bounds.estimate + bounds.high) / 3
        weights = self.weigh(list(families), table)
        average = sum(weights[name] * families[name] for name in families)
        estimate = np.clip(average, bounds.low, bounds.high)
        inside = counts <= self.samples
        estimate[inside] = self.unbiased.mean(axis=0)[counts[inside] - 1]
        low, high = np.minimum(bounds.low, estimate), np.maximum(bounds.high, estimate)
        estimate, low, high = (rising(counts, values) for values in (estimate, low, high))
        return Forecast(counts, estimate, low, high, families, weights)

    def weigh(self, names: list[str], table: np.ndarray) -> dict[str, float]:
        """Weights of the families, by the likelihood of counts that are left out, a fifth of the questions at a time.

        Equal if there are too few questions to leave any out.
        """
        if len(self.right) < 2 * FOLDS:
            return dict.fromkeys(names, 1 / len(names))
        logs, folds = dict.fromkeys(names, 0.0), np.arange(len(self.right)) % FOLDS
        # Without the order of the questions, which may follow their difficulty.
        folds = np.random.default_rng(0).permutation(folds)
        for fold in range(FOLDS):
            rest, held = folds != fold, np.bincount(self.right[folds == fold], minlength=self.samples + 1)
            for name in names:
                expected = self.expect(name, rest, table)
                logs[name] += float(held @ np.log(np.maximum(expected, 1e-9)))
        most = max(logs.values())
        raw = {name: math.exp(value - most) for name, value in logs.items()}
        return {name: value / sum(raw.values()) for name, value in raw.items()}

    def expect(self, name: str, chosen: np.ndarray, table: np.ndarray) -> np.ndarray:
        """Chance of every count, shape (samples + 1,), by a family that is fitted to the chosen questions."""
        by_level = self.histograms_by_level(chosen).astype(float)
        if name == MIXTURE:
            return (fit_mixture(by_level.sum(axis=0)[None], table, FOLD_STEPS) @ table.T)[0]
        histograms = by_level if name == BY_LEVEL else by_level.sum(axis=0)[None]
        ways = [math.log(math.comb(self.samples, count)) for count in range(self.samples + 1)]
        expected = np.exp(log_chances(self.samples, fit_beta(histograms)) + ways)
        return histograms.sum(axis=1) / len(self.right[chosen]) @ expected

    def resampled(self, counts: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """The mixture's coverage@k of resamples of the questions, shape (resamples, len(counts)).

        drawn: how often each question is in each resample, shape (resamples, questions).
        """
        grid = chances(max(self.samples, *counts))
        table = binomial_table(self.samples, grid)
        one_hot = self.right[:, None] == np.arange(self.samples + 1)
        return fit_mixture(drawn @ one_hot, table, RESAMPLE_STEPS) @ solved_within(grid, counts).T


class Comparison:
    """Two models' pilots on the same questions. Raises ValueError if these are not equally many."""

    def __init__(self, first: Pilot, second: Pilot, seed: int = 0):
        if len(first.right) != len(second.right):
            raise ValueError(f"pilots of {len(first.right)} and of {len(second.right)} questions")
        self.pilots, self.seed = (first, second), seed

    def differences(self, first: Forecast, second: Forecast) -> list[Difference]:
        """First minus second, for every pair of their counts, which are equally many.

        The interval joins those of both (Zou and Donner 2008, MOVER) with the correlation that the estimates have over
        resamples of the questions.
        """
        questions = len(self.pilots[0].right)
        drawn = np.random.default_rng(self.seed).multinomial(questions, np.full(questions, 1 / questions), RESAMPLES)
        a, b = (
            pilot.resampled(forecast.counts, drawn.astype(float))
            for pilot, forecast in zip(self.pilots, (first, second), strict=True)
        )
        return [
            join_intervals(
                [float(values[number]) for values in (first.estimate, first.low, first.high)],
                [float(values[number]) for values in (second.estimate, second.low, second.high)],
                correlation(a[:, number], b[:, number]),
            )
            for number in range(len(first.counts))
        ]


def rising(counts: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The values as a curve over their counts that never falls, as coverage never does."""
    order = np.argsort(counts, kind="stable")
    risen = np.empty(len(values))
    risen[order] = np.maximum.accumulate(values[order])
    return risen


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """0 unless both vary."""
    first, second = first - first.mean(), second - second.mean()
    scale = math.sqrt((first @ first) * (second @ second))
    return float(first @ second) / scale if scale > 1e-12 else 0.0


def join_intervals(first: Sequence[float], second: Sequence[float], together: float) -> Difference:
    """The difference of two (estimate, low, high) whose errors have this correlation."""
    (a, a_low, a_high), (b, b_low, b_high) = first, second

    def reach(out: float, other: float) -> float:
        return math.sqrt(max(0.0, out**2 + other**2 - 2 * together * out * other))

    below, above = reach(a - a_low, b_high - b), reach(a_high - a, b - b_low)
    difference = a - b
    towards_zero = below if difference > 0 else above
    if not towards_zero:
        chance = 0.5 if not difference else float(difference > 0)
    else:
        chance = NormalDist().cdf(Z * difference / towards_zero)
    return Difference(difference, max(-1.0, difference - below), min(1.0, difference + above), chance)
