"""Ask a model whether the reasoning of a finetuned model's right answers is sound.

A draft keeps every judgement, so that a killed run resumes, and more chosen answers only add the missing judgements.
"""

import argparse
import functools
import sys
from collections import Counter
from pathlib import Path

from yetbetter.generation import options
from yetbetter.judging.asking import Judge, make_judgements
from yetbetter.judging.collecting import collect_chosen
from yetbetter.judging.judgements import read_judge_template
from yetbetter.program import MOST, Output, Parser, run, whole, write_sidecar
from yetbetter.records import iterate_rows


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--chosen", required=True, help="answers that choose_answers.py chose (JSON Lines)")
    add("--cell", required=True, help="name of the finetuned model")
    add("--prompt", type=Path, required=True, help="holds {question} and {solution} once, {answer} at most once")
    add("--chat", action="store_true", help="ask in the judge's chat format, the prompt being the user's turn")
    add("--model", required=True, help="the judge's folder or hub id")
    add("--revision", help="revision of a hub id (default: main)")
    options.add_arguments(parser, temperature=0.0, top_k=0, max_new_tokens=512, batch_size=64)
    add("--seed", type=whole(-MOST), default=0, help="the study's seed, of sampled verdicts (default: 0)")
    add("--output", action=Output, type=Path, required=True, help="judgements (JSON Lines)")
    add("--about", action=Output, type=Path, required=True, help="sidecar that says how they were made (JSON)")
    add("--drafts", type=Path, help="folder for unfinished work (default: .drafts beside the output)")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    sampler = options.sampler_of(arguments)
    options.check_model_argument(sampler, arguments.model, arguments.chat)
    template = read_judge_template(arguments.prompt)
    judge = Judge(arguments.model, arguments.revision, arguments.chat, template, arguments.seed, sampler)
    asked = collect_chosen(arguments.chosen, arguments.cell, template)
    write_about = functools.partial(write_sidecar, arguments=arguments, packages=sampler.entry.packages)
    files = arguments.output, arguments.about, arguments.drafts, None
    make_judgements(judge, asked, {"choice": {"cell": arguments.cell}}, *files, write_about)
    counts = Counter(row["verdict"] for row in iterate_rows(arguments.output, require=("verdict",)))
    listed = ", ".join(f"{counts[key]:,} {key}" for key in sorted(counts)) or "nothing"
    print(f"judged {counts.total():,}: {listed}")


if __name__ == "__main__":
    run(main, packages=options.packages_of(sys.argv))
