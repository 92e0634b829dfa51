"""Collect every finetuned model's scores into tables: finetuned.csv, differences.csv."""

import argparse

from yetbetter.measures.score_tables import (
    DIFFERENCES,
    FINETUNED,
    group_scores,
    list_differences,
    list_finetuned,
    parse_pairs,
)
from yetbetter.measures.scores import read_scores
from yetbetter.program import Output, Parser, run
from yetbetter.study.grid import parse_cell
from yetbetter.tables import write_table


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    # Folders and names instead of files: a thousand paths would not fit into one command.
    parser.add_argument("--scores", required=True, help="folder that holds a scores.jsonl of score_model.py per cell")
    parser.add_argument("--cells", required=True, nargs="+", help="paths of the cells inside it")
    parser.add_argument(
        "--missing", default=[], action="append", metavar="CELL", help="a cell that is not finished, marked as such"
    )
    parser.add_argument("--baseline", required=True, help="source that the others are compared with")
    parser.add_argument(
        "--pair", default=[], action="append", metavar="SOURCE:BASELINE", help="two further sources to compare"
    )
    parser.add_argument("--finetuned", action=Output, required=True)
    parser.add_argument("--differences", action=Output, required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    pairs = parse_pairs(arguments.pair, arguments.baseline)
    groups = group_scores(read_scores(f"{arguments.scores}/{path}/scores.jsonl") for path in arguments.cells)
    write_table(arguments.finetuned, FINETUNED, list_finetuned(groups, map(parse_cell, arguments.missing)))
    write_table(arguments.differences, DIFFERENCES, list_differences(groups, arguments.baseline, pairs))


if __name__ == "__main__":
    run(main)
