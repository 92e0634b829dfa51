"""People's labels in the real workflow: pages, checked labels, agreement; nothing that is finished is made again."""

import json
import re

import pytest

from yetbetter.records import read_json, read_rows, write_rows

pytestmark = pytest.mark.slow

# What describes the study and its results; everything before is left alone.
DESCRIBING = {"all", "describe_study", "write_report", "report_html"}


def items_of(page) -> list[dict]:
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.DOTALL)
    return json.loads(text)["items"]


def label_of(item: dict, annotator: str, label: str) -> dict:
    belongs = {"study": "miniature", "dataset": "hard", "annotator": annotator}
    shown = {key: item[key] for key in ("problem", "shown", "choice")}
    return belongs | shown | {"label": label, "first_wrong_step": None}


def test_people_label_solutions_and_are_compared(finished):
    done = finished.run("annotate", check=False)
    assert "annotate: nobody is named (--config annotator=NAME)" in done.stderr
    finished.run("annotate", options=("--config", "annotator=ann"))
    items = items_of(finished.results / "people" / "hard" / "annotate" / "ann.html")
    for name, flawed in (("ann", 0), ("ben", 3)):
        labels = [label_of(item, name, "flawed" if at < flawed else "sound") for at, item in enumerate(items[:10])]
        write_rows(finished.folder / "people" / f"{name}.jsonl", labels)
    files = {name: {"hard": f"people/{name}.jsonl"} for name in ("ann", "ben")}
    finished.change_config(lambda config: config.update(people={"annotators": files}))
    # Rates are estimated again, and what rests on them; nothing is measured, and no model is asked.
    planned = finished.planned().keys()
    assert {"collect_labels", "estimate_false_positives"} <= planned
    assert planned <= DESCRIBING | {"collect_labels", "estimate_false_positives", "check_claims", "plot_figure"}
    finished.run("agreement")
    found = read_json(finished.results / "people" / "hard" / "agreement.json")
    assert found["pairs"][0]["agreement"]["value"] == pytest.approx(0.7)
    assert len(items_of(finished.results / "people" / "hard" / "differences.html")) == 3
    collected = read_rows(finished.results / "people" / "hard" / "labels.jsonl")
    drawn = {
        (model.name, row["problem"], row["sample"]): row["text"]
        for model in (finished.results / "solutions" / "hard").iterdir()
        for block in model.glob("*[0-9].jsonl")
        for row in read_rows(block)
    }
    assert len(collected) == 10
    for row in collected:
        assert {drawn[model, row["problem"], sample] for model, sample in row["samples"]} == {row["solution"]}
    # A label that does not belong ends in one line of the job's log.
    stale = label_of(items[11] | {"shown": "0" * 16}, "ann", "sound")
    write_rows(finished.folder / "people" / "ann.jsonl", [stale])
    finished.run("agreement", check=False)
    [line] = [line for line in finished.logs().splitlines() if "collect_labels.py: error" in line]
    assert "people/ann.jsonl:1: question, answer, text or verdict" in line
