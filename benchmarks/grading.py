"""Solutions per second of our grader and of math-verify on the same file, one core each; where they disagree.

    python benchmarks/grading.py --problems problems.jsonl --solutions solutions.jsonl --answer-format minerva

Both grade in one run, each in one process, with their packages loaded; CPU seconds are counted, because the machine's
load affects them least. Ours includes its extraction and its symbolic worker, math-verify its own extraction from the
whole solution. --sample grades only every n-th solution with math-verify: a million would take it hours.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections import Counter
from importlib import metadata
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter import grading
from yetbetter.errors import UserError
from yetbetter.grading.workers import LimitReached, SymbolicWorker
from yetbetter.program import Parser, run, whole
from yetbetter.records import read_rows, shorten


def main() -> None:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", required=True, help="JSON Lines with problem, answer")
    parser.add_argument(
        "--solutions", required=True, help="JSON Lines with problem, text; rows with `label` are scored"
    )
    parser.add_argument("--answer-format", required=True, choices=grading.CONVENTIONS)
    parser.add_argument("--mode", default=grading.STRICT, choices=grading.MODES)
    parser.add_argument(
        "--sample", type=whole(1), default=1, help="math-verify grades every n-th solution (default: 1)"
    )
    parser.add_argument("--list", type=whole(1), default=1000, help="disagreements printed at most (default: 1000)")
    arguments = parser.parse_args()
    golds = {row["problem"]: row["answer"] for row in read_rows(arguments.problems, require=("problem", "answer"))}
    rows = read_rows(arguments.solutions, require=("problem", "text"))
    for line, row in enumerate(rows, start=1):
        if row["problem"] not in golds:
            raise UserError(f"{arguments.solutions}:{line}: problem {row['problem']!r} is not among the problems")
    if not rows:
        raise UserError(f"{arguments.solutions}: no solutions")

    ours, our_cpu, our_wall = grade_ours(rows, golds, arguments)
    some = range(0, len(rows), arguments.sample)
    theirs, their_cpu, their_wall = grade_theirs([rows[number] for number in some], golds)

    pairs = len({(answer, golds[row["problem"]]) for row, (answer, _) in zip(rows, ours, strict=True)})
    print(f"{len(rows):,} solutions, {pairs:,} unique (answer, gold) pairs; {versions()}, mode {arguments.mode}")
    print(f"{'':12} {'solutions':>10} {'CPU s':>9} {'wall s':>9} {'per CPU s':>10}")
    print(f"{'ours':12} {len(rows):10,} {our_cpu:9.2f} {our_wall:9.2f} {len(rows) / our_cpu:10,.0f}")
    print(f"{'math-verify':12} {len(some):10,} {their_cpu:9.2f} {their_wall:9.2f} {len(some) / their_cpu:10,.0f}")
    print(f"ratio {len(rows) / our_cpu / (len(some) / their_cpu):.0f}")
    print("our verdicts:", dict(Counter(verdict for _, verdict in ours)), "math-verify's:", dict(Counter(theirs)))
    disagreements = list_disagreements([(rows[n], ours[n]) for n in some], theirs, golds)
    print(f"agreement {1 - disagreements.total() / len(some):.4f}, {len(disagreements)} unique disagreements:")
    for (ours_, theirs_, gold, answer), count in sorted(disagreements.items())[: arguments.list]:
        print(f"  ours {ours_:9}  math-verify {theirs_:9}  x{count:<3} gold {gold}  answer {answer}")
    if all("label" in row for row in rows):
        right = sum((verdict == grading.CORRECT) == row["label"] for row, (_, verdict) in zip(rows, ours, strict=True))
        their_right = sum(
            (verdict == grading.CORRECT) == rows[n]["label"] for n, verdict in zip(some, theirs, strict=True)
        )
        print(f"labels met: ours {right / len(rows):.4f}, math-verify {their_right / len(some):.4f}")


def grade_ours(rows: list[dict], golds: dict[str, str], arguments) -> tuple[list[tuple], float, float]:
    with grading.Grader(arguments.mode) as grader:
        cpu, wall = time.process_time(), time.perf_counter()
        verdicts = [grader.grade(row["text"], golds[row["problem"]], arguments.answer_format) for row in rows]
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        process = grader.worker.process
        if process:
            cpu += cpu_seconds(process.pid)  # includes the imports of SymPy, which are part of the cost
    return verdicts, cpu, wall


def grade_theirs(rows: list[dict], golds: dict[str, str]) -> tuple[list[str], float, float]:
    worker = SymbolicWorker(30.0, 4096, "reference")
    worker.start()
    cpu, loaded, wall = 0.0, cpu_seconds(worker.process.pid), time.perf_counter()
    verdicts = []
    for row in rows:
        try:
            equal = worker.decide(row["text"], golds[row["problem"]], grading.STRICT)
            verdicts.append(grading.CORRECT if equal else grading.INCORRECT)
        except LimitReached:
            verdicts.append(grading.TIMEOUT)
            cpu += 30.0
            worker.start()
            loaded = cpu_seconds(worker.process.pid)
    wall = time.perf_counter() - wall
    cpu += cpu_seconds(worker.process.pid) - loaded
    worker.close()
    return verdicts, cpu, wall


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process so far, from Linux's /proc (fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def list_disagreements(graded: list[tuple], theirs: list[str], golds: dict[str, str]) -> Counter:
    found: Counter = Counter()
    for (row, (answer, verdict)), their_verdict in zip(graded, theirs, strict=True):
        if (verdict == grading.CORRECT) != (their_verdict == grading.CORRECT):
            shown = json.dumps(answer)[:100] if answer else f"none: {shorten(row['text'][-80:], 80)!r}"
            found[verdict, their_verdict, json.dumps(golds[row["problem"]]), shown] += 1
    return found


def versions() -> str:
    names = {"Python": platform.python_version()}
    names |= {name: metadata.version(name) for name in ("math-verify", "sympy", "latex2sympy2_extended")}
    return f"grader version {grading.GRADER_VERSION}, " + ", ".join(
        f"{name} {number}" for name, number in names.items()
    )


if __name__ == "__main__":
    run(main)
