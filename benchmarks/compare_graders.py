"""List the unique disagreements of strict, lenient and math-verify alone on a pool, one per row."""

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter import grading
from yetbetter.errors import UserError
from yetbetter.grading.workers import LimitReached, SymbolicWorker
from yetbetter.program import Output, Parser, Progress, number, run
from yetbetter.records import check_unique, read_rows, write_rows


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--problems", required=True, help="JSON Lines with problem, answer")
    parser.add_argument("--solutions", required=True, help="JSON Lines with problem, sample, text")
    parser.add_argument("--answer-format", required=True, choices=grading.CONVENTIONS)
    parser.add_argument("--without-math-verify", action="store_true", help="compare strict and lenient only (fast)")
    parser.add_argument(
        "--seconds", type=number(above=True), default=10.0, help="math-verify's time limit per solution (default: 10)"
    )
    parser.add_argument(
        "--output", action=Output, required=True, help="JSON Lines: problem, sample, answer, gold, a verdict per grader"
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    problems = read_rows(arguments.problems, require=("problem", "answer"))
    check_unique(problems, arguments.problems, "problem")
    golds = {row["problem"]: row["answer"] for row in problems}
    graders = {mode: grading.Grader(mode) for mode in grading.MODES}
    reference = None if arguments.without_math_verify else SymbolicWorker(arguments.seconds, 4096, "reference")
    found: dict[tuple, dict] = {}
    counts: Counter = Counter()
    solutions = read_rows(arguments.solutions, require=("problem", "sample", "text"))
    progress = Progress("compared solutions", len(solutions))
    try:
        for number, row in enumerate(solutions, start=1):
            if row["problem"] not in golds:
                raise UserError(f"{arguments.solutions}:{number}: problem {row['problem']!r} is not among the problems")
            gold = golds[row["problem"]]
            verdicts = {}
            for mode, grader in graders.items():
                answer, verdicts[mode] = grader.grade(row["text"], gold, arguments.answer_format)
            if reference:
                verdicts["math_verify"] = reference_verdict(reference, row["text"], gold)
            counts[tuple(verdicts.values())] += 1
            if len({verdict == grading.CORRECT for verdict in verdicts.values()}) > 1:
                place = {"problem": row["problem"], "sample": row["sample"], "answer": answer, "gold": gold}
                found.setdefault((answer, gold, *verdicts.values()), place | verdicts | {"solutions": 0})[
                    "solutions"
                ] += 1
            progress.show(number, final=number == len(solutions))
    finally:
        for worker in (*graders.values(), *([reference] if reference else [])):
            worker.close()
    write_rows(arguments.output, found.values())
    names = ", ".join([*grading.MODES, *(["math-verify"] if reference else [])])
    print(f"verdicts ({names}): solutions")
    for verdicts, count in counts.most_common():
        print(f"{', '.join(verdicts)}: {count:,}")
    print(f"{len(found):,} unique disagreements on right or not, in {arguments.output}")


def reference_verdict(reference: SymbolicWorker, text: str, gold: str) -> str:
    try:
        return grading.CORRECT if reference.decide(text, gold, grading.STRICT) else grading.INCORRECT
    except LimitReached:
        return grading.TIMEOUT


if __name__ == "__main__":
    run(main)
