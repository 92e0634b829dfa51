"""Collect every arm's and pool's measures into tables: coverage.csv, diversity.csv, data_quality.csv, arms.csv."""

import argparse

from yetbetter.errors import UserError
from yetbetter.measures import data_tables as tables
from yetbetter.measures.costs import parse_model_cost
from yetbetter.program import Output, Parser, run
from yetbetter.records import read_json
from yetbetter.tables import read_table, write_table


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    # Without their endings: a thousand names would not fit into one command.
    parser.add_argument("--pools", required=True, nargs="*", help="what measure_pool.py wrote, without .csv")
    parser.add_argument("--arms", required=True, nargs="*", help="what measure_arm.py wrote, without .csv and .json")
    parser.add_argument("--model", required=True, action="append", metavar="NAME:PARAMETERS:TRUE_PARAMETERS:PRICE")
    parser.add_argument("--coverage", action=Output, required=True)
    parser.add_argument("--diversity", action=Output, required=True)
    parser.add_argument("--quality", action=Output, required=True)
    parser.add_argument("--costs", action=Output, required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    pools = [row for pool in arguments.pools for row in read_table(f"{pool}.csv").rows]
    write_table(arguments.coverage, tables.COVERAGE, tables.of_metrics(tables.COVERAGE, pools, "coverage"))
    kinds = ("diversity", "diversity_per_question", "diversity_of_forms", "diversity_of_answers")
    diversity = tables.of_metrics(tables.DIVERSITY, pools, *kinds)
    write_table(arguments.diversity, tables.DIVERSITY, diversity)
    summaries = [
        read_json(f"{arm}.json", require=("dataset", "budget", "source", "draws", "counts")) for arm in arguments.arms
    ]
    for arm, summary in zip(arguments.arms, summaries, strict=True):
        if not summary["draws"]:
            raise UserError(f"{arm}.json: draws no samples, so measure_arm.py did not write it")
    models = dict(map(parse_model_cost, arguments.model))
    measured = [read_table(f"{arm}.csv").rows for arm in arguments.arms]
    rows = (
        tables.cost_row(summary, summaries, models, of_arm) for summary, of_arm in zip(summaries, measured, strict=True)
    )
    write_table(arguments.costs, tables.columns_of_arms(), rows)
    arms = [row for of_arm in measured for row in of_arm]
    write_table(arguments.quality, tables.QUALITY, tables.quality_rows(summaries, arms, pools))


if __name__ == "__main__":
    run(main)
