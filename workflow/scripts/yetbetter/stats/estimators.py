"""Estimators over a pool of M samples per question: coverage@k, diversity@k, maj@k, and their bootstrap intervals."""

import warnings
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache, cached_property, lru_cache
from math import comb

import numpy as np

# What is in memory at once, where all would take gigabytes.
QUESTIONS_AT_ONCE, RESAMPLES_AT_ONCE = 250, 20


def coverage_curve(samples: int, correct: Sequence[int]) -> np.ndarray:
    """Chance that k of `samples` samples hold a correct one, for every question and every k.

    Unbiased: 1 - C(M-c, k) / C(M, k) (paper, section 3), as a sum of logarithms, so that no M overflows and a small
    chance keeps its digits. correct: c of each question. Returns shape (questions, M); column k-1 is coverage@k.
    Also the chance that a solution drawn c times is seen at least once among k, which diversity@k sums up.
    """
    counts = np.asarray(correct)
    if counts.size and not np.issubdtype(counts.dtype, np.integer):
        raise ValueError(f"correct counts must be whole numbers, not {counts.dtype}")
    if samples < 1:
        raise ValueError(f"a pool of {samples} samples")
    if counts.size and not (counts.min() >= 0 and counts.max() <= samples):
        raise ValueError(f"correct counts must lie in 0..{samples}")
    left = samples - np.arange(samples)
    curves = {}
    for count in np.unique(counts):
        # Once fewer than k wrong samples are left, every draw of k holds a correct one: log(0) = -inf, chance 1.
        with np.errstate(divide="ignore"):
            missing = np.log1p(-np.minimum(count / left, 1.0))
        curves[count] = -np.expm1(np.cumsum(missing))
    if not counts.size:
        return np.zeros((0, samples))
    return np.stack([curves[count] for count in counts])


def coverage(samples: int, correct: Sequence[int], k: int) -> np.ndarray:
    """coverage@k of every question, shape (questions,). ValueError for k outside 1..samples."""
    if not 1 <= k <= samples:
        raise ValueError(f"coverage@{k} of {samples} samples: k must lie in 1..{samples}")
    return coverage_curve(samples, correct)[:, k - 1]


def unique_curve(samples: int, multiplicities: Sequence[Sequence[int]]) -> np.ndarray:
    """Expected number of distinct correct solutions among k of `samples`, for every question and every k.

    multiplicities: for each question how often each of its distinct correct solutions was drawn; one drawn m times
    adds 1 - C(M-m, k) / C(M, k). Returns shape (questions, M). Divide the mean by the mean coverage for diversity@k
    among the questions solved (the paper's wording), or by the questions for diversity@k per question.
    """
    if any(sum(counts) > samples for counts in multiplicities):
        raise ValueError(f"more correct solutions than the {samples} samples drawn")
    total = np.zeros((len(multiplicities), samples))
    for start in range(0, len(multiplicities), QUESTIONS_AT_ONCE):
        some = multiplicities[start : start + QUESTIONS_AT_ONCE]
        owner = np.repeat(np.arange(start, start + len(some)), [len(counts) for counts in some])
        np.add.at(total, owner, coverage_curve(samples, [count for counts in some for count in counts]))
    return total


def majority(correct: int, others: Sequence[int], blank: int, k: int) -> float:
    """maj@k: the chance that the correct answer wins a vote of k samples drawn from the pool without replacement.

    correct: samples with the right answer; others: how many hold each of the wrong answers; blank: samples without an
    answer, which do not vote. Ties are broken by a fair coin. Exact, no simulation. ValueError for k > pool.
    """
    pool = correct + sum(others) + blank
    if min(correct, blank, *others, 0) < 0:
        raise ValueError(f"negative counts: {correct}, {others}, {blank}")
    if not 1 <= k <= pool:
        raise ValueError(f"maj@{k} of {pool} samples: k must lie in 1..{pool}")
    return _majority(correct, tuple(sorted(others)), blank, k)


@cache
def _majority(correct: int, others: tuple[int, ...], blank: int, k: int) -> float:
    wins = Fraction(0)
    for votes in range(1, min(correct, k) + 1):
        # ways[n][t]: ways to draw n samples of the wrong answers, none with more than `votes`, t of them tied with it
        ways = [[0] * (len(others) + 1) for _ in range(k - votes + 1)]
        ways[0][0] = 1
        for count in others:
            ways = _add_answer(ways, count, votes)
        for drawn, by_ties in enumerate(ways):
            rest = comb(blank, k - votes - drawn) * comb(correct, votes)
            if rest:
                wins += rest * sum(Fraction(number, ties + 1) for ties, number in enumerate(by_ties) if number)
    # Whole numbers up to here: they outgrow a float long before their ratio does.
    return float(wins / comb(correct + sum(others) + blank, k))


def _add_answer(ways: list[list[int]], count: int, votes: int) -> list[list[int]]:
    added = [[0] * len(row) for row in ways]
    for drawn, by_ties in enumerate(ways):
        for ties, number in enumerate(by_ties):
            if number:
                for more in range(min(count, votes, len(ways) - 1 - drawn) + 1):
                    added[drawn + more][ties + (more == votes)] += number * comb(count, more)
    return added


class Bootstrap:
    """95 % percentile intervals over questions; one set of resamples, so that everything it measures is paired.

    A resample is a row of weights: how often each question was drawn. questions: how many there are.
    """

    def __init__(self, questions: int, seed: int = 0, resamples: int = 2000):
        self.questions, self.seed, self.resamples = questions, seed, resamples

    @cached_property
    def weights(self) -> np.ndarray:
        """Shape (resamples, questions)."""
        return shared_weights(self.questions, self.seed, self.resamples).astype(float)

    def _drawn(self) -> Iterator[np.ndarray]:
        """The weights, some resamples at a time."""
        generator = np.random.default_rng(self.seed)
        for start in range(0, self.resamples, RESAMPLES_AT_ONCE):
            size = min(RESAMPLES_AT_ONCE, self.resamples - start)
            if self.questions:
                share = np.full(self.questions, 1 / self.questions)
                yield generator.multinomial(self.questions, share, size=size).astype(float)
            else:
                yield np.zeros((size, 0))

    def ratios(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The `ratio` of each (top, bottom), all in one go over the resamples, of which only some are in memory."""
        pairs = [(np.asarray(top, dtype=float), np.asarray(bottom, dtype=float)) for top, bottom in pairs]
        sums = [[np.zeros((self.resamples, *values.shape[1:])) for values in pair] for pair in pairs]
        done = 0
        for weights in self._drawn():
            for pair, of_pair in zip(pairs, sums, strict=True):
                for values, found in zip(pair, of_pair, strict=True):
                    found[done : done + len(weights)] = np.tensordot(weights, values, axes=1)
            done += len(weights)
        return [
            (divide(top.sum(axis=0), bottom.sum(axis=0)), *interval(divide(*of_pair)))
            for (top, bottom), of_pair in zip(pairs, sums, strict=True)
        ]

    def mean(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean over questions, and its interval. values: shape (questions, ...)."""
        return self.ratio(values, np.ones_like(values, dtype=float))

    def ratio(self, top: np.ndarray, bottom: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """sum(top) / sum(bottom) over questions, and its interval; NaN if the sum is 0. Shapes (questions, ...)."""
        top, bottom = np.asarray(top, dtype=float), np.asarray(bottom, dtype=float)
        value = divide(top.sum(axis=0), bottom.sum(axis=0))
        drawn = divide(np.tensordot(self.weights, top, axes=1), np.tensordot(self.weights, bottom, axes=1))
        return value, *interval(drawn)


@lru_cache(maxsize=32)
def shared_weights(questions: int, seed: int, resamples: int) -> np.ndarray:
    """The weights of a Bootstrap as bytes: tables have many cells with the same problems, and drawing takes longest.

    A question is drawn once on average, and never 256 times.
    """
    drawn = list(Bootstrap(questions, seed, resamples)._drawn())
    return np.concatenate([weights.astype(np.uint8) for weights in drawn])


def divide(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """top / bottom, NaN where bottom is 0."""
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=np.asarray(bottom) != 0)


def interval(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """2.5 and 97.5 percentiles over the first axis; resamples without any question that counts are left out."""
    with warnings.catch_warnings():
        # Nothing to count in any resample: the interval is NaN, which needs no warning.
        warnings.filterwarnings("ignore", "All-NaN", RuntimeWarning)
        low, high = np.nanpercentile(drawn, [2.5, 97.5], axis=0)
    return low, high
