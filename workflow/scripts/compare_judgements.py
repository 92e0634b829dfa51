"""Compare a judge's verdicts with the exact checks of the same solutions, for data sets whose problems are programs."""

import argparse

from yetbetter.errors import UserError
from yetbetter.judging.agreement import measure_agreement, show_agreement
from yetbetter.program import Output, Parser, run
from yetbetter.records import read_rows, write_json
from yetbetter.selection.pools import coordinates
from yetbetter.verdicts import UNREADABLE, VALID


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--judgements", required=True, help="of judge_solutions.py, for one pool")
    parser.add_argument("--reasoning", required=True, help="folder of the data set's exact checks")
    parser.add_argument("--blocks", required=True, nargs="+", metavar="MODEL/BLOCK", help="the pool's blocks")
    parser.add_argument(
        "--output", action=Output, required=True, help="JSON: the agreement; chains that cannot be read are left out"
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    require = ("problem", "sample")
    checks = {
        coordinates(row): row["reasoning"]
        for block in arguments.blocks
        for row in read_rows(f"{arguments.reasoning}/{block}.jsonl", require=(*require, "reasoning"))
    }
    judged = read_rows(arguments.judgements, require=(*require, "verdict"))
    unchecked = [row for row in judged if coordinates(row) not in checks]
    if unchecked:
        name = "sample {sample} of {problem!r}".format(**unchecked[0])
        raise UserError(f"{arguments.reasoning}: no check of {name}, which was judged")
    readable = [row for row in judged if checks[coordinates(row)] != UNREADABLE]
    found = measure_agreement(
        [checks[coordinates(row)] == VALID for row in readable], [row["verdict"] for row in readable]
    )
    write_json(arguments.output, {"unreadable": len(judged) - len(readable), **found})
    print(show_agreement("against the exact check", found))


if __name__ == "__main__":
    run(main)
