"""Public data sets in the real workflow: problems from local files, downloads only where something is on the hub."""

import json
from pathlib import Path

import pytest

from yetbetter.records import digest_of_problems, read_json, read_rows

ROOT = Path(__file__).resolve().parents[2]
SPLITS = {"train": 24, "validation": 12, "test": 40}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def rows(count: int, word: str) -> list[dict]:
    return [
        {"question": f"{word}: {i} apples and one more?", "answer": f"{i}+1=<<{i}+1={i + 1}>>{i + 1}\n#### {i + 1}"}
        for i in range(count)
    ]


def use_gsm8k(config: dict, **more) -> None:
    config["datasets"]["hard"] |= {"adapter": "gsm8k", "splits": SPLITS, "fpr": "none", "stop": ["Q:", "Question:"]}
    prompts = {"sampling": "resources/prompts/gsm8k_8shot.txt", "finetuned": "resources/prompts/gsm8k_zero_shot.txt"}
    config["datasets"]["hard"] |= {"prompts": prompts, "benchmarks": {"test": {"greedy": 40}}} | more


@pytest.fixture
def clone(fresh):
    """A clone whose data set are files of GSM8K's form beside it."""
    (fresh.folder / "data").mkdir()
    for split, count in (("train", 540), ("test", 40)):
        lines = (json.dumps(row) + "\n" for row in rows(count, split))
        (fresh.folder / "data" / f"{split}.jsonl").write_text("".join(lines))
    fresh.change_config(lambda config: use_gsm8k(config, data_dir="data"))
    return fresh


def test_local_files_of_a_public_data_set_become_problems_with_their_hash_beside_them(clone):
    folder = clone.results / "problems" / "hard"
    clone.run(*(f"results/miniature/problems/hard/{split}.jsonl" for split in SPLITS))
    for split, count in SPLITS.items():
        problems, about = read_rows(folder / f"{split}.jsonl"), read_json(folder / f"{split}.about.json")
        assert len(problems) == count
        assert about["hash"] == digest_of_problems(problems)
        assert about["counts"] == {"train": 40, "validation": 500, "test": 40, "written": count}
    planned = clone.planned("data")
    assert "import_dataset" not in planned
    assert planned["sample_solutions"]


def test_nothing_is_downloaded_where_everything_is_local(clone):
    planned = clone.planned("data")
    assert [job["split"] for job in planned["import_dataset"]] == ["train"]
    assert not {"fetch_dataset", "fetch_model"} & set(planned)


def test_only_what_is_on_the_hub_is_downloaded(clone):
    def use_hub(config):
        del config["datasets"]["hard"]["data_dir"]
        config["models"]["wc"] |= {"path": "owner/name", "revision": COMMIT}
        options = {"base_url": "http://127.0.0.1:8000/v1", "key_variable": "", "spending_limit": 1.0}
        config["models"]["se"] |= {"path": "a-name", "engine": "openai", "engine_options": options}
        del config["models"]["se"]["finetuning"]

    clone.change_config(use_hub)
    planned = clone.planned("data")
    assert planned["fetch_dataset"] == [{"dataset": "hard"}]
    assert planned["fetch_model"] == [{"model": "wc"}]


def test_downloads_run_where_snakemake_runs_and_not_on_a_node_without_a_network():
    rules = (ROOT / "workflow" / "rules" / "download.smk").read_text(encoding="utf-8").split("\nrule ")[1:]
    assert [rule.split(":")[0] for rule in rules] == ["fetch_dataset", "fetch_model"]
    assert all("\n    localrule: True\n" in rule for rule in rules)


def test_the_chat_of_a_model_is_said_to_its_own_sampling_jobs_alone(clone):
    clone.change_config(lambda config: config["models"]["wc"].update(chat=True))
    done = clone.run("data", options=("--dry-run", "--printshellcmds"))
    commands = [line for line in (done.stdout + done.stderr).splitlines() if "sample_solutions.py" in line]
    assert {("--model-name wc" in line, "--chat" in line) for line in commands} == {(True, True), (False, False)}
