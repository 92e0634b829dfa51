"""The figure of votes among sampled answers: plain, weighed by a verifier's scores, or the best-scored one alone."""

import re

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from yetbetter.figures.look import FINETUNED, FURTHER, SEEDS, Look, choose_dataset, in_order
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    FAINT,
    FULL_WIDTH,
    INK,
    INTERVAL,
    LINE,
    add_legend,
    add_title,
    log_axis,
    mark_empty,
    new_figure,
    plot_curve,
)
from yetbetter.tables import Table

# A metric of sampled answers: what is done with k of them, and by which verifier.
METRIC = re.compile(r"(?P<way>solved|maj|weighted|best)@(?P<k>\d+)(:(?P<verifier>.+))?")
# Lines by what is done with the scores.
ANY = {"linestyle": ":"}
WEIGHTED, BEST = {"linestyle": "-"}, {"linestyle": (0, (4, 2)), "markerfacecolor": "white"}


def plot(request: Request) -> Figure:
    table = request.read("finetuned", FINETUNED)
    look = request.look(table.values("source"))
    return verification(table, choose_dataset(table, request.dataset), request, look)


def verification(table: Table, dataset: str, request: Request, look: Look) -> Figure:
    """Accuracy against k of the first target and the last budget: a panel for each source and benchmark."""
    sources = request.sources or look.order(table.values("source"))
    table = table.where(dataset=dataset, level="all", seed=SEEDS, source=tuple(sources))
    found = [match for match in map(METRIC.fullmatch, table.values("metric")) if match and match["verifier"]]
    verifiers = list(dict.fromkeys(match["verifier"] for match in found))
    counts = sorted({int(match["k"]) for match in found})
    table = table.where(
        target=(request.targets or look.order_targets(table.values("target")) or [""])[0],
        budget=(request.budgets or look.order_budgets(table.values("budget")) or [""])[-1],
    )
    there = table.where(metric=tuple(match[0] for match in found))
    benchmarks, sources = there.values("benchmark"), in_order(there.values("source"), sources)
    rows, columns = max(1, len(benchmarks)), max(1, len(sources))
    figure, panels = new_figure(rows, columns, FULL_WIDTH, 0.9 + 2.1 * rows, sharex=True, sharey="row")
    for benchmark, row in zip(benchmarks, panels, strict=False):
        for source, axes in zip(sources, row, strict=True):
            own = table.where(benchmark=benchmark, source=source)
            plot_ways(axes, own, counts, verifiers)
            axes.set_title(f"{look.label(own.values('target')[0])}, {look.label(source)} data")
            log_axis(axes, counts)
        row[0].set_ylabel(f"{benchmark.capitalize()} problems\nright answers (%)")
    for axes in panels[-1]:
        axes.set_xlabel("k, answers looked at")
    if not benchmarks:
        mark_empty(panels[0][0])
    add_title(figure, f"{dataset}: {request.title or 'which of k sampled answers is given'}")
    handles = [
        Line2D([], [], color=FAINT, label="any of them is right", **LINE | ANY),
        Line2D([], [], color=INK, label="majority vote", **LINE),
    ]
    for place, name in enumerate(verifiers):
        colour = FURTHER[place % len(FURTHER)]
        handles.append(Line2D([], [], color=colour, label=f"{name}, weighted vote", **LINE | WEIGHTED))
        handles.append(Line2D([], [], color=colour, label=f"{name}, best-scored", **LINE | BEST))
    add_legend(figure, [*handles, INTERVAL], columns=4)
    return figure


def plot_ways(axes, table: Table, counts: list[int], verifiers: list[str]) -> None:
    def curve(way: str, verifier: str = "") -> dict:
        behind = f":{verifier}" if verifier else ""
        return {k: table.estimate(metric=f"{way}@{k}{behind}").times(100) for k in counts}

    plot_curve(axes, curve("solved"), FAINT, **ANY)
    if any(cell.known for cell in curve("maj").values()):
        plot_curve(axes, curve("maj"), INK)
    for place, name in enumerate(verifiers):
        colour, shift = FURTHER[place % len(FURTHER)], 1.04 ** (place + 1)
        if any(cell.known for cell in curve("weighted", name).values()):  # programs do not vote
            plot_curve(axes, curve("weighted", name), colour, shift=shift, **WEIGHTED)
        plot_curve(axes, curve("best", name), colour, shift=1 / shift, **BEST)
