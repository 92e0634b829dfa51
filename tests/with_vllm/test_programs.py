"""The programs with vLLM: a block survives kill -9, checkpoints take turns in one process."""

import collections
import json
import os
import random
import shutil
import signal
import time

import pytest
from support import LENGTH, MODELS, PROMPT, TEMPERATURE, TOP_K, finish, start, write_problems

import evaluate_model
import sample_solutions
from yetbetter.generation import vllm_engine
from yetbetter.records import read_json, read_rows

PROBLEMS, SAMPLES = 60, 10


@pytest.fixture(scope="module", autouse=True)
def imported():
    """Imports cost most of a start; a fork has them for nothing. No engine may run here when it forks."""
    import transformers  # noqa: F401
    from vllm import LLM  # noqa: F401


def sampling(place, name="S.jsonl", first_problem=0, count=PROBLEMS, **changes) -> list:
    options = {
        "problems": write_problems(place / "P.jsonl", PROBLEMS + 10),
        "first-problem": first_problem,
        "problems-count": count,
        "samples": SAMPLES,
        "model-name": "wc",
        "model": MODELS["wc"],
        "engine": "vllm",
        "engine-option": "dtype=float32",
        "prompt": PROMPT,
        "temperature": TEMPERATURE,
        "top-k": TOP_K,
        "max-new-tokens": LENGTH,
        "batch-size": 16,
        "seed": 7,
        "output": place / name,
        "about": place / f"{name}.about.json",
        "drafts": place / ".drafts",
    }
    return [sample_solutions.__file__] + [f"--{key}={value}" for key, value in (options | changes).items()]


def hand_out_often() -> None:
    vllm_engine.HAND_OUT_EVERY = 0.05


def coordinates(rows) -> list[tuple]:
    return [(row["problem"], row["sample"]) for row in rows]


def drafted(place) -> int:
    return sum(path.stat().st_size for path in (place / ".drafts" / "S.jsonl").glob("*/solutions.jsonl"))


def ended(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def test_a_job_killed_ten_times_ends_with_every_sample_once_and_its_seeds(tmp_path):
    assert finish(start(sample_solutions.main, sampling(tmp_path, "undisturbed.jsonl"))) == 0
    expected = read_rows(tmp_path / "undisturbed.jsonl")
    assert coordinates(expected) == [(f"easy-train-{i:05}", j) for i in range(PROBLEMS) for j in range(SAMPLES)]
    assert list(expected[0]) == ["problem", "sample", "text", "tokens", "prompt_tokens", "finish_reason", "seed"]

    # Few in flight, so that a quick machine has not finished them all before it is killed.
    killed = [*sampling(tmp_path), "--engine-option=max_num_seqs=16"]
    stream, met = random.Random(1), set()
    for _ in range(10):
        child = start(sample_solutions.main, killed, hand_out_often)
        before, patience = drafted(tmp_path), time.monotonic() + 120
        while drafted(tmp_path) == before and time.monotonic() < patience and not ended(child):
            time.sleep(0.01)
        time.sleep(stream.uniform(0, 0.2))
        assert not ended(child), "the job was over before it was killed"
        os.kill(child, signal.SIGKILL)
        finish(child)
        lines = [path.read_bytes() for path in (tmp_path / ".drafts" / "S.jsonl").glob("*/solutions.jsonl")]
        rows = [json.loads(line) for text in lines for line in text.split(b"\n")[:-1]]
        assert len(set(coordinates(rows))) == len(rows)
        met.add(len(rows))
    assert len(met) > 5 and max(met) < PROBLEMS * SAMPLES
    assert finish(start(sample_solutions.main, sampling(tmp_path))) == 0
    found = read_rows(tmp_path / "S.jsonl")
    assert coordinates(found) == coordinates(expected)
    assert [row["seed"] for row in found] == [row["seed"] for row in expected]
    # The streams are the same; only which samples shared a batch differs.
    same = sum(a["text"] == b["text"] for a, b in zip(found, expected, strict=True))
    assert same >= 0.95 * len(expected)
    # A finished block is published from its draft, without a start.
    os.unlink(tmp_path / "S.jsonl")
    before = time.monotonic()
    assert finish(start(sample_solutions.main, sampling(tmp_path))) == 0
    assert time.monotonic() - before < 2 and read_rows(tmp_path / "S.jsonl") == found

    other = sampling(tmp_path, "other.jsonl", first_problem=PROBLEMS, count=10)
    assert finish(start(sample_solutions.main, other)) == 0
    seeds = collections.Counter(row["seed"] for row in found + read_rows(tmp_path / "other.jsonl"))
    assert len(seeds) == (PROBLEMS + 10) * SAMPLES, "two shards share a random stream"


def test_checkpoints_take_turns_in_one_process(tmp_path):
    for number, model in enumerate(("wc", "student"), start=1):
        shutil.copytree(MODELS[model], tmp_path / "standard" / f"checkpoint-{number}")
    files = {split: write_problems(tmp_path / f"{split}.jsonl", 20, split) for split in ("validation", "test")}
    options = {
        "validation": files["validation"],
        "benchmark": f"test:{files['test']}:20:5:4",
        "cell": "easy/low/se/wc/0",
        "prompt": PROMPT,
        "answer-format": "the_answer_is",
        "engine": "vllm",
        "max-new-tokens": LENGTH,
        "output": tmp_path / "answers.jsonl",
        "choice": tmp_path / "choice.json",
        "about": tmp_path / "about.json",
    }
    line = [evaluate_model.__file__, "--models", tmp_path / "standard", "--checkpoints", "2"]
    assert finish(start(evaluate_model.main, line + [f"--{key}={value}" for key, value in options.items()])) == 0
    rows = read_rows(tmp_path / "answers.jsonl")
    assert len(rows) == 2 * 20 + 20 + 5 * 4
    accuracy = read_json(tmp_path / "choice.json")["validation"]
    assert sorted(accuracy) == ["standard/checkpoint-1", "standard/checkpoint-2"]
    assert max(accuracy.values()) > 0.2


def test_weights_that_were_cut_short_end_the_job_with_one_line(tmp_path, capfd):
    shutil.copytree(MODELS["wc"], tmp_path / "cut")
    os.truncate(tmp_path / "cut" / "model.safetensors", 200_000)
    assert finish(start(sample_solutions.main, sampling(tmp_path, model=tmp_path / "cut"))) == 1
    message = capfd.readouterr().err
    assert f"error: model {tmp_path}/cut: vLLM did not start: " in message.splitlines()[-1]
    assert "Traceback" not in message
    assert not (tmp_path / "S.jsonl").exists()


def test_a_full_disk_ends_the_job_with_one_line_and_what_was_drawn_is_kept(tmp_path, capfd):
    import resource

    def small_disk():
        hand_out_often()
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    assert finish(start(sample_solutions.main, sampling(tmp_path), small_disk)) == 1
    last = capfd.readouterr().err.splitlines()[-1]
    assert "solutions.jsonl" in last and "File too large" in last
    assert drafted(tmp_path) > 5_000
    assert not (tmp_path / "S.jsonl").exists()
