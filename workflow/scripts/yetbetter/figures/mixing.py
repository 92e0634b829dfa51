"""The figure of an experiment that mixes SE and WC samples: accuracy against WC's share of the compute."""

import math
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from yetbetter.figures.experiment import Experiment, Place, read_experiment
from yetbetter.figures.look import MIX, STRONG, WEAK, budget_label
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    CROSS,
    DAGGER,
    FAINT,
    FULL_WIDTH,
    INTERVAL,
    LINE,
    MISSING,
    add_legend,
    add_title,
    budget_lines,
    equal_spans,
    mark_empty,
    new_figure,
)
from yetbetter.measures.metrics import METRICS
from yetbetter.tables import Estimate


class Mix(NamedTuple):
    """WC's share of the compute, and the samples per question of each model (NaN: unknown)."""

    share: float
    strong: float
    weak: float

    @property
    def name(self) -> str:
        counts = [f"{count:.3g} {name}" for count, name in ((self.strong, "SE"), (self.weak, "WC")) if count > 0.005]
        return " + ".join(counts)


def plot(request: Request) -> Figure:
    return mixing(read_experiment(request))


def mixing(experiment: Experiment) -> Figure:
    """Accuracy of each target against the share of the compute that went into WC samples."""
    targets = experiment.targets or [""]
    width = {1: 4.2, 2: 5.6}.get(len(targets), max(FULL_WIDTH, 2.2 * len(targets)))
    figure, [panels] = new_figure(1, len(targets), width, 3.1, sharex=True)
    budgets = experiment.budgets
    styles = budget_lines(budgets)
    mixes = {place: share_of_weak(experiment, place) for place in experiment.places}
    for axes, target in zip(panels, targets, strict=True):
        # Side by side, or intervals at one share would cover each other.
        for shift, budget in enumerate(budgets):
            shown = {place: mix for place, mix in mixes.items() if place.budget == budget and mix is not None}
            shown = dict(sorted(shown.items(), key=lambda item: item[1].share))
            xs = [100 * mix.share + 1.6 * (shift - (len(budgets) - 1) / 2) for mix in shown.values()]
            cells = [experiment.accuracy(place, target) for place in shown]
            colours = [experiment.colour(place.source) for place in shown]
            _plot_line(axes, cells, colours, xs, styles[budget])
        axes.set_title(experiment.title_of(target), loc="left", fontweight="bold")
        axes.set_xlabel("WC's share of the compute (%)")
        if not experiment.targets or not any(mixes.values()):
            mark_empty(axes)
    ticks = sorted({round(100 * mix.share): mix for mix in mixes.values() if mix}.items())
    if len(budgets) == 1 and len(targets) <= 3 and len(ticks) <= 6 and ticks:
        panels[0].set_xticks([tick for tick, _ in ticks])
        names = [mix.name.replace(" + ", " +\n") for _, mix in ticks]
        for axes in panels:
            for (tick, _), name in zip(ticks, names, strict=True):
                keys = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
                axes.annotate(name, (tick, 1), xytext=(0, -2), ha="center", va="top", fontsize=5.8, color=FAINT, **keys)
    if any(mixes.values()):
        panels[0].set_xlim(-9, 109)
        equal_spans(panels)
        for axes in panels:
            _leave_room(axes)
    panels[0].set_ylabel(METRICS["pass@1"].axis)
    add_title(figure, experiment.headline)
    handles = _handles(experiment, styles, sum(mix is None for mix in mixes.values()))
    add_legend(figure, handles, columns=5 if len(targets) > 2 else 2)
    return figure


def share_of_weak(experiment: Experiment, place: Place) -> Mix | None:
    """From what an arm costs: SE's and WC's costs per sample, which the pure arms tell, leave one way to make it up.

    None where the table of arms has no such arm, or not what a sample costs.
    """
    arm, look = experiment.arm(place), experiment.look
    pure = [experiment.arm(Place(place.budget, source)) for source in (look.strong, look.weak)]
    if arm is None:
        return None
    for source_arm, mix in zip(pure, (Mix(0, arm.samples, 0), Mix(1, 0, arm.samples)), strict=True):
        if source_arm and arm.model == source_arm.model:
            return mix
    if None in pure or not arm.samples:
        return None
    strong, weak = (known.flops_per_question / known.samples for known in pure)
    mean = arm.flops_per_question / arm.samples
    part = (strong - mean) / (strong - weak) if strong != weak else math.nan
    if math.isnan(part) or not -0.01 <= part <= 1.01:
        return None
    return Mix(part * weak / mean, (1 - part) * arm.samples, part * arm.samples)


def _plot_line(axes: Axes, cells: list[Estimate], colours: list[str], xs: list[float], style: dict) -> None:
    line = {"color": FAINT, "linewidth": 0.9, "zorder": 1, "linestyle": style.get("linestyle", "-")}
    axes.plot(xs, [cell.value for cell in cells], **line)
    marker = {"markersize": 4, "linestyle": "none", "marker": style.get("marker", "o")}
    for x, colour, cell in zip(xs, colours, cells, strict=True):
        if not cell.known:
            axes.plot([x], [0.02], transform=axes.get_xaxis_transform(), label=MISSING, **CROSS)
            continue
        if cell.bounded:
            axes.vlines(x, cell.low, cell.high, color=colour, linewidth=1)
        face = style.get("markerfacecolor", colour)
        axes.plot([x], [cell.value], color=colour, markerfacecolor=face, **marker)
        if not cell.bounded:
            axes.annotate(DAGGER, (x, cell.value), xytext=(4, 2), textcoords="offset points")


def _leave_room(axes: Axes) -> None:
    """Above the points, for the counts."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.16 * (high - low))


def _handles(experiment: Experiment, styles: dict, unplaced: int) -> list:
    point = {"linestyle": "none", "marker": "o", "markersize": 4}
    handles = [
        Line2D([], [], color=STRONG, label="SE samples only", **point),
        Line2D([], [], color=MIX, label="mixed", **point),
        Line2D([], [], color=WEAK, label="WC samples only", **point),
        INTERVAL,
    ]
    if len(experiment.budgets) > 1:
        for budget in experiment.budgets:
            style = LINE | {"color": FAINT} | styles[budget]
            handles.append(Line2D([], [], label=budget_label(budget), **style))
    remarks = experiment.remarks()
    if unplaced:
        remarks.append(f"left out: {unplaced} of unknown cost")
    return handles + [Line2D([], [], linestyle="none", label=remark) for remark in remarks]
