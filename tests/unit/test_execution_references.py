"""The reference solutions of MBPP and HumanEval pass their own tests in the box (needs the shared data)."""

import json
import os

import pytest
from execution_support import data, needs

from yetbetter.execution import (
    entry_point_of,
    extract_program,
    from_asserts,
    from_check,
    imports_of,
    run_programs,
)
from yetbetter.execution.limits import USUAL
from yetbetter.verdicts import CORRECT

pytestmark = pytest.mark.slow
# Their tests ask for the size of an object in bytes, which differs on the 32 bits of WebAssembly.
NOT_IN_WEBASSEMBLY = {"mbpp 596"}
SLOW_IN_WEBASSEMBLY = {"mbpp 123"}


def mbpp() -> dict:
    tasks = {}
    for row in json.loads(data("mbpp/sanitized-mbpp.json").read_text(encoding="utf-8")):
        name = f"mbpp {row['task_id']}"
        setup = "\n".join([*row["test_imports"], imports_of(name, row["code"])])
        function = entry_point_of(name, row["test_list"], row["code"])
        tasks[name] = (row["code"], from_asserts(name, function, row["test_list"], setup))
    return tasks


def humaneval() -> dict:
    tasks = {}
    for line in data("humaneval/HumanEval.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        program = extract_program(row["canonical_solution"], row["entry_point"], row["prompt"])
        tests = from_check(row["task_id"], row["entry_point"], row["test"], row["prompt"])
        tasks[row["task_id"]] = (program, tests)
    return tasks


def failures(box, tasks: dict) -> set[str]:
    outcomes = run_programs(box, tasks.values(), 2, USUAL.times(6))
    return {name for name, outcome in zip(tasks, outcomes, strict=True) if outcome.verdict != CORRECT}


@pytest.mark.parametrize(("make", "count"), [(mbpp, 427), (humaneval, 164)])
def test_all_references_are_correct(make, count):
    tasks = make()
    assert len(tasks) == count
    assert failures(needs(), tasks) == set()


@pytest.mark.parametrize("make", [mbpp, humaneval])
def test_references_are_correct_in_webassembly_too_but_those_named(make):
    """Every fourth: WebAssembly takes longer. YETBETTER_ALL_REFERENCES=1 runs them all."""
    tasks = make()
    step = 1 if os.environ.get("YETBETTER_ALL_REFERENCES") else 4
    some = {name: tasks[name] for name in [*tasks][::step]}
    expected = NOT_IN_WEBASSEMBLY | (SLOW_IN_WEBASSEMBLY if step == 1 else set())
    assert failures(needs("webassembly"), some) <= expected
