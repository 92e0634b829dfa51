"""Ask a model whether the reasoning of right-answered solutions is sound, or measure its agreement with human labels.

For a pool: judge the solutions that its views need (those with the smallest hashes, or all for a filter) once each.
A draft keeps every judgement, so that a killed run resumes, and another budget or number of samples only adds the
missing judgements.
For a labelled file: judge every row; print and write the agreement.
"""

import argparse
import functools
import sys
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.generation import options
from yetbetter.judging.agreement import show_agreement
from yetbetter.judging.asking import Judge, make_judgements
from yetbetter.judging.collecting import KINDS, collect_from_pool, collect_labelled, measure_groups
from yetbetter.judging.judgements import View
from yetbetter.program import Parser, file_path, run, whole, write_sidecar
from yetbetter.records import check_unique, read_rows, write_json
from yetbetter.selection.pools import Pools, PoolSamples, read_solutions, read_views


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--labelled", type=Path, help="JSON Lines with question, solution, sound: measure the agreement with these")
    add("--agreement", type=Path, help="with --labelled: where to write it (JSON)")
    add("--problems", type=Path, help="JSON Lines with problem, question, answer")
    add("--solutions", help="folder of the data set's pools")
    add("--verdicts", help="folder of their verdicts on final answers")
    add("--blocks", nargs="+", metavar="MODEL/BLOCK", help="the blocks of one pool")
    view = {"nargs": "+", "default": [], "type": View.parse, "metavar": "SAMPLES[:QUESTIONS]"}
    add(
        "--views",
        help="views of the pool: samples per question, of all or of the first questions",
        **view,
    )
    add("--all-right", help="views whose right answers are all judged, for a filter", **view)
    add("--every", help="views whose solutions are all judged, for a filter without the right answer", **view)
    add("--known", type=file_path, help="judgements of an earlier run, which are not asked for again")
    add("--samples", type=whole(1), default=500, help="solutions judged of each view (default: 500)")
    Judge.add_arguments(parser)
    arguments = parser.parse_args()
    check_given(arguments)
    return arguments


def check_given(arguments: argparse.Namespace) -> None:
    """UserError for a missing argument: a pool and a labelled file need different ones."""
    needed = ("agreement",) if arguments.labelled else ("problems", "solutions", "verdicts", "blocks")
    if not arguments.labelled and not (arguments.views or arguments.all_right or arguments.every):
        raise UserError("--views is missing, which judging a pool needs (or --all-right, or --every)")
    for name in needed:
        if not getattr(arguments, name):
            raise UserError(
                f"--{name} is missing, which judging {'labelled rows' if arguments.labelled else 'a pool'} needs"
            )


def main() -> None:
    arguments = parse_arguments()
    judge = Judge.of(arguments)
    if arguments.labelled:
        asked, facts = collect_labelled(arguments.labelled, judge.template, arguments.prompt)
    else:
        asked, facts = collect_pool(arguments, judge.template)
    write_about = functools.partial(write_sidecar, arguments=arguments, packages=judge.sampler.entry.packages)
    files = arguments.output, arguments.about, arguments.drafts, arguments.known
    settings = make_judgements(judge, asked, facts, *files, write_about)
    if arguments.labelled:
        found = measure_groups(read_rows(arguments.output))
        write_json(arguments.agreement, {"labelled": arguments.labelled.name, "groups": found, "settings": settings})
        for name, measured in found.items():
            print(show_agreement(name, measured))


def collect_pool(arguments: argparse.Namespace, template: str) -> tuple[list[dict], dict]:
    """The questions about a pool, see `collect_from_pool`; UserError if the pool does not hold the views."""
    models = sorted({block.partition("/")[0] for block in arguments.blocks})
    if len(models) > 1:
        raise UserError(f"--blocks: of several pools ({', '.join(models)}), must be of one")
    if arguments.every and "{answer}" in template:
        raise UserError(f"{arguments.prompt} holds {{answer}}, which a judge of --every solution must not see")
    problems = read_rows(arguments.problems, require=("problem", "question", "answer"))
    check_unique(problems, arguments.problems, "problem")
    pools = Pools(arguments.solutions, arguments.verdicts, None, arguments.blocks)
    views = {kind: getattr(arguments, kind) for kind in KINDS}
    every_view = [view for kind in views.values() for view in kind]
    samples = PoolSamples(pools, {models[0]: max(view.samples for view in every_view)})
    order = {row["problem"]: number for number, row in enumerate(problems)}
    return collect_from_pool(
        read_views(samples, every_view, order),
        read_solutions(pools),
        problems,
        views,
        arguments.samples,
        arguments.seed,
        template,
        arguments.problems,
    )


if __name__ == "__main__":
    run(main, packages=options.packages_of(sys.argv))
