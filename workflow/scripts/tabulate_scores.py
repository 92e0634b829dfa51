"""Collect every finetuned model's scores into tables: finetuned.csv, differences.csv, checkpoints.csv."""

import argparse

from yetbetter.comparisons import GROUP, Scores, compare, measure
from yetbetter.errors import UserError
from yetbetter.program import run
from yetbetter.records import read_json, read_rows
from yetbetter.tables import write_table

FINETUNED = (
    *("dataset", "budget", "source", "target", "paradigm", "seed", "benchmark", "metric", "level"),
    *("value", "low", "high", "problems"),
)
DIFFERENCES = (*GROUP, "metric", "level", "source", "baseline", "difference", "low", "high")
COORDINATES = (*GROUP, "source", "seed", "paradigm", "problem", "level", "reasoning")
CHECKPOINTS = ("dataset", "budget", "source", "target", "seed", "checkpoint", "validation", "chosen")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    # Folders and names instead of files: a thousand whole paths would not fit into one command.
    parser.add_argument("--scores", required=True, help="folder that holds a scores.jsonl of score_model.py per cell")
    parser.add_argument(
        "--evaluations", required=True, help="folder that holds a choice.json of evaluate_model.py per cell"
    )
    parser.add_argument("--cells", required=True, nargs="+", help="paths of the cells inside both folders")
    parser.add_argument("--baseline", required=True, help="source that the others are compared with")
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
    write_table(arguments.finetuned, FINETUNED, (row for group, scores in named for row in measure(scores, group)))
    write_table(
        arguments.differences,
        DIFFERENCES,
        (row for group, scores in named for row in compare(scores, group, arguments.baseline)),
    )
    choices = [f"{arguments.evaluations}/{cell}/choice.json" for cell in arguments.cells]
    write_table(arguments.checkpoints, CHECKPOINTS, list_checkpoints(cells, choices))


def list_checkpoints(cells: list[list[dict]], choices: list[str]):
    for rows, path in zip(cells, choices, strict=True):
        choice = read_json(path)
        cell = {key: rows[0][key] for key in ("dataset", "budget", "source", "target", "seed")}
        for checkpoint, accuracy in choice["validation"].items():
            chosen = int(checkpoint == choice["checkpoint"])
            yield cell | {"checkpoint": checkpoint, "validation": accuracy, "chosen": chosen}


if __name__ == "__main__":
    run(main)
