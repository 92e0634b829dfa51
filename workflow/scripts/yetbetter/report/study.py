"""What a report is made from: a study's description and the tables of one of its parts."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.figures.look import Look
from yetbetter.figures.names import names_of
from yetbetter.records import read_json
from yetbetter.report import wording
from yetbetter.tables import NUMBERS, Table, read_table, to_number

DESCRIPTION = "study.json"
DESCRIBED = ("study", "config", "cells", "missing")
# The keys of a study's config that its report reads.
CONFIG = ("comparison", "budgets", "datasets", "experiments", "finetuning", "models", "sampling", "seed", "sources")


@dataclass
class ReportedStudy:
    """description: what describe_study.py wrote. tables: by name, those that are there."""

    description: dict
    tables: dict[str, Table]

    @property
    def config(self) -> dict:
        return self.description["config"]

    @property
    def weak(self) -> str:
        return self.config["comparison"]["weak"]

    @property
    def strong(self) -> str:
        return self.config["comparison"]["strong"]

    @cached_property
    def look(self) -> Look:
        return Look(self.strong, self.weak, list(self.config["sources"]), study=names_of(self.config))

    def table(self, name: str) -> Table:
        """Empty if the part has no such table."""
        return self.tables.get(name) or Table(name, [])

    def label(self, source: str) -> str:
        return self.look.label(source)

    def model_of(self, source: str) -> str:
        return self.config["sources"][source]["draws"][0]["model"]

    def seeds(self, **keys) -> int:
        """Finetuning seeds behind an average over them."""
        return len([seed for seed in self.table("finetuned").where(**keys).values("seed") if seed not in ("all", "")])

    def leads(self, metric: str = "pass@1", benchmark: str = "test") -> list[dict]:
        """WC data against SE data for every data set, budget and target: values, paired difference, basis."""
        keys = {"metric": metric, "benchmark": benchmark, "level": "all"}
        values = self.table("finetuned").where(seed="all", **keys)
        differences = self.table("differences").where(source=self.weak, baseline=self.strong, **keys)
        found = []
        for row in differences.rows:
            place = {axis: row[axis] for axis in ("dataset", "budget", "target")}
            weak, strong = (values.where(source=source, **place).rows for source in (self.weak, self.strong))
            if weak and strong:
                found.append(
                    place
                    | {name: row[name] for name in ("difference", "low", "high")}
                    | {"weak": weak[0]["value"], "strong": strong[0]["value"], "paradigm": weak[0]["paradigm"]}
                    | {"problems": weak[0]["problems"], "seeds": self.seeds(source=self.weak, **place, **keys)}
                )
        order = self.look.order_targets(list(dict.fromkeys(row["target"] for row in found)))
        places = [(row["dataset"], row["budget"]) for row in found]
        return sorted(
            found, key=lambda row: (places.index((row["dataset"], row["budget"])), order.index(row["target"]))
        )


def read_study(description: str | Path, tables: list[Path]) -> ReportedStudy:
    found = read_json(description, require=DESCRIBED)
    config = found["config"] if isinstance(found["config"], dict) else {}
    for key in CONFIG:
        if key not in config:
            raise UserError(f"{description}: its config has no {key!r}, so no program of the workflow wrote it")
    return ReportedStudy(found, {path.stem: read_numbers(path) for path in tables})


def read_numbers(path: str | Path) -> Table:
    """A table of any columns; those that figures read as numbers are numbers here too."""
    rows = [
        row | {name: to_number(row[name], f"{path}: {name}") for name in NUMBERS if name in row and name != "k"}
        for row in read_table(path).rows
    ]
    return Table(str(path), rows)


def basis(rows: list[dict]) -> str:
    """On how many problems and seeds the differences rest: "on 1,000 test problems, one seed"."""
    problems = list(dict.fromkeys(int(wording.to_float(row["problems"])) for row in rows))
    seeds = list(dict.fromkeys(row["seeds"] for row in rows))
    if not problems:
        return ""
    sizes = wording.joined((f"{number:,}" for number in problems), " or ")
    return f"on {sizes} test problems, {wording.joined((wording.count(number, 'seed') for number in seeds), ' or ')}"


def find_description(folder: str | Path) -> dict:
    """Description of the study in a results folder; empty if none was written."""
    path = Path(folder) / "tables" / DESCRIPTION
    if not path.is_file():
        return {}
    found = read_json(path, require=DESCRIBED)
    if not isinstance(found["config"], dict):
        raise UserError(f"{path}: config is not a mapping")
    return found
