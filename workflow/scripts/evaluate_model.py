"""Evaluate a finetuned model: choose its best checkpoint on validation, then answer the benchmarks with that one."""

import argparse
import functools
import sys

from yetbetter import execution
from yetbetter.evaluation.benchmarks import Benchmark, parse_benchmark
from yetbetter.evaluation.evaluator import Evaluation, evaluate_checkpoints, name_checkpoints
from yetbetter.generation import options
from yetbetter.generation.prompts import read_template
from yetbetter.program import MOST, Output, Parser, run, whole, write_sidecar
from yetbetter.records import read_rows
from yetbetter.tasks import CONVENTIONS, Options
from yetbetter.verdicts import MODES, STRICT


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument(
        "--models", required=True, nargs="+", help="finetunings of one model: a folder per learning rate, with its name"
    )
    parser.add_argument(
        "--checkpoints", required=True, type=whole(1), help="in each of them, as checkpoint-1 and so on"
    )
    parser.add_argument("--validation", required=True, help="problems that choose the checkpoint")
    parser.add_argument(
        "--benchmark",
        required=True,
        action="append",
        metavar="NAME:FILE:GREEDY:SAMPLED:SAMPLES",
        help="the first GREEDY problems answered greedily, the first SAMPLED ones SAMPLES times",
    )
    parser.add_argument("--prompt", required=True)
    parser.add_argument(
        "--chat",
        action="store_true",
        help="ask in the model's chat format, or in a plain one if it has none; the filled prompt is the user's turn",
    )
    parser.add_argument("--answer-format", required=True, choices=CONVENTIONS)
    parser.add_argument("--grading-mode", default=STRICT, choices=MODES)
    parser.add_argument(
        "--box", default="auto", choices=execution.KINDS, help="what programs are run in (default: auto)"
    )
    options.add_arguments(parser, temperature=0.7, top_k=3, batch_size=256)  # of the sampled answers
    parser.add_argument("--seed", type=whole(-MOST), default=0, help="the study's seed")
    parser.add_argument("--cell", required=True, help="identity of the evaluated model, part of every random stream")
    parser.add_argument("--output", action=Output, required=True, help="JSON Lines of all answers")
    parser.add_argument(
        "--choice", action=Output, required=True, help="JSON: the chosen checkpoint, and the score of each"
    )
    parser.add_argument("--about", action=Output, required=True)
    parser.add_argument("--drafts")
    parser.add_argument(
        "--keep",
        default="all",
        choices=("all", "best"),
        help="best: delete all but the best checkpoint of each learning rate once all are scored, drafts included",
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    sampler = options.sampler_of(arguments)
    template = read_template(arguments.prompt)
    benchmarks = [parse_benchmark(argument) for argument in arguments.benchmark]
    problems = read_rows(arguments.validation, require=("problem", "question", "answer"))
    evaluation = Evaluation(
        checkpoints=name_checkpoints(arguments.models, arguments.checkpoints),
        validation=Benchmark("validation", problems, len(problems), 0, 0, arguments.validation),
        benchmarks=benchmarks,
        template=template,
        grading=Options(arguments.answer_format, arguments.grading_mode, box=arguments.box),
        seed=arguments.seed,
        cell=arguments.cell,
        sampler=sampler,
        drafts=arguments.drafts,
        keep_best=arguments.keep == "best",
        chat=arguments.chat,
    )
    write_about = functools.partial(write_sidecar, arguments=arguments, packages=sampler.entry.packages)
    evaluate_checkpoints(evaluation, arguments.output, arguments.choice, arguments.about, write_about)


if __name__ == "__main__":
    run(main, packages=options.packages_of(sys.argv))
