"""Collect the labels that people gave to solutions of a data set, after checking them against what is there now.

Writes one row for each labelled text, with all labels of it, and the samples that have it.
"""

import argparse
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.judging.labels import Label, LabelledSolution, check_shown, read_labels, settle, split_steps
from yetbetter.program import MOST, Output, Parser, run, whole
from yetbetter.records import write_rows
from yetbetter.selection.offered import Solution, add_pool_arguments, find_solutions, read_pool


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_pool_arguments(parser)
    add = parser.add_argument
    add("--labels", required=True, nargs="+", metavar="ANNOTATOR=FILE", help="JSON Lines of each annotator")
    add("--seed", type=whole(-MOST), default=0, help="the study's seed, which the choice depends on (default: 0)")
    add("--study", required=True, help="name of the study")
    add("--dataset", required=True, help="name of the data set")
    add("--output", action=Output, type=Path, required=True, help="JSON Lines: labelled solutions")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    by_annotator = {
        annotator: read_labels(path, arguments.study, arguments.seed, arguments.dataset, annotator)
        for annotator, path in files_of(arguments.labels).items()
    }
    labels = [label for own in by_annotator.values() for label in own]
    pools, problems = read_pool(arguments)
    found = find_solutions(pools, problems, {}, labels, arguments.problems)
    steps = {key: len(split_steps(one.text)) for key, one in found.items()}
    for own in by_annotator.values():
        check_shown(own, steps)
    of_each: dict[tuple[str, str], list[Label]] = {key: [] for key in found}
    for label in labels:
        of_each[label.item].append(label)
    collected = [join_labels(found[key], given) for key, given in of_each.items()]
    write_rows(arguments.output, (one.row() for one in collected))
    print(f"{len(labels)} labels of {len(collected)} solutions")


def files_of(words: list[str]) -> dict[str, str]:
    files: dict[str, str] = {}
    for word in words:
        annotator, equals, path = word.partition("=")
        if not annotator or not equals or not path:
            raise UserError(f"--labels {word!r}: must be ANNOTATOR=FILE")
        if annotator in files:
            raise UserError(f"--labels: {annotator!r} is given twice")
        files[annotator] = path
    return files


def join_labels(solution: Solution, given: list[Label]) -> LabelledSolution:
    """given: the labels of this text. Offered in several choices it is part of the smallest, which the others hold."""
    labels = {label.annotator: label.label for label in given}
    choices = [label.choice for label in given if label.choice is not None]
    return LabelledSolution(
        problem=solution.problem,
        shown=solution.shown,
        question=solution.question,
        answer=solution.answer,
        solution=solution.text,
        samples=solution.samples,
        labels=labels,
        first_wrong_steps={label.annotator: label.first_wrong_step for label in given},
        label=settle(labels),
        choice=min(choices, key=lambda choice: choice["samples"], default=None),
    )


if __name__ == "__main__":
    run(main)
