"""Read the problems of one split from a local JSON Lines file, check every row, and keep the first ones."""

import argparse

from yetbetter.data.own_files import check_problems, read_problems_of
from yetbetter.program import Output, Parser, run, whole, write_sidecar
from yetbetter.records import digest_of, digest_of_problems, write_rows
from yetbetter.tasks import TASKS


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument(
        "--input", required=True, help="JSON Lines with problem, question, answer; further keys are kept"
    )
    parser.add_argument(
        "--questions", required=True, type=whole(1), help="how many problems to keep, from the first on"
    )
    parser.add_argument(
        "--others", nargs="*", default=[], help="files of the data set's other splits, to be disjoint from"
    )
    parser.add_argument("--task", default="math", choices=TASKS, help="what the problems are (default: math)")
    parser.add_argument("--output", action=Output, required=True)
    parser.add_argument("--about", action=Output, help="sidecar with the problems' hash, JSON")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    rows = read_problems_of(arguments.input, arguments.questions, arguments.others)
    kept = rows[: arguments.questions]
    check_problems(kept, arguments.input, TASKS[arguments.task])
    write_rows(arguments.output, kept)
    if arguments.about:
        write_sidecar(
            arguments.about,
            arguments,
            hash=digest_of_problems(kept),
            counts={"read": len(rows), "written": len(kept)},
            files={"problems": {"name": arguments.input, "sha256": digest_of(arguments.input)}},
        )


if __name__ == "__main__":
    run(main)
