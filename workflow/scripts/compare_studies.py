"""Put two results folders side by side: every value that both have, their claims, a figure and a page.

    python compare_studies.py --here results/pocket --there results/other --comparison both.csv --claims claims.csv

The page, and the figure, are made where their paths are given.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from yetbetter.figures.look import Look
from yetbetter.program import run
from yetbetter.records import write_text
from yetbetter.report import comparing
from yetbetter.tables import write_table


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", required=True, type=Path, help="a results folder: it has tables/*.csv")
    parser.add_argument("--there", required=True, help="another one")
    parser.add_argument("--comparison", required=True, help="CSV to write: a row for each value that both have")
    parser.add_argument("--claims", required=True, help="CSV to write: both verdicts on each claim")
    parser.add_argument("--figure-pdf")
    parser.add_argument("--figure-png")
    parser.add_argument("--template", type=Path)
    parser.add_argument("--page", help="HTML to write, with the figure in it")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    folder = comparing.check_other(arguments.there, arguments.here)
    here, there = comparing.read_run(arguments.here), comparing.read_run(folder)
    if there.name == here.name:
        there = replace(there, name=f"{there.name} (other)")
    rows, only_here, only_there = comparing.compare(here, there)
    claims = comparing.compare_claims(here, there)
    write_table(arguments.comparison, comparing.COMPARISON, rows)
    write_table(arguments.claims, comparing.CLAIMS, claims)
    if arguments.figure_png:
        plot_comparison(arguments, here, there, rows)
    if arguments.page:
        write_page(arguments, here, there, rows, claims, (only_here, only_there))
    print(f"{len(rows):,} values are in both, {only_here:,} only here, {only_there:,} only there")


def plot_comparison(arguments: argparse.Namespace, here: comparing.Run, there: comparing.Run, rows: list[dict]) -> None:
    from yetbetter.figures.comparison import comparison
    from yetbetter.figures.style import save

    sources = list(dict.fromkeys(row["source"] for row in rows))
    compared = here.config.get("comparison", {})
    look = Look(compared.get("strong", "se"), compared.get("weak", "wc"), sources)
    save(comparison(rows, here.name, there.name, look), arguments.figure_pdf, arguments.figure_png)


def write_page(arguments, here, there, rows: list[dict], claims: list[dict], alone: tuple[int, int]) -> None:
    from yetbetter.report import page, side_by_side
    from yetbetter.report.sheets import file_sheet

    renamed = {name: new for names in comparing.translate(here, there).values() for name, new in names.items()}
    measured = [row for row in rows if row["overlap"]]
    text = page.render(
        arguments.template,
        here=here,
        there=there,
        alone=alone,
        renamed=renamed,
        shared=len(rows),
        measured=len(measured),
        apart=sum(row["overlap"] == "no" for row in measured),
        agreement=side_by_side.count_agreement(claims),
        claims=side_by_side.claims_sheet(claims, here.name, there.name),
        leads=side_by_side.values_sheet(rows, here.name, there.name, "differences"),
        values=side_by_side.values_sheet(rows, here.name, there.name),
        settings=side_by_side.settings_sheet(here, there),
        figure=page.embed(Path(arguments.figure_png)) if arguments.figure_png else None,
        tables=[file_sheet(Path(path)) for path in (arguments.comparison, arguments.claims)],
    )
    write_text(arguments.page, [text])


if __name__ == "__main__":
    run(main)
