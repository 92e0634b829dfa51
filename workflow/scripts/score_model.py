"""Score a finetuned model's answers: one row per benchmark and problem, graded, voted on and checked."""

import argparse

from yetbetter import grading
from yetbetter.evaluation.benchmarks import parse_benchmark
from yetbetter.evaluation.scoring import score_answers
from yetbetter.program import Output, Parser, run
from yetbetter.records import write_rows

AXES = ("dataset", "budget", "source", "target", "seed", "paradigm")


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--answers", required=True, help="JSON Lines that evaluate_model.py wrote")
    parser.add_argument("--benchmark", required=True, action="append", metavar="NAME:FILE:GREEDY:SAMPLED:SAMPLES")
    parser.add_argument("--answer-format", required=True, choices=grading.CONVENTIONS)
    parser.add_argument("--grading-mode", default=grading.STRICT, choices=grading.MODES)
    parser.add_argument(
        "--fpr",
        default="none",
        choices=["exact", "judge", "none"],
        help="how a right answer's reasoning is checked; finetuned models are not judged",
    )
    for axis in AXES:
        parser.add_argument(f"--{axis}", required=True)
    parser.add_argument("--output", action=Output, required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    cell = {axis: getattr(arguments, axis) for axis in AXES}
    exact = arguments.fpr == "exact"
    benchmarks = [parse_benchmark(argument, ("program",) if exact else ()) for argument in arguments.benchmark]
    scored = score_answers(arguments.answers, benchmarks, arguments.answer_format, arguments.grading_mode, exact)
    rows = [cell | row for row in scored]
    write_rows(arguments.output, rows)
    print(f"scored {len(rows):,} problems")
    if arguments.fpr == "judge":
        print("the reasoning of right answers was not measured: the judge is asked about training data only")


if __name__ == "__main__":
    run(main)
