"""Where a tool's packages are: the Python that runs Snakemake, an environment, or a container image."""

import shlex
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.job import ASKED


def python_of(environments: dict, tool: str) -> str:
    """The command of the Python that holds a tool, for a shell."""
    place = environments.get(tool)
    if place is None:
        return "python"
    if place.endswith(".sif"):
        return f"python workflow/scripts/run_in_container.py {shlex.quote(place)} python"
    return shlex.quote(f"{place}/bin/python")


def tell_gpus(count: int) -> str:
    """Prefix for a command whose job requests `count` GPUs on each node; without GPUs, they are hidden from it.

    Otherwise it would use another job's GPU on clusters that count GPUs but do not hide them.
    """
    return f"{ASKED}={count} " if count else "CUDA_VISIBLE_DEVICES= "


def check_environments(key: str, environments: dict) -> None:
    """UserError, starting with `key`, for an image that does not exist, or a folder without a Python."""
    for tool, place in environments.items():
        if place.endswith(".sif"):
            if not Path(place).is_file():
                raise UserError(f"{key}.{tool}: {place!r}: no such image")
        elif not (Path(place) / "bin" / "python").exists():
            hint = "; make environment-vllm makes it" if place == ".venv-vllm" else ""
            allowed = "allowed: a folder that holds bin/python, or a container's image, NAME.sif"
            raise UserError(f"{key}.{tool}: {place!r} holds no bin/python ({allowed}){hint}")
