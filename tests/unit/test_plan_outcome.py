"""The report's section on a plan: forecasts beside what the study measured of the same allocations."""

import re
from pathlib import Path

import pytest
import report_support
import yaml

from yetbetter.forecast.plan_tables import ALLOCATIONS
from yetbetter.report.plan_outcome import digests_of_plans, keys_of, read_outcome
from yetbetter.report.study import read_study
from yetbetter.tables import write_table

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config/config.yaml").read_text())


def allocation(draws: str, coverage: float, share: float = 1.0, **more) -> dict:
    return {
        **{"dataset": "hard", "budget": "low", "match": "compute", "draws": draws, "share": share},
        **{"coverage": coverage, "low": coverage - 0.05, "high": coverage + 0.05},
        **{"distinct": 0.8, "distinct_low": 0.7, "distinct_high": 0.9, "kept": 210.4, "stop_after": ""},
    } | more


def write_plan(folder: Path, *rows: dict) -> None:
    write_table(folder / "plan/hard/allocations.csv", ALLOCATIONS, rows)


def plain(text: str) -> str:
    return re.sub(r"<br>", " ", text).replace('<span class="faint">', "").replace("</span>", "").replace("\u00a0", " ")


@pytest.fixture
def study(tmp_path) -> Path:
    """A study that measured coverage 0.5 of wc:3, and 0.33 of se:1, at the low budget."""
    return report_support.make_study(tmp_path / "small", rows=5)


def outcome_of(folder: Path):
    tables = [folder / "tables" / f"{name}.csv" for name in ("arms", "data_quality")]
    return read_outcome(folder, read_study(folder / "tables/study.json", tables))


def test_each_allocation_that_the_study_ran_has_a_line_and_no_other(study):
    write_plan(
        study,
        allocation("wc:3", 0.52),
        allocation("wc:3", 0.1, match="price"),
        allocation("wc:6", 0.3, share=0.5),
        allocation("se:1", 0.4),
        allocation("wc:3", 0.6, stop_after=1),
    )
    found = outcome_of(study)
    lines = [[plain(field.text) for field in line] for line in found.sheet.rows]
    assert [line[:4] for line in lines] == [["hard", "low", "wc", "wc:3"], ["hard", "low", "se", "se:1"]]
    assert [line[4:7] for line in lines] == [
        ["52.0 [47.0, 57.0]", "50.0 [46.0, 54.0]", "yes"],
        ["40.0 [35.0, 45.0]", "33.0 [29.0, 37.0]", "no"],
    ]
    assert [line[7:] for line in lines] == [["0.80 [0.70, 0.90]", "", "", "210", "200"]] * 2
    assert found.sentence == "The 95 % intervals of the plan held 1 of two measured values of coverage."


def test_the_page_has_the_section_only_if_there_is_a_plan(study):
    page = study / "report.html"
    assert report_support.write_report(study, page).returncode == 0
    assert "The plan against what came out" not in page.read_text()
    assert digests_of_plans(study) == []
    write_plan(study, allocation("wc:3", 0.52))
    done = report_support.write_report(study, page)
    assert done.returncode == 0, done.stderr
    assert "The plan against what came out" in page.read_text()
    assert len(digests_of_plans(study)) == 1


def test_without_an_allocation_that_was_run_there_is_no_section(study):
    write_plan(study, allocation("wc:7", 0.52))
    assert outcome_of(study) is None


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({}, ("hard", "wc:3", "1", "", "")),
        ({"stop_after": 1}, ("hard", "wc:3", "1", "1", "")),
        ({"questions": {"fraction": 0.2}}, ("hard", "wc:3", "0.2", "", "")),
        (
            {"draws": [{"model": "wc", "samples": 4, "levels": [2, 1]}, {"model": "se", "samples": 2, "levels": [3]}]},
            ("hard", "se:2 wc:4", "1", "", "se: 3; wc: 1, 2"),
        ),
        ({"filter": "majority"}, None),
        ({"keep_per_question": 1}, None),
        ({"duplicates": "drop"}, None),
        ({"draws": [{"model": "wc", "samples": 4}, {"model": "se", "samples": 2}]}, ("hard", "se:2 wc:4", "1", "", "")),
    ],
)
def test_an_arm_is_an_allocation_if_it_keeps_all_right_answers(changes, key):
    source = {"draws": [{"model": "wc", "match": "compute"}], "filter": "ground_truth"} | changes
    config = CONFIG | {"sources": CONFIG["sources"] | {"own": source}}
    found = list(keys_of({"dataset": "hard", "budget": "low", "source": "own"}, config))
    assert found == ([key] if key else [])
