"""The adapter `pocket`: problems that the workflow makes itself."""

from types import ModuleType

from yetbetter.errors import UserError
from yetbetter.pocket.families import FAMILIES
from yetbetter.pocket.world import TWINS

WORLD = {
    "description": "Data set of the pocket world. Default: the name under `datasets`.",
    "enum": list(FAMILIES),
}


def check_entry(key: str, dataset: str, entry: dict, module: ModuleType | None) -> None:
    """UserError for a data set that the pocket world does not have, or more twins than test problems."""
    if entry.get("world", dataset) not in FAMILIES:
        raise UserError(
            f"{key}: the pocket world has no {dataset!r}, name one of its data sets under `world`"
            f" ({', '.join(FAMILIES)})"
        )
    test = entry["splits"]["test"]
    for twin in TWINS:
        twins = entry["splits"].get(twin, 0)
        if twins > test:
            raise UserError(f"{key}.splits.{twin}: {twins}, but there are only {test} test problems to twin")
