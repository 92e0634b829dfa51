"""The figures of the finetuned models: each function takes tidy tables and returns a Figure.

Fractions are drawn in percent. What a table lacks is marked: "n/a" for bars, a cross for curves.
"""

import math
import re

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from yetbetter.figures import look as plot_tables
from yetbetter.figures import style as plots
from yetbetter.figures.look import METRICS, Look, Paper
from yetbetter.tables import Estimate, Table

# The columns that the figures read; the tables may have more.
# fmt: off
FINETUNED = ("dataset", "budget", "source", "target", "paradigm", "seed", "benchmark", "metric",
             "level", "value", "low", "high")
DIFFERENCES = ("dataset", "budget", "target", "benchmark", "metric", "level", "source", "baseline",
               "difference", "low", "high")
# fmt: on
SEEDS = ("all", "")  # "all" is the mean over finetuning seeds; a base model has none
# The high budget's line, the low budget's, and those of further budgets.
LINES = (
    {"linestyle": "-"},
    {"linestyle": (0, (4, 2)), "markerfacecolor": "white"},
    {"linestyle": ":"},
    {"linestyle": "-.", "marker": "^"},
)


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
    name, label, factor, digits, paper_metric = METRICS.get(metric, (metric, f"{metric} (%)", 100, 1, ""))
    grid = plot_tables.budgets_and_sources(table, look)
    groups = plot_tables.name_groups(grid, look, arms and arms.where(dataset=dataset))
    targets = look.order_targets(table.values("target"))
    size = (plots.FULL_WIDTH, plots.rows_height(groups) + 0.25)
    figure, [panels] = plots.new_figure(1, max(1, len(targets)), *size, sharey=True, sharex=True)
    cells, points = [], []
    for axes, target in zip(panels, targets, strict=False):
        bars, printed = [], plots.Points(plots.PAPER_STYLE)
        for (group, bar), place in plots.name_rows(axes, groups).items():
            budget, source = grid[group][0], grid[group][1][bar]
            cell = table.estimate(target=target, budget=budget, source=source).times(factor)
            bars.append((place, cell, look.colour(source)))
            printed.at[place] = paper.value(paper_metric, budget, source, target)
            if budget == "" and cell.known:
                axes.axvline(
                    cell.value,
                    color=look.colour(source),
                    linewidth=0.8,
                    linestyle=(0, (3, 2)),
                    zorder=0,
                )
        plots.draw_rows(axes, bars, [printed], digits)
        cells += [cell for _, cell, _ in bars]
        points.append(printed)
        _title_target(axes, table, look, target)
        axes.set_xlabel(label)
    for axes in panels:
        plots.limit(axes, cells, points)
        if not targets:
            plots.mark_empty(axes)
    figure.suptitle(f"{dataset}: {name} on the {benchmark} problems after finetuning, by source of the data")
    plots.add_legend(figure, [plots.INTERVAL, *plots.paper_handles(paper)])
    return figure


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
    figure, [[axes]] = plots.new_figure(1, 1, 4.6, 3.1)
    top, ticks = 0.0, []
    for column, target in enumerate(targets):
        ends = []
        for place, source in zip((column - 0.2, column + 0.2), pair, strict=True):
            cell = table.estimate(target=target, source=source).times(100)
            plots.draw_bar(axes, place, cell, look.colour(source), width=0.38, lying=False)
            printed = paper.value("pass_at_1", budget, source, target)
            axes.plot([place], [printed], **plots.PAPER_STYLE)
            ends += [cell.end, 0 if math.isnan(printed) else printed]
            if cell.known:
                ink = "white" if source == look.strong else "black"
                axes.annotate(
                    plots.value_text(cell),
                    (place, 0),
                    xytext=(0, 3),
                    textcoords="offset points",
                    ha="center",
                    color=ink,
                )
        lead = _difference(differences, target, *pair)
        _draw_difference(axes, column, max(ends), lead, f"{look.label(look.weak)} - {look.label(look.strong)}")
        top = max(top, *ends)
        ticks.append(f"{look.label(target)}\n{_paradigm(table, target, look.weak)}")
    axes.set_xticks(range(len(targets)), ticks)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.62, max(1, len(targets)) - 0.38)
    axes.set_ylim(0, 1.22 * top or 1)
    axes.set_xlabel("target, and what finetuning it on WC data is called")
    axes.set_ylabel(METRICS["pass@1"][1])
    if not targets:
        plots.mark_empty(axes)
    figure.suptitle(f"{dataset}, {plot_tables.budget_label(budget)}: accuracy after finetuning on SE or WC data")
    arms = arms and arms.where(dataset=dataset)
    names = [(source, plot_tables.data_label(arms, look, budget, source, " data")) for source in pair]
    handles = [Patch(color=look.colour(source), label=name) for source, name in names]
    plots.add_legend(figure, [*handles, plots.INTERVAL, *plots.paper_handles(paper)], columns=3)
    return figure


def functional_transfer(table: Table, dataset: str, look: Look) -> Figure:
    """Maj@k on functional variants and on control problems per target, SE against WC data."""
    pair = (look.strong, look.weak)
    table = table.where(dataset=dataset, level="all", seed=SEEDS, source=pair, benchmark=("functional", "control"))
    found = [re.fullmatch(r"maj@(\d+)", metric) for metric in table.values("metric")]
    votes = sorted(int(match[1]) for match in found if match)
    table = table.where(metric=tuple(f"maj@{k}" for k in votes))
    targets = look.order_targets(table.values("target"))
    budgets = plot_tables.order_budgets(table.values("budget"))
    size = (plots.FULL_WIDTH, 4.2)
    figure, panels = plots.new_figure(2, max(1, len(targets)), *size, sharex=True, sharey=True)
    styles = dict(zip(sorted(budgets, key=lambda name: name != "high"), LINES, strict=False))
    # Side by side, or intervals at one k would cover each other.
    shifts = [1.06 ** (place + 0.5 - len(budgets)) for place in range(2 * len(budgets))]
    for benchmark, row in zip(("functional", "control"), panels, strict=True):
        for axes, target in zip(row, targets, strict=False):
            curves = [(budget, source) for budget in budgets for source in pair]
            for shift, (budget, source) in zip(shifts, curves, strict=True):
                rows = table.where(target=target, budget=budget, source=source, benchmark=benchmark)
                curve = {k: rows.estimate(metric=f"maj@{k}").times(100) for k in votes}
                style = styles.get(budget, LINES[-1])
                plots.draw_curve(axes, curve, look.colour(source), shift=shift, **style)
            if benchmark == "functional":
                _title_target(axes, table, look, target)
            else:
                axes.set_xlabel("k, answers in the vote")
            plots.log_axis(axes, votes)
        row[0].set_ylabel(f"{benchmark.capitalize()} problems\nmaj@k (%)")
    if not targets:
        for row in panels:
            plots.mark_empty(row[0])
    figure.suptitle(f"{dataset}: majority vote on functional variants, and on control problems")
    handles = [Patch(color=look.colour(source), label=f"{look.label(source)} data") for source in pair]
    for budget in budgets:
        style = plots.LINE | styles.get(budget, LINES[-1])
        name = plot_tables.budget_label(budget)
        handles.append(Line2D([], [], color=plots.INK, label=name, **style))
    plots.add_legend(figure, [*handles, plots.INTERVAL], columns=6)
    return figure


def _paradigm(table: Table, target: str, source: str) -> str:
    names = table.where(target=target, source=source).values("paradigm")
    return names[0].replace("_", " ") if names else ""


def _title_target(axes: Axes, table: Table, look: Look, target: str) -> None:
    """The target above its panel, and below it what finetuning on SE and on WC data is called."""
    paradigms = {source: _paradigm(table, target, source) for source in (look.strong, look.weak)}
    lines = "\n".join(f"{look.label(source)}: {name}" for source, name in paradigms.items() if name)
    axes.set_title(lines, loc="left", fontsize=7, color=plots.FAINT)
    up = 10 + 9 * lines.count("\n") if lines else 0
    axes.annotate(
        f"target: {look.label(target)}",
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 6 + up),
        textcoords="offset points",
        fontsize=8,
        fontweight="bold",
    )


def _difference(differences: Table, target: str, strong: str, weak: str) -> Estimate:
    """WC data's lead over SE data in points; the opposite difference is turned round."""
    cell = differences.estimate("difference", target=target, source=weak, baseline=strong).times(100)
    if not cell.known:
        turned = differences.estimate("difference", target=target, source=strong, baseline=weak).times(-100)
        cell = Estimate(turned.value, turned.high, turned.low)
    return cell


def _draw_difference(axes: Axes, column: int, height: float, cell: Estimate, name: str) -> None:
    interval = f"[{cell.low:+.1f}, {cell.high:+.1f}]" if cell.bounded else plots.DAGGER
    text = "n/a" if not cell.known else f"{cell.value:+.1f} points\n{interval}"
    text = f"{name}: {text}".replace("-", "\N{MINUS SIGN}")
    axes.annotate(text, (column, height), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=7)
