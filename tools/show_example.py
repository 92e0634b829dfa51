"""Print an example of a training set as the tokens a model is trained on, those of the loss in colour.

    python show_example.py --data D.jsonl --model FOLDER --max-length 256             the first example
    python show_example.py --data D.jsonl --model FOLDER --problem p17 --sample 3

Grey tokens are only read, green tokens are learned, including EOS. Without colours (NO_COLOR, or no terminal; --color
always or never overrides) the learned tokens are in «». --ids adds a table of positions, ids and labels.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter.errors import UserError
from yetbetter.generation.loading import loading
from yetbetter.program import Parser, run, whole
from yetbetter.training.data import read_training_data
from yetbetter.training.job import check_model_path

READ, LEARNED, PLAIN = "\x1b[90m", "\x1b[1;32m", "\x1b[0m"


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--data", required=True, help="training set, JSON Lines")
    add("--model", required=True, help="the model that it is for: a folder, or a name on the hub")
    add("--revision", help="the model's revision on the hub")
    add("--max-length", type=whole(1), default=10**9, help="tokens; reports whether the example would be left out")
    add("--number", type=whole(1), help="line of the file, from 1 (default: 1)")
    add("--problem", help="instead of a line: the problem's id")
    add("--sample", type=whole(), help="and the sample's number (default: the first there is)")
    add("--ids", action="store_true", help="a table of every token as well")
    add("--color", choices=("auto", "always", "never"), default="auto")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    check_model_path(arguments.model)
    rows = read_training_data(arguments.data)
    row = choose(rows, arguments)

    from transformers import AutoTokenizer

    from yetbetter.training.data import IGNORED, encode_examples

    with loading(arguments.model):
        tokenizer = AutoTokenizer.from_pretrained(arguments.model, revision=arguments.revision)
    columns, _ = encode_examples([row], tokenizer, 10**9, arguments.data)
    ids, labels = columns["input_ids"][0], columns["labels"][0]
    learned = [label != IGNORED for label in labels]
    coordinates = f"problem {row['problem']}, sample {row['sample']}, by {row['model']}"
    print(f"{coordinates}: {len(ids)} tokens, {sum(learned)} learned")
    if len(ids) > arguments.max_length:
        print(f"left out: longer than {arguments.max_length} tokens")
    print(paint(tokenizer, ids, learned, use_colour(arguments.color)))
    if arguments.ids:
        for place, (token, label) in enumerate(zip(ids, labels, strict=True)):
            text = repr(tokenizer.decode([token]))
            print(f"{place:6} {token:8} {'' if label == IGNORED else label:>8}  {text}")


def choose(rows: list[dict], arguments: argparse.Namespace) -> dict:
    if arguments.problem is None:
        number = 1 if arguments.number is None else arguments.number
        if not 1 <= number <= len(rows):
            raise UserError(f"--number is {number}, allowed: 1 to {len(rows)}, the rows of {arguments.data}")
        return rows[number - 1]
    found = [row for row in rows if row["problem"] == arguments.problem]
    wanted = [row for row in found if arguments.sample in (None, row["sample"])]
    if not wanted:
        there = ", ".join(str(row["sample"]) for row in found) or "none"
        raise UserError(f"{arguments.data}: no such sample of problem {arguments.problem!r}, samples there: {there}")
    return wanted[0]


def use_colour(choice: str) -> bool:
    """As https://no-color.org wants it: NO_COLOR, if not empty, turns colours off unless --color is given."""
    return choice == "always" or (choice == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


def paint(tokenizer, ids: list[int], learned: list[bool], colour: bool) -> str:
    """The tokens' texts in turn, borders between them shown as ·, runs of one kind under one colour."""
    pieces = []
    for i, token in enumerate(ids):
        if i == 0 or learned[i] != learned[i - 1]:
            opening = (LEARNED if learned[i] else READ) if colour else ("«" if learned[i] else "")
            closing = (PLAIN if colour else "»" if learned[i - 1] else "") if i else ""
            pieces.append(closing + opening)
        else:
            pieces.append("·")
        pieces.append(tokenizer.decode([token]))
    return "".join(pieces) + (PLAIN if colour else "»" if learned[-1] else "")


if __name__ == "__main__":
    run(main)
