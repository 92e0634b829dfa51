"""Measures of verifiers: by hand, against other formulas, and by simulation what their intervals hold."""

import math
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yetbetter.claims.tested import p_above, p_below
from yetbetter.errors import UserError
from yetbetter.measures.verifiers import (
    REMOVED,
    VERIFIERS,
    Scored,
    measure_removed,
    measure_verifier,
    scored_of,
    threshold_of_share,
)
from yetbetter.stats.against import share_against
from yetbetter.stats.calibration import bins_of, calibration_curve, calibration_error
from yetbetter.stats.contrasts import FEWEST, contrast
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.ranking import area_under_curve
from yetbetter.stats.shares import share_interval
from yetbetter.tables import Table, read_table, write_table

PLACE = ("hard", "outcome-wc", "wc")
# Two questions: sound, false positives, wrong answers, a right answer that nobody could read, one without a score.
SOLUTIONS = [
    Scored("p", 0.9, True, True),
    Scored("p", 0.4, True, True),
    Scored("p", 0.6, True, False),
    Scored("p", 0.2, False, False),
    Scored("q", 0.8, True, True),
    Scored("q", 0.1, True, False),
    Scored("q", 0.5, False, False),
    Scored("q", None, False, False),
    Scored("q", 0.7, True, None),
]


def rows_of(solutions, **more) -> dict[tuple[str, str], dict]:
    rows = list(measure_verifier(PLACE, solutions, **more))
    assert all(set(row) == set(VERIFIERS) for row in rows)
    found = {(row["metric"], row["at"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def check_intervals(rows: dict) -> None:
    """A value with an interval lies in it, and no share is certain."""
    for (metric, _), row in rows.items():
        value, low, high = row["value"], row["low"], row["high"]
        assert math.isnan(low) == math.isnan(high)
        if not math.isnan(low):
            assert low <= value <= high, metric
            assert high > low, metric
            assert -1 <= low <= high <= 1
        if math.isnan(value):
            assert math.isnan(low), metric


# By hand --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "value", "count"),
    [
        ("wrong_removed", 2 / 3, 3),  # that of score 0.5 is kept, that without a score is not
        ("false_positives_removed", 1 / 2, 2),
        ("sound_removed", 1 / 3, 3),
        ("recall_of_flaws", 3 / 5, 5),
        ("precision_of_flaws", 3 / 4, 4),
        ("precision_of_false_positives", 1 / 2, 2),
        ("false_positive_rate_kept", 1 / 3, 3),
        ("false_positive_rate_change", 1 / 3 - 2 / 5, 5),
        ("threshold", 0.5, 9),
    ],
)
def test_a_threshold_counted_by_hand(metric, value, count):
    row = rows_of(SOLUTIONS)[metric, "0.5"]
    assert row["value"] == pytest.approx(value)
    assert row["count"] == count


@pytest.mark.parametrize(
    ("metric", "value", "count"),
    [
        ("unscored", 1 / 9, 9),
        ("false_positive_rate", 2 / 5, 5),
        ("auroc_sound", 10 / 12, 7),  # 0.9, 0.8: above all four; 0.4: above 0.2 and 0.1
        ("auroc_right", (2 + 1 + 2 + 2 + 0 + 2) / 12, 8),
        ("brier_sound", (0.01 + 0.36 + 0.36 + 0.04 + 0.04 + 0.01 + 0.25) / 7, 7),
        ("brier_right", (0.01 + 0.36 + 0.16 + 0.04 + 0.04 + 0.81 + 0.25 + 0.09) / 8, 8),
        ("calibration_error_sound", (0.1 + 0.6 + 0.6 + 0.2 + 0.2 + 0.1 + 0.5) / 7, 7),
        ("calibration_error_right", (0.1 + 0.6 + 0.4 + 0.2 + 0.2 + 0.9 + 0.5 + 0.3) / 8, 8),
    ],
)
def test_scores_counted_by_hand(metric, value, count):
    rows = rows_of(SOLUTIONS)
    assert rows[metric, ""]["value"] == pytest.approx(value)
    assert rows[metric, ""]["count"] == count
    check_intervals(rows)


def test_the_bins_are_ten_of_equal_width_and_an_edge_belongs_to_the_upper_one():
    assert bins_of(np.array([0.0, 0.099999, 0.1, 0.3, 0.6, 0.7, 0.999999, 1.0])).tolist() == [0, 0, 1, 3, 6, 7, 9, 9]
    scores, outcome = np.array([0.25, 0.2, 0.95]), np.array([True, False, False])
    curve = calibration_curve(scores, outcome, np.array([0, 1, 1]))
    assert [one.number for one in curve] == [0, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    assert (curve[2].score, curve[2].share) == pytest.approx((0.225, 0.5))
    assert 0 < curve[2].low < 0.5 < curve[2].high < 1
    assert math.isnan(curve[0].score) and math.isnan(curve[0].low)
    assert calibration_error(scores, outcome, np.array([0, 1, 1]))[0] == pytest.approx((0.55 + 0.95) / 3)
    rows = rows_of(SOLUTIONS)
    assert {at for metric, at in rows if metric == "share_sound"} == {
        at for metric, at in rows if "mean_score" in metric
    }
    assert (rows["share_sound", "0.9-1"]["value"], rows["mean_score_right", "0.7-0.8"]["value"]) == (1, 0.7)


def test_verdicts_are_read_as_they_are_written_in_files():
    assert scored_of("p", 0.5, "correct", "valid") == Scored("p", 0.5, True, True)
    assert scored_of("p", 0.5, "correct", "flawed") == Scored("p", 0.5, True, False)
    for unknown in (None, "unreadable", "no_verdict", "not_judged", "cannot tell"):
        assert scored_of("p", None, "correct", unknown) == Scored("p", None, True, None)
    assert scored_of("p", 0.5, "timeout", "valid") == Scored("p", 0.5, False, False)


@pytest.mark.parametrize(
    ("best", "threshold"), [(0.25, 0.9), (0.26, 0.5), (0.75, 0.5), (0.76, 0.1), (1.0, 0.1), (0.001, 0.9)]
)
def test_the_best_share_is_rounded_up_and_keeps_equal_scores_together(best, threshold):
    assert threshold_of_share([0.5, 0.9, 0.1, 0.5], best) == threshold


def test_the_best_share_is_of_right_answers_or_of_all_with_and_without_a_score():
    assert threshold_of_share([None, None, 0.3, 0.2], 0.5) == 0.2
    assert threshold_of_share([None, None], 0.5) == math.inf
    rows = rows_of(SOLUTIONS, thresholds=(), best=(0.5,))
    assert rows["threshold", "best 0.5"]["value"] == 0.7  # the third of six right ones
    assert rows_of(SOLUTIONS, best=(0.5,), of_right=False)["threshold", "best 0.5"]["value"] == 0.5  # the fifth of nine


# Ranking --------------------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.9]), st.booleans(), st.integers(0, 3)), max_size=12))
def test_the_area_is_the_share_of_pairs_in_the_right_order_with_half_for_ties(cases):
    scores, positive, questions = (np.array(part) for part in zip(*cases, strict=True)) if cases else np.zeros((3, 0))
    area, low, high = area_under_curve(scores, positive.astype(bool), questions.astype(int))
    pairs = list(product(scores[positive == 1], scores[positive == 0]))
    if not pairs:
        assert math.isnan(area) and math.isnan(low) and math.isnan(high)
        return
    assert area == pytest.approx(np.mean([(one > other) + (one == other) / 2 for one, other in pairs]))
    assert 0 <= low <= area <= high <= 1
    assert (low, high) not in ((0, 0), (1, 1)) and high > low


def test_the_error_of_an_area_is_that_of_hanley_and_mcneil_for_independent_cases():
    """Exponential scores, for which their formula is exact (1982, Radiology 143)."""
    dice = np.random.default_rng(0)
    scores, positive = dice.exponential(np.repeat([3.0, 1.0], 1000)), np.repeat([True, False], 1000)
    area, low, high = area_under_curve(scores, positive, np.arange(2000))
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    error = math.sqrt((area * (1 - area) + 999 * (first - area**2) + 999 * (second - area**2)) / 1e6)
    assert (high - low) / (2 * 1.96) == pytest.approx(error, rel=0.05)


def test_a_perfect_order_of_few_cases_is_as_sure_as_a_share_without_an_exception():
    scores, questions = np.arange(30.0), np.arange(30)
    area, low, high = area_under_curve(scores, questions >= 20, questions)
    assert (area, high) == (1, 1)
    assert 0.6 < low < 0.75  # 10 of 10: at least 0.72, and of 10 questions by Student's t
    assert area_under_curve(scores, questions < 20, questions)[:2] == (0, 0)


# What the intervals hold, with few questions --------------------------------------------------------------------------

REPETITIONS = 600


def drawn(dice, questions: int, samples: int, rates=(0.5, 0.3), together: float = 0.2, skill: float = 1.0):
    """Solutions whose answers, reasoning and scores go together by question; scores are calibrated if skill is 1.

    rates: of wrong answers, and of false positives among right ones.
    """
    left = (1 - together) / together
    chance = [dice.beta(rate * left, (1 - rate) * left, (questions, 1)) for rate in rates]
    right = dice.random((questions, samples)) >= chance[0]
    sound = right & (dice.random((questions, samples)) >= chance[1])
    shift = dice.normal(0, 0.5, (questions, 1))
    raw = skill * (1.5 * sound + 0.5 * right) - 1.0 + shift + dice.normal(0, 1, (questions, samples))
    return right, sound, 1 / (1 + np.exp(-raw))


def solutions_of(right, sound, score) -> list[Scored]:
    return [
        Scored(
            f"p{question}", float(score[question, sample]), bool(right[question, sample]), bool(sound[question, sample])
        )
        for question, sample in np.ndindex(right.shape)
    ]


SINGLE = ("auroc_sound", "auroc_right", "brier_sound", "brier_right", "false_positive_rate")
AT_ONE = (
    *("wrong_removed", "false_positives_removed", "sound_removed", "recall_of_flaws", "precision_of_flaws"),
    *("precision_of_false_positives", "false_positive_rate_kept", "false_positive_rate_change"),
)


@pytest.mark.parametrize(("questions", "samples"), [(20, 4), (60, 6)])
def test_intervals_hold_the_truth_in_at_least_93_of_100_studies(questions, samples):
    dice = np.random.default_rng(questions)
    many = rows_of(solutions_of(*drawn(dice, 8000, samples)))
    keys = [*((metric, "") for metric in SINGLE), *((metric, "0.5") for metric in AT_ONE)]
    keys += [("share_sound", "0.4-0.5"), ("share_sound", "0.9-1"), ("calibration_error_sound", "")]
    held, there = dict.fromkeys(keys, 0), dict.fromkeys(keys, 0)
    for _ in range(REPETITIONS):
        rows = rows_of(solutions_of(*drawn(dice, questions, samples)))
        for key in keys:
            row = rows[key]
            there[key] += not math.isnan(row["low"])
            held[key] += row["low"] <= many[key]["value"] <= row["high"]
    shares = {key: 100 * held[key] / there[key] for key in keys}
    assert all(there[key] > REPETITIONS / 2 for key in keys)
    assert {key: share for key, share in shares.items() if share < 93} == {}


@pytest.mark.parametrize("skill", [4.0, 8.0])
def test_the_area_of_a_good_verifier_and_few_flawed_solutions(skill):
    """Most repetitions have no pair in the wrong order."""
    dice = np.random.default_rng(round(skill))

    def area_of(questions: int) -> tuple[float, float, float]:
        _, sound, score = drawn(dice, questions, 4, rates=(0.05, 0.02), skill=skill)
        return area_under_curve(score.ravel(), sound.ravel(), np.repeat(np.arange(questions), 4))

    truth = area_of(100_000)[0]
    found = np.array([area_of(30) for _ in range(2000)])
    there = ~np.isnan(found[:, 0])
    assert np.mean((found[there, 1] <= truth) & (truth <= found[there, 2])) >= 0.93


@pytest.mark.parametrize("skew", [0.0, 0.3])
def test_the_calibration_error_of_few_solutions_may_be_that_of_a_calibrated_score(skew):
    dice = np.random.default_rng(3)

    def error_of(questions: int) -> tuple[float, float, float]:
        score = np.clip(dice.beta(1, 1, (questions, 1)) + dice.uniform(-0.1, 0.1, (questions, 4)), 0, 1).ravel()
        outcome = dice.random(len(score)) < score + skew * score * (1 - score)
        return calibration_error(score, outcome, np.repeat(np.arange(questions), 4))

    truth = error_of(200_000)[0]
    found = np.array([error_of(20) for _ in range(500)])
    assert np.mean((found[:, 1] <= truth) & (truth <= found[:, 2])) >= 0.93
    assert np.mean(found[:, 0]) > truth  # noise adds to the error


# Where nothing counts -------------------------------------------------------------------------------------------------


def some(right: bool, sound: bool | None, scores=(0.2, 0.9), questions: int = 30) -> list[Scored]:
    return [Scored(f"p{question}", score, right, sound) for question in range(questions) for score in scores]


def test_no_solution_at_all_has_no_values():
    rows = rows_of([], best=(0.5,))
    assert all(math.isnan(row[key]) for row in rows.values() for key in ("low", "high"))
    assert all(math.isnan(row["value"]) for key, row in rows.items() if key != ("threshold", "0.5"))
    assert {row["count"] for row in rows.values()} == {0}


def test_without_a_false_positive_there_is_none_to_remove_and_the_rate_is_not_certain():
    rows = rows_of([*some(True, True), *some(False, False)])
    assert math.isnan(rows["false_positives_removed", "0.5"]["value"])
    assert rows["false_positives_removed", "0.5"]["count"] == 0
    rate = rows["false_positive_rate", ""]
    assert (rate["value"], rate["low"]) == (0, 0) and rate["high"] > 0.05
    change = rows["false_positive_rate_change", "0.5"]
    assert change["low"] < change["value"] == 0 < change["high"]
    check_intervals(rows)


@pytest.mark.parametrize(("right", "sound"), [(True, True), (True, False), (False, False), (True, None)])
def test_solutions_of_one_kind_have_no_ranking(right, sound):
    rows = rows_of(some(right, sound))
    assert math.isnan(rows["auroc_sound", ""]["value"]) and math.isnan(rows["auroc_right", ""]["value"])
    check_intervals(rows)


def test_wrong_answers_alone_and_undecided_right_ones_do_not_say_how_often_solutions_are_sound():
    rows = rows_of([*some(True, None), *some(False, False)])
    for metric in ("auroc_sound", "brier_sound", "calibration_error_sound", "false_positive_rate"):
        assert math.isnan(rows[metric, ""]["value"])
        assert rows[metric, ""]["count"] == 0
    assert rows["auroc_right", ""]["value"] == 0.5
    check_intervals(rows)


ALL = [*some(True, True), *some(True, False), *some(False, False)]


def test_a_verifier_that_always_says_no_removes_all_and_leaves_no_rate():
    rows = rows_of([one._replace(score=0.0) for one in ALL])
    for metric in ("wrong_removed", "false_positives_removed", "sound_removed", "recall_of_flaws"):
        row = rows[metric, "0.5"]
        assert (row["value"], row["high"]) == (1, 1) and 0.7 < row["low"] < 1
    assert math.isnan(rows["false_positive_rate_kept", "0.5"]["value"])
    assert math.isnan(rows["false_positive_rate_change", "0.5"]["low"])
    assert rows["auroc_sound", ""]["value"] == 0.5
    assert rows["precision_of_flaws", "0.5"]["value"] == pytest.approx(2 / 3)
    check_intervals(rows)


def test_a_verifier_that_always_says_yes_removes_nothing_at_any_threshold_or_share():
    rows = rows_of([one._replace(score=1.0) for one in ALL], thresholds=(0.5, 1.0), best=(0.1,))
    for at in ("0.5", "1", "best 0.1"):
        assert rows["sound_removed", at]["value"] == rows["false_positives_removed", at]["value"] == 0
        assert math.isnan(rows["precision_of_flaws", at]["value"])
        change = rows["false_positive_rate_change", at]
        assert change["low"] < change["value"] == 0 < change["high"]
    check_intervals(rows)


def test_a_verifier_that_scored_nothing_removes_all_and_has_no_measures_of_scores():
    rows = rows_of([one._replace(score=None) for one in ALL], best=(0.5,))
    assert rows["unscored", ""]["value"] == rows["sound_removed", "0.5"]["value"] == 1
    assert rows["sound_removed", "best 0.5"]["value"] == 1
    assert math.isnan(rows["threshold", "best 0.5"]["value"])
    assert all(math.isnan(rows[metric, ""]["value"]) for metric in ("auroc_sound", "brier_right"))
    assert math.isnan(rows["calibration_error_right", ""]["value"])
    check_intervals(rows)


def test_a_single_question_has_wide_intervals():
    rows = rows_of([one for one in ALL if one.problem == "p0"])
    assert rows["sound_removed", "0.5"]["high"] - rows["sound_removed", "0.5"]["low"] > 0.8
    assert rows["auroc_sound", ""]["high"] - rows["auroc_sound", ""]["low"] > 0.8
    check_intervals(rows)


def test_the_table_can_be_written_and_read(tmp_path):
    write_table(tmp_path / "verifiers.csv", VERIFIERS, measure_verifier(PLACE, SOLUTIONS, best=(0.5,)))
    table = read_table(tmp_path / "verifiers.csv", VERIFIERS, ("value", "low", "high", "count"))
    found = table.estimate(metric="sound_removed", at="0.5")
    assert found.bounded and found.value == pytest.approx(1 / 3, abs=1e-6)
    assert not table.estimate(metric="mean_score_sound", at="0-0.1").bounded


# For the claim --------------------------------------------------------------------------------------------------------


def table_of(path: str, counts: dict[str, tuple[float, float]]) -> Table:
    """counts: (sound, wrong reasoning) of each question."""
    return Table(
        path, [{"problem": name, "decided": sum(pair), "wrong_reasoning": pair[1]} for name, pair in counts.items()]
    )


def removed(dice, questions: int, chance: float, together: float = 0.3) -> dict:
    """Of an arm whose solutions of either kind are removed with this chance, those of one question together."""
    sound, wrong = dice.integers(0, 8, questions), dice.binomial(4, 0.5, questions)
    left = (1 - together) / together
    own = dice.beta(chance * left, (1 - chance) * left, (2, questions))
    after = sound - dice.binomial(sound, own[0]), wrong - dice.binomial(wrong, own[1])
    before = {f"p{number}": (float(sound[number]), float(wrong[number])) for number in range(questions)}
    kept = {f"p{number}": (float(after[0][number]), float(after[1][number])) for number in reversed(range(questions))}
    return measure_removed(("hard", "low", "verified"), table_of("before", before), table_of("after", kept))


def test_what_is_removed_is_a_share_of_what_was_there_before():
    before = {"p": (3.0, 2.0), "q": (1.0, 0.0), "r": (0.0, 2.0)}
    after = {"r": (0.0, 0.0), "p": (2.0, 1.0), "q": (1.0, 0.0)}
    found = measure_removed(("hard", "low", "verified"), table_of("a", before), table_of("b", after))
    assert tuple(found) == REMOVED
    assert {name: arm.value for name, arm in found.items()} == {"false_positives_removed": 0.75, "sound_removed": 0.25}
    assert found["sound_removed"].units == ("hard", "train")
    assert found["sound_removed"].problems == ("r", "p", "q")
    informative = contrast([(1.0, found["false_positives_removed"])]).informative
    assert informative == 2 < FEWEST  # so two questions decide no claim


def test_an_arm_without_a_false_positive_has_no_share_of_them():
    same = table_of("a", {"p": (3.0, 0.0)})
    assert tuple(measure_removed(("hard", "low", "verified"), same, same)) == ("sound_removed",)


def test_an_arm_that_is_not_a_part_of_the_other_is_an_error():
    few, many = table_of("few", {"p": (1.0, 0.0)}), table_of("many", {"p": (2.0, 0.0)})
    with pytest.raises(UserError, match="many: 'p' has more solutions"):
        measure_removed(("hard", "low", "verified"), few, many)
    with pytest.raises(UserError, match="other: not the questions of few"):
        measure_removed(("hard", "low", "verified"), few, table_of("other", {"q": (1.0, 0.0)}))


def test_a_share_without_clusters_is_held_against_the_stated_one_as_wilson_does():
    arm = Measurements(tuple(map(str, range(50))), np.r_[np.ones(20), np.zeros(30)][None], np.ones((1, 50)))
    found = share_against(arm, 0.5)
    assert found.effect == 0.4
    assert p_below(found, 0.5) == pytest.approx(NormalDist().cdf(-0.1 / math.sqrt(0.25 / 50)))
    assert found.interval() == pytest.approx([float(end) for end in share_interval(arm.top[0], arm.bottom[0])[1:]])
    low, high = found.interval()
    assert p_above(share_against(arm, low), low) == pytest.approx(0.025)
    assert p_below(share_against(arm, high), high) == pytest.approx(0.025)
    assert (found.problems, found.informative, found.ends[0], found.basis) == (50, 50, 0.4, "questions")


def test_nothing_to_remove_is_no_share():
    arm = Measurements(("p", "q"), np.zeros((1, 2)), np.zeros((1, 2)))
    assert math.isnan(share_against(arm, 0.5).effect)


def test_all_removed_is_not_certain():
    arm = Measurements(tuple(map(str, range(4))), np.ones((1, 4)), np.ones((1, 4)))
    found = share_against(arm, 0.5)
    assert 0.4 < found.interval()[0] < found.interval()[1] == 1
    assert 0.01 < p_above(found, 0.5) < 0.05  # 1/16 exactly


@pytest.mark.parametrize(("questions", "chance"), [(40, 0.5), (40, 0.1), (200, 0.1)])
def test_at_the_boundary_either_verdict_is_rare(questions, chance):
    """Each direction at most 2.5 %, as a claim of one comparison has it, up to the noise of 1,000 repetitions."""
    dice = np.random.default_rng([questions, round(100 * chance)])
    above = below = 0
    for _ in range(1000):
        estimate = share_against(removed(dice, questions, chance)["false_positives_removed"], chance)
        above += p_above(estimate, chance) <= 0.025
        below += p_below(estimate, chance) <= 0.025
    assert above <= 40
    assert below <= 40


def test_a_good_verifier_is_seen_and_a_bad_one_too():
    dice = np.random.default_rng(5)
    good, bad = removed(dice, 200, 0.8), removed(dice, 200, 0.3)
    assert p_above(share_against(good["false_positives_removed"], 0.5), 0.5) < 0.001
    assert p_below(share_against(bad["sound_removed"], 0.1), 0.1) > 0.99
