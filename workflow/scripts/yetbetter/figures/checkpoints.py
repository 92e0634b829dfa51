"""The figure of validation: the accuracy of every checkpoint, by step, and which one was chosen."""

import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from yetbetter.figures.look import Look, budget_label, choose_dataset
from yetbetter.figures.request import Request
from yetbetter.figures.style import FAINT, FULL_WIDTH, INK, LINE, add_legend, add_title, mark_empty, new_figure
from yetbetter.tables import Table

CHECKPOINTS = ("dataset", "budget", "source", "target", "seed", "checkpoint", "rate", "step", "validation", "chosen")
# By learning rate, in the order of the table; a fifth one starts again.
RATE_LINES = ("-", (0, (4, 2)), ":", "-.")
MARK = {"linestyle": "none", "marker": "o", "markersize": 6, "markerfacecolor": "none", "markeredgewidth": 1}


def plot(request: Request) -> Figure:
    table = request.read("checkpoints", CHECKPOINTS)
    look = request.look(table.values("source"))
    return checkpoints(table, choose_dataset(table, request.dataset), look)


def checkpoints(table: Table, dataset: str, look: Look) -> Figure:
    """Validation accuracy of one data set by step: a row of panels per budget, a column per target.

    A line is one finetuning: its colour the source of the data, its dashes the learning rate, one for every seed. A
    ring marks the checkpoint that a seed's benchmarks were answered with. Where a step is not known, the number of the
    checkpoint represents it, in the whole figure.
    """
    table = table.where(dataset=dataset)
    budgets = look.order_budgets(table.values("budget"))
    targets = look.order_targets(table.values("target"))
    by_step = all(row["step"] for row in table.rows)
    rates = table.values("rate")
    size = (FULL_WIDTH, 1.1 + 1.7 * max(1, len(budgets)))
    figure, panels = new_figure(max(1, len(budgets)), max(1, len(targets)), *size, sharey=True, sharex="row")
    for budget, row in zip(budgets, panels, strict=False):
        for target, axes in zip(targets, row, strict=False):
            plot_panel(axes, table.where(budget=budget, target=target), look, rates, by_step)
            if budget == budgets[0]:
                axes.set_title(textwrap.fill(f"target: {look.label(target)}", 30), fontweight="bold")
            if budget == budgets[-1]:
                axes.set_xlabel("optimizer step" if by_step else "checkpoint")
        row[0].set_ylabel(f"{textwrap.fill(budget_label(budget), 28)}\naccuracy, pass@1 (%)")
    if not table.rows:
        mark_empty(panels[0][0])
    add_title(figure, f"{dataset}: accuracy of every checkpoint on the validation problems")
    handles = line_handles(look, look.order(table.values("source")), rates)
    add_legend(figure, [*handles, Line2D([], [], color=INK, label="chosen", **MARK)], columns=5)
    return figure


def line_handles(look: Look, sources: list[str], rates: list[str]) -> list[Line2D]:
    """What a legend says of finetunings: the colour of each source, the dashes of each rate where there are several."""
    handles = [Line2D([], [], color=look.colour(name), label=f"{look.label(name)} data") for name in sources]
    if len(rates) > 1:
        styles = zip(rates, RATE_LINES * len(rates), strict=False)
        handles += [Line2D([], [], color=INK, linestyle=line, label=f"rate: {rate}") for rate, line in styles]
    return handles


def plot_panel(axes: Axes, table: Table, look: Look, rates: list[str], by_step: bool) -> None:
    """The lines of one budget and target; "n/a" where the table has none."""
    for source in look.order(table.values("source")):
        for seed in table.values("seed"):
            for rate in table.where(source=source, seed=seed).values("rate"):
                rows = table.where(source=source, seed=seed, rate=rate).rows
                places = [int(row["step"]) if by_step else number for number, row in enumerate(rows, start=1)]
                heights = [100 * float(row["validation"]) for row in rows]
                line = RATE_LINES[rates.index(rate) % len(RATE_LINES)]
                colour = look.colour(source)
                axes.plot(places, heights, color=colour, **LINE | {"linestyle": line, "linewidth": 0.9})
                chosen = [place for place, row in enumerate(rows) if row["chosen"] == "1"]
                axes.plot([places[at] for at in chosen], [heights[at] for at in chosen], color=colour, **MARK)
    if not table.rows:
        axes.text(0.5, 0.5, "n/a", transform=axes.transAxes, color=FAINT, style="italic", ha="center")
    axes.xaxis.get_major_locator().set_params(integer=True)
