"""Compare two results folders: every value that both have, their claims, a figure and a page.

    python compare_studies.py --here results/pocket --there results/other --comparison both.csv --claims claims.csv

The page and the figure are made if their paths are given.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from yetbetter.figures.look import Look
from yetbetter.figures.names import Names, names_of
from yetbetter.program import Output, Parser, run
from yetbetter.report.joined import JOINED_CLAIMS, JOINED_VALUES, join_claims, join_values
from yetbetter.report.two_studies import Results, read_results
from yetbetter.study.folders import check_other
from yetbetter.tables import write_table


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", required=True, type=Path, help="a results folder: it has tables/*.csv")
    parser.add_argument("--there", required=True, help="another one")
    parser.add_argument(
        "--comparison", action=Output, required=True, help="CSV to write: a row for each value that both have"
    )
    parser.add_argument("--claims", action=Output, required=True, help="CSV to write: both verdicts on each claim")
    parser.add_argument("--figure-pdf", action=Output)
    parser.add_argument("--figure-png", action=Output)
    parser.add_argument("--template", type=Path)
    parser.add_argument("--page", action=Output, help="HTML to write, with the figure in it")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    folder = check_other(arguments.there, arguments.here)
    here, there = read_results(arguments.here), read_results(folder)
    if there.name == here.name:
        there = replace(there, name=f"{there.name} (other)")
    values, only_here, only_there = join_values(here, there)
    claims = join_claims(here, there)
    write_table(arguments.comparison, JOINED_VALUES, values)
    write_table(arguments.claims, JOINED_CLAIMS, claims)
    if arguments.figure_png:
        plot_comparison(arguments, here, there, values)
    if arguments.page:
        from yetbetter.report.side_by_side import write_comparison

        alone, tables = (only_here, only_there), (arguments.comparison, arguments.claims)
        write_comparison(
            arguments.page, arguments.template, here, there, values, claims, alone, arguments.figure_png, tables
        )
    print(f"{len(values):,} values are in both, {only_here:,} only here, {only_there:,} only there")


def plot_comparison(arguments: argparse.Namespace, here: Results, there: Results, values: list[dict]) -> None:
    from yetbetter.figures.comparison import comparison
    from yetbetter.figures.style import save

    sources = list(dict.fromkeys(row["source"] for row in values))
    compared = here.config.get("comparison", {})
    # A folder without a description is of a study that calls its sources as the paper does.
    names = names_of(here.config) if here.config else Names()
    look = Look(compared.get("strong", "se"), compared.get("weak", "wc"), sources, study=names)
    save(comparison(values, here.name, there.name, look), arguments.figure_pdf, arguments.figure_png)


if __name__ == "__main__":
    run(main)
