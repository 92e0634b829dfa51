"""Continuing a finetuning with another number of processes, by DeepSpeed's universal checkpoint.

DeepSpeed writes a state in as many parts as there are processes, and only the same number of processes can read it. A
universal checkpoint is made from those parts and holds every parameter and its moments whole.
"""

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

from yetbetter.errors import UserError

# The last file that DeepSpeed writes of a universal checkpoint, next to the parts of the state.
LATEST = "latest_universal"


def make_universal(state: Path, written: int, reading: int, config: dict, weight_decay: float) -> None:
    """Add the universal checkpoint to a trainer's state, unless it has one.

    written, reading: the numbers of processes that wrote the state and will read it. config: DeepSpeed's. Needs as much
    disk again as the state. Raises UserError, with the reason, if none can be made.
    """
    if (state / LATEST).exists():
        return
    if weight_decay and config["zero_optimization"]["stage"] == 3:
        reason = "its ZeRO-3 forgets which weights do not decay (--weight-decay)"
    else:
        reason = convert(state)
    if reason:
        raise UserError(
            f"{state}: written by {written} processes, and DeepSpeed makes no checkpoint of it that {reading} could"
            f" read: {reason}; continue with {written}, or remove it to start again"
        )


def convert(state: Path) -> str | None:
    """Write the universal checkpoint; the reason if that failed, else None."""
    (parts,) = (path for path in state.glob("global_step*") if not path.name.endswith("_universal"))
    universal = parts.with_name(f"{parts.name}_universal")
    shutil.rmtree(universal, ignore_errors=True)  # left incomplete by a killed run
    command = [sys.executable, "-m", "deepspeed.checkpoint.ds_to_universal", "--inject_missing_state"]
    command += ["--input_folder", str(parts), "--output_folder", str(universal)]
    command += ["--num_extract_workers", "1", "--num_merge_workers", "1"]
    made = subprocess.run(command, env=os.environ | {"DS_ACCELERATOR": "cpu"}, capture_output=True, text=True)
    if made.returncode == 0:
        return None
    return (made.stderr.strip().splitlines() or [f"it ended with {made.returncode}"])[-1][:200]


def read_universal(config: dict) -> None:
    """Change DeepSpeed's configuration so that a universal checkpoint is read."""
    config["checkpoint"] = config.get("checkpoint", {}) | {"load_universal": True}


def untie_steps(optimizer) -> None:
    """Give every group of parameters a count of steps of its own.

    From a universal checkpoint, DeepSpeed 0.19's ZeRO-3 gives all groups the same tensor, which AdamW would increase
    once for each group.
    """
    while hasattr(optimizer, "optimizer"):  # Accelerate's wrapper, then DeepSpeed's
        optimizer = optimizer.optimizer
    for state in optimizer.state.values():
        state["step"] = copy.deepcopy(state["step"])
