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
        **{"sources": sorted(SOURCES), "targets": ["student"], "seeds": [0, 1]},
    }


def test_a_ladder_makes_its_own_cells_tables_and_figure(fresh):
    fresh.change_config(add_ladder)
    jobs = fresh.planned("ladder")
    cells = {(job["source"], job["budget"], job["target"], job["seed"]) for job in jobs["finetune_model"]}
    assert cells == {(source, "low", "student", seed) for source in SOURCES for seed in "01"}
    assert not {"tabulate_scores", "check_claims", "measure_pool", "write_report"} & set(jobs)
    fresh.run("ladder")
    tables = fresh.results / "study" / "tables"
    assert {path.stem for path in tables.glob("*.csv")} == {"ladder", "ladder_crossover", "ladder_predictors"}
    rows = read_table(tables / "ladder.csv").where(level="all").rows
    assert {row["source"] for row in rows} == SOURCES - {"se"}
    assert {row["seeds"] for row in rows} == {"2/2"}
    assert {path.name for path in fresh.results.glob("study/figures/*")} == {"ladder.pdf", "ladder.png"}
    # The whole study has the same tables, and its claims the one of ours.
    planned = fresh.planned("study")
    assert "tabulate_ladder" not in planned and "check_claims" in planned


def test_a_study_without_a_ladder_makes_nothing_for_it(fresh):
    assert set(fresh.planned("ladder")) <= {"ladder"}
