"""Sample one immutable block of a pool: samples J .. J+K-1 of problems I .. I+N-1, from one model.

The batches depend only on the block and the batch size, and each sample's random stream on its identity (study seed,
model, problem, sample): an interrupted and resumed block equals an uninterrupted one.
"""

import argparse
import functools
import sys
from pathlib import Path

from yetbetter.generation import options
from yetbetter.generation.blocks import Block, make_block, read_block
from yetbetter.generation.prompts import read_template
from yetbetter.program import MOST, Output, Parser, run, whole, write_sidecar


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--problems", type=Path, required=True, help="JSON Lines with `problem` and `question`")
    add("--first-problem", type=whole(0), default=0, help="first row of the problems, from 0 (default: 0)")
    add("--problems-count", type=whole(1), required=True, help="rows of the problems; the last block may have fewer")
    add("--first-sample", type=whole(0), default=0, help="first sample's number, from 0 (default: 0)")
    add("--samples", type=whole(1), required=True, help="samples per problem")
    add("--model-name", required=True, help="the model's name in the study; part of every sample's random seed")
    add("--model", required=True, help="its folder or hub id")
    add("--revision", help="revision of a hub id (default: main)")
    options.add_arguments(parser)
    add("--prompt", type=Path, required=True, help="text file that holds {question} once")
    add("--chat", action="store_true", help="ask in the model's chat format, the filled prompt being the user's turn")
    add("--seed", type=whole(-MOST), required=True, help="the study's seed")
    add("--output", action=Output, type=Path, required=True, help="the block's solutions (JSON Lines)")
    add("--about", action=Output, type=Path, required=True, help="sidecar that says how they were sampled (JSON)")
    add("--drafts", type=Path, help="folder for unfinished blocks (default: .drafts beside the output)")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    sampler = options.sampler_of(arguments)
    options.check_model_argument(sampler, arguments.model, arguments.chat)
    template = read_template(arguments.prompt)
    block = Block(
        problems=read_block(arguments.problems, arguments.first_problem, arguments.problems_count),
        source=arguments.problems,
        first_problem=arguments.first_problem,
        first_sample=arguments.first_sample,
        samples=arguments.samples,
        template=template,
        model_name=arguments.model_name,
        model=arguments.model,
        revision=arguments.revision,
        chat=arguments.chat,
        seed=arguments.seed,
        sampler=sampler,
    )
    write_about = functools.partial(write_sidecar, arguments=arguments, packages=sampler.entry.packages)
    make_block(block, arguments.output, arguments.about, arguments.drafts, write_about)


if __name__ == "__main__":
    run(main, packages=options.packages_of(sys.argv))
