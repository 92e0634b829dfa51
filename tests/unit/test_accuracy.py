"""Accuracies of finetuned models, and paired differences between the data that they were trained on."""

import math
import warnings

import numpy as np
import pytest

from yetbetter.measures.accuracy import Scores, measure_accuracy, measure_leads
from yetbetter.measures.scores import problem_values, tabulate_values
from yetbetter.tables import read_table, write_table

GROUP = {"dataset": "hard", "budget": "low", "target": "wc", "benchmark": "test"}


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def scored(problem, right, source="wc", seed="0", level=1, reasoning=None, **more) -> dict:
    verdict = {True: "correct", False: "incorrect", None: None}[right]
    return {
        "source": source,
        "seed": seed,
        "paradigm": f"about {source}",
        "problem": problem,
        "level": level,
        "verdict": verdict,
        "reasoning": reasoning,
        **more,
    }


def results(pattern: str, **more) -> list[dict]:
    """A row per letter: 1 is a right answer, 0 a wrong one."""
    return [scored(f"p{number}", letter == "1", **more) for number, letter in enumerate(pattern)]


def look_up(rows, **wanted) -> dict:
    wanted = {"level": "all", "metric": "pass@1"} | wanted
    (row,) = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    return row


def measured(rows: list[dict]) -> list[dict]:
    return list(measure_accuracy(Scores(tabulate_values(GROUP | row for row in rows)), GROUP))


def compared(rows: list[dict], baseline="se") -> list[dict]:
    return list(measure_leads(Scores(tabulate_values(GROUP | row for row in rows)), GROUP, baseline))


# Accuracy -------------------------------------------------------------------------------------------------------------


def test_accuracy_is_the_share_of_problems_answered_right_inside_its_interval():
    row = look_up(measured(results("1101")), seed="0")
    assert row["value"] == pytest.approx(0.75)
    assert row["low"] < 0.75 < row["high"]
    assert row["problems"] == 4


def test_every_row_carries_its_coordinates():
    row = look_up(measured(results("10", source="se")), seed="all")
    assert {key: row[key] for key in GROUP} == GROUP
    assert (row["source"], row["paradigm"]) == ("se", "about se")


def test_seeds_are_given_each_and_averaged():
    rows = measured(results("1100", seed="0") + results("1000", seed="1") + results("1111", seed="2"))
    assert [look_up(rows, seed=seed)["value"] for seed in ("0", "1", "2")] == [0.5, 0.25, 1]
    assert look_up(rows, seed="all")["value"] == pytest.approx((0.5 + 0.25 + 1) / 3)
    assert look_up(rows, seed="all")["problems"] == 4


def test_every_level_is_measured_on_its_own_problems():
    rows = [
        scored("a", True, level=1),
        scored("b", False, level=2),
        scored("c", False, level=2),
        scored("d", True, level=None),
    ]
    found = measured(rows)
    assert [look_up(found, seed="0", level=level)["value"] for level in ("all", "1", "2")] == [0.5, 1, 0]
    assert [look_up(found, seed="0", level=level)["problems"] for level in ("all", "1", "2")] == [4, 1, 2]


def test_an_answer_that_cannot_be_graded_counts_as_not_right():
    rows = [scored("a", True), scored("b", True) | {"verdict": "no_answer"}, scored("c", True) | {"verdict": "timeout"}]
    assert look_up(measured(rows), seed="0")["value"] == pytest.approx(1 / 3)


def test_problems_without_a_greedy_answer_do_not_enter_pass_at_1():
    rows = [scored("a", True), scored("b", None)]
    found = look_up(measured(rows), seed="0")
    assert (found["value"], found["problems"]) == (1, 1)


def test_votes_are_averaged_over_the_problems_that_were_sampled():
    rows = [scored("a", True, **{"maj@4": 0.5}), scored("b", False, **{"maj@4": 1.0}), scored("c", True)]
    found = look_up(measured(rows), seed="0", metric="maj@4")
    assert (found["value"], found["problems"]) == (0.75, 2)


@pytest.mark.parametrize("right", ["0", "1"])
@pytest.mark.parametrize("seeds", [1, 3])
def test_no_interval_has_both_ends_at_nothing_or_at_everything(right, seeds):
    rows = [row for seed in range(seeds) for row in results(right * 30, seed=str(seed))]
    for row in measured(rows + [row | {"source": "se"} for row in rows]):
        assert row["value"] == float(right)
        assert 0.05 < row["high"] - row["low"] < 0.25
        assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1


# False positives ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reasoning", "pair"), [("valid", (0, 1)), ("invalid", (1, 1)), ("unreadable", (0, 0))])
def test_a_right_answer_adds_to_the_false_positive_rate_what_its_reasoning_says(reasoning, pair):
    assert problem_values(scored("a", True, reasoning=reasoning))["false_positive_rate"] == pair


def test_the_false_positive_rate_is_a_ratio_pooled_over_problems_and_seeds():
    rows = [scored(f"p{number}", True, reasoning="valid") for number in range(3)]
    rows += [
        scored("p0", True, seed="1", reasoning="invalid"),
        scored("p1", False, seed="1"),
        scored("p2", False, seed="1"),
    ]
    found = measured(rows)
    rates = [look_up(found, seed=seed, metric="false_positive_rate") for seed in ("0", "1", "all")]
    assert [rate["value"] for rate in rates] == pytest.approx([0, 1, 1 / 4])  # not the mean of 0 and 1
    assert [rate["problems"] for rate in rates] == [3, 1, 3]


def test_where_only_unreadable_chains_are_right_the_rate_is_an_empty_cell(tmp_path):
    rows = measured([scored("a", True, reasoning="unreadable"), scored("b", False)])
    rate = look_up(rows, seed="0", metric="false_positive_rate")
    assert all(math.isnan(rate[key]) for key in ("value", "low", "high"))
    write_table(tmp_path / "table.csv", ["metric", "value"], [{"metric": rate["metric"], "value": rate["value"]}])
    assert read_table(tmp_path / "table.csv").rows == [{"metric": "false_positive_rate", "value": ""}]


def test_where_nothing_is_solved_accuracies_and_differences_are_0_and_nothing_fails():
    rows = results("000") + results("000", source="se")
    found = measured(rows)
    assert {row["value"] for row in found} == {0.0}
    assert {row["metric"] for row in found} == {"pass@1"}
    assert {row["difference"] for row in compared(rows)} == {0.0}


def test_a_source_with_nothing_right_has_no_false_positive_rate_to_compare():
    rows = [scored("a", True, reasoning="valid", source="se"), scored("a", False, source="wc")]
    differences = [row for row in compared(rows) if row["metric"] == "false_positive_rate"]
    assert all(math.isnan(row["difference"]) for row in differences)


# Differences ----------------------------------------------------------------------------------------------------------


def test_a_difference_is_the_source_minus_the_baseline():
    row = look_up(compared(results("1110") + results("1000", source="se")))
    assert row["difference"] == pytest.approx(0.5)
    assert (row["source"], row["baseline"]) == ("wc", "se")


def test_equal_answers_differ_by_little_however_wide_each_ones_interval_is():
    rows = results("110010" * 50) + results("110010" * 50, source="se")
    row = look_up(compared(rows))
    assert row["difference"] == 0
    assert -0.01 < row["low"] < 0 < row["high"] < 0.01  # and no answers prove that two models are alike
    alone = look_up(measured(rows), source="wc", seed="all")
    assert alone["high"] - alone["low"] > 0.1


def test_a_paired_difference_is_narrower_than_an_unpaired_one():
    dice = np.random.default_rng(0)
    se = dice.random(200) < 0.5
    wc = se | (dice.random(200) < 0.1)
    patterns = ["".join("01"[int(right)] for right in answers) for answers in (se, wc, np.roll(wc, 100))]
    widths = [
        row["high"] - row["low"]
        for pattern in patterns[1:]
        for row in compared(results(patterns[0], source="se") + results(pattern))
        if row["level"] == "all"
    ]
    assert widths[0] < 0.6 * widths[1]


def test_problems_are_paired_by_name_and_not_by_their_order():
    shuffled = [results("110010", source="se")[index] for index in (3, 1, 5, 0, 2, 4)]
    row, same = (look_up(compared(results("110010") + rows)) for rows in (shuffled, results("110010", source="se")))
    assert row == same
    assert row["high"] < look_up(compared(results("110010") + results("011010", source="se")))["high"]


def test_differences_are_between_means_over_seeds_also_where_their_numbers_differ():
    rows = results("11", seed="0") + results("10", seed="1") + results("00", seed="2") + results("10", source="se")
    assert look_up(compared(rows))["difference"] == pytest.approx(0)
    assert {row["source"] for row in compared(rows)} == {"wc"}


def test_a_difference_of_false_positive_rates_is_one_of_pooled_ratios():
    rows = [
        scored(f"p{number}", True, reasoning=kind) for number, kind in enumerate(["valid", "invalid", "valid", "valid"])
    ]
    rows += [
        scored(f"p{number}", True, source="se", reasoning=kind) for number, kind in enumerate(["valid", "invalid"])
    ]
    row = look_up(compared(rows), metric="false_positive_rate")
    assert row["difference"] == pytest.approx(1 / 4 - 1 / 2)


def test_every_other_source_is_compared_and_the_baseline_is_not():
    rows = results("11") + results("10", source="se") + results("01", source="human")
    assert {row["source"] for row in compared(rows)} == {"wc", "human"}


def test_without_its_baseline_a_group_has_no_differences():
    assert compared(results("11")) == []


def test_one_problem_is_enough():
    row = look_up(compared(results("1") + results("0", source="se")))
    assert row["difference"] == 1
    assert row["low"] < 1 == row["high"]


def test_measures_do_not_depend_on_the_other_sources_of_the_group():
    alone, together = measured(results("110100")), measured(results("110100") + results("000000", source="se"))
    assert alone == [row for row in together if row["source"] == "wc"]


def test_differences_are_reported_in_points_and_in_percent_of_the_baseline():
    row = look_up(compared(results("1110") + results("1100", source="se")))
    assert row["difference_points"] == pytest.approx(25)
    assert row["difference_percent"] == pytest.approx(50)


def test_percent_of_a_baseline_of_nothing_is_not_known():
    row = look_up(compared(results("1110") + results("0000", source="se")))
    assert math.isnan(row["difference_percent"])


def test_an_interval_of_one_finetuning_is_called_one_over_problems():
    row = look_up(compared(results("1110") + results("1100", source="se") + results("1000", source="se", seed="1")))
    assert (row["interval"], row["seeds"]) == ("problems", "1/2")
    assert look_up(measured(results("1110")), seed="all")["interval"] == "problems"


def test_with_several_seeds_on_both_sides_they_are_crossed_with_the_problems():
    patterns = {"wc": ("1111011011" * 20, "1001001001" * 20), "se": ("1011001010" * 20, "0101010100" * 20)}
    rows = [
        row
        for source, seeds in patterns.items()
        for seed, pattern in enumerate(seeds)
        for row in results(pattern, source=source, seed=str(seed))
    ]
    row = look_up(compared(rows))
    assert (row["interval"], row["seeds"]) == ("seeds x problems", "2/2")
    # Two finetunings of one arm differ by 40 points: over problems alone the interval would be a few points wide.
    assert row["high"] - row["low"] > 0.5
    assert row["low"] < row["difference"] < row["high"]
    of_one_source = look_up(measured(rows), seed="all", source="wc")
    assert of_one_source["interval"] == "seeds x problems"
    assert of_one_source["high"] - of_one_source["low"] > 0.4
    assert look_up(measured(rows), seed="0", source="wc")["interval"] == "problems"
