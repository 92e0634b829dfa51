"""What tests of the coding data need: its problems, from the shared data, and the verdicts on programs."""

import functools
import os
from pathlib import Path

from execution_support import data, needs

from yetbetter.data import mbpp
from yetbetter.data.public import find_files
from yetbetter.data.splits import Parts
from yetbetter.execution import Tests, from_asserts, run_programs
from yetbetter.execution.program_tests import from_plain
from yetbetter.verdicts import CORRECT

# Every problem, or every so many: YETBETTER_ALL_REFERENCES=1 runs them all.
EVERY = 1 if os.environ.get("YETBETTER_ALL_REFERENCES") else 8


def files() -> dict[str, Path]:
    return find_files("mbpp", mbpp, [data("mbpp"), data("humaneval")])


@functools.cache
def parts() -> Parts:
    return mbpp.build(files(), "program")


def as_tests(row: dict, key: str = "tests") -> Tests:
    if isinstance(row[key], dict):
        return from_plain(row[key])
    return from_asserts(row["problem"], row["entry_point"], row[key], row.get("setup", ""))


def failures(tasks: dict[str, tuple[str, Tests]]) -> set[str]:
    """Names of the tasks whose program is not correct. Skips the test if no box works."""
    outcomes = run_programs(needs(), tasks.values(), 2)
    return {name for name, outcome in zip(tasks, outcomes, strict=True) if outcome.verdict != CORRECT}
