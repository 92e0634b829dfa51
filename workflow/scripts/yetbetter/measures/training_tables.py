"""The tables of the finetunings: checkpoints.csv with validation accuracies, and training.csv with a row per step."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from yetbetter.records import read_json, read_rows
from yetbetter.study.grid import Cell
from yetbetter.training.learning_rates import CHOSEN, rates_chosen

CELL = ("dataset", "budget", "source", "target", "seed")
CHECKPOINTS = (*CELL, "checkpoint", "rate", "step", "validation", "chosen")
STEP = ("step", "loss", "learning_rate")
TRAINING = (*CELL, "rate", *STEP)
MOST = 1000  # rows per finetuning: all steps of a large grid would be millions of rows


def read_choices(cells: list[Cell], evaluations: Path) -> Iterator[tuple[Cell, dict, dict[str, str]]]:
    """Each cell with its choice.json, and with the name of the learning rate of each folder.

    A seed that was trained with the first seed's choice has the folder CHOSEN; the name is that of the chosen rate.
    """
    choices = [read_json(evaluations / cell.path / "choice.json") for cell in cells]
    chosen = rates_chosen((shared(cell), choice["checkpoint"]) for cell, choice in zip(cells, choices, strict=True))
    for cell, choice in zip(cells, choices, strict=True):
        folders = dict.fromkeys(checkpoint.partition("/")[0] for checkpoint in choice["validation"])
        yield cell, choice, {name: chosen.get(shared(cell), name) if name == CHOSEN else name for name in folders}


def shared(cell: Cell) -> tuple[str, str, str, str]:
    """The coordinates that cells with different seeds share."""
    return cell.dataset, cell.budget, cell.source, cell.target


def list_checkpoints(cells: list[Cell], models: Path, evaluations: Path) -> Iterator[dict]:
    """Rows of checkpoints.csv: one for each checkpoint that was scored, in the order of the cells.

    step: when it was saved; empty if the models' folder no longer has the sidecar.
    """
    for cell, choice, rates in read_choices(cells, evaluations):
        numbers = Counter(checkpoint.partition("/")[0] for checkpoint in choice["validation"])
        steps = {folder: read_steps(models / cell.path / folder / "about.json") for folder in rates}
        for checkpoint, accuracy in choice["validation"].items():
            folder, _, name = checkpoint.partition("/")
            number = int(name.rpartition("-")[2])
            yield vars(cell) | {
                "checkpoint": checkpoint,
                "rate": rates[folder],
                "step": steps[folder] and steps[folder] * number // numbers[folder],
                "validation": accuracy,
                "chosen": int(checkpoint == choice["checkpoint"]),
            }


def read_steps(path: Path) -> int | str:
    """Number of steps of a finetuning, from its sidecar; empty if there is none."""
    return int(read_json(path, require=("arguments",))["arguments"]["steps"]) if path.is_file() else ""


def list_steps(cells: list[Cell], models: Path, evaluations: Path) -> Iterator[dict]:
    """Rows of training.csv: the steps of every finetuning in the order of the cells; every n-th step of a long one.

    A finetuning without steps (it had no examples, or its log was deleted) has one row that is empty from `step` on;
    stdout names the log.
    """
    for cell, _, rates in read_choices(cells, evaluations):
        for folder, rate in rates.items():
            path = models / cell.path / folder / "training.jsonl"
            log = read_rows(path, require=STEP) if path.is_file() else []
            if not log:
                print(f"{path}: {'no steps' if path.is_file() else 'not there'}")
            every = math.ceil(len(log) / MOST) or 1
            for row in log[every - 1 :: every] or [{}]:
                yield vars(cell) | {"rate": rate} | {key: row.get(key) for key in STEP}
