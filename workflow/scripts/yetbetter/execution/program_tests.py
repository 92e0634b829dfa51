"""Tests of a program: code of the data set, which is trusted and runs outside the box, on what the program returned."""

import ast
import base64
import dataclasses
import math
import warnings
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from yetbetter.errors import UserError
from yetbetter.execution.values import encode

# Values of EvalPlus: floating-point results may differ by this much where a problem states no tolerance.
FLOAT_TOLERANCE = 1e-6
RELATIVE_TOLERANCE = 1e-7


@dataclasses.dataclass(frozen=True)
class Tests:
    """The tests of one problem, as text.

    functions: names that stand for the program's functions in the tests. setup: code that runs before the tests.
    statements: one test each. A test fails if it raises an exception. values: plain data that the statements know as
    VALUES, encoded as `values.encode` does, compressed, in base 64.
    """

    functions: tuple[str, ...]
    setup: str
    statements: tuple[str, ...]
    values: str = ""

    def as_plain(self) -> dict:
        return dataclasses.asdict(self)


def from_plain(values: dict) -> Tests:
    return Tests(tuple(values["functions"]), values["setup"], tuple(values["statements"]), values["values"])


def from_asserts(where: str, entry_point: str, statements: Iterable[str], setup: str = "") -> Tests:
    """Tests as in MBPP: `assert f(1) == 2`. where: names the problem in a message. Raises UserError."""
    return checked(where, Tests((entry_point,), setup, tuple(statements)))


def from_check(where: str, entry_point: str, test: str, prompt: str = "") -> Tests:
    """Tests as in HumanEval: code that defines `check(candidate)`. Raises UserError.

    prompt: it defines helper functions that some tests call. They are taken from here, not from the program.
    """
    tests = Tests((entry_point,), f"{prompt}\n{test}", (f"check({entry_point})",))
    if not any(isinstance(node, ast.FunctionDef) and node.name == "check" for node in parsed(where, test).body):
        raise UserError(f"{where}: the test defines no function check")
    return checked(where, tests)


def from_inputs(
    where: str,
    entry_point: str,
    inputs: Iterable[Iterable[Any]],
    expected: Iterable[Any],
    tolerance: float = 0.0,
    compare: str = "equal",
) -> Tests:
    """Tests as in EvalPlus: the function is called with each list of arguments and must return what is expected.

    inputs, expected: plain data. tolerance: absolute, for floats (0: FLOAT_TOLERANCE). compare: `equal`; `set`, in any
    order and without repetitions; or `not_none`, whether there is a value, neither None nor False. Raises UserError,
    NotPlain.
    """
    if compare not in COMPARISONS:
        raise UserError(f"{where}: comparison {compare!r} is not one of {', '.join(COMPARISONS)}")
    # Not as Python text: some expected values have a million items, whose syntax tree would take gigabytes.
    pairs = [(tuple(arguments), value) for arguments, value in zip(inputs, expected, strict=True)]
    statements = tuple(
        f"assert {compare}_({entry_point}(*VALUES[{number}][0]), VALUES[{number}][1], {tolerance!r})"
        for number in range(len(pairs))
    )
    encoded = base64.b64encode(zlib.compress(encode(pairs))).decode("ascii")
    return checked(where, Tests((entry_point,), "", statements, encoded))


def checked(where: str, tests: Tests) -> Tests:
    if not tests.statements:
        raise UserError(f"{where}: no tests")
    for name in tests.functions:
        if not name.isidentifier():
            raise UserError(f"{where}: {name!r} is not the name of a function")
    for text in (tests.setup, *tests.statements):
        parsed(where, text)
    if not any(name in text for name in tests.functions for text in tests.statements):
        raise UserError(f"{where}: no test names {' or '.join(map(repr, tests.functions)) or 'a function'}")
    return tests


def parsed(where: str, text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old escape sequences in the data
            return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{where}: a test is not Python: {error}") from None
    except (RecursionError, MemoryError):
        raise UserError(f"{where}: a test is nested too deeply for Python") from None


def entry_point_of(where: str, statements: Iterable[str], reference: str) -> str:
    """The function that tests call: the last one of the reference's that the first test names. Raises UserError."""
    defined = [node.name for node in ast.walk(parsed(where, reference)) if isinstance(node, ast.FunctionDef)]
    for statement in statements:
        tree = parsed(where, statement)
        called = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if found := [name for name in defined if name in called]:
            return found[-1]
    raise UserError(f"{where}: the tests call no function that the reference solution defines")


def imports_of(where: str, reference: str) -> str:
    """The imports at the top of a reference solution: some tests of MBPP use them. Raises UserError."""
    nodes = parsed(where, reference).body
    return "\n".join(ast.unparse(node) for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)))


def is_equal(value: Any, expected: Any, tolerance: float) -> bool:
    return value == expected or is_close(value, expected, tolerance or FLOAT_TOLERANCE)


def is_close(value: Any, expected: Any, tolerance: float) -> bool:
    """Whether numbers, or sequences of numbers, are the same up to rounding. Something in them must be a float."""
    if type(expected) in (list, tuple):
        alike = type(value) is type(expected) and len(value) == len(expected)
        return alike and all(a == b or is_close(a, b, tolerance) for a, b in zip(value, expected, strict=True))
    numbers = type(value) in (int, float) and type(expected) in (int, float)
    return numbers and float in (type(value), type(expected)) and within(value, expected, tolerance)


def within(value: float, expected: float, tolerance: float) -> bool:
    if math.isnan(expected):
        return math.isnan(value)
    if math.isinf(expected):  # its tolerance would be infinite, too
        return value == expected
    return abs(value - expected) <= tolerance + RELATIVE_TOLERANCE * abs(expected)


def is_same_set(value: Any, expected: Any, tolerance: float) -> bool:
    return set(value) == set(expected)


def is_there(value: Any, expected: Any, tolerance: float) -> bool:
    return (value is not None and value is not False) == expected


COMPARISONS: dict[str, Callable[[Any, Any, float], bool]] = {
    "equal": is_equal,
    "set": is_same_set,
    "not_none": is_there,
}
# The names in a test that `from_inputs` wrote.
NAMES = {f"{name}_": compare for name, compare in COMPARISONS.items()}
