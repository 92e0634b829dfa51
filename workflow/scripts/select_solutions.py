"""Turn an arm's solutions into training data: filter, count, write prompt and completion."""

import argparse

from yetbetter.generation import prompts
from yetbetter.program import run
from yetbetter.records import digest_of, digest_of_problems, read_rows, write_json, write_rows, write_text
from yetbetter.selection.choice import add_arm_arguments, load_arm, select, training_row


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arm_arguments(parser)
    parser.add_argument("--prompt", required=True, help="template that the finetuned model is asked with")
    parser.add_argument("--output", required=True, help="training data, JSON Lines")
    parser.add_argument("--digest", required=True, help="SHA-256 of the training data: what finetuning depends on")
    parser.add_argument("--counts", required=True, help="JSON: how many solutions were kept, and why others were not")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    template = prompts.read_template(arguments.prompt)
    problems, rows, choice = load_arm(arguments)
    questions = {row["problem"]: row["question"] for row in problems}
    kept, counts = select(rows, choice)
    data = (
        training_row(
            row["problem"], row["sample"], row["model"], prompts.fill(template, questions[row["problem"]]), row["text"]
        )
        for row in kept
    )
    write_rows(arguments.output, data)
    write_text(arguments.digest, [digest_of(arguments.output) + "\n"])
    # The hash is that of the whole split, whatever part of it the arm looks at.
    split = read_rows(arguments.problems, require=("problem", "question"))
    write_json(arguments.counts, dict(sorted(counts.items())) | {"problems_hash": digest_of_problems(split)})
    print(f"kept {counts['kept']:,} of {counts['drawn']:,} solutions")


if __name__ == "__main__":
    run(main)
