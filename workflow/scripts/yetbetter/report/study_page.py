"""A study's page, put together: claims, figures, compute, provenance, every table."""

import json
from pathlib import Path

from yetbetter.records import write_text
from yetbetter.report import page, provenance
from yetbetter.report.claims import count_verdicts, read_claims
from yetbetter.report.plan_outcome import read_outcome
from yetbetter.report.sensitivity import CLAIMS, VALUES, read_sensitivity
from yetbetter.report.sheets import file_sheet
from yetbetter.report.study import read_study
from yetbetter.report.templates import render


def write_study(
    path: str, template: Path, description: Path, tables: list[Path], figures: list[Path], results: str
) -> None:
    """description: what describe_study.py wrote; the grader's tables are read from beside it if they are there.

    figures: PNG files. results: the study's folder, whose sidecars have versions and hosts; its plan is read if there
    is one.
    """
    study = read_study(description, tables)
    sidecars = provenance.read_sidecars(results)
    pictures = page.order_pictures([page.make_picture(figure, study) for figure in figures])
    claims = [claim for table in tables if table.name == "claims.csv" for claim in read_claims(table)]
    of_the_grader = [file for file in (description.parent / VALUES, description.parent / CLAIMS) if file.is_file()]
    text = render(
        template,
        study=study,
        statement=page.state(study),
        settings=page.settings(study),
        claims=claims,
        verdicts=count_verdicts(claims),
        leads=page.leads_sheet(study),
        pictures=[picture for picture in pictures if picture.kind not in page.FOLDED],
        folded=[picture for picture in pictures if picture.kind in page.FOLDED],
        sensitivity=read_sensitivity(description.parent, study),
        outcome=read_outcome(results, study),
        compute=page.compute_sheet(study),
        splits=provenance.splits_sheet(sidecars),
        models=provenance.models_sheet(study, sidecars),
        programs=provenance.programs_sheet(sidecars),
        versions=provenance.versions_sheet(sidecars),
        dates=provenance.dates_of([found for stage in sidecars.values() for found in stage]),
        commit=provenance.find_commit(),
        config=json.dumps(study.config, indent=2, ensure_ascii=False),
        tables=[file_sheet(table) for table in (*tables, *of_the_grader)],
    )
    write_text(path, [text])
    print(f"{path}: {len(text.encode()):,} bytes")
