"""Write an arm's training data as a Hugging Face data set folder that TRL, axolotl and LLaMA-Factory can read."""

import argparse
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.program import Output, Parser, json_object, run
from yetbetter.records import read_json, write_json, write_rows, write_text
from yetbetter.selection.exports import describe_for_llama_factory, export_row, write_card
from yetbetter.training.data import read_training_data


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--data", required=True, help="training data, JSON Lines")
    parser.add_argument("--counts", required=True, help="the selection's counts")
    parser.add_argument(
        "--facts", required=True, type=json_object, help="facts for the card, JSON: models, budget, source, decoding, …"
    )
    parser.add_argument("--name", required=True, help="name of the data set")
    parser.add_argument("--output", action=Output, required=True, type=Path, help="the folder")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    rows = read_training_data(arguments.data)
    if not rows:
        raise UserError(f"{arguments.data}: holds no rows, a data set needs at least one")
    counts = read_json(arguments.counts, require=("drawn", "kept", "problems_hash"))
    try:
        card = write_card(arguments.name, rows, counts, arguments.facts)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(f"--facts: not the facts of an arm, as the workflow writes them ({error!r})") from None
    write_rows(arguments.output / "train.jsonl", map(export_row, rows))
    write_json(arguments.output / "dataset_info.json", describe_for_llama_factory(arguments.name))
    write_text(arguments.output / "README.md", [card])
    print(f"{len(rows):,} rows in {arguments.output}")


if __name__ == "__main__":
    run(main)
