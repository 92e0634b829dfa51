"""Nonparametric mixtures of binomials, by EM on a grid: what counts of successes say about how p is spread.

A question's p is the chance that one sample solves it. Counts of m samples determine the first m moments of p's
distribution G at most, so a mean over G such as coverage@k for k > m is only bounded. `profile` finds these bounds
together with the noise of the counts: all values t whose best mixture has a likelihood ratio against the best of all
mixtures below a limit. The best mixture with a larger mean is the one of the same counts and v further, invented
observations of the event whose chance is averaged, so that the same EM steps find it; v runs along the profile.
"""

from dataclasses import dataclass

import numpy as np

LIMIT = 3.84  # of 2 log(likelihood ratio): 95 % point of chi-square with one degree of freedom
STEPS = 600
# Invented observations along a profile, per square root of the number of questions.
PUSHES = np.geomspace(0.02, 60, 14)
TINY = 1e-300


def chances(most: int, small: int = 22, large: int = 26) -> np.ndarray:
    """Grid of p from 0 to 1: even steps in log p down to p that `most` samples hardly ever show, finer towards 1.

    small, large: numbers of points below and above 0.1.
    """
    low = np.geomspace(0.1 / most, 0.1, small, endpoint=False) if most > 1 else np.array([0.05])
    return np.concatenate([[0.0], low, np.sin(np.linspace(np.arcsin(np.sqrt(0.1)), np.pi / 2, large)) ** 2])


def binomial_table(samples: int, p: np.ndarray) -> np.ndarray:
    """Chance of c successes among `samples`, shape (samples + 1, len(p)); by a recursion that cannot overflow."""
    table = np.zeros((samples + 1, len(p)))
    table[0] = 1.0
    for drawn in range(1, samples + 1):
        table[1 : drawn + 1] = table[1 : drawn + 1] * (1 - p) + table[:drawn] * p
        table[0] *= 1 - p
    return table


def solved_within(p: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """1 - (1 - p)^k, shape (len(counts), len(p)): the chance that one of k samples is a success."""
    with np.errstate(divide="ignore", invalid="ignore"):
        missing = np.asarray(counts, dtype=float)[:, None] * np.log1p(-p)[None, :]
    return -np.expm1(missing)


def fit_mixture(histograms: np.ndarray, table: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """Weights of p on the grid for every histogram of counts, shape (histograms, grid): the NPMLE, by EM.

    histograms: number of questions (or their weights) by count, shape (histograms, samples + 1).
    """
    total = histograms.sum(axis=1, keepdims=True)
    weights = np.full((len(histograms), table.shape[1]), 1 / table.shape[1])
    for _ in range(steps):
        seen = np.maximum(weights @ table.T, TINY)
        weights *= (histograms / seen) @ table / total
    return weights


def log_likelihood(histograms: np.ndarray, weights: np.ndarray, table: np.ndarray) -> np.ndarray:
    return (histograms * np.log(np.maximum(weights @ table.T, TINY))).sum(axis=1)


@dataclass(frozen=True)
class Profile:
    """Bounds of means over G, each of shape (events,). estimate: of the best mixture."""

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray


def profile(
    histogram: np.ndarray,
    table: np.ndarray,
    events: np.ndarray,
    limit: float = LIMIT,
    steps: int = STEPS,
    pushes: np.ndarray = PUSHES,
) -> Profile:
    """The interval of the mean of every event's chance, whatever the shape of G.

    histogram: shape (cells,). table: chance of each cell given p, shape (cells, grid); cells without a question may be
    left out. events: chance of each event given p, shape (events, grid). pushes: see PUSHES.
    """
    total, size = histogram.sum(), len(events)
    best = fit_mixture(histogram[None], table, 2 * steps)
    top = log_likelihood(histogram[None], best, table)[0]
    up = np.arange(2 * len(pushes)) < len(pushes)
    pushes = np.concatenate([pushes, pushes]) * np.sqrt(total)
    # Rows: every event with every push, up by observations of the event and down by those of its complement.
    pushed = np.where(up[None, :, None], events[:, None, :], 1 - events[:, None, :]).reshape(-1, events.shape[1])
    push = np.tile(pushes, size)[:, None]
    weights = np.repeat(0.9 * best + 0.1 / table.shape[1], len(pushed), axis=0)
    across, few = np.ascontiguousarray(table.T), total + push
    # In place: most of the time would go into making arrays.
    step, invented = np.empty_like(weights), np.empty_like(weights)
    for _ in range(steps):
        seen = np.maximum(weights @ across, TINY)
        event = np.maximum(np.einsum("ij,ij->i", weights, pushed), TINY)[:, None]
        np.divide(histogram, seen, out=seen)
        np.matmul(seen, table, out=step)
        np.multiply(pushed, push / event, out=invented)
        step += invented
        step /= few
        weights *= step
    lost = 2 * (top - log_likelihood(histogram[None], weights, table)).reshape(size, -1)
    means = (weights.reshape(size, len(pushes), -1) * events[:, None, :]).sum(axis=2)
    estimate = events @ best[0]
    low, high = np.empty(size), np.empty(size)
    for number in range(size):
        high[number] = ends(estimate[number], means[number, up], lost[number, up], limit)
        low[number] = ends(estimate[number], means[number, ~up], lost[number, ~up], limit)
    # EM is slow where counts are all alike. One p for all questions is a mixture, too, and nearly as likely then.
    alone = 2 * (top - histogram @ np.log(np.maximum(table, TINY))) <= limit
    if alone.any():
        low, high = np.minimum(low, events[:, alone].min(axis=1)), np.maximum(high, events[:, alone].max(axis=1))
    return Profile(estimate, np.clip(np.minimum(low, estimate), 0, 1), np.clip(np.maximum(high, estimate), 0, 1))


def ends(start: float, means: np.ndarray, lost: np.ndarray, limit: float) -> float:
    """Where the profile reaches the limit; between two of its points, in the root of what is lost."""
    lost = np.maximum.accumulate(np.maximum(np.concatenate([[0.0], lost]), 0))
    return float(np.interp(np.sqrt(limit), np.sqrt(lost), np.concatenate([[start], means])))
