"""Download a public data set, at pinned revisions and with its digests checked, into one folder of JSON Lines files.

    python fetch_dataset.py --adapter gsm8k --output downloads/gsm8k/source.json

The files lie beside the output, under the names that a local `data_dir` would hold them; source.json says where each
comes from and what its digest is. Needs the network; what the hub's cache already holds is not downloaded again.
"""

import argparse
from pathlib import Path

from yetbetter.data import ADAPTERS
from yetbetter.program import run, write_sidecar
from yetbetter.records import digest_of, write_rows


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adapter", required=True, choices=list(ADAPTERS))
    parser.add_argument("--output", required=True, type=Path, help="source.json; the data set's files come beside it")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    adapter, folder = ADAPTERS[arguments.adapter], arguments.output.parent
    folder.mkdir(parents=True, exist_ok=True)
    fetched = {role: source.fetch(folder) for role, source in adapter.SOURCES.items()}
    unpacked = adapter.unpack(fetched)
    for name, rows in unpacked.items():
        write_rows(folder / name, rows)
    write_sidecar(
        arguments.output,
        arguments,
        sources={
            role: source.describe() | {"sha256": digest_of(fetched[role])} for role, source in adapter.SOURCES.items()
        },
        files={name: {"rows": len(rows), "sha256": digest_of(folder / name)} for name, rows in unpacked.items()},
    )
    print(f"{arguments.adapter}: " + ", ".join(f"{name} {len(rows):,} rows" for name, rows in unpacked.items()))


if __name__ == "__main__":
    run(main)
