"""Losing checkpoints: deleted once all are scored; each leaves a note that says what it was.

The note keeps the folder's identity, so that an evaluation of all checkpoints keeps its settings and is repeated from
its draft. A model folder's files are hard links to its draft's, so both are emptied; the draft's seal is adjusted.
"""

import shutil
import sys
from pathlib import Path

from yetbetter.drafts import Draft, hold_lock, place_of
from yetbetter.errors import UserError
from yetbetter.identity import model_identity
from yetbetter.records import read_json, write_json

NOTE = "removed.json"


def is_removed(checkpoint: str | Path) -> bool:
    return (Path(checkpoint) / NOTE).exists()


def identity_of(checkpoint: str | Path) -> str:
    """The identity of a checkpoint's model, also if it was removed."""
    if is_removed(checkpoint):
        return read_json(Path(checkpoint) / NOTE, require=("identity",))["identity"]
    return model_identity(str(checkpoint))


def best_of_each_rate(accuracy: dict[str, float]) -> list[str]:
    """Of checkpoints named RATE/CHECKPOINT, earliest first, the one of each rate with the best validation score."""
    best: dict[str, str] = {}
    for name, value in accuracy.items():
        rate = name.partition("/")[0]
        if rate not in best or value > accuracy[best[rate]]:
            best[rate] = name
    return list(best.values())


def remove_losers(folders: dict[str, str], accuracy: dict[str, float], drafts: str | Path | None) -> None:
    """Delete all checkpoints but the best of each rate, here and in the drafts that they were published from.

    folders: of all checkpoints, by name. A rate whose best was removed keeps what it has.
    """
    removed = 0
    for winner in best_of_each_rate(accuracy):
        if is_removed(folders[winner]):
            continue
        rate = winner.partition("/")[0]
        for name in accuracy:
            if name != winner and name.partition("/")[0] == rate:
                removed += not is_removed(folders[name])
                remove_checkpoint(Path(folders[name]), drafts, {"validation": accuracy[name], "kept": winner})
    if removed:
        print(f"removed {removed} checkpoints that others of their learning rate beat on validation", file=sys.stderr)


def remove_checkpoint(checkpoint: Path, drafts: str | Path | None, facts: dict) -> None:
    """Empty one checkpoint's folder; after a kill in between, the next call finishes it."""
    note = {"identity": identity_of(checkpoint)} | facts
    place = place_of(checkpoint.parent, drafts)
    if place.is_dir():
        with hold_lock(place / "lock"):
            for twin in place.glob(f"*/*/{checkpoint.name}"):
                if identity_of(twin) == note["identity"]:
                    write_json(twin / NOTE, note)
                    Draft(twin.parents[1]).forget_all_but(twin / NOTE)
                    empty_folder(twin)
    if not is_removed(checkpoint):
        write_json(checkpoint / NOTE, note)
    empty_folder(checkpoint)


def empty_folder(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != NOTE:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def require_checkpoint(checkpoint: str | Path, drafts: str | Path | None) -> None:
    """UserError if a checkpoint that is needed now was removed."""
    if is_removed(checkpoint):
        kept = read_json(Path(checkpoint) / NOTE).get("kept")
        folder = Path(checkpoint).parent
        raise UserError(
            f"{checkpoint}: removed when {kept} was chosen (keep: best), and needed again;"
            f" delete {folder} and {place_of(folder, drafts)} to train it again"
        )
