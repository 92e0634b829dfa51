"""Import the problems of one split of a public data set, with a sidecar that records their origin.

    python import_dataset.py --adapter gsm8k --folder data/gsm8k --split train --questions 6973 \\
        --answer-format the_answer_is --prompt resources/prompts/gsm8k_8shot.txt --output train.jsonl

The folder holds the data set's files as published, or as fetch_dataset.py wrote them (with a source.json). Splits and
their orders are fixed: the first problems of a split are a random sample, the same on every machine.
"""

import argparse
from pathlib import Path

from yetbetter.data import ADAPTERS, public_adapters
from yetbetter.data.public import import_split
from yetbetter.generation.prompts import read_template
from yetbetter.program import Output, Parser, run, whole, write_sidecar
from yetbetter.records import write_rows
from yetbetter.tasks import CONVENTIONS


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--adapter", required=True, choices=public_adapters())
    add("--folder", required=True, type=Path, nargs="+", help="folders that hold the data set's files")
    add("--split", required=True)
    add("--questions", required=True, type=whole(1), help="how many problems to keep, from the first on")
    add("--answer-format", required=True, choices=list(CONVENTIONS), help="how human solutions state their answer")
    add("--prompt", type=Path, nargs="*", default=[], help="templates; problems shown in them are left out")
    add("--output", action=Output, required=True, type=Path, help="problems, JSON Lines")
    add("--about", action=Output, type=Path, help="sidecar (default: beside the output, .about.json)")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    rows, facts = import_split(
        arguments.adapter,
        ADAPTERS[arguments.adapter].module,
        arguments.folder,
        arguments.split,
        arguments.questions,
        arguments.answer_format,
        {path.name: read_template(path) for path in arguments.prompt},
    )
    for split in (split for split, found in facts["documented"].items() if not found):
        print(f"{split} is not the split that is documented: other source files, or a prompt that shows its problems")
    write_rows(arguments.output, rows)
    write_sidecar(arguments.about or arguments.output.with_suffix(".about.json"), arguments, **facts)
    whole, left_out = facts["counts"][arguments.split], len(facts["left_out"])
    print(f"{arguments.questions:,} of {whole:,} problems, {left_out:,} rows left out of all splits")


if __name__ == "__main__":
    run(main)
