"""The figure of an experiment along the budget: where does WC data stop winning?"""

import math
from itertools import pairwise
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from yetbetter.figures.experiment import UNPAIRED, Difference, Experiment, Place, read_experiment
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    DAGGER,
    FAINT,
    FULL_WIDTH,
    INK,
    LINE,
    add_legend,
    add_title,
    equal_spans,
    mark_empty,
    new_figure,
    plot_curve,
)
from yetbetter.measures.metrics import METRICS

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
# Of the strong source, and of the weak one.
STYLES = {True: {"marker": "o"}, False: {"marker": "s", "linestyle": (0, (4, 2))}}


def plot(request: Request) -> Figure:
    return crossover(read_experiment(request))


def crossover(experiment: Experiment) -> Figure:
    """SE and WC against the budget, and below their paired difference with the places where it changes its sign."""
    targets = experiment.targets or [""]
    width = {1: 4.2, 2: 5.6}.get(len(targets), max(FULL_WIDTH, 2.2 * len(targets)))
    heights = {"gridspec_kw": {"height_ratios": [1.25, 1]}}
    figure, (above, below) = new_figure(2, len(targets), width, 4.3, sharex=True, **heights)
    axis = budget_axis(experiment)
    samples = {place: experiment.arm(Place(place, experiment.look.strong)) for place in axis}
    differences = {}
    for upper, lower, target in zip(above, below, targets, strict=True):
        for source in (experiment.look.strong, experiment.look.weak):
            style = STYLES[source == experiment.look.strong]
            curve = {x: experiment.accuracy(Place(budget, source), target) for budget, x in axis.items()}
            plot_curve(upper, curve, experiment.colour(source), experiment.label(source), **style)
        pairs = {x: _lead(experiment, budget, target) for budget, x in axis.items()}
        differences[target] = pairs
        _plot_difference(lower, pairs, experiment)
        upper.set_title(experiment.title_of(target), loc="left", fontweight="bold")
        if axis and target != targets[0]:
            lower.tick_params(labelleft=False)
        if not experiment.targets or not axis:
            mark_empty(upper)
            mark_empty(lower)
    if axis:
        for upper, lower in zip(above, below, strict=True):
            _scale(upper, lower, experiment, axis, samples)
        equal_spans(above)
        low, high = min(axes.get_ylim()[0] for axes in below), max(axes.get_ylim()[1] for axes in below)
        for axes in below:
            axes.set_ylim(low - 0.4 * (high - low), high)
    for lower in below:
        lower.set_xlabel(axis_label(experiment), fontsize=7)
    above[0].set_ylabel(METRICS["pass@1"].axis)
    names = [experiment.label(source) for source in (experiment.look.weak, experiment.look.strong)]
    below[0].set_ylabel(f"{names[0]} \N{MINUS SIGN} {names[1]} (points)")
    add_title(figure, experiment.headline)
    add_legend(figure, _handles(experiment, differences), columns=3 if len(targets) > 1 else 2)
    return figure


def budget_axis(experiment: Experiment) -> dict[str, float]:
    """Budget -> FLOPs per question, smallest first; SE samples per question where the table has no FLOPs."""
    arms = {budget: experiment.arm(Place(budget, experiment.look.strong)) for budget in experiment.budgets}
    known = {budget: arm for budget, arm in arms.items() if arm}
    if all(arm.flops_per_question > 0 for arm in known.values()):
        places = {budget: arm.flops_per_question for budget, arm in known.items()}
    else:
        places = {budget: arm.samples for budget, arm in known.items() if arm.samples > 0}
    return dict(sorted(places.items(), key=lambda item: item[1]))


def axis_label(experiment: Experiment) -> str:
    arms = [experiment.arm(Place(budget, experiment.look.strong)) for budget in experiment.budgets]
    by_flops = all(arm.flops_per_question > 0 for arm in arms if arm)
    return "sampling FLOPs per question" if by_flops else "SE samples per question"


class Crossing(NamedTuple):
    """A change of sign between two budgets: the weak source stops winning there, or starts to."""

    place: float  # by interpolation on a logarithmic axis
    stops: bool
    decided: bool  # whether the interval of a neighbour excludes zero
    between: tuple[float, float] | None  # the neighbours, where values between them are missing


def crossings(pairs: dict[float, Difference]) -> list[Crossing]:
    """Where the difference WC - SE changes its sign along the budgets, smallest first."""
    places = list(pairs)
    known = [(x, pair) for x, pair in pairs.items() if pair.cell.known and pair.cell.value != 0]
    found = []
    for (left, before), (right, after) in pairwise(known):
        start, end = before.cell.value, after.cell.value
        if start * end < 0:
            place = math.log(left) + start / (start - end) * (math.log(right) - math.log(left))
            skipped = any(not pairs[x].cell.known for x in places if left < x < right)
            between = (left, right) if skipped else None
            found.append(Crossing(math.exp(place), start > 0, before.decided or after.decided, between))
    return found


def _lead(experiment: Experiment, budget: str, target: str) -> Difference:
    return experiment.difference(Place(budget, experiment.look.weak), Place(budget, experiment.look.strong), target)


def _plot_difference(axes: Axes, pairs: dict[float, Difference], experiment: Experiment) -> None:
    axes.axhline(0, color=FAINT, linewidth=0.7, zorder=0)
    curve = {x: pair.cell for x, pair in pairs.items()}
    plot_curve(axes, curve, INK, marker="")
    for x, pair in pairs.items():
        face = INK if pair.decided else "white"
        if pair.cell.known:
            axes.plot([x], [pair.cell.value], marker="o", markersize=4.5, color=INK, markerfacecolor=face)
            if not pair.cell.bounded or not pair.paired:
                mark = UNPAIRED if pair.cell.bounded else DAGGER
                axes.annotate(mark, (x, pair.cell.value), xytext=(4, 3), textcoords="offset points")
    found = crossings(pairs)
    for crossing in found:
        axes.axvline(crossing.place, color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=0)
    text = "\n".join(_verdicts(found, pairs, experiment))
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85}
    axes.text(0.02, 0.08, text, transform=axes.transAxes, fontsize=6, va="bottom", bbox=box)


def _verdicts(found: list, pairs: dict[float, Difference], experiment: Experiment) -> list[str]:
    names = {True: experiment.look.weak, False: experiment.look.strong}
    known = [pair.cell for pair in pairs.values() if pair.cell.known]
    if not known:
        return []
    if not found:
        leads = {cell.value > 0 for cell in known if cell.value != 0}
        return ["no crossing" + "".join(f": {experiment.label(names[lead])} ahead" for lead in leads)]
    if len(found) > 2:
        return [f"{len(found)} changes of sign"]
    samples = _samples_at(experiment)
    lines = []
    for crossing in found:
        ahead = experiment.label(names[not crossing.stops])
        unit = " SE samples" if samples else ""
        ends = [f"{samples(end) if samples else end:.2g}" for end in crossing.between or (crossing.place,)]
        where = f"from somewhere\nbetween {' and '.join(ends)}" if crossing.between else f"from about {ends[0]}"
        doubt = "" if crossing.decided else "\n(intervals on both sides include zero)"
        lines.append(f"{ahead} ahead {where}{unit}{doubt}")
    return lines


def _samples_at(experiment: Experiment):
    """Place on the axis -> SE samples per question; None where the two are not proportional."""
    axis = budget_axis(experiment)
    arms = {budget: experiment.arm(Place(budget, experiment.look.strong)) for budget in axis}
    rates = [arms[budget].samples / place for budget, place in axis.items()]
    if not rates or max(rates) > 1.02 * min(rates):
        return None
    return lambda place: place * rates[0]


def _scale(upper: Axes, lower: Axes, experiment: Experiment, axis: dict, arms: dict) -> None:
    ticks = list(axis.values())
    for axes in (upper, lower):
        axes.set_xscale("log")
        axes.set_xticks(ticks, [_power(tick) for tick in ticks])
        axes.set_xticks([], minor=True)
        axes.set_xlim(min(ticks) / 1.35, max(ticks) * 1.35)
    if axis_label(experiment).endswith("FLOPs per question"):
        lower.tick_params(axis="x", labelrotation=30, labelsize=6.5)
    top = upper.secondary_xaxis("top")
    top.set_xticks(ticks, [f"{arms[budget].samples:g}" for budget in axis])
    top.set_xticks([], minor=True)
    top.set_xlabel("SE samples per question")


def _power(number: float) -> str:
    if 0.1 <= number < 10_000:
        return f"{number:g}"
    exponent = math.floor(math.log10(number))
    return f"{number / 10**exponent:.2g}\N{MIDDLE DOT}10{str(exponent).translate(SUPERSCRIPTS)}"


def _handles(experiment: Experiment, differences: dict[str, dict[float, Difference]]) -> list:
    handles = []
    for strong, source in ((True, experiment.look.strong), (False, experiment.look.weak)):
        name = f"{experiment.label(source)} data"
        handles.append(Line2D([], [], color=experiment.colour(source), label=name, **LINE | STYLES[strong]))
    point = {"linestyle": "none", "marker": "o", "markersize": 4.5, "color": INK}
    handles.append(Line2D([], [], label="interval excludes zero", **point))
    handles.append(Line2D([], [], label="interval includes zero", markerfacecolor="white", **point))
    handles.append(Line2D([], [], color=INK, alpha=0.16, linewidth=6, label="95 % interval"))
    handles.append(Line2D([], [], color=INK, linewidth=0.8, linestyle=(0, (2, 2)), label="change of sign"))
    shown = [pair for pairs in differences.values() for pair in pairs.values()]
    remarks = experiment.remarks(shown)
    return handles + [Line2D([], [], linestyle="none", label=remark) for remark in remarks]
