"""The tables and the figure of a ladder, made by the workflow's programs from small real files; which jobs it needs."""

import importlib
import itertools
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from configs import completed
from yetbetter.errors import UserError
from yetbetter.figures.ladder import paper_pairs, plot
from yetbetter.figures.plots import Plots
from yetbetter.figures.request import Request
from yetbetter.measures.ladder import CROSSOVERS, LADDER, PREDICTORS, SCALES, TOGETHER
from yetbetter.measures.questions import COUNTS
from yetbetter.records import write_rows
from yetbetter.report.captions import tell_numbers
from yetbetter.report.made import Made
from yetbetter.report.study import ReportedStudy
from yetbetter.study.study import Study
from yetbetter.tables import NUMBERS, Table, read_table, write_table

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
PUBLISHED = ROOT / "resources" / "published_numbers.csv"
CONFIG = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
QUESTIONS, PROBLEMS = 300, 400
# Source -> share of SE's pass@1; a rung wins from 0.75 on at the low budget, and never at the high one.
SHARES = {"wc-low": 0.5, "wc-middle": 0.7, "wc": 0.8, "wc-top": 1.0, "se": 1.0}
BUDGETS = {"low": 1, "high": 5}
EXPERIMENT = {
    **{"extra": True, "figure": "ladder", "datasets": ["easy", "hard"], "budgets": ["low", "high"]},
    **{"sources": ["se", "wc", "wc-number", "wc-price"], "targets": ["student"], "seeds": [0, 1]},
}


def right(seeds: int, chance: float, noise: float, dice) -> np.ndarray:
    chances = np.clip(chance + noise * dice.standard_normal((seeds, 1)), 0.01, 0.99)
    return dice.random((seeds, PROBLEMS)) < chances


def write_cells(folder: Path, seeds: int, dice) -> list[str]:
    cells = []
    for budget, (source, share) in itertools.product(BUDGETS, SHARES.items()):
        shift = {"low": 1.2 * (share - 0.75), "high": -0.1}[budget] if source != "se" else 0.0
        for seed, answers in enumerate(right(seeds, 0.45 + shift / 2, 0.005, dice)):
            place = {"dataset": "hard", "budget": budget, "source": source, "target": "student", "seed": seed}
            rows = [
                place
                | {"benchmark": benchmark, "problem": f"p{number}", "level": 1 + number % 2, "paradigm": "x"}
                # Other benchmarks must not count.
                | {"verdict": "correct" if answer and benchmark == "test" else "incorrect", "reasoning": None}
                for benchmark in ("test", "control")
                for number, answer in enumerate(answers)
            ]
            cells.append(f"hard/{budget}/from-{source}/to-student/seed-{seed}")
            write_rows(folder / "scores" / cells[-1] / "scores.jsonl", rows)
    return cells


def write_arms(folder: Path, dice) -> list[str]:
    arms = []
    for (budget, samples), (source, share) in itertools.product(BUDGETS.items(), SHARES.items()):
        drawn = samples * (1 if source == "se" else 3)
        correct = dice.binomial(drawn, 0.5 * share, QUESTIONS)
        rows = [
            {"dataset": "hard", "budget": budget, "source": source, "problem": f"q{number}", "level": 1 + number % 2}
            | dict(zip(COUNTS, (drawn, count, count, (count + 1) // 2, count, count // 4), strict=True))
            for number, count in enumerate(map(int, correct))
        ]
        arms.append(f"hard/{budget}/from-{source}")
        write_table(folder / "metrics" / f"{arms[-1]}.questions.csv", rows[0], rows)
    return arms


def run(program: str, *arguments) -> None:
    old, path = sys.argv, list(sys.path)
    sys.argv = [f"{program}.py", *map(str, arguments)]
    sys.path.insert(0, str(SCRIPTS))
    try:
        importlib.import_module(program).main()
    finally:
        sys.argv, sys.path[:] = old, path


def tabulate(folder: Path, seeds: int = 3, *more) -> dict[str, Table]:
    dice = np.random.default_rng(0)
    cells, arms = write_cells(folder, seeds, dice), write_arms(folder, dice)
    inputs = ("--scores", folder / "scores", "--cells", *cells, "--metrics", folder / "metrics", "--arms", *arms)
    names = {"ladder": "ladder", "crossovers": "ladder_crossover", "predictors": "ladder_predictors"}
    outputs = [word for option, name in names.items() for word in (f"--{option}", folder / f"{name}.csv")]
    run("tabulate_ladder", *inputs, "--strong", "se", *outputs, *more)
    numbers = {"ladder": set(LADDER) - {"level"}, "ladder_crossover": CROSSOVERS, "ladder_predictors": PREDICTORS}
    texts = {
        *("dataset", "budget", "target", "level", "source", "baseline", "seeds", "basis"),
        *("position", "text", "predictor"),
    }
    return {name: read_table(folder / f"{name}.csv", (), set(numbers[name]) - texts) for name in names.values()}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ladder")
    return folder, tabulate(folder)


def test_every_rung_budget_and_level_has_a_row_by_growing_ratio(tables):
    rows = tables[1]["ladder"]
    assert tuple(rows.rows[0]) == LADDER
    assert {(row["budget"], row["level"]) for row in rows.rows} == set(itertools.product(BUDGETS, ("all", "1", "2")))
    low = rows.where(budget="low", level="all").rows
    assert [row["source"] for row in low] == ["wc-low", "wc-middle", "wc", "wc-top"]
    assert [row["ratio"] for row in low] == pytest.approx([0.5, 0.7, 0.8, 1.0], abs=0.08)
    assert all(row["ratio_low"] < row["ratio"] < row["ratio_high"] for row in low)
    assert all(row["low"] < row["difference"] < row["high"] for row in low)
    assert {(row["baseline"], row["seeds"], row["basis"]) for row in low} == {("se", "3/3", "seeds x problems")}


def test_a_ratio_is_that_of_all_samples_and_the_same_at_every_budget(tables):
    rows = tables[1]["ladder"].where(level="all")
    for source in ("wc-low", "wc"):
        assert len({row["ratio"] for row in rows.where(source=source).rows}) == 1


def test_levels_have_their_own_problems_and_questions(tables):
    whole, first = (tables[1]["ladder"].where(budget="low", level=level, source="wc").rows[0] for level in ("all", "1"))
    assert (whole["questions"], whole["problems"]) == (QUESTIONS, PROBLEMS)
    assert (first["questions"], first["problems"]) == (QUESTIONS / 2, PROBLEMS / 2)
    assert first["training_set_size"] < whole["training_set_size"]


def test_the_data_of_both_sides_is_measured_at_the_budget(tables):
    low, high = (tables[1]["ladder"].where(budget=budget, level="all", source="wc").rows[0] for budget in BUDGETS)
    assert low["baseline_coverage"] == low["baseline_distinct_solutions"] < high["baseline_coverage"]
    assert low["coverage"] < high["coverage"] and low["training_set_size"] < high["training_set_size"]
    assert 0 < high["false_positive_rate"] < 0.25


def test_the_crossover_is_found_where_there_is_one_and_open_where_there_is_none(tables):
    low, high = (tables[1]["ladder_crossover"].where(budget=budget, level="all").rows[0] for budget in BUDGETS)
    assert low["position"] == "inside" and low["low"] < 0.75 < low["high"]
    assert low["low"] < low["crossover"] < low["high"] and low["rungs"] == 4
    assert high["position"] == "above" and math.isnan(high["crossover"])
    last = f"above {high['last']:.2f}"
    assert high["text"] == f"{last} [{last}, {last}]"


def test_predictors_are_tested_on_held_out_rungs(tables):
    rows = {row["predictor"]: row for row in tables[1]["ladder_predictors"].where(dataset="all").rows}
    assert list(rows) == [*SCALES, TOGETHER]
    assert {row["differences"] for row in rows.values()} == {8} and {row["rungs"] for row in rows.values()} == {4}
    # Eight differences do not suffice for six coefficients.
    assert math.isnan(rows[TOGETHER]["rmse_points"]) and not math.isnan(rows["ratio"]["rmse_points"])


def test_levels_of_few_problems_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("yetbetter.measures.ladder.FEWEST", 1 + QUESTIONS // 2)
    assert tabulate(tmp_path, 1)["ladder"].values("level") == ["all"]


def test_one_seed_and_one_pool_are_said(tmp_path):
    found = tabulate(tmp_path, 1, "--one-pool")
    assert {row["basis"] for row in found["ladder"].rows} == {"problems, one seed, for this pool"}
    assert {row["basis"] for row in found["ladder_crossover"].rows} == {"problems, one seed, for this pool"}


# The figure -----------------------------------------------------------------------------------------------------------


def figure_of(folder: Path, **options):
    paths = {name: str(folder / f"{name}.csv") for name in ("ladder", "ladder_crossover")}
    figure = plot(Request(paths | {"published_numbers": str(PUBLISHED)}, title="A ladder", **options))
    figure.draw_without_rendering()
    return figure


def texts_of(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_the_figure_has_a_panel_per_data_set_with_the_crossovers_below(tables):
    folder, found = tables
    figure = figure_of(folder, pair=["hard=harder"])
    upper, lower = figure.axes
    assert upper.get_title(loc="left") == "hard"
    assert "paper, MATH: 0.82" in texts_of(upper) and not any("GSM8K" in text for text in texts_of(upper))
    assert [text for text in texts_of(lower) if "[" in text] == [
        found["ladder_crossover"].where(budget=budget, level="all").rows[0]["text"] for budget in BUDGETS
    ]
    assert [text.get_text() for text in figure.legends[0].get_texts()][:2] == ["low budget", "high budget"]


def test_without_roles_both_pairs_of_the_paper_are_drawn(tables):
    upper, _ = figure_of(tables[0]).axes
    assert {"paper, MATH: 0.82", "paper, GSM8K: 0.86"} <= set(texts_of(upper))


def test_the_papers_pairs_are_those_that_it_printed():
    published = read_table(PUBLISHED, (), NUMBERS)
    (harder,) = paper_pairs(published, "harder", "student")
    assert harder.ratio == pytest.approx(26.9 / 32.7)
    assert harder.differences == pytest.approx([28.2 - 26.6, 32.8 - 31.0])
    assert [pair.name for pair in paper_pairs(published, None, "se")] == ["GSM8K", "MATH"]


def test_an_unfinished_ladder_is_an_empty_figure(tmp_path):
    write_table(tmp_path / "ladder.csv", LADDER, [])
    write_table(tmp_path / "ladder_crossover.csv", CROSSOVERS, [])
    assert "no values in the table" in texts_of(figure_of(tmp_path).axes[0])


def test_a_report_says_above_which_ratio_wc_data_wins(tables):
    description = {"config": completed(CONFIG), "cells": [], "missing": [], "study": "pocket"}
    study = ReportedStudy(description, {"ladder_crossover": tables[1]["ladder_crossover"]})
    (line,) = tell_numbers(study, "experiment", ["ladder"])
    assert line.startswith("WC data wins over SE data above a ratio of pass@1 of: hard, low budget, student: 0.")
    assert tell_numbers(ReportedStudy(description, {}), "experiment", ["ladder"]) == []


# Which jobs it needs --------------------------------------------------------------------------------------------------


def study_of(**change) -> Study:
    experiments = {"main": CONFIG["experiments"]["main"], "own": EXPERIMENT | change}
    return Study(completed(CONFIG | {"experiments": experiments}))


def test_a_ladder_needs_its_own_cells_and_arms_alone():
    study, place = study_of(), SimpleNamespace(part="study/")
    assert len(study.ladder.cells(place)) == 2 * 2 * 4 * 2
    assert len(study.ladder.arms(place)) == 2 * 2 * 4
    assert all("/to-student/" in path for path in study.ladder.scores(place))
    assert study.ladder.questions(place)[0] == "results/pocket/metrics/easy/low/from-se.questions.csv"
    made, own = Made(study), ["ladder", "ladder_crossover", "ladder_predictors"]
    assert [Path(path).stem for path in made.ladder()] == [*own, "own", "own"]
    assert set(own) <= {Path(path).stem for path in made.tables("study/")}
    assert not set(own) & {Path(path).stem for path in made.tables("")}


def test_a_study_without_a_ladder_has_no_tables_of_one():
    study = Study(completed(CONFIG | {"experiments": {"main": CONFIG["experiments"]["main"]}}))
    made = Made(study)
    with pytest.raises(UserError, match="no experiment has figure: ladder"):
        made.ladder()
    assert not any("ladder" in path for path in made.tables("study/"))


def test_the_figure_is_asked_for_with_the_data_sets_roles():
    plots, place = Plots(study_of(title="A title")), SimpleNamespace(figure="own", part="study/")
    assert plots.of_experiments("study/").count("own") == 1
    assert plots.tables(place)[0] == "results/pocket/study/tables/ladder.csv"
    assert "--pair easy=easier hard=harder" in plots.options(place)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sources": ["wc", "wc-number"]}, "experiments.own.sources: must hold 'se'"),
        ({"sources": ["se"]}, "experiments.own.sources: a ladder needs a rung in addition to 'se'"),
        ({"sources": ["se", "mix-50"], "budgets": ["high"]}, "'mix-50' is not drawn from one model"),
        ({"sources": ["se", "human"]}, "'human' is not drawn from one model"),
        ({"sources": ["se", "wc-one"]}, "'wc-one' leaves out right answers"),
        ({"sources": ["se", "wc-majority"]}, "'wc-majority' leaves out right answers"),
    ],
)
def test_sources_that_are_no_ladder_are_refused(change, said):
    with pytest.raises(UserError, match=said):
        study_of(**change)


def test_a_second_ladder_is_refused():
    experiments = {"one": EXPERIMENT, "two": EXPERIMENT}
    with pytest.raises(UserError, match=r"experiments\.two\.figure: a study has one ladder, see 'one'"):
        Study(completed(CONFIG | {"experiments": experiments}))
