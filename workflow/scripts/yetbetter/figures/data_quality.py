"""The figures of the sampled data: each function takes tidy tables and returns a Figure.

Fractions are drawn in percent. What a table lacks is marked: "n/a" for bars, a cross for curves.
"""

import math

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from yetbetter.figures import look as plot_tables
from yetbetter.figures import style as plots
from yetbetter.figures.look import METRICS, Look, Paper
from yetbetter.tables import Estimate, Table, to_number

# The columns that the figures read; the tables may have more.
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
COVERAGE = ("dataset", "model", "level", "k", "value", "low", "high", "questions")


def data_quality(
    table: Table, dataset: str, look: Look, paper: Paper, sources: list[str] | None = None, title: str = ""
) -> Figure:
    """Coverage, diversity and false positive rate of each budget's data, one bar per source (or of these, in order)."""
    table = table.where(dataset=dataset, level="all")
    grid = plot_tables.budgets_and_sources(table, look, sources)
    groups = plot_tables.name_groups(grid, look, table)
    height = plots.rows_height(groups)
    figure, [panels] = plots.new_figure(1, 3, plots.FULL_WIDTH, height, sharey=True)
    for axes, metric in zip(panels, ("coverage", "diversity", "false_positive_rate"), strict=True):
        name, label, factor, digits, paper_metric = METRICS[metric]
        if metric == "false_positive_rate" and "judged" in table.values("metric"):
            paper_metric = "fpr_judge"  # the paper has a rate by people and one by a judge
        places = plots.name_rows(axes, groups)
        bars, pool, printed = [], plots.Points(plots.POOL_STYLE), plots.Points(plots.PAPER_STYLE)
        for (group, bar), place in places.items():
            budget, source = grid[group][0], grid[group][1][bar]
            keys = {"metric": metric, "budget": budget, "source": source}
            bars.append((place, table.estimate(basis="arm", **keys).times(factor), look.colour(source)))
            pool.at[place] = table.estimate(basis="pool", **keys).times(factor).value
            printed.at[place] = paper.value(paper_metric, budget, source)
        plots.draw_rows(axes, bars, [pool, printed], digits)
        axes.set_xlabel(label)
        axes.set_title(name.capitalize())
        plots.limit(axes, [cell for _, cell, _ in bars], [pool, printed])
    figure.suptitle(f"{dataset}: quality of the sampled training data{f': {title}' if title else ''}")
    handles = [plots.INTERVAL, Line2D([], [], **plots.POOL_STYLE)]
    plots.add_legend(figure, [*handles, *plots.paper_handles(paper)])
    return figure


def coverage_trend(table: Table, dataset: str, look: Look, ratio: float, paper: Paper) -> Figure:
    """Coverage@k of SE and WC, and of WC with `ratio` times k samples: the compute of SE's k."""
    table = table.where(dataset=dataset, level="all")
    curves = {name: _by_k(table, name) for name in (look.strong, look.weak)}
    # Rounded down: the WC model never gets more compute than SE's k samples cost.
    matched = {k: curves[look.weak].get(math.floor(ratio * k + 1e-9), Estimate()) for k in curves[look.strong]}
    figure, [[axes]] = plots.new_figure(1, 1, 4.6, 3.2)
    strong, weak = look.label(look.strong), look.label(look.weak)
    plots.draw_curve(axes, curves[look.strong], look.colour(look.strong), f"{strong}, k samples")
    label = f"{weak}, {ratio:g}k samples: the compute of k {strong} samples"
    plots.draw_curve(axes, matched, look.colour(look.weak), label, marker="s")
    plots.draw_curve(
        axes,
        curves[look.weak],
        look.colour(look.weak),
        f"{weak}, k samples",
        linestyle=(0, (4, 2)),
        marker="",
    )
    printed = paper.table.rows
    axes.plot([row["k"] for row in printed], [row["value"] for row in printed], **plots.PAPER_STYLE)
    ks = [k for curve in curves.values() for k in curve]
    plots.log_axis(
        axes,
        [tick for tick in (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300) if tick <= max(ks, default=0)],
    )
    axes.set_xlabel("k, samples per question (log scale)")
    axes.set_ylabel("coverage (% of questions)")
    plots.limit_up(axes)
    if not ks:
        plots.mark_empty(axes)
    figure.suptitle(f"{dataset}: coverage as samples are added")
    band = Patch(color=plots.INK, alpha=0.16, linewidth=0, label="95 % interval")
    lines = [line for line in axes.lines if line.get_label().endswith("samples")]
    handles = [*lines, band, *plots.paper_handles(paper)]
    handles += plots.missing_handles(figure)
    axes.legend(handles=handles, loc="lower right" if ks else "upper left")
    return figure


def coverage_by_level(table: Table, arms: Table, dataset: str, look: Look, paper: Paper) -> Figure:
    """Coverage per level of difficulty, SE against WC with each budget's samples, in panels."""
    table = table.where(dataset=dataset)
    arms = arms.where(dataset=dataset)
    levels = sorted(
        (level for level in table.values("level") if level != "all"),
        key=lambda text: (len(text), text),
    )
    # The high budget, which the paper shows, comes first.
    budgets = [budget for budget in ("high", "low") if budget in arms.values("budget")] or ["high"]
    size = (plots.FULL_WIDTH, 2.6)
    figure, [panels] = plots.new_figure(1, len(budgets), *size, sharey=True)
    for axes, budget in zip(panels, budgets, strict=True):
        handles = []
        for shift, source in ((-0.2, look.strong), (0.2, look.weak)):
            # A source is usually called like its model; where it is not, the model's first arm stands for it.
            arm = arms.where(budget=budget, source=source).rows or arms.where(budget=budget, model=source).rows
            model, samples = (arm[0]["model"], arm[0]["samples"]) if arm else ("", "")
            k = to_number(samples, f"{arms.path}: samples")
            for column, level in enumerate(levels):
                cell = table.estimate(model=model, level=level, k=k).times(100)
                plots.draw_bar(axes, column + shift, cell, look.colour(source), width=0.38, lying=False)
                printed = paper.value(f"level_{level}", budget, source)
                axes.plot([column + shift], [printed], **plots.PAPER_STYLE)
            label = plot_tables.samples_label(look.label(source), samples)
            handles.append(Patch(color=look.colour(source), label=label))
        axes.set_xticks(range(len(levels)), [f"{level}\n({_questions(table, level)})" for level in levels])
        axes.tick_params(axis="x", length=0)
        axes.set_xlim(-0.6, max(1, len(levels)) - 0.4)
        axes.set_xlabel("level (questions)")
        axes.set_ylim(0, 100)
        axes.set_title(plot_tables.budget_label(budget), loc="left")
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
            plots.mark_empty(axes)
    panels[0].set_ylabel("coverage (% of questions)")
    figure.suptitle(f"{dataset}: coverage by level of difficulty")
    plots.add_legend(figure, [plots.INTERVAL, *plots.paper_handles(paper)])
    return figure


def _by_k(table: Table, model: str) -> dict[int, Estimate]:
    ks = sorted({row["k"] for row in table.where(model=model).rows if not math.isnan(row["k"])})
    return {int(k): table.estimate(model=model, k=k).times(100) for k in ks}


def _questions(table: Table, level: str) -> str:
    counts = [count for count in table.where(level=level).values("questions") if count]
    return counts[0] if counts else "?"
