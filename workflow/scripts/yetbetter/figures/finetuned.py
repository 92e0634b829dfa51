"""The figure of the finetuned models: a metric per target and budget, a bar per source of the data."""

from matplotlib.figure import Figure

from yetbetter.figures.look import ARMS, FINETUNED, SEEDS, Look, Paper, budgets_and_sources, choose_dataset, name_groups
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    FULL_WIDTH,
    INTERVAL,
    PAPER_STYLE,
    Points,
    add_height,
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
from yetbetter.figures.targets import title_target
from yetbetter.measures.metrics import METRICS, Metric
from yetbetter.tables import Table


def plot(request: Request) -> Figure:
    table = request.read("finetuned", FINETUNED)
    arms = request.read("arms", ARMS)
    look = request.look(table.values("source"))
    dataset = choose_dataset(table, request.dataset)
    paper = Paper(request.published, "finetuned", dataset, look)
    return finetuned(table, dataset, look, paper, request.benchmark, request.metric, arms)


def finetuned(
    table: Table,
    dataset: str,
    look: Look,
    paper: Paper,
    benchmark: str = "test",
    metric: str = "pass@1",
    arms: Table | None = None,
) -> Figure:
    """A metric of the finetuned models per target and budget, one bar per data source.

    Rows of no budget (the base model, human-written solutions) come first, each with a line through
    its panel.
    """
    table = table.where(dataset=dataset, level="all", seed=SEEDS, benchmark=benchmark, metric=metric)
    shown = METRICS.get(metric) or Metric(title=metric, axis=f"{metric} (%)")
    grid = budgets_and_sources(table, look)
    groups = name_groups(grid, look, arms and arms.where(dataset=dataset))
    targets = look.order_targets(table.values("target"))
    size = (FULL_WIDTH, rows_height(groups) + 0.25)
    figure, [panels] = new_figure(1, max(1, len(targets)), *size, sharey=True, sharex=True)
    cells, points, titles = [], [], []
    for axes, target in zip(panels, targets, strict=False):
        bars, printed = [], Points(PAPER_STYLE)
        for (group, bar), place in name_rows(axes, groups).items():
            budget, source = grid[group][0], grid[group][1][bar]
            cell = table.estimate(target=target, budget=budget, source=source).times(shown.factor)
            bars.append((place, cell, look.colour(source)))
            printed.at[place] = paper.value(shown.published, budget, source, target)
            if budget == "" and cell.known:
                axes.axvline(
                    cell.value,
                    color=look.colour(source),
                    linewidth=0.8,
                    linestyle=(0, (3, 2)),
                    zorder=0,
                )
        plot_rows(axes, bars, [printed], shown.digits)
        cells += [cell for _, cell, _ in bars]
        points.append(printed)
        titles.append(title_target(axes, table, look, target))
        axes.set_xlabel(shown.axis)
    add_height(figure, max(titles, default=0) - 5)
    for axes in panels:
        limit(axes, cells, points)
        if not targets:
            mark_empty(axes)
    add_title(figure, f"{dataset}: {shown.title} on the {benchmark} problems after finetuning, by source of the data")
    add_legend(figure, [INTERVAL, *paper_handles(paper)])
    return figure
