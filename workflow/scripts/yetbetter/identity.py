"""What makes two results the same: fingerprints of settings, random streams from identities."""

import hashlib
import json
from pathlib import Path

from yetbetter.records import digest_of

# The files that a model's output depends on; other files in its folder (a README, logs) do not change it.
MODEL_FILES = (
    *("*.safetensors", "*.safetensors.index.json", "config.json", "generation_config.json"),
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    *("*.model", "vocab.json", "merges.txt", "chat_template.jinja"),
)
WHOLE, PIECES = 64 * 2**20, 64  # bytes up to which a file is read whole; pieces of 1 MiB read of a larger one


def fingerprint(settings: dict) -> str:
    """Sixteen hexadecimal digits that change if any setting changes."""
    canonical = json.dumps(settings, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def differences(old: dict, new: dict) -> str:
    """The settings that differ, in words: 'temperature was 0.7, is 0.8; top_k was 3, is 4'."""
    keys = [key for key in {**old, **new} if (key in old, old.get(key)) != (key in new, new.get(key))]
    return "; ".join(f"{key} was {show(old, key)}, is {show(new, key)}" for key in keys)


def show(settings: dict, key: str) -> str:
    return repr(settings[key]) if key in settings else "not set"


def stream_seed(*identity: str | int) -> int:
    """A 63-bit seed from an identity such as (model, problem, sample), independent of order, time and shard."""
    canonical = json.dumps(identity, ensure_ascii=True)
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "big") >> 1


def model_identity(path: str, revision: str | None = None) -> str:
    """Identity of a model: the digest of its files if it is a folder, else its hub id and revision."""
    folder = Path(path)
    if not folder.is_dir():
        return f"{path}@{revision or 'main'}"
    files = sorted(file for pattern in MODEL_FILES for file in folder.glob(pattern) if file.is_file())
    return fingerprint({file.name: sketch_of(file) for file in files})


def sketch_of(path: Path) -> str:
    """A file's digest; of a large file from its size and evenly spaced pieces, since every start of the workflow asks.

    Training moves all weights, so the pieces distinguish two models; they may miss a few flipped bits.
    """
    size = path.stat().st_size
    if size <= WHOLE:
        return digest_of(path)
    digest = hashlib.sha256(str(size).encode())
    with open(path, "rb") as file:
        for piece in range(PIECES):
            file.seek((size - 2**20) * piece // (PIECES - 1))
            digest.update(file.read(2**20))
    return digest.hexdigest()
