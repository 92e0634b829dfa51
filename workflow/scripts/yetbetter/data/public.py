"""Public data sets: their published files, downloaded or local, and the splits that are made of them.

The module of a public data set has
    FILES           role -> names under which a folder may hold the file; the roles that the splits are made from
    SIZES           split -> number of its problems, the most that a config may ask for
    ANSWER_FORMATS  conventions in which the grader reads every gold answer back
    HASHES          split -> digest_of_problems of the whole split, as it was when the module was written, or None
    SOURCES         role -> what is downloaded, at a pinned revision: see `downloads`
    unpack(files) -> {name: rows}           what the downloads leave in a folder, under the names in FILES
    build(files, answer_format) -> Parts    the splits, see `splits`
where `files` is role -> path. It may have
    complete(rows, files) -> rows           problems of a split with what takes long to make, for those asked for
"""

from pathlib import Path
from types import ModuleType

from yetbetter.data.splits import check_disjoint, drop_shown
from yetbetter.errors import UserError
from yetbetter.records import digest_of, digest_of_problems, read_json, write_rows

SOURCE = "source.json"
# Keys of the config that name a further folder: only with `data_dir`.
FURTHER_FOLDERS = ("functional_dir", "humaneval_dir", "ifeval_dir")
# The config's key of public data sets, as a schema.
DATA_DIR = {
    "description": "A folder that holds the data set's files (docs/data.md). Without it they are downloaded, at a"
    " pinned revision.",
    "$ref": "#/$defs/path",
}


def check_entry(key: str, dataset: str, entry: dict, module: ModuleType) -> None:
    """UserError for a split that the data set does not have or that is smaller, a bad answer format, a missing file."""
    adapter = entry["adapter"]
    for split, asked in entry["splits"].items():
        if split not in module.SIZES:
            raise UserError(f"{key}.splits: {adapter} has no {split!r} (has: {', '.join(module.SIZES)})")
        if asked > module.SIZES[split]:
            raise UserError(f"{key}.splits.{split}: {asked}, {adapter} has only {module.SIZES[split]}")
    if entry["answer"] not in module.ANSWER_FORMATS:
        allowed = ", ".join(module.ANSWER_FORMATS)
        raise UserError(
            f"{key}.answer: {entry['answer']!r} cannot state every answer of {adapter} (allowed: {allowed})"
        )
    for further in FURTHER_FOLDERS:
        if further in entry and "data_dir" not in entry:
            raise UserError(f"{key}.{further}: goes with data_dir, which is missing")
    if "data_dir" in entry:
        try:
            find_files(adapter, module, local_folders(entry))
        except UserError as error:
            raise UserError(f"{key}.data_dir: {error}") from None


def local_folders(entry: dict) -> list[str]:
    """The folders that a data set's config entry names; none if its files are downloaded."""
    return list(dict.fromkeys(entry[key] for key in ("data_dir", *FURTHER_FOLDERS) if key in entry))


def find_files(adapter: str, module: ModuleType, folders: list[str | Path]) -> dict[str, Path]:
    """role -> path of the data set's files, in the first folder that has one. UserError for a missing one."""
    files = {}
    for role, names in module.FILES.items():
        found = [Path(folder, name) for folder in folders for name in names if Path(folder, name).is_file()]
        if not found:
            raise UserError(f"{', '.join(map(str, folders))}: no {' or '.join(names)}, which {adapter} needs")
        files[role] = found[0]
    return files


def download(module: ModuleType, folder: Path) -> tuple[dict, dict]:
    """Download a data set's files into a folder; (sources, files): where they come from, their rows and digests."""
    folder.mkdir(parents=True, exist_ok=True)
    fetched = {role: source.fetch(folder) for role, source in module.SOURCES.items()}
    unpacked = module.unpack(fetched)
    for name, rows in unpacked.items():
        write_rows(folder / name, rows)
    sources = {
        role: source.describe() | {"sha256": digest_of(fetched[role])} for role, source in module.SOURCES.items()
    }
    files = {name: {"rows": len(rows), "sha256": digest_of(folder / name)} for name, rows in unpacked.items()}
    return sources, files


def import_split(
    adapter: str,
    module: ModuleType,
    folders: list[Path],
    split: str,
    questions: int,
    answer_format: str,
    prompts: dict[str, str],
) -> tuple[list[dict], dict]:
    """The first problems of a split, and facts for its sidecar.

    folders: where the data set's files are. prompts: name -> template; problems that one shows as an example are left
    out. Raises UserError for an answer format or split that the data set does not have, and for too few problems.
    """
    if answer_format not in module.ANSWER_FORMATS:
        allowed = ", ".join(module.ANSWER_FORMATS)
        raise UserError(f"--answer-format is {answer_format!r}, {adapter} allows: {allowed}")
    files = find_files(adapter, module, folders)
    source = read_source(files)
    parts = module.build(files, answer_format)
    drop_shown(parts, prompts)
    check_disjoint(parts.splits, adapter)
    if split not in parts.splits:
        raise UserError(f"--split is {split!r}, {adapter} has: {', '.join(parts.splits)}")
    rows = parts.splits[split]
    if len(rows) < questions:
        raise UserError(f"{adapter}: {split} has {len(rows):,} problems, {questions:,} are asked for")
    rows = rows[:questions]
    if complete := getattr(module, "complete", None):
        rows = complete(rows, files)
    hashes = {split: digest_of_problems(whole) for split, whole in parts.splits.items()}
    facts = {
        "hash": digest_of_problems(rows),
        "counts": {split: len(rows) for split, rows in parts.splits.items()} | {"written": questions},
        "hashes": hashes,
        "documented": {split: found == module.HASHES[split] for split, found in hashes.items() if module.HASHES[split]},
        "source": source,
        "files": {role: {"name": path.name, "sha256": digest_of(path)} for role, path in files.items()},
        "left_out": parts.left_out,
    }
    return rows, facts


def read_source(files: dict[str, Path]) -> dict:
    """Where the files come from: the source.json of a downloaded folder, else the folders.

    UserError for a downloaded file that was changed afterwards.
    """
    folders = {path.parent for path in files.values()}
    listed = [read_json(folder / SOURCE, require=("files",)) for folder in folders if (folder / SOURCE).is_file()]
    if not listed:
        return {"folders": sorted(map(str, folders))}
    for path in files.values():
        digest = listed[0]["files"].get(path.name, {}).get("sha256")
        if digest and digest != digest_of(path):
            raise UserError(f"{path}: not as it was downloaded (SHA-256 differs from {SOURCE}); delete its folder")
    return listed[0]
