"""Intervals of shares: against printed ones, and by simulation what they hold where cases are few or go together."""

import math

import numpy as np
import pytest

from yetbetter.measures.quality import intervals_of
from yetbetter.stats.contrasts import contrast
from yetbetter.stats.estimators import coverage_curve
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.shares import effective_number, share_interval, wilson

REPETITIONS = 1000


def held(top, bottom, truth: float) -> float:
    """Percent of repetitions, the last axis, whose interval holds the truth."""
    value, low, high = share_interval(top, bottom)
    assert not ((high == 0) | (low == 1)).any()
    there = ~np.isnan(value)
    return 100 * float(np.mean((low <= truth) & (truth <= high), where=there))


# (0 of 10, 1 of 10, 81 of 263: Newcombe 1998, Statistics in Medicine 17, table I)
@pytest.mark.parametrize(
    ("cases", "number", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_independent_cases_is_wilsons(cases, number, low, high):
    top = np.r_[np.ones(cases), np.zeros(number - cases)]
    value, *ends = share_interval(top, np.ones(number))
    assert float(value) == pytest.approx(cases / number)
    assert [float(end) for end in ends] == pytest.approx([low, high], abs=5e-5)


def test_questions_without_a_case_count_for_nothing():
    top, bottom = np.array([1.0, 0, 0, 1, 0]), np.array([1.0, 1, 0, 1, 0])
    assert [*map(float, share_interval(top, bottom))] == [*map(float, share_interval(top[bottom > 0], np.ones(3)))]


@pytest.mark.parametrize("values", [np.zeros((0, 2)), np.zeros((3, 2))])
def test_without_a_case_there_is_neither_a_share_nor_an_interval(values):
    assert np.isnan(share_interval(values, values)).all()


def test_solutions_that_go_together_count_as_one_for_each_question_and_independent_ones_each():
    dice = np.random.default_rng(0)
    size = np.full(2000, 10.0)
    alike, apart = 10.0 * (dice.random(2000) < 0.3), dice.binomial(10, 0.3, 2000)
    assert effective_number(alike, size)[0] == pytest.approx(2000, rel=0.01)
    assert effective_number(apart, size)[0] == pytest.approx(20_000, rel=0.05)
    assert effective_number(np.zeros(2000), size)[0] == pytest.approx(2000, rel=0.01)  # who knows


def test_an_interval_narrows_with_the_number_of_cases_and_no_rounding_leaves_the_share_outside():
    for share in (0.0, 1 / 3, 1.0):
        ends = [wilson(share, number, 1.96) for number in (0.5, 1, 7, 1000, 10**9)]
        widths = [float(high - low) for low, high in ends]
        assert widths == sorted(widths, reverse=True)
        assert all(0 <= low <= share <= high <= 1 for low, high in ends)


# What was measured before, in which the bootstrap's intervals held in 89, 69, 87 and 48 %.


@pytest.mark.parametrize(("problems", "accuracy"), [(500, 0.25), (100, 0.7)])
def test_few_false_positives_of_a_models_answers(problems, accuracy):
    dice = np.random.default_rng(problems)
    right = (dice.random((problems, REPETITIONS)) < accuracy).astype(float)
    assert 93 <= held(right * (dice.random(right.shape) < 0.02), right, 0.02) <= 98


def test_few_flawed_questions_of_which_every_sample_is_flawed():
    flawed = np.random.default_rng(1).random((500, REPETITIONS)) < 0.01
    assert 93 <= held(10.0 * flawed, np.full(flawed.shape, 10.0), 0.01) <= 98


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("together", [0.1, 0.4])
@pytest.mark.parametrize("questions", [60, 400])
def test_samples_that_go_together_in_part(rate, together, questions):
    dice = np.random.default_rng([questions, round(100 * rate), round(10 * together)])
    left = (1 - together) / together
    chance = dice.beta(rate * left, (1 - rate) * left, (questions, REPETITIONS))
    right = dice.binomial(10, 0.5, chance.shape)
    assert 92.5 <= held(dice.binomial(right, chance).astype(float), right.astype(float), rate) <= 99.5


@pytest.mark.parametrize("k", [30, 10])
def test_coverage_near_everything(k):
    dice = np.random.default_rng(k)
    chance = dice.beta(1.2, 0.8, (60, REPETITIONS))
    values = coverage_curve(30, range(31))[:, k - 1][dice.binomial(30, chance)]
    truth = 1 - np.mean((1 - dice.beta(1.2, 0.8, 10**6)) ** k)
    assert truth > 0.94
    assert 93 <= held(values, np.ones(values.shape), truth) <= 99


# In tables and claims -------------------------------------------------------------------------------------------------


def test_a_measure_that_is_no_share_has_a_width_too_if_all_questions_are_alike():
    alike = intervals_of({"diversity": (np.ones(50), np.ones(50))}, set(), 50, 0)["diversity"]
    assert [float(number) for number in alike] == pytest.approx([1, 1, 1.0713], abs=1e-4)
    one = np.r_[2.0, np.ones(49)]
    value, low, high = intervals_of({"diversity": (one, np.ones(50))}, set(), 50, 0)["diversity"]
    assert low < value < high


def test_a_claim_counts_samples_of_one_question_that_go_together_as_few():
    """A rate without a single case rests on as many independent cases as there are questions, not samples."""
    few = Measurements(tuple(map(str, range(50))), np.zeros((1, 50)), np.ones((1, 50)))
    many = Measurements(few.problems, np.zeros((1, 50)), np.full((1, 50), 30.0))
    assert contrast([(1.0, many)]).error == pytest.approx(contrast([(1.0, few)]).error, rel=0.02)
    assert math.isclose(contrast([(1.0, few)]).variance, 51 / 52 / 52 / 50)
