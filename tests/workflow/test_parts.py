"""Parts of a study: the base grid, all experiments, and what is finished."""

import csv
import re
import shutil

import pytest
import yaml

pytestmark = pytest.mark.slow

PARTIAL = ("--config", "partial=true")


def add_experiment(config: dict) -> None:
    main = config["experiments"]["main"]
    config["experiments"]["further"] = main | {"seeds": [5], "sources": ["wc"], "extra": True}


def cells_of(path) -> set[tuple[str, ...]]:
    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {(row["budget"], row["source"], "known" if row["value"] else "missing") for row in rows}


def warnings_of(done) -> list[str]:
    """What Snakemake says of rules that are left out, and any other warning."""
    lines = (done.stdout + done.stderr).splitlines()
    return [line for line in lines if re.search("(?i)warning|not present|does not exist|unknown rule|localrules", line)]


def test_further_experiments_are_made_by_the_study_alone(finished):
    finished.change_config(add_experiment)
    assert finished.planned() == {}
    jobs = finished.planned("study")
    assert {job["seed"] for job in jobs["finetune_model"]} == {"5"}
    assert {job["part"] for job in jobs["tabulate_scores"]} == {"study/"}
    # The further seed has samples of its own; the first ones are there.
    assert not any(job["block"].endswith("samples-0000") for job in jobs["sample_solutions"])


def test_an_unfinished_grid_is_drawn_from_what_is_there_and_nothing_else_runs(finished):
    cell = "hard/low/from-wc/to-student/seed-0"
    whole = finished.content("tables", "figures")
    for stage in ("models", "evaluations", "scores"):
        shutil.rmtree(finished.results / stage / cell)
    jobs = finished.planned("figures", options=PARTIAL)
    assert all(
        rule.startswith(("plot_", "tabulate_", "estimate_", "measure_pool", "check_claims", "figures")) for rule in jobs
    )
    assert warnings_of(finished.run("figures", "report_html", options=PARTIAL)) == []
    partial = finished.results / "partial"
    page = (partial / "report.html").read_text(encoding="utf-8")
    assert "4 of 5 models are finished" in page and f"<li>{cell}</li>" in page
    assert {path.stem for path in (partial / "figures").glob("*.png")} == {
        path.stem for path in (finished.results / "figures").glob("*.png")
    }
    values = cells_of(partial / "tables" / "finetuned.csv")
    assert ("low", "wc", "missing") in values and ("low", "se", "known") in values
    assert finished.content("tables", "figures") == whole


def test_where_nothing_is_finished_nothing_is_drawn(fresh):
    assert fresh.planned("figures", options=PARTIAL) == {"figures": [{}]}


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--summary",), ("--workflow-profile", "named")])
def test_the_rules_that_an_unfinished_grid_leaves_out_are_not_warned_of(fresh, options):
    """In the profiles too, which name some of them."""
    if "named" in options:
        profile = yaml.safe_load((fresh.folder / "workflow/profiles/slurm/config.yaml").read_text())
        named = {key: profile[key] for key in ("groups", "set-threads")}
        (fresh.folder / "named").mkdir()
        (fresh.folder / "named/config.yaml").write_text(yaml.safe_dump(named))
    assert warnings_of(fresh.run("all", "figures", options=(*options, *PARTIAL))) == []
