"""How well verifiers tell right answers from wrong ones, and sound solutions from right answers with wrong reasoning.

Of all samples of the pools that a verifier has scored, by the model that wrote them.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.measures.verifiers import VERIFIERS, Scored, measure_verifier, scored_of
from yetbetter.program import Output, Parser, number, run
from yetbetter.records import iterate_rows
from yetbetter.tables import write_table


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--results", type=Path, required=True, help="folder of a study, with verifications, verdicts and reasoning")
    add("--blocks", required=True, nargs="+", metavar="DATASET/VERIFIER/MODEL/BLOCK", help="scored blocks")
    add("--thresholds", nargs="+", type=number(0, 1), default=[0.5], help="scores from which on a solution is kept")
    add("--best", nargs="*", type=number(0, 1, above=True), default=[0.9], help="shares of right answers that are kept")
    add("--output", action=Output, required=True, help="CSV, one row per metric")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    places: dict[tuple[str, str, str], list[str]] = {}
    for path in arguments.blocks:
        parts = path.split("/")
        if len(parts) != 4:
            raise UserError(f"--blocks {path!r}: must be DATASET/VERIFIER/MODEL/BLOCK")
        places.setdefault(tuple(parts[:3]), []).append(parts[3])
    rows = []
    for place, blocks in places.items():
        solutions = [one for block in blocks for one in read_block(arguments.results, *place, block)]
        rows += measure_verifier(place, solutions, arguments.thresholds, arguments.best)
    write_table(arguments.output, VERIFIERS, rows)


def read_block(results: Path, dataset: str, verifier: str, model: str, block: str) -> Iterator[Scored]:
    """The scored solutions of a block. UserError if a verdict or a score of the block is missing."""
    checks = results / "reasoning" / dataset / model / f"{block}.jsonl"
    reasoning = {}
    if checks.is_file():
        rows = iterate_rows(checks, require=("problem", "sample", "reasoning"))
        reasoning = {(row["problem"], row["sample"]): row["reasoning"] for row in rows}
    path = results / "verifications" / dataset / verifier / model / f"{block}.jsonl"
    scores = {
        (row["problem"], row["sample"]): row["score"]
        for row in iterate_rows(path, require=("problem", "sample", "score"))
    }
    verdicts = results / "verdicts" / dataset / model / f"{block}.jsonl"
    for row in iterate_rows(verdicts, require=("problem", "sample", "verdict")):
        place = row["problem"], row["sample"]
        if place not in scores:
            raise UserError(f"{path}: no score of sample {place[1]} of {place[0]!r}, score the block again")
        yield scored_of(place[0], scores[place], row["verdict"], reasoning.get(place))


if __name__ == "__main__":
    run(main)
