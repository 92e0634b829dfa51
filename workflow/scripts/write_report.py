"""Write a study's report, one HTML page with claims, figures, compute, provenance and every table; opens from a file.

    python write_report.py --description study.json --tables finetuned.csv arms.csv --figures headline.png \\
        --results results/pocket --template workflow/report/page.html.j2 --output report.html
"""

import argparse
import json
import subprocess
from pathlib import Path

from yetbetter.program import run
from yetbetter.records import write_text
from yetbetter.report import page, provenance
from yetbetter.report.claims import count_verdicts, read_claims
from yetbetter.report.sensitivity import CLAIMS, VALUES, read_sensitivity
from yetbetter.report.sheets import file_sheet
from yetbetter.report.study import read_study


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--description", required=True, help="what describe_study.py wrote")
    parser.add_argument("--tables", required=True, nargs="*", help="CSV files, each embedded whole")
    parser.add_argument("--figures", required=True, nargs="*", help="PNG files, in the order of the page")
    parser.add_argument("--results", required=True, help="the study's folder, whose sidecars tell versions and hosts")
    parser.add_argument("--template", required=True, type=Path)
    parser.add_argument("--output", required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    study = read_study(arguments.description, arguments.tables)
    sidecars = provenance.read_sidecars(arguments.results)
    pictures = [page.make_picture(Path(path), study) for path in arguments.figures]
    pictures = page.order_pictures(pictures)
    named = {Path(path).name: path for path in arguments.tables}
    claims = read_claims(named["claims.csv"]) if "claims.csv" in named else []
    text = page.render(
        arguments.template,
        study=study,
        statement=page.state(study),
        settings=page.settings(study),
        claims=claims,
        verdicts=count_verdicts(claims),
        leads=page.leads_sheet(study),
        pictures=[picture for picture in pictures if picture.kind not in page.FOLDED],
        folded=[picture for picture in pictures if picture.kind in page.FOLDED],
        sensitivity=read_sensitivity(Path(arguments.description).parent, study),
        compute=page.compute_sheet(study),
        splits=provenance.splits_sheet(sidecars),
        models=provenance.models_sheet(study, sidecars),
        programs=provenance.programs_sheet(sidecars),
        versions=provenance.versions_sheet(sidecars),
        dates=provenance.dates_of([found for stage in sidecars.values() for found in stage]),
        commit=find_commit(),
        config=json.dumps(study.config, indent=2, ensure_ascii=False),
        tables=[file_sheet(path) for path in (*map(Path, arguments.tables), *beside(arguments.description))],
    )
    write_text(arguments.output, [text])
    print(f"{arguments.output}: {len(text.encode()):,} bytes")


def beside(description: str) -> list[Path]:
    """Tables that are there only where they were asked for."""
    return [path for path in (Path(description).parent / name for name in (VALUES, CLAIMS)) if path.is_file()]


def find_commit() -> str:
    """Of the repository that this program stands in; empty where it is none, or git is not there."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=12", "--dirty"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


if __name__ == "__main__":
    run(main)
