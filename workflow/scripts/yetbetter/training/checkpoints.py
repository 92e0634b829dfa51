"""Checkpoints: the plain folder made from a trainer's state, and the check that it holds the live model.

A snapshot of the live model is taken before its checkpoint is read: a hash of every tensor, and the logits of a few
examples. The checkpoint is then read from the disk as any later program reads it, and must have the same hashes and
logits. Hashes find every wrong bit; logits find a configuration that does not belong to the weights.
"""

import contextlib
import dataclasses
import gc
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification

from yetbetter.drafts import link_or_copy
from yetbetter.errors import UserError
from yetbetter.generation.classifier import head_names, holds_classes
from yetbetter.records import follow_umask, write_json
from yetbetter.training.weights import WEIGHTS, describe_files

# The plain part of a trainer's state: weights, configuration, tokenizer; no optimizer, no pickle.
PLAIN_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt")
PROBE_ROWS, PROBE_TOKENS = 4, 64  # of the batch on which logits are compared
# Allowed distance of two logit tensors, relative to their norm. Both are computed from the same weights; what differs
# is the device, and for bfloat16 also whether sums and activations are rounded to it.
TOLERANCE = {"float32": 1e-3, "bfloat16": 5e-2}


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A live model: its tensors as {"dtype", "shape", "sha256"} by name, its logits [rows, length, vocabulary].

    Of a model with a head of classes, they are logits [rows, length, classes].
    """

    tensors: dict[str, dict]
    ids: torch.Tensor  # token ids [rows, length]
    logits: torch.Tensor


def probe_of(examples: Iterable[list[int]]) -> torch.Tensor:
    """Token ids [rows, length] of the first few examples, all cut to the length of the shortest: no padding."""
    rows = list(examples)[:PROBE_ROWS]
    length = min(PROBE_TOKENS, *map(len, rows)) if len(rows) > 1 else min(PROBE_TOKENS, len(rows[0]))
    return torch.tensor([row[:length] for row in rows])


def take_snapshot(model, ids: torch.Tensor, precision: str, write: bool = True) -> Snapshot | None:
    """The snapshot of a live model, its tensors rounded to `precision`; UserError if one is not finite.

    Every process calls it: under ZeRO-3 each holds a part of every tensor. Only a process with `write` gets a snapshot.
    The tensors of a model with an adapter are not those of a checkpoint, so they are left out.
    """
    logits = logits_of(model, ids)
    named = {} if hasattr(model, "peft_config") else model.state_dict(keep_vars=True)
    tensors = {}
    for name, tensor in named.items():
        with gathered(tensor):
            if write:
                if not torch.isfinite(tensor).all():
                    raise UserError(f"the weights of {name} are not finite: lower --learning-rate")
                tensors[name] = tensor_record(tensor.detach(), getattr(torch, precision))
    return Snapshot(tensors, ids, logits) if write else None


def gathered(tensor, change: bool = False):
    """A context in which a parameter that ZeRO-3 has sharded is whole; any other tensor is left as it is.

    change: what the first process writes into it is kept.
    """
    if not hasattr(tensor, "ds_id"):
        return contextlib.nullcontext()
    import deepspeed

    return deepspeed.zero.GatheredParameters([tensor], modifier_rank=0 if change else None)


@torch.no_grad()
def logits_of(model, ids: torch.Tensor) -> torch.Tensor:
    """Logits [rows, length, vocabulary or classes] in float32 on the CPU, without dropout."""
    training = model.training
    model.eval()
    try:
        device = next(model.parameters()).device
        return model(input_ids=ids.to(device), use_cache=False).logits.float().cpu()
    finally:
        model.train(training)


def tensor_record(tensor: torch.Tensor, precision: torch.dtype) -> dict:
    """{"dtype", "shape", "sha256"} of a tensor; one of floating point is rounded to `precision` first."""
    tensor = tensor.to("cpu", precision if tensor.is_floating_point() else tensor.dtype).contiguous()
    content = tensor.reshape(-1).view(torch.uint8).numpy()
    digest = hashlib.sha256(content).hexdigest()
    return {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape), "sha256": digest}


def verify_checkpoint(checkpoint: Path, snapshot: Snapshot, precision: str) -> None:
    """Read a checkpoint from the disk and compare it with the live model's snapshot; then write its weights.json.

    Raises UserError, naming the checkpoint and the first tensor that is wrong, missing or surplus.
    """
    reloaded = reload_model(checkpoint, precision)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        named = reloaded.state_dict()
        found = dict(zip(named, pool.map(lambda t: tensor_record(t, t.dtype), named.values()), strict=True))
    for name in sorted(snapshot.tensors.keys() | found.keys()):
        live, stored = snapshot.tensors.get(name), found.get(name)
        if stored != live:
            what = "is not in the" if stored is None else "is only in the" if live is None else "differs in the"
            raise UserError(f"{checkpoint}: {name} {what} saved checkpoint: {difference_of(live, stored)}")
    least = size_of_terms(reloaded, snapshot.ids) if holds_classes(reloaded.config.architectures) else 0.0
    distance = relative_distance(logits_of(reloaded, snapshot.ids), snapshot.logits, least)
    if not distance <= TOLERANCE[precision]:
        allowed = f"allowed: {TOLERANCE[precision]:g}"
        raise UserError(f"{checkpoint}: its logits are {distance:.2g} away from the trained model's, {allowed}")
    compared = {"shape": list(snapshot.logits.shape), "distance": distance, "allowed": TOLERANCE[precision]}
    write_json(checkpoint / WEIGHTS, {"files": describe_files(checkpoint), "logits": compared, "tensors": found})
    # A model is part of reference cycles; its memory is needed for the training.
    del reloaded, named
    gc.collect()


def difference_of(live: dict | None, stored: dict | None) -> str:
    """In words, how a stored tensor's record differs from the live one's; None: there is no such tensor."""
    if live is None or stored is None:
        return "the trained model has other tensors"
    keys = [key for key in ("dtype", "shape") if live[key] != stored[key]]
    return "; ".join(f"{key} {stored[key]}, trained {live[key]}" for key in keys) or "other values than were trained"


def relative_distance(found: torch.Tensor, expected: torch.Tensor, least: float = 0.0) -> float:
    """Norm of the difference over the norm of `expected`, after each row's mean is subtracted; inf for other shapes.

    least: a norm below which that of `expected` does not count.
    """
    found, expected = (logits.double() - logits.double().mean(-1, keepdim=True) for logits in (found, expected))
    if found.shape != expected.shape:
        return float("inf")
    return float((found - expected).norm() / expected.norm().clamp(min=max(least, 1e-12)))


@torch.no_grad()
def size_of_terms(model, ids: torch.Tensor) -> float:
    """The norm that a classifier's logits would have if the terms that they are sums of did not cancel.

    Two classes that a model hardly tells apart have logits near 0, whose rounding errors are as large as they are.
    """
    (name,) = head_names(model)
    weight = model.get_submodule(name).weight.double()
    hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state.double()
    return ((hidden**2) @ ((weight - weight.mean(0)) ** 2).T).sum().sqrt().item()


def reload_model(checkpoint: Path, precision: str):
    """The model in a checkpoint folder, on the CPU; UserError if weights are missing, surplus or unreadable."""
    if not list(checkpoint.glob("*.safetensors")):
        raise UserError(f"{checkpoint}: holds no weights as safetensors")
    with without_sharding():
        try:
            config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
            classes = holds_classes(config.get("architectures"))
            loader = AutoModelForTokenClassification if classes else AutoModelForCausalLM
            model, report = loader.from_pretrained(
                checkpoint, dtype=getattr(torch, precision), use_safetensors=True, output_loading_info=True
            )
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(f"{checkpoint}: cannot be read again: {reason}") from error
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if report.get(kind):
            names = ", ".join(sorted(map(str, report[kind]))[:3])
            raise UserError(f"{checkpoint}: the saved checkpoint has {kind.replace('_keys', ' tensors')}: {names}")
    return model.eval()


@contextlib.contextmanager
def without_sharding():
    """Load whole models in this process, although the model in training is sharded by ZeRO-3.

    transformers shards every model that it loads while this reference to DeepSpeed's configuration is set.
    """
    from transformers.integrations import deepspeed

    kept, deepspeed._hf_deepspeed_config_weak_ref = deepspeed._hf_deepspeed_config_weak_ref, None
    try:
        yield
    finally:
        deepspeed._hf_deepspeed_config_weak_ref = kept


def sync(folder: Path) -> None:
    """Wait until every file under `folder` is on disk, with the mode that the umask asks for."""
    follow_umask(folder)
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.fsync(file.fileno())


def take_checkpoint(saved: Path, checkpoint: Path, precision: str) -> None:
    """Make `checkpoint` from the plain files in a trainer's state, the weights in `precision`."""
    shutil.rmtree(checkpoint, ignore_errors=True)
    checkpoint.mkdir(parents=True)
    for path in {path for pattern in PLAIN_FILES for path in saved.glob(pattern)}:
        if path.suffix == ".safetensors":
            copy_weights(path, checkpoint / path.name, getattr(torch, precision))
        elif path.name == "config.json":
            config = json.loads(path.read_text(encoding="utf-8"))
            write_json(checkpoint / path.name, config | {"dtype": precision})
        elif path.name != "trainer_state.json":
            shutil.copyfile(path, checkpoint / path.name)


def copy_weights(source: Path, target: Path, precision: torch.dtype) -> None:
    """Copy a safetensors file, its tensors cast if they have another precision."""
    weights = load_file(source)
    if all(tensor.dtype == precision for tensor in weights.values()):
        link_or_copy(source, target)
    else:
        cast = {name: tensor.to(precision) for name, tensor in weights.items()}
        save_file(cast, target, metadata={"format": "pt"})


def take_merged(saved: Path, checkpoint: Path, base, tokenizer, precision: str) -> dict[str, dict]:
    """Make `checkpoint` from a base model and the adapter in a trainer's state, merged into one plain model.

    base: the untrained model in float32, whole and on the CPU; it is changed. Returns the merged tensors' records.
    """
    from peft import PeftModel

    shutil.rmtree(checkpoint, ignore_errors=True)
    merged = PeftModel.from_pretrained(base, saved).merge_and_unload().to(getattr(torch, precision))
    tensors = {name: tensor_record(tensor, tensor.dtype) for name, tensor in merged.state_dict().items()}
    merged.save_pretrained(checkpoint)
    tokenizer.save_pretrained(checkpoint)
    return tensors
