"""The curves of finetunings: loss, learning rate, speed and, where the devices' peak is known, utilisation."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from yetbetter import plots
from yetbetter.records import read_json, read_rows

# Told apart without colour too, by their order in the legend and their dashes.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES = ("-", "--", "-.", ":")
SMOOTH = 50  # a running median over a 50th of the steps lies over the steps' own values


@dataclass(frozen=True)
class Run:
    """What a finetuning wrote down of every step; empty where it had no examples."""

    log: list[dict]
    timing: list[dict]
    checkpoints: list[int]  # the steps after which they were taken


def read_run(folder: Path) -> Run:
    """Raises UserError, naming the file, where the folder is not finetune_model.py's."""
    log = read_rows(folder / "training.jsonl", require=("step", "loss", "learning_rate"))
    timing = read_rows(folder / "timing.jsonl", require=("step", "tokens_per_second", "flops_utilisation"))
    arguments = read_json(folder / "about.json", require=("arguments",))["arguments"]
    steps, number = int(arguments["steps"]), int(arguments["checkpoints"])
    return Run(log, timing, [steps * i // number for i in range(1, 1 + number)] if log else [])


def draw(runs: dict[str, Run], title: str) -> Figure:
    """Curves by step, one for each run, those of a run in one colour; ticks below mark the checkpoints."""
    known = {name: [row for row in run.timing if row["flops_utilisation"] is not None] for name, run in runs.items()}
    rows, columns, height = (2, 2, 4.2) if any(known.values()) else (1, 3, 2.4)
    figure, axes = plots.new_figure(rows, columns, plots.FULL_WIDTH, height, sharex=True)
    loss, rate, speed, *rest = axes.flat
    for number, (name, run) in enumerate(runs.items()):
        style = {"color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[number // len(COLOURS) % len(DASHES)]}
        draw_values(loss, run.log, "loss", style, name)
        draw_values(rate, run.log, "learning_rate", style, smooth=False)
        draw_values(speed, run.timing, "tokens_per_second", style)
        for utilisation in rest:
            draw_values(utilisation, known[name], "flops_utilisation", style, scale=100)
        for step in run.checkpoints:
            loss.plot([step], [0], transform=loss.get_xaxis_transform(), marker="|", clip_on=False, **style)
    labels = ("loss per completion token", "learning rate", "tokens a second", "model FLOPs, % of the peak")
    for panel, label in zip(axes.flat, labels, strict=False):
        panel.set_title(label, loc="left")
        panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        if panel is not loss and panel.lines:
            panel.set_ylim(bottom=0)
    rate.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    for panel in axes[-1]:
        panel.set_xlabel("step")
    if title:
        figure.suptitle(title, fontweight="bold")
    handles = [line for line in loss.lines if not line.get_label().startswith("_")]
    if handles:
        plots.add_legend(figure, handles, columns=6)
    else:
        plots.mark_empty(loss)
    return figure


def draw_values(
    axes: Axes, rows: list[dict], key: str, style: dict, name: str = "", scale: float = 1, smooth: bool = True
) -> None:
    """A thin line through every step's value, a thick one through running medians."""
    if not rows:
        return
    steps, values = [row["step"] for row in rows], [scale * row[key] for row in rows]
    window = len(rows) // SMOOTH
    thin = smooth and window > 1
    if thin:
        axes.plot(steps, values, linewidth=0.5, alpha=0.35, **style)
        values = medians(values, window)
    axes.plot(steps, values, linewidth=1.2, label=name or "_", **style)


def medians(values: list[float], window: int) -> list[float]:
    """The median of each value and its neighbours, up to `window` on either side."""
    return [statistics.median(values[max(0, i - window) : i + window + 1]) for i in range(len(values))]
