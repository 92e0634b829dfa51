"""Paths with characters that a shell reads as its own: of the clone, of data, prompts and models, of another study."""

import json
import re
import shutil

import pytest

from conftest import ROOT, Clone
from yetbetter.pocket.world import make_problems
from yetbetter.records import read_json, read_rows, write_rows

RULES = [path for path in sorted((ROOT / "workflow/rules").glob("*.smk")) if "    shell:\n" in path.read_text()]
SPLITS = {"train": 24, "validation": 12, "test": 40}


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_every_path_in_the_command_of_a_rule_is_quoted(path):
    commands = re.findall(r"^ +shell:\n((?: +f?\".*\n)+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    paths = [field for command in commands for field in re.findall(r"\{(?:input|output|log)\b[^}]*\}", command)]
    assert paths and [field for field in paths if not field.endswith(":q}")] == []


@pytest.fixture
def clone(tmp_path) -> Clone:
    """A miniature in a folder with a space, an umlaut and an apostrophe, and its data in another such folder."""
    clone = Clone.make(tmp_path / "Jürgen's study")
    data = tmp_path / "Zoë's old data"
    shutil.copytree(ROOT / "resources/pocket/wc", data / "weak model")
    shutil.copy(ROOT / "resources/prompts/pocket.txt", data / "prompt (it's short).txt")
    shutil.copy(ROOT / "resources/prompts/gsm8k_zero_shot.txt", data / "gsm prompt.txt")
    for split, count in SPLITS.items():
        write_rows(data / f"{split} & more.jsonl", make_problems("hard", split, count))
    rows = [{"question": f"{i} apples and one more?", "answer": f"So {i + 1}.\n#### {i + 1}"} for i in range(580)]
    for split, part in (("train", rows[:540]), ("test", rows[540:])):
        write_rows(data / "gsm data" / f"{split}.jsonl", part)
    folder = f"../{data.name}"

    def change(config):
        prompts = dict.fromkeys(("sampling", "finetuned"), f"{folder}/prompt (it's short).txt")
        files = {split: f"{folder}/{split} & more.jsonl" for split in SPLITS}
        own = {"adapter": "files", "files": files, "splits": SPLITS, "prompts": prompts, "fpr": "none"}
        config["datasets"]["hard"] |= own | {"benchmarks": {"test": {"greedy": 40}}}
        prompts = dict.fromkeys(("sampling", "finetuned"), f"{folder}/gsm prompt.txt")
        public = {"adapter": "gsm8k", "data_dir": f"{folder}/gsm data", "prompts": prompts, "answer": "gsm8k"}
        config["datasets"]["gsm"] = config["datasets"]["hard"] | public
        del config["datasets"]["gsm"]["files"]
        config["models"]["wc"]["path"] = f"{folder}/weak model"
        config["experiments"] = {"main": config["experiments"]["main"] | {"budgets": ["low"]}}

    clone.change_config(change)
    return clone


def test_a_data_set_is_read_from_the_folder_that_is_named_and_from_no_other(clone):
    """Cut at its space, the name is that of a folder with other problems."""
    other = clone.folder.parent / "Zoë's old data" / "gsm"
    for split in ("train", "test"):
        write_rows(other / f"{split}.jsonl", [{"question": f"{i} pears?", "answer": f"#### {i}"} for i in range(540)])
    problems = clone.folder / "results/miniature/problems/gsm"
    clone.run("results/miniature/problems/gsm/train.jsonl")
    assert {row["question"].split()[1] for row in read_rows(problems / "train.jsonl")} == {"apples"}
    assert read_json(problems / "train.about.json")["source"] == {"folders": ["../Zoë's old data/gsm data"]}


@pytest.mark.slow
def test_a_study_runs_where_names_hold_spaces_umlauts_and_apostrophes(clone):
    clone.run("all", "exports", "grader_sensitivity")
    clone.run("report_html")  # by itself: a page that is written before the grader's tables is written again
    assert (clone.results / "tables/finetuned.csv").is_file()
    assert (clone.results / "exports/hard/low/from-wc/README.md").is_file()
    assert clone.planned("all", "exports", "report_html") == {}
    other = clone.folder.parent / "Zoë's old data" / "Ada's 2nd run"
    shutil.copytree(clone.results / "tables", other / "tables")
    clone.run("compare", options=("--config", f"other=../{other.parent.name}/{other.name}"))
    assert (clone.results / "compare" / other.name / "compare.html").is_file()
    done = clone.run("forecast", options=("--config", f"other=../{other.parent.name}/{other.name}"))
    assert "samples" in done.stdout
    assert json.loads((clone.results / "tables/study.json").read_text())["config"]["models"]["wc"]["path"].endswith(
        "weak model"
    )
