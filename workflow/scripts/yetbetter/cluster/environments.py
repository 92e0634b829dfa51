"""Where a tool's packages are: in the Python that runs Snakemake, in a ready environment, or in a container's image."""

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
    """What stands before a command whose job asks for so many GPUs on each node; where it asks for none, it sees none.

    Else it would take one that jobs were given, wherever nothing but their number keeps them apart.
    """
    return f"{ASKED}={count} " if count else "CUDA_VISIBLE_DEVICES= "


def check_environments(key: str, environments: dict) -> None:
    """UserError, starting with `key`, for an image that is not there, or a folder without a Python."""
    for tool, place in environments.items():
        if place.endswith(".sif"):
            if not Path(place).is_file():
                raise UserError(f"{key}.{tool}: {place!r}: no such image")
        elif not (Path(place) / "bin" / "python").exists():
            hint = "; make environment-vllm makes it" if place == ".venv-vllm" else ""
            allowed = "allowed: a folder that holds bin/python, or a container's image, NAME.sif"
            raise UserError(f"{key}.{tool}: {place!r} holds no bin/python ({allowed}){hint}")
