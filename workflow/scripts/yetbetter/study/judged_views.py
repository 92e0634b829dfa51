"""Which views of a pool are judged in a grid, and at most how many solutions that is."""

from collections.abc import Iterable

from yetbetter.judging.collecting import KINDS
from yetbetter.judging.judgements import View, sort_views
from yetbetter.selection.filters import FILTERS
from yetbetter.study.grid import Grid


def judged_views(grid: Grid, dataset: str, model: str, further: bool) -> dict[str, list[View]]:
    """kind of judging -> the views of a pool that are judged for the base grid.

    further: what the whole study needs in addition: the pool as the study measures it, and the views of its further
    arms.
    """
    cells = grid.cells_in(extra=further)
    base_sets = set(grid.training_sets_of(grid.cells_in(extra=False))) if further else set()
    pool = grid.pools_of(cells).get((dataset, model))
    views: dict[str, set[View]] = {kind: set() for kind in KINDS}
    if pool:
        whole = pool.questions == grid.config["datasets"][dataset]["splits"]["train"]
        views["views"].add(View(pool.samples, None if whole else pool.questions))
    for arm in grid.training_sets_of(cells):
        draws = grid.draws(arm.budget, arm.source)
        if arm.dataset != dataset or model not in draws or arm in base_sets:
            continue
        source = grid.config["sources"][arm.source]
        questions = grid.questions(dataset, arm.budget, arm.source) if "questions" in source else None
        # A view starts with the first sample: that of a further slice has those before it, too.
        view = View(draws[model].samples * (arm.repetition + 1), questions)
        for kind in FILTERS[source["filter"]].judged:
            views[kind].add(view)
    return {kind: sort_views(found) for kind, found in views.items()}


def solutions_in(views: Iterable[View], questions: int) -> int:
    """Number of solutions in at least one of the views, for a pool with this number of questions."""
    solutions = reached = 0
    for view in sorted(views, key=lambda view: -view.samples):
        end = max(reached, view.questions or questions)
        solutions += (end - reached) * view.samples
        reached = end
    return solutions


def most_judged(views: dict[str, list[View]], samples: int, questions: int) -> tuple[int, int]:
    """(right answers judged, solutions judged for the filter `judge`), at most: all answers are assumed right.

    samples: chosen of each of the `views`.
    """
    right = len(views["views"]) * samples + solutions_in(views["all_right"], questions)
    there = solutions_in(views["views"] + views["all_right"], questions)
    return min(right, there), solutions_in(views["every"], questions)
