"""The figure of coverage at each level of difficulty."""

import math

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from yetbetter.figures.look import ARMS, COVERAGE, Look, Paper, budget_label, choose_dataset, samples_label
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    FULL_WIDTH,
    INTERVAL,
    PAPER_STYLE,
    add_legend,
    add_title,
    broken,
    mark_empty,
    new_figure,
    paper_handles,
    plot_bar,
)
from yetbetter.tables import Table, level_order, to_number


def plot(request: Request) -> Figure:
    table = request.read("coverage", COVERAGE)
    arms = request.read("arms", ARMS)
    look = request.look(table.values("model"))
    dataset = choose_dataset(table, request.dataset)
    paper = Paper(request.published, "coverage_by_level", dataset, look)
    return coverage_by_level(table, arms, dataset, look, paper)


def coverage_by_level(table: Table, arms: Table, dataset: str, look: Look, paper: Paper) -> Figure:
    """Coverage per level of difficulty, SE against WC with each budget's samples, in panels: the largest first."""
    table = table.where(dataset=dataset)
    arms = arms.where(dataset=dataset)
    levels = sorted((level for level in table.values("level") if level != "all"), key=level_order)
    budgets = budgets_of(arms, look)
    columns = min(2, max(1, len(budgets)))
    lines = math.ceil(len(budgets) / columns) or 1
    figure, grid = new_figure(lines, columns, FULL_WIDTH, 0.2 + 2.4 * lines, sharey=True)
    panels = [axes for row in grid for axes in row]
    for axes, budget in zip(panels, budgets, strict=False):
        handles = []
        for shift, model in ((-0.2, look.strong), (0.2, look.weak)):
            samples = samples_of(arms.where(budget=budget, model=model), look)
            k = to_number(samples, f"{arms.path}: samples")
            for column, level in enumerate(levels):
                cell = table.estimate(model=model, level=level, k=k).times(100)
                plot_bar(axes, column + shift, cell, look.colour(model), width=0.38, lying=False)
                printed = paper.value(f"level_{level}", budget, model)
                axes.plot([column + shift], [printed], **PAPER_STYLE)
            label = samples_label(look.label(model), samples)
            handles.append(Patch(color=look.colour(model), label=label))
        counts = [f"{level}\n({_questions(table, level)})" for level in levels]
        axes.set_xticks(range(len(levels)), counts)
        axes.tick_params(axis="x", length=0)
        axes.set_xlim(-0.6, max(1, len(levels)) - 0.4)
        axes.set_xlabel("level (questions)")
        axes.set_ylim(0, 100)
        # Side by side if they fit, else the title above the legend.
        width = sum(len(handle.get_label()) for handle in handles) + len(budget_label(budget))
        axes.set_title(broken(budget_label(budget)), loc="left", **({"pad": 18} if width > 42 else {}))
        # Above the axes, where no bar can reach.
        axes.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(1.02, 0.98),
            ncols=2,
            handlelength=1.2,
            columnspacing=1.2,
        )
        if not levels:
            mark_empty(axes)
    for axes in panels[len(budgets) :]:
        axes.set_axis_off()
    if not budgets:
        panels[0].set_axis_on()
        mark_empty(panels[0])
    for row in grid:
        row[0].set_ylabel("coverage (% of questions)")
    add_title(figure, f"{dataset}: coverage by level of difficulty")
    add_legend(figure, [INTERVAL, *paper_handles(paper)])
    return figure


def budgets_of(arms: Table, look: Look) -> list[str]:
    """The budgets under which one of the two models draws samples, most samples first, then in the config's order.

    Panels show single models, so arms of several models are not counted.
    """
    budgets = look.order_budgets(arms.where(model=(look.strong, look.weak)).values("budget"))

    def samples(budget: str) -> tuple[float, ...]:
        own = (samples_of(arms.where(budget=budget, model=model), look) for model in (look.strong, look.weak))
        return tuple(to_number(count, f"{arms.path}: samples") if count else 0.0 for count in own)

    return sorted(budgets, key=samples, reverse=True)


def samples_of(arms: Table, look: Look) -> str:
    """Samples per question of the compared source, or else of the one named like its model, or else of the first."""
    first = [look.study.strong_source, look.study.weak_source, look.strong, look.weak]
    rows = sorted(arms.rows, key=lambda row: first.index(row["source"]) if row["source"] in first else len(first))
    return rows[0]["samples"] if rows else ""


def _questions(table: Table, level: str) -> str:
    counts = [count for count in table.where(level=level).values("questions") if count]
    return counts[0] if counts else "?"
