"""Check every right-answered solution: its chain of equations against its problem's program, or by hidden tests."""

import argparse
from collections.abc import Iterator

from yetbetter import execution
from yetbetter.errors import UserError
from yetbetter.program import Output, Parser, run, whole
from yetbetter.records import read_rows, write_rows
from yetbetter.selection.pools import join
from yetbetter.tasks import CHECKS, Options
from yetbetter.verdicts import CORRECT


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--problems", required=True, help="JSON Lines with problem, and program or hidden_tests")
    parser.add_argument("--solutions", required=True)
    parser.add_argument("--verdicts", required=True)
    parser.add_argument("--output", action=Output, required=True, help="JSON Lines with problem, sample, reasoning")
    parser.add_argument(
        "--fpr",
        default="exact",
        choices=[name for name, check in CHECKS.items() if check.run],
        help="how (default: exact)",
    )
    parser.add_argument(
        "--workers", type=whole(1, 4096), default=1, help="tests: processes that run programs (default: 1)"
    )
    parser.add_argument(
        "--box", default="auto", choices=execution.KINDS, help="tests: what they are run in (default: auto)"
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    check = CHECKS[arguments.fpr]
    problems = {row["problem"]: row for row in read_rows(arguments.problems, require=("problem", *check.keys))}
    places = []

    def answers() -> Iterator[tuple[str, dict]]:
        for solution, verdict in join(arguments.solutions, arguments.verdicts, "verdict"):
            if verdict["verdict"] == CORRECT:
                places.append({"problem": solution["problem"], "sample": solution["sample"]})
                yield solution["text"], problem_of(solution, problems, arguments)

    found = check.run(answers(), Options("", workers=arguments.workers, box=arguments.box))
    write_rows(arguments.output, (places[number] | {"reasoning": one} for number, one in enumerate(found)))


def problem_of(solution: dict, problems: dict[str, dict], arguments: argparse.Namespace) -> dict:
    name = solution["problem"]
    if name not in problems:
        raise UserError(f"{arguments.solutions}: problem {name!r} is not among the problems of {arguments.problems}")
    return problems[name]


if __name__ == "__main__":
    run(main)
