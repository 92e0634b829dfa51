"""Forecast the cost of a study before it runs: a table on stdout, and the same as CSV.

    snakemake forecast --configfile config/paper.yaml --cores 1

Lengths of solutions are taken from the study's tables/arms.csv if it exists; otherwise they are assumed.
"""

import argparse
from pathlib import Path

from yetbetter.figures.registry import KINDS
from yetbetter.forecast.estimates import FORECAST, Forecast
from yetbetter.forecast.text import show_forecast
from yetbetter.program import Output, Parser, json_object, run
from yetbetter.study.checks import SCHEMA, check_config
from yetbetter.tables import read_table, write_table


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, type=json_object, help="the study's config as JSON")
    parser.add_argument("--arms", required=True, nargs="+", help="arms.csv of the study: the first that exists")
    parser.add_argument("--extra", action="store_true", help="include experiments marked `extra`")
    parser.add_argument("--output", action=Output, required=True, help="the forecast as CSV")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    tables = [path for path in arguments.arms if Path(path).is_file()]
    rows = read_table(tables[0]).rows if tables else []
    config = check_config(arguments.config, SCHEMA, "--config", KINDS)
    forecast = Forecast(config, rows, extra=arguments.extra)
    write_table(arguments.output, FORECAST, forecast.rows)
    print(show_forecast(forecast))
    print(f"Written to {arguments.output}")


if __name__ == "__main__":
    run(main)
