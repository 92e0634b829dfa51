"""Choose which right answers of a finetuned model a judge is asked about: those with the smallest hashes.

Of the greedy answers to the test problems. This grades them, which a judge's environment cannot.
"""

import argparse

from yetbetter import execution
from yetbetter.errors import UserError
from yetbetter.evaluation.benchmarks import parse_benchmark
from yetbetter.evaluation.judged_answers import JUDGED, choose_answers, find_judged
from yetbetter.program import MOST, Output, Parser, run, whole
from yetbetter.records import write_rows
from yetbetter.tasks import CONVENTIONS, Options
from yetbetter.verdicts import MODES, STRICT


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    add = parser.add_argument
    add("--answers", required=True, help="JSON Lines that evaluate_model.py wrote")
    add("--benchmark", required=True, action="append", metavar="NAME:FILE:GREEDY:SAMPLED:SAMPLES")
    add("--answer-format", required=True, choices=CONVENTIONS)
    add("--grading-mode", default=STRICT, choices=MODES)
    add("--box", default="auto", choices=execution.KINDS, help="what programs are run in (default: auto)")
    add("--cell", required=True, help="name of the finetuned model, part of the hash")
    add("--samples", type=whole(1), default=500, help="right answers chosen (default: 500)")
    add("--seed", type=whole(-MOST), default=0, help="the study's seed (default: 0)")
    add("--output", action=Output, required=True, help="JSON Lines, for judge_answers.py")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    benchmarks = [parse_benchmark(argument) for argument in arguments.benchmark]
    if not find_judged(benchmarks):
        raise UserError(f"--benchmark: none is called {JUDGED!r}, whose answers are judged")
    grading = Options(arguments.answer_format, arguments.grading_mode, box=arguments.box)
    choice = (arguments.cell, arguments.samples, arguments.seed)
    rows = choose_answers(arguments.answers, benchmarks, grading, *choice)
    write_rows(arguments.output, rows)
    print(f"chose {len(rows):,} right answers")


if __name__ == "__main__":
    run(main)
