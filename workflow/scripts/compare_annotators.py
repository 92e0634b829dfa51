"""Measure how far annotators agree on a data set, and write a page of the solutions on which they differ.

Labels given on that page are those of the annotator `decided`, and overrule the others.
"""

import argparse
from pathlib import Path

from yetbetter.judging.annotators import compare_annotators, show_annotators
from yetbetter.judging.labels import DECIDED, Label, read_labelled_solutions
from yetbetter.program import Output, Parser, run
from yetbetter.records import write_json
from yetbetter.report.annotation import items_that_differ, write_annotation


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", required=True, help="of collect_labels.py (JSON Lines)")
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--dataset", required=True, help="name of the data set")
    parser.add_argument("--template", type=Path, required=True, help="annotate.html.j2")
    parser.add_argument("--output", action=Output, required=True, help="the agreement (JSON)")
    parser.add_argument("--page", action=Output, required=True, help="the solutions that differ (HTML)")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    solutions = read_labelled_solutions(arguments.labels)
    own = [{name: label for name, label in one.labels.items() if name != DECIDED} for one in solutions]
    found = compare_annotators([labels for labels in own if labels])
    decided = [
        Label(
            DECIDED, one.problem, one.shown, one.labels[DECIDED], one.first_wrong_steps[DECIDED], one.choice, where=""
        )
        for one in solutions
        if DECIDED in one.labels
    ]
    items = items_that_differ(solutions, DECIDED)
    write_json(arguments.output, {"study": arguments.study, "dataset": arguments.dataset, **found})
    write_annotation(
        arguments.page,
        arguments.template,
        arguments.study,
        arguments.dataset,
        DECIDED,
        items,
        decided,
        differences=True,
    )
    print(show_annotators(found))
    print(f"{len(items)} solutions whose labels differ, {len(decided)} of them decided: {arguments.page}")


if __name__ == "__main__":
    run(main)
