"""Faults of a model's folder, found without loading it: pointers, pickles, missing shards, incomplete files.

Needs only the standard library, so a dry run and a program's first second can report it.
"""

import json
import re
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.file_kinds import BOM
from yetbetter.records import read_json

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
POINTER = b"version https://git-lfs.github.com/spec/"
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "*.spm", "*.tiktoken", "tekken.json")
SETTINGS = ("config.json", "generation_config.json", "tokenizer_config.json")
# Files of these names hold what transformers or vLLM reads.
READ = ("*.safetensors", "*.json", "*.model", "*.txt", "*.jinja", "*.tiktoken")


def check_model_folder(model: str, planning: bool = False) -> None:
    """UserError, naming the file, if the folder `model` cannot be loaded. A hub id is not checked here.

    planning: allow a folder without any weights, whose config.json is enough for a forecast.
    """
    folder = Path(model)
    if not folder.is_dir():
        return
    whole = [folder / WEIGHTS, folder / INDEX]
    if (folder / "adapter_config.json").is_file() and not any(path.is_file() for path in whole):
        raise UserError(
            f"{model}: holds an adapter (adapter_config.json) without the model that it adapts; merge it into that"
            " model (merge_and_unload of peft) and save the result"
        )
    if not (folder / "config.json").is_file():
        raise UserError(f"{model}: no config.json in this folder, so it holds no model")
    refuse_pointers(folder)
    for name in SETTINGS:
        check_json(folder / name)
    check_weights(folder, planning)


def find_shards(folder: Path) -> list[Path]:
    """The files that hold the folder's weights; none if there are no safetensors. UserError if a shard is missing."""
    index = folder / INDEX
    if (folder / WEIGHTS).is_file():
        shards = [WEIGHTS]
    elif index.is_file():
        named = read_json(index, require=("weight_map",))["weight_map"]
        if not isinstance(named, dict):
            raise UserError(f"{index}: weight_map is not a JSON object")
        shards = sorted(set(map(str, named.values())))
        missing = [name for name in shards if not (folder / name).is_file()]
        if missing:
            raise UserError(
                f"{index}: names {missing[0]}, which is not in this folder ({len(missing)} of {len(shards)} files are"
                " missing); copy or download the model again"
            )
    else:
        shards = sorted(path.name for path in folder.glob("*.safetensors"))
    return [folder / name for name in shards]


def check_weights(folder: Path, planning: bool = False) -> None:
    """UserError for weights that are missing, pickled or cut short."""
    shards = find_shards(folder)
    if not shards:
        pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
        if planning and not pickles:
            return
        held = f"only pickles ({', '.join(pickles[:3])}), which can run any code and are not loaded" if pickles else ""
        raise UserError(
            f"{folder}: no {WEIGHTS} in this folder, {held or 'so it holds no weights'}; copy the model's weights to it"
            " as safetensors, or convert them with save_pretrained of transformers"
        )
    for path in shards:
        if not path.is_file():
            what = "a link to a file that is not there" if path.is_symlink() else "not a file"
            raise UserError(f"{path}: {what}; copy or download the model again")
        read_shapes(path)


def read_shapes(path: Path) -> dict[str, list[int]]:
    """Name -> shape of a safetensors file's tensors. UserError if the file's length is not what its header says."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        try:
            header = json.loads(file.read(length)) if 2 <= length <= size - 8 else None
            header.pop("__metadata__", None)
            ends = [entry["data_offsets"][1] for entry in header.values()]
            shapes = {name: entry["shape"] for name, entry in header.items()}
        except (ValueError, TypeError, AttributeError, KeyError, IndexError):
            raise UserError(
                f"{path}: {size:,} bytes without a whole header: not a safetensors file, or cut short; copy or"
                " download it again"
            ) from None
    whole = 8 + length + max(ends, default=0)
    if size < whole:
        raise UserError(
            f"{path}: holds {size:,} bytes of {whole:,}, its header is not fully covered: it was cut short; copy or"
            " download it again"
        )
    if size > whole:
        raise UserError(f"{path}: holds {size:,} bytes, its header names {whole:,}; copy or download it again")
    return shapes


def check_json(path: Path) -> None:
    """UserError for a file that is not JSON: transformers ignores some of those without a message."""
    if not path.is_file():
        return
    with open(path, "rb") as file:
        if file.read(len(BOM)) == BOM:
            raise UserError(f"{path}: begins with a byte order mark, which transformers does not read; save it without")
    read_json(path)


def refuse_pointers(folder: Path) -> None:
    """UserError for a file that git-lfs left as a pointer of three lines."""
    for path in sorted(path for pattern in READ for path in folder.glob(pattern)):
        if not path.is_file():
            continue
        with open(path, "rb") as file:
            if file.read(len(POINTER)) == POINTER:
                raise UserError(
                    f"{path}: a pointer of git-lfs, not the file itself; run `git lfs pull` in the model's repository"
                )


def fault_of_folder(folder: Path) -> str | None:
    """Why a config or tokenizer could not be loaded from this folder, if its files show the reason."""
    try:
        refuse_pointers(folder)
    except UserError as error:
        return str(error)
    for path in sorted(folder.glob("*.json")):
        try:
            check_json(path)
        except UserError as error:
            return str(error)
    if not any(path for pattern in TOKENIZERS for path in folder.glob(pattern)):
        return "no tokenizer.json (nor tokenizer.model or vocab.json) in this folder; copy the tokenizer's files to it"
    return None
