"""Beta-binomial models of how many samples of a question are right (Kazdan et al. 2025, arXiv 2510.05197).

A question's p is drawn from Beta(alpha, beta). The predicted coverage@k is 1 - B(alpha, beta + k) / B(alpha, beta),
here as a product, which needs no gamma function.
"""

from typing import NamedTuple

import numpy as np

# Where the likelihood is searched: the logit of the mean, and the logarithm of alpha + beta.
MEANS, SIZES = (-12.0, 12.0), (-6.0, 9.0)
POINTS, ZOOMS, FACTOR = 17, 9, 0.35


class Beta(NamedTuple):
    """Parameters of Beta distributions; arrays of one shape."""

    alpha: np.ndarray
    beta: np.ndarray


def fit_beta(histograms: np.ndarray) -> Beta:
    """The maximum of the likelihood for every histogram of counts, shape (histograms, samples + 1).

    Searched on ever finer grids: it exists within the bounds even if all questions have the same count.
    """
    samples, rows = histograms.shape[1] - 1, np.arange(len(histograms))
    middle = np.tile([np.mean(MEANS), np.mean(SIZES)], (len(histograms), 1))
    reach = np.array([MEANS[1] - MEANS[0], SIZES[1] - SIZES[0]]) / 2
    steps = np.linspace(-1, 1, POINTS)
    for _ in range(ZOOMS):
        means = np.clip(middle[:, :1] + reach[0] * steps, *MEANS)
        sizes = np.clip(middle[:, 1:] + reach[1] * steps, *SIZES)
        found = from_search(means[:, :, None], sizes[:, None, :])
        fit = np.einsum("hc,hijc->hij", histograms, log_chances(samples, found))
        best = fit.reshape(len(rows), -1).argmax(axis=1)
        middle = np.stack([means[rows, best // POINTS], sizes[rows, best % POINTS]], axis=1)
        reach = reach * FACTOR
    return from_search(middle[:, 0], middle[:, 1])


def from_search(mean: np.ndarray, size: np.ndarray) -> Beta:
    both = np.exp(size)
    return Beta(both / (1 + np.exp(-mean)), both / (1 + np.exp(mean)))


def log_chances(samples: int, of: Beta) -> np.ndarray:
    """log P(c right among `samples`) up to the binomial coefficient, shape (..., samples + 1)."""
    steps = np.arange(samples)
    alpha, beta = np.asarray(of.alpha)[..., None], np.asarray(of.beta)[..., None]
    right, wrong, both = (np.cumsum(np.log(value + steps), axis=-1) for value in (alpha, beta, alpha + beta))
    none = np.zeros((*right.shape[:-1], 1))
    right, wrong = np.concatenate([none, right], axis=-1), np.concatenate([none, wrong], axis=-1)
    return right + wrong[..., ::-1] - both[..., -1:]


def beta_coverage(of: Beta, counts: np.ndarray) -> np.ndarray:
    """Predicted coverage@k for every k of `counts`, shape (..., len(counts))."""
    steps = np.arange(max(counts))
    alpha, beta = np.asarray(of.alpha)[..., None], np.asarray(of.beta)[..., None]
    missing = np.cumsum(np.log(beta + steps) - np.log(alpha + beta + steps), axis=-1)
    return -np.expm1(missing[..., np.asarray(counts) - 1])


def beta_from_two(once: float, twice: float) -> Beta:
    """The Beta whose coverage@1 and coverage@2 are these, by its moments. ValueError if there is none.

    once, twice: shares between 0 and 1.
    """
    wrong, both_wrong = 1 - once, 1 - twice
    if not wrong**2 < both_wrong < wrong:
        raise ValueError(f"no Beta distribution has coverage@1 = {once:g} and coverage@2 = {twice:g}")
    size = (both_wrong - wrong) / (wrong**2 - both_wrong)
    return Beta(np.array(size * once), np.array(size * wrong))
