"""Write the tables of the registries into the docs: python tools/update_docs.py [--check]

A page holds a table between `<!-- registry: NAME -->` and `<!-- end -->`; what is between them is written from the
registry. With --check nothing is written, and a page that is out of date ends the program with exit status 1.
"""

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter.data import ADAPTERS
from yetbetter.figures.registry import FIGURES
from yetbetter.generation.engines import ENGINES
from yetbetter.measures.metrics import METRICS
from yetbetter.program import Parser, run
from yetbetter.selection.filters import FILTERS

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("config/README.md", "docs/extending.md")
PART = re.compile(r"(<!-- registry: (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def main() -> None:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    old = {name: (ROOT / name).read_text(encoding="utf-8") for name in PAGES}
    new = {name: with_tables(text) for name, text in old.items()}
    stale = [name for name in PAGES if new[name] != old[name]]
    if arguments.check:
        sys.exit(f"out of date: {', '.join(stale)} (python tools/update_docs.py)" if stale else 0)
    for name in stale:
        (ROOT / name).write_text(new[name], encoding="utf-8")
        print(f"{name}: written")


def with_tables(page: str) -> str:
    """The page with the present tables of the registries that it names."""
    return PART.sub(lambda part: part[1] + "\n" + TABLES[part[2]]() + "\n" + part[3], page)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(" ".join(cell.split()) for cell in line) + " |\n" for line in lines)


def code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def filters() -> str:
    def needs(entry) -> str:
        asked = {"all_right": "a judge reads every correct answer of the view", "every": "a judge reads every solution"}
        judged = "; ".join(words for kind, words in asked.items() if kind in entry.judged)
        return " or ".join(f"`fpr: {kind}`" for kind in entry.fpr) + (f" ({judged})" if judged else "")

    rows = ((f"`{name}`", entry.keeps, needs(entry) if entry.fpr else "") for name, entry in FILTERS.items())
    return table(("`filter`", "keeps", "needs"), rows)


def data_sets() -> str:
    rows = (
        (f"`{name}`", entry.terms, code(entry.own_keys), "yes" if entry.has_levels else "no")
        for name, entry in ADAPTERS.items()
    )
    return table(("`adapter`", "terms", "keys of its own", "levels"), rows)


def engines() -> str:
    rows = (
        (f"`{name}`", entry.description, f"`envs/{entry.tool}.yaml`", code(entry.options))
        for name, entry in ENGINES.items()
    )
    return table(("`engine`", "runs", "environment", "`engine_options`"), rows)


def metrics() -> str:
    rows = ((f"`{name}`", entry.title, entry.axis, entry.unit) for name, entry in METRICS.items())
    return table(("metric", "called", "axis", "unit of a difference"), rows)


def figures() -> str:
    rows = (
        (
            f"`{name}`",
            f"`{entry.file}`",
            code(entry.table_names),
            f"each {entry.per}" if " " in entry.per else entry.per,
        )
        for name, entry in FIGURES.items()
    )
    return table(("figure", "file", "tables", "one for"), rows)


TABLES = {"filters": filters, "data_sets": data_sets, "engines": engines, "metrics": metrics, "figures": figures}


if __name__ == "__main__":
    run(main)
