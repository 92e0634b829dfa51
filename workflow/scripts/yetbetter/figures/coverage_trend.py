"""The figure of coverage as samples are added."""

import math

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from yetbetter.figures.look import (
    COVERAGE,
    Look,
    Paper,
    choose_dataset,
)
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    INK,
    PAPER_STYLE,
    add_title,
    limit_up,
    log_axis,
    mark_empty,
    missing_handles,
    new_figure,
    paper_handles,
    plot_curve,
)
from yetbetter.tables import Estimate, Table


def plot(request: Request) -> Figure:
    table = request.read("coverage", COVERAGE)
    look = request.look(table.values("model"))
    dataset = choose_dataset(table, request.dataset)
    paper = Paper(request.published, "coverage_trend", dataset, look)
    return coverage_trend(table, dataset, look, request.ratio, paper)


def coverage_trend(table: Table, dataset: str, look: Look, ratio: float, paper: Paper) -> Figure:
    """Coverage@k of SE and WC, and of WC with `ratio` times k samples: the compute of SE's k."""
    table = table.where(dataset=dataset, level="all")
    curves = {name: _by_k(table, name) for name in (look.strong, look.weak)}
    # Rounded down: the WC model never gets more compute than SE's k samples cost.
    matched = {k: curves[look.weak].get(math.floor(ratio * k + 1e-9), Estimate()) for k in curves[look.strong]}
    figure, [[axes]] = new_figure(1, 1, 4.6, 3.2)
    strong, weak = look.label(look.strong), look.label(look.weak)
    plot_curve(axes, curves[look.strong], look.colour(look.strong), f"{strong}, k samples")
    label = f"{weak}, {ratio:g}k samples: the compute of k {strong} samples"
    plot_curve(axes, matched, look.colour(look.weak), label, marker="s")
    plot_curve(
        axes,
        curves[look.weak],
        look.colour(look.weak),
        f"{weak}, k samples",
        linestyle=(0, (4, 2)),
        marker="",
    )
    printed = paper.table.rows
    axes.plot([row["k"] for row in printed], [row["value"] for row in printed], **PAPER_STYLE)
    ks = [k for curve in curves.values() for k in curve]
    log_axis(
        axes,
        [tick for tick in (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300) if tick <= max(ks, default=0)],
    )
    axes.set_xlabel("k, samples per question (log scale)")
    axes.set_ylabel("coverage (% of questions)")
    limit_up(axes)
    if not ks:
        mark_empty(axes)
    add_title(figure, f"{dataset}: coverage as samples are added")
    band = Patch(color=INK, alpha=0.16, linewidth=0, label="95 % interval")
    lines = [line for line in axes.lines if line.get_label().endswith("samples")]
    handles = [*lines, band, *paper_handles(paper)]
    handles += missing_handles(figure)
    axes.legend(handles=handles, loc="lower right" if ks else "upper left")
    return figure


def _by_k(table: Table, model: str) -> dict[int, Estimate]:
    ks = sorted({row["k"] for row in table.where(model=model).rows if not math.isnan(row["k"])})
    return {int(k): table.estimate(model=model, k=k).times(100) for k in ks}
