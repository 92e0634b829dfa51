"""draw_training.py: the same files give the same bytes; what is missing is said in the figure or in one line."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from finetune_support import SCRIPTS, write

from yetbetter import plots_training


def run_folder(folder: Path, steps: int, peak: bool = False) -> Path:
    folder.mkdir()
    log = [{"step": i, "loss": 3 * math.exp(-i / 40), "learning_rate": 1e-3 * (1 - i / steps)} for i in range(1, steps)]
    write(folder / "training.jsonl", log)
    timing = [{"step": row["step"], "tokens_per_second": 9000.0 + row["step"] % 7} for row in log]
    write(folder / "timing.jsonl", [row | {"flops_utilisation": 0.4 if peak else None} for row in timing])
    arguments = {"steps": str(steps), "checkpoints": "3"}
    (folder / "about.json").write_text(json.dumps({"arguments": arguments}))
    return folder


def test_the_same_runs_give_the_same_bytes(tmp_path):
    folders = [run_folder(tmp_path / "low", 200), run_folder(tmp_path / "high", 150, peak=True)]
    for name in ("one", "two"):
        options = ["--models", f"1e-3={folders[0]}", str(folders[1]), "--title", "Pocket"]
        options += ["--output-pdf", f"{tmp_path}/{name}.pdf", "--output-png", f"{tmp_path}/{name}.png"]
        subprocess.run([sys.executable, str(SCRIPTS / "draw_training.py"), *options], check=True)
    for kind in ("pdf", "png"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()


def test_every_run_has_its_curve_and_its_checkpoints_their_ticks(tmp_path):
    runs = {"low": plots_training.read_run(run_folder(tmp_path / "low", 200, peak=True))}
    assert runs["low"].checkpoints == [66, 133, 200]
    figure = plots_training.draw(runs | {"none": plots_training.Run([], [], [])}, "")
    loss, rate, speed, utilisation = figure.axes
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["low"]
    assert len(loss.lines) == 2 + 3 and len(rate.lines) == 1 and len(speed.lines) == 2
    assert utilisation.lines[-1].get_ydata()[0] == pytest.approx(40)


def test_runs_on_a_cpu_have_no_panel_for_the_share_of_a_peak(tmp_path):
    run = plots_training.read_run(run_folder(tmp_path / "low", 20))
    figure = plots_training.draw({"low": run}, "")
    assert [panel.get_title(loc="left") for panel in figure.axes] == [
        "loss per completion token", "learning rate", "tokens a second",
    ]  # fmt: skip
    plots_training.draw({"none": plots_training.Run([], [], [])}, "")
