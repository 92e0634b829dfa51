"""Check the chain of equations of every right-answered solution exactly against its problem's program."""

import argparse

from yetbetter.errors import UserError
from yetbetter.pocket.reasoning import check_reasoning
from yetbetter.program import Output, Parser, run
from yetbetter.records import read_rows, write_rows
from yetbetter.selection.pools import join
from yetbetter.verdicts import CORRECT


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--problems", required=True, help="JSON Lines with problem, program")
    parser.add_argument("--solutions", required=True)
    parser.add_argument("--verdicts", required=True)
    parser.add_argument("--output", action=Output, required=True, help="JSON Lines with problem, sample, reasoning")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    programs = {row["problem"]: row["program"] for row in read_rows(arguments.problems, require=("problem", "program"))}
    write_rows(
        arguments.output,
        (
            {
                "problem": solution["problem"],
                "sample": solution["sample"],
                "reasoning": check_reasoning(solution["text"], program_of(solution, programs, arguments)),
            }
            for solution, verdict in join(arguments.solutions, arguments.verdicts, "verdict")
            if verdict["verdict"] == CORRECT
        ),
    )


def program_of(solution: dict, programs: dict[str, dict], arguments: argparse.Namespace) -> dict:
    name = solution["problem"]
    if name not in programs:
        raise UserError(f"{arguments.solutions}: problem {name!r} is not among the problems of {arguments.problems}")
    return programs[name]


if __name__ == "__main__":
    run(main)
