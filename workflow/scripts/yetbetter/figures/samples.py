"""The figure of an experiment with a grid of sample counts: every count of SE against every count of WC samples."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from yetbetter.figures.experiment import Difference, Experiment, Place, read_experiment
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    FAINT,
    FULL_WIDTH,
    INK,
    LINE,
    add_legend,
    add_title,
    log_axis,
    mark_empty,
    new_figure,
    plot_curve,
)
from yetbetter.measures.metrics import METRICS

# Light enough for black text, and told apart in grey print by their hatching.
AHEAD, BEHIND, LEVEL = "#F8DFAE", "#B9D9EC", "#FFFFFF"


def plot(request: Request) -> Figure:
    return samples(read_experiment(request))


def samples(experiment: Experiment) -> Figure:
    """Left accuracy against samples per question, right what each WC count gains over each SE count."""
    targets = experiment.targets or [""]
    sides = {side: arms_of(experiment, side) for side in (experiment.look.strong, experiment.look.weak)}
    strong, weak = sides.values()
    height = 1.05 + len(targets) * max(1.9, 0.55 + 0.4 * len(weak))
    keys = {"sharex": "col", "gridspec_kw": {"width_ratios": [1, 1.15]}}
    figure, rows = new_figure(len(targets), 2, FULL_WIDTH, height, **keys)
    shown = []
    for (lines, matrix), target in zip(rows, targets, strict=True):
        for source, arms in sides.items():
            marker = {"marker": "o"} if source == experiment.look.strong else {"marker": "s", "linestyle": (0, (4, 2))}
            curve = {count: experiment.accuracy(place, target) for count, place in arms.items()}
            plot_curve(lines, curve, experiment.colour(source), experiment.label(source), **marker)
        counts = sorted({*strong, *weak})
        if counts:
            log_axis(lines, counts)
        lines.set_ylabel(METRICS["pass@1"].axis)
        lines.set_title(experiment.title_of(target), loc="left", fontweight="bold")
        shown += _plot_matrix(matrix, experiment, target, strong, weak)
        if not experiment.targets or not counts:
            mark_empty(lines)
    rows[-1][0].set_xlabel("samples per question (log scale)")
    rows[-1][1].set_xlabel("SE samples per question")
    add_title(figure, experiment.headline)
    add_legend(figure, _handles(experiment, shown), columns=4)
    return figure


def arms_of(experiment: Experiment, source: str) -> dict[float, Place]:
    """Samples per question -> the arm with so many samples of the model that a source draws from, smallest first."""
    found: dict[float, Place] = {}
    for place in experiment.places:
        arm = experiment.arm(place)
        if arm and arm.model == experiment.writer(source) and arm.samples > 0:
            found.setdefault(int(arm.samples) if arm.samples == int(arm.samples) else arm.samples, place)
    return dict(sorted(found.items()))


def _plot_matrix(
    axes: Axes, experiment: Experiment, target: str, strong: dict[float, Place], weak: dict[float, Place]
) -> list[Difference]:
    """A field for each pair of counts: the difference WC - SE in points, and its interval."""
    shown = []
    for row, (_, mine) in enumerate(reversed(weak.items())):
        for column, (_, theirs) in enumerate(strong.items()):
            pair = experiment.difference(mine, theirs, target)
            shown.append(pair)
            _plot_field(axes, column, row, pair, _alike(experiment, mine, theirs))
    axes.set_xlim(-0.5, max(1, len(strong)) - 0.5)
    axes.set_ylim(max(1, len(weak)) - 0.5, -0.5)
    axes.set_xticks(range(len(strong)), [f"{count:g}" for count in strong])
    axes.set_yticks(range(len(weak)), [f"{count:g}" for count in reversed(weak)])
    axes.tick_params(length=0)
    axes.set_ylabel("WC samples per question")
    weak_name, strong_name = (experiment.label(name) for name in (experiment.look.weak, experiment.look.strong))
    axes.set_title(f"{weak_name} \N{MINUS SIGN} {strong_name}, points", loc="left")
    for spine in axes.spines.values():
        spine.set_visible(False)
    if not shown:
        mark_empty(axes)
    return shown


def _plot_field(axes: Axes, column: int, row: int, pair: Difference, alike: bool) -> None:
    place = (column - 0.47, row - 0.46)
    colour, hatch = LEVEL, None
    if pair.decided:
        colour, hatch = (AHEAD, None) if pair.cell.value > 0 else (BEHIND, "////")
    keys = {"facecolor": colour, "hatch": hatch, "edgecolor": "#FFFFFF", "linewidth": 0}
    axes.add_patch(Rectangle(place, 0.94, 0.92, **keys))
    rim = {"linewidth": 1.4, "edgecolor": INK} if alike else {"linewidth": 0.5, "edgecolor": "#BBBBBB"}
    axes.add_patch(Rectangle(place, 0.94, 0.92, fill=False, **rim))
    value, _, interval = pair.text.partition(" ")
    text = f"{value}\n{interval}" if interval else value
    missing = {"color": FAINT, "style": "italic"} if not pair.cell.known else {}
    box = {"facecolor": colour, "edgecolor": "none", "pad": 0.6}
    axes.text(column, row, text, ha="center", va="center", fontsize=6.3, linespacing=1.25, bbox=box, **missing)


def _alike(experiment: Experiment, mine: Place, theirs: Place) -> bool:
    """Whether both cost the same compute."""
    first, second = experiment.arm(mine), experiment.arm(theirs)
    return bool(first and second and abs(first.flops / second.flops - 1) < 0.02) if second and second.flops else False


def _handles(experiment: Experiment, shown: list[Difference]) -> list:
    look = experiment.look
    styles = {look.strong: {"marker": "o"}, look.weak: {"marker": "s", "linestyle": (0, (4, 2))}}
    handles = [
        Line2D([], [], color=experiment.colour(source), label=f"{experiment.label(source)} data", **LINE | style)
        for source, style in styles.items()
    ]
    handles.append(Patch(color=INK, alpha=0.16, linewidth=0, label="95 % interval"))
    handles.append(Patch(facecolor=LEVEL, edgecolor=INK, linewidth=1.4, label="equal compute"))
    names = {True: experiment.label(look.weak), False: experiment.label(look.strong)}
    for ahead, colour, hatch in ((True, AHEAD, None), (False, BEHIND, "////")):
        if any(pair.decided and (pair.cell.value > 0) == ahead for pair in shown):
            keys = {"facecolor": colour, "hatch": hatch, "edgecolor": "#FFFFFF"}
            handles.append(Patch(label=f"{names[ahead]} better, interval excludes zero", **keys))
    return handles + [Line2D([], [], linestyle="none", label=remark) for remark in experiment.remarks(shown)]
