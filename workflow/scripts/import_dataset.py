"""The problems of one split of a public data set, and beside them a sidecar that says where they come from.

    python import_dataset.py --adapter gsm8k --folder data/gsm8k --split train --questions 6973 \\
        --answer-format the_answer_is --prompt resources/prompts/gsm8k_8shot.txt --output train.jsonl

The folder holds the data set's files as published, or as fetch_dataset.py left them (with a source.json). Splits and
their orders are fixed: the first so many problems of a split are a random choice, the same on every machine.
"""

import argparse
from pathlib import Path

from yetbetter.data import ADAPTERS, find_files
from yetbetter.data.splits import check_disjoint, drop_shown
from yetbetter.errors import UserError
from yetbetter.generation.prompts import read_template
from yetbetter.grading import CONVENTIONS
from yetbetter.program import run, write_sidecar
from yetbetter.records import digest_of, digest_of_problems, read_json, write_rows

SOURCE = "source.json"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--adapter", required=True, choices=list(ADAPTERS))
    add("--folder", required=True, type=Path, nargs="+", help="where the data set's files lie; several are searched")
    add("--split", required=True)
    add("--questions", required=True, type=int, help="how many problems to keep, from the first on")
    add("--answer-format", required=True, choices=list(CONVENTIONS), help="how human solutions state their answer")
    add("--prompt", type=Path, nargs="*", default=[], help="templates; problems that they show are left out")
    add("--output", required=True, type=Path, help="problems, JSON Lines")
    add("--about", type=Path, help="sidecar (default: beside the output, .about.json)")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    adapter = ADAPTERS[arguments.adapter]
    if arguments.answer_format not in adapter.ANSWER_FORMATS:
        allowed = ", ".join(adapter.ANSWER_FORMATS)
        raise UserError(f"--answer-format is {arguments.answer_format!r}, {arguments.adapter} allows: {allowed}")
    files = find_files(arguments.adapter, arguments.folder)
    source = read_source(files)
    parts = adapter.build(files, arguments.answer_format)
    drop_shown(parts, {path.name: read_template(path) for path in arguments.prompt})
    check_disjoint(parts.splits, arguments.adapter)
    if arguments.split not in parts.splits:
        raise UserError(f"--split is {arguments.split!r}, {arguments.adapter} has: {', '.join(parts.splits)}")
    rows = parts.splits[arguments.split]
    if len(rows) < arguments.questions:
        raise UserError(
            f"{arguments.adapter}: {arguments.split} has {len(rows):,} problems, {arguments.questions:,} are asked for"
        )
    hashes = {split: digest_of_problems(rows) for split, rows in parts.splits.items()}
    for split in (split for split, found in hashes.items() if found != adapter.HASHES[split]):
        print(f"{split} is not the split that is documented: other source files, or a prompt that shows its problems")
    write_rows(arguments.output, rows[: arguments.questions])
    write_sidecar(
        arguments.about or arguments.output.with_suffix(".about.json"),
        arguments,
        hash=digest_of_problems(rows[: arguments.questions]),
        counts={split: len(rows) for split, rows in parts.splits.items()} | {"written": arguments.questions},
        hashes=hashes,
        documented={split: found == adapter.HASHES[split] for split, found in hashes.items()},
        source=source,
        files={role: {"name": path.name, "sha256": digest_of(path)} for role, path in files.items()},
        left_out=parts.left_out,
    )
    print(f"{arguments.questions:,} of {len(rows):,} problems, {len(parts.left_out):,} rows left out of all splits")


def read_source(files: dict[str, Path]) -> dict:
    """What source.json says of a downloaded folder, its files being the ones it lists; else the files' folders."""
    folders = {path.parent for path in files.values()}
    listed = [read_json(folder / SOURCE, require=("files",)) for folder in folders if (folder / SOURCE).is_file()]
    if not listed:
        return {"folders": sorted(map(str, folders))}
    for path in files.values():
        digest = listed[0]["files"].get(path.name, {}).get("sha256")
        if digest and digest != digest_of(path):
            raise UserError(f"{path}: not as it was downloaded (SHA-256 differs from {SOURCE}); delete its folder")
    return listed[0]


if __name__ == "__main__":
    run(main)
