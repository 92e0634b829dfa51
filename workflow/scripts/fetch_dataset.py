"""Download a public data set at pinned revisions into one folder of JSON Lines files, and check its digests.

    python fetch_dataset.py --adapter gsm8k --output downloads/gsm8k/source.json

The files are written next to the output, with the names that a local `data_dir` has; source.json records each file's
origin and digest. Needs the network; files in the hub's cache are not downloaded again.
"""

import argparse
from pathlib import Path

from yetbetter.data import ADAPTERS, public_adapters
from yetbetter.data.public import download
from yetbetter.program import Output, Parser, run, write_sidecar


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adapter", required=True, choices=public_adapters())
    parser.add_argument(
        "--output", action=Output, required=True, type=Path, help="source.json; the files are written next to it"
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    sources, files = download(ADAPTERS[arguments.adapter].module, arguments.output.parent)
    write_sidecar(arguments.output, arguments, sources=sources, files=files)
    print(f"{arguments.adapter}: " + ", ".join(f"{name} {facts['rows']:,} rows" for name, facts in files.items()))


if __name__ == "__main__":
    run(main)
