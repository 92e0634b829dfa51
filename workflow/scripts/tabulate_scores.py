"""Collect every finetuned model's scores into tables: finetuned.csv, differences.csv, checkpoints.csv."""

import argparse
from collections import Counter
from collections.abc import Iterator
from copy import copy
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.measures.accuracy import GROUP, Scores, compare, measure
from yetbetter.program import run
from yetbetter.records import read_json, read_rows
from yetbetter.tables import write_table
from yetbetter.training.learning_rates import CHOSEN, rates_chosen

FINETUNED = (
    *("dataset", "budget", "source", "target", "paradigm", "seed", "benchmark", "metric", "level"),
    *("value", "low", "high", "problems", "interval"),
)
DIFFERENCES = (
    *(*GROUP, "metric", "level", "source", "baseline", "difference", "low", "high"),
    *("difference_points", "difference_percent", "interval", "seeds"),
)
COORDINATES = (*GROUP, "source", "seed", "paradigm", "problem", "level", "reasoning")
CELL = ("dataset", "budget", "source", "target", "seed")
CHECKPOINTS = (*CELL, "checkpoint", "rate", "step", "validation", "chosen")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    # Folders and names instead of files: a thousand whole paths would not fit into one command.
    parser.add_argument("--scores", required=True, help="folder that holds a scores.jsonl of score_model.py per cell")
    parser.add_argument(
        "--evaluations", required=True, help="folder that holds a choice.json of evaluate_model.py per cell"
    )
    parser.add_argument(
        "--models", required=True, help="folder of the finetuned models, whose about.json tell the steps"
    )
    parser.add_argument("--cells", required=True, nargs="+", help="paths of the cells inside both folders")
    parser.add_argument(
        "--missing", default=[], action="append", metavar="CELL", help="a cell that is not finished, marked as such"
    )
    parser.add_argument("--baseline", required=True, help="source that the others are compared with")
    parser.add_argument(
        "--pair", default=[], action="append", metavar="SOURCE:BASELINE", help="two further sources to compare"
    )
    parser.add_argument("--finetuned", required=True)
    parser.add_argument("--differences", required=True)
    parser.add_argument("--checkpoints", required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    paths = [f"{arguments.scores}/{cell}/scores.jsonl" for cell in arguments.cells]
    cells = [read_rows(path, require=COORDINATES) for path in paths]
    groups: dict[tuple, list[dict]] = {}
    for path, rows in zip(paths, cells, strict=True):
        if not rows:
            raise UserError(f"{path}: no scored problems")
        for row in rows:
            groups.setdefault(tuple(row[key] for key in GROUP), []).append(row)
    named = [(dict(zip(GROUP, key, strict=True)), Scores(rows)) for key, rows in groups.items()]
    measured = [row for group, scores in named for row in measure(scores, group)]
    write_table(arguments.finetuned, FINETUNED, measured + list_missing(arguments.missing, measured))
    write_table(
        arguments.differences,
        DIFFERENCES,
        list_differences(named, arguments),
    )
    write_table(arguments.checkpoints, CHECKPOINTS, list_checkpoints(arguments, cells))


def list_differences(named: list[tuple[dict, Scores]], arguments: argparse.Namespace) -> Iterator[dict]:
    """Each group's differences from the baseline, and behind them those of the further pairs that it holds."""
    baselines: dict[str, list[str]] = {}
    for pair in arguments.pair:
        source, sign, baseline = pair.partition(":")
        if not sign or baseline in (source, arguments.baseline):
            raise UserError(f"--pair {pair!r}: must be SOURCE:BASELINE, with a baseline other than that of --baseline")
        baselines.setdefault(baseline, []).append(source)
    for group, scores in named:
        yield from compare(scores, group, arguments.baseline)
        for baseline, sources in baselines.items():
            chosen = copy(scores)
            chosen.sources = [source for source in scores.sources if source in (baseline, *sources)]
            yield from compare(chosen, group, baseline)


def list_checkpoints(arguments: argparse.Namespace, cells: list[list[dict]]) -> Iterator[dict]:
    """A row for each checkpoint that was scored, in the order of the cells.

    rate: the name of its learning rate, also of a seed that was trained with what the first one chose. step: after
    which it was taken; empty where the models' folder does not tell any more.
    """
    named = [{key: rows[0][key] for key in CELL} for rows in cells]
    choices = [read_json(f"{arguments.evaluations}/{path}/choice.json") for path in arguments.cells]
    rates = rates_chosen((group_of(cell), choice["checkpoint"]) for cell, choice in zip(named, choices, strict=True))
    for path, cell, choice in zip(arguments.cells, named, choices, strict=True):
        numbers = Counter(checkpoint.partition("/")[0] for checkpoint in choice["validation"])
        steps = {rate: read_steps(f"{arguments.models}/{path}/{rate}/about.json") for rate in numbers}
        for checkpoint, accuracy in choice["validation"].items():
            rate, _, name = checkpoint.partition("/")
            number = int(name.rpartition("-")[2])
            yield cell | {
                "checkpoint": checkpoint,
                "rate": rates.get(group_of(cell), rate) if rate == CHOSEN else rate,
                "step": steps[rate] and steps[rate] * number // numbers[rate],
                "validation": accuracy,
                "chosen": int(checkpoint == choice["checkpoint"]),
            }


def list_missing(cells: list[str], measured: list[dict]) -> list[dict]:
    """A row without a value for each arm and target of which no seed is finished: figures mark it as missing."""
    found = {tuple(row[key] for key in CELL if key != "seed") for row in measured}
    rows = {}
    for path in cells:
        parts = path.split("/")
        place = (*parts[:2], parts[2].removeprefix("from-"), parts[3].removeprefix("to-"))
        if place not in found:
            names = dict(zip(("dataset", "budget", "source", "target"), place, strict=True))
            rows[place] = names | {"seed": "all", "benchmark": "test", "metric": "pass@1", "level": "all"}
    return list(rows.values())


def group_of(cell: dict) -> tuple:
    """What cells that differ only in their seed share."""
    return tuple(cell[key] for key in CELL if key != "seed")


def read_steps(path: str) -> int | str:
    """How many steps a finetuning took, as its sidecar tells; empty where there is none."""
    if not Path(path).is_file():
        return ""
    return int(read_json(path, require=("arguments",))["arguments"]["steps"])


if __name__ == "__main__":
    run(main)
