"""Write a study's report, one HTML page with claims, figures, compute, provenance and every table; opens from a file.

    python write_report.py --description study.json --tables finetuned.csv arms.csv --figures headline.png \\
        --results results/pocket --template workflow/report/page.html.j2 --output report.html
"""

import argparse
from pathlib import Path

from yetbetter.program import Output, Parser, run
from yetbetter.report.study_page import write_study


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--description", required=True, type=Path, help="what describe_study.py wrote")
    parser.add_argument("--tables", required=True, type=Path, nargs="*", help="CSV files, each embedded whole")
    parser.add_argument("--figures", required=True, type=Path, nargs="*", help="PNG files, in the order of the page")
    parser.add_argument("--results", required=True, help="the study's folder, whose sidecars have versions and hosts")
    parser.add_argument("--template", required=True, type=Path)
    parser.add_argument("--output", action=Output, required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    write_study(
        arguments.output,
        arguments.template,
        arguments.description,
        arguments.tables,
        arguments.figures,
        arguments.results,
    )


if __name__ == "__main__":
    run(main)
