"""Cut the solutions that a process verifier learns from into steps, and write the problems that ask for completions.

Chooses the solutions that `label_solutions.py --kind process` chooses with the same arguments. Each of their steps but
the last becomes a problem with `prefix`, the text up to its end: sample_solutions.py asks for what follows, and
grade_solutions.py reads prefix and completion as one text.
"""

import argparse

from yetbetter.program import Output, Parser, run
from yetbetter.records import check_unique, read_rows, write_json, write_rows
from yetbetter.selection.labelled import add_labelled_arguments, choose_labelled
from yetbetter.verification.labels import prefix_rows


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_labelled_arguments(parser)
    parser.add_argument("--output", action=Output, required=True, help="the problems, JSON Lines")
    parser.add_argument("--counts", action=Output, required=True, help="JSON: how many solutions and steps there are")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    chosen, counts, _ = choose_labelled(arguments, in_steps=True)
    problems = {row["problem"]: row for row in read_rows(arguments.problems, require=("problem", "question"))}
    rows = [row for one in chosen for row in prefix_rows(one, problems[one.problem])]
    check_unique(rows, arguments.output, "problem")
    write_rows(arguments.output, rows)
    write_json(arguments.counts, dict(sorted(counts.items())) | {"prefixes": len(rows)})
    print(f"{len(rows):,} prefixes of {len(chosen):,} solutions")


if __name__ == "__main__":
    run(main)
