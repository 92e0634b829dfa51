"""A checkpoint that is not the trained model is never published; errors are reported in one line."""

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from finetune_support import command, content, example, examples, make_model, rows_of, run_here, write
from safetensors.torch import load_file, save_file

from yetbetter.errors import UserError
from yetbetter.training.checkpoints import reload_model, take_snapshot, verify_checkpoint
from yetbetter.training.disk import check_disk, needed_bytes
from yetbetter.training.weights import check_files

SHORT = {"steps": 4, "checkpoints": 2, "save_every": 1}


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    return write(tmp_path_factory.mktemp("data") / "data.jsonl", examples())


def change(checkpoint: Path, how) -> None:
    path = checkpoint / "model.safetensors"
    weights = load_file(path)
    weights = how(dict(weights)) or weights
    path.unlink()  # the file may be a link of the trainer's own
    save_file(weights, path, metadata={"format": "pt"})


def zero(name):
    return lambda weights: weights | {name: torch.zeros_like(weights[name])}


def flip_one_bit(weights):
    name = "model.layers.1.mlp.up_proj.weight"
    tensor = weights[name].clone()
    tensor.view(torch.int16)[3, 5] ^= 1
    return weights | {name: tensor}


def without(name):
    return lambda weights: {key: tensor for key, tensor in weights.items() if key != name}


def truncate(checkpoint: Path) -> None:
    content = (checkpoint / "model.safetensors").read_bytes()
    (checkpoint / "model.safetensors").unlink()
    (checkpoint / "model.safetensors").write_bytes(content[:-100])


def other_heads(checkpoint: Path) -> None:
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps(config | {"rms_norm_eps": 0.5}))


ATTENTION = "model.layers.0.self_attn.q_proj.weight"
DAMAGES = [
    (lambda folder: change(folder, zero(ATTENTION)), f"{ATTENTION} differs in the saved checkpoint: other values"),
    (lambda folder: change(folder, flip_one_bit), "up_proj.weight differs in the saved checkpoint: other values"),
    (lambda folder: change(folder, without(ATTENTION)), f"the saved checkpoint has missing tensors: {ATTENTION}"),
    (lambda folder: change(folder, lambda w: w | {"more": torch.ones(2)}), "has unexpected tensors: more"),
    (truncate, "cannot be read again"),
    (lambda folder: (folder / "model.safetensors").unlink(), "holds no weights as safetensors"),
    (other_heads, "its logits are .* away from the trained model's"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_a_damaged_checkpoint_is_distinguished_from_the_live_model(damage, message, model, tmp_path):
    folder = Path(shutil.copytree(model, tmp_path / "checkpoint-1"))
    live = reload_model(folder, "bfloat16")
    snapshot = take_snapshot(live, torch.arange(12).view(2, 6), "bfloat16")
    damage(folder)
    with pytest.raises(UserError, match=message) as error:
        verify_checkpoint(folder, snapshot, "bfloat16")
    assert "checkpoint-1" in str(error.value) and "\n" not in str(error.value)
    assert not (folder / "weights.json").exists()


def test_what_was_verified_is_written_down(model, tmp_path):
    folder = Path(shutil.copytree(model, tmp_path / "checkpoint-1"))
    live = reload_model(folder, "bfloat16")
    verify_checkpoint(folder, take_snapshot(live, torch.arange(12).view(2, 6), "bfloat16"), "bfloat16")
    found = json.loads((folder / "weights.json").read_text())
    assert found["logits"]["shape"] == [2, 6, 31] and found["logits"]["distance"] < 1e-6
    assert found["tensors"][ATTENTION]["shape"] == [32, 32]
    assert found["files"]["model.safetensors"]["bytes"] == (folder / "model.safetensors").stat().st_size
    check_files(folder)
    change(folder, zero(ATTENTION))
    with pytest.raises(UserError, match="its bytes are not those that were verified"):
        check_files(folder)


@pytest.mark.parametrize("number", [1, 2])
def test_a_checkpoint_damaged_between_saving_and_reading_ends_the_run(number, model, data, tmp_path, monkeypatch):
    """One tensor of the file becomes zeros right after it was written."""
    from yetbetter.training import steps

    def take_and_damage(saved, checkpoint, precision):
        real(saved, checkpoint, precision)
        if checkpoint.name == f"checkpoint-{number}":
            change(checkpoint, zero(ATTENTION))

    real = steps.take_checkpoint
    with monkeypatch.context() as damaged:
        damaged.setattr(steps, "take_checkpoint", take_and_damage)
        with pytest.raises(UserError, match=f"checkpoint-{number}: {ATTENTION} differs"):
            run_here(damaged, model, data, tmp_path / "out", **SHORT)
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".drafts/out/*/sealed.json"))
    output = run_here(monkeypatch, model, data, tmp_path / "out", **SHORT)
    assert content(output) == content(run_here(monkeypatch, model, data, tmp_path / "undisturbed", **SHORT))


def test_a_checkpoint_that_decays_before_the_end_is_not_sealed(model, data, tmp_path, monkeypatch):
    from yetbetter.training import steps

    def take_and_damage_the_first(saved, checkpoint, precision):
        if checkpoint.name == "checkpoint-2":
            truncate(checkpoint.with_name("checkpoint-1"))
        real(saved, checkpoint, precision)

    real = steps.take_checkpoint
    monkeypatch.setattr(steps, "take_checkpoint", take_and_damage_the_first)
    with pytest.raises(UserError, match=r"checkpoint-1/model.safetensors: holds \d+ bytes, \d+ were verified"):
        run_here(monkeypatch, model, data, tmp_path / "out", **SHORT)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("room", [1, 3])
def test_a_full_disk_is_one_line_and_the_run_resumes_from_where_it_was(room, model, data, tmp_path, monkeypatch):
    # The base is stored in bfloat16: no room for the trained weights, or for these, but not for the optimizer's state.
    limit = room * (Path(model) / "model.safetensors").stat().st_size

    def no_larger_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    arguments = [sys.executable, *command(model, data, tmp_path / "out", **SHORT)]
    job = subprocess.run(arguments, capture_output=True, text=True, preexec_fn=no_larger_files)
    assert job.returncode == 1
    assert "cannot be written, is the disk full?" in job.stderr.splitlines()[-1], job.stderr[-2000:]
    assert "Traceback" not in job.stderr
    assert not (tmp_path / "out").exists()
    output = run_here(monkeypatch, model, data, tmp_path / "out", **SHORT)
    assert len(rows_of(output / "training.jsonl")) == SHORT["steps"]


def test_too_small_a_disk_is_reported_before_training_starts(model, data, tmp_path, monkeypatch, capsys):
    run_here(monkeypatch, model, data, tmp_path / "fits", **SHORT)
    assert "disk: needs " in capsys.readouterr().err
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(
        UserError, match=r"disk: needs .* TB .* checkpoints of 54 GB, 2 states to continue from of 432 GB"
    ):
        check_disk(tmp_path, *needed_bytes(27 * 10**9, 27 * 10**9, "bfloat16", True), 10 + free // 54_000_000_000)


def test_the_state_takes_the_disk_that_was_announced(model, data, tmp_path, monkeypatch):
    from yetbetter.training import steps

    sizes = []

    def measure(saved, checkpoint, precision):
        real(saved, checkpoint, precision)
        sizes.append(sum(path.stat().st_size for path in saved.glob("*") if path.suffix in (".safetensors", ".pt")))

    real = steps.take_checkpoint
    monkeypatch.setattr(steps, "take_checkpoint", measure)
    output = run_here(monkeypatch, model, data, tmp_path / "out", **SHORT)
    count = json.loads((output / "about.json").read_text())["parameters"]
    checkpoint, state = needed_bytes(count, count, "float32", False)
    small = 60_000  # scheduler, random states, the pickles' own lines
    assert 0 <= sizes[0] - state < small
    assert 0 <= (output / "checkpoint-1" / "model.safetensors").stat().st_size - checkpoint < small


def test_a_loss_that_is_not_a_number_ends_the_run(model, data, tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"lower --learning-rate"):
        run_here(monkeypatch, model, data, tmp_path / "out", learning_rate=1e30, warmup_fraction=0, max_gradient_norm=0)
    assert not (tmp_path / "out").exists()


def test_weights_that_are_not_numbers_after_the_last_step_end_the_run(model):
    live = reload_model(Path(model), "float32")
    with torch.no_grad():
        live.model.norm.weight[3] = float("nan")
    with pytest.raises(UserError, match=r"the weights of model.norm.weight are not finite"):
        take_snapshot(live, torch.arange(12).view(2, 6), "float32")


def test_a_tokenizer_without_eos_is_refused(model, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    del config["eos_token"]
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    bad = write(tmp_path / "data.jsonl", [example(1)])
    with pytest.raises(UserError, match="tokenizer has no EOS token"):
        run_here(monkeypatch, str(folder), bad, tmp_path / "out")


def test_a_folder_of_other_files_is_never_replaced_by_a_finetuning(model, data, tmp_path, monkeypatch):
    output = tmp_path / "thesis"
    output.mkdir()
    (output / "chapter.tex").write_text("x")
    with pytest.raises(UserError, match=r"thesis: not a finetuning's folder .* its files would be lost"):
        run_here(monkeypatch, model, data, output, **SHORT)
    assert content(output) == {"chapter.tex": b"x"}
    (output / "chapter.tex").unlink()
    run_here(monkeypatch, model, data, output, **SHORT)
    run_here(monkeypatch, model, data, output, **SHORT)
    assert (output / "about.json").is_file()
