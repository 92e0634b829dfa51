"""Evaluation with the real program and two pocket models as checkpoints."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from yetbetter.pocket.world import make_problems
from yetbetter.records import read_json, read_rows, write_rows

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "workflow" / "scripts" / "evaluate_model.py"


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Two checkpoints, and problems whose ids are the same numbers in both files."""
    folder = tmp_path_factory.mktemp("evaluation")
    for number, model in enumerate(("wc", "student"), start=1):
        shutil.copytree(ROOT / "resources" / "pocket" / model, folder / "standard" / f"checkpoint-{number}")
    for split in ("validation", "test"):
        rows = [row | {"problem": str(number)} for number, row in enumerate(make_problems("easy", split, 8))]
        write_rows(folder / f"{split}.jsonl", rows)
    return folder


def evaluate(place: Path, validation: str = "validation.jsonl", **changes) -> tuple[list[dict], dict, str]:
    """(answers, choice, output of the program)"""
    done = start(place, validation, **changes)
    assert done.returncode == 0, done.stderr
    return read_rows(place / "answers.jsonl"), read_json(place / "choice.json"), done.stdout


def start(place: Path, validation: str = "validation.jsonl", **changes) -> subprocess.CompletedProcess:
    line = [sys.executable, str(PROGRAM), "--models", "standard", "--checkpoints", "2"]
    line += ["--validation", validation, "--benchmark", "test:test.jsonl:8:4:4", "--cell", "easy/low/se/wc/0"]
    line += ["--prompt", str(ROOT / "resources/prompts/pocket.txt"), "--answer-format", "the_answer_is"]
    line += ["--max-new-tokens", "64", "--batch-size", "8", "--output", "answers.jsonl", "--choice", "choice.json"]
    line += ["--about", "about.json", *(part for pair in changes.items() for part in (f"--{pair[0]}", str(pair[1])))]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(line, cwd=place, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def first(place) -> tuple[list[dict], dict, str]:
    return evaluate(place)


def test_every_checkpoint_is_validated_and_the_chosen_one_answers_the_benchmark(first):
    rows, choice, _ = first
    assert choice["checkpoint"] == max(choice["validation"], key=choice["validation"].get)
    validated = [row for row in rows if row["benchmark"] == "validation"]
    assert len(validated) == 2 * 8
    answered = [row for row in rows if row["benchmark"] == "test"]
    assert {row["checkpoint"] for row in answered} == {choice["checkpoint"]}
    assert [row["decoding"] for row in answered] == ["greedy"] * 8 + ["sampled"] * 16


def test_problems_of_two_files_may_share_their_ids(first, place):
    """Each answer is about its own benchmark's question: the numbers in its first equation are in it."""
    questions = {
        (split, row["problem"]): row["question"]
        for split in ("validation", "test")
        for row in read_rows(place / f"{split}.jsonl")
    }
    lengths = {(row["benchmark"], row["problem"]): row["prompt_tokens"] for row in first[0]}
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(ROOT / "resources" / "pocket" / "wc")
    prompt = (ROOT / "resources/prompts/pocket.txt").read_text()
    for key, question in questions.items():
        assert lengths[key] == len(tokenizer(prompt.replace("{question}", question))["input_ids"])
    assert any(questions["validation", str(n)] != questions["test", str(n)] for n in range(8))


def test_another_gold_answer_chooses_again_and_redraws_only_the_benchmark(first, place):
    before, choice, _ = first
    other = next(name for name in choice["validation"] if name != choice["checkpoint"])
    texts = {
        row["problem"]: row["text"] for row in before if (row["benchmark"], row["checkpoint"]) == ("validation", other)
    }
    # Golds that the other checkpoint happens to state: now it is right everywhere.
    rows = read_rows(place / "validation.jsonl")
    golds = {row["problem"]: texts[row["problem"]].rsplit("answer is ", 1)[-1].rstrip(".") for row in rows}
    write_rows(place / "golds.jsonl", [row | {"answer": golds[row["problem"]]} for row in rows])
    after, chosen, said = evaluate(place, "golds.jsonl")
    assert chosen["checkpoint"] == other and chosen["validation"][other] == 1.0
    assert after[:16] == before[:16]
    assert {row["checkpoint"] for row in after[16:]} == {other} and len(after) == len(before)
    assert "validation answers" not in said
    again, _, _ = evaluate(place, "golds.jsonl")
    assert again == after


def test_a_sealed_evaluation_is_published_again_without_torch(first, place, tmp_path, monkeypatch):
    before, _, _ = evaluate(place)
    (place / "answers.jsonl").unlink()
    # An interpreter that cannot import torch: any attempt ends the program.
    (tmp_path / "torch.py").write_text("raise ImportError('torch was imported')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    after, _, _ = evaluate(place)
    assert after == before


@pytest.mark.slow
def test_losing_checkpoints_are_removed_and_missed_only_where_they_are_needed(first, place, tmp_path):
    for item in place.iterdir():
        shutil.copytree(item, tmp_path / item.name) if item.is_dir() else shutil.copy(item, tmp_path)
    _, choice, _ = evaluate(tmp_path, keep="best")
    loser = next(name for name in choice["validation"] if name != choice["checkpoint"])
    assert [path.name for path in (tmp_path / loser).iterdir()] == ["removed.json"]
    assert (tmp_path / choice["checkpoint"] / "model.safetensors").exists()
    # The same again: from its draft.
    (tmp_path / "answers.jsonl").unlink()
    assert evaluate(tmp_path, keep="best")[0] == first[0]
    # Another benchmark: the validation answers are there, the chosen checkpoint too.
    rows, chosen, said = evaluate(tmp_path, benchmark="functional:test.jsonl:4:0:0")
    assert chosen == choice and "validation answers" not in said
    assert [row for row in rows if row["benchmark"] != "functional"] == first[0]
    # Other validation problems: every checkpoint must answer them.
    problems = read_rows(tmp_path / "validation.jsonl")
    write_rows(tmp_path / "fewer.jsonl", problems[:4])
    done = start(tmp_path, "fewer.jsonl")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"{loser}: removed when {choice['checkpoint']} was chosen" in done.stderr.splitlines()[-1]
