"""The figure of a ladder: from which ratio of pass@1 does WC data win over SE data?"""

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from yetbetter.claims.published import DATASETS
from yetbetter.figures.experiment import read_pairs
from yetbetter.figures.look import PUBLISHED, Look
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    COLUMN_WIDTH,
    FAINT,
    INTERVAL,
    PAPER_STYLE,
    add_legend,
    add_title,
    mark_empty,
    new_figure,
)
from yetbetter.tables import NUMBERS, Table, read_table

PLACE = ("dataset", "budget", "target", "level")
RATIOS = ("ratio", "ratio_low", "ratio_high")
CROSSOVERS = ("crossover", "low", "high", "first", "last")
# Told apart by colour, by marker, and by how dark they are.
BUDGETS = (("#56B4E9", "o"), ("#D55E00", "s"), ("#7A5195", "^"), ("#8C6D31", "v"), ("#222222", "P"))
NAMES = {"math": "MATH", "gsm8k": "GSM8K"}
PANEL, STRIP, ROW = 1.55, 0.12, 0.13  # inches: a panel, the strip below it, and each of the strip's rows


@dataclass(frozen=True)
class PaperPair:
    """A pair of the paper: WC's coverage at one sample over SE's, and what it printed of WC - SE, in points."""

    name: str
    ratio: float
    differences: list[float]


def plot(request: Request) -> Figure:
    ladder = read_table(request.tables["ladder"], (*PLACE, *RATIOS), (*NUMBERS, *RATIOS)).where(level="all")
    crossovers = read_table(request.tables["ladder_crossover"], (*PLACE, *CROSSOVERS, "text"), CROSSOVERS)
    published = request.read("published_numbers", PUBLISHED)
    look = request.look([])
    targets = look.order_targets([name for name in ladder.values("target") if name in (request.targets or [name])])
    budgets = look.order_budgets([name for name in ladder.values("budget") if name in (request.budgets or [name])])
    panels = [(dataset, target) for dataset in ladder.values("dataset") for target in targets] or [("", "")]
    styles = {budget: BUDGETS[number % len(BUDGETS)] for number, budget in enumerate(budgets)}
    strip = STRIP + ROW * (len(budgets) + 1)
    figure, rows = new_figure(
        *(2 * len(panels), 1, COLUMN_WIDTH, 1.15 + (PANEL + strip) * len(panels)),
        sharex=True,
        gridspec_kw={"height_ratios": [PANEL, strip] * len(panels)},
    )
    figure.get_layout_engine().set(hspace=0.02, h_pad=0.02)
    roles = read_pairs("--pair", request.pair)
    for (dataset, target), [upper], [lower] in zip(panels, rows[::2], rows[1::2], strict=True):
        place = {"dataset": dataset, "target": target}
        pairs = paper_pairs(published, roles.get(dataset), look.role_of_target(target) or "student")
        plot_ladder(upper, ladder.where(**place), styles)
        plot_paper(upper, lower, pairs)
        plot_crossovers(lower, crossovers.where(level="all", **place), styles, look.label(look.weak))
        upper.set_title(title_of(dataset, target, targets, look), loc="left", fontweight="bold")
        upper.set_ylabel(f"{look.label(look.weak)} \N{MINUS SIGN} {look.label(look.strong)} (points)")
        if not ladder.rows:
            mark_empty(upper)
    rows[-1][0].set_xlabel(f"pass@1 of {look.label(look.weak)}'s samples / {look.label(look.strong)}'s")
    add_title(figure, request.title)
    add_legend(figure, handles(styles, bool(published.rows)), columns=2)
    return figure


def title_of(dataset: str, target: str, targets: list[str], look: Look) -> str:
    return f"{dataset}, target: {look.label(target)}" if len(targets) > 1 else dataset


def plot_ladder(axes: Axes, table: Table, styles: dict[str, tuple[str, str]]) -> None:
    """The differences of all rungs against their ratios, with both intervals."""
    axes.axhline(0, color=FAINT, linewidth=0.7, zorder=0)
    known = [row["ratio"] for row in table.rows if not math.isnan(row["ratio"])]
    step = 0.008 * (max(known) - min(known)) if known else 0.0
    for number, (budget, (colour, marker)) in enumerate(styles.items()):
        rows = table.where(budget=budget).rows
        shift = step * (2 * number - len(styles) + 1)
        x = [row["ratio"] + shift for row in rows]
        line = {"color": colour, "linewidth": 0.9}
        axes.plot(x, [100 * row["difference"] for row in rows], **line, alpha=0.45)
        axes.vlines(x, [100 * row["low"] for row in rows], [100 * row["high"] for row in rows], **line)
        for place, row in zip(x, rows, strict=True):
            ends = [row["ratio_low"] + shift, row["ratio_high"] + shift]
            axes.plot(ends, [100 * row["difference"]] * 2, **line, alpha=0.45)
            axes.plot([place], [100 * row["difference"]], color=colour, marker=marker, markersize=3.2)


def plot_crossovers(axes: Axes, table: Table, styles: dict[str, tuple[str, str]], weak: str) -> None:
    """A row for each budget: the crossover, its interval, and both in words; an arrow where an end is open."""
    axes.set_ylim(len(styles) - 0.4, -1.6)
    across = axes.get_yaxis_transform()
    head, clear = f"{weak} data wins above a ratio of", {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    axes.text(0.01, -1, head, transform=across, va="center", fontsize=6, bbox=clear)
    axes.set_yticks(range(len(styles)), list(styles), fontsize=6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    for number, (budget, (colour, marker)) in enumerate(styles.items()):
        for row in table.where(budget=budget).rows:
            inside = not math.isnan(row["crossover"])
            low, high = (row[end] for end in ("low", "high"))
            if inside:
                axes.plot([row["crossover"]], [number], color=colour, marker=marker, markersize=4)
            if inside or not math.isnan(low + high):
                ends = [row["first"] if math.isnan(low) else low, row["last"] if math.isnan(high) else high]
                axes.plot(ends, [number, number], color=colour, linewidth=1.4)
                for end, open_, arrow in zip(ends, (math.isnan(low), math.isnan(high)), "<>", strict=True):
                    if open_:
                        axes.plot([end], [number], color=colour, marker=arrow, markersize=3.5)
            middle = (row["first"] + row["last"]) / 2
            left = inside and row["crossover"] > middle
            axes.annotate(
                row["text"],
                (0.0 if left else 1.0, number),
                xycoords=across,
                xytext=(3 if left else -3, 0),
                textcoords="offset points",
                ha="left" if left else "right",
                va="center",
                fontsize=6,
                bbox=clear,
            )


def paper_pairs(published: Table, role: str | None, target: str) -> list[PaperPair]:
    """The paper's pairs on its data set of this role, or on all if a data set has none.

    The ratio is that of the coverage at one sample, which is pass@1.
    """
    found = []
    for name in [DATASETS[role]] if role in DATASETS else DATASETS.values():
        coverage = published.where(table="coverage_trend", dataset=name, metric="coverage", k=1.0)
        values = {row["source"]: row["value"] for row in coverage.rows}
        accuracy = published.where(table="finetuned", dataset=name, target=target, metric="pass_at_1")
        by_budget = {(row["budget"], row["source"]): row["value"] for row in accuracy.rows if row["budget"]}
        budgets = dict.fromkeys(budget for budget, _ in by_budget)
        pairs = [(by_budget.get((budget, "wc")), by_budget.get((budget, "se"))) for budget in budgets]
        if values.keys() >= {"wc", "se"}:
            differences = [weak - strong for weak, strong in pairs if weak is not None and strong is not None]
            found.append(PaperPair(NAMES[name], values["wc"] / values["se"], differences))
    return found


def plot_paper(upper: Axes, lower: Axes, pairs: list[PaperPair]) -> None:
    for number, pair in enumerate(pairs):
        for axes in (upper, lower):
            axes.axvline(pair.ratio, color=FAINT, linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=0)
        upper.plot([pair.ratio] * len(pair.differences), pair.differences, zorder=4, **PAPER_STYLE)
        upper.annotate(
            f"paper, {pair.name}: {pair.ratio:.2f}",  # at the lower right, where a rising ladder leaves room
            (pair.ratio, 0.0),
            xycoords=upper.get_xaxis_transform(),
            xytext=(2, 3 + 7 * number),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=5.5,
            color=FAINT,
        )


def handles(styles: dict[str, tuple[str, str]], with_paper: bool) -> list[Line2D]:
    found = [
        Line2D([], [], color=colour, marker=marker, markersize=3.2, linewidth=0.9, label=f"{budget} budget")
        for budget, (colour, marker) in styles.items()
    ]
    paper = [Line2D([], [], **PAPER_STYLE | {"label": "the paper's student"})] if with_paper else []
    return [*found, INTERVAL, *paper]
