"""Make training data from the data set's own solutions: the paper's human-written baseline."""

import argparse

from yetbetter.generation import prompts
from yetbetter.program import Output, Parser, run
from yetbetter.records import digest_of, digest_of_problems, read_rows, write_json, write_rows, write_text
from yetbetter.selection.training_data import training_row


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--problems", required=True)
    parser.add_argument("--prompt", required=True, help="template that the finetuned model is asked with")
    parser.add_argument("--output", action=Output, required=True, help="training data, JSON Lines")
    parser.add_argument(
        "--digest", action=Output, required=True, help="SHA-256 of the training data; finetuning depends on this file"
    )
    parser.add_argument("--counts", action=Output, required=True, help="JSON: how many solutions there are")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    template = prompts.read_template(arguments.prompt)
    problems = read_rows(arguments.problems, require=("problem", "question", "solution"))
    data = [
        training_row(row["problem"], 0, "human", prompts.fill(template, row["question"]), row["solution"])
        for row in problems
        if row["solution"].strip()
    ]
    write_rows(arguments.output, data)
    write_text(arguments.digest, [digest_of(arguments.output) + "\n"])
    counts = {"drawn": len(problems), "kept": len(data), "out_empty": len(problems) - len(data)}
    write_json(arguments.counts, counts | {"problems_hash": digest_of_problems(problems)})
    print(f"kept {len(data):,} of {len(problems):,} human solutions")


if __name__ == "__main__":
    run(main)
