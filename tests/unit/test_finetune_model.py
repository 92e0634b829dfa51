"""finetune_model.py: what is learned and kept out; a killed run ends as an undisturbed one."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from finetune_support import (
    LENGTH,
    SCRIPTS,
    command,
    content,
    example,
    examples,
    make_model,
    rows_of,
    run_here,
    write,
)

from yetbetter.errors import UserError
from yetbetter.training.data import encode_examples
from yetbetter.training.job import COMPLETE


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    return write(tmp_path_factory.mktemp("data") / "data.jsonl", examples())


@pytest.fixture(scope="module")
def trained(model, data, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return run_here(monkeypatch, model, data, tmp_path_factory.mktemp("trained") / "out")


def test_checkpoints_are_plain_folders_of_trained_float32_weights(trained, model):
    import torch
    from safetensors.torch import load_file

    plain = {"model.safetensors", "config.json", "generation_config.json"}
    plain |= {"tokenizer.json", "tokenizer_config.json", "weights.json"}
    before = load_file(Path(model) / "model.safetensors")
    names = ["checkpoint-1", "checkpoint-2", "checkpoint-3"]
    assert sorted(path.name for path in trained.iterdir()) == [
        "about.json",
        *names,
        "timing.jsonl",
        "training.jsonl",
    ]
    for name in names:
        assert {path.name for path in (trained / name).iterdir()} == plain
        after = load_file(trained / name / "model.safetensors")
        assert after.keys() == before.keys()
        for key, tensor in after.items():
            assert tensor.dtype == torch.float32
            assert not torch.equal(tensor, before[key].float()), f"{key} was not trained"
        assert json.loads((trained / name / "config.json").read_text())["dtype"] == "float32"
        before = {key: tensor.to(torch.float64) for key, tensor in after.items()}


def test_the_log_has_a_row_for_every_step_and_the_loss_falls(trained):
    log = rows_of(trained / "training.jsonl")
    assert [row["step"] for row in log] == list(range(1, 31))
    assert log[-1]["loss"] < log[0]["loss"] / 2
    about = json.loads((trained / "about.json").read_text())
    assert about["completion_tokens"] == sum(row["completion_tokens"] for row in log)
    assert about["epochs"] == 30 * 8 / 40


def test_an_overlong_example_is_listed_and_kept_out_whole(trained):
    about = json.loads((trained / "about.json").read_text())
    assert about["examples"] == 40
    kept_out = about["kept_out"]
    assert [(row["problem"], row["sample"]) for row in kept_out] == [("long", 4)]
    assert kept_out[0]["tokens"] > LENGTH and kept_out[0]["reason"] == f"longer than {LENGTH} tokens"


def test_a_sample_that_spells_a_special_token_is_kept_out_and_the_others_are_trained_on(model):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    rows = [example(1), example(2, completion=" so </s> so"), example(3, completion=" so <s> so")]
    columns, kept_out = encode_examples(rows, tokenizer, LENGTH, "data.jsonl")
    assert len(columns["input_ids"]) == 1
    assert [row["reason"] for row in kept_out] == ["a special token in its text"] * 2


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(trained, model, data, tmp_path, monkeypatch):
    again = run_here(monkeypatch, model, data, tmp_path / "again")
    other = run_here(monkeypatch, model, data, tmp_path / "other", seed=1)
    assert content(again) == content(trained)
    weights = "checkpoint-1/model.safetensors"
    assert content(other)[weights] != content(trained)[weights]


def test_a_killed_run_ends_as_an_undisturbed_one(trained, model, data, tmp_path, monkeypatch):
    output = tmp_path / "out"
    arguments = command(model, data, output, save_every=1)
    job = subprocess.Popen([sys.executable, *arguments], stderr=subprocess.DEVNULL)
    kill_after(job, tmp_path, step=13)
    (state,) = tmp_path.glob(".drafts/out/*/state")
    steps = [int(mark.parent.name.split("-")[1]) for mark in state.glob(f"*/{COMPLETE}")]
    assert max(steps) < 30 and not output.exists()
    half = state / "checkpoint-29"  # as one looks that was being written
    half.mkdir(exist_ok=True)
    (half / "model.safetensors").write_bytes(b"half")
    (half / COMPLETE).unlink(missing_ok=True)
    run_here(monkeypatch, model, data, output)
    assert content(output) == content(trained)
    assert not state.exists(), "optimizer states are kept"


def kill_after(job: subprocess.Popen, folder: Path, step: int) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and job.poll() is None:
        marks = folder.glob(f".drafts/out/*/state/*/{COMPLETE}")
        if any(int(mark.parent.name.split("-")[1]) >= step for mark in marks):
            break
        time.sleep(0.002)
    assert job.poll() is None, "ended before it could be killed"
    os.kill(job.pid, signal.SIGKILL)
    job.wait()


def test_a_finished_draft_is_published_again_without_torch(trained, model, data):
    moved = trained.with_name("moved")
    os.rename(trained, moved)
    check = "import runpy, sys; sys.argv = sys.argv[1:]; sys.path.insert(0, sys.argv.pop(0)); "
    check += "runpy.run_path(sys.argv[0], run_name='__main__'); assert 'torch' not in sys.modules"
    arguments = [str(SCRIPTS), *command(model, data, trained)]
    subprocess.run([sys.executable, "-c", check, *arguments], check=True)
    assert content(trained) == content(moved)


def test_examples_are_what_the_trainer_itself_makes_of_prompt_and_completion(model, tmp_path):
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    from yetbetter.training.data import encode_examples

    rows = [example(number) for number in (2, 17)]
    tokenizer = AutoTokenizer.from_pretrained(model)
    columns, kept_out = encode_examples(rows, tokenizer, LENGTH, "data.jsonl")
    assert not kept_out
    texts = [{key: row[key] for key in ("prompt", "completion")} for row in rows]
    config = SFTConfig(tmp_path, completion_only_loss=True, use_cpu=True, bf16=False)
    trainer = SFTTrainer(
        AutoModelForCausalLM.from_pretrained(model),
        config,
        train_dataset=Dataset.from_list(texts),
        processing_class=tokenizer,
    )
    for key, column in columns.items():
        assert trainer.train_dataset[key][:] == column
    for row, ids, labels in zip(rows, columns["input_ids"], columns["labels"], strict=True):
        learned = [label for label in labels if label != -100]
        assert learned == tokenizer(row["completion"] + " </s>")["input_ids"][1:]
        assert ids[0] == tokenizer.bos_token_id and ids.count(tokenizer.bos_token_id) == 1


def test_the_loss_is_that_of_the_completion_and_eos(model, data, tmp_path, monkeypatch):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    everything = {"batch_size": 40, "steps": 1, "checkpoints": 1}
    output = run_here(monkeypatch, model, data, tmp_path / "out", **everything)
    (step,) = rows_of(output / "training.jsonl")
    tokenizer = AutoTokenizer.from_pretrained(model)
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    losses = []
    for row in map(example, range(1, 41)):
        start = len(tokenizer(row["prompt"])["input_ids"])
        ids = tokenizer(row["prompt"] + row["completion"])["input_ids"]
        ids = torch.tensor([*ids, tokenizer.eos_token_id])
        with torch.no_grad():
            chances = base(ids[None]).logits[0].log_softmax(-1)
        losses += [-chances[i - 1, ids[i]].item() for i in range(start, len(ids))]
    assert step["completion_tokens"] == len(losses)
    assert step["loss"] == pytest.approx(sum(losses) / len(losses), rel=1e-4)


def test_without_examples_every_checkpoint_is_the_base_model(model, tmp_path, monkeypatch, capsys):
    import torch
    from safetensors.torch import load_file

    empty = write(tmp_path / "empty.jsonl", [])
    output = run_here(monkeypatch, model, empty, tmp_path / "out")
    base = load_file(Path(model) / "model.safetensors")
    for number in (1, 2, 3):
        weights = load_file(output / f"checkpoint-{number}" / "model.safetensors")
        assert all(torch.equal(weights[key], base[key].float()) for key in base)
        assert (output / f"checkpoint-{number}" / "tokenizer.json").exists()
    assert json.loads((output / "about.json").read_text())["examples"] == 0
    assert rows_of(output / "training.jsonl") == []
    assert capsys.readouterr().err.count("no examples") == 1


def test_bfloat16_and_passes_of_a_batch(trained, model, data, tmp_path, monkeypatch):
    import torch
    from safetensors.torch import load_file

    short = {"steps": 4, "checkpoints": 1, "micro_batch_size": 2}
    output = run_here(monkeypatch, model, data, tmp_path / "half", precision="bfloat16", **short)
    weights = load_file(output / "checkpoint-1" / "model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.bfloat16}
    # The first step's loss is that of the whole batch, however it is split.
    losses = [rows_of(folder / "training.jsonl")[0]["loss"] for folder in (output, trained)]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


@pytest.mark.parametrize(
    ("rows", "changes", "message"),
    [
        ([example(1), example(2, completion=" ")], {}, r"data.jsonl:2: completion is ' '"),
        ([example(1, prompt="<s> Ann")], {}, r"data.jsonl: 2 BOS tokens in the prompt"),
        (
            [example(1, completion=" so </s> so")],
            {},
            r"none of 1 examples can be trained on \(a special token in its text\)",
        ),
        ([example(1), example(1)], {}, r"data.jsonl:2: duplicate .*, first in line 1"),
        ([example(1)], {"max_length": 9}, r"none of 1 examples can be trained on \(longer than 9 tokens\)"),
        ([example(1)], {"model": "no/such/model"}, r"no/such/model: no such folder"),
        ([example(1)], {"checkpoints": 31}, r"--checkpoints is 31, allowed: 1 to 30"),
        ([example(1)], {"micro_batch_size": 3}, r"--micro-batch-size is 3, allowed: divisors of 8"),
        ([example(1)], {"deepspeed": "zero2.json"}, r"--deepspeed needs torchrun"),
    ],
)
def test_bad_input_is_one_line_that_names_it(rows, changes, message, model, tmp_path, monkeypatch):
    bad = write(tmp_path / "data.jsonl", rows)
    with pytest.raises(UserError, match=message) as error:
        run_here(monkeypatch, **{"model": model, "data": bad, "output": tmp_path / "out"} | changes)
    assert "\n" not in str(error.value)


def test_a_base_model_whose_weights_were_cut_short_is_one_line(model, data, tmp_path, monkeypatch):
    shutil.copytree(model, tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    os.truncate(weights, weights.stat().st_size // 2)
    with pytest.raises(UserError, match=f"model {tmp_path}/cut: cannot be loaded: ") as error:
        run_here(monkeypatch, str(tmp_path / "cut"), data, tmp_path / "out")
    assert "\n" not in str(error.value)


def test_a_broken_line_ends_the_program_with_file_and_line(model, tmp_path):
    bad = tmp_path / "data.jsonl"
    bad.write_text(json.dumps(example(1)) + "\n" + '{"problem": "p2", "sam\n')
    job = subprocess.run(
        [sys.executable, *command(model, str(bad), tmp_path / "out")],
        capture_output=True,
        text=True,
    )
    assert job.returncode == 1
    assert job.stderr.startswith(f"finetune_model.py: error: {bad}:2: not JSON")
    assert job.stderr.count("\n") == 1
