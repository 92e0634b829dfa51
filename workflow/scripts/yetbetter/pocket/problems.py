"""All data sets of the pocket world by name: arithmetic in words, programs, and instructions."""

from collections.abc import Callable

from yetbetter.errors import UserError
from yetbetter.pocket import world
from yetbetter.pocket.families import FAMILIES
from yetbetter.pocket.list_problems import LISTS, make_list_problems
from yetbetter.pocket.request_problems import REQUESTS, make_requests

# The first problems of a split, of the data sets that are not arithmetic.
MAKERS: dict[str, Callable[[str, int], list[dict]]] = {LISTS: make_list_problems, REQUESTS: make_requests}
DATASETS = (*FAMILIES, *MAKERS)


def make_problems(dataset: str, split: str, count: int) -> list[dict]:
    """The first `count` problems of a split, as records. Raises UserError, see the makers."""
    if dataset not in DATASETS:
        raise UserError(f"dataset: {dataset!r} is not one of {', '.join(DATASETS)}")
    if dataset in MAKERS:
        return MAKERS[dataset](split, count)
    return world.make_problems(dataset, split, count)
