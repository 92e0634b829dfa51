"""The ladder of a study in miniature: `snakemake ladder` makes its own cells, tables and figure, and nothing else."""

import pytest

from yetbetter.tables import read_table

pytestmark = pytest.mark.slow

SOURCES = {"rung", "wc", "se"}


def add_ladder(config: dict) -> None:
    config["sources"]["rung"] = {"draws": [{"model": "student", "match": "compute"}], "filter": "ground_truth"}
    config["claims"] = {
        "datasets": {"easier": "hard", "harder": "hard"},
        "budgets": {"low": "low", "high": "high"},
        "student": "student",
        "sources": {"ladder_top": "wc", "ladder_bottom": "rung"},
    }
    config["experiments"]["ladder"] = {
        **{"extra": True, "figure": "ladder", "title": "A ladder", "datasets": ["hard"], "budgets": ["low"]},
        **{"sources": sorted(SOURCES), "targets": ["student"], "seeds": [0]},
    }


def test_a_ladder_needs_its_own_cells_alone(fresh):
    fresh.change_config(add_ladder)
    jobs = fresh.planned("ladder")
    cells = {(job["source"], job["budget"], job["target"], job["seed"]) for job in jobs["finetune_model"]}
    assert cells == {(source, "low", "student", "0") for source in SOURCES}
    assert not {"tabulate_scores", "check_claims", "measure_pool", "write_report"} & set(jobs)


def test_a_rung_is_added_to_a_finished_study_with_its_tables_and_figure(finished):
    finished.change_config(add_ladder)
    assert [job["source"] for job in finished.planned("ladder")["finetune_model"]] == ["rung"]
    finished.run("ladder")
    tables = finished.results / "study" / "tables"
    assert {path.stem for path in tables.glob("*.csv")} == {"ladder", "ladder_crossover", "ladder_predictors"}
    rows = read_table(tables / "ladder.csv").where(level="all").rows
    assert {row["source"] for row in rows} == SOURCES - {"se"}
    assert {(row["seeds"], row["basis"]) for row in rows} == {("1/1", "problems, one seed")}
    assert {path.name for path in finished.results.glob("study/figures/*")} == {"ladder.pdf", "ladder.png"}
    planned = finished.planned("study")
    assert "tabulate_ladder" not in planned and "check_claims" in planned


def test_a_study_without_a_ladder_says_so(fresh):
    done = fresh.run("ladder", options=("--dry-run",), check=False)
    assert done.returncode != 0 and "no experiment has figure: ladder" in done.stdout + done.stderr
    assert "tabulate_ladder" not in fresh.planned("study")
