"""The figure of two studies side by side: each value here against the same one there, with both intervals."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from yetbetter.figures.look import Look
from yetbetter.figures.style import FAINT, FULL_WIDTH, INTERVAL, add_legend, add_title, mark_empty, new_figure

# Title, and which rows a panel holds.
PANELS = (
    ("Accuracy after finetuning (%)", {"table": "finetuned", "metric": "pass@1", "benchmark": "test", "level": "all"}),
    ("WC's lead over SE (points)", {"table": "differences", "metric": "pass@1", "benchmark": "test", "level": "all"}),
    (
        "Coverage of the training data (%)",
        {"table": "data_quality", "metric": "coverage", "basis": "arm", "level": "all"},
    ),
)


def comparison(rows: list[dict], here: str, there: str, look: Look) -> Figure:
    """rows: of comparison.csv. Points off the line by more than their bars are where the two disagree."""
    figure, [panels] = new_figure(1, len(PANELS), FULL_WIDTH, 2.75)
    for axes, (title, keys) in zip(panels, PANELS, strict=True):
        own = [row for row in rows if keys.items() <= row.items()]
        if keys["table"] == "differences":
            own = [row for row in own if (row["source"], row["baseline"]) == (look.weak, look.strong)]
        plot_panel(axes, own, look)
        axes.set_title(title)
        axes.set_xlabel(there)
    panels[0].set_ylabel(here)
    add_title(figure, f"{here} against {there}")
    sources = look.order(list(dict.fromkeys(row["source"] for row in rows if row["table"] == "finetuned")))
    add_legend(figure, [*(Patch(color=look.colour(name), label=f"{look.label(name)} data") for name in sources),
                              INTERVAL])  # fmt: skip
    return figure


def plot_panel(axes: Axes, rows: list[dict], look: Look) -> None:
    if not rows:
        mark_empty(axes)
        return
    ends = []
    for row in rows:
        here, there = ([100 * row[f"{side}{end}"] for end in ("", "_low", "_high")] for side in ("here", "there"))
        line = {"color": look.colour(row["source"]), "linewidth": 0.9, "alpha": 0.75}
        axes.plot([there[0]] * 2, here[1:], **line)
        axes.plot(there[1:], [here[0]] * 2, **line)
        axes.plot(there[:1], here[:1], marker="o", markersize=3.2, color=look.colour(row["source"]))
        ends += [value for value in here + there if value == value]
    margin = 0.06 * (max(ends) - min(ends) or 1)
    low, high = min(ends) - margin, max(ends) + margin
    axes.plot([low, high], [low, high], color=FAINT, linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
