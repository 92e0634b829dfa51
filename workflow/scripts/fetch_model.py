"""Download a model from the hub into the hub's cache (HF_HOME), so that jobs without a network can load it.

    python fetch_model.py --model google/gemma-2-9b --revision COMMIT --output downloads/models/wc.json

Only safetensors, configuration and tokenizer are downloaded. A stopped download resumes when called again. Gated models
need HF_TOKEN in the environment.
"""

import argparse
from pathlib import Path

from yetbetter.data.downloads import fetch_model
from yetbetter.program import Output, Parser, run, write_sidecar


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="hub id, owner/name")
    parser.add_argument("--revision", required=True, help="commit, tag or branch")
    parser.add_argument("--output", action=Output, required=True, type=Path, help="JSON: revision, files, bytes")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    fetched = fetch_model(arguments.model, arguments.revision)
    write_sidecar(arguments.output, arguments, **fetched)
    print(f"{arguments.model}@{fetched['commit']}: {len(fetched['files'])} files, {fetched['bytes'] / 1e9:.2f} GB")


if __name__ == "__main__":
    run(main)
