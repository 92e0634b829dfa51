"""Coverage forecast from a pilot: every family's formulas, intervals that hold, and pilots without information."""

from math import comb
from pathlib import Path

import numpy as np
import pytest

from yetbetter.stats.beta_binomial import Beta, beta_coverage, beta_from_two, fit_beta, log_chances
from yetbetter.stats.coverage_forecast import BY_LEVEL, MIXTURE, ONE_BETA, Comparison, Pilot, join_intervals
from yetbetter.stats.estimators import coverage_curve
from yetbetter.stats.mixtures import binomial_table, chances, fit_mixture, profile, solved_within
from yetbetter.tables import read_table

PUBLISHED = Path(__file__).parents[2] / "resources" / "published_numbers.csv"

COUNTS = [1, 4, 8, 16, 32, 300]


def draw(seed: int, questions: int, samples: int, chance) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.binomial(samples, chance(random, questions))


def betas(alpha, beta):
    return lambda random, questions: random.beta(alpha, beta, questions)


# Formulas -------------------------------------------------------------------------------------------------------------


def test_a_binomial_table_has_the_chances_of_the_definition():
    p = np.array([0.0, 0.01, 0.3, 1.0])
    expected = [[comb(8, c) * x**c * (1 - x) ** (8 - c) for x in p] for c in range(9)]
    assert np.allclose(binomial_table(8, p), expected)
    assert np.allclose(binomial_table(400, p).sum(axis=0), 1)


def test_chances_of_a_solution_among_k_samples_are_exact_at_both_ends():
    found = solved_within(np.array([0.0, 1e-12, 0.5, 1.0]), np.array([1, 3]))
    assert np.allclose(found, [[0, 1e-12, 0.5, 1], [0, 3e-12, 0.875, 1]], rtol=1e-9, atol=0)


def test_the_chances_of_a_beta_binomial_sum_to_one_and_give_its_coverage():
    of = Beta(np.array(0.3), np.array(0.65))
    pmf = np.exp(log_chances(5, of)) * [comb(5, c) for c in range(6)]
    assert pmf.sum() == pytest.approx(1)
    assert beta_coverage(of, [5])[0] == pytest.approx(1 - pmf[0])


def test_a_beta_is_found_again_from_many_counts():
    right = draw(0, 40_000, 8, betas(0.3, 0.65))
    found = fit_beta(np.bincount(right, minlength=9)[None].astype(float))
    assert found.alpha[0] == pytest.approx(0.3, rel=0.05)
    assert found.beta[0] == pytest.approx(0.65, rel=0.05)


def test_the_beta_of_two_points_goes_through_them():
    assert beta_coverage(beta_from_two(0.327, 0.434), [1, 2]) == pytest.approx([0.327, 0.434])
    with pytest.raises(ValueError, match="no Beta distribution"):
        beta_from_two(0.3, 0.2)


def test_the_paper_s_curves_are_forecast_from_two_points_within_1_2_points():
    table = read_table(PUBLISHED, numbers=("k", "value")).where(table="coverage_trend")
    for dataset in ("math", "gsm8k"):
        for source in ("se", "wc"):
            printed = {row["k"]: row["value"] / 100 for row in table.where(dataset=dataset, source=source).rows}
            further = [int(k) for k in printed if k in (5, 10, 15, 30)]
            expected = beta_coverage(beta_from_two(printed[1], printed[2]), further)
            assert expected == pytest.approx([printed[k] for k in further], abs=0.012)


def test_em_reaches_the_counts_that_a_mixture_can_explain():
    grid = chances(32)
    table = binomial_table(4, grid)
    truth = 0.5 * table[:, np.abs(grid - 0.1).argmin()] + 0.5 * table[:, np.abs(grid - 0.8).argmin()]
    weights = fit_mixture(1000 * truth[None], table, 3000)
    assert weights.sum() == pytest.approx(1)
    assert (weights @ table.T)[0] == pytest.approx(truth, abs=5e-3)


def test_a_profile_ends_where_the_likelihood_ratio_reaches_its_limit():
    """With one sample a question, coverage@1 is a plain share, whose likelihood-ratio interval is known."""
    grid = chances(1)
    found = profile(np.array([70.0, 30.0]), binomial_table(1, grid), solved_within(grid, np.array([1])))

    def lost(share):
        return 2 * (30 * np.log(0.3 / share) + 70 * np.log(0.7 / (1 - share)))

    assert found.estimate[0] == pytest.approx(0.3, abs=1e-3)
    assert lost(found.low[0]) == pytest.approx(3.84, rel=0.05)
    assert lost(found.high[0]) == pytest.approx(3.84, rel=0.05)


def test_what_the_pilot_cannot_show_is_in_the_interval():
    """One sample a question: all may be solved with p = 0.5, or half of them always."""
    found = Pilot(1, [0, 1] * 200).forecast([1, 20])
    assert found.low[1] < 0.55
    assert found.high[1] > 0.98


# Intervals ------------------------------------------------------------------------------------------------------------


def two_groups(random, questions):
    return np.where(random.random(questions) < 0.4, random.beta(2, 40, questions), random.beta(8, 3, questions))


@pytest.mark.parametrize("chance", [betas(0.3, 0.65), two_groups], ids=["beta", "two groups"])
def test_intervals_hold_at_four_times_the_samples(chance):
    truth = (1 - (1 - chance(np.random.default_rng(9), 200_000)) ** 32).mean()
    found = [Pilot(8, draw(seed, 300, 8, chance)).forecast([32]) for seed in range(10)]
    assert sum(one.low[0] <= truth <= one.high[0] for one in found) >= 9
    assert abs(np.mean([one.estimate[0] for one in found]) - truth) < 0.03


def test_within_the_pilot_the_estimate_is_the_unbiased_one():
    right = draw(1, 200, 8, betas(1, 2))
    found = Pilot(8, right).forecast([1, 5, 8])
    assert found.estimate == pytest.approx(coverage_curve(8, right).mean(axis=0)[[0, 4, 7]])


def test_coverage_rises_and_intervals_widen_beyond_the_pilot():
    found = Pilot(8, draw(2, 300, 8, betas(0.3, 0.65))).forecast(COUNTS)
    assert np.all(np.diff(found.estimate) > 0)
    widths = found.high - found.low
    assert np.all(np.diff(widths[2:]) > 0)


def test_the_family_that_fits_gets_the_weight():
    right = draw(3, 2000, 8, lambda random, n: random.choice([0.02, 0.9], n))
    assert Pilot(8, right).forecast([32]).weights[MIXTURE] > 0.99


def test_levels_are_a_family_of_their_own_if_there_are_several():
    right = draw(4, 100, 8, betas(1, 1))
    assert set(Pilot(8, right).forecast([9]).weights) == {ONE_BETA, MIXTURE}
    assert set(Pilot(8, right, ["a"] * 100).forecast([9]).weights) == {ONE_BETA, MIXTURE}
    assert set(Pilot(8, right, [1, 2] * 50).forecast([9]).weights) == {ONE_BETA, BY_LEVEL, MIXTURE}


# Degenerate pilots ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("samples", "right", "low", "high"),
    [
        (8, [0] * 300, 0.001, 0.02),
        (8, [8] * 300, 0.995, 1.0),
        (8, [4] * 300, 0.995, 0.999),
        (8, [3], 0.2, 0.99),
        (8, [0], 0.001, 0.9),
        (1, [0, 1, 1], 0.2, 0.99),
        (1, [1], 0.2, 0.99),
        (1, [0], 0.001, 0.9),
    ],
)
def test_a_pilot_without_information_has_a_wide_interval_and_no_nan(samples, right, low, high):
    """low, high: of coverage@32, what the interval must at least hold."""
    pilot = Pilot(samples, right)
    found = pilot.forecast([1, 8, 32, 300])
    for values in (found.estimate, found.low, found.high, *found.by_family.values()):
        assert np.isfinite(values).all()
        assert np.all((values >= 0) & (values <= 1))
    assert np.all(found.low <= found.estimate)
    assert np.all(found.estimate <= found.high)
    assert found.low[2] <= low
    assert found.high[2] >= high
    [difference] = Comparison(pilot, pilot).differences(*(pilot.forecast([4]) for _ in range(2)))
    assert difference.low <= 0 <= difference.high
    assert difference.chance == 0.5


def test_nothing_solved_still_leaves_a_chance_and_all_solved_still_a_doubt():
    assert 0 < Pilot(8, [0] * 300).forecast([32]).high[0] < 0.1
    assert 0.97 < Pilot(8, [8] * 300).forecast([1]).low[0] < 1


def test_a_pilot_without_questions_and_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="without questions"):
        Pilot(8, np.zeros(0, int))
    with pytest.raises(ValueError, match=r"0\.\.8"):
        Pilot(8, [9])
    with pytest.raises(ValueError, match="2 levels of 1 question"):
        Pilot(8, [3], ["a", "b"])


# Differences ----------------------------------------------------------------------------------------------------------


def test_equal_questions_narrow_the_interval_of_a_difference():
    p = np.random.default_rng(5).beta(0.4, 0.6, 400)
    first, second = (Pilot(8, np.random.default_rng(seed).binomial(8, p)) for seed in (6, 7))
    forecasts = first.forecast([8]), second.forecast([8])
    [paired] = Comparison(first, second).differences(*forecasts)
    apart = np.hypot(forecasts[0].estimate - forecasts[0].low, forecasts[1].high - forecasts[1].estimate)[0]
    assert paired.estimate - paired.low < 0.8 * apart


def test_a_difference_changes_its_sign_with_the_order():
    first, second = Pilot(8, draw(8, 100, 8, betas(1, 1))), Pilot(8, draw(9, 100, 8, betas(1, 3)))
    [one] = Comparison(first, second).differences(first.forecast([16]), second.forecast([16]))
    [other] = Comparison(second, first).differences(second.forecast([16]), first.forecast([16]))
    assert (one.estimate, one.low, one.chance) == pytest.approx((-other.estimate, -other.high, 1 - other.chance))
    assert one.chance > 0.9


def test_intervals_are_joined_as_of_independent_estimates_without_correlation():
    found = join_intervals((0.5, 0.4, 0.6), (0.3, 0.25, 0.4), 0.0)
    assert found.low == pytest.approx(0.2 - np.hypot(0.1, 0.1))
    assert found.high == pytest.approx(0.2 + np.hypot(0.1, 0.05))


def test_pilots_of_other_questions_are_not_compared():
    with pytest.raises(ValueError, match="1 and of 2 questions"):
        Comparison(Pilot(8, [1]), Pilot(8, [1, 2]))
