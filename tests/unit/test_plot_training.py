"""training.csv and its figure: the same table gives the same bytes; missing data are reported without a crash."""

import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from finetune_support import SCRIPTS, write
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from yetbetter.errors import UserError
from yetbetter.figures.look import STRONG, WEAK, Look
from yetbetter.figures.training import CHECKPOINTS, TRAINING, training
from yetbetter.records import write_json
from yetbetter.tables import NUMBERS, Table, read_table, write_table

PLACE = {"dataset": "hard", "budget": "low", "target": "student"}


def steps_of(count: int) -> list[dict]:
    return [
        {"step": i, "loss": 3 * math.exp(-i / 40), "learning_rate": 1e-3 * (1 - i / count)} for i in range(1, count)
    ]


def add_finetuning(
    folder: Path, source: str, seed: int, log: list[dict] | None, rate: str = "low", first: str = "low"
) -> str:
    """A finetuned model's folder and its evaluation's choice; no folder without a log."""
    cell = f"hard/low/from-{source}/to-student/seed-{seed}"
    validation = {f"{rate}/checkpoint-{i}": 0.1 * i for i in (1, 2)}
    write_json(
        folder / "evaluations" / cell / "choice.json", {"checkpoint": f"{first}/checkpoint-2", "validation": validation}
    )
    if log is not None:
        (folder / "models" / cell / rate).mkdir(parents=True)
        write(folder / "models" / cell / rate / "training.jsonl", log)
    return f"hard/low/{source}/student/{seed}"


def tabulate(folder: Path, *cells: str) -> Path:
    output = folder / "training.csv"
    places = ("--models", str(folder / "models"), "--evaluations", str(folder / "evaluations"))
    command = [sys.executable, str(SCRIPTS / "tabulate_training.py"), *places, "--cells", *cells]
    subprocess.run([*command, "--training", str(output), "--checkpoints", str(folder / "chosen.csv")], check=True)
    return output


def write_checkpoints(folder: Path, *steps: int) -> Path:
    rows = [PLACE | {"source": "wc", "seed": "0", "rate": "low", "step": step} for step in steps]
    write_table(folder / "checkpoints.csv", [*PLACE, "source", "seed", "rate", "step"], rows)
    return folder / "checkpoints.csv"


def plot(folder: Path, *cells: str) -> Figure:
    table, checkpoints = tabulate(folder, *cells), write_checkpoints(folder, 6, 13, 20)
    table = read_table(str(table), TRAINING, NUMBERS)
    checkpoints = read_table(str(checkpoints), CHECKPOINTS, NUMBERS)
    return training(table, checkpoints, Look(names=table.values("source")), "curves")


def curves_of(axes: Axes) -> Counter:
    """(colour, dashes) of the curves."""
    return Counter((line.get_color(), line.get_linestyle()) for line in axes.lines)


def test_every_step_of_a_finetuning_is_a_row_with_its_coordinates(tmp_path):
    rows = read_table(tabulate(tmp_path, add_finetuning(tmp_path, "wc", 0, steps_of(20)))).rows
    assert [row["step"] for row in rows] == [str(i) for i in range(1, 20)]
    assert rows[0] == PLACE | {
        "source": "wc", "seed": "0", "rate": "low", "step": "1", "loss": "2.92593", "learning_rate": "0.00095",
    }  # fmt: skip


def test_of_long_finetunings_every_nth_step_is_kept(tmp_path):
    rows = read_table(tabulate(tmp_path, add_finetuning(tmp_path, "wc", 0, steps_of(2402)))).rows
    assert len(rows) == 800 and [row["step"] for row in rows[:2]] == ["3", "6"]


def test_a_seed_trained_with_the_chosen_rate_has_that_rates_name(tmp_path):
    cells = [add_finetuning(tmp_path, "wc", 0, steps_of(3), "low", "low")]
    cells += [add_finetuning(tmp_path, "wc", 7, steps_of(3), "chosen", "chosen")]
    assert {(row["seed"], row["rate"]) for row in read_table(tabulate(tmp_path, *cells)).rows} == {
        ("0", "low"),
        ("7", "low"),
    }


def test_finetunings_without_steps_keep_a_row_and_have_no_curve(tmp_path):
    cells = [add_finetuning(tmp_path, "wc", 0, []), add_finetuning(tmp_path, "se", 0, None)]
    figure = plot(tmp_path, *cells)
    assert [(row["source"], row["step"]) for row in read_table(tmp_path / "training.csv").rows] == [
        ("wc", ""),
        ("se", ""),
    ]
    assert not figure.axes[0].lines and not figure.legends


def test_the_same_table_gives_the_same_bytes(tmp_path):
    cells = [add_finetuning(tmp_path, source, 0, steps_of(200)) for source in ("wc", "se")]
    options = ["--tables", str(tabulate(tmp_path, *cells)), str(write_checkpoints(tmp_path, 200))]
    options += [word for axis, name in PLACE.items() for word in (f"--{axis}", name)]
    for name in ("one", "two"):
        outputs = ["--output-pdf", f"{tmp_path}/{name}.pdf", "--output-png", f"{tmp_path}/{name}.png"]
        subprocess.run([sys.executable, str(SCRIPTS / "plot_figure.py"), "training", *options, *outputs], check=True)
    for kind in ("pdf", "png"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()


def test_every_finetuning_has_its_curve_and_its_checkpoints_their_ticks(tmp_path):
    cells = [add_finetuning(tmp_path, "wc", 0, steps_of(200)), add_finetuning(tmp_path, "se", 0, [])]
    figure = plot(tmp_path, *cells)
    loss, rate = figure.axes
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["WC data"]
    assert len(loss.lines) == 2 + 3 and len(rate.lines) == 1
    assert [int(line.get_xdata()[0]) for line in loss.lines[2:]] == [6, 13, 20]


def test_colours_tell_the_source_as_in_every_figure_and_dashes_the_rate(tmp_path):
    cells = [add_finetuning(tmp_path, source, seed, steps_of(3)) for source in ("wc", "se") for seed in (0, 1)]
    cells.append(add_finetuning(tmp_path, "wc", 2, steps_of(3), "high", "high"))
    figure = plot(tmp_path, *cells)
    assert curves_of(figure.axes[1]) == {(STRONG, "-"): 2, (WEAK, "-"): 2, (WEAK, "--"): 1}
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["SE data", "WC data", "rate: low", "rate: high"]


def test_a_number_that_is_none_is_reported_with_its_file(tmp_path):
    cell = add_finetuning(tmp_path, "wc", 0, steps_of(3))
    table = tabulate(tmp_path, cell)
    table.write_text(table.read_text().replace("2.92593", "much"))
    table = read_table(str(table), TRAINING, NUMBERS)
    with pytest.raises(UserError, match=r"training\.csv: loss is 'much', not a number"):
        training(table, Table("", []), Look(), "curves")
