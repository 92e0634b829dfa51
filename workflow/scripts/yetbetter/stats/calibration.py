"""Whether a score is the chance that it claims to be: bins of equal width, and the expected calibration error.

The error is the mean distance between score and outcome over the bins (Naeini, Cooper and Hauskrecht 2015, AAAI). Noise
makes it larger, so that resampled errors are larger than the observed one, and their percentiles are not an interval.
The sums of the bins are normal variables. The error is a norm of them, and so it lies closer to the true error than the
norm of their noise: the interval is the observed error, plus and minus the 95 % quantile of that norm. It holds the
error of these bins in at least 95 % of cases.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from yetbetter.stats.distributions import t_quantile
from yetbetter.stats.estimators import divide
from yetbetter.stats.shares import HALF, share_interval

BINS = 10
DRAWS = 4000


class Bin(NamedTuple):
    """Cases with a score from `start`, included, to `end` (the last one included). NaN if there are none."""

    start: float
    end: float
    score: float
    share: float
    low: float
    high: float
    number: int


def bins_of(scores: np.ndarray) -> np.ndarray:
    """The bin of each score, 0 to 9. scores: 0 to 1."""
    return np.digitize(scores, np.arange(1, BINS) / BINS)


def calibration_curve(scores: np.ndarray, outcome: np.ndarray, questions: np.ndarray) -> list[Bin]:
    """The bins: mean score, and the share of cases with the outcome with its interval over questions.

    scores (0 to 1), outcome (bool), questions (whole numbers from 0): shape (cases,).
    """
    sums, number = by_bin(scores, questions), by_bin(np.ones(len(scores)), questions, scores)
    share, low, high = share_interval(by_bin(outcome, questions, scores), number)
    counts = number.sum(axis=0)
    means = divide(sums.sum(axis=0), counts)
    return [
        Bin(place / BINS, (place + 1) / BINS, *map(float, values), int(counts[place]))
        for place, values in enumerate(zip(means, share, low, high, strict=True))
    ]


def by_bin(values: np.ndarray, questions: np.ndarray, scores: np.ndarray | None = None) -> np.ndarray:
    """Sums of the values, shape (questions, bins). scores: that decide the bin, default the values."""
    rows = questions.max(initial=-1) + 1
    cells = questions * BINS + bins_of(values if scores is None else scores)
    return np.bincount(cells, weights=values, minlength=rows * BINS).reshape(rows, BINS)


def calibration_error(
    scores: np.ndarray, outcome: np.ndarray, questions: np.ndarray, alpha: float = 0.05
) -> tuple[float, float, float]:
    """(expected calibration error, low, high); NaN without a case. Arguments as for `calibration_curve`."""
    if not len(scores):
        return math.nan, math.nan, math.nan
    number = by_bin(np.ones(len(scores)), questions, scores)
    gaps = by_bin(scores - outcome, questions, scores)
    sizes, total = number.sum(axis=1), len(scores)
    error = float(np.abs(gaps.sum(axis=0)).sum() / total)
    # How much each question moves the bins' shares of the mean.
    moved = (gaps - sizes[:, None] * gaps.sum(axis=0) / total) / total
    covariance = moved.T @ moved
    # Half a question more of each outcome, for each bin with cases (`stats.shares`).
    counts = number.sum(axis=0)
    there = counts > 0
    size = divide((number**2).sum(axis=0), counts)
    mean, gap = divide(by_bin(scores, questions).sum(axis=0), counts), divide(gaps.sum(axis=0), counts)
    spread = HALF * (size / total) ** 2 * ((mean - gap) ** 2 + (mean - 1 - gap) ** 2)
    covariance[np.diag_indices(BINS)] += np.where(there, spread, 0.0)
    values, vectors = np.linalg.eigh(covariance)
    noise = standard_noise() * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    freedom = int((sizes > 0).sum())
    wider = t_quantile(1 - alpha / 2, freedom) / t_quantile(1 - alpha / 2, math.inf)
    reach = wider * float(np.quantile(np.abs(noise).sum(axis=1), 1 - alpha))
    return error, max(error - reach, 0.0), min(error + reach, 1.0)


@cache
def standard_noise() -> np.ndarray:
    """Independent standard normal variables, shape (draws, bins), always the same ones."""
    return np.random.default_rng(0).standard_normal((DRAWS, BINS))
