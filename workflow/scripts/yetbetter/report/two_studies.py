"""Two results folders to be compared: what they hold, and which names in them mean the same.

Models and data sets that play the same role in both studies correspond to each other, whatever they are called.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from yetbetter.report.study import find_description
from yetbetter.study.folders import name_of
from yetbetter.tables import read_table

# The tables that are compared, with the column of their values; arms.csv has several such columns.
VALUES = {"finetuned": "value", "differences": "difference", "data_quality": "value"}


@dataclass(frozen=True)
class Results:
    """A results folder: its name, its description if it has one, and the rows of its tables by name."""

    folder: Path
    name: str
    description: dict
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def config(self) -> dict:
        return self.description.get("config", {})


def read_results(folder: Path) -> Results:
    files = sorted((folder / "tables").glob("*.csv"))
    wanted = {*VALUES, "arms", "claims"}
    tables = {path.stem: read_table(path).rows for path in files if path.stem in wanted}
    return Results(folder, name_of(folder), find_description(folder), tables)


def roles_in(config: dict) -> dict[str, dict[str, str]]:
    """By axis: role -> name. Empty if a study does not describe itself."""
    if not config:
        return {"source": {}, "target": {}, "dataset": {}, "budget": {}}
    compared, claims = config["comparison"], config.get("claims", {})
    sources = {role: compared[role] for role in ("weak", "strong")} | claims.get("sources", {})
    writers = {role: config["sources"][compared[role]]["draws"][0]["model"] for role in ("weak", "strong")}
    targets = {target for entry in config["experiments"].values() for target in entry["targets"]}
    students = sorted(targets - set(writers.values()))
    if "student" in claims or len(students) == 1:
        writers["student"] = claims.get("student") or students[0]
    datasets = claims.get("datasets") or {"compared": compared["dataset"]}
    return {"source": sources, "target": writers, "dataset": datasets, "budget": claims.get("budgets", {})}


def translate(here: Results, there: Results) -> dict[str, dict[str, str]]:
    """By axis: the other study's names that mean what another name means here."""
    own, other = roles_in(here.config), roles_in(there.config)
    renamed: dict[str, dict[str, str]] = {axis: {} for axis in own}
    for axis, names in other.items():
        for role, name in names.items():
            if role in own[axis]:  # a name with several roles goes by its first, which is that in the comparison
                renamed[axis].setdefault(name, own[axis][role])
        # Data sets and budgets with the same name are the same, whatever roles they have.
        if axis in ("dataset", "budget"):
            both = set(here.config.get(f"{axis}s", {})) & set(there.config.get(f"{axis}s", {}))
            pairs = renamed[axis].items()
            renamed[axis] = {name: new for name, new in pairs if name not in both and new not in both}
        renamed[axis] = {name: new for name, new in renamed[axis].items() if name != new}
    return renamed | {"baseline": renamed["source"]}


def differing(here: dict, there: dict, key: str = "") -> Iterator[tuple[str, str, str]]:
    """(key, here, there) of all settings that differ; those of the experiments as a whole."""
    if here == there:
        return
    if isinstance(here, dict) and isinstance(there, dict):
        for inner in dict.fromkeys([*here, *there]):
            yield from differing(here.get(inner), there.get(inner), f"{key}.{inner}" if key else str(inner))
    else:
        yield key, *("" if value is None else str(value) for value in (here, there))
