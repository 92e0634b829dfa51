"""Score a finetuned model's answers: one row per benchmark and problem, graded, voted on and checked."""

import argparse

from yetbetter import execution
from yetbetter.evaluation.benchmarks import parse_benchmark
from yetbetter.evaluation.judged_answers import look_up_answers
from yetbetter.evaluation.scoring import score_answers
from yetbetter.evaluation.verified_answers import VerifiedAnswers
from yetbetter.program import Output, Parser, named_file, run
from yetbetter.records import write_rows
from yetbetter.tasks import CHECKS, CONVENTIONS, Options
from yetbetter.verdicts import MODES, STRICT

AXES = ("dataset", "budget", "source", "target", "seed", "paradigm")


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--answers", required=True, help="JSON Lines that evaluate_model.py wrote")
    parser.add_argument("--benchmark", required=True, action="append", metavar="NAME:FILE:GREEDY:SAMPLED:SAMPLES")
    parser.add_argument("--answer-format", required=True, choices=CONVENTIONS)
    parser.add_argument("--grading-mode", default=STRICT, choices=MODES)
    parser.add_argument(
        "--box", default="auto", choices=execution.KINDS, help="what programs are run in (default: auto)"
    )
    parser.add_argument(
        "--fpr",
        default="none",
        choices=CHECKS,
        help="how a right answer's reasoning is checked",
    )
    parser.add_argument("--judgements", nargs="?", help="with --fpr judge: what judge_answers.py wrote")
    parser.add_argument(
        "--verified",
        nargs="*",
        type=named_file,
        default=[],
        metavar="VERIFIER=FILE",
        help="scores that verify_solutions.py gave the sampled answers",
    )
    for axis in AXES:
        parser.add_argument(f"--{axis}", required=True)
    parser.add_argument("--output", action=Output, required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    cell = {axis: getattr(arguments, axis) for axis in AXES}
    benchmarks = [parse_benchmark(argument, CHECKS[arguments.fpr].keys) for argument in arguments.benchmark]
    options = Options(arguments.answer_format, arguments.grading_mode, box=arguments.box)
    judged = look_up_answers(arguments.judgements) if arguments.judgements else None
    verified = VerifiedAnswers(dict(arguments.verified)) if arguments.verified else None
    scored = score_answers(arguments.answers, benchmarks, options, arguments.fpr, judged, verified)
    rows = [cell | row for row in scored]
    write_rows(arguments.output, rows)
    print(f"scored {len(rows):,} problems")
    if arguments.fpr == "judge" and judged is None:
        print("the reasoning of right answers was not measured: no --judgements are given")


if __name__ == "__main__":
    run(main)
