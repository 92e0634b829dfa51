"""The disk space that a finetuning needs, printed and checked before it starts."""

import shutil
import sys
from pathlib import Path

from yetbetter.errors import UserError

BYTES = {"float32": 4, "bfloat16": 2}
# Bytes in a trainer's state for each trained parameter: AdamW's two moments in float32; with DeepSpeed also its copy
# in float32, and the weights twice, as the trainer saves them and as the processes hold them.
MOMENTS, MASTER = 8, 4


def needed_bytes(parameters: int, trained: int, precision: str, deepspeed: bool) -> tuple[int, int]:
    """Bytes of (one checkpoint, one state to continue from)."""
    size = BYTES[precision]
    # Without DeepSpeed, training is in float32 whatever the checkpoints are in.
    per_parameter = MOMENTS + (MASTER + 2 * size if deepspeed else BYTES["float32"])
    return parameters * size, trained * per_parameter


def check_disk(folder: Path, checkpoint: int, state: int, checkpoints: int, states: int = 2) -> None:
    """Print the disk needed and free as one line; UserError if it is not enough.

    folder: the draft; what it holds already counts as free, since it is part of what is needed. checkpoint, state:
    bytes of each. states: how many exist at the same time; the older one is deleted when the newer one is complete.
    """
    held = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    free, needed = shutil.disk_usage(folder).free + held, checkpoints * checkpoint + states * state
    what = f"{checkpoints} checkpoints of {readable(checkpoint)}, {states} states to continue from of {readable(state)}"
    line = f"disk: needs {readable(needed)} ({what}), {readable(free)} free"
    if needed > free:
        raise UserError(f"{line} where {folder} is: fewer --checkpoints, or another --drafts")
    print(line, file=sys.stderr)


def readable(size: int) -> str:
    """A number of bytes as text, with three digits and a unit."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.3g} {unit}"
    return f"{size / 1e3:.3g} kB"
