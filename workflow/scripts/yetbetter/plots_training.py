"""The curves of finetunings: loss and learning rate."""

import math
import statistics
from dataclasses import dataclass
from itertools import compress

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from yetbetter import plot_tables, plots

VALUES = ("step", "loss", "learning_rate")
FINETUNING = ("dataset", "budget", "source", "target", "seed", "rate")
# Told apart without colour too, by their order in the legend and their dashes.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES = ("-", "--", "-.", ":")
SMOOTH = 50  # a running median over a 50th of the steps lies over the steps' own values


@dataclass(frozen=True)
class Run:
    """The steps of a finetuning; none where it had no examples."""

    log: list[dict]
    checkpoints: list[int]  # the steps after which they were taken


def read_runs(training: str, checkpoints: str, dataset: str, budget: str, target: str) -> dict[str, Run]:
    """The finetunings of one data set, budget and target by name; what all of them share is not in their names."""
    place = {"dataset": dataset, "budget": budget, "target": target}
    table = plot_tables.read_table(training, (*FINETUNING, *VALUES)).where(**place)
    taken = plot_tables.read_table(checkpoints, (*FINETUNING, "step")).where(**place)
    keys = ("source", "seed", "rate")
    steps: dict[tuple, list[dict]] = {}
    for row in table.rows:
        steps.setdefault(tuple(row[key] for key in keys), []).append(row)
    differ = [key == "source" or len(table.values(key)) > 1 for key in keys]
    runs = {}
    for (source, seed, rate), rows in steps.items():
        name = " ".join(compress((source, f"seed {seed}", rate), differ))
        log = [{key: plot_tables.to_number(row[key], f"{training}: {key}") for key in VALUES} for row in rows]
        log = [row for row in log if not math.isnan(row["step"])]
        marks = taken.where(source=source, seed=seed, rate=rate).values("step") if log else []
        runs[name] = Run(log, [int(step) for step in marks if step])
    return runs


def draw(runs: dict[str, Run], title: str) -> Figure:
    """Curves by step, one for each run, those of a run in one colour; ticks below mark the checkpoints."""
    figure, axes = plots.new_figure(1, 2, plots.FULL_WIDTH, 2.4, sharex=True)
    loss, rate = axes[0]
    for number, (name, run) in enumerate(runs.items()):
        style = {"color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[number // len(COLOURS) % len(DASHES)]}
        draw_values(loss, run.log, "loss", style, name)
        draw_values(rate, run.log, "learning_rate", style, smooth=False)
        for step in run.checkpoints:
            loss.plot([step], [0], transform=loss.get_xaxis_transform(), marker="|", clip_on=False, **style)
    for panel, label in ((loss, "loss per completion token"), (rate, "learning rate")):
        panel.set_title(label, loc="left")
        panel.set_xlabel("step")
        panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if rate.lines:
        rate.set_ylim(bottom=0)
    rate.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if title:
        figure.suptitle(title, fontweight="bold")
    handles = [line for line in loss.lines if not line.get_label().startswith("_")]
    if handles:
        plots.add_legend(figure, handles, columns=6)
    else:
        plots.mark_empty(loss)
    return figure


def draw_values(axes: Axes, rows: list[dict], key: str, style: dict, name: str = "", smooth: bool = True) -> None:
    """A thin line through every step's value, a thick one through running medians."""
    if not rows:
        return
    steps, values = [row["step"] for row in rows], [row[key] for row in rows]
    window = len(rows) // SMOOTH
    thin = smooth and window > 1
    if thin:
        axes.plot(steps, values, linewidth=0.5, alpha=0.35, **style)
        values = medians(values, window)
    axes.plot(steps, values, linewidth=1.2, label=name or "_", **style)


def medians(values: list[float], window: int) -> list[float]:
    """The median of each value and its neighbours, up to `window` on either side."""
    return [statistics.median(values[max(0, i - window) : i + window + 1]) for i in range(len(values))]
