"""The figure of an experiment that sets sources side by side: a bar for each, and its difference from the baseline."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from yetbetter.figures.experiment import Difference, Experiment, Place, read_experiment
from yetbetter.figures.look import budget_label
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    FAINT,
    FULL_WIDTH,
    INK,
    INTERVAL,
    PAPER_STYLE,
    add_height,
    add_legend,
    add_title,
    broken,
    mark_empty,
    new_figure,
    plot_bar,
    value_text,
)
from yetbetter.measures.metrics import METRICS
from yetbetter.tables import Estimate

# Inches: of a row's name with its bar, of each line that says what the source is, of each further line of a name.
ROW, LINE, NAME_LINE = 0.2, 0.115, 0.14
WIDTHS = {1: 4.9, 2: 6.2}
# How much of a panel the bars take; the rest is for what is printed.
SHARE = {1: 0.66, 2: 0.56, 3: 0.43}


def plot(request: Request) -> Figure:
    return bars(read_experiment(request))


def bars(experiment: Experiment) -> Figure:
    """Accuracy per target and budget, one bar per source; printed: values, differences from the baseline."""
    targets = experiment.targets or [""]
    rows, height = lay_out(experiment)
    width = WIDTHS.get(len(targets), max(FULL_WIDTH, 2.2 * len(targets)))
    # Above the rows their titles, below them the axis and the legend.
    figure, [panels] = new_figure(1, len(targets), width, height + 1.3, sharey=True, sharex=True)
    cells = {(place, target): experiment.accuracy(place, target) for place in experiment.places for target in targets}
    differences = {
        (place, target): experiment.difference(place, Place(place.budget, experiment.baseline), target)
        for place, target in cells
        if place.source != experiment.baseline and cells[place, target].known
    }
    printed = {key: experiment.printed(*key) for key in cells}
    end = max([cell.end for cell in cells.values()] + [value for value in printed.values() if value == value] + [0])
    for axes, target in zip(panels, targets, strict=True):
        for place, (row, _) in rows.items():
            pair = differences.get((place, target))
            _plot_row(axes, row, cells[place, target], pair, experiment.colour(place.source))
        marked = {row: printed[place, target] for place, (row, _) in rows.items()}
        axes.plot(list(marked.values()), list(marked), **PAPER_STYLE)
        axes.set_xlim(0, end / SHARE.get(len(targets), 0.43) or 1)
        axes.set_xticks([tick for tick in axes.get_xticks() if tick <= 1.02 * end])
        axes.set_xlabel(METRICS["pass@1"].axis, loc="left")
        axes.set_title(experiment.title_of(target), loc="left", fontweight="bold")
        axes.set_ylim(height, 0)
        if not experiment.targets:
            mark_empty(axes)
    _name_rows(panels[0], experiment, rows)
    titles = [experiment.headline, *(experiment.title_of(target) for target in targets)]
    add_height(figure, titles[0].count("\n") + max(title.count("\n") for title in titles[1:]) - 1)
    add_title(figure, experiment.headline)
    _add_legend(figure, experiment, printed, list(differences.values()))
    return figure


def lay_out(experiment: Experiment) -> tuple[dict[Place, tuple[float, list[str]]], float]:
    """Where each row's middle is, from the top in inches, and the lines that say what its source is; the height."""
    rows, down = {}, 0.0
    for budget in experiment.budgets:
        down += 0.22 + NAME_LINE * broken(budget_label(budget)).count("\n")
        for source in experiment.sources:
            lines = experiment.detail(Place(budget, source))
            further = broken(experiment.label(source)).count("\n")
            size = ROW + NAME_LINE * further + LINE * max(1, len(lines))
            rows[Place(budget, source)] = (down + size / 2, lines)
            down += size + 0.035
        down += 0.06
    return rows, down


def _plot_row(axes: Axes, row: float, cell: Estimate, pair: Difference | None, colour: str) -> None:
    plot_bar(axes, row, cell, colour, width=0.19)
    keys = {"transform": axes.get_yaxis_transform(), "ha": "right"}
    axes.text(1, row, value_text(cell), va="bottom", fontsize=7, **keys)
    if cell.known:
        text, ink = (pair.text, INK) if pair else ("baseline", FAINT)
        axes.text(1, row + 0.01, text, va="top", fontsize=6, color=ink, **keys)


def _name_rows(axes: Axes, experiment: Experiment, rows: dict[Place, tuple[float, list[str]]]) -> None:
    axes.set_yticks([])
    keys = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "ha": "right"}
    for place, (row, lines) in rows.items():
        up = 0.5 * LINE * len(lines) * 72
        name = broken(experiment.label(place.source))
        height = 0.13 + NAME_LINE * name.count("\n")
        axes.annotate(name, (0, row), xytext=(-5, up), va="center", fontsize=7, **keys)
        if lines:
            text = "\n".join(lines)
            down = up - 0.5 * height * 72
            axes.annotate(text, (0, row), xytext=(-5, down), va="top", fontsize=5.8, color=FAINT, **keys)
    for budget in experiment.budgets:
        first = rows[Place(budget, experiment.sources[0])]
        further = broken(experiment.label(experiment.sources[0])).count("\n")
        top = first[0] - (ROW + NAME_LINE * further + LINE * max(1, len(first[1]))) / 2 - 0.07
        text = broken(budget_label(budget))
        top -= NAME_LINE * text.count("\n") / 2
        axes.annotate(text, (0, top), xytext=(-5, 0), va="center", fontsize=7, fontweight="bold", **keys)


def _add_legend(figure: Figure, experiment: Experiment, printed: dict, differences: list[Difference]) -> None:
    baseline = experiment.label(experiment.baseline)
    remarks = [f"below a value: difference\nfrom {baseline} in points", *experiment.remarks(differences)]
    handles = [INTERVAL]
    if any(not math.isnan(value) for value in printed.values()):
        handles.append(Line2D([], [], **PAPER_STYLE))
    handles += [Line2D([], [], linestyle="none", label=remark) for remark in remarks]
    add_legend(figure, handles, columns=2 if len(experiment.targets) == 1 else 4)
