"""Intervals of shares that hold where cases are few: Wilson's, for as many independent cases as there really are.

A share is a ratio of sums over questions, such as flawed over decided solutions. Solutions to one question go together,
so they count as fewer independent ones: their number divided by the design effect (Kish 1965, Survey Sampling, 5.4 and
8.2), which is the variance of the ratio (linearised: Cochran 1977, Sampling Techniques, 6.4) over that of as many
independent cases. With the effective number in place of the number, the interval is Wilson's (1927, Journal of the
American Statistical Association 22), as surveys do (Korn and Graubard 1998, Survey Methodology 24). It never has both
ends at 0, or both at 1.

Few cases do not show how far they go together: without a single one, nothing varies. So the design effect is estimated
with half a question more of which every solution is a case, and half a question more of which none is.
`benchmarks/intervals.py` simulates what the intervals hold.
"""

import math

import numpy as np

from yetbetter.stats.distributions import t_quantile

HALF = 0.5  # of a question, added on either side
FEW = 5  # cases, below which their variance is not that of a normal variable


def share_interval(top: np.ndarray, bottom: np.ndarray, alpha: float = 0.05) -> tuple[np.ndarray, ...]:
    """(share, low, high) of sum(top) / sum(bottom) over questions; NaN where the sum is 0.

    top, bottom: shape (questions, ...), 0 <= top <= bottom; the results have shape (...).
    """
    top, bottom = np.asarray(top, dtype=float), np.asarray(bottom, dtype=float)
    cases, number = top.sum(axis=0), bottom.sum(axis=0)
    share = np.divide(cases, number, out=np.full(np.shape(cases), np.nan), where=number > 0)
    effective, freedom = effective_number(top, bottom)
    quantiles = {one: t_quantile(1 - alpha / 2, one) for one in np.unique(freedom).tolist()}
    quantile = np.vectorize(quantiles.get, otypes=[float])(freedom) if quantiles else np.zeros(np.shape(freedom))
    return share, *wilson(share, effective, quantile)


def effective_number(top: np.ndarray, bottom: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(number of independent cases that are worth as much, degrees of freedom of that estimate), shape (...).

    Shapes (questions, ...). Infinite degrees of freedom if every question has one case or none: then nothing is
    estimated. NaN without a single case.
    """
    top, bottom = np.asarray(top, dtype=float), np.asarray(bottom, dtype=float)
    number = bottom.sum(axis=0)
    there = number > 0
    size = (bottom**2).sum(axis=0) / np.where(there, number, 1.0)  # of the question that a solution is of, on average
    more = number + 2 * HALF * size
    cases = np.clip(top.sum(axis=0), 0.0, number)  # a corrected share may be outside
    share = (cases + HALF * size) / np.where(there, more, 1.0)
    squares = ((top - share * bottom) ** 2).sum(axis=0) + HALF * size**2 * (share**2 + (1 - share) ** 2)
    effect = squares / np.where(there, more * share * (1 - share), 1.0)
    alone = np.isin(bottom, (0, 1)).all(axis=0) & np.isin(top, (0, 1)).all(axis=0)
    effective = np.where(there, number / np.where(there & ~alone, effect, 1.0), np.nan)
    freedom = np.where(alone | ~there, math.inf, (bottom > 0).sum(axis=0))
    return effective, freedom


def smoothed(share: float, number: float) -> float:
    """The share with a case more of each kind (Laplace) if fewer than five of either kind were seen.

    number: of independent cases. No share is certain, though none of its few cases varies.
    """
    cases = share * number
    return (cases + 1) / (number + 2) if min(cases, number - cases) < FEW else share


def interval_of_number(share, number, alpha: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """low and high of a share of so many independent cases. Shapes broadcast."""
    return wilson(share, number, t_quantile(1 - alpha / 2, math.inf))


def interval_of_variance(
    share: float, variance: float, freedom: float, number: float, alpha: float = 0.05
) -> tuple[float, float]:
    """low and high of a share whose variance is known otherwise, such as that of seeds crossed with problems.

    freedom: of the variance. number: of independent cases, by which the share is smoothed.
    """
    spread = smoothed(share, number)
    low, high = wilson(share, spread * (1 - spread) / variance, t_quantile(1 - alpha / 2, round(freedom, 1)))
    return float(low), float(high)


def wilson(share, number, quantile) -> tuple[np.ndarray, np.ndarray]:
    """low and high of Wilson's interval. number: of independent cases, any number above 0. Shapes broadcast."""
    share, number, squared = np.asarray(share), np.asarray(number), np.asarray(quantile) ** 2
    with np.errstate(invalid="ignore"):
        middle = (share + squared / (2 * number)) / (1 + squared / number)
        half = np.sqrt(squared * (share * (1 - share) / number + squared / (4 * number**2))) / (1 + squared / number)
    # Of rounding, an end may miss the share that it is at.
    return np.minimum(np.maximum(middle - half, 0.0), share), np.maximum(np.minimum(middle + half, 1.0), share)
