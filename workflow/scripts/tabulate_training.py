"""Collect how every finetuning went, step by step, into a table: training.csv."""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

from yetbetter.program import run
from yetbetter.records import read_json, read_rows
from yetbetter.study.grid import Cell
from yetbetter.tables import write_table
from yetbetter.training.learning_rates import CHOSEN, rates_chosen

COLUMNS = ("dataset", "budget", "source", "target", "seed", "rate", "step", "loss", "learning_rate")
MOST = 1000  # rows of a finetuning: with every step of a large grid the table would have millions


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    # Folders and names instead of files: a thousand whole paths would not fit into one command.
    parser.add_argument("--models", required=True, help="folder of the finetuned models, with a training.jsonl each")
    parser.add_argument(
        "--evaluations", required=True, help="folder that holds a choice.json of evaluate_model.py per cell"
    )
    parser.add_argument("--cells", required=True, nargs="+", metavar="DATASET/BUDGET/SOURCE/TARGET/SEED")
    parser.add_argument("--output", required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    cells = [Cell(*word.split("/")) for word in arguments.cells]
    write_table(arguments.output, COLUMNS, list_steps(cells, Path(arguments.models), Path(arguments.evaluations)))


def list_steps(cells: list[Cell], models: Path, evaluations: Path) -> Iterator[dict]:
    """The steps of every finetuning in the order of the cells; of a long one every n-th.

    rate: the name of its learning rate, as in checkpoints.csv. A finetuning without steps, as it had no examples or the
    models' folder does not tell any more, has one row that is empty from `step` on.
    """
    choices = [read_json(evaluations / cell.path / "choice.json") for cell in cells]
    rates = rates_chosen((group_of(cell), choice["checkpoint"]) for cell, choice in zip(cells, choices, strict=True))
    for cell, choice in zip(cells, choices, strict=True):
        for rate in dict.fromkeys(checkpoint.partition("/")[0] for checkpoint in choice["validation"]):
            path = models / cell.path / rate / "training.jsonl"
            log = read_rows(path, require=COLUMNS[-3:]) if path.is_file() else []
            if not log:
                print(f"{path}: {'no steps' if path.is_file() else 'not there'}")
            every = math.ceil(len(log) / MOST) or 1
            named = vars(cell) | {"rate": rates.get(group_of(cell), rate) if rate == CHOSEN else rate}
            for row in log[every - 1 :: every] or [{}]:
                yield named | {key: row.get(key) for key in COLUMNS[-3:]}


def group_of(cell: Cell) -> tuple:
    """What cells that differ only in their seed share."""
    return cell.dataset, cell.budget, cell.source, cell.target


if __name__ == "__main__":
    run(main)
