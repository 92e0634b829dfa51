"""Milliseconds a job that `snakemake -n` takes on a paper-sized grid, beyond its start.

    python benchmarks/dry_run.py
    python benchmarks/dry_run.py --config config/paper.yaml
    python benchmarks/dry_run.py --profile slurm --seeds 9

The grid: 3 targets, 2 data sets, 2 budgets, 10 sources and --seeds of the pocket world. The start is a dry run of the
target `forecast`, one job: Python's imports, the config, the rules. Both take turns. With --instructions they are run
once under valgrind, which counts the processor's instructions: the count does not depend on the machine's load.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter import program

REPOSITORY = Path(__file__).resolve().parent.parent
VALGRIND = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]


def main() -> None:
    parser = program.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, help="another study than the paper-sized one")
    parser.add_argument(
        "--seeds",
        type=program.whole(1, 1000),
        default=5,
        help="of that one: 5 make 600 cells (the default), 9 make 1,080",
    )
    parser.add_argument(
        "--repeat",
        choices=("samples", "finetuning"),
        default="samples",
        help="what a further seed repeats; samples: 272 jobs more, since each seed has selections (default: samples)",
    )
    parser.add_argument("--profile", help="passed on to Snakemake")
    parser.add_argument("--repeats", type=program.whole(1), default=5, help="turns of each (default: 5)")
    parser.add_argument("--instructions", action="store_true", help="count instructions with valgrind, once")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = arguments.config or make_paper_sized_config(Path(folder), arguments.seeds, arguments.repeat)
        options = ["--quiet", "rules", "--configfile", str(config.resolve())]
        options += ["--profile", arguments.profile] if arguments.profile else []
        if arguments.instructions:
            start, _ = count_instructions(["forecast", *options])
            total, jobs = count_instructions(options)
            each = (total - start) / jobs / 1e6
            print(f"{jobs} jobs: {each:.3f} million instructions each, the start {start / 1e9:.2f} billion")
        else:
            compare(options, arguments.repeats)


def make_paper_sized_config(folder: Path, seeds: int, repeat: str) -> Path:
    config = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text()) | {"repeat": repeat}
    enlarge(config, seeds)
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def enlarge(config: dict, seeds: int = 5) -> None:
    # Mathematics alone: data sets of other tasks have weights and prompts of their own.
    config["datasets"] = {name: config["datasets"][name] for name in ("easy", "hard")}
    roles = config["claims"]["datasets"]
    config["claims"]["datasets"] = {role: name for role, name in roles.items() if name in config["datasets"]}
    for model in config["models"].values():
        model.pop("paths", None)
    wc = config["sources"]["wc"]
    config["sources"] |= {f"wc{number}": wc for number in range(7)}
    sources = ["se", "wc", "human", *(f"wc{number}" for number in range(7))]
    everything = {"datasets": ["easy", "hard"], "budgets": ["low", "high"], "sources": sources}
    config["experiments"] = {"all": everything | {"targets": ["student", "wc", "se"], "seeds": list(range(seeds))}}


def compare(options: list[str], repeats: int) -> None:
    costs = []
    for _ in range(repeats):
        start, _ = measure(["forecast", *options])
        total, jobs = measure(options)
        costs.append(1000 * (total - start) / jobs)
        print(f"start {start:.2f} s, all {total:.2f} s, {jobs} jobs: {costs[-1]:.2f} ms a job")
    print(f"median {statistics.median(costs):.2f} ms a job, least {min(costs):.2f}")


def measure(arguments: list[str]) -> tuple[float, int]:
    """Seconds, and the number of jobs."""
    start = time.perf_counter()
    done = run(arguments)
    return time.perf_counter() - start, jobs_of(done)


def count_instructions(arguments: list[str]) -> tuple[int, int]:
    done = run(arguments, VALGRIND)
    counted = re.search(r"I +refs: +([\d,]+)", done.stderr)[1]
    return int(counted.replace(",", "")), jobs_of(done)


def run(arguments: list[str], before: list[str] = ()) -> subprocess.CompletedProcess:
    command = [*before, sys.executable, "-m", "snakemake", "-n", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done


def jobs_of(done: subprocess.CompletedProcess) -> int:
    return int(re.search(r"^total +(\d+)$", done.stdout + done.stderr, re.MULTILINE)[1])


if __name__ == "__main__":
    program.run(main)
