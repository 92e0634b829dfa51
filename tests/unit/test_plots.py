"""The figures: plotted from made-up tables, in whole, in part, empty, and broken."""

import csv
import importlib
import math
import random
import subprocess
import sys
from pathlib import Path

import pytest

from yetbetter.errors import UserError
from yetbetter.figures.checkpoints import checkpoints
from yetbetter.figures.coverage_by_level import coverage_by_level
from yetbetter.figures.coverage_trend import coverage_trend
from yetbetter.figures.data_quality import data_quality
from yetbetter.figures.finetuned import finetuned
from yetbetter.figures.functional_transfer import functional_transfer
from yetbetter.figures.headline import headline
from yetbetter.figures.look import Look, Paper, choose_dataset
from yetbetter.tables import NUMBERS, Table, read_table

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
SAMPLES = {
    ("low", "se"): 1,
    ("low", "wc"): 3,
    ("low", "mix"): 3,
    ("high", "se"): 10,
    ("high", "wc"): 30,
    ("high", "mix"): 20,
}
PARADIGMS = {
    ("wc", "wc"): "self-improvement",
    ("wc", "se"): "knowledge distillation",
    ("se", "se"): "self-improvement",
    ("se", "wc"): "weak-to-strong improvement",
}
FIGURES = {  # their tables
    "data_quality": ["data_quality"],
    "headline": ["finetuned", "differences", "arms"],
    "finetuned": ["finetuned", "arms"],
    "coverage_trend": ["coverage"],
    "coverage_by_level": ["coverage", "arms"],
    "functional_transfer": ["finetuned"],
    "reasoning": ["finetuned", "arms"],
    "checkpoints": ["checkpoints"],
}
OPTIONS = {"coverage_trend": {"ratio": 3}, "headline": {"budget": "low"}}  # in addition to the data set


def made_up_tables() -> dict[str, list[dict]]:
    """Tables of a study that never was, with every column the workflow writes."""
    dice = random.Random(7)

    def cell(value, spread, top=1.0):
        value += dice.uniform(-0.2, 0.2) * spread
        return {
            "value": round(value, 4),
            "low": round(max(0, value - spread), 4),
            "high": round(min(top, value + spread), 4),
        }

    names = ("data_quality", "coverage", "arms", "finetuned", "differences", "checkpoints")
    tables = {name: [] for name in names}
    for dataset, ease in (("easy", 0.25), ("hard", 0.0)):
        for (budget, source), samples in SAMPLES.items():
            if source == "mix" and budget == "low":
                continue
            arm = {
                "dataset": dataset,
                "budget": budget,
                "source": source,
                "model": source,
                "samples": samples,
            }
            tables["arms"].append(arm)
            found = {
                "coverage": (0.33 + ease + 0.11 * math.log(samples), 0.03, 1),
                "diversity": (1 + 0.35 * (samples - 1), 0.02 * samples, 99),
                "false_positive_rate": (0.12 + 0.05 * (source == "wc") - ease / 3, 0.02, 1),
            }
            for metric, numbers in found.items():
                for basis in ("arm", "pool"):
                    row = arm | {"level": "all", "metric": metric, "basis": basis, "questions": 500}
                    tables["data_quality"].append(row | cell(*numbers))
        for model, count in (("se", 10), ("wc", 30)):
            for level in ("all", 1, 2, 3, 4, 5):
                for k in range(1, count + 1):
                    base = 0.33 if model == "se" else 0.27
                    hardness = 0 if level == "all" else (level - 3) * 0.15
                    value = min(0.98, base + ease + 0.135 * math.log(k) - hardness)
                    spread = 0.035 if level == "all" else 0.07
                    numbers = {
                        "value": value,
                        "low": value - spread,
                        "high": min(1, value + spread),
                    }
                    row = {
                        "dataset": dataset,
                        "model": model,
                        "level": level,
                        "k": k,
                        "samples_drawn": count,
                    }
                    tables["coverage"].append(row | numbers | {"questions": 500 if level == "all" else 100})
        for place, target in enumerate(("student", "wc", "se")):
            arms = [(row["budget"], row["source"]) for row in tables["arms"] if row["dataset"] == dataset]
            for budget, source in [("", "base"), ("", "human"), *arms]:
                level = 0.2 + ease + 0.09 * place + 0.05 * (budget == "high") + 0.03 * (source == "wc")
                paradigm = PARADIGMS.get((target, source), "knowledge distillation")
                row = {"dataset": dataset, "budget": budget, "source": source, "target": target}
                row |= {"paradigm": paradigm, "seed": "all", "level": "all", "problems": 500}
                for benchmark, loss in (("test", 0), ("functional", 0.06), ("control", 0.01)):
                    accuracy = level - loss - 0.08 * (source == "base") - 0.04 * (source == "human")
                    metrics = {
                        "pass@1": (accuracy, 0.035),
                        "false_positive_rate": (0.14 - ease / 4, 0.025),
                    }
                    metrics |= {f"maj@{k}": (accuracy - 0.03 + 0.03 * math.log2(k), 0.03) for k in (1, 4, 8, 16)}
                    for metric, numbers in metrics.items():
                        tables["finetuned"].append(row | {"benchmark": benchmark, "metric": metric} | cell(*numbers))
                        tables["finetuned"].append(
                            row | {"benchmark": benchmark, "metric": metric, "seed": 0} | cell(*numbers)
                        )
            for budget, source in arms:
                row = {"dataset": dataset, "budget": budget, "source": source, "target": target, "seed": 0}
                for number, rate in enumerate(["slow", "slow", "fast", "fast"]):
                    step = {
                        "checkpoint": f"{rate}/checkpoint-{1 + number % 2}",
                        "rate": rate,
                        "step": 40 * (1 + number % 2),
                    }
                    tables["checkpoints"].append(row | step | {"validation": 0.1 * number, "chosen": int(number == 3)})
            for budget in ("low", "high"):
                row = {
                    "dataset": dataset,
                    "budget": budget,
                    "target": target,
                    "benchmark": "test",
                    "metric": "pass@1",
                }
                numbers = {
                    "difference": 0.024 + 0.004 * place,
                    "low": -0.003 + 0.004 * place,
                    "high": 0.051,
                }
                tables["differences"].append(row | {"level": "all", "source": "wc", "baseline": "se"} | numbers)
    return tables


def write_tables(folder: Path, tables: dict[str, list[dict]]) -> None:
    for name, rows in tables.items():
        with open(folder / f"{name}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, list(made_up_tables()[name][0]))
            writer.writeheader()
            writer.writerows(rows)


def run(monkeypatch, name: str, folder: Path, **options) -> list[Path]:
    """Run the program's main function on the tables of a folder; returns its two files."""
    command = ["plot_figure.py", name, "--tables", *(str(folder / f"{table}.csv") for table in FIGURES[name])]
    options = {"dataset": "hard"} | OPTIONS.get(name, {}) | options
    command += [word for key, value in options.items() for word in (f"--{key}", str(value))]
    outputs = [folder / "figures" / f"{name}.{kind}" for kind in ("pdf", "png")]
    command += ["--output-pdf", str(outputs[0]), "--output-png", str(outputs[1])]
    monkeypatch.setattr(sys, "argv", command)
    monkeypatch.syspath_prepend(SCRIPTS)
    importlib.import_module("plot_figure").main()
    return outputs


def table_of(folder: Path, name: str, tables: dict[str, list[dict]]) -> Table:
    write_tables(folder, tables)
    return read_table(folder / f"{name}.csv", (), NUMBERS)


LOOK = Look()
NO_PAPER = Paper(None, "", "hard", LOOK)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_becomes_a_pdf_and_a_png(name, tmp_path, monkeypatch):
    write_tables(tmp_path, made_up_tables())
    pdf, png = (path.read_bytes() for path in run(monkeypatch, name, tmp_path))
    assert pdf.startswith(b"%PDF") and png.startswith(b"\x89PNG")
    assert b"CreationDate" not in pdf and b"Software" not in png


def test_the_same_table_gives_the_same_bytes(tmp_path, monkeypatch):
    write_tables(tmp_path, made_up_tables())
    first, second = ([path.read_bytes() for path in run(monkeypatch, "headline", tmp_path)] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_becomes_an_empty_table(name, tmp_path, monkeypatch):
    write_tables(tmp_path, {table: [] for table in made_up_tables()})
    assert all(path.stat().st_size for path in run(monkeypatch, name, tmp_path))


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_plotted_from_a_table_full_of_gaps(name, tmp_path, monkeypatch):
    dice = random.Random(1)
    tables = made_up_tables()
    for rows in tables.values():
        rows[:] = [row for row in rows if dice.random() > 0.2]
        for row in rows:
            for column in ("value", "low", "high", "difference"):
                if column in row and dice.random() < 0.2:
                    row[column] = dice.choice(["", "nan", "inf"])
    write_tables(tmp_path, tables)
    assert all(path.stat().st_size for path in run(monkeypatch, name, tmp_path))


@pytest.mark.parametrize("name", FIGURES)
def test_a_missing_column_is_an_error_that_names_file_and_column(name, tmp_path, monkeypatch):
    write_tables(tmp_path, made_up_tables())
    path = tmp_path / f"{FIGURES[name][0]}.csv"
    column = "rate" if name == "checkpoints" else "level"
    path.write_text(path.read_text().replace(f",{column},", ",grade,", 1))
    with pytest.raises(UserError, match=f"{path.name}: no column '{column}'"):
        run(monkeypatch, name, tmp_path)


def test_a_broken_number_is_an_error_that_names_file_and_line(tmp_path):
    (tmp_path / "t.csv").write_text("level,value\nall,0.5\nall,half\n")
    with pytest.raises(UserError, match=r"t\.csv:3: value is 'half', not a number"):
        read_table(tmp_path / "t.csv", ("level", "value"), NUMBERS)


def test_two_rows_for_one_bar_are_an_error(tmp_path, monkeypatch):
    tables = made_up_tables()
    tables["data_quality"] *= 2
    write_tables(tmp_path, tables)
    with pytest.raises(UserError, match=r"data_quality\.csv: 2 rows for .*source se"):
        run(monkeypatch, "data_quality", tmp_path)


def test_a_table_of_two_data_sets_wants_one_named(tmp_path):
    table = table_of(tmp_path, "coverage", made_up_tables())
    with pytest.raises(UserError, match="easy, hard"):
        choose_dataset(table, None)
    assert choose_dataset(table.where(dataset="easy"), None) == "easy"


def test_bars_of_data_quality_are_as_long_as_the_arms_values(tmp_path):
    table = table_of(tmp_path, "data_quality", made_up_tables())
    figure = data_quality(table, "hard", LOOK, NO_PAPER)
    rows = [("low", "se"), ("low", "wc"), ("high", "se"), ("high", "wc"), ("high", "mix")]
    arm = table.where(dataset="hard", basis="arm")
    factors = {"coverage": 100, "diversity": 1, "false_positive_rate": 100}
    for axes, (metric, factor) in zip(figure.axes, factors.items(), strict=True):
        expected = [arm.estimate(metric=metric, budget=b, source=s).value * factor for b, s in rows]
        assert [bar.get_width() for bar in axes.patches] == pytest.approx(expected)
        pool = table.where(dataset="hard", basis="pool", metric=metric)
        marks = next(line for line in axes.lines if line.get_marker() == "o").get_xdata()
        expected = [pool.estimate(budget=b, source=s).value * factor for b, s in rows]
        assert list(marks) == pytest.approx(expected)
        assert axes.get_xlim()[0] == 0
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels[:3] == ["low budget", "SE, 1 sample", "WC, 3 samples"]


def test_bars_of_the_headline_and_its_differences_are_the_tables(tmp_path):
    tables = made_up_tables()
    table = table_of(tmp_path, "finetuned", tables)
    differences = table_of(tmp_path, "differences", tables)
    figure = headline(table, differences, "hard", "low", LOOK, NO_PAPER)
    axes = figure.axes[0]
    cells = table.where(dataset="hard", budget="low", benchmark="test", metric="pass@1", seed="all")
    pairs = [(target, source) for target in ("student", "wc", "se") for source in ("se", "wc")]
    expected = [100 * cells.estimate(target=t, source=s).value for t, s in pairs]
    assert [bar.get_height() for bar in axes.patches] == pytest.approx(expected)
    texts = [text.get_text() for text in axes.texts]
    assert "WC \N{MINUS SIGN} SE: +2.4 points\n[\N{MINUS SIGN}0.3, +5.1]" in texts
    assert "SE\nweak-to-strong improvement" in [text.get_text() for text in axes.get_xticklabels()]


def test_an_opposite_difference_is_turned_round(tmp_path):
    tables = made_up_tables()
    for row in tables["differences"]:
        row |= {"source": "se", "baseline": "wc", "difference": -0.03, "low": -0.05, "high": 0.01}
    table, differences = (table_of(tmp_path, name, tables) for name in ("finetuned", "differences"))
    figure = headline(table, differences, "hard", "low", LOOK, NO_PAPER)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "WC \N{MINUS SIGN} SE: +3.0 points\n[\N{MINUS SIGN}1.0, +5.0]" in texts


@pytest.mark.parametrize("metric", ["pass@1", "false_positive_rate"])
def test_bars_of_the_finetuned_models_are_as_long_as_the_means_over_seeds(tmp_path, metric):
    table = table_of(tmp_path, "finetuned", made_up_tables())
    figure = finetuned(table, "hard", LOOK, NO_PAPER, "test", metric)
    rows = [("", "base"), ("", "human"), ("low", "se"), ("low", "wc")]
    rows += [("high", "se"), ("high", "wc"), ("high", "mix")]
    cells = table.where(dataset="hard", benchmark="test", metric=metric, seed="all")
    for axes, target in zip(figure.axes, ("student", "wc", "se"), strict=True):
        expected = [100 * cells.estimate(target=target, budget=b, source=s).value for b, s in rows]
        assert [bar.get_width() for bar in axes.patches] == pytest.approx(expected)


def test_every_checkpoint_is_a_point_and_the_chosen_one_is_ringed(tmp_path):
    tables = made_up_tables()
    figure = checkpoints(table_of(tmp_path, "checkpoints", tables), "hard", LOOK)
    assert [axes.get_title() for axes in figure.axes[:3]] == ["target: student", "target: WC", "target: SE"]
    se_slow, se_slow_ring, se_fast, se_fast_ring, *_ = figure.axes[0].lines
    assert list(se_slow.get_xdata()) == list(se_fast.get_xdata()) == [40, 80]
    assert list(se_slow.get_ydata()) + list(se_fast.get_ydata()) == pytest.approx([0, 10, 20, 30])
    assert list(se_slow_ring.get_xdata()) == [] and list(se_fast_ring.get_xdata()) == [80]
    assert se_slow.get_linestyle() != se_fast.get_linestyle()
    # If one step is unknown, checkpoints are at their numbers.
    tables["checkpoints"][0]["step"] = ""
    easy = checkpoints(table_of(tmp_path, "checkpoints", tables), "easy", LOOK)
    assert list(easy.axes[0].lines[0].get_xdata()) == [1, 2]


def test_the_compute_matched_curve_is_wc_at_the_ratio_times_k(tmp_path):
    table = table_of(tmp_path, "coverage", made_up_tables())
    axes = coverage_trend(table, "hard", LOOK, 3, NO_PAPER).axes[0]
    rows = table.where(dataset="hard", level="all")
    strong, matched, weak = axes.lines[:3]
    expected = [100 * rows.estimate(model="se", k=k).value for k in range(1, 11)]
    assert list(strong.get_ydata()) == pytest.approx(expected)
    expected = [100 * rows.estimate(model="wc", k=3 * k).value for k in range(1, 11)]
    assert list(matched.get_ydata()) == pytest.approx(expected)
    assert list(weak.get_xdata()) == list(range(1, 31))


def test_bars_by_level_use_the_samples_of_each_budgets_arm(tmp_path):
    tables = made_up_tables()
    table, arms = (table_of(tmp_path, name, tables) for name in ("coverage", "arms"))
    figure = coverage_by_level(table, arms, "hard", LOOK, NO_PAPER)
    rows = table.where(dataset="hard")
    for axes, samples in zip(figure.axes, ({"se": 10, "wc": 30}, {"se": 1, "wc": 3}), strict=True):
        bars = [(model, k, level) for model, k in samples.items() for level in "12345"]
        expected = [100 * rows.estimate(model=m, k=k, level=level).value for m, k, level in bars]
        assert [bar.get_height() for bar in axes.patches] == pytest.approx(expected)


def test_arms_whose_source_is_not_called_like_its_model_are_found_by_the_model(tmp_path):
    tables = made_up_tables()
    for row in tables["arms"]:
        row["source"] = f"from {row['source']}"
    table, arms = (table_of(tmp_path, name, tables) for name in ("coverage", "arms"))
    figure = coverage_by_level(table, arms, "hard", LOOK, NO_PAPER)
    assert [len(axes.patches) for axes in figure.axes] == [10, 10]


def test_votes_are_plotted_per_benchmark_target_budget_and_source(tmp_path):
    table = table_of(tmp_path, "finetuned", made_up_tables())
    figure = functional_transfer(table, "hard", LOOK)
    cells = table.where(dataset="hard", seed="all", benchmark="control", target="se", budget="high")
    expected = [100 * cells.estimate(source="wc", metric=f"maj@{k}").value for k in (1, 4, 8, 16)]
    assert list(figure.axes[-1].lines[3].get_ydata()) == pytest.approx(expected)


def test_missing_values_and_intervals_are_marked(tmp_path):
    tables = made_up_tables()
    rows = [row for row in tables["data_quality"] if row["dataset"] == "hard"]
    rows[0]["value"] = ""
    rows[2]["low"] = math.nan
    assert [rows[place]["metric"] for place in (0, 2)] == ["coverage", "diversity"]
    table = table_of(tmp_path, "data_quality", tables)
    figure = data_quality(table, "hard", LOOK, NO_PAPER)
    coverage, diversity, _ = ([text.get_text() for text in axes.texts] for axes in figure.axes)
    assert coverage.count("n/a") == 1
    assert diversity[0].endswith("\N{DAGGER}") and "\N{DAGGER}" not in diversity[1]


def test_the_papers_values_are_beside_ours_only_for_its_own_data_set(tmp_path):
    path = tmp_path / "published.csv"
    path.write_text(
        "table,dataset,budget,source,target,k,metric,value\n"
        "finetuned,math,low,wc,student,,pass_at_1,28.2\n"
        "finetuned,math,,ground_truth,student,,pass_at_1,24.4\n"
    )
    look = Look(strong="gemma-27b", weak="gemma-9b")
    paper = Paper(path, "finetuned", "math", look)
    assert paper.value("pass_at_1", "low", "gemma-9b", "student") == 28.2
    assert paper.value("pass_at_1", "high", "human", "student") == 24.4
    assert math.isnan(paper.value("pass_at_1", "high", "gemma-9b", "student"))
    assert not Paper(path, "finetuned", "gsm8k", look).table.rows


def test_colours_follow_roles_and_further_sources_get_their_own():
    look = Look("large", "small", ["other", "large", "another", "small"])
    assert look.colour("large") == LOOK.colour("se") and look.colour("small") == LOOK.colour("wc")
    names = ["large", "small", "mix", "human", "base", "other", "another"]
    assert len({look.colour(name) for name in names}) == len(names)


def test_plotting_needs_no_model_library():
    loaded = "import sys, plot_figure, yetbetter.figures.finetuned as _"
    code = f"{loaded}; print({{'torch', 'transformers', 'pandas'}} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True)
    assert found.stdout.strip() == "set()", found.stderr
