"""Read the problems of one split from a local JSON Lines file, check every row, and keep the first ones."""

import argparse
import math
import re

from yetbetter.errors import UserError
from yetbetter.program import run, write_sidecar
from yetbetter.records import check_unique, digest_of, digest_of_problems, read_rows, shorten, write_rows

LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # which no tokenizer takes


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--input", required=True, help="JSON Lines with problem, question, answer; further keys are kept"
    )
    parser.add_argument("--questions", required=True, type=int, help="how many problems to keep, from the first on")
    parser.add_argument(
        "--others", nargs="*", default=[], help="files of the data set's other splits, to be disjoint from"
    )
    parser.add_argument("--output", required=True)
    parser.add_argument("--about", help="sidecar with the problems' hash, JSON")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    rows = read_rows(arguments.input, require=("problem", "question", "answer"))
    check_unique(rows, arguments.input, "problem")
    check_unique(rows, arguments.input, "question")
    for number, row in enumerate(rows, start=1):
        check_problem(row, f"{arguments.input}:{number}")
    check_disjoint(rows, arguments.input, arguments.others)
    if len(rows) < arguments.questions:
        raise UserError(f"{arguments.input}: {len(rows)} problems, the split asks for {arguments.questions}")
    kept = rows[: arguments.questions]
    write_rows(arguments.output, kept)
    if arguments.about:
        write_sidecar(
            arguments.about,
            arguments,
            hash=digest_of_problems(kept),
            counts={"read": len(rows), "written": len(kept)},
            files={"problems": {"name": arguments.input, "sha256": digest_of(arguments.input)}},
        )


def check_problem(row: dict, where: str) -> None:
    for key in ("problem", "question", "answer"):
        if not row[key].strip():
            raise UserError(f"{where}: {key} is {row[key]!r}, it must be text that is not empty")
    level = row.get("level")
    number = isinstance(level, int | float) and not isinstance(level, bool) and math.isfinite(level)
    if not (level is None or number or isinstance(level, str)):
        raise UserError(f"{where}: level is {shorten(repr(level))}, it must be text or a number")
    for key, value in row.items():
        lone = LONE_SURROGATE.search(value) if isinstance(value, str) else None
        if lone:
            raise UserError(f"{where}: {key} holds {lone[0]!r}, half of a character; it must be text of whole ones")


def check_disjoint(rows: list[dict], path: str, others: list[str]) -> None:
    """No question may stand in two splits: what a model was trained on would come back in its examination."""
    lines = {" ".join(row["question"].split()): number for number, row in enumerate(rows, start=1)}
    for other in others:
        for number, row in enumerate(read_rows(other, require=("question",)), start=1):
            line = lines.get(" ".join(row["question"].split()))
            if line is not None:
                raise UserError(f"{path}:{line}: its question stands also in {other}:{number}, splits must be disjoint")


if __name__ == "__main__":
    run(main)
