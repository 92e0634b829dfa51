"""Grade solutions by their final answer: one verdict row for each solution row, in the same order."""

import argparse
import multiprocessing

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
    parser.add_argument("--workers", type=int, default=1, help="processes that grade (default: 1)")
    return parser.parse_args()


def pair_with_golds(solutions, golds: dict[str, str], answer_format: str, path: str):
    for number, row in enumerate(solutions, start=1):
        if row["problem"] not in golds:
            raise UserError(f"{path}:{number}: problem {row['problem']!r} is not among the problems")
        yield row["problem"], row["sample"], row["text"], golds[row["problem"]], answer_format


def grade_one(task: tuple) -> dict:
    problem, sample, text, gold, answer_format = task
    answer, verdict = grading.grade(text, gold, answer_format)
    return {"problem": problem, "sample": sample, "answer": answer, "verdict": verdict}


def show_progress(graded, total: int):
    progress = Progress("graded solutions", total)
    for number, row in enumerate(graded, start=1):
        yield row
        progress.show(number, final=number == total)


def main() -> None:
    arguments = parse_arguments()
    problems = read_rows(arguments.problems, require=("problem", "answer"))
    check_unique(problems, arguments.problems, "problem")
    golds = {row["problem"]: row["answer"] for row in problems}
    with open(arguments.solutions, "rb") as file:
        total = sum(1 for _ in file)
    solutions = iterate_rows(arguments.solutions, require=("problem", "sample", "text"))
    tasks = pair_with_golds(solutions, golds, arguments.answer_format, arguments.solutions)
    if arguments.workers == 1:
        write_rows(arguments.output, show_progress(map(grade_one, tasks), total))
    else:
        with multiprocessing.Pool(arguments.workers) as pool:
            write_rows(arguments.output, show_progress(pool.imap(grade_one, tasks, chunksize=256), total))


if __name__ == "__main__":
    run(main)
