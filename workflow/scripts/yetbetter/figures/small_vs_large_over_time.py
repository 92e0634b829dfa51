"""The figure of what small and large open models scored over time, from a table of published scores."""

import math
import re
from datetime import date, timedelta

import matplotlib.dates as mdates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from yetbetter.errors import UserError
from yetbetter.figures.look import STRONG, WEAK
from yetbetter.figures.request import Request
from yetbetter.figures.style import FAINT, FULL_WIDTH, INK, add_legend, add_title, mark_empty, new_figure
from yetbetter.tables import NUMBERS, Table, read_table, to_number

# address: where the score was found; date_address: where the release date was; found: the day it was looked up.
SCORES = (
    *("model", "family", "parameters", "size", "date", "benchmark", "score", "setting", "by"),
    *("address", "date_address", "found"),
)
SMALLEST_LARGE, LARGEST_SMALL = 20e9, 12e9  # parameters, those of all experts included
LOOKS = {"small": (WEAK, "o"), "large": (STRONG, "s")}
DAY, MONTH_OR_DAY = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{4}-\d{2}(-\d{2})?")
NAMED_STEP = 2.0  # points
ONE_TOOL = "OpenCompass"


def plot(request: Request) -> Figure:
    return small_vs_large(read_scores(request.tables["public_scores"]))


def read_scores(path: str) -> Table:
    """The table; UserError, naming file and line, of a row that is not as a reader could check it."""
    table = read_table(path, SCORES, NUMBERS)
    for number, row in enumerate(table.rows, start=2):
        where = f"{path}:{number}: {row['model']}"
        for key in ("address", "date_address"):
            if not re.fullmatch(r"https?://\S+", row[key]):
                raise UserError(f"{where}: {key} is {row[key]!r}, must be the address where it was found")
        if not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", row["date"]) or not re.fullmatch(
            r"\d{4}-\d{2}-\d{2}", row["found"]
        ):
            raise UserError(f"{where}: dates are YYYY-MM-DD (a release: or YYYY-MM), not {row['date']}, {row['found']}")
        parameters, score = (to_number(row[key], f"{where}: {key}") for key in ("parameters", "score"))
        size = "small" if parameters <= LARGEST_SMALL else "large" if parameters >= SMALLEST_LARGE else "neither"
        if row["size"] != size:
            raise UserError(f"{where}: size is {row['size']!r}, with {parameters:.3g} parameters it is {size!r}")
        if not 0 <= score <= 100:
            raise UserError(f"{where}: score is {row['score']!r}, must be in percent")
        row |= {"score": score, "day": day_of(row["date"])}
    return table


def day_of(text: str) -> date:
    """A release date; the middle of a month of which no day is known."""
    year, month, day = [*map(int, text.split("-")), 15][:3]
    return date(year, month, day)


def small_vs_large(table: Table) -> Figure:
    """Every model's score at its release, and the best so far of small and of large models, one panel a benchmark."""
    benchmarks = sorted(table.values("benchmark")) or [""]
    figure, [panels] = new_figure(1, len(benchmarks), FULL_WIDTH, 3.5, sharex=True)
    end = max((row["day"] for row in table.rows), default=None)
    for axes, benchmark in zip(panels, benchmarks, strict=True):
        for size in LOOKS:
            _plot_class(axes, table.where(benchmark=benchmark, size=size), size, end)
        axes.set_title(benchmark, loc="left", fontweight="bold")
        axes.set_ylabel(f"{benchmark} score (%)")
        axes.set_xlabel("release of the model")
        if table.rows:
            top = min(100, 1.12 * max(row["score"] for row in table.where(benchmark=benchmark).rows))
            axes.set_ylim(-0.04 * top, top)
            axes.xaxis.set_major_locator(mdates.MonthLocator((1, 7)))
            axes.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m"))
            axes.tick_params(axis="x", labelsize=6.5)
            # Room for names.
            axes.set_xlim(min(row["day"] for row in table.rows) - timedelta(190), end + timedelta(170))
        else:
            mark_empty(axes)
    add_title(figure, "Published scores of small and large open models (pretrained, not finetuned) by release")
    add_legend(figure, _handles(), columns=2)
    return figure


def records(rows: list[dict]) -> list[dict]:
    """The rows that were the best of all so far when they appeared, by day; of one day the best alone."""
    best, found = -math.inf, []
    for row in sorted(rows, key=lambda row: (row["day"], -row["score"])):
        if row["score"] > best:
            best = row["score"]
            found.append(row)
    return found


def _plot_class(axes: Axes, table: Table, size: str, end: date | None) -> None:
    colour, marker = LOOKS[size]
    for row in table.rows:
        face = colour if row["by"] == ONE_TOOL else "white"
        keys = {
            "marker": marker,
            "markersize": 4,
            "color": colour,
            "markerfacecolor": face,
            "linestyle": "none",
            "zorder": 6,
        }
        axes.plot([row["day"]], [row["score"]], label=row["model"], **keys)
    best = records(table.rows)
    if not best:
        return
    steps = [*((row["day"], row["score"]) for row in best), (end, best[-1]["score"])]
    line = {"linewidth": 1.1, "linestyle": "-" if size == "large" else (0, (4, 2)), "zorder": 1}
    axes.step(*zip(*steps, strict=True), where="post", color=colour, **line)
    # Large models' names stand left above their points, small ones' right below: the two lines run one above the other.
    shift, align = ((-3, 4), "right") if size == "large" else ((4, -7), "left")
    named = -math.inf
    for row in best:
        # A step too small to see would put one name on another.
        if row["score"] >= named + NAMED_STEP:
            named = row["score"]
            keys = {"textcoords": "offset points", "ha": align, "fontsize": 5.6, "color": INK, "zorder": 3}
            text = axes.annotate(row["model"], (row["day"], row["score"]), xytext=shift, **keys)
            text.set_path_effects([withStroke(linewidth=1.8, foreground="white")])


def _handles() -> list[Line2D]:
    names = {
        "small": f"small: up to {LARGEST_SMALL / 1e9:g} billion parameters",
        "large": f"large: {SMALLEST_LARGE / 1e9:g} billion and more",
    }
    handles = []
    for size, (colour, marker) in LOOKS.items():
        style = {"linestyle": "-" if size == "large" else (0, (4, 2)), "linewidth": 1.1, "markersize": 4}
        handles.append(Line2D([], [], color=colour, marker=marker, label=f"{names[size]}; line: best so far", **style))
    point = {"linestyle": "none", "marker": "o", "markersize": 4, "color": FAINT}
    handles.append(Line2D([], [], label=f"evaluated by one tool ({ONE_TOOL})", **point))
    handles.append(Line2D([], [], label="as its makers report it", markerfacecolor="white", **point))
    return handles
