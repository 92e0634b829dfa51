"""The figure of a plan: what each model is expected to give along the budget, with the pilot's own reach."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from yetbetter.figures.look import Look
from yetbetter.figures.style import (
    FAINT,
    FULL_WIDTH,
    INK,
    add_legend,
    add_title,
    limit_up,
    log_axis,
    new_figure,
    plot_curve,
)
from yetbetter.tables import Estimate, Table

METRICS = {"coverage": "coverage (% of questions)", "distinct": "distinct correct solutions per question"}
TICKS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000)


def plot_plan(curves: Table, pilot: dict[str, int], budgets: dict[str, dict], dataset: str, look: Look) -> Figure:
    """A row of panels for each rule and reference model, a column for each metric.

    curves: rows of plan/<dataset>/curves.csv, with numbers in value, low, high. pilot: model -> samples per question in
    its pilot. budgets: the config's.
    """
    rows = list(dict.fromkeys((row["match"], row["reference"]) for row in curves.rows))
    figure, panels = new_figure(max(1, len(rows)), len(METRICS), FULL_WIDTH, 0.75 + 2.35 * max(1, len(rows)))
    models: dict[str, None] = {}
    for (rule, reference), line in zip(rows, panels, strict=False):
        for axes, (metric, label) in zip(line, METRICS.items(), strict=True):
            own = curves.where(match=rule, reference=reference, metric=metric)
            models |= dict.fromkeys(own.values("model"))
            plot_panel(axes, own, pilot, look, 100 if metric == "coverage" else 1)
            axes.set_ylabel(label)
            axes.set_xlabel(f"budget: samples of {reference} per question (log scale)")
            axes.set_title(f"{rule}-matched")
            mark_budgets(axes, [(name, one["samples"]) for name, one in budgets.items() if one["model"] == reference])
            (limit_up if metric == "coverage" else from_zero)(axes)
    add_title(figure, f"{dataset}: what a sampling budget is expected to give")
    handles = [Line2D([], [], color=look.colour(model), linewidth=1.2, label=model) for model in models]
    dot = {"linestyle": "none", "marker": "o", "markersize": 4, "color": INK}
    handles.append(Line2D([], [], **dot, label="as many samples as in the pilot, or fewer"))
    handles.append(Line2D([], [], **dot, markerfacecolor="white", label="forecast"))
    handles.append(Patch(color=INK, alpha=0.16, linewidth=0, label="95 % interval, whatever the distribution"))
    add_legend(figure, handles)
    return figure


def plot_panel(axes: Axes, rows: Table, pilot: dict[str, int], look: Look, scale: float) -> None:
    places: set[int] = set()
    for model in rows.values("model"):
        own = {int(row["reference_samples"]): row for row in rows.where(model=model).rows}
        places |= own.keys()
        curve = {at: Estimate(row["value"], row["low"], row["high"]).times(scale) for at, row in own.items()}
        colour = look.colour(model)
        plot_curve(axes, curve, colour, marker="")
        for inside in (True, False):
            some = [at for at, row in own.items() if (int(row["samples"]) <= pilot.get(model, 0)) == inside]
            fill = colour if inside else "white"
            style = {"linestyle": "none", "marker": "o", "markersize": 3.4, "markerfacecolor": fill}
            axes.plot(some, [curve[at].value for at in some], color=colour, **style)
    log_axis(axes, [tick for tick in TICKS if min(places, default=1) <= tick <= max(places, default=1)])


def mark_budgets(axes: Axes, budgets: list[tuple[str, int]]) -> None:
    """A line at each budget, with its names above it."""
    names: dict[int, list[str]] = {}
    for name, samples in budgets:
        names.setdefault(samples, []).append(name)
    for samples, some in names.items():
        axes.axvline(samples, color=FAINT, linewidth=0.6, linestyle=(0, (2, 2)), zorder=0)
        keys = {"rotation": 90, "ha": "right", "va": "bottom", "fontsize": 6, "color": FAINT}
        axes.text(samples, 0.02, ", ".join(some), transform=axes.get_xaxis_transform(), **keys)


def from_zero(axes: Axes) -> None:
    axes.set_ylim(0, axes.get_ylim()[1])
