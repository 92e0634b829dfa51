"""Turn an arm's solutions into training data: keep by final answer, write prompt and completion."""

import argparse

from yetbetter import prompts
from yetbetter.errors import UserError
from yetbetter.program import run
from yetbetter.records import digest_of, digest_of_problems, read_rows, write_json, write_rows, write_text
from yetbetter.selection import DUPLICATES, FILTERS, select, training_row
from yetbetter.views import Pools, load_view, parse_draws


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", required=True)
    parser.add_argument("--prompt", required=True, help="template that the finetuned model is asked with")
    parser.add_argument(
        "--draws", required=True, nargs="+", metavar="MODEL:SAMPLES", help="the arm's view of the pools"
    )
    Pools.add_arguments(parser)
    parser.add_argument("--filter", default="ground_truth", choices=FILTERS)
    parser.add_argument("--duplicates", default="keep", choices=DUPLICATES)
    parser.add_argument("--output", required=True, help="training data, JSON Lines")
    parser.add_argument("--digest", required=True, help="SHA-256 of the training data: what finetuning depends on")
    parser.add_argument("--counts", required=True, help="JSON: how many solutions were kept, and why others were not")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    problems = read_rows(arguments.problems, require=("problem", "question"))
    questions = {row["problem"]: row["question"] for row in problems}
    template = prompts.read_template(arguments.prompt)
    rows = load_view(Pools.of(arguments), parse_draws(arguments.draws))
    unknown = [row["problem"] for row in rows if row["problem"] not in questions]
    if unknown:
        raise UserError(f"{arguments.problems}: no problem {unknown[0]!r}, which the solutions answer")
    kept, counts = select(rows, arguments.filter, arguments.duplicates)
    data = (
        training_row(
            row["problem"], row["sample"], row["model"], prompts.fill(template, questions[row["problem"]]), row["text"]
        )
        for row in kept
    )
    write_rows(arguments.output, data)
    write_text(arguments.digest, [digest_of(arguments.output) + "\n"])
    write_json(arguments.counts, dict(sorted(counts.items())) | {"problems_hash": digest_of_problems(problems)})
    print(f"kept {counts['kept']:,} of {counts['drawn']:,} solutions")


if __name__ == "__main__":
    run(main)
