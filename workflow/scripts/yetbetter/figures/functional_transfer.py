"""The figure of majority votes on functional variants of the test problems, and on control problems."""

import re

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from yetbetter.figures.look import FINETUNED, SEEDS, Look, budget_label, choose_dataset
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    FULL_WIDTH,
    INK,
    INTERVAL,
    LINE,
    add_legend,
    add_title,
    budget_lines,
    log_axis,
    mark_empty,
    new_figure,
    plot_curve,
)
from yetbetter.figures.targets import title_target
from yetbetter.tables import Table


def plot(request: Request) -> Figure:
    table = request.read("finetuned", FINETUNED)
    look = request.look(table.values("source"))
    return functional_transfer(table, choose_dataset(table, request.dataset), look)


def functional_transfer(table: Table, dataset: str, look: Look) -> Figure:
    """Maj@k on functional variants and on control problems per target, SE against WC data."""
    pair = (look.strong, look.weak)
    table = table.where(dataset=dataset, level="all", seed=SEEDS, source=pair, benchmark=("functional", "control"))
    found = [re.fullmatch(r"maj@(\d+)", metric) for metric in table.values("metric")]
    votes = sorted(int(match[1]) for match in found if match)
    table = table.where(metric=tuple(f"maj@{k}" for k in votes))
    targets = look.order_targets(table.values("target"))
    budgets = look.order_budgets(table.values("budget"))
    size = (FULL_WIDTH, 4.2)
    figure, panels = new_figure(2, max(1, len(targets)), *size, sharex=True, sharey=True)
    styles = budget_lines(budgets)
    # Side by side, or intervals at one k would cover each other.
    shifts = [1.06 ** (place + 0.5 - len(budgets)) for place in range(2 * len(budgets))]
    for benchmark, row in zip(("functional", "control"), panels, strict=True):
        for axes, target in zip(row, targets, strict=False):
            curves = [(budget, source) for budget in budgets for source in pair]
            for shift, (budget, source) in zip(shifts, curves, strict=True):
                rows = table.where(target=target, budget=budget, source=source, benchmark=benchmark)
                curve = {k: rows.estimate(metric=f"maj@{k}").times(100) for k in votes}
                style = styles[budget]
                plot_curve(axes, curve, look.colour(source), shift=shift, **style)
            if benchmark == "functional":
                title_target(axes, table, look, target)
            else:
                axes.set_xlabel("k, answers in the vote")
            log_axis(axes, votes)
        row[0].set_ylabel(f"{benchmark.capitalize()} problems\nmaj@k (%)")
    if not targets:
        for row in panels:
            mark_empty(row[0])
    add_title(figure, f"{dataset}: majority vote on functional variants, and on control problems")
    handles = [Patch(color=look.colour(source), label=f"{look.label(source)} data") for source in pair]
    for budget in budgets:
        style = LINE | styles[budget]
        name = budget_label(budget)
        handles.append(Line2D([], [], color=INK, label=name, **style))
    add_legend(figure, [*handles, INTERVAL], columns=6)
    return figure
