"""How well a score ranks: the area under the receiver operating characteristic (AUROC), with its interval.

It is the chance that a positive case has a higher score than a negative one. Its variance over questions is that of the
cases' placements, summed by question (DeLong et al. 1988, Biometrics 44; for clusters Obuchowski 1997, Biometrics 53).
The interval is Wilson's with the number of independent cases that has this variance, as in `stats.shares`. So it never
ends at both 1 and 1: half a question more of which every case is placed above all others, and half a question of which
every case is placed below, are added for the positive cases and for the negative ones.
"""

import math

import numpy as np

from yetbetter.stats.distributions import t_quantile
from yetbetter.stats.shares import HALF, wilson


def area_under_curve(
    scores: np.ndarray, positive: np.ndarray, questions: np.ndarray, alpha: float = 0.05
) -> tuple[float, float, float]:
    """(AUROC, low, high); ties count one half. NaN without a positive or without a negative case.

    scores, positive (bool), questions (whole numbers from 0): shape (cases,).
    """
    sides = positive, ~positive
    if not all(side.any() for side in sides):
        return math.nan, math.nan, math.nan
    # The share of the other side's cases that a case is on the right side of.
    placed = placements(scores[positive], scores[~positive]), 1 - placements(scores[~positive], scores[positive])
    area = float(placed[0].mean())
    moved, sizes = np.zeros(questions.max() + 1), []
    for side, own in zip(sides, placed, strict=True):
        weights = np.bincount(questions[side], minlength=len(moved)) / side.sum()
        moved += np.bincount(questions[side], weights=own, minlength=len(moved)) / side.sum() - area * weights
        sizes.append((weights**2).sum())  # the weight of the question that a case is of, on average
    more = 1 + 2 * HALF * sum(sizes)
    share = (area + HALF * sum(sizes)) / more
    squares = (moved**2).sum() + HALF * sum(size**2 for size in sizes) * (share**2 + (1 - share) ** 2)
    effective = more * share * (1 - share) / squares
    freedom = min(len(np.unique(questions[side])) for side in sides)
    low, high = wilson(area, effective, t_quantile(1 - alpha / 2, freedom))
    return area, float(low), float(high)


def placements(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The share of the others below each score; an equal one counts one half. Shape (scores,)."""
    others = np.sort(others)
    below, up_to = (np.searchsorted(others, scores, side=side) for side in ("left", "right"))
    return (below + up_to) / (2 * len(others))
