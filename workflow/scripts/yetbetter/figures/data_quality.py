"""The figure of the training data: coverage, diversity and false positive rate."""

from dataclasses import replace

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from yetbetter.figures.look import Look, Paper, budgets_and_sources, choose_dataset, name_groups
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    FULL_WIDTH,
    INTERVAL,
    PAPER_STYLE,
    POOL_STYLE,
    Points,
    add_legend,
    add_title,
    limit,
    mark_empty,
    name_rows,
    new_figure,
    paper_handles,
    plot_rows,
    rows_height,
)
from yetbetter.measures.metrics import FURTHER_MEASURES, METRICS
from yetbetter.tables import Table

DATA_QUALITY = (
    "dataset",
    "budget",
    "source",
    "samples",
    "level",
    "metric",
    "basis",
    "value",
    "low",
    "high",
)


# Of answers that are right or wrong, and of others.
SHOWN = ("coverage", "diversity", "false_positive_rate", "diversity_of_answers")


def plot(request: Request) -> Figure:
    table = whole = request.read("data_quality", (*DATA_QUALITY, "model"))
    look = request.look(table.values("source"))
    dataset = choose_dataset(table, request.dataset)
    paper = Paper(request.published, "data", dataset, look)
    if request.sources:
        table = table.where(source=tuple(request.sources))
        look = replace(look, names=request.sources, writers={row["source"]: row["model"] for row in whole.rows})
    if request.budgets:
        table = table.where(budget=tuple(request.budgets))
    return data_quality(table, dataset, look, paper, request.sources, request.title)


def data_quality(
    table: Table, dataset: str, look: Look, paper: Paper, sources: list[str] | None = None, title: str = ""
) -> Figure:
    """Coverage, diversity and false positive rate of each budget's data, one bar per source (or of these, in order).

    Of answers that are neither right nor wrong: their diversity.
    """
    table = table.where(dataset=dataset, level="all")
    grid = budgets_and_sources(table, look, sources)
    groups = name_groups(grid, look, table)
    height = rows_height(groups)
    shown_metrics = METRICS if table.where(metric="coverage").rows or not table.rows else FURTHER_MEASURES
    metrics = [metric for metric in SHOWN if metric in shown_metrics]
    figure, [panels] = new_figure(1, len(metrics), FULL_WIDTH * (1 + len(metrics)) / 4, height, sharey=True)
    for axes, metric in zip(panels, metrics, strict=True):
        shown = shown_metrics[metric]
        published = shown.published
        if metric == "false_positive_rate" and "judged" in table.values("metric"):
            published = "fpr_judge"  # the paper has a rate by people and one by a judge
        places = name_rows(axes, groups)
        bars, pool, printed = [], Points(POOL_STYLE), Points(PAPER_STYLE)
        for (group, bar), place in places.items():
            budget, source = grid[group][0], grid[group][1][bar]
            keys = {"metric": metric, "budget": budget, "source": source}
            bars.append((place, table.estimate(basis="arm", **keys).times(shown.factor), look.colour(source)))
            pool.at[place] = table.estimate(basis="pool", **keys).times(shown.factor).value
            printed.at[place] = paper.value(published, budget, source)
        plot_rows(axes, bars, [pool, printed], shown.digits)
        axes.set_xlabel(shown.axis)
        axes.set_title(shown.title.capitalize())
        if not groups:
            mark_empty(axes)
        limit(axes, [cell for _, cell, _ in bars], [pool, printed])
    add_title(figure, f"{dataset}: quality of the sampled training data{f': {title}' if title else ''}")
    handles = [INTERVAL, Line2D([], [], **POOL_STYLE)]
    add_legend(figure, [*handles, *paper_handles(paper)])
    return figure
