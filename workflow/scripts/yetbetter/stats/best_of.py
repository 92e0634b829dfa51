"""What a verifier's scores buy at test time: the best-scored of k samples, and a vote in which scores are weights.

Best-of-k is the unbiased estimator of V-STaR (Hosseini et al. 2024, arXiv 2402.06457) over all ways to draw k of a
question's N samples without replacement. With samples sorted by falling score it is the sum over i of
C(N - i, k - 1) / C(N, k) times whether the i-th is right; here samples of equal score share their chance. The weighted
vote is that of Math-Shepherd (Wang et al. 2024, arXiv 2312.08935, section 3.4).
"""

from collections.abc import Hashable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import chain, combinations
from math import comb

import numpy as np

from yetbetter.stats.estimators import coverage_curve, majority

SUBSETS = 20_000  # the most that are enumerated, and how many are drawn instead of more
SCORES_AT_ONCE = 500  # different ones, for which curves are in memory
ROUNDING = 1e-9  # sums of weights that differ by less, relative to the largest, are equal


def best_of(scores: Sequence[float | None], right: Sequence[bool], k: int) -> float:
    """Expected correctness of the best-scored of k samples, drawn from the pool without replacement.

    scores: of each sample; None or NaN for one without a score, which is never chosen: if no other sample is among the
    k, the choice is wrong. right: whether each sample is. Of equal scores each is chosen with the same chance. Exact,
    and never above coverage@k of the pool. ValueError for k outside 1..N.
    """
    if not 1 <= k <= len(scores):
        raise ValueError(f"best-of-{k} of {len(scores)} samples: k must lie in 1..{len(scores)}")
    return float(best_of_curve(scores, right)[k - 1])


def best_of_curve(scores: Sequence[float | None], right: Sequence[bool]) -> np.ndarray:
    """`best_of` for every k, shape (N,); empty for no samples. ValueError for lengths that differ."""
    scores = np.array([np.nan if score is None else score for score in scores], dtype=float)
    right = np.asarray(right, dtype=bool)
    if scores.shape != right.shape:
        raise ValueError(f"{len(scores)} scores of {len(right)} samples")
    samples, scored = len(scores), ~np.isnan(scores)
    curve = np.zeros(samples)
    if not scored.any():
        return curve
    # The highest score first, and the share of its samples that are right.
    _, group, sizes = np.unique(-scores[scored], return_inverse=True, return_counts=True)
    share = np.bincount(group, weights=right[scored]) / sizes
    # The best of k has one of the highest scores if one of their samples is among the k: the chance that coverage has.
    # A sum by parts, so that each of these chances is needed once.
    steps, above = share - np.append(share[1:], 0.0), np.cumsum(sizes)
    for start in range(0, len(sizes), SCORES_AT_ONCE):
        some = slice(start, start + SCORES_AT_ONCE)
        curve += steps[some] @ coverage_curve(samples, above[some])
    return np.clip(curve, 0.0, coverage_curve(samples, [int(right.sum())])[0])  # of rounding


def weighted_majority(
    answers: Sequence[Hashable | None], right: Sequence[bool], weights: Sequence[float | None], k: int
) -> float:
    """The chance that the answer with the largest sum of weights is right, among k samples drawn without replacement.

    answers: a name or number for each sample, equal for equal answers; None does not vote. All right samples hold one
    answer, as in `majority`. weights: 0 or more and finite; None or NaN for a sample that does not vote. If all votes
    among the k have weight 0, each counts as one. Ties are broken by a fair coin; if nobody votes, the result is wrong.

    Exact if all weights are equal (then it is `majority`), or if there are at most 20,000 ways to draw k samples.
    Otherwise the mean over 20,000 random draws, always the same ones for N and k: an unbiased estimate, whose standard
    error is at most 0.4 points for one question. ValueError for k outside 1..N, lengths that differ, a negative or
    infinite weight.
    """
    samples = len(answers)
    if not 1 <= k <= samples:
        raise ValueError(f"weighted majority@{k} of {samples} samples: k must lie in 1..{samples}")
    weights = np.array([np.nan if weight is None else weight for weight in weights], dtype=float)
    right = np.asarray(right, dtype=bool)
    if not len(weights) == len(right) == samples:
        raise ValueError(f"{samples} answers, {len(right)} verdicts and {len(weights)} weights")
    if (weights < 0).any() or np.isinf(weights).any():
        raise ValueError("weights must be finite and at least 0")
    voting = ~np.isnan(weights) & np.array([answer is not None for answer in answers])
    names = [RIGHT if good else answer for answer, good in zip(answers, right, strict=True)]
    others = list(dict.fromkeys(name for name, votes in zip(names, voting, strict=True) if votes and name is not RIGHT))
    places = {name: place for place, name in enumerate([RIGHT, *others])}
    ballots = np.zeros((samples, len(places)))
    for number in np.flatnonzero(voting):
        ballots[number, places[names[number]]] = 1.0
    if len(np.unique(weights[voting])) <= 1:
        counts = ballots.sum(axis=0).astype(int).tolist()
        return majority(counts[0], counts[1:], samples - sum(counts), k)
    return vote_by_weight(ballots, np.where(voting, weights, 0.0), k)


RIGHT = object()  # the name of the right answer, which is like no other


def vote_by_weight(ballots: np.ndarray, weights: np.ndarray, k: int) -> float:
    """The share of the draws of k samples in which the first answer wins; a tie of n counts as 1/n.

    ballots: shape (samples, answers), 1 for the answer that a sample votes for. weights: shape (samples,).
    """
    draws = draws_of(len(ballots), k)
    sums = draws @ (ballots * weights[:, None])
    weightless = ~sums.any(axis=1)
    sums[weightless] = draws[weightless] @ ballots
    tied = (sums >= (1 - ROUNDING) * sums.max(axis=1, keepdims=True)) & (sums > 0)
    # Whole numbers, so that a sum of ties is exact.
    wins = np.bincount(tied.sum(axis=1)[tied[:, 0]])
    return float(sum(Fraction(int(number), ties) for ties, number in enumerate(wins) if number) / len(draws))


@lru_cache(maxsize=16)
def draws_of(samples: int, k: int) -> np.ndarray:
    """Ways to draw k of the samples, shape (ways, samples): 1 for each sample that is drawn.

    All of them if there are at most SUBSETS, otherwise so many random ones, of a generator seeded by both numbers.
    """
    ways = comb(samples, k)
    if ways <= SUBSETS:
        chosen = np.fromiter(chain.from_iterable(combinations(range(samples), k)), dtype=int, count=ways * k)
        chosen = chosen.reshape(ways, k)
    else:
        dice = np.random.default_rng([samples, k])
        chosen = np.argsort(dice.random((SUBSETS, samples)), axis=1)[:, :k]
    draws = np.zeros((len(chosen), samples))
    np.put_along_axis(draws, chosen, 1.0, axis=1)
    return draws
