"""The noise between seeds: what comparable arms say about it, and by simulation whether intervals then hold."""

import math
from pathlib import Path

import numpy as np
import pytest
from claims import OWN, Design, claims_of, count

from yetbetter.claims.rules import read_rules
from yetbetter.stats.contrasts import contrast
from yetbetter.stats.distributions import f_above, t_below
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.noise import ALONE, ASSUMED, BORROWED, CROSSED, ONE_SEED, WIDER, estimate_noise, pooled_noise

RULES = read_rules(Path(__file__).parents[2] / "workflow" / "claims.yaml")
ON_TEST = claims_of(RULES, 4, 5, 6, 7)
KIN = ("hard", "test", "pass@1")
PROBLEMS = 60


def arm(counts: list[int], budget="low", target="student", source="wc", kin=KIN) -> Measurements:
    """Seeds with so many right answers of 60, to problems that are drawn alike."""
    top = np.zeros((len(counts), PROBLEMS))
    for row, right in zip(top, counts, strict=True):
        row[:right] = 1
    names = tuple(f"p{number}" for number in range(PROBLEMS))
    return Measurements(names, top, np.ones_like(top), "test", kin, budget=budget, target=target, source=source)


def variance(counts: list[int]) -> float:
    return np.var(np.array(counts) / PROBLEMS, ddof=1)


# F --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second", "value"), [(4, 20, 4.431), (1, 10, 10.044), (12, 12, 4.155)])
def test_the_upper_hundredth_of_f_is_that_of_the_tables(first, second, value):
    assert f_above(value, first, second) == pytest.approx(0.01, abs=2e-5)


def test_f_with_one_upper_degree_of_freedom_is_the_square_of_t():
    assert f_above(2.5**2, 1, 7) == pytest.approx(2 * (1 - t_below(2.5, 7)))


# One arm, and several -------------------------------------------------------------------------------------------------


def test_an_arms_noise_is_the_variance_of_its_seeds_and_the_problems_share_is_told_apart():
    noise = arm([30, 33, 36]).noise
    assert noise.raw == pytest.approx(variance([30, 33, 36]))
    assert noise.freedom == 2
    assert 0 < noise.share < noise.raw
    assert noise.variance == pytest.approx(noise.raw - noise.share)


def test_one_seed_has_no_noise_of_its_own():
    assert arm([30]).noise is None
    assert pooled_noise([arm([30]), arm([31])]) is None


def test_pooled_variances_count_by_their_degrees_of_freedom():
    pooled = pooled_noise([arm([30, 33, 36]), arm([20, 30]), arm([25])])
    assert pooled.raw == pytest.approx((2 * variance([30, 33, 36]) + variance([20, 30])) / 3)
    assert pooled.freedom == 3


# Own seeds ------------------------------------------------------------------------------------------------------------


def test_equal_variances_are_one_estimate_with_the_degrees_of_freedom_of_all_comparable_arms():
    pair = [arm([30, 33, 36]), arm([28, 31, 34], source="se")]
    others = [arm([22, 25, 28], budget, source=source) for budget in ("low", "high") for source in ("wc", "se")]
    for found in estimate_noise(pair, others):
        assert (found.basis, found.shared) == (CROSSED, True)
        assert found.noise.raw == pytest.approx(variance([30, 33, 36]))
        assert found.noise.freedom == 6 * 2


def test_arms_of_another_data_set_benchmark_or_metric_say_nothing():
    pair = [arm([30, 33, 36]), arm([28, 31, 34], source="se")]
    others = [arm([5, 30, 55], kin=kin) for kin in (("easy", *KIN[1:]), ("hard", "functional", "pass@1"))]
    assert [found.noise for found in estimate_noise(pair, others)] == [one.noise for one in pair]


@pytest.mark.parametrize(
    ("axis", "here", "elsewhere"), [("budget", "high", "low"), ("target", "se", "student"), ("source", "mix", "wc")]
)
def test_the_noise_is_at_least_that_of_the_arms_own_budget_target_and_source(axis, here, elsewhere):
    quiet, noisy = [29, 30, 31], [26, 30, 34]
    own = [arm(quiet, **{axis: here})]
    others = [arm(noisy, **{axis: here}), *(arm(quiet, **{axis: elsewhere}) for _ in range(6))]
    (found,) = estimate_noise(own, others)
    assert found.noise.raw == pytest.approx((variance(quiet) + variance(noisy)) / 2)
    (elsewhere_found,) = estimate_noise([others[-1]], [*own, *others[:-1]])
    assert elsewhere_found.noise.raw < found.noise.raw


def test_a_source_that_only_this_comparison_has_is_not_estimated_from_one_arm():
    noisy, quiet = [27, 30, 33], [29, 30, 31]
    pair = [arm(noisy, source="mix"), arm(quiet, source="wc")]
    others = [arm([28, 30, 32], source="wc", budget=budget) for budget in ("low", "low", "high", "high")]
    found = estimate_noise(pair, others)[0]
    assert found.noise.raw == pytest.approx((variance(noisy) + variance(quiet)) / 2)


def test_the_noise_is_at_least_that_of_the_comparison_itself():
    pair = [arm([27, 30, 33]), arm([27, 30, 33], source="se")]
    others = [arm([28, 30, 32], target=target) for target in ("student", "wc", "se") for _ in range(4)]
    assert all(found.noise.raw == pytest.approx(variance([27, 30, 33])) for found in estimate_noise(pair, others))


def test_a_comparison_that_is_noisier_by_an_f_test_stands_alone():
    quiet = [arm([29, 30, 31], target=target) for target in ("student", "wc", "se") for _ in range(4)]
    pair = [arm([20, 30, 40]), arm([22, 30, 38], source="se")]
    found = estimate_noise(pair, quiet)
    assert [each.noise for each in found] == [one.noise for one in pair]
    assert {(each.basis, each.shared) for each in found} == {(ALONE, False)}
    assert contrast([(1.0, pair[0]), (-1.0, pair[1])], quiet).basis == ALONE


def test_without_comparable_arms_the_degrees_of_freedom_are_satterthwaites():
    first, second = arm([20, 30, 40]), arm([29, 30, 31], source="se")
    found = contrast([(1.0, first), (-1.0, second)])
    a, b = variance([20, 30, 40]) / 3, variance([29, 30, 31]) / 3
    assert found.seed_freedom == pytest.approx((a + b) ** 2 / (a**2 / 2 + b**2 / 2))
    assert (found.basis, found.seed_raw) == (CROSSED, pytest.approx(a + b))


def test_a_comparison_with_fewer_other_cells_than_its_own_rests_on_its_own_seeds():
    pair = [arm([28, 30, 32]), arm([28, 30, 32], source="se")]
    (one, two) = estimate_noise(pair, [arm([27, 30, 33], "high")])
    assert (one.noise, two.noise, one.shared) == (pair[0].noise, pair[1].noise, False)
    assert one.basis == CROSSED
    assert estimate_noise(pair, [arm([27, 30, 33], "high"), arm([27, 30, 33], "high")])[0].shared


def test_arms_that_share_an_estimate_have_its_degrees_of_freedom_and_no_more():
    pair = [arm([30, 33, 36]), arm([28, 31, 34], source="se")]
    others = [arm([22, 25, 28], "high", source=source) for source in ("wc", "se")]
    assert contrast([(1.0, pair[0]), (-1.0, pair[1])], others).seed_freedom == pytest.approx(4 * 2)


def test_estimates_of_two_data_sets_are_independent():
    easy = ("easy", "test", "pass@1")
    terms = [(1.0, arm([30, 33, 36])), (-1.0, arm([30, 33, 36], kin=easy))]
    others = [arm([22, 25, 28], "high", kin=kin) for kin in (KIN, easy)]
    assert contrast(terms, others).seed_freedom == pytest.approx(2 * 4)


# One seed -------------------------------------------------------------------------------------------------------------


def test_one_seed_borrows_only_from_its_own_budget_and_target():
    several = [28, 30, 32]
    for budget, target, basis in (
        ("low", "student", BORROWED),
        ("high", "student", ONE_SEED),
        ("low", "wc", ONE_SEED),
    ):
        (found,) = estimate_noise([arm([30])], [arm(several, budget, target, source="se")])
        assert found.basis == basis
    assert found.noise is None


def test_borrowed_noise_is_the_largest_of_comparable_cells_and_wider_by_what_is_not_known():
    lenders = [arm([29, 30, 31], source="se"), arm([24, 30, 36], source="human")]
    others = [arm([20, 30, 40], "high", "wc"), arm([30, 31, 32], "high"), arm([30, 31, 32], target="wc")]
    (found,) = estimate_noise([arm([30], source="mix")], [*lenders, *others])
    of_lenders = (variance([29, 30, 31]) + variance([24, 30, 36])) / 2
    of_all = (2 * of_lenders + variance([20, 30, 40]) + 2 * variance([30, 31, 32])) / 5
    assert of_all > of_lenders
    assert found.noise.raw == pytest.approx(WIDER * of_all)
    assert found.noise.freedom == 5 * 2
    (found,) = estimate_noise([arm([30], source="mix")], lenders)
    assert found.noise.raw == pytest.approx(WIDER * of_lenders)


def test_the_seeds_of_the_other_side_are_not_replaced_by_what_is_borrowed():
    own, single = arm([28, 30, 32]), arm([30], source="mix")
    found = estimate_noise([own, single], [])
    assert [each.basis for each in found] == [CROSSED, BORROWED]
    assert contrast([(1.0, own), (-1.0, single)]).seed_raw == pytest.approx(variance([28, 30, 32]) * (1 / 3 + WIDER))


def test_noise_is_assumed_only_if_no_arm_lends_it():
    lender = arm([28, 30, 32], source="se")
    assert estimate_noise([arm([30])], [lender], seed_sd=0.01)[0].basis == BORROWED
    (assumed,) = estimate_noise([arm([30], budget="high")], [lender], seed_sd=0.01)
    assert (assumed.basis, assumed.noise.variance) == (ASSUMED, pytest.approx(0.01**2))
    assert math.isinf(assumed.noise.freedom)


# Simulated studies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", ["alike:1", "budget:1.5/3", "target:0.65/3", "source:1.5/3"])
def test_intervals_hold_where_the_noise_is_alike_and_where_it_is_not(noise):
    """In 40 studies of 20 comparisons; where it is noisy, two standard errors of the fewest comparisons below 95 %."""
    found = count(Design(seeds=4, further_seeds=4, problems=300, functional=300, noise=noise), ON_TEST, 40, 1, OWN)
    assert np.mean(found.held) > 0.93
    noisy = [held for held, one in zip(found.held, found.noisy, strict=True) if one]
    assert not noisy or np.mean(noisy) > 0.91


@pytest.mark.parametrize("noise", ["budget:1.5/3", "further:1.5/3"])
def test_borrowed_noise_holds_where_the_other_budget_or_the_lender_is_quieter(noise):
    design = Design(seeds=3, further_seeds=1, problems=300, functional=300, noise=noise)
    found = count(design, claims_of(RULES, 11, 12, 16), 40, 2, (BORROWED,))
    assert all(found.noisy)
    assert np.mean(found.held) > 0.93


def test_without_any_effect_few_studies_have_a_wrong_verdict():
    design = Design(seeds=3, further_seeds=3, problems=300, functional=300, noise="budget:0.65/3")
    assert count(design, ON_TEST, 60, 3).wrong <= 5


def test_a_simulated_effect_is_found():
    design = Design(seeds=4, further_seeds=4, problems=1000, functional=1000, noise="alike:0.65", effect=0.06)
    found = count(design, claims_of(RULES, 5, 6), 20, 4)
    assert min(found.found.values()) >= 17
    assert found.wrong == 0
