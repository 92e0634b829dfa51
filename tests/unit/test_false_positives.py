"""Estimates of false positive rates: which labels and verdicts count, the table, values for claims, the figure."""

import json
import math
import sys
from collections.abc import Sequence

import numpy as np
import pytest

from yetbetter.figures.false_positives import RATES, false_positives
from yetbetter.figures.look import Look
from yetbetter.judging.judgements import choose_judged
from yetbetter.judging.samples import Sample
from yetbetter.measures import false_positives as rates
from yetbetter.measures.false_positives import CORRECTED, EXACT, JUDGE, PEOPLE, ROGAN_GLADEN, Checked, Item, Settings
from yetbetter.records import write_rows
from yetbetter.stats.contrasts import contrast
from yetbetter.stats.corrected import corrected
from yetbetter.stats.measurements import Measurements
from yetbetter.tables import NUMBERS, read_table, write_table

SIMULATED = rates.Simulated(labels=50, judged=500, error=0.1, judge_error=0.2)
SETTINGS = Settings(simulated=SIMULATED)


def right_answers(number: int, wrong: str, sound: str, rate: float, seed: int = 0) -> list[dict]:
    dice = np.random.default_rng(seed)
    return [
        {"problem": f"p{place % 400}", "sample": place // 400, "model": "wc", "reasoning": wrong if one else sound}
        for place, one in enumerate(dice.random(number) < rate)
    ]


def rows_of(items: Sequence[Item], **more) -> dict[str, dict]:
    rows = rates.estimate_rates(("hard", "low", "wc", ""), items, more.pop("settings", Settings()), **more)
    return {row["method"]: row for row in rows}


def test_the_checked_answers_of_an_arm_are_those_that_a_judge_would_be_shown_first():
    samples = [
        Sample("wc", f"p{number}", 0, "correct", reasoning="valid", trained=number % 5 > 0) for number in range(60)
    ]
    checked = Checked(seed=3, most=20)
    checked.add(samples[:25])
    checked.add([*samples[25:], Sample("wc", "p1", 1, "incorrect", trained=True)])
    trained = [sample for sample in samples if sample.trained]
    assert [row["problem"] for row in checked.rows] == [one.problem for one in choose_judged(trained, 20, 3)]


def test_simulated_people_and_judges_err_as_often_as_they_should_and_alike_in_every_arm():
    rows = right_answers(6000, "invalid", "valid", 0.3)
    many = Settings(simulated=rates.Simulated(6000, 0, 0.1, 0.2))
    items = rates.items_of_arm(rows, {}, many)
    assert np.mean([item.label != item.truth for item in items]) == pytest.approx(0.1, abs=0.015)
    assert np.mean([item.flagged != item.truth for item in items]) == pytest.approx(0.2, abs=0.015)
    half = rates.items_of_arm(rows[3000:], {}, many)
    assert half == items[3000:]
    few = rates.items_of_arm(rows, {}, SETTINGS)
    assert (len(few), sum(item.label is not None for item in few)) == (550, 50)


def test_labels_and_verdicts_are_joined_by_sample_and_what_has_no_verdict_is_not_called_flawed():
    rows = [
        {"problem": "p", "sample": 0, "model": "wc", "reasoning": "flawed"},
        {"problem": "p", "sample": 1, "model": "wc", "reasoning": "no_verdict"},
        {"problem": "q", "sample": 0, "model": "se", "reasoning": "sound"},
    ]
    labels = {("wc", "p", 1): (True, 50), ("se", "p", 0): (False, 50), ("se", "q", 0): (True, 2)}
    items = rates.items_of_arm(rows, labels, Settings())
    assert [(item.flagged, item.label) for item in items] == [(True, None), (False, True), (False, None)]


def test_labels_count_where_neither_a_check_nor_a_judge_looks_at_the_reasoning(tmp_path):
    checked = Checked(seed=0)
    checked.add(Sample("wc", f"p{number}", 0, "correct", trained=True) for number in range(80))
    write_rows(tmp_path / "checked.jsonl", checked.rows)
    rows = rates.read_checked(tmp_path / "checked.jsonl")
    labels = {("wc", row["problem"], 0): (number < 6, 50) for number, row in enumerate(rows)}
    found = rows_of(rates.items_of_arm(rows, labels, Settings()))
    assert list(found) == [PEOPLE]
    assert (found[PEOPLE]["value"], found[PEOPLE]["labelled"]) == (pytest.approx(6 / 50), 50)
    assert not rows_of(rates.items_of_arm(rows, {}, Settings()))


def test_real_labels_have_the_error_of_real_people_beside_simulated_ones():
    items = [Item(f"p{number}", label=number < 20) for number in range(100)]
    row = rows_of(items, settings=SETTINGS)[PEOPLE]
    assert (row["value"], row["simulated"]) == (pytest.approx(0.2), 0)
    known = rates.items_of_arm(right_answers(600, "invalid", "valid", 0.3), {}, SETTINGS)
    assert rows_of(known, settings=SETTINGS)[PEOPLE]["simulated"] == 1


def test_answers_to_one_problem_count_as_fewer():
    apart = [Item(f"p{number}", label=number < 10) for number in range(100)]
    alike = [Item(f"p{number // 10}", label=number < 10) for number in range(100)]
    assert rates.count_items(apart).labelled == 100
    assert rates.count_items(alike).labelled < 30
    assert rates.count_items(alike).share == pytest.approx(0.1)
    # So more of them are needed.
    few, many = (rows_of(items)[PEOPLE]["labels_needed"] for items in (apart, alike))
    assert many == pytest.approx(few * 100 / rates.count_items(alike).labelled, abs=1)


@pytest.mark.parametrize("rate", [0.02, 0.25])
def test_the_exact_rate_is_in_the_corrected_interval_of_about_95_of_100_arms(rate):
    held = {CORRECTED: 0, PEOPLE: 0, ROGAN_GLADEN: 0}
    for seed in range(100):
        rows = right_answers(1000, "invalid", "valid", rate, seed)
        items = rates.items_of_arm(rows, {}, Settings(seed, simulated=SIMULATED))
        found = rows_of(items, settings=Settings(seed, simulated=SIMULATED))
        for method in held:
            held[method] += found[method]["low"] <= rate <= found[method]["high"]
    assert all(count >= 88 for count in held.values())


def test_the_best_estimate_is_marked_and_says_what_it_rests_on():
    items = [Item(f"p{number}", flagged=number % 4 == 0, label=number % 8 == 0) for number in range(40)]
    items += [Item(f"q{number}", flagged=number % 5 == 0) for number in range(200)]
    found = rows_of(items)
    assert list(found) == [PEOPLE, JUDGE, CORRECTED, ROGAN_GLADEN]
    assert [method for method, row in found.items() if row["best"]] == [CORRECTED]
    row = found[CORRECTED]
    assert (row["labelled"], row["judged"], row["simulated"]) == (40, 240, 0)
    assert row["sensitivity"] == 1 > row["sensitivity_low"] > 0.3
    assert 0 < row["kappa_low"] < row["kappa"] < row["kappa_high"] <= 1
    assert row["labels_needed"] > 40
    assert row["labels_cheapest"] <= row["labels_needed"]
    assert [method for method, one in rows_of(items[40:]).items() if one["best"]] == [JUDGE]
    assert [method for method, one in rows_of([Item("p", label=True)]).items() if one["best"]] == [PEOPLE]
    assert rows_of([]) == {}
    assert rows_of([Item("p", flagged=False, decided=False)]) == {}
    half = [Item(f"p{number}", number % 4 == 0, decided=number % 2 == 0) for number in range(40)]
    assert rows_of(half)[JUDGE]["value"] == pytest.approx(0.5)


def test_a_model_without_labels_takes_the_judges_sensitivity_from_the_training_data():
    own = [Item(f"q{number}", flagged=number % 5 == 0) for number in range(200)]
    labelled = [Item(f"p{number}", flagged=number % 4 == 0, label=number % 8 == 0) for number in range(400)]
    assert list(rows_of(own)) == [JUDGE]
    found = rows_of(own, calibration=labelled)
    assert found[ROGAN_GLADEN]["value"] == pytest.approx((0.2 - 1 / 7) / (1 - 1 / 7), abs=0.02)


def test_values_by_question_have_the_corrected_rate_and_its_variance():
    dice = np.random.default_rng(0)
    items = []
    for number in range(700):
        flawed = dice.random() < 0.2
        items.append(Item(f"p{number}", bool(flawed != (dice.random() < 0.1)), bool(flawed) if number < 200 else None))
    rows = list(rates.corrected_values(("hard", "low", "wc"), items, 0.0))
    top, bottom = (np.array([[row[key] for row in rows]]) for key in ("top", "bottom"))
    names = tuple(row["problem"] for row in rows)
    found, wanted = contrast([(1.0, Measurements(names, top, bottom))]), corrected(rates.count_items(items))
    assert found.effect == pytest.approx(wanted.value)
    assert 2 * 1.96 * math.sqrt(found.problem_variance) == pytest.approx(wanted.width, rel=0.1)
    assert not list(rates.corrected_values(("hard", "low", "wc"), items[200:], 0.0))


# The program ----------------------------------------------------------------------------------------------------------


def run(monkeypatch, *words) -> None:
    import estimate_false_positives

    monkeypatch.setattr(sys, "argv", ["estimate_false_positives.py", *map(str, words)])
    estimate_false_positives.main()


def write_study(folder, reasoning: tuple[str, str]) -> list:
    """Files of two arms and a cell; the program's arguments about them."""
    wrong, sound = reasoning
    for source, rate in (("wc", 0.2), ("se", 0.1)):
        path = folder / f"metrics/hard/low/from-{source}"
        path.parent.mkdir(parents=True, exist_ok=True)
        row = {"dataset": "hard", "budget": "low", "source": source, "level": "all", "metric": "false_positive_rate"}
        write_table(f"{path}.csv", [*row, "value", "low", "high"], [row | {"value": rate, "low": 0.0, "high": 0.3}])
        write_rows(f"{path}.checked.jsonl", right_answers(800, wrong, sound, rate))
    cell = {"dataset": "hard", "budget": "low", "source": "wc", "target": "se", "seed": "0", "benchmark": "test"}
    rows = [
        cell | {"problem": f"t{number}", "reasoning": None if number % 2 else wrong if number % 10 == 0 else sound}
        for number in range(600)
    ]
    path = folder / "scores/hard/low/from-wc/to-se/seed-0/scores.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_rows(path, rows)
    named = ["--arms", "hard/low/from-wc", "hard/low/from-se", "--cells", "hard/low/from-wc/to-se/seed-0"]
    files = ["--metrics", folder / "metrics", "--scores", folder / "scores"]
    return [*named, *files, "--output", folder / "rates.csv", "--values", folder / "values.csv"]


def test_simulated_people_stand_beside_the_exact_rate_in_the_table_and_in_the_figure(tmp_path, monkeypatch):
    words = write_study(tmp_path, ("invalid", "valid"))
    asked = {"labels": 50, "judged": 500, "error": 0.1, "judge_error": 0.2}
    run(monkeypatch, *words, "--simulated", json.dumps(asked))
    table = read_table(tmp_path / "rates.csv", RATES, NUMBERS)
    assert len(table.rows) == 3 * 5
    exact = table.where(method=EXACT)
    assert [row["value"] for row in exact.rows] == pytest.approx([0.2, 0.1, 0.2])
    assert {row["simulated"] for row in exact.rows} == {"0"}
    assert {row["best"] for row in exact.rows} == {"1"}
    figure = false_positives(table, "hard", Look())
    assert [axes.get_title() for axes in figure.axes][:2] == ["People alone", "Judge alone"]
    assert "simulated" in figure.get_suptitle()
    assert not read_table(tmp_path / "values.csv", rates.VALUES).rows


def test_labels_of_people_correct_a_judge_and_give_values_for_claims(tmp_path, monkeypatch):
    words = write_study(tmp_path, ("flawed", "sound"))
    rows = right_answers(800, "flawed", "sound", 0.2)[:60]
    labelled = [
        {
            **{"problem": row["problem"], "shown": "0" * 16, "samples": [["wc", row["sample"]]]},
            **{"labels": {"ann": row["reasoning"]}, "first_wrong_steps": {"ann": None}},
            "label": "cannot tell" if number == 0 else row["reasoning"],
            "choice": {"samples": 60, "seed": 0} if number != 1 else None,
            **{"question": "How many?", "answer": "4", "solution": "2 + 2 = 4."},
        }
        for number, row in enumerate(rows)
    ]
    write_rows(tmp_path / "labels.jsonl", labelled)
    run(monkeypatch, *words, "--labels", f"hard={tmp_path / 'labels.jsonl'}")
    table = read_table(tmp_path / "rates.csv", RATES, NUMBERS)
    arm = table.where(source="wc", target="")
    assert arm.values("method") == [PEOPLE, JUDGE, CORRECTED, ROGAN_GLADEN]
    # Undecided ones, and those that a person picked, are no part of the random sample.
    assert arm.where(method=CORRECTED).rows[0]["labelled"] == "58"
    assert table.where(source="wc", target="se").values("method") == [JUDGE, ROGAN_GLADEN]
    assert {row["source"] for row in read_table(tmp_path / "values.csv").rows} == {"wc", "se"}
