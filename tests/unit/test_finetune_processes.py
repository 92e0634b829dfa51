"""DeepSpeed or not, one process or two: the same weights; a killed run is continued, by another number of them too."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from finetune_support import command, content, examples, make_model, rows_of, run_here, write
from safetensors.torch import load_file

from processes import STARTED, kill_tree
from yetbetter import time_limit
from yetbetter.errors import UserError
from yetbetter.training.job import COMPLETE
from yetbetter.training.resharding import make_universal

MANY = Path(__file__).with_name("finetune_many.py")
# Plain gradient descent would hide nothing either, but AdamW magnifies differences where gradients are near zero.
OPTIONS = {"steps": 20, "checkpoints": 2, "learning_rate": 1e-3}
# Twenty rows. A last batch that is not full is short in one process, and filled up from the start in several.
PACKED = OPTIONS | {"packing": True, "max_length": 90, "batch_size": 4}


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    return write(tmp_path_factory.mktemp("data") / "data.jsonl", examples())


@pytest.fixture(scope="module")
def zero(tmp_path_factory) -> dict[int, str]:
    """DeepSpeed's configuration of ZeRO's stages 2 and 3."""
    folder = tmp_path_factory.mktemp("zero")
    auto = ("train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "gradient_clipping")
    for stage in (2, 3):
        part = {"stage": stage} | ({"stage3_gather_16bit_weights_on_model_save": True} if stage == 3 else {})
        config = dict.fromkeys(auto, "auto") | {"zero_optimization": part}
        (folder / f"{stage}.json").write_text(json.dumps(config))
    return {stage: str(folder / f"{stage}.json") for stage in (2, 3)}


def launch(folder: Path, processes: int, calls: list[list[str]]) -> subprocess.Popen:
    (folder / "calls.json").write_text(json.dumps(calls))
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", time_limit.END: str(time.time() + 10_000)}
    command = [*start, str(MANY), str(folder / "calls.json")]
    with open(folder / "log", "ab") as log:
        job = subprocess.Popen(command, env=environment, start_new_session=True, stderr=log)
    STARTED.append(job)
    return job


def said(folder: Path) -> str:
    """The end of what the processes said, without torch's warnings of what will be called otherwise."""
    lines = (folder / "log").read_text().splitlines()
    return "\n".join([line for line in lines if "FutureWarning" not in line and "return func" not in line][-60:])


def largest_difference(one: Path, other: Path) -> float:
    weights = [load_file(folder / "checkpoint-2" / "model.safetensors") for folder in (one, other)]
    assert weights[0].keys() == weights[1].keys()
    return max((weights[0][name] - weights[1][name]).abs().max().item() for name in weights[0])


@pytest.mark.slow
def test_every_way_to_train_gives_the_same_weights_and_a_killed_one_the_same_bits(
    model, data, zero, tmp_path, monkeypatch
):
    alone = run_here(monkeypatch, model, data, tmp_path / "alone", **OPTIONS)
    trained = [alone]
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        if processes == 2:
            killed = command(model, data, folder / "killed", deepspeed=zero[2], save_every=2, **OPTIONS)
            kill_after(launch(folder, 2, [killed]), folder, step=6)
        calls = [command(model, data, folder / f"zero-{s}", deepspeed=zero[s], **OPTIONS) for s in zero]
        if processes == 2:
            calls += [killed, command(model, data, folder / "packed", deepspeed=zero[3], **PACKED)]
            calls += 2 * [command(model, data, folder / "stopped", deepspeed=zero[2], save_every=2, **OPTIONS)]
        job = launch(folder, processes, calls)
        if processes == 2:
            stop_after(job, folder, "stopped", step=6)
        assert job.wait() == 0, said(folder)
        trained += [folder / f"zero-{stage}" for stage in zero]
    for output in trained[1:]:
        assert content(output).keys() == content(alone).keys()
        assert largest_difference(output, alone) < 1e-4, output
        for step, expected in zip(*(rows_of(folder / "training.jsonl") for folder in (output, alone)), strict=True):
            assert step["completion_tokens"] == expected["completion_tokens"]
            assert step["loss"] == pytest.approx(expected["loss"], rel=1e-4)
    for name in ("killed", "stopped"):
        assert content(tmp_path / "2" / name) == content(tmp_path / "2" / "zero-2"), name
    packed = run_here(monkeypatch, model, data, tmp_path / "packed", **PACKED)
    assert largest_difference(tmp_path / "2" / "packed", packed) < 1e-4
    tokens = [[row["tokens"] for row in rows_of(f / "timing.jsonl")] for f in (tmp_path / "2" / "packed", packed)]
    assert tokens[0] == tokens[1], "not counted over both processes"
    before = load_file(Path(model) / "model.safetensors")
    after = load_file(alone / "checkpoint-2" / "model.safetensors")
    assert max((after[name] - before[name].float()).abs().max() for name in after) > 0.01, "hardly trained"
    assert torch.tensor([row["loss"] for row in rows_of(alone / "training.jsonl")]).diff().sum() < 0


@pytest.mark.slow
def test_what_two_processes_began_one_ends(model, data, zero, tmp_path, monkeypatch):
    # Two groups of parameters, with weight decay and without, are what DeepSpeed's ZeRO-3 gets wrong by itself.
    alone = run_here(monkeypatch, model, data, tmp_path / "alone", **OPTIONS)
    calls = [command(model, data, tmp_path / f"zero-{s}", deepspeed=zero[s], save_every=2, **OPTIONS) for s in zero]
    job = launch(tmp_path, 2, calls)
    for stage in zero:
        stop_after(job, tmp_path, f"zero-{stage}", step=6)
    assert job.wait() == 0, said(tmp_path)
    assert not list(tmp_path.glob("zero-*"))
    assert launch(tmp_path, 1, calls).wait() == 0, said(tmp_path)
    found = re.findall(r"continuing after step \d+ of 20, which 2 processes wrote\n", (tmp_path / "log").read_text())
    assert len(found) == 2
    for stage in zero:
        assert largest_difference(tmp_path / f"zero-{stage}", alone) < 1e-4
        assert json.loads((tmp_path / f"zero-{stage}" / "about.json").read_text())["processes"] == 1


def test_a_state_that_cannot_be_converted_is_named_and_kept(tmp_path):
    (tmp_path / "global_step6").mkdir()
    refused = r"written by 2 processes, .* that 1 could read: {}.*; continue with 2, or remove it to start again"
    zero = {"zero_optimization": {"stage": 3}}
    with pytest.raises(UserError, match=refused.format(".*Error")):
        make_universal(tmp_path, 2, 1, zero, weight_decay=0.0)
    with pytest.raises(UserError, match=refused.format("its ZeRO-3 forgets which weights do not decay")):
        make_universal(tmp_path, 2, 1, zero, weight_decay=0.1)
    assert (tmp_path / "global_step6").is_dir()


def wait_for_step(job: subprocess.Popen, folder: Path, name: str, step: int) -> None:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline and job.poll() is None:
        marks = folder.glob(f".drafts/{name}/*/state/*/{COMPLETE}")
        if any(int(mark.parent.name.split("-")[1]) >= step for mark in marks):
            break
        time.sleep(0.002)
    assert job.poll() is None, "ended before it could be stopped"


def kill_after(job: subprocess.Popen, folder: Path, step: int) -> None:
    """End torchrun and its workers the hard way, once a step's state is whole."""
    wait_for_step(job, folder, "killed", step)
    kill_tree(job)
    assert not list(folder.glob(".drafts/*/*/sealed.json"))


def stop_after(job: subprocess.Popen, folder: Path, name: str, step: int) -> None:
    """Tell the first process, which holds the draft, that its time is nearly up: all stop after the same step."""
    wait_for_step(job, folder, name, step)
    stopped = re.compile(r"out of time: \d+ of 20 steps are done and kept")
    before = len(stopped.findall((folder / "log").read_text()))
    os.kill(json.loads((folder / ".drafts" / name / "lock").read_text())["pid"], signal.SIGURG)
    while job.poll() is None and len(stopped.findall((folder / "log").read_text())) == before:
        time.sleep(0.01)
    assert len(stopped.findall((folder / "log").read_text())) > before
