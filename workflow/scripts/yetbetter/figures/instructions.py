"""The figure of models finetuned on answers to instructions: IFEval's four scores, per target, budget and source."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from yetbetter.figures.look import (
    ARMS,
    FINETUNED,
    SEEDS,
    Look,
    budget_label,
    budgets_and_sources,
    choose_dataset,
    data_label,
)
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    FULL_WIDTH,
    INTERVAL,
    Points,
    add_height,
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
from yetbetter.figures.targets import title_target
from yetbetter.tables import Table

# Metric -> its heading, and the metric of the repaired checkers.
SCORES = {
    "pass@1": ("Prompts, strict", "repaired_prompt_strict"),
    "prompt_loose": ("Prompts, loose", "repaired_prompt_loose"),
    "instruction_strict": ("Instructions, strict", "repaired_instruction_strict"),
    "instruction_loose": ("Instructions, loose", "repaired_instruction_loose"),
}
REPAIRED_STYLE = point_style(marker="o", markerfacecolor="white", label="by the repaired checkers")


def plot(request: Request) -> Figure:
    table, arms = request.read("finetuned", FINETUNED), request.read("arms", ARMS)
    dataset = choose_dataset(table, request.dataset)
    table = table.where(dataset=dataset, level="all", seed=SEEDS, benchmark=request.benchmark)
    # Sources of this task have names of their own: the colours are those of the models that wrote them.
    look = request.look(table.values("source"), {row["source"]: row["model"] for row in arms.rows})
    return instructions(table, dataset, look, arms.where(dataset=dataset))


def instructions(table: Table, dataset: str, look: Look, arms: Table) -> Figure:
    """A panel for each target; rows by score and budget, a bar for each source."""
    grid = budgets_and_sources(table.where(metric="pass@1"), look)
    rows = [(metric, budget, sources) for metric in SCORES for budget, sources in grid]
    several = len(grid) > 1
    groups = [
        (
            f"{SCORES[metric][0]}{f', {budget_label(budget)}' if several else ''}",
            [data_label(arms, look, budget, source) for source in sources],
        )
        for metric, budget, sources in rows
    ]
    targets = look.order_targets(table.values("target"))
    size = (FULL_WIDTH, rows_height(groups) + 0.25)
    figure, [panels] = new_figure(1, max(1, len(targets)), *size, sharey=True, sharex=True)
    cells, points, lines = [], [], []
    for axes, target in zip(panels, targets, strict=False):
        bars, repaired = [], Points(REPAIRED_STYLE)
        for (group, bar), place in name_rows(axes, groups).items():
            metric, budget, sources = rows[group]
            keys = {"target": target, "budget": budget, "source": sources[bar]}
            bars.append((place, table.estimate(metric=metric, **keys).times(100), look.colour(sources[bar])))
            repaired.at[place] = table.estimate(metric=SCORES[metric][1], **keys).times(100).value
        plot_rows(axes, bars, [repaired], 1)
        cells += [cell for _, cell, _ in bars]
        points.append(repaired)
        lines.append(title_target(axes, table, look, target))
        axes.set_xlabel("followed (%)")
    add_height(figure, max(lines, default=0) - 5)
    for axes in panels:
        limit(axes, cells, points)
        if not targets:
            mark_empty(axes)
    add_title(figure, f"{dataset}: instructions followed after finetuning, by source of the data")
    add_legend(figure, [INTERVAL, Line2D([], [], **REPAIRED_STYLE)])
    return figure
