"""Draw published scores of small and large open models by release date, with the best so far of either size."""

import argparse

from yetbetter.figures import small_vs_large as plots_scores
from yetbetter.figures import style as plots
from yetbetter.program import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True, help="public_scores.csv: scores and where they were found")
    parser.add_argument("--output-pdf", required=True)
    parser.add_argument("--output-png", required=True)
    args = parser.parse_args()
    figure = plots_scores.small_vs_large(plots_scores.read_scores(args.table))
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
