"""What every figure is made of: one style, bars and curves with intervals, marks, files."""

import math
import textwrap
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from yetbetter.figures.look import Paper
from yetbetter.tables import Estimate

FULL_WIDTH, COLUMN_WIDTH = 6.75, 3.4  # inches: two columns and one column of a conference paper
# Inches of a character at 7 and at 9 points, and of a legend's handle with the blank around it.
WIDTH_AT_7, WIDTH_AT_9, HANDLE_WIDTH = 0.052, 0.068, 0.45
# Characters of a name in one line, and the height of each further line, in rows of lying bars.
LONGEST, FURTHER_LINE = 34, 0.75
INK, FAINT = "#222222", "#767676"
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "figure.titlesize": 9,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.grid": False,
    "pdf.fonttype": 42,
    # Names and titles come from configs and are drawn as they are written: a dollar sign begins no mathematics.
    "text.parse_math": False,
}
# The largest budget's line, and those of smaller ones; after the last one they start again with the next marker.
BUDGET_LINES = (
    {"linestyle": "-"},
    {"linestyle": (0, (4, 2)), "markerfacecolor": "white"},
    {"linestyle": ":"},
    {"linestyle": "-.", "marker": "^"},
)
FURTHER_MARKERS = ("s", "D", "v")
LINE = {"linewidth": 1.2, "marker": "o", "markersize": 2.6}
# A reader's own matplotlibrc must not change the figures.
matplotlib.rcdefaults()
matplotlib.rcParams.update(STYLE)


def budget_lines(budgets: list[str]) -> dict[str, dict]:
    """Budget -> style of its lines. budgets: as the config has them, the largest last."""
    styles = {}
    for place, budget in enumerate(reversed(budgets)):
        turn, line = divmod(place, len(BUDGET_LINES))
        marker = {"marker": FURTHER_MARKERS[(turn - 1) % len(FURTHER_MARKERS)]} if turn else {}
        styles[budget] = BUDGET_LINES[line] | marker
    return styles


@dataclass
class Points:
    """Points plotted on lying bars: their look, and their values by place."""

    style: dict
    at: dict[float, float] = field(default_factory=dict)


def new_figure(rows: int, columns: int, width: float, height: float, **keys) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.05)
    return figure, figure.subplots(rows, columns, squeeze=False, **keys)


def mark_empty(axes: Axes) -> None:
    keys = {"transform": axes.transAxes, "ha": "center", "va": "center", "style": "italic"}
    axes.text(0.5, 0.5, "no values in the table", color=FAINT, **keys)
    axes.set_xticks([])
    axes.set_yticks([])


def plot_bar(axes: Axes, place: float, cell: Estimate, colour: str, width: float = 0.8, lying: bool = True) -> None:
    """A zero-based bar with its interval, lying or standing; "n/a" where the value is missing."""
    if not cell.known:
        at, away = ((0, place), (3, 0)) if lying else ((place, 0), (0, 3))
        keys = {"ha": "left", "va": "center"} if lying else {"ha": "center", "va": "bottom"}
        keys |= {"color": FAINT, "style": "italic", "fontsize": 7}
        axes.annotate("n/a", at, xytext=away, textcoords="offset points", **keys)
        return
    (axes.barh if lying else axes.bar)(place, cell.value, width, color=colour)
    if cell.bounded:
        ends, places = (cell.low, cell.high), (place, place)
        line = (ends, places) if lying else (places, ends)
        # A white rim keeps the dark line apart from a dark bar.
        axes.plot(*line, color="white", linewidth=2.2, solid_capstyle="butt")
        axes.plot(*line, color=INK, linewidth=1.1, solid_capstyle="butt")


def value_text(cell: Estimate, digits: int = 1) -> str:
    return f"{cell.value:.{digits}f}{'' if cell.bounded else DAGGER}" if cell.known else ""


def plot_rows(axes: Axes, bars: list[tuple[float, Estimate, str]], marks: list[Points], digits: int) -> None:
    """Lying bars (place, cell, colour), marks on them, and a column of values at the right."""
    keys = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center", "fontsize": 7}
    for place, cell, colour in bars:
        plot_bar(axes, place, cell, colour)
        # In a column of their own, where no mark can be taken for what they describe.
        axes.text(1, place, value_text(cell, digits), **keys)
    for mark in marks:
        axes.plot(list(mark.at.values()), list(mark.at), **mark.style)


def name_rows(axes: Axes, groups: list[tuple[str, list[str]]]) -> dict[tuple[int, int], float]:
    """Label the rows of grouped lying bars, a bold heading above each group.

    `groups` holds (heading, labels of its bars). Returns the place of (group, bar).
    """
    places, ticks, labels, headings = {}, [], [], []
    line = 0.0
    for group, (heading, bars) in enumerate(groups):
        headings.append(len(ticks))
        for bar, label in enumerate([heading, *bars], start=-1):
            line += (0, 0.85, 1)[min(bar, 1) + 1]
            text = broken(label)
            further = FURTHER_LINE * text.count("\n")
            ticks.append(line + further / 2)
            labels.append(text)
            places[group, bar] = ticks[-1]
            line += further
        del places[group, -1]
        line += 1.25
    axes.set_yticks(ticks, labels)
    axes.tick_params(axis="y", length=0)
    drawn = axes.yaxis.get_major_ticks()
    for number in headings:
        drawn[number].label1.set_fontweight("bold")
    axes.set_ylim(line - 0.6, -0.5)
    return places


def rows_height(groups: list[tuple[str, list[str]]]) -> float:
    """Inches that `name_rows` needs, axis labels, title and legend included."""
    further = sum(broken(label).count("\n") for heading, bars in groups for label in [heading, *bars])
    return 1.35 + 0.17 * (sum(len(bars) + 1.1 for _, bars in groups) + FURTHER_LINE * further)


def broken(name: str) -> str:
    """A long name, broken into lines of at most LONGEST characters."""
    return textwrap.fill(name, LONGEST)


def point_style(**keys) -> dict:
    return {
        "linestyle": "none",
        "markersize": 4,
        "markeredgecolor": INK,
        "markeredgewidth": 0.8,
    } | keys


POOL_STYLE = point_style(
    marker="o",
    markerfacecolor="white",
    label="expectation over the pool (bars: the samples trained on)",
)
PAPER_STYLE = point_style(marker="D", markersize=3.5, markerfacecolor="none", label="the paper's value")
DAGGER, MISSING = "\N{DAGGER}", "value missing"
CROSS = {"linestyle": "none", "marker": "x", "markersize": 4, "color": FAINT, "clip_on": False}
INTERVAL = Line2D([], [], color=INK, linewidth=1.1, label="95 % interval")


def paper_handles(paper: Paper) -> list[Line2D]:
    """The legend's entry for the paper's values, where there are some."""
    return [Line2D([], [], **PAPER_STYLE)] if paper.table.rows else []


def missing_handles(figure: Figure) -> list[Line2D]:
    """The legend's entries for what the tables lacked."""
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    labels = [line.get_label() for axes in figure.axes for line in axes.lines]
    dagger = Line2D([], [], linestyle="none", label=f"{DAGGER} interval missing")
    handles = [dagger] if any(DAGGER in text for text in texts) else []
    return handles + ([Line2D([], [], label=MISSING, **CROSS)] if MISSING in labels else [])


def add_title(figure: Figure, text: str) -> None:
    """The figure's title, broken into lines that fit the figure's width."""
    room = int(figure.get_figwidth() / WIDTH_AT_9)
    figure.suptitle("\n".join(line for part in text.split("\n") for line in textwrap.wrap(part, room)))


def add_height(figure: Figure, lines: int) -> None:
    """Make the figure higher by this many further lines of titles."""
    figure.set_figheight(figure.get_figheight() + 0.17 * max(0, lines))


def column_widths(widths: list[float], columns: int) -> list[float]:
    """The widths of a legend's columns, which are filled in order; the first ones hold one entry more if needed."""
    rows, longer = divmod(len(widths), columns)
    ends = [number * rows + min(number, longer) for number in range(columns + 1)]
    return [max(widths[start:end]) for start, end in pairwise(ends)]


def add_legend(figure: Figure, handles: list, columns: int = 4) -> None:
    """The legend below the figure, in at most `columns` columns; fewer if long names do not fit side by side."""
    handles = handles + missing_handles(figure)
    widths = [HANDLE_WIDTH + WIDTH_AT_7 * max(map(len, handle.get_label().split("\n"))) for handle in handles]
    columns = min(columns, len(handles))
    while columns > 1 and sum(column_widths(widths, columns)) > figure.get_figwidth():
        columns -= 1
    keys = {"ncols": columns, "handlelength": 1.6}
    figure.legend(handles=handles, loc="outside lower center", **keys)


def plot_curve(axes: Axes, curve: dict[int, Estimate], colour: str, label: str = "", shift: float = 1, **style) -> None:
    """Values against k: with a band for the interval, or bars where the curve is shifted."""
    ks = [k * shift for k in curve]
    axes.plot(ks, [cell.value for cell in curve.values()], color=colour, label=label, **LINE | style)
    lows, highs = [cell.low for cell in curve.values()], [cell.high for cell in curve.values()]
    if shift == 1:
        axes.fill_between(ks, lows, highs, color=colour, alpha=0.16, linewidth=0)
    else:
        axes.vlines(ks, lows, highs, color=colour, linewidth=0.9)
    gaps = [k for k, cell in zip(ks, curve.values(), strict=True) if not cell.known]
    if gaps:
        below = axes.get_xaxis_transform()
        axes.plot(gaps, [0.02] * len(gaps), transform=below, label=MISSING, **CROSS)


def log_axis(axes: Axes, ticks: list[int]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xticks([], minor=True)


def limit(axes: Axes, cells: list[Estimate], marks: list[Points]) -> None:
    """A zero-based axis with room for the column of values."""
    points = [value for mark in marks for value in mark.at.values() if not math.isnan(value)]
    end = max((*(cell.end for cell in cells), *points), default=0)
    axes.set_xlim(0, 1.3 * end or 1)
    if not end:
        axes.set_xticks([])


def limit_up(axes: Axes) -> None:
    axes.set_ylim(0, min(100, axes.get_ylim()[1]))


def equal_spans(panels: list[Axes]) -> None:
    """Vertical axes of equal length about their own middles: differences compare across panels, levels need not."""
    ends = [axes.get_ylim() for axes in panels]
    half = max(high - low for low, high in ends) / 2
    for axes, (low, high) in zip(panels, ends, strict=True):
        axes.set_ylim((low + high) / 2 - half, (low + high) / 2 + half)


def save(figure: Figure, pdf: str | Path, png: str | Path) -> None:
    """Write both files without dates or versions, so that the same table gives the same bytes."""
    kinds = (
        (pdf, "pdf", {"CreationDate": None, "Producer": None}),
        (png, "png", {"Software": None}),
    )
    for path, kind, metadata in kinds:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format=kind, dpi=200, metadata=metadata)
        figure.set_layout_engine("none")  # the second file takes over the first one's layout
