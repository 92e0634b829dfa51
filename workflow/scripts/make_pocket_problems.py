"""Make the first problems of a split of one of the pocket world's data sets."""

import argparse

from yetbetter.following import load_checkers, read_constraints
from yetbetter.pocket.problems import DATASETS, make_problems
from yetbetter.pocket.world import SPLITS
from yetbetter.program import Output, Parser, run, whole, write_sidecar
from yetbetter.records import digest_of_problems, write_rows


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--dataset", required=True, choices=list(DATASETS))
    parser.add_argument(
        "--split",
        required=True,
        choices=list(SPLITS),
        help="functional, control: the twins of the first test problems; of lists: five steps, and none; of requests:"
        " none, and other problems with the kinds of instructions that are trained",
    )
    parser.add_argument("--questions", required=True, type=whole(1), help="how many problems")
    parser.add_argument("--output", action=Output, required=True, help="problems, JSON Lines")
    parser.add_argument("--about", action=Output, help="sidecar with the problems' hash, JSON")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    rows = make_problems(arguments.dataset, arguments.split, arguments.questions)
    # Missing checkers are reported now, and not after models were sampled and finetuned.
    for row in rows:
        if constraints := read_constraints(row, row["problem"]):
            load_checkers().require(constraints, row["problem"])
    write_rows(arguments.output, rows)
    if arguments.about:
        write_sidecar(arguments.about, arguments, hash=digest_of_problems(rows), counts={"written": len(rows)})
    print(f"made {len(rows):,} problems of {arguments.dataset}/{arguments.split}")


if __name__ == "__main__":
    run(main)
