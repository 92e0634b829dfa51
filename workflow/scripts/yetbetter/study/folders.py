"""Folders of a run: whether Snakemake can write there, names of results folders, and whether two can be compared."""

import os
from pathlib import Path

from yetbetter.errors import UserError


def check_writable(folder: str | Path = ".") -> None:
    """UserError if this user may not write to the folder: even a dry run of Snakemake keeps locks there."""
    kept = Path(folder) / ".snakemake"
    for place in (Path(folder) if not kept.exists() else kept, kept / "locks"):
        if place.exists() and not os.access(place, os.W_OK | os.X_OK):
            raise UserError(
                f"{place.absolute()}: you may not write there, and Snakemake keeps its locks there, also those of a dry"
                " run; clone the repository to a folder of your own, or let the owner share this one (docs/cluster.md)"
            )


def check_other(other: object, here: str | Path) -> Path:
    """The folder to compare with; UserError if it has no tables or is `here`."""
    if not isinstance(other, str) or not other:
        raise UserError(f"other: {other!r} is not a results folder (for example: --config other=results/pocket)")
    folder = Path(other)
    if not any(folder.glob("tables/*.csv")):
        raise UserError(f"other: {other!r} holds no tables/*.csv (a results folder has them after `snakemake tables`)")
    if folder.resolve() == Path(here).resolve():
        raise UserError(f"other: {other!r} is this study's own folder, name another study's")
    return folder


def name_of(folder: Path) -> str:
    """A results folder's name in paths: pocket, or pocket-study for all experiments of pocket."""
    parts = [part for part in folder.resolve().parts if part != "results"]
    return parts[-1] if parts[-1] not in ("study", "partial") else "-".join(parts[-2:])
