"""`snakemake plan` on the miniature study: its pilot is the first blocks of the study's pools."""

import csv

import pytest

pytestmark = pytest.mark.slow

PILOT = "questions-000000_samples-0000"


def pilot(config: dict) -> None:
    """A pilot of one of the two shards, and of one block of samples."""
    config["plan"] = {"questions": 10, "samples": 2}


def raised(config: dict) -> None:
    config["budgets"]["high"]["samples"] = 3


def blocks(jobs: dict) -> set[tuple[str, str]]:
    return {(job["model"], job["block"]) for job in jobs["sample_solutions"]}


def test_the_study_after_a_plan_draws_only_what_the_pilot_did_not(fresh):
    fresh.change_config(pilot)
    before = blocks(fresh.planned())
    fresh.run("plan")
    assert (fresh.results / "plan.html").is_file()
    with open(fresh.results / "plan/hard/pilot.csv", encoding="utf-8") as file:
        assert {(row["questions"], row["samples"]) for row in csv.DictReader(file)} == {("12", "3")}
    drawn = {("wc", PILOT), ("se", PILOT)}
    assert drawn <= before
    jobs = fresh.planned()
    assert blocks(jobs) == before - drawn
    assert not {job["block"] for job in jobs["grade_solutions"]} & {PILOT}
    assert fresh.planned("plan") == {}
    fresh.change_config(raised)
    more = blocks(fresh.planned())
    assert more > before - drawn
    assert not more & drawn
