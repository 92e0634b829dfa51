"""The figure of the estimates of false positive rates: people, judge and both, beside each other and the exact rate."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from yetbetter.figures.look import Look, budget_label, choose_dataset
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    FULL_WIDTH,
    INTERVAL,
    Points,
    add_legend,
    add_title,
    limit,
    mark_empty,
    name_rows,
    new_figure,
    plot_rows,
    point_style,
    rows_height,
)
from yetbetter.measures.false_positives import EXACT, METHODS
from yetbetter.measures.metrics import METRICS
from yetbetter.tables import Table

RATES = ("dataset", "budget", "source", "target", "method", "simulated", "value", "low", "high")
EXACT_STYLE = point_style(marker="|", markersize=9, markeredgewidth=1.6, label="exact rate")


def plot(request: Request) -> Figure:
    table = request.read("false_positives", RATES)
    look = request.look(table.values("source"))
    return false_positives(table, choose_dataset(table, request.dataset), look)


def false_positives(table: Table, dataset: str, look: Look) -> Figure:
    """A panel per estimate, a bar per arm and finetuned model; a mark at the exact rate where it is known."""
    table = table.where(dataset=dataset)
    rows = [
        (target, budget, source)
        for target in ["", *look.order_targets([name for name in table.values("target") if name])]
        for budget in look.order_budgets(table.where(target=target).values("budget"))
        for source in look.order(table.where(target=target, budget=budget).values("source"))
    ]
    heads = list(dict.fromkeys(row[:2] for row in rows))
    groups = [
        (heading(look, *head), [look.label(source) for *place, source in rows if tuple(place) == head])
        for head in heads
    ]
    methods = [method for method in METHODS if method != EXACT and method in table.values("method")] or [EXACT]
    figure, [panels] = new_figure(1, len(methods), FULL_WIDTH, rows_height(groups), sharey=True)
    for axes, method in zip(panels, methods, strict=True):
        places = iter(name_rows(axes, groups).values())
        bars, exact = [], Points(EXACT_STYLE)
        for (target, budget, source), place in zip(rows, places, strict=True):
            keys = {"target": target, "budget": budget, "source": source}
            bars.append((place, table.estimate(method=method, **keys).times(100), look.colour(source)))
            exact.at[place] = table.estimate(method=EXACT, **keys).times(100).value
        plot_rows(axes, bars, [exact], METRICS["false_positive_rate"].digits)
        axes.set_xlabel(METRICS["false_positive_rate"].axis)
        axes.set_title(method[0].upper() + method[1:], fontsize=7)
        if not rows:
            mark_empty(axes)
        limit(axes, [cell for _, cell, _ in bars], [exact])
    simulated = " by simulated people and a simulated judge" if "1" in table.values("simulated") else ""
    add_title(figure, f"{dataset}: false positive rates{simulated}, estimated in several ways")
    known = EXACT in table.values("method")
    add_legend(figure, [INTERVAL, *([Line2D([], [], **EXACT_STYLE)] if known else [])])
    return figure


def heading(look: Look, target: str, budget: str) -> str:
    """For example "training data, low budget" or "student, references"."""
    return f"{look.label(target) if target else 'training data'}, {budget_label(budget)}"
