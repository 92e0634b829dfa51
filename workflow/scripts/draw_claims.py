"""Draw the paper's claims with the effect that decides each, its interval and the verdict."""

import argparse

from yetbetter.figures import claims as plots_claims
from yetbetter.figures import style as plots
from yetbetter.program import run
from yetbetter.tables import NUMBERS, read_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True, help="claims.csv")
    parser.add_argument("--comparisons", required=True, help="claim_comparisons.csv")
    parser.add_argument("--output-pdf", required=True)
    parser.add_argument("--output-png", required=True)
    args = parser.parse_args()
    table = read_table(args.table, plots_claims.CLAIMS, NUMBERS)
    comparisons = read_table(args.comparisons, plots_claims.COMPARISONS, NUMBERS)
    plots.save(plots_claims.claims(table, comparisons), args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
