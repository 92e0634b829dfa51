"""The crossover of a ladder: isotonic regression, open ends, and intervals that hold in simulations."""

import math

import numpy as np
import pytest

from yetbetter.stats.contrasts import contrast
from yetbetter.stats.crossover import (
    Differences,
    Ratios,
    crossing,
    estimate_crossover,
    isotonic,
    joint_differences,
    joint_ratios,
)
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.noise import CROSSED, ONE_SEED
from yetbetter.stats.prediction import predict_held_out

RATIOS = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
ONES = np.ones(6)


def exact(values, error: float = 0.0) -> Differences:
    """Differences of six rungs with independent errors of this size."""
    nothing = np.zeros(7)
    return Differences(np.array(values), np.eye(6) * error**2, nothing, nothing, math.inf, "", 1000, nothing)


def cross(values, error: float = 0.0, ratios=RATIOS):
    return estimate_crossover(Ratios(np.array(ratios), np.zeros((6, 6))), exact(values, error))


def arm(seeds: int, problems: int, chance: float, dice, noise: float = 0.0, **names) -> Measurements:
    chances = chance + noise * dice.standard_normal((seeds, 1))
    top = (dice.random((seeds, problems)) < chances).astype(float)
    return Measurements(tuple(map(str, range(problems))), top, np.ones_like(top), ("hard", "test"), kin="hard", **names)


def test_values_that_grow_are_left_alone_and_others_become_means_of_their_block():
    assert isotonic(np.array([1.0, 2.0, 3.0]), np.ones(3)).tolist() == [1, 2, 3]
    assert isotonic(np.array([1.0, 5.0, 3.0, 7.0]), np.ones(4)).tolist() == [1, 4, 4, 7]
    assert isotonic(np.array([3.0, 2.0, 1.0]), np.array([1.0, 1.0, 2.0])).tolist() == pytest.approx([1.75] * 3)


def test_many_ladders_are_fitted_at_once():
    dice = np.random.default_rng(0)
    values, weights = dice.normal(size=(50, 6)), dice.uniform(0.5, 2, (50, 6))
    together = isotonic(values, weights)
    assert np.allclose(together, [isotonic(*pair) for pair in zip(values, weights, strict=True)])
    assert (np.diff(together) >= -1e-12).all()
    assert np.allclose((weights * together).sum(axis=1), (weights * values).sum(axis=1))


def test_the_crossover_is_interpolated_between_rungs():
    assert cross([-4, -2, -1, 1, 2, 3]).value == pytest.approx(0.75)
    assert cross([-4, -3, -1, 3, 4, 5]).text == "0.72 [0.72, 0.72]"


def test_the_order_of_the_rungs_does_not_matter():
    order = [3, 0, 5, 1, 4, 2]
    values = np.array([-4.0, -3, 1, -3, 1, 3])  # fitted: -4, -3, -1, -1, 1, 3
    assert crossing(RATIOS[order], values[order], ONES) == crossing(RATIOS, values, ONES) == pytest.approx(0.85)


def test_a_ladder_whose_rungs_all_win_or_lose_has_an_open_end():
    below, above = cross([1, 2, 3, 4, 5, 6], error=0.1), cross([-6, -5, -4, -3, -2, -1], error=0.1)
    assert (below.position, below.value, below.text) == ("below", -math.inf, "below 0.50 [below 0.50, below 0.50]")
    assert (above.position, above.value, above.text) == ("above", math.inf, "above 1.00 [above 1.00, above 1.00]")


def test_an_interval_that_reaches_past_the_ladder_is_open_on_that_side():
    found = cross([-9, -8, -7, -6, -4, 1], error=1.5)
    assert found.position == "inside" and 0.9 < found.value < 1
    assert 0.8 < found.low < found.value and found.high == math.inf
    assert found.text.endswith(", above 1.00]")


def test_noise_widens_the_interval_and_uncertain_ratios_do_too():
    values = [-5, -3, -1, 1, 3, 5]
    narrow, wide = cross(values, error=0.5), cross(values, error=1.5)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
    unsure = Ratios(RATIOS, 0.03**2 * np.eye(6))
    blurred = estimate_crossover(unsure, exact(values, 0.5))
    assert blurred.high - blurred.low > narrow.high - narrow.low


def test_the_same_seed_gives_the_same_interval():
    values = [-5, -3, -1, 1, 3, 5]
    assert cross(values, 1.0) == cross(values, 1.0)


def test_joint_differences_have_the_variances_of_single_contrasts_and_the_strong_source_in_common():
    dice = np.random.default_rng(1)
    arms = [arm(3, 800, chance, dice, 0.02, source=str(chance)) for chance in (0.3, 0.35, 0.4, 0.33)]
    found = joint_differences(arms[:-1], arms[-1])
    assert found.basis == CROSSED and found.seed_freedom == 8
    covariance = found.covariance
    # Without other arms a contrast uses the noise of its own two arms; here it is that of all four.
    single = contrast([(1.0, arms[0]), (-1.0, arms[-1])])
    assert found.values[0] == pytest.approx(single.effect)
    assert found.problem_covariance[0, 0] == pytest.approx(single.problem_variance)
    noise = np.maximum(found.raw - found.share, 0)
    assert covariance[0, 1] == pytest.approx(found.problem_covariance[0, 1] + noise[-1])
    low, high = found.intervals()
    assert (low < found.values).all() and (found.values < high).all()


def test_arms_of_one_seed_have_the_problems_part_alone():
    dice = np.random.default_rng(2)
    found = joint_differences([arm(1, 300, 0.4, dice)], arm(1, 300, 0.3, dice))
    assert found.basis == ONE_SEED and not found.raw.any()


def test_ratios_are_paired_over_questions():
    dice = np.random.default_rng(3)
    strong = arm(1, 400, 0.5, dice)
    copy = Measurements(strong.problems, strong.top, strong.bottom)
    found = joint_ratios([copy, arm(1, 400, 0.3, dice)], strong)
    assert found.values[0] == 1 and found.covariance[0, 0] == pytest.approx(0)
    low, high = found.intervals()
    assert low[1] < found.values[1] < high[1]


@pytest.mark.parametrize("true", [0.62, 0.75, 0.97])
def test_intervals_hold_the_true_crossover(true):
    """150 ladders whose six rungs share the strong source's error, as those of a study do."""
    dice = np.random.default_rng(4)
    held, studies = 0, 150
    for number in range(studies):
        error, freedom = 0.7, 14
        raw = error**2 * dice.chisquare(freedom) / freedom
        errors = error * dice.standard_normal(7)
        values = 25 * (RATIOS - true) + errors[:-1] - errors[-1]
        nothing = np.zeros(7)
        found = estimate_crossover(
            Ratios(RATIOS, np.zeros((6, 6))),
            Differences(values, np.zeros((6, 6)), np.full(7, raw), nothing, freedom, "", 4000, nothing),
            number,
            draws=800,
        )
        held += found.low <= true <= found.high
    assert held / studies > 0.9


def test_a_held_out_group_is_predicted_from_the_others_alone():
    x = np.repeat(np.arange(6.0), 2)
    groups = [str(value) for value in x]
    found = predict_held_out(x[:, None], 3 * x - 1, groups)
    assert found.error == pytest.approx(0, abs=1e-9) and found.explained == pytest.approx(1)
    noise = np.random.default_rng(5).standard_normal(12)
    unrelated = predict_held_out(noise[:, None], 3 * x - 1, groups)
    assert unrelated.explained < 0.3 and unrelated.error_of_mean == pytest.approx(found.error_of_mean)


def test_too_few_others_predict_nothing():
    assert predict_held_out(np.eye(3), np.arange(3.0), ["a", "b", "c"]) is None
    assert predict_held_out(np.zeros((0, 1)), np.zeros(0), []) is None
