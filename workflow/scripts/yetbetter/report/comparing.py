"""Two results folders side by side: their tables joined by what a row is about, their claims by number.

Models and data sets that play the same role in both studies stand for each other, whatever they are called.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.report.study import find_description
from yetbetter.report.wording import to_float
from yetbetter.tables import read_table

KEYS = ("dataset", "budget", "source", "baseline", "target", "benchmark", "level", "basis")
ENDS = ("here", "here_low", "here_high", "there", "there_low", "there_high")
COMPARISON = ("table", "metric", *KEYS, *ENDS, "difference", "overlap")
CLAIMS = ("claim", "name", "here", "there", "agree", "unit", "effect_here", "effect_there")
CLAIMS += ("low_here", "high_here", "low_there", "high_there", "sentence")
# Columns that hold a value each: what a row of the other tables says under `metric`.
ARMS = ("samples", "kept", "tokens_per_solution", "flops_assumed", "flops_drawn", "drawn_to_assumed", "price")
VALUES = {"finetuned": "value", "differences": "difference", "data_quality": "value"}


@dataclass(frozen=True)
class Run:
    """A results folder: its name, its description where it has one, and its tables by name."""

    folder: Path
    name: str
    description: dict
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @property
    def config(self) -> dict:
        return self.description.get("config", {})


def check_other(other: object, here: str | Path) -> Path:
    """The folder to compare with; UserError unless it has tables and is another one than `here`."""
    if not isinstance(other, str) or not other:
        raise UserError(f"other: {other!r} is no folder of results (for example: --config other=results/pocket)")
    folder = Path(other)
    if not any(folder.glob("tables/*.csv")):
        raise UserError(f"other: {other!r} holds no tables/*.csv (a results folder has them after `snakemake tables`)")
    if folder.resolve() == Path(here).resolve():
        raise UserError(f"other: {other!r} is this study's own folder, name another one's")
    return folder


def name_of(folder: Path) -> str:
    """A results folder's name in paths: pocket, or pocket-study for all experiments of pocket."""
    parts = [part for part in folder.resolve().parts if part != "results"]
    return parts[-1] if parts[-1] not in ("study", "partial") else "-".join(parts[-2:])


def read_run(folder: Path) -> Run:
    files = sorted((folder / "tables").glob("*.csv"))
    wanted = {*VALUES, "arms", "claims"}
    tables = {path.stem: read_table(path).rows for path in files if path.stem in wanted}
    return Run(folder, name_of(folder), find_description(folder), tables)


def roles(config: dict) -> dict[str, dict[str, str]]:
    """By axis: role -> name. Empty where a study does not describe itself."""
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


def translate(here: Run, there: Run) -> dict[str, dict[str, str]]:
    """By axis: the other study's names that mean what another name means here."""
    own, other = roles(here.config), roles(there.config)
    renamed: dict[str, dict[str, str]] = {axis: {} for axis in own}
    for axis, names in other.items():
        for role, name in names.items():
            if role in own[axis]:  # a name with several roles goes by its first, which is that in the comparison
                renamed[axis].setdefault(name, own[axis][role])
        # Data sets and budgets that are called alike are alike, whatever they are taken for.
        if axis in ("dataset", "budget"):
            both = set(here.config.get(f"{axis}s", {})) & set(there.config.get(f"{axis}s", {}))
            pairs = renamed[axis].items()
            renamed[axis] = {name: new for name, new in pairs if name not in both and new not in both}
        renamed[axis] = {name: new for name, new in renamed[axis].items() if name != new}
    return renamed | {"baseline": renamed["source"]}


def rows_of(run: Run, renamed: dict[str, dict[str, str]]) -> Iterator[tuple[tuple, tuple[float, float, float]]]:
    """((table, metric, keys…), (value, low, high)) of everything that two runs can be compared in."""
    for name, column in VALUES.items():
        for row in run.tables.get(name, []):
            if row.get("seed", "all") == "all":  # of several seeds their mean
                interval = tuple(to_float(row.get(end)) for end in ("low", "high"))
                yield (name, row["metric"], *place_of(row, renamed)), (to_float(row[column]), *interval)
    for row, metric in itertools.product(run.tables.get("arms", []), ARMS):
        yield ("arms", metric, *place_of(row, renamed)), (to_float(row.get(metric)), math.nan, math.nan)


def place_of(row: dict, renamed: dict[str, dict[str, str]]) -> tuple:
    return tuple(renamed.get(key, {}).get(row.get(key, ""), row.get(key, "")) for key in KEYS)


def compare(here: Run, there: Run) -> tuple[list[dict], int, int]:
    """Rows of what both runs measured, and how many values only the one and only the other has."""
    own = {key: ends for key, ends in rows_of(here, {}) if not math.isnan(ends[0])}
    other = {key: ends for key, ends in rows_of(there, translate(here, there)) if not math.isnan(ends[0])}
    rows = []
    for key, ends in own.items():
        if key in other:
            values = dict(zip(ENDS, (*ends, *other[key]), strict=True))
            row = dict(zip(("table", "metric", *KEYS), key, strict=True)) | values
            rows.append(row | {"difference": ends[0] - other[key][0], "overlap": overlap(ends, other[key])})
    return rows, len(own) - len(rows), len(other) - len(rows)


def overlap(one: tuple[float, float, float], other: tuple[float, float, float]) -> str:
    if any(map(math.isnan, (*one, *other))):
        return ""
    return "yes" if one[1] <= other[2] and other[1] <= one[2] else "no"


def compare_claims(here: Run, there: Run) -> list[dict]:
    """Verdicts side by side. agree: yes, no, or open where one of them decides nothing."""
    other = {row["claim"]: row for row in there.tables.get("claims", [])}
    rows = []
    for row in here.tables.get("claims", []):
        if row["claim"] in other:
            twin = other[row["claim"]]
            found = {key: row[key] for key in ("claim", "name", "sentence")} | {"unit": row.get("unit", "")}
            found |= {"here": row["verdict"], "there": twin["verdict"], "agree": agree(row["verdict"], twin["verdict"])}
            for end in ("effect", "low", "high"):
                found |= {f"{end}_here": row.get(end, ""), f"{end}_there": twin.get(end, "")}
            rows.append(found)
    return rows


def agree(one: str, other: str) -> str:
    if {one, other} & {"inconclusive", "not run"}:
        return "open"
    return "yes" if one == other else "no"


def differing(here: dict, there: dict, key: str = "") -> Iterator[tuple[str, str, str]]:
    """(key, here, there) of all settings that differ; those of the experiments as a whole."""
    if here == there:
        return
    if isinstance(here, dict) and isinstance(there, dict):
        for inner in dict.fromkeys([*here, *there]):
            yield from differing(here.get(inner), there.get(inner), f"{key}.{inner}" if key else str(inner))
    else:
        yield key, *("" if value is None else str(value) for value in (here, there))
