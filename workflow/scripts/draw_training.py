"""Draw how the finetunings of one data set, budget and target went, step by step: loss and learning rate.

    python draw_training.py --table training.csv --checkpoints checkpoints.csv --dataset hard --budget low \\
        --target student --output-pdf CURVES.pdf --output-png CURVES.png
"""

import argparse

from yetbetter import plots, plots_training
from yetbetter.program import run


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True, help="training.csv")
    parser.add_argument("--checkpoints", required=True, help="checkpoints.csv, of the same study")
    for axis in ("dataset", "budget", "target"):
        parser.add_argument(f"--{axis}", required=True)
    parser.add_argument("--output-pdf", required=True)
    parser.add_argument("--output-png", required=True)
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    runs = plots_training.read_runs(args.table, args.checkpoints, args.dataset, args.budget, args.target)
    figure = plots_training.draw(runs, f"{args.dataset}, {args.budget} budget, target: {args.target}")
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
