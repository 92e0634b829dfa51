"""The tables of finetuned models' scores: finetuned.csv and differences.csv."""

from collections.abc import Iterable, Iterator

import pandas as pd

from yetbetter.errors import UserError
from yetbetter.measures.accuracy import GROUP, Scores, measure_accuracy, measure_leads
from yetbetter.study.grid import Cell

FINETUNED = (
    *("dataset", "budget", "source", "target", "paradigm", "seed", "benchmark", "metric", "level"),
    *("value", "low", "high", "problems", "interval"),
)
DIFFERENCES = (
    *(*GROUP, "metric", "level", "source", "baseline", "difference", "low", "high"),
    *("difference_points", "difference_percent", "interval", "seeds"),
)

Groups = list[tuple[dict, Scores]]


def group_scores(tables: Iterable[pd.DataFrame]) -> Groups:
    """(values of GROUP, scores) of each group, from tables of `measures.scores`."""
    groups = pd.concat(tables).groupby(list(GROUP), sort=False)
    return [(dict(zip(GROUP, values, strict=True)), Scores(table)) for values, table in groups]


def list_finetuned(groups: Groups, missing: Iterable[Cell]) -> Iterator[dict]:
    """Rows of finetuned.csv. missing: cells that are not finished.

    An arm and target without a finished seed get one row without a value, which figures mark as missing.
    """
    found = set()
    for group, scores in groups:
        for row in measure_accuracy(scores, group):
            found.add((row["dataset"], row["budget"], row["source"], row["target"]))
            yield row
    for cell in missing:
        place = (cell.dataset, cell.budget, cell.source, cell.target)
        if place not in found:
            found.add(place)
            yield vars(cell) | {"seed": "all", "benchmark": "test", "metric": "pass@1", "level": "all"}


def parse_pairs(pairs: Iterable[str], baseline: str) -> dict[str, list[str]]:
    """{'wc': ['mix']} from ['mix:wc']: further baselines, each with the sources that are compared with it."""
    baselines: dict[str, list[str]] = {}
    for pair in pairs:
        source, sign, other = pair.partition(":")
        if not sign or other in (source, baseline):
            raise UserError(f"--pair {pair!r}: must be SOURCE:BASELINE, with a baseline other than that of --baseline")
        baselines.setdefault(other, []).append(source)
    return baselines


def list_differences(groups: Groups, baseline: str, pairs: dict[str, list[str]]) -> Iterator[dict]:
    """Rows of differences.csv: each group's differences from the baseline, then those of the further pairs it holds."""
    for group, scores in groups:
        yield from measure_leads(scores, group, baseline)
        for other, sources in pairs.items():
            yield from measure_leads(scores, group, other, sources)
