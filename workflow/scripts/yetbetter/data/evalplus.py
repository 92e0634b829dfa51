"""EvalPlus (Liu et al. 2023): many more tests for the problems of MBPP and HumanEval, Apache-2.0.

Its files hold inputs, without expected values, and a reference program: what that returns in the box is expected. JSON
has no tuples, sets and complex numbers; inputs get them back from the calls in MBPP+'s own asserts.
"""

import ast
import gzip
import json
import math
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yetbetter.errors import UserError
from yetbetter.records import check_row, read_rows

if TYPE_CHECKING:
    from yetbetter.execution import Box, Tests

REQUIRED = ("task_id", "prompt", "canonical_solution", "entry_point", "plus_input", "atol")
# Problems whose results are compared in another way than by `==`, as in EvalPlus 0.3.1.
COMPARISONS = {
    **dict.fromkeys((f"mbpp/{number}" for number in (2, 7, 111, 140, 232, 249, 579, 769)), "set"),
    **dict.fromkeys((f"mbpp/{number}" for number in (737, 787, 794)), "not_none"),
}
# Their text has two readings, and EvalPlus accepts either.
TWO_READINGS = ("mbpp/558", "mbpp/581")
# Their arguments are numbers, which the file has as text.
NUMBERS_AS_TEXT = ("mbpp/124", "mbpp/252")
# Any root of the polynomial is right. `poly` is in the problem's prompt.
ROOTS = "HumanEval/32"
# EvalPlus also times programs. Inputs for which a reference takes more than about 0.1 CPU seconds are left out, since
# all tests of a problem share one limit: those with a larger number than this (found by running all of them), ...
LARGEST = {
    **{"HumanEval/15": 20_000, "HumanEval/36": 100_000, "HumanEval/59": 400_000, "HumanEval/83": 10_000},
    **{"HumanEval/94": 10**9, "HumanEval/100": 100_000, "HumanEval/130": 1_000, "HumanEval/139": 400},
    **{"mbpp/84": 90_000, "mbpp/123": 4_000, "mbpp/162": 900_000, "mbpp/255": 12, "mbpp/271": 200_000},
    **{"mbpp/300": 900_000, "mbpp/389": 20, "mbpp/392": 90_000, "mbpp/453": 900_000, "mbpp/583": 12},
    **{"mbpp/589": 900_000, "mbpp/592": 900, "mbpp/599": 100_000, "mbpp/603": 9_000},
}
# ... or with a longer list or tuple, ...
LONGEST = {"mbpp/630": 6}
# ... and those whose expected value takes more bytes than this.
LARGEST_VALUE = 16 * 2**10
# For a reference with all inputs of a problem.
LIMITS = {"cpu_seconds": 60, "wall_seconds": 600.0, "memory_mb": 1024, "reply_mb": 32}


def read_lines(path: Path, require: Iterable[str]) -> list[dict]:
    """The rows of a JSON Lines file, packed by gzip if its name ends in .gz. Raises UserError, see `read_rows`."""
    if path.suffix != ".gz":
        return read_rows(path, require)
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file if line.strip()]
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UserError(f"{path}: not JSON Lines packed by gzip ({str(error)[:80]})") from None
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise UserError(f"{path}:{number}: not a JSON object")
        check_row(row, f"{path}:{number}", require)
    return rows


def read_plus(path: Path) -> dict[str, dict]:
    """Name of a problem (`mbpp/2`, `HumanEval/0`) -> its row. Raises UserError."""
    return {str(row["task_id"]).replace("Mbpp/", "mbpp/"): row for row in read_lines(path, REQUIRED)}


def with_plus_tests(rows: list[dict], files: Iterable[Path]) -> list[dict]:
    """Problems with EvalPlus's tests as their `hidden_tests`, those that it has tests for.

    files: EvalPlus's. Raises UserError, if no box works here or a reference fails in it.
    """
    plus = {name: row for path in files for name, row in read_plus(path).items()}
    # A problem without inputs has an empty object.
    found = {row["problem"] for row in rows if plus.get(row["problem"], {}).get("plus_input")} - {*TWO_READINGS}
    if not found:
        return rows
    from yetbetter.execution import open_box

    box = open_box()
    made = {row["problem"]: plus_tests(box, row, plus[row["problem"]]) for row in rows if row["problem"] in found}
    return [row | {"hidden_tests": made[row["problem"]].as_plain()} if row["problem"] in made else row for row in rows]


def plus_tests(box: "Box", row: dict, plus: dict) -> "Tests":
    """row: of a problem; plus: EvalPlus's row for it. Raises UserError, see `with_plus_tests`."""
    from yetbetter.execution import Limits, from_inputs, outputs_of
    from yetbetter.execution.session import BoxFailed, ProgramFailed
    from yetbetter.execution.values import NotPlain, encode

    name = row["problem"]
    inputs = [arguments for arguments in inputs_of(name, plus) if is_moderate(name, arguments)]
    compare = COMPARISONS.get(name, "equal")
    try:
        program = plus["prompt"] + plus["canonical_solution"]
        expected = outputs_of(box, program, plus["entry_point"], inputs, Limits(**LIMITS))
        if compare == "not_none":
            expected = [value is not None and value is not False for value in expected]
        kept = [pair for pair in zip(inputs, expected, strict=True) if len(encode(pair[1])) <= LARGEST_VALUE]
        inputs, expected = zip(*kept, strict=True) if kept else ((), ())
        tests = from_inputs(f"{name} of EvalPlus", row["entry_point"], inputs, expected, plus["atol"], compare)
    except (ProgramFailed, BoxFailed, NotPlain) as error:
        raise UserError(f"{name}: EvalPlus's reference gives no expected values in the box ({error})") from None
    return finding_roots(tests, row, plus["atol"]) if name == ROOTS else tests


def finding_roots(tests: "Tests", row: dict, tolerance: float) -> "Tests":
    """Tests of whether a polynomial is nearly 0 at the returned place."""
    found = "abs(poly(*VALUES[{0}][0], {1}(*VALUES[{0}][0])))"
    statements = tuple(
        f"assert {found.format(number, row['entry_point'])} <= {tolerance!r}" for number in range(len(tests.statements))
    )
    return replace(tests, setup=row["signature"], statements=statements)


def inputs_of(name: str, plus: dict) -> list[list[Any]]:
    """Lists of arguments, with the types that JSON lacks."""
    inputs = plus["plus_input"]
    if name in NUMBERS_AS_TEXT:
        return [[number_of(value) for value in arguments] for arguments in inputs]
    calls = calls_in(name, plus.get("assertion", ""), plus["entry_point"])
    return [
        [like(value, [call[place] for call in calls if place < len(call)]) for place, value in enumerate(arguments)]
        for arguments in inputs
    ]


def is_moderate(name: str, arguments: list[Any]) -> bool:
    return largest(arguments) <= LARGEST.get(name, math.inf) and longest(arguments) <= LONGEST.get(name, math.inf)


def largest(value: Any) -> float:
    """The largest number in lists and tuples, without its sign."""
    if isinstance(value, (list, tuple)):
        return max(map(largest, value), default=0)
    return abs(value) if isinstance(value, (int, float)) else 0


def longest(value: Any) -> int:
    if isinstance(value, (list, tuple)):
        return max([len(value), *map(longest, value)])
    return 0


def number_of(value: Any) -> Any:
    try:
        return float(value)
    except ValueError:
        return complex(value)


def calls_in(where: str, text: str, function: str) -> list[list[Any]]:
    """The arguments of each call of a function in Python code, if they are literals. Raises UserError."""
    from yetbetter.execution.program_tests import parsed

    calls = []
    for node in ast.walk(parsed(where, text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
            try:
                calls.append([ast.literal_eval(argument) for argument in node.args])
            except ValueError:
                continue
    return calls


def like(value: Any, examples: list[Any], beyond: type | None = None) -> Any:
    """The value with the tuples and sets that the examples have at the same depth.

    beyond: the type of lists that are nested deeper than the examples: tuple, if these have tuples in tuples.
    """
    if beyond is None:
        beyond = tuple if any(nests_tuples(example) for example in examples) else list
    if isinstance(value, dict):
        inside = [item for example in examples if isinstance(example, dict) for item in example.values()]
        return {key: like(item, inside, beyond) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    alike = [example for example in examples if isinstance(example, (list, tuple, set))]
    kinds = {type(example) for example in alike} or {beyond}
    inside = [item for example in alike for item in example]
    items = [like(item, inside, beyond) for item in value]
    return kinds.pop()(items) if len(kinds) == 1 else items


def nests_tuples(value: Any) -> bool:
    return isinstance(value, tuple) and any(isinstance(item, tuple) for item in value)
