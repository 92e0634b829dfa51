"""What an evaluation asks: every checkpoint on the validation split, then the chosen one on the benchmarks."""

import re
from dataclasses import dataclass
from typing import Any

from yetbetter.errors import UserError
from yetbetter.identity import stream_seed
from yetbetter.records import read_rows
from yetbetter.tasks import CONVENTIONS, Options, Solution, Task, references_of
from yetbetter.verdicts import CORRECT

GREEDY, SAMPLED = "greedy", "sampled"


@dataclass(frozen=True)
class Benchmark:
    """A benchmark's problems: the first `greedy` answered greedily, the first `sampled` answered `samples` times.

    path: of the problems' file, for messages.
    """

    name: str
    problems: list[dict]
    greedy: int
    sampled: int
    samples: int
    path: str


def parse_benchmark(argument: str, require: tuple[str, ...] = ()) -> Benchmark:
    """Read NAME:FILE:GREEDY:SAMPLED:SAMPLES; UserError if the file holds fewer problems than asked for."""
    parts = argument.split(":")
    if len(parts) != 5 or not all(re.fullmatch("[0-9]{1,15}", part) for part in parts[2:]):
        raise UserError(f"--benchmark {argument!r}: must be NAME:FILE:GREEDY:SAMPLED:SAMPLES")
    name, path, *counts = parts
    greedy, sampled, samples = map(int, counts)
    problems = read_rows(path, require=("problem", "question", "answer", *require))
    if len(problems) < max(greedy, sampled):
        raise UserError(f"{path}: {len(problems)} problems, the benchmark {name} asks for {max(greedy, sampled)}")
    return Benchmark(name, problems, greedy, sampled, samples, path)


def requests(benchmark: Benchmark, checkpoint: str, decoding: str) -> list[dict]:
    """Coordinates of all rows of one benchmark, checkpoint and decoding, in order."""
    problems, samples = (benchmark.greedy, 1) if decoding == GREEDY else (benchmark.sampled, benchmark.samples)
    return [
        {
            "benchmark": benchmark.name,
            "checkpoint": checkpoint,
            "decoding": decoding,
            "problem": row["problem"],
            "sample": sample,
        }
        for row in benchmark.problems[:problems]
        for sample in range(samples)
    ]


def row_seed(seed: int, cell: str, row: dict) -> int:
    """The random stream of one evaluation row: from its identity, never from its place in the file."""
    return stream_seed(seed, cell, row["benchmark"], row["checkpoint"], row["problem"], row["sample"])


def asked_references(benchmark: Benchmark, task: Task) -> dict[str, Any]:
    """problem -> what its answers are graded by, of those that are asked. UserError if none can be graded."""
    asked = benchmark.problems[: max(benchmark.greedy, benchmark.sampled)]
    found = references_of(asked, task, benchmark.path)
    if found and all(reference is None for reference in found.values()):
        raise UserError(f"{benchmark.path}: no problem has anything that its answers can be graded by")
    return found


def choose_checkpoint(rows: list[dict], references: dict[str, Any], options: Options) -> tuple[str, dict[str, float]]:
    """(chosen checkpoint, pass@1 of each) from greedy validation rows; of equal ones the earliest in `rows` wins.

    references: what each problem's answers are graded by.
    """
    if not rows:
        raise UserError("--validation: no problems, at least one must choose the checkpoint")
    correct: dict[str, list[bool]] = {}
    solutions = (Solution(row["problem"], 0, row["text"], references[row["problem"]]) for row in rows)
    verdicts = CONVENTIONS[options.convention].verdicts(solutions, options)
    for row, verdict in zip(rows, verdicts, strict=True):
        correct.setdefault(row["checkpoint"], []).append(verdict["verdict"] == CORRECT)
    accuracy = {checkpoint: sum(right) / len(right) for checkpoint, right in correct.items()}
    return max(accuracy, key=accuracy.__getitem__), accuracy
