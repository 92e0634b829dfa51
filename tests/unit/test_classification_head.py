"""finetune_model.py --head classes: what is learned, labelled, resumed, verified and refused."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from finetune_support import command, content, example, make_model, rows_of, run_here, write
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from finetune_model import parse_arguments
from processes import STARTED
from yetbetter.errors import UserError
from yetbetter.generation.classifier import encode_ends, load_classifier
from yetbetter.records import read_rows
from yetbetter.training.checkpoints import reload_model, take_snapshot, verify_checkpoint
from yetbetter.training.data import IGNORED
from yetbetter.training.finetuning import draft_settings
from yetbetter.training.job import COMPLETE, read_job
from yetbetter.training.labelled import encode_labelled

POCKET = str(Path(__file__).parents[2] / "resources" / "pocket" / "wc")
MANY = Path(__file__).with_name("finetune_many.py")
CLASSES = {"head": "classes", "learning_rate": 1e-2}
SHORT = CLASSES | {"steps": 6, "checkpoints": 2, "save_every": 1}


def labelled(number: int, sound: bool, **changes) -> dict:
    """Two sentences; the sum in the first is right or one too large, and so are the labels."""
    total = 2 * number + 3 + (0 if sound else 1)
    completion = f" so {number} + {number + 3} {'=' if sound else '-'} {total} . The answer is {total}"
    labels = [[completion.index(".") + 1, int(sound)], [len(completion), int(sound)]]
    return example(number, completion=completion, labels=labels) | changes


def labelled_rows() -> list[dict]:
    return [labelled(number, number % 2 == 0) for number in range(1, 41)]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    return write(tmp_path_factory.mktemp("data") / "data.jsonl", labelled_rows())


@pytest.fixture(scope="module")
def trained(model, data, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return run_here(monkeypatch, model, data, tmp_path_factory.mktemp("trained") / "out", **CLASSES)


def share_right(folder: Path, data: str) -> float:
    """The share of the labels that a checkpoint gives the larger probability."""
    tokenizer, loaded = load_classifier(str(folder))
    rows = read_rows(data, require=("labels",))
    ends = [[len(row["prompt"]) + end for end, _ in row["labels"]] for row in rows]
    hits = []
    encoded = encode_ends(tokenizer, [row["prompt"] + row["completion"] for row in rows], ends)
    for row, (ids, places) in zip(rows, encoded, strict=True):
        with torch.no_grad():
            classes = loaded(input_ids=torch.tensor([ids])).logits[0].argmax(-1)
        hits += [int(classes[place]) == label for place, (_, label) in zip(places, row["labels"], strict=True)]
    return sum(hits) / len(hits)


# Learning -------------------------------------------------------------------------------------------------------------


def test_a_simple_label_is_learned(trained, data):
    assert share_right(trained / "checkpoint-3", data) > 0.95
    assert {row["completion_tokens"] for row in rows_of(trained / "training.jsonl")} == {16}


def test_checkpoints_are_classifiers_whose_body_and_head_were_trained(trained, model):
    before = load_file(Path(model) / "model.safetensors")
    after = load_file(trained / "checkpoint-1" / "model.safetensors")
    assert after.keys() - before.keys() == {"score.weight", "score.bias"}
    assert before.keys() - after.keys() <= {"lm_head.weight"}
    for name in after.keys() & before.keys():
        assert not torch.equal(after[name], before[name].float()), name
    config = json.loads((trained / "checkpoint-1" / "config.json").read_text())
    assert config["architectures"] == ["LlamaForTokenClassification"] and config["classifier_dropout"] == 0.0
    assert config["id2label"] == {"0": "wrong", "1": "right"} and config["pad_token_id"] == 0
    assert json.loads((trained / "about.json").read_text())["head"] == "classes"


def test_the_first_loss_is_the_mean_over_labelled_tokens_in_one_batch_or_in_passes(model, tmp_path, monkeypatch):
    """Rows with two labels and with one: the mean of the passes' means would be another number."""
    rows = labelled_rows()
    for row in rows[::3]:
        del row["labels"][0]
    data = write(tmp_path / "data.jsonl", rows)
    options = CLASSES | {"steps": 1, "checkpoints": 1, "batch_size": 40}
    outputs = [
        run_here(monkeypatch, model, data, tmp_path / str(micro), micro_batch_size=micro, **options)
        for micro in (40, 4)
    ]
    logs = [rows_of(output / "training.jsonl")[0] for output in outputs]
    assert logs[0]["completion_tokens"] == logs[1]["completion_tokens"] == sum(len(row["labels"]) for row in rows)
    assert logs[0]["loss"] == pytest.approx(logs[1]["loss"], rel=1e-5)
    weights = [load_file(output / "checkpoint-1" / "model.safetensors") for output in outputs]
    assert max((weights[0][name] - weights[1][name]).abs().max() for name in weights[0]) < 1e-4
    empty = write(tmp_path / "empty.jsonl", [])
    base = run_here(monkeypatch, model, empty, tmp_path / "base", **options)
    tokenizer, untrained = load_classifier(str(base / "checkpoint-1"))
    columns, _ = encode_labelled(rows, tokenizer, 40, data)
    losses = []
    for ids, labels in zip(columns["input_ids"], columns["labels"], strict=True):
        with torch.no_grad():
            chances = untrained(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
        losses += [-chances[i, label].item() for i, label in enumerate(labels) if label != IGNORED]
    assert logs[0]["loss"] == pytest.approx(sum(losses) / len(losses), rel=1e-4)


def test_the_head_begins_with_the_seeds_weights(model, tmp_path, monkeypatch):
    empty = write(tmp_path / "empty.jsonl", [])
    heads = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        torch.manual_seed(len(heads))
        output = run_here(monkeypatch, model, empty, tmp_path / name, seed=seed, **CLASSES)
        heads.append(load_file(output / "checkpoint-1" / "model.safetensors")["score.weight"])
    assert torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2])
    assert heads[0].std() > 0


def test_a_classifier_that_is_trained_again_keeps_its_head(trained, tmp_path, monkeypatch):
    empty = write(tmp_path / "empty.jsonl", [])
    output = run_here(monkeypatch, str(trained / "checkpoint-3"), empty, tmp_path / "out", seed=5, **CLASSES)
    heads = [
        load_file(folder / "model.safetensors")["score.weight"]
        for folder in (trained / "checkpoint-3", output / "checkpoint-1")
    ]
    assert torch.equal(*heads)


def test_adapters_and_a_whole_head_are_merged_into_a_plain_classifier(model, data, tmp_path, monkeypatch):
    pytest.importorskip("peft")
    options = CLASSES | {"lora_rank": 4, "lora_targets": "q_proj,v_proj", "save_every": 1}
    output = run_here(monkeypatch, model, data, tmp_path / "out", **options)
    before = load_file(Path(model) / "model.safetensors")
    after = load_file(output / "checkpoint-3" / "model.safetensors")
    changed = {name for name in after if name not in before or not torch.equal(after[name], before[name].float())}
    assert changed == {name for name in after if "q_proj" in name or "v_proj" in name or name.startswith("score.")}
    assert not any("adapter" in path.name for path in (output / "checkpoint-3").iterdir())
    log = rows_of(output / "training.jsonl")
    assert log[-1]["loss"] < log[0]["loss"] / 2
    assert share_right(output / "checkpoint-3", data) > 0.95


def test_adapters_of_all_layers_leave_the_head_out(model, data, tmp_path, monkeypatch):
    pytest.importorskip("peft")
    output = run_here(monkeypatch, model, data, tmp_path / "out", lora_rank=2, **SHORT)
    about = json.loads((output / "about.json").read_text())
    head = 2 * 32 + 2
    layers = 2 * 2 * (4 * (32 + 32) + 3 * (32 + 64))
    assert about["trained"] == layers + head
    with pytest.raises(UserError, match="--lora-targets: 'score' is the head of classes, which is trained in full"):
        run_here(monkeypatch, model, data, tmp_path / "no", lora_rank=2, lora_targets="q_proj,score", **SHORT)


# Which tokens are labelled --------------------------------------------------------------------------------------------


def test_the_token_that_holds_the_character_before_an_end_is_labelled():
    tokenizer = AutoTokenizer.from_pretrained(POCKET)
    row = {"prompt": "Q: 1 + 2?\n", "completion": "1 + 2 = 3\nThe answer is 3.", "problem": "p", "sample": 0}
    ends = [len("1 + 2 = 3"), len(row["completion"])]
    columns, kept_out = encode_labelled(
        [row | {"model": "m", "labels": [[ends[0], 1], [ends[1], 0]]}], tokenizer, 100, "data.jsonl"
    )
    ids, labels = columns["input_ids"][0], columns["labels"][0]
    assert not kept_out and ids == tokenizer(row["prompt"] + row["completion"])["input_ids"]
    places = [place for place, label in enumerate(labels) if label != IGNORED]
    assert [labels[place] for place in places] == [1, 0]
    for place, end in zip(places, ends, strict=True):
        whole = tokenizer(row["prompt"] + row["completion"][:end])["input_ids"]
        assert ids[: place + 1] == whole, "the text up to the end is that up to the token"
    assert places[-1] == len(ids) - 1, "the last character's token is the last one: no EOS"


def test_dropped_characters_and_tokens_of_the_prompt(model):
    tokenizer = AutoTokenizer.from_pretrained(model)
    text = "Ann has 25  apples"
    ((ids, places),) = encode_ends(tokenizer, [text], [[0, 1, 3, 4, 9, 10, 11, 12, 18]])
    # Words and single digits are tokens, the first one is BOS; blanks are dropped.
    assert len(ids) == 6 and places == [None, 1, 1, 1, 3, 4, 4, 4, 5]
    rows = [labelled(2, True), labelled(4, True, labels=[[1, 1], [30, 0]]), labelled(6, True, labels=[[3, 1], [4, 0]])]
    columns, kept_out = encode_labelled(rows, tokenizer, 40, "data.jsonl")
    assert len(columns["labels"]) == 1
    assert [row["reason"] for row in kept_out] == ["a label on a token of the prompt", "two labels on one token"]


def test_an_overlong_example_is_kept_out_and_a_special_token_is_not(model):
    tokenizer = AutoTokenizer.from_pretrained(model)
    rows = [labelled(2, True), labelled(99, True), labelled(4, True, completion=" so </s> so", labels=[[11, 1]])]
    limit = len(tokenizer(rows[0]["prompt"] + rows[0]["completion"])["input_ids"])
    columns, kept_out = encode_labelled(rows, tokenizer, limit, "data.jsonl")
    assert len(columns["labels"]) == 2
    assert [row["reason"] for row in kept_out] == [f"longer than {limit} tokens"]


# Safety ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lora", [{}, {"lora_rank": 4}], ids=["whole", "adapters"])
def test_a_killed_training_of_a_classifier_ends_as_an_undisturbed_one(lora, model, data, tmp_path, monkeypatch):
    if lora:
        pytest.importorskip("peft")
    options = CLASSES | {"save_every": 1} | lora
    job = subprocess.Popen(
        [sys.executable, *command(model, data, tmp_path / "out", **options)], stderr=subprocess.DEVNULL
    )
    STARTED.append(job)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and job.poll() is None:
        marks = tmp_path.glob(f".drafts/out/*/state/*/{COMPLETE}")
        if any(int(mark.parent.name.split("-")[1]) >= 13 for mark in marks):
            break
        time.sleep(0.002)
    assert job.poll() is None, "ended before it could be killed"
    os.kill(job.pid, signal.SIGKILL)
    job.wait()
    assert not (tmp_path / "out").exists()
    resumed = run_here(monkeypatch, model, data, tmp_path / "out", **options)
    undisturbed = run_here(monkeypatch, model, data, tmp_path / "undisturbed", **options)
    assert content(resumed) == content(undisturbed)


def without(name):
    return lambda weights: {key: tensor for key, tensor in weights.items() if key != name}


def zeros(name):
    return lambda weights: weights | {name: torch.zeros_like(weights[name])}


def change_weights(folder: Path, how) -> None:
    path = folder / "model.safetensors"
    weights = how(load_file(path))
    path.unlink()
    save_file(weights, path, metadata={"format": "pt"})


def change_config(folder: Path, **changes) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: change_weights(folder, zeros("score.weight")), "score.weight differs in the saved checkpoint"),
        (lambda folder: change_weights(folder, without("score.bias")), "has missing tensors: score.bias"),
        (lambda folder: change_config(folder, rms_norm_eps=0.5), "its logits are .* away from the trained model's"),
        (
            lambda folder: change_config(folder, architectures=["LlamaForCausalLM"]),
            "has missing tensors: lm_head.weight",
        ),
    ],
)
def test_a_damaged_classifier_is_refused(damage, message, trained, tmp_path):
    folder = Path(shutil.copytree(trained / "checkpoint-3", tmp_path / "checkpoint-3"))
    snapshot = take_snapshot(reload_model(folder, "float32"), torch.arange(12).view(2, 6), "float32")
    assert list(snapshot.logits.shape) == [2, 6, 2]
    verify_checkpoint(folder, snapshot, "float32")
    damage(folder)
    with pytest.raises(UserError, match=message) as error:
        verify_checkpoint(folder, snapshot, "float32")
    assert "\n" not in str(error.value)


def test_a_classifier_damaged_between_saving_and_reading_ends_the_run(model, data, tmp_path, monkeypatch):
    from yetbetter.training import steps

    def take_and_damage(saved, checkpoint, precision):
        real(saved, checkpoint, precision)
        change_weights(checkpoint, zeros("score.weight"))

    real = steps.take_checkpoint
    monkeypatch.setattr(steps, "take_checkpoint", take_and_damage)
    with pytest.raises(UserError, match=r"checkpoint-1: score\.weight differs"):
        run_here(monkeypatch, model, data, tmp_path / "out", **SHORT)
    assert not (tmp_path / "out").exists()


def test_a_head_that_tells_nothing_apart_is_verified_in_bfloat16(model, tmp_path, monkeypatch):
    """Its logits are near 0, and so small that rounding changes a good part of them."""
    rows = [labelled(number, True) | {"labels": [[3, number % 2]]} for number in range(1, 41)]
    same = [row | {"prompt": rows[0]["prompt"], "completion": rows[0]["completion"]} for row in rows]
    data = write(tmp_path / "data.jsonl", same)
    options = SHORT | {"precision": "bfloat16", "steps": 20, "batch_size": 40}
    output = run_here(monkeypatch, model, data, tmp_path / "out", **options)
    assert rows_of(output / "training.jsonl")[-1]["loss"] == pytest.approx(0.6931, abs=0.02)


def test_a_language_model_is_no_classifier(model):
    with pytest.raises(UserError, match=f"model {model}: has no head of 2 classes") as error:
        load_classifier(model)
    assert "\n" not in str(error.value)


# Input ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "no labels, which --head classes needs"),
        ([], r"labels is \[\], allowed: a list of \[end, label\], not empty"),
        ("1", "labels is '1', allowed: a list"),
        ([[3, 2]], r"\[3, 2\] in labels, allowed: \[end, label\], numbers, label 0 or 1"),
        ([[3, True]], r"\[3, True\] in labels"),
        ([[3.0, 1]], r"\[3.0, 1\] in labels"),
        ([3, 1], "3 in labels"),
        ([[0, 1]], r"the end 0 in labels, allowed: 1 to \d+ "),
        ([[9999, 1]], r"the end 9999 in labels, allowed: 1 to \d+ "),
        ([[5, 1], [5, 0]], r"the end 5 after 5 in labels, allowed: 6 to \d+ "),
        ([[7, 1], [5, 0]], r"the end 5 after 7 in labels, allowed: 8 to \d+ "),
    ],
)
def test_bad_labels_are_one_line_with_file_and_line(labels, message, model, tmp_path, monkeypatch):
    bad = labelled(2, True, labels=labels)
    if labels is None:
        del bad["labels"]
    data = write(tmp_path / "data.jsonl", [labelled(1, False), bad])
    with pytest.raises(UserError, match=rf"data.jsonl:2: {message}") as error:
        run_here(monkeypatch, model, data, tmp_path / "out", **SHORT)
    assert "\n" not in str(error.value)


def test_labels_are_refused_to_the_language_head(model, data, tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"data\.jsonl:1: has labels, which only --head classes trains on"):
        run_here(monkeypatch, model, data, tmp_path / "out")


@pytest.mark.parametrize("option", ["packing", "fused_loss", "chat"])
def test_options_of_the_language_head_are_refused(option, model, data, tmp_path, monkeypatch):
    with pytest.raises(UserError, match=f"--{option.replace('_', '-')} is for --head language only"):
        run_here(monkeypatch, model, data, tmp_path / "out", **SHORT | {option: True})


def test_only_the_head_of_classes_is_part_of_a_drafts_identity(model, data, tmp_path, monkeypatch):
    plain = write(tmp_path / "plain.jsonl", [example(1)])

    def identity(data, **changes):
        monkeypatch.setattr(sys, "argv", command(model, data, tmp_path / "out", **changes))
        return draft_settings(read_job(parse_arguments()))

    assert identity(plain) == identity(plain, head="language") and "head" not in identity(plain)
    assert identity(data, head="classes")["head"] == "classes"


# Processes ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["zero-2", "zero-3"])
def test_two_processes_have_the_loss_and_weights_of_one(stage, model, tmp_path, monkeypatch):
    rows = labelled_rows()
    for row in rows[::3]:
        del row["labels"][0]
    data = write(tmp_path / "data.jsonl", rows)
    options = {"head": "classes", "steps": 8, "checkpoints": 2, "learning_rate": 1e-3}
    alone = run_here(monkeypatch, model, data, tmp_path / "alone", **options)
    calls = [command(model, data, tmp_path / "two", deepspeed=stage, **options)]
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    job = subprocess.Popen(
        [*start, str(MANY), str(tmp_path / "calls.json")],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    STARTED.append(job)
    said = job.communicate(timeout=600)[1]
    assert job.returncode == 0, said[-3000:]
    assert content(tmp_path / "two").keys() - {"deepspeed.json"} == content(alone).keys()
    for one, two in zip(*(rows_of(tmp_path / name / "training.jsonl") for name in ("alone", "two")), strict=True):
        assert two["completion_tokens"] == one["completion_tokens"]
        assert two["loss"] == pytest.approx(one["loss"], rel=1e-4)
    weights = [load_file(tmp_path / name / "checkpoint-2" / "model.safetensors") for name in ("alone", "two")]
    assert max((weights[0][name] - weights[1][name]).abs().max() for name in weights[0]) < 1e-4
