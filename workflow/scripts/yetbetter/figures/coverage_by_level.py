"""The figure of coverage at each level of difficulty."""

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from yetbetter.figures.look import ARMS, COVERAGE, Look, Paper, budget_label, choose_dataset, samples_label
from yetbetter.figures.request import Request
from yetbetter.figures.style import (
    FULL_WIDTH,
    INTERVAL,
    PAPER_STYLE,
    add_legend,
    mark_empty,
    new_figure,
    paper_handles,
    plot_bar,
)
from yetbetter.tables import Table, to_number


def plot(request: Request) -> Figure:
    table = request.read("coverage", COVERAGE)
    arms = request.read("arms", ARMS)
    look = Look(request.strong, request.weak, table.values("model"))
    dataset = choose_dataset(table, request.dataset)
    paper = Paper(request.published, "coverage_by_level", dataset, look)
    return coverage_by_level(table, arms, dataset, look, paper)


def coverage_by_level(table: Table, arms: Table, dataset: str, look: Look, paper: Paper) -> Figure:
    """Coverage per level of difficulty, SE against WC with each budget's samples, in panels."""
    table = table.where(dataset=dataset)
    arms = arms.where(dataset=dataset)
    levels = sorted(
        (level for level in table.values("level") if level != "all"),
        key=lambda text: (len(text), text),
    )
    # The high budget, which the paper shows, comes first.
    budgets = [budget for budget in ("high", "low") if budget in arms.values("budget")] or ["high"]
    size = (FULL_WIDTH, 2.6)
    figure, [panels] = new_figure(1, len(budgets), *size, sharey=True)
    for axes, budget in zip(panels, budgets, strict=True):
        handles = []
        for shift, source in ((-0.2, look.strong), (0.2, look.weak)):
            # A source usually has its model's name; otherwise the model's first arm gives the number of samples.
            arm = arms.where(budget=budget, source=source).rows or arms.where(budget=budget, model=source).rows
            model, samples = (arm[0]["model"], arm[0]["samples"]) if arm else ("", "")
            k = to_number(samples, f"{arms.path}: samples")
            for column, level in enumerate(levels):
                cell = table.estimate(model=model, level=level, k=k).times(100)
                plot_bar(axes, column + shift, cell, look.colour(source), width=0.38, lying=False)
                printed = paper.value(f"level_{level}", budget, source)
                axes.plot([column + shift], [printed], **PAPER_STYLE)
            label = samples_label(look.label(source), samples)
            handles.append(Patch(color=look.colour(source), label=label))
        axes.set_xticks(range(len(levels)), [f"{level}\n({_questions(table, level)})" for level in levels])
        axes.tick_params(axis="x", length=0)
        axes.set_xlim(-0.6, max(1, len(levels)) - 0.4)
        axes.set_xlabel("level (questions)")
        axes.set_ylim(0, 100)
        axes.set_title(budget_label(budget), loc="left")
        # Above the axes, where no bar can reach.
        axes.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(1.02, 0.98),
            ncols=2,
            handlelength=1.2,
            columnspacing=1.2,
        )
        if not levels:
            mark_empty(axes)
    panels[0].set_ylabel("coverage (% of questions)")
    figure.suptitle(f"{dataset}: coverage by level of difficulty")
    add_legend(figure, [INTERVAL, *paper_handles(paper)])
    return figure


def _questions(table: Table, level: str) -> str:
    counts = [count for count in table.where(level=level).values("questions") if count]
    return counts[0] if counts else "?"
