"""The figures of single experiments, from made-up tables of a whole study, with gaps and one seed; published scores."""

import importlib
import json
import math
import re
import sys
from pathlib import Path

import pytest
from study_tables import MEASURED, SE_FLOPS, TARGETS, made_up_study, means, write_study

from yetbetter.errors import UserError
from yetbetter.figures.bars import bars
from yetbetter.figures.crossover import budget_axis, crossings, crossover
from yetbetter.figures.experiment import Difference, Experiment, Place, read_experiment
from yetbetter.figures.look import MIX, STRONG, WEAK
from yetbetter.figures.mixing import mixing, share_of_weak
from yetbetter.figures.plots import compared_pairs
from yetbetter.figures.request import Request
from yetbetter.figures.samples import arms_of, samples
from yetbetter.figures.small_vs_large_over_time import day_of, read_scores, records, small_vs_large
from yetbetter.study import experiments
from yetbetter.tables import NUMBERS, Estimate, read_table

ROOT = Path(__file__).parents[2]
PLOTS = {"bars": bars, "mixing": mixing, "samples": samples, "crossover": crossover}
# Of the study's cells, those of one experiment of each kind.
CHOSEN = {
    "bars": {"sources": ["se", "wc", "wc_number"], "budgets": ["low"]},
    "mixing": {"sources": ["se", "wc", "mix", "mix_25", "mix_75"], "budgets": ["high"]},
    "samples": {"sources": ["se", "wc"], "budgets": ["low", "two", "three"]},
    "crossover": {"sources": ["se", "wc"], "budgets": ["low", "two", "high", "far"]},
}


def options_of(kind: str, **options) -> dict:
    return {"targets": list(TARGETS), "title": "A title"} | CHOSEN[kind] | options


def request_of(folder: Path, kind: str, **options) -> Request:
    """For the tables in a folder."""
    tables = {name: str(folder / f"{name}.csv") for name in ("finetuned", "differences", "arms")}
    return Request(tables, **options_of(kind, **options))


def experiment_of(folder: Path, kind: str, tables: dict | None = None, **options) -> Experiment:
    write_study(folder, tables or made_up_study())
    return read_experiment(request_of(folder, kind, **options))


def texts_of(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def legend_of(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def value_of(tables: dict, budget: str, source: str, target: str) -> float:
    place = (budget, source, target)
    return next(100 * row["value"] for row in means(tables) if (row["budget"], row["source"], row["target"]) == place)


@pytest.mark.parametrize("kind", PLOTS)
def test_every_kind_becomes_a_pdf_and_a_png(kind, tmp_path, monkeypatch):
    write_study(tmp_path, made_up_study())
    words = ["--tables", *(str(tmp_path / f"{name}.csv") for name in ("finetuned", "differences", "arms"))]
    for option, value in options_of(kind, targets=["student"]).items():
        words += [f"--{option}", *([value] if isinstance(value, str) else value)]
    words += ["--output-pdf", str(tmp_path / f"{kind}.pdf"), "--output-png", str(tmp_path / f"{kind}.png")]
    monkeypatch.setattr(sys, "argv", ["plot_figure.py", kind, *words])
    monkeypatch.syspath_prepend(ROOT / "workflow" / "scripts")
    importlib.import_module("plot_figure").main()
    assert (tmp_path / f"{kind}.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / f"{kind}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", PLOTS)
def test_every_kind_is_plotted_from_empty_tables(kind, tmp_path):
    empty = {name: [] for name in made_up_study()}
    figure = PLOTS[kind](experiment_of(tmp_path, kind, empty, dataset="hard"))
    figure.canvas.draw()
    assert figure.get_suptitle() == "hard: A title"


@pytest.mark.parametrize("kind", PLOTS)
def test_every_kind_plots_what_one_seed_without_intervals_and_a_missing_arm_leave(kind, tmp_path):
    tables = made_up_study(seeds=1)
    for row in tables["finetuned"] + tables["differences"]:
        row["low"] = row["high"] = ""
    tables["arms"] = [row for row in tables["arms"] if (row["budget"], row["source"]) != ("low", "wc")]
    figure = PLOTS[kind](experiment_of(tmp_path, kind, tables, targets=["student", "wc"]))
    figure.canvas.draw()
    legend = " ".join(legend_of(figure))
    assert "one finetuning seed" in legend
    assert "not paired" not in legend


def test_bars_are_as_long_as_accuracies_and_print_the_paired_differences(tmp_path):
    tables = made_up_study()
    figure = bars(experiment_of(tmp_path, "bars", tables))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["target: student", "target: WC", "target: SE"]
    for axes, target in zip(figure.axes, TARGETS, strict=True):
        expected = [value_of(tables, "low", source, target) for source in ("se", "wc", "wc_number")]
        assert [bar.get_width() for bar in axes.patches] == pytest.approx(expected)
        texts = texts_of(axes)
        assert [f"{value:.1f}" for value in expected] == [text for text in texts if re.fullmatch(r"\d+\.\d", text)]
        for row in tables["differences"]:
            if (row["budget"], row["target"]) == ("low", target):
                numbers = (100 * row[key] for key in ("difference", "low", "high"))
                text = "{:+.1f} [{:+.1f}, {:+.1f}]".format(*numbers).replace("-", "\N{MINUS SIGN}")
                assert text in texts
        assert texts.count("baseline") == 1
    assert any("means over 2 finetuning seeds" in text for text in legend_of(figure))


def test_bars_say_what_each_source_is(tmp_path):
    figure = bars(experiment_of(tmp_path, "bars", note=["wc_number=no filter"]))
    texts = texts_of(figure.axes[0])
    assert "1 SE sample \N{MULTIPLICATION SIGN} 500 questions\n100 % of compute" in texts
    assert "1 WC sample \N{MULTIPLICATION SIGN} 500 questions\n33 % of compute, no filter" in texts
    assert "low budget" in texts and "wc_number" in texts


def test_bars_have_the_colour_of_the_model_that_wrote_the_data(tmp_path):
    experiment = experiment_of(tmp_path, "bars", sources=["se", "wc_number", "wc_low_low", "mix_25"])
    assert [experiment.colour(name) for name in experiment.sources] == [STRONG, WEAK, WEAK, MIX]


def test_prices_are_beside_compute_where_they_are_known(tmp_path):
    tables = made_up_study()
    for row in tables["arms"]:
        row["price"] = {"se": 10.5, "wc": 0.9, "wc_number": 0.3}.get(row["source"], "")
    lines = experiment_of(tmp_path, "bars", tables).detail(Place("low", "wc"), width=80)
    assert lines == ["3 WC samples \N{MULTIPLICATION SIGN} 500 questions, 100 % of compute, 9 % of price"]


def test_without_the_strong_source_the_first_one_is_the_baseline(tmp_path):
    tables = made_up_study()
    pair = {"source": "wc", "baseline": "wc_low_low", "difference": 0.09, "low": 0.05, "high": 0.12}
    tables["differences"].append(
        {"dataset": "hard", "budget": "high", "target": "student"} | MEASURED | pair,
    )
    chosen = {"sources": ["wc_low_low", "wc_high_low", "wc"], "budgets": ["high"], "targets": ["student"]}
    figure = bars(experiment_of(tmp_path, "bars", tables, **chosen))
    texts = texts_of(figure.axes[0])
    assert "+9.0 [+5.0, +12.0]" in texts
    # What the table does not compare is taken from two intervals, and marked.
    assert sum(text.endswith("]\N{DOUBLE DAGGER}") for text in texts) == 1
    assert any("not paired" in text for text in legend_of(figure))


def test_a_missing_cell_is_marked_in_each_kind(tmp_path):
    tables = made_up_study()
    for name in ("finetuned", "differences"):
        gone = [("low", "wc"), ("high", "mix")]
        tables[name] = [
            row for row in tables[name] if row["target"] != "wc" or (row["budget"], row["source"]) not in gone
        ]
    figure = bars(experiment_of(tmp_path, "bars", tables))
    assert [texts_of(axes).count("n/a") for axes in figure.axes] == [0, 1, 0]
    for kind in ("mixing", "samples", "crossover"):
        figure = PLOTS[kind](experiment_of(tmp_path, kind, tables))
        assert "value missing" in legend_of(figure)
    matrix = samples(experiment_of(tmp_path, "samples", tables)).axes[3]
    assert texts_of(matrix).count("n/a") == 3


def test_seeds_that_are_asked_for_are_averaged_and_then_nothing_is_paired(tmp_path):
    tables = made_up_study(seeds=3)
    one = experiment_of(tmp_path, "bars", tables, seeds=["2"])
    place = Place("low", "wc")
    row = next(
        row
        for row in tables["finetuned"]
        if (row["budget"], row["source"], row["target"], row["seed"]) == ("low", "wc", "se", 2)
    )
    assert one.accuracy(place, "se") == pytest.approx([100 * row[key] for key in ("value", "low", "high")])
    two = experiment_of(tmp_path, "bars", tables, seeds=["0", "2"])
    assert two.accuracy(place, "se").value == pytest.approx(value_of(tables, "low", "wc", "se"))
    assert not two.accuracy(place, "se").bounded
    assert not two.difference(place, Place("low", "se"), "se").paired
    every = experiment_of(tmp_path, "bars", tables, seeds=["0", "1", "2"])
    assert every.accuracy(place, "se").bounded


def test_an_unpaired_difference_is_that_of_independent_samples(tmp_path):
    tables = made_up_study()
    pair = experiment_of(tmp_path, "samples", tables).difference(Place("three", "wc"), Place("low", "se"), "wc")
    gap = value_of(tables, "three", "wc", "wc") - value_of(tables, "low", "se", "wc")
    half = 3.2 * math.sqrt(2)
    assert pair.cell == pytest.approx((gap, gap - half, gap + half))
    assert not pair.paired and pair.text.endswith("\N{DOUBLE DAGGER}")


def test_the_share_of_a_mix_comes_from_what_it_costs(tmp_path):
    experiment = experiment_of(tmp_path, "mixing")
    mixes = {source: share_of_weak(experiment, Place("high", source)) for source in experiment.sources}
    assert {name: round(mix.share, 6) for name, mix in mixes.items()} == {
        "se": 0,
        "wc": 1,
        "mix": 0.5,
        "mix_25": 0.25,
        "mix_75": 0.75,
    }
    assert mixes["mix"].name == "5 SE + 15 WC"


def test_a_mix_of_unknown_cost_is_left_out_and_said_to_be(tmp_path):
    tables = made_up_study()
    for row in tables["arms"]:
        row["flops_assumed"] = ""
    figure = mixing(experiment_of(tmp_path, "mixing", tables))
    assert "left out: 3 of unknown cost" in legend_of(figure)


def test_mixes_are_plotted_at_their_shares_between_the_pure_ends(tmp_path):
    tables = made_up_study()
    figure = mixing(experiment_of(tmp_path, "mixing", tables))
    line = figure.axes[0].lines[0]
    assert list(line.get_xdata()) == pytest.approx([0, 25, 50, 75, 100])
    order = ("se", "mix_25", "mix", "mix_75", "wc")
    assert list(line.get_ydata()) == pytest.approx([value_of(tables, "high", name, "student") for name in order])
    spans = [axes.get_ylim()[1] - axes.get_ylim()[0] for axes in figure.axes]
    assert spans == pytest.approx([spans[0]] * 3)


def test_the_matrix_sets_every_wc_count_against_every_se_count(tmp_path):
    tables = made_up_study()
    figure = samples(experiment_of(tmp_path, "samples", tables, targets=["student"]))
    lines, matrix = figure.axes
    assert [label.get_text() for label in matrix.get_xticklabels()] == ["1", "3", "9"]
    assert [label.get_text() for label in matrix.get_yticklabels()] == ["27", "9", "3"]
    drawn = {text.get_position(): text.get_text() for text in matrix.texts}
    budgets = ["low", "two", "three"]
    for column, theirs in enumerate(budgets):
        for row, mine in enumerate(reversed(budgets)):
            gap = value_of(tables, mine, "wc", "student") - value_of(tables, theirs, "se", "student")
            assert drawn[column, row].startswith(f"{gap:+.1f}".replace("-", "\N{MINUS SIGN}"))
            # Only what the table compares under one budget is paired.
            assert drawn[column, row].endswith("\N{DOUBLE DAGGER}") == (mine != theirs)
    assert [label.get_text() for label in lines.get_xticklabels()] == ["1", "3", "9", "27"]


def test_a_grid_of_sources_under_one_budget_is_ordered_by_their_samples(tmp_path):
    experiment = experiment_of(tmp_path, "samples", sources=["wc", "wc_low_low", "se"], budgets=["high"])
    assert arms_of(experiment, "wc") == {3: Place("high", "wc_low_low"), 30: Place("high", "wc")}
    assert arms_of(experiment, "se") == {10: Place("high", "se")}


def pair(value: float, half: float = 1.0) -> Difference:
    return Difference(Estimate(value, value - half, value + half))


def test_a_crossing_lies_between_the_budgets_where_the_sign_changes():
    [crossing] = crossings({1: pair(2), 10: pair(1), 100: pair(-1)})
    assert crossing.place == pytest.approx(10**1.5) and crossing.stops and crossing.between is None
    # Neither 1 nor -1 is further from zero than its interval is wide.
    assert not crossing.decided
    assert crossings({1: pair(-3), 10: pair(3)})[0].decided
    assert not crossings({1: pair(-3), 10: pair(3)})[0].stops


def test_across_a_missing_budget_only_the_ends_are_reported():
    [crossing] = crossings({1: pair(2), 10: pair(math.nan), 100: pair(-2)})
    assert crossing.between == (1, 100)


def test_no_crossing_is_said_to_be_none(tmp_path):
    figure = crossover(experiment_of(tmp_path, "crossover", budgets=["low", "two"]))
    assert all("no crossing: WC ahead" in texts_of(axes) for axes in figure.axes[3:6])
    assert crossings({1: pair(2), 10: pair(1)}) == []


def test_the_budget_is_in_flops_with_se_samples_on_a_second_axis(tmp_path):
    experiment = experiment_of(tmp_path, "crossover", targets=["student"])
    assert budget_axis(experiment) == pytest.approx(
        {"low": SE_FLOPS, "two": 3 * SE_FLOPS, "high": 10 * SE_FLOPS, "far": 30 * SE_FLOPS}
    )
    figure = crossover(experiment)
    upper, lower = figure.axes[:2]
    assert lower.get_xlabel() == "sampling FLOPs per question"
    second = upper.child_axes[0]
    assert [label.get_text() for label in second.get_xticklabels()] == ["1", "3", "10", "30"]
    filled = [line.get_markerfacecolor() for line in lower.lines if line.get_marker() == "o"]
    # Of the made-up differences those of the second budget alone reach zero.
    assert filled == ["#222222", "white", "#222222", "#222222"]
    assert any(re.fullmatch(r"SE ahead from about 1\d SE samples", text) for text in texts_of(lower))


def test_without_flops_the_budget_is_in_samples(tmp_path):
    tables = made_up_study()
    for row in tables["arms"]:
        row["flops_assumed"] = ""
    experiment = experiment_of(tmp_path, "crossover", tables)
    assert budget_axis(experiment) == {"low": 1, "two": 3, "high": 10, "far": 30}


def test_the_papers_values_are_found_by_role_for_its_own_data_sets(tmp_path):
    published = str(ROOT / "resources" / "published_numbers.csv")
    roles = ["wc_number=number_matched", "wc_high_low=high_low", "wc_low_low=low_low", "wc_500=fewer_weak"]
    options = {"published": published, "role": roles, "sources": ["se", "wc"]}
    math_study = experiment_of(tmp_path, "bars", made_up_study("math"), **options)
    printed = {
        ("low", "se", "student"): 26.6,
        ("high", "wc", "se"): 47.6,
        ("low", "wc_number", "wc"): 35.6,
        ("high", "wc_high_low", "student"): 29.0,
        ("high", "wc_low_low", "se"): 40.4,
    }
    found = {key: math_study.printed(Place(*key[:2]), key[2]) for key in printed}
    assert found == printed
    # The paper's smaller training set has 500 questions, this one 250.
    assert math.isnan(math_study.printed(Place("high", "wc_500"), "student"))
    hard = experiment_of(tmp_path, "bars", **options)
    assert math.isnan(hard.printed(Place("low", "se"), "student"))


def test_long_names_are_broken_into_lines(tmp_path):
    tables = made_up_study()
    long = "student_finetuned_for_as_many_epochs"
    for name in ("finetuned", "differences"):
        tables[name] += [row | {"target": long} for row in tables[name] if row["target"] == "student"]
    chosen = {"targets": ["student", long], "title": "words " * 30, "note": ["wc=" + "very long remark " * 4]}
    figure = bars(experiment_of(tmp_path, "bars", tables, **chosen))
    assert max(len(line) for line in figure.get_suptitle().splitlines()) <= 74
    assert all(len(line) <= 34 for text in texts_of(figure.axes[0]) for line in text.splitlines())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"note": ["wc"]}, "--note 'wc': must be SOURCE=TEXT"),
        ({"role": ["wc=weakest"]}, "--role wc=weakest: no such role"),
    ],
)
def test_arguments_that_cannot_be_are_refused_in_one_line(options, message, tmp_path):
    with pytest.raises(UserError, match=re.escape(message)):
        experiment_of(tmp_path, "bars", **options)


def test_a_table_of_arms_without_costs_is_refused_with_file_and_column(tmp_path):
    write_study(tmp_path, made_up_study())
    path = tmp_path / "arms.csv"
    path.write_text(path.read_text().replace("flops_assumed", "flops", 1))
    with pytest.raises(UserError, match=r"arms\.csv: no column 'flops_assumed'"):
        read_experiment(request_of(tmp_path, "bars"))


SOURCES = {
    "se": {"draws": [{"model": "se"}], "filter": "ground_truth"},
    "se-9": {"draws": [{"model": "se"}], "filter": "ground_truth"},
    "wc": {"draws": [{"model": "wc"}], "filter": "ground_truth"},
    "wc-one": {"draws": [{"model": "wc"}], "filter": "none", "keep_per_question": 1},
}


def test_figures_name_the_pairs_that_they_compare_in_addition_to_those_with_the_strong_source():
    def pairs(kind: str, *names: str) -> list:
        return compared_pairs([{"figure": kind, "sources": list(names)}], SOURCES, "se")

    assert pairs("bars", "se", "wc", "wc-one") == []
    assert pairs("bars", "wc-one", "wc") == [("wc", "wc-one")]
    assert pairs("samples", "se", "se-9", "wc", "wc-one") == [("wc", "se-9"), ("wc-one", "se-9")]
    assert pairs("crossover", "se", "wc") == []
    assert compared_pairs([{"sources": ["wc", "wc-one"]}], SOURCES, "se") == []


def test_a_source_is_described_by_what_sets_it_apart():
    assert experiments.describe(SOURCES["se"]) == ""
    assert experiments.describe(SOURCES["wc-one"]) == "no filter, 1 kept per question"


def write_scores(folder: Path) -> list[str]:
    """Scores of three sources of one group and choices beside them; returns the cells' paths."""
    cells = []
    for source, right in (("se", 3), ("wc", 5), ("wc-one", 4)):
        cell = f"hard/high/from-{source}/to-student/seed-0"
        cells.append(cell)
        (folder / "scores" / cell).mkdir(parents=True)
        place = {"dataset": "hard", "budget": "high", "target": "student", "benchmark": "test", "source": source}
        rows = [
            place
            | {"seed": 0, "paradigm": "x", "problem": f"p{number}", "level": None, "reasoning": None}
            | {"verdict": "correct" if number < right else "incorrect"}
            for number in range(10)
        ]
        path = folder / "scores" / cell / "scores.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return cells


def test_further_pairs_are_compared_behind_those_with_the_baseline(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "workflow" / "scripts")
    program = importlib.import_module("tabulate_scores")
    words = ["--cells", *write_scores(tmp_path), "--baseline", "se", "--pair", "wc:wc-one", "--pair", "wc:elsewhere"]
    words += ["--scores", str(tmp_path / "scores")]
    for option in ("finetuned", "differences"):
        words += [f"--{option}", str(tmp_path / f"{option}.csv")]
    monkeypatch.setattr(sys, "argv", ["tabulate_scores.py", *words])
    program.main()
    rows = read_table(tmp_path / "differences.csv", (), NUMBERS).rows
    found = {(row["source"], row["baseline"]): round(row["difference"], 6) for row in rows}
    assert found == {("wc", "se"): 0.2, ("wc-one", "se"): 0.1, ("wc", "wc-one"): 0.1}


SCORE = {
    **{"model": "Some 7B", "family": "Some", "parameters": "7e9", "size": "small", "date": "2024-02"},
    **{"benchmark": "GSM8K", "score": "50", "setting": "8-shot", "by": "maker"},
    **{"address": "https://example.org/a", "date_address": "https://example.org/b", "found": "2026-11-22"},
}


def write_public(path: Path, **changes) -> Path:
    row = SCORE | changes
    path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    return path


def test_every_published_score_has_an_address_a_date_and_the_day_it_was_found():
    table = read_scores(ROOT / "resources" / "public_scores.csv")
    assert len(table.rows) >= 15
    keys = [(row["model"], row["benchmark"], row["setting"]) for row in table.rows]
    assert len(keys) == len(set(keys))
    for row in table.rows:
        assert row["address"].startswith("https://") and row["date_address"].startswith("https://")
        assert row["date"] and row["found"] and row["setting"] and row["family"]
    assert {row["size"] for row in table.rows} == {"small", "large"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"address": ""}, "address is ''"),
        ({"date_address": "a book"}, "date_address is 'a book'"),
        ({"date": "February 2024"}, "dates are YYYY-MM-DD"),
        ({"found": "2026-11"}, "dates are YYYY-MM-DD"),
        ({"size": "large"}, "with 7e+09 parameters it is 'small'"),
        ({"parameters": "14e9"}, "it is 'neither'"),
        ({"score": "0.5e3"}, "must be in percent"),
    ],
)
def test_a_score_that_a_reader_could_not_check_is_refused_with_file_and_line(changes, message, tmp_path):
    path = write_public(tmp_path / "scores.csv", **changes)
    with pytest.raises(UserError, match=re.escape(f"{path}:2: Some 7B: ") + ".*" + re.escape(message)):
        read_scores(path)


def test_the_line_of_a_size_is_the_best_score_so_far(tmp_path):
    days = ("2024-03", "2024-01", "2024-02", "2024-02")
    rows = [
        SCORE | {"model": f"{day} {score}", "day": day_of(day), "score": score}
        for day, score in zip(days, (60.0, 40.0, 30.0, 50.0), strict=True)
    ]
    assert [row["model"] for row in records(rows)] == ["2024-01 40.0", "2024-02 50.0", "2024-03 60.0"]


def test_published_scores_are_plotted_at_their_dates(tmp_path):
    table = read_scores(write_public(tmp_path / "scores.csv"))
    figure = small_vs_large(table)
    figure.canvas.draw()
    point = figure.axes[0].lines[0]
    assert list(point.get_xdata()) == [day_of("2024-02-15")]
    assert list(point.get_ydata()) == [50] and point.get_markerfacecolor() == "white"
