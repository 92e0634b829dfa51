"""The adapter `pocket`: problems that the workflow makes itself."""

from types import ModuleType

from yetbetter.errors import UserError
from yetbetter.pocket.list_problems import LEVELS, LISTS
from yetbetter.pocket.problems import DATASETS
from yetbetter.pocket.request_problems import ASKED, REQUESTS
from yetbetter.pocket.world import TWINS

# The task and the splits of the data sets that are not arithmetic.
OTHERS = {LISTS: ("code", LEVELS), REQUESTS: ("instructions", ASKED)}
WORLD = {
    "description": "Data set of the pocket world. Default: the name under `datasets`.",
    "enum": list(DATASETS),
}


def check_entry(key: str, dataset: str, entry: dict, module: ModuleType | None) -> None:
    """UserError for a data set that the pocket world does not have, another task, or more twins than test problems."""
    world = entry.get("world", dataset)
    if world not in DATASETS:
        raise UserError(
            f"{key}: the pocket world has no {dataset!r}, name one of its data sets under `world`"
            f" ({', '.join(DATASETS)})"
        )
    task, splits = OTHERS.get(world, ("math", None))
    if entry["task"] != task:
        raise UserError(f"{key}.task: {entry['task']!r}, the pocket world's {world!r} is of task {task!r}")
    if splits is not None:
        if unknown := [split for split in entry["splits"] if split not in splits]:
            raise UserError(f"{key}.splits: the pocket world's {world!r} has no {unknown[0]!r}")
        return
    test = entry["splits"]["test"]
    for twin in TWINS:
        twins = entry["splits"].get(twin, 0)
        if twins > test:
            raise UserError(f"{key}.splits.{twin}: {twins}, but there are only {test} test problems to twin")
