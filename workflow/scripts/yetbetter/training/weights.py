"""The size and hash of every weight file of a checkpoint, recorded in its weights.json. Needs no torch."""

from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.records import digest_of, read_json

WEIGHTS = "weights.json"


def describe_files(checkpoint: Path) -> dict[str, dict]:
    """Size in bytes and SHA-256 of each weight file of a checkpoint, by its name."""
    paths = sorted(checkpoint.glob("*.safetensors"))
    return {path.name: {"bytes": path.stat().st_size, "sha256": digest_of(path)} for path in paths}


def check_files(checkpoint: Path) -> None:
    """UserError if a weight file is missing or is not, byte for byte, the one that was verified."""
    for name, verified in read_json(checkpoint / WEIGHTS, require=("files",))["files"].items():
        path = checkpoint / name
        found = path.stat().st_size if path.exists() else "no"
        if found != verified["bytes"]:
            raise UserError(f"{path}: holds {found} bytes, {verified['bytes']} were verified")
        if digest_of(path) != verified["sha256"]:
            raise UserError(f"{path}: its bytes are not those that were verified")
