"""Losing checkpoints: deleted once all are scored, each leaving a note that says what it was.

The note keeps the folder's identity, so that an evaluation of all checkpoints stays the same evaluation, repeated from
its draft. A model folder's files are hard links of its draft's, so both are emptied; the draft's seal follows.
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
    """The model's identity, of a removed one what it was."""
    if is_removed(checkpoint):
        return read_json(Path(checkpoint) / NOTE, require=("identity",))["identity"]
    return model_identity(str(checkpoint))


def best_of_each_rate(accuracy: dict[str, float]) -> list[str]:
    """Of checkpoints named RATE/CHECKPOINT, earliest first, the one of each rate that validation puts first."""
    best: dict[str, str] = {}
    for name, value in accuracy.items():
        rate = name.partition("/")[0]
        if rate not in best or value > accuracy[best[rate]]:
            best[rate] = name
    return list(best.values())


def remove_losers(folders: dict[str, str], accuracy: dict[str, float], drafts: str | Path | None) -> None:
    """Delete all checkpoints but the best of each rate, here and in the drafts that they were published from.

    folders: of all checkpoints, by name. A rate whose best is not there any more keeps what it has.
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
    """Empty one checkpoint's folder; what a kill in between left is finished by the next call."""
    note = {"identity": identity_of(checkpoint)} | facts
    place = place_of(checkpoint.parent, drafts)
    if place.is_dir():
        with hold_lock(place / "lock"):
            for twin in place.glob(f"*/*/{checkpoint.name}"):
                if identity_of(twin) == note["identity"]:
                    write_json(twin / NOTE, note)
                    Draft(twin.parents[1]).forget_all_but(twin / NOTE)
                    empty(twin)
    if not is_removed(checkpoint):
        write_json(checkpoint / NOTE, note)
    empty(checkpoint)


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != NOTE:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def require_checkpoint(checkpoint: str | Path, drafts: str | Path | None) -> None:
    """UserError where a checkpoint that is needed now was removed."""
    if is_removed(checkpoint):
        kept = read_json(Path(checkpoint) / NOTE).get("kept")
        folder = Path(checkpoint).parent
        raise UserError(
            f"{checkpoint}: removed when {kept} was chosen (keep: best), and needed again;"
            f" delete {folder} and {place_of(folder, drafts)} to train it again"
        )
