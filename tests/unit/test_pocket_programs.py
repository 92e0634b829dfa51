"""The writer of pretraining programs: every style is right, and a problem has many programs."""

import ast
import random

import pytest
from execution_support import needs

from yetbetter.execution import from_asserts, run_programs
from yetbetter.pocket.list_problems import make_list_problems
from yetbetter.pocket.operations import FILTER, MAP, OPERATIONS, evaluate, names_of
from yetbetter.pocket.programs import ENTRY_POINT, STYLES, write_program
from yetbetter.verdicts import CORRECT

VALUES = [7, -3, 12, 4, 7, -8, 15, 0, 9, -3, 6, 20]


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    return [row for split in ("test", "functional") for row in make_list_problems(split, 40)]


def steps_of(row: dict) -> list[tuple[str, int | None]]:
    return [tuple(step) for step in row["steps"]]


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_right_in_the_box(rows, style):
    tasks = [
        (
            write_program(steps_of(row), random.Random(style), style),
            from_asserts(style, ENTRY_POINT, row["hidden_tests"]),
        )
        for row in rows[::8]
    ]
    assert all(one.verdict == CORRECT for one in run_programs(needs("auto"), tasks))


def test_every_operation_is_right_in_every_spelling(rows):
    programs = []
    for name, operation in OPERATIONS.items():
        k = operation.numbers[0] if operation.numbers else None
        expected = evaluate([(name, k)], VALUES)
        for code in operation.code:
            body = code.format(x="x", v="xs", k=k)
            if operation.kind == FILTER:
                body = f"[x for x in xs if {body}]"
            elif operation.kind == MAP:
                body = f"[{body} for x in xs]"
            programs.append((f"f = lambda xs: {body}", from_asserts(name, "f", [f"assert f({VALUES}) == {expected}"])))
    outcomes = run_programs(needs("auto"), programs)
    assert all(one.verdict == CORRECT for one in outcomes)


def test_styles_are_what_their_names_say(rows):
    for row in rows:
        trees = {
            style: ast.parse(write_program(steps_of(row), random.Random(0), style)).body[0].body for style in STYLES
        }
        assert len(trees["expression"]) == 1
        assert not any(isinstance(node, ast.For) for node in trees["comprehension"])
        elementwise = any(name in names_of(FILTER, MAP) for name, _ in row["steps"])
        assert any(isinstance(node, ast.For) for node in trees["loop"]) == elementwise


def test_a_problem_has_many_programs_and_a_seed_has_one(rows):
    for row in rows[:10]:
        programs = {write_program(steps_of(row), random.Random(seed)) for seed in range(50)}
        assert len(programs) >= (10 if row["level"] > 3 else 4)
        assert write_program(steps_of(row), random.Random(3)) == write_program(steps_of(row), random.Random(3))


def test_the_parameter_can_be_given(rows):
    for row in rows:
        assert write_program(steps_of(row), random.Random(1), parameter="nums").startswith("def f(nums):\n")
