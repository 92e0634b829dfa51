"""Data sets as adapters: what each of them is made of, and how its rows become problems.

An adapter is a module with
    FILES      role -> names under which a folder may hold the file; the roles that its splits are made from
    SIZES      split -> problems that the split has, which is the most that a config may ask for
    ANSWER_FORMATS  conventions in which the grader reads every gold answer back
    HASHES     split -> digest_of_problems of the whole split, as it was when the adapter was written
    SOURCES    what is downloaded, at pinned revisions, and
    unpack(files) -> {name: rows}   what that leaves in a folder, under the names in FILES
    build(files, answer_format) -> Parts
where `files` is role -> path. `problem_splits` holds what the adapters share.
"""

from pathlib import Path
from types import ModuleType

from yetbetter.data import gsm8k, hendrycks_math
from yetbetter.errors import UserError

ADAPTERS: dict[str, ModuleType] = {"gsm8k": gsm8k, "math": hendrycks_math}


def local_folders(entry: dict) -> list[str]:
    """The folders that a data set's config entry names; none where its files are downloaded."""
    return list(dict.fromkeys(entry[key] for key in ("data_dir", "functional_dir") if key in entry))


def find_files(adapter: str, folders: list[str | Path]) -> dict[str, Path]:
    """role -> path of the adapter's files, in the first folder that has one. UserError for a missing one."""
    files = {}
    for role, names in ADAPTERS[adapter].FILES.items():
        found = [Path(folder, name) for folder in folders for name in names if Path(folder, name).is_file()]
        if not found:
            raise UserError(f"{', '.join(map(str, folders))}: no {' or '.join(names)}, which {adapter} needs")
        files[role] = found[0]
    return files
