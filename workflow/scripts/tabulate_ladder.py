"""Tables of a ladder of weak sources: ladder.csv, ladder_crossover.csv, ladder_predictors.csv (docs/ladder.md)."""

import argparse

from yetbetter.measures.ladder import (
    CROSSOVERS,
    LADDER,
    PREDICTORS,
    crossover_rows,
    ladder_rows,
    list_ladders,
    predictor_rows,
    read_data,
    read_models,
)
from yetbetter.program import Output, Parser, run
from yetbetter.tables import write_table


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    # Folders and names instead of files: a thousand paths would not fit into one command.
    parser.add_argument("--scores", required=True, help="folder that holds a scores.jsonl of score_model.py per cell")
    parser.add_argument("--cells", required=True, nargs="*", help="paths of the ladder's cells inside it")
    parser.add_argument("--metrics", required=True, help="folder that holds a .questions.csv of measure_arm.py per arm")
    parser.add_argument("--arms", required=True, nargs="*", help="paths of the ladder's arms inside it")
    parser.add_argument("--strong", required=True, help="the source that the others, the rungs, are compared with")
    parser.add_argument("--one-pool", action="store_true", help="all seeds of an arm were trained on the same samples")
    parser.add_argument("--ladder", action=Output, required=True, help="CSV, one row per rung and level")
    parser.add_argument("--crossovers", action=Output, required=True, help="CSV, one row per budget and level")
    parser.add_argument("--predictors", action=Output, required=True, help="CSV, one row per predictor")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    models = read_models(f"{arguments.scores}/{cell}/scores.jsonl" for cell in arguments.cells)
    data = read_data(f"{arguments.metrics}/{arm}.questions.csv" for arm in arguments.arms)
    ladders = list_ladders(models, data, arguments.strong)
    rows = list(ladder_rows(ladders, data, arguments.one_pool))
    crossovers = list(crossover_rows(ladders, arguments.one_pool))
    write_table(arguments.ladder, LADDER, rows)
    write_table(arguments.crossovers, CROSSOVERS, crossovers)
    write_table(arguments.predictors, PREDICTORS, predictor_rows(rows))
    for row in crossovers:
        if row["level"] == "all":
            place = ", ".join(row[axis] for axis in ("dataset", "budget", "target"))
            print(f"{place}: the weak source wins above a ratio of {row['text']}")


if __name__ == "__main__":
    run(main)
