"""Coverage, diversity, majority votes and their intervals: against enumeration, exact formulas and simulation."""

import math
import warnings
from collections import Counter
from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yetbetter.stats.estimators import Bootstrap, coverage, coverage_curve, interval, majority, unique_curve

# A sample is the letter of its solution or answer: C, D, E are correct; a, b, c are wrong; "" is a missing answer.
pools = st.lists(st.sampled_from(["C", "D", "E", "a", "b", "c", ""]), min_size=1, max_size=7)
LARGE = [
    (samples, correct, k)
    for samples in (1_000, 100_000)
    for correct in (1, 2, samples // 3, samples - 1, samples)
    for k in (1, 2, 30, samples // 10, samples)
]


def mean_over_draws(pool: list[str], k: int, measure) -> Fraction:
    """The mean of `measure` over all subsets of k samples, exactly."""
    values = [Fraction(measure(draw)) for draw in combinations(pool, k)]
    return sum(values) / len(values)


def share_of_a_vote(draw: tuple[str, ...]) -> Fraction:
    """The chance that the right answer wins this vote: all correct samples hold the same answer."""
    votes = Counter("right" if letter.isupper() else letter for letter in draw if letter)
    if not votes:
        return Fraction(0)
    winners = [answer for answer, count in votes.items() if count == max(votes.values())]
    return Fraction("right" in winners, len(winners))


def chance_to_hold_one(samples: int, correct: int, k: int) -> float:
    """1 - C(M-c, k) / C(M, k) in whole numbers; dividing them rounds once, whatever their size."""
    draws = comb(samples, k)
    return (draws - comb(samples - correct, k)) / draws


def split_answers(pool: list[str]) -> tuple[int, list[int], int]:
    wrong = Counter(letter for letter in pool if letter.islower())
    return sum(letter.isupper() for letter in pool), list(wrong.values()), pool.count("")


# Coverage -------------------------------------------------------------------------------------------------------------


@given(pools)
def test_coverage_is_the_share_of_all_draws_that_hold_a_correct_sample(pool):
    correct = sum(letter.isupper() for letter in pool)
    curve = coverage_curve(len(pool), [correct])[0]
    for k in range(1, len(pool) + 1):
        expected = mean_over_draws(pool, k, lambda draw: any(letter.isupper() for letter in draw))
        assert curve[k - 1] == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize(("samples", "correct", "k"), LARGE)
def test_coverage_of_large_pools_equals_the_exact_formula(samples, correct, k):
    exact = chance_to_hold_one(samples, correct, k)
    assert coverage(samples, [correct], k)[0] == pytest.approx(exact, rel=1e-9, abs=0)


@given(st.integers(1, 400).flatmap(lambda samples: st.tuples(st.just(samples), st.integers(0, samples))))
def test_a_coverage_curve_starts_at_the_accuracy_never_falls_and_stays_a_chance(pool):
    samples, correct = pool
    curve = coverage_curve(samples, [correct])[0]
    assert curve[0] == pytest.approx(correct / samples)
    assert (np.diff(curve) >= -1e-12).all()
    assert ((curve >= 0) & (curve <= 1)).all()
    assert curve[-1] == (correct > 0)


def test_coverage_has_one_row_for_each_question_and_one_column_for_each_k():
    curve = coverage_curve(4, [0, 4, 1, 0])
    assert curve.shape == (4, 4)
    assert curve[0].tolist() == curve[3].tolist() == [0, 0, 0, 0]
    assert curve[1].tolist() == [1, 1, 1, 1]
    assert coverage(4, [0, 4, 1, 0], 2) == pytest.approx([0, 1, 0.5, 0])


def test_coverage_of_no_questions_has_no_rows():
    assert coverage_curve(3, []).shape == (0, 3)


@pytest.mark.parametrize("k", [-1, 0, 4, 100])
def test_coverage_at_more_samples_than_were_drawn_or_at_none_is_an_error(k):
    with pytest.raises(ValueError, match="k must lie in 1"):
        coverage(3, [1], k)


@pytest.mark.parametrize(
    ("samples", "correct"), [(3, [-1]), (3, [4]), (3, [0, 1, 4]), (0, [0]), (-2, [0]), (10, [2.5])]
)
def test_counts_that_no_pool_can_have_are_errors(samples, correct):
    with pytest.raises(ValueError):
        coverage_curve(samples, correct)


# Diversity ------------------------------------------------------------------------------------------------------------


@given(pools)
def test_unique_solutions_are_the_mean_number_of_distinct_correct_samples_over_all_draws(pool):
    multiplicities = Counter(letter for letter in pool if letter.isupper())
    curve = unique_curve(len(pool), [list(multiplicities.values())])[0]
    for k in range(1, len(pool) + 1):
        expected = mean_over_draws(pool, k, lambda draw: len({letter for letter in draw if letter.isupper()}))
        assert curve[k - 1] == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("k", [1, 30, 5_000, 100_000])
def test_unique_solutions_of_large_pools_equal_the_exact_formula(k):
    samples, multiplicities = 100_000, [1, 1, 2, 7, 400, 30_000]
    exact = sum(chance_to_hold_one(samples, m, k) for m in multiplicities)
    assert unique_curve(samples, [multiplicities])[0, k - 1] == pytest.approx(exact, rel=1e-9)


def test_every_question_gets_its_own_unique_solutions():
    curve = unique_curve(2, [[1, 1], [], [2]])
    assert curve == pytest.approx(np.array([[1, 2], [0, 0], [1, 1]]))


def test_unique_solutions_of_no_questions_have_no_rows():
    assert unique_curve(3, []).shape == (0, 3)


def test_more_correct_solutions_than_samples_are_an_error():
    with pytest.raises(ValueError):
        unique_curve(3, [[2, 2]])


# Majority votes -------------------------------------------------------------------------------------------------------


@given(pools)
@settings(max_examples=200)
def test_a_majority_vote_equals_the_mean_over_all_draws_with_fair_coins_for_ties(pool):
    correct, others, blank = split_answers(pool)
    for k in range(1, len(pool) + 1):
        expected = mean_over_draws(pool, k, share_of_a_vote)
        assert majority(correct, others, blank, k) == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize(
    ("correct", "others", "blank", "k", "chance"),
    [
        (1, [1], 0, 2, 1 / 2),  # a tie of two
        (1, [1, 1], 0, 3, 1 / 3),  # a tie of three
        (1, [], 99, 100, 1),  # blanks do not vote
        (0, [], 4, 4, 0),  # nobody votes
        (0, [3], 0, 1, 0),
        (5, [], 0, 3, 1),
        (2, [1, 1, 1, 1], 0, 6, 1),  # two agree, four do not
        (2, [3], 0, 5, 0),
    ],
)
def test_a_vote_whose_outcome_is_known(correct, others, blank, k, chance):
    assert majority(correct, others, blank, k) == pytest.approx(chance)


def test_a_vote_of_one_is_the_accuracy():
    assert majority(3, [4, 2], 1, 1) == pytest.approx(3 / 10)


def test_the_order_of_the_wrong_answers_makes_no_difference():
    assert majority(4, [1, 3, 2], 2, 6) == majority(4, [3, 2, 1], 2, 6)


def exact_duel(correct: int, wrong: int, blank: int, k: int) -> Fraction:
    """maj@k against a single wrong answer: a sum over the hypergeometric distribution, in whole numbers."""
    wins = Fraction(0)
    for right in range(min(correct, k) + 1):
        for against in range(min(wrong, k - right, right) + 1):
            ways = comb(correct, right) * comb(wrong, against) * comb(blank, k - right - against)
            if right:
                wins += Fraction(ways, 1 if right > against else 2)
    return wins / comb(correct + wrong + blank, k)


@pytest.mark.parametrize(
    ("correct", "wrong", "blank", "k"),
    [(40, 60, 20, 16), (400, 500, 100, 64), (60_000, 39_000, 1_000, 16), (3, 99_000, 997, 16), (2, 1, 4_000, 1_000)],
)
def test_a_majority_of_a_large_pool_equals_the_exact_formula(correct, wrong, blank, k):
    expected = exact_duel(correct, wrong, blank, k)
    assert majority(correct, [wrong], blank, k) == pytest.approx(float(expected), rel=1e-9, abs=0)


@pytest.mark.parametrize("k", [-1, 0, 5])
def test_a_vote_of_more_samples_than_were_drawn_or_of_none_is_an_error(k):
    with pytest.raises(ValueError, match="k must lie in 1"):
        majority(2, [1], 1, k)


@pytest.mark.parametrize(("correct", "others", "blank"), [(-1, [5], 0), (3, [-1], 2), (3, [2], -1)])
def test_a_vote_with_a_negative_count_is_an_error(correct, others, blank):
    with pytest.raises(ValueError):
        majority(correct, others, blank, 2)


# Intervals ------------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_a_bootstrap_with_the_same_seed_gives_the_same_interval_and_another_seed_another():
    values = np.random.default_rng(1).random(40)
    first, again, other = (Bootstrap(40, seed).mean(values)[1:] for seed in (7, 7, 8))
    assert first == again != other


def test_each_resample_draws_as_many_questions_as_there_are():
    bootstrap = Bootstrap(13, resamples=50)
    assert bootstrap.weights.shape == (50, 13)
    assert (bootstrap.weights.sum(axis=1) == 13).all()


def test_intervals_hold_the_truth_in_about_95_of_100_studies():
    held, studies = Counter(), 200
    for study in range(studies):
        dice = np.random.default_rng(study)
        bottom = dice.integers(0, 4, 60).astype(float)
        top = dice.binomial(bottom.astype(int), 0.3)
        bootstrap = Bootstrap(60, seed=study, resamples=400)
        for kind, truth, (_, low, high) in (
            ("mean", 0.3 * 1.5, bootstrap.mean(top)),
            ("ratio", 0.3, bootstrap.ratio(top, bottom)),
        ):
            held[kind] += low <= truth <= high
    assert all(0.88 <= held[kind] / studies <= 0.99 for kind in ("mean", "ratio"))


def test_a_mean_over_questions_keeps_the_shape_of_what_it_averages():
    value, low, high = Bootstrap(6).mean(np.arange(24.0).reshape(6, 4))
    assert value.tolist() == [10, 11, 12, 13]
    assert value.shape == low.shape == high.shape == (4,)
    assert ((low < value) & (value < high)).all()


def test_one_question_has_an_interval_without_width():
    assert [float(number) for number in Bootstrap(1).mean(np.array([0.3]))] == pytest.approx([0.3] * 3)


def test_no_question_has_neither_a_mean_nor_an_interval():
    assert np.isnan(Bootstrap(0).mean(np.zeros((0, 3)))).all()


def test_a_ratio_without_anything_to_divide_by_is_nan():
    assert np.isnan(Bootstrap(3).ratio(np.zeros((3, 2)), np.zeros((3, 2)))).all()


def test_a_column_without_anything_to_divide_by_leaves_the_other_columns_alone():
    top, bottom = np.array([[1.0, 0], [1, 0], [0, 0]]), np.array([[1.0, 0], [1, 0], [1, 0]])
    value, low, high = Bootstrap(3).ratio(top, bottom)
    assert value[0] == pytest.approx(2 / 3)
    assert low[0] < value[0] < high[0]
    assert np.isnan([value[1], low[1], high[1]]).all()


def test_resamples_without_any_question_that_counts_are_left_out():
    low, high = interval(np.array([np.nan, 1.0, 2.0, 3.0, np.nan]))
    assert (low, high) == pytest.approx((1.05, 2.95))
    top, bottom = np.array([1.0, 0, 0]), np.array([2.0, 0, 0])  # 8 of 27 resamples miss the only one
    assert [float(number) for number in Bootstrap(3).ratio(top, bottom)] == pytest.approx([0.5] * 3)


def test_an_interval_is_the_percentiles_of_its_resamples():
    drawn = np.arange(1001.0)
    assert [float(end) for end in interval(drawn)] == pytest.approx([25, 975])


def test_means_of_constant_values_are_exact():
    value, low, high = Bootstrap(7).mean(np.full(7, 0.1))
    assert all(math.isclose(number, 0.1) for number in (value, low, high))
