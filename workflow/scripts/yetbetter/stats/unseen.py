"""How many distinct correct solutions further samples will bring: an unseen-species estimator.

A solution is drawn with a chance q in each sample, and counted by how often m samples of its question held it. The
numbers of solutions seen once, twice, ... are those of a mixture over q whose unseen part is not counted (Efron and
Thisted 1976). Its intensity is fitted by EM on a grid, so that the expected number among k samples is a sum of
1 - (1 - q)^k, for k > m too. Sums over questions; intervals are from a bootstrap over questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from yetbetter.stats.mixtures import TINY, binomial_table, chances, solved_within

STEPS, RESAMPLES, RESAMPLE_STEPS = 600, 200, 200


@dataclass(frozen=True)
class Distinct:
    """Distinct correct solutions per question, each of shape (len(counts),), with a 95 % interval."""

    counts: np.ndarray
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray


def forecast_distinct(
    samples: int, multiplicities: Sequence[Sequence[int]], counts: Sequence[int], seed: int = 0
) -> Distinct:
    """multiplicities: for each question how often each of its distinct correct solutions was among its samples.

    Raises ValueError without questions, and if a question has more correct solutions than samples.
    """
    if not len(multiplicities):
        raise ValueError("a pilot without questions")
    if any(sum(one) > samples for one in multiplicities):
        raise ValueError(f"more correct solutions than the {samples} samples drawn")
    questions, counts = len(multiplicities), np.asarray(counts)
    seen = np.stack([np.bincount(np.asarray(one, int), minlength=samples + 1)[1:] for one in multiplicities])
    drawn = np.random.default_rng(seed).multinomial(questions, np.full(questions, 1 / questions), RESAMPLES)
    grid = chances(max(samples, *counts))[1:]  # a solution that is never drawn is none
    found = solved_within(grid, counts)
    estimate = fit_intensity(seen.sum(axis=0)[None], samples, grid, STEPS)[0] @ found.T / questions
    several = fit_intensity(drawn @ seen, samples, grid, RESAMPLE_STEPS) @ found.T / questions
    low, high = np.percentile(several, [2.5, 97.5], axis=0)
    if not seen.any():
        # No right answer in n x m samples: the rule of three bounds the chance of one.
        high = 1 - (1 - min(1.0, 3 / (questions * samples))) ** counts
    # Every question alike, or only one: resamples do not vary. The number of right answers is binomial at least.
    right = max(1.0, float((seen * np.arange(1, samples + 1)).sum()))
    spread = 1.96 * estimate / np.sqrt(right)
    low, high = np.minimum(low, estimate - spread), np.maximum(high, estimate + spread)
    return Distinct(counts, estimate, np.maximum(low, 0), high)


def fit_intensity(seen: np.ndarray, samples: int, grid: np.ndarray, steps: int) -> np.ndarray:
    """Expected number of solutions with each q of the grid, shape (histograms, grid).

    seen: numbers of solutions seen once, twice, ... `samples` times, shape (histograms, samples).
    """
    table = binomial_table(samples, grid)[1:]
    shown = table.sum(axis=0)
    intensity = np.repeat(seen.sum(axis=1, keepdims=True) / len(grid), len(grid), axis=1).astype(float)
    for _ in range(steps):
        expected = np.maximum(intensity @ table.T, TINY)
        intensity = intensity * ((seen / expected) @ table) / shown
    return intensity
