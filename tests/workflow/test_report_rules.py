"""The report, comparisons and the other grader's verdicts, made by the real workflow."""

import csv
import json
import shutil

import pytest

pytestmark = pytest.mark.slow

MADE_BY_MODELS = {"sample_solutions", "select_solutions", "finetune_model", "evaluate_model"}


def rows_of(path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_report_is_made_once_and_the_same_again(finished):
    finished.run("report_html")
    page = finished.results / "report.html"
    content = page.read_bytes()
    assert b"all 5 models that the config asks for are finished" in content
    assert finished.planned("report_html") == {}
    page.unlink()
    finished.run("report_html")
    assert page.read_bytes() == content
    described = json.loads((finished.results / "tables" / "study.json").read_text())
    assert described["config"]["study"] == "miniature" and len(described["cells"]) == 5


def test_another_folder_is_compared_with(finished):
    shutil.copytree(finished.results / "tables", finished.folder / "results" / "second" / "tables")
    done = finished.run("compare", options=("--config", "other=results/second"))
    assert done.returncode == 0
    folder = finished.results / "compare" / "second"
    rows = rows_of(folder / "comparison.csv")
    assert rows and all(float(row["difference"]) == 0 and row["overlap"] in ("yes", "") for row in rows)
    assert (folder / "compare.html").is_file() and (folder / "comparison.png").is_file()


@pytest.mark.parametrize("other", ["results/nothing", "results/miniature"])
def test_what_cannot_be_compared_with_is_refused_before_anything_runs(finished, other):
    done = finished.run("compare", options=("--config", f"other={other}"), check=False)
    assert done.returncode != 0
    [line] = [line for line in done.stderr.splitlines() if line.strip().startswith("other:")]
    assert other in line


def test_a_comparison_with_nothing_is_refused(fresh):
    done = fresh.run("compare", options=("--dry-run",), check=False)
    assert done.returncode != 0
    assert "compare: no other study is named (--config other=results/<folder>)" in done.stdout + done.stderr


def test_the_other_grader_needs_no_model_and_leaves_the_study_as_it_is(finished):
    jobs = finished.planned("grader_sensitivity")
    assert not MADE_BY_MODELS & set(jobs)
    assert {"regrade_solutions", "recheck_reasoning", "rescore_model", "remeasure_arm", "retabulate_scores"} <= set(
        jobs
    )
    before = finished.content("verdicts", "training_data", "scores", "metrics", "tables")
    finished.run("grader_sensitivity")
    after = finished.content("verdicts", "training_data", "scores", "metrics", "tables")
    assert {path: after[path] for path in before} == before
    rows = rows_of(finished.results / "tables" / "grader_sensitivity.csv")
    assert {row["table"] for row in rows} == {"finetuned", "differences", "data_quality", "arms"}
    finished.run("report_html")
    assert "Does the grader matter?" in (finished.results / "report.html").read_text(encoding="utf-8")
