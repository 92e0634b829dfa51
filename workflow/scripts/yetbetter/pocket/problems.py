"""All data sets of the pocket world by name: arithmetic in words, and programs."""

from yetbetter.errors import UserError
from yetbetter.pocket import world
from yetbetter.pocket.families import FAMILIES
from yetbetter.pocket.list_problems import LISTS, make_list_problems

DATASETS = (*FAMILIES, LISTS)


def make_problems(dataset: str, split: str, count: int) -> list[dict]:
    """The first `count` problems of a split, as records. Raises UserError, see the makers."""
    if dataset not in DATASETS:
        raise UserError(f"dataset: {dataset!r} is not one of {', '.join(DATASETS)}")
    return make_list_problems(split, count) if dataset == LISTS else world.make_problems(dataset, split, count)
