"""Grade solutions by their final answer: one verdict row for each solution row, in the same order."""

import argparse

from yetbetter import grading
from yetbetter.errors import UserError
from yetbetter.program import Progress, run
from yetbetter.records import check_unique, iterate_rows, read_rows, write_rows


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", required=True, help="JSON Lines with problem, answer")
    parser.add_argument("--solutions", required=True, help="JSON Lines with problem, sample, text")
    parser.add_argument("--output", required=True, help="JSON Lines with problem, sample, answer, verdict")
    parser.add_argument(
        "--answer-format",
        default="the_answer_is",
        choices=grading.CONVENTIONS,
        help="how a solution states its final answer",
    )
    return parser.parse_args()


def grade_rows(solutions, golds: dict[str, str], answer_format: str, path: str, total: int):
    progress = Progress("graded solutions", total)
    for number, row in enumerate(solutions, start=1):
        if row["problem"] not in golds:
            raise UserError(f"{path}:{number}: problem {row['problem']!r} is not among the problems")
        answer, verdict = grading.grade(row["text"], golds[row["problem"]], answer_format)
        yield {"problem": row["problem"], "sample": row["sample"], "answer": answer, "verdict": verdict}
        progress.show(number)
    progress.show(total, final=True)


def main() -> None:
    arguments = parse_arguments()
    problems = read_rows(arguments.problems, require=("problem", "answer"))
    check_unique(problems, arguments.problems, "problem")
    golds = {row["problem"]: row["answer"] for row in problems}
    with open(arguments.solutions, "rb") as file:
        total = sum(1 for _ in file)
    solutions = iterate_rows(arguments.solutions, require=("problem", "sample", "text"))
    graded = grade_rows(solutions, golds, arguments.answer_format, arguments.solutions, total)
    write_rows(arguments.output, graded)


if __name__ == "__main__":
    run(main)
