"""Best-of-k and weighted votes: against all draws of small pools, maj@k, coverage and simulation."""

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import combinations
from math import comb, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yetbetter.stats import best_of as module
from yetbetter.stats.best_of import best_of, best_of_curve, draws_of, vote_by_weight, weighted_majority
from yetbetter.stats.estimators import coverage, majority

# Few different scores, so that many are equal; sums of tenths are tied but for their rounding.
SCORES = st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.7, 1.0])
scored_pools = st.lists(st.tuples(SCORES | st.none(), st.booleans()), min_size=1, max_size=7)
votes = st.tuples(st.sampled_from(["a", "b", "c", "right", None]), SCORES | st.none())
voting_pools = st.lists(votes, min_size=1, max_size=7)


def mean(values: list[Fraction]) -> float:
    return float(sum(values) / len(values))


def chosen(draw: tuple) -> Fraction:
    """The chance that the best-scored of the draw is right."""
    scored = [sample for sample in draw if sample[0] is not None]
    best = [right for score, right in scored if score == max(score for score, _ in scored)]
    return Fraction(sum(best), len(best)) if best else Fraction(0)


def elected(draw: tuple) -> Fraction:
    """The chance that the right answer wins, with weights as fractions of ten."""
    sums: dict[str, int] = defaultdict(int)
    for answer, weight in draw:
        if answer is not None and weight is not None:
            sums[answer] += round(10 * weight)
    if not any(sums.values()):
        sums |= Counter(answer for answer, weight in draw if answer is not None and weight is not None)
    winners = [answer for answer, total in sums.items() if total == max(sums.values())]
    return Fraction("right" in winners, len(winners)) if winners else Fraction(0)


# Best of k ------------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(scored_pools)
def test_the_best_of_k_is_the_mean_over_all_draws_with_fair_chances_for_ties(pool):
    curve = best_of_curve(*zip(*pool, strict=True))
    assert curve.shape == (len(pool),)
    for k in range(1, len(pool) + 1):
        expected = mean([chosen(draw) for draw in combinations(pool, k)])
        assert curve[k - 1] == pytest.approx(expected, abs=1e-12)
        assert best_of(*zip(*pool, strict=True), k) == curve[k - 1]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 1) | st.none(), st.booleans()), min_size=1, max_size=20))
def test_the_best_of_k_is_a_chance_and_never_above_coverage(pool):
    scores, right = zip(*pool, strict=True)
    for k, value in enumerate(best_of_curve(scores, right), start=1):
        assert 0 <= value <= coverage(len(pool), [sum(right)], k)[0]


@settings(max_examples=60)
@given(st.lists(st.booleans(), min_size=1, max_size=15))
def test_a_perfect_verifier_reaches_coverage_and_one_that_knows_nothing_the_accuracy(right):
    samples = len(right)
    for k in range(1, samples + 1):
        assert best_of([float(one) for one in right], right, k) == coverage(samples, [sum(right)], k)[0]
        assert best_of([0.5] * samples, right, k) == pytest.approx(sum(right) / samples)
        if not all(right):
            worst = 1 - coverage(samples, [samples - sum(right)], k)[0]
            assert best_of([1 - float(one) for one in right], right, k) == pytest.approx(worst, abs=1e-12)


def test_distinct_scores_give_the_published_sum():
    dice = np.random.default_rng(0)
    scores, right = dice.permutation(128), dice.random(128) < 0.3
    ordered = right[np.argsort(-scores)]
    for k in (1, 2, 64, 127, 128):
        expected = sum(Fraction(comb(128 - i, k - 1), comb(128, k)) for i in range(1, 130 - k) if ordered[i - 1])
        assert best_of(scores, right, k) == pytest.approx(float(expected), rel=1e-10)


def test_all_samples_leave_no_chance_but_that_of_a_tie():
    assert best_of([0.2, 0.9, 0.9, None], [True, True, False, True], 4) == 0.5
    assert best_of([0.2, 0.9, 0.1], [False, True, False], 3) == 1


@pytest.mark.parametrize("none", [None, nan])
def test_a_sample_without_a_score_is_drawn_but_chosen_only_as_a_wrong_one(none):
    assert best_of([none, 0.0], [True, True], 1) == 0.5
    assert best_of([none, 0.0], [True, True], 2) == 1
    assert best_of([none, none], [True, True], 2) == 0


def test_no_score_is_above_all_others_and_infinite_ones_are_in_order():
    assert best_of([-np.inf, np.inf, 0.0], [False, True, False], 3) == 1


def test_a_thousand_scores_are_added_up_in_parts():
    dice = np.random.default_rng(1)
    scores, right = dice.random(1200), dice.random(1200) < 0.5
    curve = best_of_curve(scores, right)
    assert curve[0] == pytest.approx(right.mean())
    assert curve[-1] == right[scores.argmax()]


def test_a_pool_without_samples_has_an_empty_curve():
    assert best_of_curve([], []).shape == (0,)


@pytest.mark.parametrize("k", [-1, 0, 4])
def test_more_samples_than_there_are_or_none_are_errors(k):
    with pytest.raises(ValueError, match="k must lie in 1"):
        best_of([0.1, 0.2, 0.3], [True] * 3, k)
    with pytest.raises(ValueError, match="k must lie in 1"):
        weighted_majority([1, 2, 3], [True] * 3, [0.1, 0.2, 0.3], k)


def test_lengths_that_differ_are_errors():
    with pytest.raises(ValueError, match="2 scores of 1 samples"):
        best_of([0.1, 0.2], [True], 1)
    with pytest.raises(ValueError, match="2 answers, 1 verdicts and 2 weights"):
        weighted_majority([1, 2], [True], [0.1, 0.2], 1)


# Weighted votes -------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(voting_pools)
def test_a_weighted_vote_is_the_mean_over_all_draws_with_fair_coins_for_ties(pool):
    answers, weights = zip(*pool, strict=True)
    right = [answer == "right" for answer in answers]
    for k in range(1, len(pool) + 1):
        expected = mean([elected(draw) for draw in combinations(pool, k)])
        assert weighted_majority(answers, right, weights, k) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60)
@given(voting_pools, st.sampled_from([0.0, 0.1, 1.0, 7.3]))
def test_equal_weights_give_exactly_the_majority(pool, weight):
    answers = [answer for answer, _ in pool]
    others = [answers.count(name) for name in "abc"]
    right, blank = answers.count("right"), answers.count(None)
    ballots = np.array([[answer == name for name in ("right", *"abc")] for answer in answers], dtype=float)
    for k in range(1, len(pool) + 1):
        expected = majority(right, others, blank, k)
        voted = [answer == "right" for answer in answers]
        assert weighted_majority(answers, voted, [weight] * len(answers), k) == expected
        assert vote_by_weight(ballots, np.full(len(answers), weight), k) == expected  # the enumeration itself


@settings(max_examples=60)
@given(voting_pools)
def test_the_names_of_answers_make_no_difference_and_all_right_samples_hold_one(pool):
    names = {"a": 3, "b": (1, 2), "c": "right", "right": False, None: None}
    answers, weights = zip(*pool, strict=True)
    right = [answer == "right" for answer in answers]
    other = [f"right {number}" if good else names[answers[number]] for number, good in enumerate(right)]
    for k in range(1, len(pool) + 1):
        assert weighted_majority(other, right, weights, k) == weighted_majority(answers, right, weights, k)


def test_weights_outvote_numbers_and_nobody_elects_nobody():
    assert weighted_majority([0, 1, 1], [True, False, False], [0.9, 0.4, 0.4], 3) == 1
    assert weighted_majority([0, 1, 1], [True, False, False], [0.8, 0.4, 0.4], 3) == 0.5
    assert weighted_majority([0, 1, 1], [True, False, False], [0.3, 0.1, 0.2], 3) == 0.5  # 0.1 + 0.2 is not 0.3
    assert weighted_majority([0, None], [True, False], [None, 0.3], 2) == 0
    assert weighted_majority([0, 1], [True, False], [0.0, 0.1], 2) == 0
    assert weighted_majority([0, 1, 1], [True, False, False], [0.0, 0.1, 0.1], 1) == pytest.approx(1 / 3)
    assert weighted_majority([0, 0, 1, 2], [True, True, False, False], [0.0, 0.0, 0.0, 0.1], 3) == pytest.approx(1 / 4)


@pytest.mark.parametrize("weight", [-0.1, np.inf])
def test_weights_that_no_vote_can_have_are_errors(weight):
    with pytest.raises(ValueError, match="finite"):
        weighted_majority([0, 1], [True, False], [weight, 0.5], 1)


def test_large_pools_are_sampled_without_bias_and_always_alike(monkeypatch):
    dice = np.random.default_rng(2)
    answers = dice.integers(0, 4, 16)
    right, weights = answers == 0, dice.random(16).round(6)
    exact = weighted_majority(list(answers), right, weights, 8)
    monkeypatch.setattr(module, "SUBSETS", 2000)
    draws_of.cache_clear()
    sampled = weighted_majority(list(answers), right, weights, 8)
    assert draws_of(16, 8).shape == (2000, 16)
    assert (draws_of(16, 8).sum(axis=1) == 8).all()
    assert draws_of(16, 8).mean(axis=0) == pytest.approx(np.full(16, 0.5), abs=0.06)  # no sample is preferred
    assert sampled != exact
    assert sampled == pytest.approx(exact, abs=4 * 0.5 / 2000**0.5)
    draws_of.cache_clear()
    assert weighted_majority(list(answers), right, weights, 8) == sampled
    draws_of.cache_clear()
