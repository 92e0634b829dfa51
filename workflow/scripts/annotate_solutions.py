"""Write the page on which a person labels the reasoning of right-answered solutions of a data set.

Offered are, of each arm, the solutions that a judge would be shown first, and those that the person has labelled
already. An arm that lacks labels (+LABELS: how many it should have in all) comes first, and offers as many if these are
more. The page does not say which model wrote a solution. Labels of texts that have changed since are left out.
"""

import argparse
from pathlib import Path

from yetbetter.judging.labels import read_labels
from yetbetter.program import MOST, Output, Parser, file_path, run, whole
from yetbetter.report.annotation import Item, write_annotation
from yetbetter.selection.offered import (
    OfferedArm,
    add_pool_arguments,
    choose_offered,
    find_solutions,
    read_pool,
    sort_for,
)


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_pool_arguments(parser)
    add = parser.add_argument
    add("--arms", required=True, nargs="+", metavar="MODEL:SAMPLES,…[@QUESTIONS][+LABELS]", help="what each arm draws")
    add("--samples", type=whole(1), default=50, help="solutions offered of each arm (default: 50)")
    add("--seed", type=whole(-MOST), default=0, help="the study's seed, which the choice depends on (default: 0)")
    add("--study", required=True, help="name of the study")
    add("--dataset", required=True, help="name of the data set")
    add("--annotator", required=True, help="name of the person")
    add("--labels", type=file_path, help="the person's labels so far (JSON Lines)")
    add("--template", type=Path, required=True, help="annotate.html.j2")
    add("--output", action=Output, required=True, help="the page (HTML)")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    belongs = (arguments.study, arguments.seed, arguments.dataset, arguments.annotator)
    labels = read_labels(arguments.labels, *belongs) if arguments.labels else []
    pools, problems = read_pool(arguments)
    arms = [OfferedArm.parse(text) for text in arguments.arms]
    offers = choose_offered(pools, arms, list(problems), arguments.samples, arguments.seed)
    found = find_solutions(pools, problems, offers, labels, arguments.problems)
    there = [label for label in labels if label.item in found]
    if len(there) < len(labels):
        gone = len(labels) - len(there)
        print(f"{arguments.labels}: {gone} labels are of texts that have changed since; the page leaves them out")
    choices = {key: {"samples": one.offer.samples, "seed": arguments.seed} for key, one in found.items() if one.offer}
    choices |= {label.item: label.choice for label in labels}
    items = [
        Item(*one.item, one.question, one.answer, one.text, choices[one.item])
        for one in sort_for(arguments.annotator, found.values(), arguments.seed)
    ]
    write_annotation(
        arguments.output,
        arguments.template,
        arguments.study,
        arguments.dataset,
        arguments.annotator,
        items,
        there,
    )
    print(f"{len(items)} solutions, {len(there)} of them labelled: {arguments.output}")


if __name__ == "__main__":
    run(main)
