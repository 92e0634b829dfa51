"""What `make test-gpu` runs: finetuning and sampling on the GPUs of this machine, with nothing downloaded.

    python tests/gpu/check_gpu.py [--output TABLE.json] [--only WORDS] [--cpu]

Random models of pocket size and of about 100 M parameters are trained in bfloat16 and read again. Needs torch,
transformers and accelerate; checks that need more (trl and datasets, deepspeed, flash_attn, vllm) are skipped with a
message if it is not installed. Without a GPU it says so and exits with 0; --cpu runs what a CPU can, at pocket size
only, to test the checks. Exits with 1 if a check failed.
"""

import argparse
import importlib.util
import json
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "workflow" / "scripts"), str(Path(__file__).resolve().parent)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, help="the table, as JSON")
    parser.add_argument("--only", nargs="+", default=[""], help="checks whose name holds one of these words")
    parser.add_argument("--cpu", action="store_true", help="without a GPU, at pocket size")
    arguments = parser.parse_args()
    if not arguments.cpu and not has_gpu():
        print("no GPU that torch can use here: nothing was checked")
        return 0
    import checks

    machine = checks.Machine(arguments.cpu)
    print(machine.describe(), flush=True)
    table = []
    with tempfile.TemporaryDirectory() as folder:
        for name, needs, check in checks.all_checks(machine):
            if any(word in name for word in arguments.only):
                table.append(run_check(name, needs, check, Path(folder)))
    print_table(table)
    if arguments.output:
        arguments.output.write_text(json.dumps({"machine": machine.describe(), "checks": table}, indent=2) + "\n")
    return int(any(row["verdict"] == "failed" for row in table))


def has_gpu() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def run_check(name: str, needs: tuple[str, ...], check, folder: Path) -> dict:
    """One row of the table: the name, passed, failed or left out, why, and what was measured."""
    missing = [package for package in needs if importlib.util.find_spec(package) is None]
    if missing:
        print(f"{name}: left out, not installed: {', '.join(missing)}", flush=True)
        return {"check": name, "verdict": "left out", "note": f"no {', '.join(missing)}"}
    start = time.monotonic()
    place = folder / name.replace(" ", "-").replace(",", "")
    place.mkdir()
    try:
        row = {"check": name, "verdict": "passed"} | (check(place) or {})
    except Exception as error:  # one failure must not hide what the other checks say
        traceback.print_exc()
        row = {"check": name, "verdict": "failed", "note": " ".join(str(error).split())[:160]}
    row["seconds"] = round(time.monotonic() - start, 1)
    print(f"{name}: {row['verdict']} in {row['seconds']} s {row.get('note', '')}", flush=True)
    return row


def print_table(table: list[dict]) -> None:
    """Speed as tokens a second, the model FLOPs' share of the devices' peak, and peak memory in GB."""
    columns = ("check", "verdict", "tokens/s", "utilisation", "memory", "note")
    cells = [[format_cell(row.get(column)) for column in columns] for row in table]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for line in [list(columns), *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def format_cell(value) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.3f}"
    return "" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
