"""What a figure is asked for: the tables that it is made from, and what of them it shows."""

import argparse
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.figures.look import Look
from yetbetter.figures.names import read_names
from yetbetter.figures.registry import Figure
from yetbetter.study.experiments import PAPER_TABLES
from yetbetter.tables import NUMBERS, Table, read_table

# The options that figures have; an entry of the registry names its own.
OPTIONS = {
    "dataset": {"help": "may be left out where the table holds one data set"},
    "budget": {"required": True, "help": "the budget to plot"},
    "target": {"required": True, "help": "the finetuned model to plot"},
    "strong": {"help": "name of the strong, expensive source (or model) in the table; default: se"},
    "weak": {"help": "name of the weak, cheap source (or model) in the table; default: wc"},
    "names": {
        "metavar": "JSON",
        "help": "the study's names: their order, and what they are; left out: as they come in the tables",
    },
    "ratio": {"type": float, "required": True, "help": "WC samples that cost as much as one SE sample"},
    "benchmark": {"help": "the benchmark to plot; default: test"},
    "metric": {"help": "the metric to plot; default: pass@1"},
    "title": {"help": "what the experiment is called, or what the sources have in common"},
    "sources": {"nargs": "+", "help": "the sources to plot, in order; left out: all of the table"},
    "targets": {"nargs": "+", "help": "the same of the targets"},
    "budgets": {"nargs": "+", "help": "the same of the budgets"},
    "seeds": {"nargs": "+", "help": "finetuning seeds to average over; left out: all that a cell has"},
    "note": {"nargs": "+", "metavar": "SOURCE=TEXT", "help": "what a source is"},
    "pair": {"nargs": "+", "metavar": "DATASET=ROLE", "help": "easier or harder: which of the paper's data sets it is"},
    "role": {"nargs": "+", "metavar": "SOURCE=ROLE", "help": f"for --published: {', '.join(PAPER_TABLES)}"},
}


@dataclass(frozen=True)
class Request:
    """tables: path by name, such as finetuned. The rest are the options of the same names."""

    tables: dict[str, str]
    published: str | None = None
    dataset: str | None = None
    budget: str = ""
    target: str = ""
    strong: str = "se"
    weak: str = "wc"
    ratio: float = math.nan
    benchmark: str = "test"
    metric: str = "pass@1"
    title: str = ""
    sources: list[str] | None = None
    targets: list[str] | None = None
    budgets: list[str] | None = None
    seeds: list[str] | None = None
    note: list[str] = field(default_factory=list)
    role: list[str] = field(default_factory=list)
    pair: list[str] = field(default_factory=list)
    names: str = "{}"

    def look(self, names: list[str], writers: dict[str, str] | None = None) -> Look:
        """Order, name and colour of sources. names: those of the table."""
        return Look(self.strong, self.weak, names, writers or {}, read_names(self.names))

    def read(self, name: str, columns: Iterable[str]) -> Table:
        """A table that must have these columns; UserError, naming file and column, where it does not."""
        return read_table(self.tables[name], columns, NUMBERS)


def add_options(parser: argparse.ArgumentParser, figure: Figure) -> None:
    """The options of one figure. Those that are left out are not set, so that defaults are those of Request."""
    names = ", ".join(f"{name}.csv" for name in figure.table_names)
    parser.add_argument("--tables", required=True, nargs="+", help=f"{names}, in any order")
    if figure.published:
        parser.add_argument("--published", default=argparse.SUPPRESS, help="the paper's numbers, plotted beside ours")
    for name in figure.options:
        parser.add_argument(f"--{name}", default=argparse.SUPPRESS, **OPTIONS[name])


def read_request(figure: Figure, arguments: argparse.Namespace) -> Request:
    """UserError where --tables lacks one that the figure needs, or has another."""
    tables = {Path(path).stem: path for path in arguments.tables}
    if sorted(tables) != sorted(figure.table_names):
        raise UserError(
            f"--tables {' '.join(arguments.tables)}: {figure.name} is plotted from {', '.join(figure.table_names)}"
        )
    named = {name: value for name, value in vars(arguments).items() if name in ("published", *figure.options)}
    return Request(tables, **named)
