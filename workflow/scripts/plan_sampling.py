"""Forecast from a pilot what every way to spend a sampling budget gives on one data set, and choose the best.

Coverage, distinct correct solutions, training-set size and cost of each allocation (model, samples per question, share
of the questions) as CSV; docs/planner.md explains the columns.
"""

import argparse
import os

# Before NumPy is loaded: its matrices here are so small that threads only wait for each other.
os.environ["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS", "1")

from yetbetter.errors import UserError
from yetbetter.figures.registry import KINDS
from yetbetter.forecast.pilots import read_pilots
from yetbetter.forecast.plan_tables import ALLOCATIONS, CURVES, PILOT
from yetbetter.forecast.planner import Planner
from yetbetter.identity import stream_seed
from yetbetter.program import Output, Parser, json_object, run, whole
from yetbetter.selection.pools import Pools
from yetbetter.selection.training_data import read_problems
from yetbetter.study.checks import SCHEMA, check_config
from yetbetter.tables import write_table


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--config", required=True, type=json_object, help="the study's config as JSON")
    parser.add_argument("--problems", required=True)
    Pools.add_arguments(parser)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--models", required=True, nargs="+", help="the models of the pilot")
    parser.add_argument("--samples", required=True, type=whole(1), help="samples per question in the pilot")
    parser.add_argument("--questions", required=True, type=whole(1), help="the pilot's questions: the first so many")
    parser.add_argument("--pilot", action=Output, required=True, help="CSV: what the pilot shows of each model")
    parser.add_argument("--curves", action=Output, required=True, help="CSV: forecasts along the budget")
    parser.add_argument("--allocations", action=Output, required=True, help="CSV: a row per allocation")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    problems = read_problems(arguments.problems, "level", "subject")[: arguments.questions]
    if len(problems) < arguments.questions:
        raise UserError(f"{arguments.problems}: {len(problems)} problems, --questions is {arguments.questions}")
    models = list(dict.fromkeys(arguments.models))
    config = check_config(arguments.config, SCHEMA, "--config", KINDS)
    for option, names, registry in (("--models", models, "models"), ("--dataset", [arguments.dataset], "datasets")):
        for name in names:
            if name not in config[registry]:
                raise UserError(f"{option}: {name!r} is not among the {registry} of --config")
    pilots = read_pilots(Pools.of(arguments), models, arguments.samples, problems)
    planner = Planner(config, arguments.dataset, pilots, "--config", stream_seed(arguments.dataset))
    tables = (
        (arguments.pilot, PILOT, planner.pilot_rows()),
        (arguments.curves, CURVES, planner.curve_rows()),
        (arguments.allocations, ALLOCATIONS, planner.allocation_rows()),
    )
    for path, columns, rows in tables:
        write_table(path, columns, rows)
    print(f"{len(tables[2][2]):,} allocations of {arguments.dataset}, from {len(problems):,} x {arguments.samples}")


if __name__ == "__main__":
    run(main)
