"""Differences between arms: against exact formulas, and by simulation whether their intervals keep their level."""

import math

import numpy as np
import pytest

from yetbetter.claims.power import needs, power, scaled
from yetbetter.stats.contrasts import contrast
from yetbetter.stats.distributions import t_below, t_quantile
from yetbetter.stats.estimators import Bootstrap
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.noise import CROSSED, WIDER, pooled_noise


def arm(top, bottom=None, units="test", kin="kin", names=None, share=True) -> Measurements:
    top = np.atleast_2d(np.asarray(top, dtype=float))
    bottom = np.ones_like(top) if bottom is None else np.atleast_2d(np.asarray(bottom, dtype=float))
    names = tuple(names or (f"p{number}" for number in range(top.shape[1])))
    return Measurements(names, top, bottom, units, kin, share)


def difference(first: Measurements, second: Measurements, **more):
    return contrast([(1.0, first), (-1.0, second)], **more)


def answers(dice, problems: int, seeds: int, seed_sd: float, arms: int = 2, rates=None) -> list[np.ndarray]:
    """Right or wrong answers of arms finetuned with several seeds: hard and easy problems, arms and seeds that differ.

    seed_sd: between finetunings, as a share. rates: added to each arm's chances, default 0.
    """
    ease = dice.normal(-0.7, 1.8, problems)
    drawn = []
    for number in range(arms):
        chance = 1 / (1 + np.exp(-(ease + dice.normal(0, 0.6, problems) + dice.normal(0, 1, (seeds, problems)))))
        spread = chance * (1 - chance) / (chance * (1 - chance)).mean()
        shift = dice.normal(0, seed_sd, (seeds, 1)) + (rates[number] if rates else 0.0)
        drawn.append((dice.random((seeds, problems)) < chance + shift * spread).astype(float))
    return drawn


# Student's t ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chance", "freedom", "value"),
    [(0.975, 1, 12.7062), (0.975, 2, 4.3027), (0.95, 5, 2.0150), (0.995, 30, 2.7500), (0.975, 1e9, 1.9600)],
)
def test_quantiles_of_t_are_those_of_the_tables(chance, freedom, value):
    assert t_quantile(chance, freedom) == pytest.approx(value, abs=1e-4)
    assert t_quantile(1 - chance, freedom) == pytest.approx(-value, abs=1e-4)


@pytest.mark.parametrize("freedom", [0.7, 1, 2.5, 10, 399, 401, math.inf])
def test_a_quantile_is_the_inverse_of_the_distribution(freedom):
    assert [t_below(t_quantile(chance, freedom), freedom) for chance in (0.01, 0.3, 0.9, 0.999)] == pytest.approx(
        [0.01, 0.3, 0.9, 0.999], abs=1e-6
    )


# One finetuning -------------------------------------------------------------------------------------------------------


def test_an_interval_of_shares_ends_where_their_difference_must():
    few, many = arm([0, 1, 1], [1, 1, 1]), arm([0, 0, 0], [0, 1, 1])
    found = difference(few, many)
    assert found.effect == pytest.approx(2 / 3)
    assert found.interval() == (-1, 1)
    assert contrast([(0.5, few), (0.5, few), (-1.0, many), (-1.0, few)]).interval()[0] >= -2
    other = difference(arm([0, 1, 1], share=False), arm([0, 0, 0], share=False))
    assert other.interval()[1] > 1  # means of numbers have no bounds
    assert all(math.isnan(end) for end in difference(few, arm([0, 0], [0, 0])).interval())


def test_an_interval_holds_its_effect_though_a_corrected_rate_is_below_nothing():
    found = contrast([(1.0, arm([-0.02, 0.01, 0.0] * 10))])
    low, high = found.interval()
    assert low == found.effect < 0 < high


def test_the_variance_of_a_paired_difference_is_that_of_the_differences():
    dice = np.random.default_rng(0)
    first, second = dice.random((2, 50)) < 0.5
    found = difference(arm(first), arm(second))
    gaps = first.astype(float) - second
    assert found.effect == pytest.approx(gaps.mean())
    assert found.problem_variance == pytest.approx(gaps.var(ddof=1) / 50)
    assert found.problem_freedom == pytest.approx(49)


def test_problems_are_paired_by_name():
    values = [1, 0, 1, 1, 0, 0, 1, 1, 0, 1] * 4
    backwards = arm(values[::-1], names=[f"p{number}" for number in reversed(range(40))])
    assert difference(arm(values), backwards).problem_variance == pytest.approx(1 / 42**2)  # of equal answers


def test_only_problems_that_both_sides_have_are_compared():
    found = difference(arm([1, 1, 0, 0]), arm([0, 0], names=["p0", "p1"]))
    assert (found.effect, found.problems) == (1, 2)


def test_variances_of_different_problems_add_up():
    dice = np.random.default_rng(1)
    first, second = dice.random((2, 400)) < 0.4
    alone = [contrast([(1.0, arm(values, units=units))]).variance for values, units in ((first, "a"), (second, "b"))]
    assert difference(arm(first, units="a"), arm(second, units="b")).variance == pytest.approx(sum(alone))


def test_a_ratio_has_the_interval_that_a_bootstrap_finds():
    dice = np.random.default_rng(2)
    decided = dice.poisson(4, 600).astype(float)
    wrong = dice.binomial(decided.astype(int), 0.2).astype(float)
    found = contrast([(1.0, arm(wrong, decided))])
    value, low, high = Bootstrap(600).ratio(wrong, decided)
    assert found.effect == pytest.approx(float(value))
    assert 2 * 1.96 * found.error == pytest.approx(float(high - low), rel=0.08)


def test_logarithms_compare_as_ratios():
    found = contrast([(1.0, arm([3.0, 1.0] * 20)), (-1.0, arm([1.0, 1.0] * 20))], logarithms=True)
    assert math.exp(found.effect) == pytest.approx(2)


def test_a_rate_without_a_single_case_is_not_certain():
    none, some = arm(np.zeros(200)), arm(np.r_[np.ones(20), np.zeros(180)])
    assert contrast([(1.0, none)]).error > 0.002
    assert difference(none, arm(np.zeros(200))).error > 0
    assert math.isfinite(difference(some, none, logarithms=True).effect)


def test_an_arm_with_nothing_to_count_has_no_difference():
    assert math.isnan(difference(arm([1, 0]), arm([0, 0], [0, 0])).effect)


def test_one_seed_does_not_know_the_noise_between_finetunings():
    found = difference(arm([1, 0, 1]), arm([0, 0, 1]))
    assert found.one_seed
    assert "one seed" in found.basis


def test_training_data_has_no_finetunings_to_differ():
    assert not difference(arm([1, 0, 1], kin=None), arm([0, 0, 1], kin=None)).one_seed


# Several finetunings --------------------------------------------------------------------------------------------------


def test_the_variance_with_seeds_is_that_of_the_two_way_layout():
    dice = np.random.default_rng(3)
    values = answers(dice, 80, 4, 0.15, arms=1)[0]
    seeds, problems = values.shape
    by_seed, by_problem = values.mean(axis=1), values.mean(axis=0)
    residual = values - by_seed[:, None] - by_problem + values.mean()
    of_seeds, of_problems = problems * by_seed.var(ddof=1), seeds * by_problem.var(ddof=1)
    of_residual = (residual**2).sum() / ((seeds - 1) * (problems - 1))
    assert of_seeds > of_residual
    found = contrast([(1.0, arm(values))])
    assert found.variance == pytest.approx((of_seeds + of_problems - of_residual) / values.size)
    assert found.basis == CROSSED


def test_finetunings_that_agree_on_the_mean_leave_the_variance_over_problems():
    values = np.array([[1, 0] * 30, [0, 1] * 30])
    found = contrast([(1.0, arm(values))])
    assert found.seed_variance == 0
    assert found.variance == found.problem_variance


def test_one_seed_borrows_the_noise_of_comparable_arms_with_several():
    dice = np.random.default_rng(4)
    noisy, other = (arm(values) for values in answers(dice, 300, 3, 0.05))
    first, second = (arm(values) for values in answers(dice, 300, 1, 0.05))
    found = difference(first, second, kin=[noisy, other])
    assert found.seed_variance == pytest.approx(2 * WIDER * pooled_noise([noisy, other]).variance)
    assert found.seed_freedom == pytest.approx(4)
    assert "comparable" in found.basis
    assert difference(first, second, kin=[arm(noisy.top, kin="another")]).one_seed


def test_an_assumed_noise_is_used_if_none_is_known():
    found = difference(arm([1, 0, 1, 0]), arm([0, 0, 1, 1]), seed_sd=0.02, pool_sd=0.01)
    assert found.seed_variance == pytest.approx(2 * 0.02**2)
    assert found.pool_variance == pytest.approx(2 * 0.01**2)
    assert "assumed" in found.basis


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("seed_sd", [0.0, 0.01, 0.03])
def test_intervals_over_seeds_and_problems_keep_their_level(seeds, seed_sd):
    dice = np.random.default_rng(1000 * seeds + int(1000 * seed_sd))
    held = alone = 0
    studies = 250
    for _ in range(studies):
        found = difference(*(arm(values) for values in answers(dice, 300, seeds, seed_sd)))
        held += abs(found.effect) <= t_quantile(0.975, round(found.freedom, 1)) * found.error
        alone += abs(found.effect) <= 1.96 * math.sqrt(found.problem_variance)
    # Three standard errors of 250 studies below 95 %.
    assert held / studies > 0.91
    if seed_sd == 0.03:
        assert alone / studies < 0.88  # what an interval over problems alone would have held


# Power ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seeds", "gap"), [(3, 0.07), (5, 0.05)])
def test_planted_effects_are_found_as_often_as_the_power_says(seeds, gap):
    dice = np.random.default_rng(seeds)
    hits, expected = [], []
    for _ in range(300):
        found = difference(*(arm(values) for values in answers(dice, 300, seeds, 0.015, rates=(gap, 0.0))))
        hits.append(found.effect / found.error > t_quantile(0.975, round(found.freedom, 1)))
        expected.append(power(found, gap, 0.025))
    assert np.mean(hits) == pytest.approx(np.mean(expected), abs=0.08)
    assert 0.4 < np.mean(hits) < 0.98


def test_as_many_problems_as_are_said_to_be_needed_give_the_wanted_power():
    dice = np.random.default_rng(5)
    found = difference(*(arm(values, kin=None) for values in answers(dice, 200, 1, 0)))
    problems, seeds = needs(found, 0.03, 0.025)
    assert seeds is None
    assert power(found, 0.03, 0.025, problems / 200) == pytest.approx(0.8, abs=0.005)
    hits = 0
    for _ in range(200):
        more = difference(*(arm(v, kin=None) for v in answers(dice, problems, 1, 0, rates=(0.03, 0.0))))
        hits += more.effect / more.error > t_quantile(0.975, more.freedom)
    assert hits / 200 == pytest.approx(0.8, abs=0.1)


def test_where_the_seeds_are_the_noise_more_problems_do_not_help_and_more_seeds_do():
    dice = np.random.default_rng(6)
    found = difference(*(arm(values) for values in answers(dice, 4000, 3, 0.05)))
    problems, seeds = needs(found, 0.03, 0.025)
    assert problems is None
    assert 3 < seeds < 100


def test_an_arm_that_borrowed_its_noise_has_its_own_with_more_seeds():
    dice = np.random.default_rng(8)
    lenders = [arm(values) for values in answers(dice, 2000, 3, 0.02)]
    first, second = (arm(values) for values in answers(dice, 2000, 1, 0.02))
    found = difference(first, second, kin=lenders)
    _, seeds = needs(found, 0.04, 0.025)
    more = scaled(found, 1, 10)
    assert power(found, 0.04, 0.025, seeds=seeds) >= 0.8 > power(found, 0.04, 0.025, seeds=seeds - 1)
    assert more.seed_variance == pytest.approx(found.seed_variance / 10)
    assert more.seed_freedom == pytest.approx(2 * 9)


def test_no_effect_is_never_found():
    found = difference(*(arm(values) for values in answers(np.random.default_rng(7), 300, 3, 0.01)))
    assert needs(found, 0.0, 0.025) == (None, None)
