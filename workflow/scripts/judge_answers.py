"""Ask a model whether the reasoning of a finetuned model's right answers is sound.

A draft keeps every judgement, so that a killed run resumes, and more chosen answers only add the missing judgements.
"""

import argparse
import functools
import sys

from yetbetter.generation import options
from yetbetter.judging.asking import Judge, make_judgements
from yetbetter.judging.collecting import collect_chosen
from yetbetter.program import Parser, run, write_sidecar


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--chosen", required=True, help="answers that choose_answers.py chose (JSON Lines)")
    add("--cell", required=True, help="name of the finetuned model")
    Judge.add_arguments(parser)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    judge = Judge.of(arguments)
    asked = collect_chosen(arguments.chosen, arguments.cell, judge.template)
    write_about = functools.partial(write_sidecar, arguments=arguments, packages=judge.sampler.entry.packages)
    files = arguments.output, arguments.about, arguments.drafts, None
    make_judgements(judge, asked, {"choice": {"cell": arguments.cell}}, *files, write_about)


if __name__ == "__main__":
    run(main, packages=options.packages_of(sys.argv))
