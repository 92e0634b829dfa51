"""Collect every finetuning's steps and its checkpoints' validation into tables: training.csv, checkpoints.csv."""

import argparse
from pathlib import Path

from yetbetter.measures.training_tables import CHECKPOINTS, TRAINING, list_checkpoints, list_steps
from yetbetter.program import Output, Parser, run
from yetbetter.study.grid import parse_coordinates
from yetbetter.tables import write_table


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    # Folders and names instead of files: a thousand paths would not fit into one command.
    parser.add_argument(
        "--models",
        required=True,
        type=Path,
        help="folder of the finetuned models, with their training.jsonl and about.json",
    )
    parser.add_argument(
        "--evaluations", required=True, type=Path, help="folder that holds a choice.json of evaluate_model.py per cell"
    )
    parser.add_argument("--cells", required=True, nargs="+", metavar="DATASET/BUDGET/SOURCE/TARGET/SEED")
    parser.add_argument("--training", action=Output, required=True)
    parser.add_argument("--checkpoints", action=Output, required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    cells = [parse_coordinates(word) for word in arguments.cells]
    folders = arguments.models, arguments.evaluations
    write_table(arguments.training, TRAINING, list_steps(cells, *folders))
    write_table(arguments.checkpoints, CHECKPOINTS, list_checkpoints(cells, *folders))


if __name__ == "__main__":
    run(main)
