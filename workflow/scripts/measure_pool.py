"""Coverage@k and diversity@k for every k, and the false positive rate, of a model's pool; by level, with intervals."""

import argparse

from yetbetter.identity import stream_seed
from yetbetter.measures.quality import measure_pool
from yetbetter.program import run
from yetbetter.records import read_rows
from yetbetter.selection.pools import Pools, load_view
from yetbetter.tables import write_table

COLUMNS = ("dataset", "model", "samples_drawn", "level", "k", "metric", "value", "low", "high", "questions")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", required=True)
    Pools.add_arguments(parser)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--samples", required=True, type=int, help="samples per question in the pool")
    parser.add_argument("--questions", type=int, help="the first so many problems, where the pool has no others")
    parser.add_argument("--output", required=True, help="CSV, one row per level, metric and k")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    problems = read_rows(arguments.problems)[: arguments.questions]
    only = None if arguments.questions is None else [row["problem"] for row in problems]
    rows = load_view(Pools.of(arguments), {arguments.model: arguments.samples}, questions=only)
    identity = {"dataset": arguments.dataset, "model": arguments.model, "samples_drawn": arguments.samples}
    # One stream per data set: the resamples are the same questions for every model.
    measured = measure_pool(rows, problems, arguments.samples, stream_seed(arguments.dataset))
    write_table(arguments.output, COLUMNS, (identity | row for row in measured))


if __name__ == "__main__":
    run(main)
