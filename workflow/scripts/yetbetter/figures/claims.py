"""The figure of the claims: a row for each, with the effect that decides it, and its verdict in a word and a mark."""

import math
import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from yetbetter.claims.columns import CONTRADICTED, INCONCLUSIVE, NOT_RUN, REPRODUCED
from yetbetter.figures.look import STRONG
from yetbetter.figures.request import Request
from yetbetter.figures.style import FAINT, FULL_WIDTH, INK, add_legend, add_title, mark_empty, new_figure
from yetbetter.tables import Table, to_number

# fmt: off
CLAIMS = ("claim", "name", "verdict", "reason", "effect", "unit", "low", "high", "relation", "margin", "decided_by",
          "basis")
# fmt: on
KIND = ("unit", "relation", "margin")
COMPARISONS = ("claim", "place", "effect", "low", "high", *KIND)
# Told apart by shape and by how dark they are, so that grey print and colour-blind readers lose nothing.
MARKS = {
    REPRODUCED: {"marker": "o", "color": STRONG, "markerfacecolor": STRONG},
    CONTRADICTED: {"marker": "X", "color": "#D55E00", "markerfacecolor": "#D55E00"},
    INCONCLUSIVE: {"marker": "D", "color": INK, "markerfacecolor": "white"},
}
SHADE, OTHERS = "#E9E9E9", "#A6A6A6"
TICKS = (-100, -30, -10, -5, 0, 5, 10, 30, 100)
UNITS = {"points": "points", "percent": "%", "solutions": "solutions"}


def plot(request: Request) -> Figure:
    return claims(request.read("claims", CLAIMS), request.read("claim_comparisons", COMPARISONS))


def claims(table: Table, comparisons: Table) -> Figure:
    """One row per claim; shaded is the side of the boundary on which the claim says that the effect lies."""
    rows = table.rows
    figure, [[axes]] = new_figure(1, 1, FULL_WIDTH, 1.35 + 0.31 * max(len(rows), 3))
    axes.set_xscale("symlog", linthresh=10, linscale=1.4)
    ends = [abs(number_of(row, key)) for row in rows for key in ("low", "high")]
    ends += [1.5 * number_of(row, "margin") for row in rows]
    end = 1.15 * max(12.0, min(200.0, max((value for value in ends if math.isfinite(value)), default=12.0)))
    axes.set_xlim(-end, end)
    axes.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    axes.axvline(0, color=INK, linewidth=0.6, zorder=1)
    for place, row in enumerate(rows):
        if row["verdict"] == NOT_RUN:
            note = textwrap.shorten(row["reason"], 78, placeholder=" …")
            style = {"va": "center", "fontsize": 6.5, "style": "italic", "color": FAINT}
            clear = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
            axes.annotate(note, (-end, place), xytext=(8, 0), textcoords="offset points", bbox=clear, **style)
        else:
            plot_claim(axes, place, row, comparisons.where(claim=row["claim"]).rows, end)
        axes.annotate(
            f"{row['verdict']}{', one seed' if one_seed(row) else ''}\n{effect_text(row)}".strip(),
            (1, place),
            xycoords=axes.get_yaxis_transform(),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            fontweight="bold" if row["verdict"] in (REPRODUCED, CONTRADICTED) else "normal",
            color=FAINT if row["verdict"] == NOT_RUN else INK,
        )
    axes.set_yticks(range(len(rows)), [f"{row['name']}  {row['claim']:>2}" for row in rows])
    axes.tick_params(axis="y", length=0)
    shown = [tick for tick in TICKS if abs(tick) <= end]
    axes.set_xticks(shown, [f"{tick:+d}".replace("-", "\N{MINUS SIGN}") if tick else "0" for tick in shown])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("difference, in points, percent or solutions as told on the right (logarithmic beyond 10)")
    if not rows:
        mark_empty(axes)
    add_title(figure, "Claims: what decides each, with its 95 % interval")
    handles = [Line2D([], [], linestyle="-", markersize=5, linewidth=1.4, label=name, **MARKS[name]) for name in MARKS]
    handles.append(Line2D([], [], color=INK, linestyle=(0, (2, 1)), linewidth=1.4, label="of one seed"))
    handles.append(Line2D([], [], color=OTHERS, linewidth=0.9, marker=".", markersize=3, label="others of its kind"))
    handles.append(Patch(color=SHADE, label="where the claim says it lies"))
    add_legend(figure, handles, columns=3)
    return figure


def plot_claim(axes: Axes, place: float, row: dict, comparisons: list[dict], end: float) -> None:
    for low, high in claimed(row, end):
        axes.add_patch(Rectangle((low, place - 0.42), high - low, 0.84, color=SHADE, linewidth=0, zorder=0))
    alike = [one for one in comparisons if all(one[key] == row[key] for key in KIND)]
    others = [one for one in alike if one["place"] != row["decided_by"]]
    for number, one in enumerate(others):
        # Fanned out over the row, or intervals would cover each other.
        height = place + 0.34 * (2 * (number + 1) / (len(others) + 1) - 1)
        low, value, high = (number_of(one, key) for key in ("low", "effect", "high"))
        axes.plot([low, high], [height, height], color=OTHERS, linewidth=0.7, zorder=2)
        axes.plot([value], [height], color=OTHERS, marker=".", markersize=2.5, zorder=2)
    low, value, high = (number_of(row, key) for key in ("low", "effect", "high"))
    mark = MARKS[row["verdict"]]
    axes.plot([low, high], [place, place], color="white", linewidth=3.4, zorder=3, solid_capstyle="butt")
    line = {"linewidth": 1.6, "linestyle": (0, (2, 1)) if one_seed(row) else "-", "solid_capstyle": "butt"}
    axes.plot([low, high], [place, place], color=mark["color"], zorder=4, **line)
    axes.plot([value], [place], **mark, markersize=5.5, markeredgewidth=1.0, linestyle="none", zorder=5)


def claimed(row: dict, end: float) -> list[tuple[float, float]]:
    """The stretch of the axis on which the claim says that the effect lies."""
    margin = number_of(row, "margin")
    margin = 0.0 if math.isnan(margin) else margin
    stretches = {
        "greater": [(margin, end)],
        "less": [(-end, -margin)],
        "at_most": [(-end, margin)],
        "similar": [(-margin, margin)],
    }
    return stretches.get(row["relation"], [])


def one_seed(row: dict) -> bool:
    return "one seed" in row["basis"]


def effect_text(row: dict) -> str:
    effect, low, high = (number_of(row, key) for key in ("effect", "low", "high"))
    if math.isnan(effect):
        return ""
    digits = 2 if row["unit"] == "solutions" else 0 if abs(effect) >= 100 else 1
    effect, low, high = (f"{end:+.{digits}f}".replace("-", "\N{MINUS SIGN}") for end in (effect, low, high))
    return f"{effect} {UNITS.get(row['unit'], row['unit'])} [{low}, {high}]"


def number_of(row: dict, key: str) -> float:
    return to_number(row[key], key) if isinstance(row[key], str) else row[key]
