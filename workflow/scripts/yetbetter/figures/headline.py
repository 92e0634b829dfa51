"""The headline figure: each target's accuracy on SE and on WC data, and their paired difference."""

import math
import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from yetbetter.figures.look import (
    ARMS,
    DIFFERENCES,
    FINETUNED,
    SEEDS,
    Look,
    Paper,
    budget_label,
    choose_dataset,
    data_label,
)
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    DAGGER,
    INTERVAL,
    PAPER_STYLE,
    add_legend,
    add_title,
    mark_empty,
    new_figure,
    paper_handles,
    plot_bar,
    value_text,
)
from yetbetter.figures.targets import paradigm_of
from yetbetter.measures.metrics import METRICS
from yetbetter.tables import Estimate, Table


def plot(request: Request) -> Figure:
    table = request.read("finetuned", FINETUNED)
    differences = request.read("differences", DIFFERENCES)
    arms = request.read("arms", ARMS)
    look = request.look(table.values("source"))
    dataset = choose_dataset(table, request.dataset)
    paper = Paper(request.published, "finetuned", dataset, look)
    return headline(table, differences, dataset, request.budget, look, paper, arms)


def headline(
    table: Table,
    differences: Table,
    dataset: str,
    budget: str,
    look: Look,
    paper: Paper,
    arms: Table | None = None,
) -> Figure:
    """Accuracy of each target finetuned on SE or on WC data, their paired difference above."""
    keys = {
        "dataset": dataset,
        "budget": budget,
        "benchmark": "test",
        "metric": "pass@1",
        "level": "all",
    }
    table, differences = table.where(seed=SEEDS, **keys), differences.where(**keys)
    pair = [look.strong, look.weak]
    targets = look.order_targets(table.where(source=tuple(pair)).values("target"))
    figure, [[axes]] = new_figure(1, 1, 4.6, 3.1)
    top, ticks = 0.0, []
    for column, target in enumerate(targets):
        ends = []
        for place, source in zip((column - 0.2, column + 0.2), pair, strict=True):
            cell = table.estimate(target=target, source=source).times(100)
            plot_bar(axes, place, cell, look.colour(source), width=0.38, lying=False)
            printed = paper.value("pass_at_1", budget, source, target)
            axes.plot([place], [printed], **PAPER_STYLE)
            ends += [cell.end, 0 if math.isnan(printed) else printed]
            if cell.known:
                ink = "white" if source == look.strong else "black"
                axes.annotate(
                    value_text(cell),
                    (place, 0),
                    xytext=(0, 3),
                    textcoords="offset points",
                    ha="center",
                    color=ink,
                )
        lead = _difference(differences, target, *pair)
        _plot_difference(
            axes, column, max(ends), lead, f"{look.label(look.weak)} \N{MINUS SIGN} {look.label(look.strong)}"
        )
        top = max(top, *ends)
        ticks.append(f"{textwrap.fill(look.label(target), 22)}\n{paradigm_of(table, target, look.weak)}")
    axes.set_xticks(range(len(targets)), ticks)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.62, max(1, len(targets)) - 0.38)
    axes.set_ylim(0, 1.22 * top or 1)
    axes.set_xlabel("target, and what finetuning it on WC data is called")
    axes.set_ylabel(METRICS["pass@1"].axis)
    if not targets:
        mark_empty(axes)
    add_title(figure, f"{dataset}, {budget_label(budget)}: accuracy after finetuning on SE or WC data")
    arms = arms and arms.where(dataset=dataset)
    names = [(source, data_label(arms, look, budget, source, " data")) for source in pair]
    handles = [Patch(color=look.colour(source), label=name) for source, name in names]
    add_legend(figure, [*handles, INTERVAL, *paper_handles(paper)], columns=3)
    return figure


def _difference(differences: Table, target: str, strong: str, weak: str) -> Estimate:
    """WC data's lead over SE data in points; the opposite difference is turned round."""
    cell = differences.estimate("difference", target=target, source=weak, baseline=strong).times(100)
    if not cell.known:
        turned = differences.estimate("difference", target=target, source=strong, baseline=weak).times(-100)
        cell = Estimate(turned.value, turned.high, turned.low)
    return cell


def _plot_difference(axes: Axes, column: int, height: float, cell: Estimate, name: str) -> None:
    interval = f"[{cell.low:+.1f}, {cell.high:+.1f}]" if cell.bounded else DAGGER
    text = "n/a" if not cell.known else f"{cell.value:+.1f} points\n{interval}"
    # Short names have the value beside them.
    names = textwrap.fill(f"{name}:", 22, break_on_hyphens=False) + ("\n" if len(name) > 10 else " ")
    keys = {"xytext": (0, 6), "textcoords": "offset points", "ha": "center", "fontsize": 7}
    axes.annotate(names + text.replace("-", "\N{MINUS SIGN}"), (column, height), **keys)
