"""The curves of finetunings: loss and learning rate by step."""

import statistics

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from yetbetter.figures.checkpoints import RATE_LINES, line_handles
from yetbetter.figures.look import Look, budget_label, choose_dataset
from yetbetter.figures.request import Request
from yetbetter.figures.style import FULL_WIDTH, add_legend, add_title, mark_empty, new_figure
from yetbetter.tables import Table, to_number

CHECKPOINTS = ("dataset", "budget", "source", "target", "seed", "rate", "step")
TRAINING = (*CHECKPOINTS, "loss", "learning_rate")
SMOOTH = 50  # a running median over a 50th of the steps lies over the steps' own values


def plot(request: Request) -> Figure:
    table = request.read("training", TRAINING)
    checkpoints = request.read("checkpoints", CHECKPOINTS)
    look = request.look(table.values("source"))
    place = {
        "dataset": choose_dataset(table, request.dataset),
        "budget": request.budget,
        "target": request.target,
    }
    title = f"{place['dataset']}, {budget_label(request.budget)}, target: {look.label(request.target)}"
    return training(table.where(**place), checkpoints.where(**place), look, title)


def training(table: Table, checkpoints: Table, look: Look, title: str) -> Figure:
    """The finetunings of one data set, budget and target, and the checkpoints that were taken of them.

    A line is one finetuning: its colour the source of the data, its dashes the learning rate, one for every seed. Ticks
    below mark the checkpoints. One that had no examples has no line.
    """
    table = Table(table.path, [row for row in table.rows if row["step"]])
    rates = table.values("rate")
    figure, panels = new_figure(1, 2, FULL_WIDTH, 2.4, sharex=True)
    loss, rate = panels[0]
    sources = look.order(table.values("source"))
    for source in sources:
        for seed in table.values("seed"):
            for name in table.where(source=source, seed=seed).values("rate"):
                run = {"source": source, "seed": seed, "rate": name}
                style = {"color": look.colour(source), "linestyle": RATE_LINES[rates.index(name) % len(RATE_LINES)]}
                plot_values(loss, table.where(**run), "loss", style)
                plot_values(rate, table.where(**run), "learning_rate", style, smooth=False)
                for step in filter(None, checkpoints.where(**run).values("step")):
                    loss.plot(
                        [int(step)], [0], transform=loss.get_xaxis_transform(), marker="|", clip_on=False, **style
                    )
    for panel, label in ((loss, "loss per completion token"), (rate, "learning rate")):
        panel.set_title(label, loc="left")
        panel.set_xlabel("optimizer step")
        panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    rate.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    add_title(figure, title)
    if table.rows:
        rate.set_ylim(bottom=0)
        add_legend(figure, line_handles(look, sources, rates), columns=6)
    else:
        mark_empty(loss)
    return figure


def plot_values(axes: Axes, table: Table, key: str, style: dict, smooth: bool = True) -> None:
    """A thin line through every step's value, a thick one through running medians."""
    steps, values = (
        [to_number(row[column], f"{table.path}: {column}") for row in table.rows] for column in ("step", key)
    )
    window = len(values) // SMOOTH
    if smooth and window > 1:
        axes.plot(steps, values, linewidth=0.5, alpha=0.35, **style)
        values = medians(values, window)
    axes.plot(steps, values, linewidth=1.2, **style)


def medians(values: list[float], window: int) -> list[float]:
    """The median of each value and its neighbours, up to `window` on either side."""
    return [statistics.median(values[max(0, i - window) : i + window + 1]) for i in range(len(values))]
