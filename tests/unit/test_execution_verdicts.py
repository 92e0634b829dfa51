"""The verdict on a program cannot be forged, and says what went wrong."""

import contextlib
import dataclasses
import functools
import time

import execution_forgeries
import pytest
from execution_support import QUICK, needs
from hypothesis import given
from hypothesis import strategies as st

from yetbetter.errors import UserError
from yetbetter.execution import Limits, from_asserts, from_check, from_inputs, outputs_of, run_programs, run_tests
from yetbetter.execution.outcomes import ProgramOutcome
from yetbetter.execution.values import NotPlain, decode, encode, expression
from yetbetter.verdicts import CORRECT, GRADER_ERROR, INCORRECT, NO_ANSWER, TIMEOUT

ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
PLAIN = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.sets(ATOMS, max_size=3)
        | st.frozensets(ATOMS, max_size=3)
        | st.dictionaries(ATOMS, inner, max_size=3)
    ),
    max_leaves=10,
)
SQUARE = "def f(x):\n    return x * x\n"
TESTS = from_asserts("squares", "f", ["assert f(2) == 4", "assert f(3) == 9"])


def verdict(program, tests=TESTS, limits=QUICK):
    return run_tests(needs(), program, tests, limits)


# Forgeries ------------------------------------------------------------------------------------------------------------


def test_the_forgeries_are_the_14_of_the_reference_and_at_least_10_more():
    assert len(execution_forgeries.REFERENCE) == 14
    assert len(execution_forgeries.OWN) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bubblewrap", "webassembly", "landlock"])
def test_no_forgery_passes_whichever_test_comes_first(kind):
    box, statements = needs(kind), execution_forgeries.STATEMENTS
    names, tasks = [], []
    for name, program in execution_forgeries.FORGERIES.items():
        once = kind != "bubblewrap" or name in execution_forgeries.SLOW
        for place in range(1 if once else len(statements)):
            # Some forgeries guess one value, so the other tests follow.
            turned = (*statements[place:], *statements[:place])
            names.append((name, place))
            tasks.append((program, from_asserts(name, "f", turned, "import math")))
    limits = dataclasses.replace(QUICK, wall_seconds=5.0)  # without `len` the driver waits
    found = dict(zip(names, run_programs(box, tasks, 2, limits), strict=True))
    assert {name for name, outcome in found.items() if outcome.verdict == CORRECT} == set()
    assert {name for name, outcome in found.items() if outcome.verdict == GRADER_ERROR} == set()


def test_a_program_that_holds_the_expected_values_passes():
    tests = from_asserts("known", "f", execution_forgeries.STATEMENTS, "import math")
    assert verdict(execution_forgeries.KNOWS_THE_VALUES, tests) == ProgramOutcome(CORRECT)


def test_a_helper_of_the_tests_is_not_taken_from_the_program():
    prompt = "def helper(x):\n    return x + 1\n\ndef f(x):\n    '''Less by one.'''\n"
    tests = from_check("helper", "f", "def check(candidate):\n    assert helper(candidate(3)) == 3\n", prompt)
    assert verdict(prompt + "    return x - 1\n", tests).verdict == CORRECT
    forged = prompt + "    return x\n\ndef helper(x):\n    return 3\n"
    assert verdict(forged, tests) == ProgramOutcome(INCORRECT, "AssertionError", 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", execution_forgeries.EXPENSIVE)
def test_a_value_that_makes_a_test_endless_ends_in_a_verdict_and_spares_the_neighbours(name, monkeypatch):
    box = needs()
    monkeypatch.setattr("yetbetter.execution.streams.START_SECONDS", 5.0)
    monkeypatch.setattr("yetbetter.execution.streams.TEST_SECONDS", 2.0)
    program, statement = execution_forgeries.EXPENSIVE[name]
    tasks = [(SQUARE, TESTS), (program, from_asserts(name, "f", [statement])), (SQUARE, TESTS)]
    start = time.monotonic()
    before, outcome, after = run_programs(box, tasks, 1, Limits(cpu_seconds=2, wall_seconds=3.0))
    assert (before.verdict, after.verdict) == (CORRECT, CORRECT)
    assert outcome.verdict in (INCORRECT, TIMEOUT)
    assert time.monotonic() - start < 60


# What is reported -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        (SQUARE, ProgramOutcome(CORRECT)),
        (None, ProgramOutcome(NO_ANSWER)),
        (" \n", ProgramOutcome(NO_ANSWER)),
        ("def f(x):\n    return 2 * x\n", ProgramOutcome(INCORRECT, "AssertionError", 1)),
        ("def f(x):\n    return y\n", ProgramOutcome(INCORRECT, "NameError", 0)),
        ("def g(x):\n    return x * x\n", ProgramOutcome(INCORRECT, "NameError", 0)),
        ("f = 4\n", ProgramOutcome(INCORRECT, "TypeError", 0)),
        ("def f(x) return", ProgramOutcome(INCORRECT, "SyntaxError")),
        ("def f(x):\n  return '\ud800'\n", ProgramOutcome(INCORRECT, "SyntaxError")),
        ("def f(x):\n    return 1\0", ProgramOutcome(INCORRECT, "SyntaxError")),
        ("import numpy as np\n" + SQUARE, ProgramOutcome(INCORRECT, "ModuleNotFoundError")),
        ("class Odd(Exception):\n    pass\ndef f(x):\n    raise Odd\n", ProgramOutcome(INCORRECT, "Odd", 0)),
        ("import sys\nsys.exit(0)\n", ProgramOutcome(INCORRECT, "SystemExit")),
        ("import os\nos._exit(0)\n", ProgramOutcome(INCORRECT, "exit")),
        ("import os\ndef f(x):\n    os._exit(9)\n", ProgramOutcome(INCORRECT, "exit", 0)),
        ("import ctypes\ndef f(x):\n    ctypes.string_at(0)\n", ProgramOutcome(INCORRECT, "SIGSEGV", 0)),
        ("while True:\n    pass\n", ProgramOutcome(TIMEOUT, "timeout")),
        ("def f(x):\n    while x > 2: pass\n    return 4\n", ProgramOutcome(TIMEOUT, "timeout", 1)),
        ("class timeout(Exception): pass\nraise timeout\n", ProgramOutcome(INCORRECT, "timeout")),
        ("class timeout(Exception): pass\ndef f(x):\n    raise timeout\n", ProgramOutcome(INCORRECT, "timeout", 0)),
        ("def f(x):\n    return bytearray(10**9)\n", ProgramOutcome(INCORRECT, "MemoryError", 0)),
        ("def f(x):\n    return 'x' * 5 * 2**20\n", ProgramOutcome(INCORRECT, "ReplyTooLarge", 0)),
        ("x = '" + "x" * 10 * 2**20 + "'\n" + SQUARE, ProgramOutcome(INCORRECT, "ProgramTooLarge")),
        ("def f(x):\n    return int(input())\n", ProgramOutcome(INCORRECT, "EOFError", 0)),
        ("if __name__ == '__main__':\n    raise ValueError\n" + SQUARE, ProgramOutcome(CORRECT)),
    ],
)
def test_a_row_says_the_verdict_the_error_and_the_first_failing_test(program, outcome):
    assert verdict(program) == outcome


def test_a_sleeping_program_ends_at_the_wall_clock():
    limits = Limits(cpu_seconds=5, wall_seconds=1.0)
    assert verdict("import time\ntime.sleep(100)\n", limits=limits) == ProgramOutcome(TIMEOUT, "timeout")


def test_the_failing_assert_of_a_check_function_is_counted():
    loop = "    for x in (2, 3):\n        assert candidate(x) == x * x\n"
    tests = from_check("squares", "f", f"def check(candidate):\n    assert candidate(1) == 1\n{loop}")
    assert verdict(SQUARE, tests) == ProgramOutcome(CORRECT)
    assert verdict("def f(x):\n    return x\n", tests) == ProgramOutcome(INCORRECT, "AssertionError", 1)
    assert verdict("def f(x):\n    return 0\n", tests) == ProgramOutcome(INCORRECT, "AssertionError", 0)


def test_a_test_can_expect_an_exception():
    statement = "try:\n    f(0)\nexcept ZeroDivisionError:\n    pass\nelse:\n    assert False"
    tests = from_asserts("raises", "f", [statement])
    assert verdict("def f(x):\n    return 1 / x\n", tests) == ProgramOutcome(CORRECT)
    assert verdict("def f(x):\n    return 1\n", tests) == ProgramOutcome(INCORRECT, "AssertionError", 0)


def test_a_test_cannot_catch_the_end_of_the_program():
    tests = from_asserts("raises", "f", ["try:\n    f(0)\nexcept Exception:\n    pass"])
    assert verdict("import os\ndef f(x):\n    os._exit(0)\n", tests) == ProgramOutcome(INCORRECT, "exit", 0)


def test_a_test_that_needs_more_than_functions_is_an_error_of_the_grader():
    tests = from_asserts("classes", "f", ["assert f(Node(1)) == 1"])
    assert verdict(SQUARE, tests) == ProgramOutcome(GRADER_ERROR, "NameError", 0)


def test_setup_that_fails_is_an_error_of_the_grader():
    tests = from_asserts("setup", "f", ["assert f(2) == 4"], setup="import no_such_module")
    assert verdict(SQUARE, tests) == ProgramOutcome(GRADER_ERROR, "ModuleNotFoundError")


def test_a_function_with_a_builtin_name_is_the_program_s():
    tests = from_asserts("mbpp 126", "sum", ["assert sum(10, 15) == 6"])
    assert verdict("def sum(a, b):\n    return 6\n", tests) == ProgramOutcome(CORRECT)


# Values ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        *(
            "None",
            "True",
            "-5",
            "10**40",
            "-(2**70)",
            "0.1",
            "-0.0",
            "float('inf')",
            "1 + 2j",
            "'é\\n\\ud800'",
            "b'\\x00\\xff'",
        ),
        *("[]", "[1, [2, (3,)]]", "()", "{1: {2: 'x'}}", "{1, 2}", "set()", "frozenset({1})", "range(2, 9, 3)", "{}"),
        *("[float('-inf'), {(1, 2): {3}}]", "{1: 2}.keys()", "{1: 2}.items()"),
    ],
)
def test_plain_values_come_back_with_their_types(value):
    tests = from_asserts("same", "f", [f"assert repr(f()) == repr({value}) and type(f()) == type({value})"])
    assert verdict(f"def f():\n    return {value}\n", tests) == ProgramOutcome(CORRECT)


@pytest.mark.parametrize("value", ["[1.5, 'a', (None, {2: {3}})]", "float('inf')", "b'x'", "range(3)", "-7"])
def test_arguments_arrive_as_they_were_sent(value):
    tests = from_asserts("same", "f", [f"assert f({value}, key={value}) is True"])
    assert verdict(f"def f(x, key):\n    return x == key == {value}\n", tests) == ProgramOutcome(CORRECT)


def test_iterators_can_be_read_once_and_subclasses_are_plain():
    statements = ["x = f(); assert list(x) == [1, 2] and list(x) == []", "assert f() != [1, 2]"]
    assert verdict("def f():\n    return map(int, '12')\n", from_asserts("once", "f", statements)).verdict == CORRECT
    program = "from collections import Counter\ndef f():\n    return Counter('aab')\n"
    assert verdict(program, from_asserts("counter", "f", ["assert f() == {'a': 2, 'b': 1}"])).verdict == CORRECT


def test_other_objects_are_equal_to_nothing():
    tests = from_asserts("opaque", "f", ["assert f() != f() and f() not in (1, None, [])"])
    assert verdict("class A:\n    pass\ndef f():\n    return A()\n", tests) == ProgramOutcome(CORRECT)


# Inputs of EvalPlus ---------------------------------------------------------------------------------------------------


def test_inputs_are_compared_with_the_reference_up_to_rounding():
    inputs = [[1.0], [2.5], [-3.0]]
    expected = outputs_of(needs(), "def f(x):\n    return [x / 3, 'a']\n", "f", inputs, QUICK)
    tests = from_inputs("thirds", "f", inputs, expected)
    assert verdict("def f(x):\n    return [x * (1 / 3), 'a']\n", tests) == ProgramOutcome(CORRECT)
    assert verdict("def f(x):\n    return [abs(x) / 3, 'a']\n", tests) == ProgramOutcome(INCORRECT, "AssertionError", 2)
    assert verdict("def f(x):\n    return (x / 3, 'a')\n", tests) == ProgramOutcome(INCORRECT, "AssertionError", 0)


def test_an_infinite_value_is_expected_exactly():
    expected = [float("inf"), float("-inf"), float("nan")]
    tests = from_inputs("ends", "f", [[0], [1], [2]], expected)
    program = "def f(n):\n    return [float('inf'), float('-inf'), float('nan')][n]\n"
    assert verdict(program, tests).verdict == CORRECT
    for other in ("0.0", "float('-inf') if n == 0 else float('inf')", "float('nan')"):
        assert verdict(f"def f(n):\n    return {other}\n", tests).verdict == INCORRECT


@pytest.mark.parametrize("kind", ["StopIteration", "StopAsyncIteration", "GeneratorExit"])
def test_an_exception_that_ends_an_iteration_passes_no_test(kind):
    tests = from_asserts("all", "f", ["assert all(map(lambda x: f(x) == x * x, [1, 2, 3]))"])
    assert verdict(f"def f(x):\n    raise {kind}\n", tests).verdict == INCORRECT
    assert verdict(SQUARE, tests).verdict == CORRECT


def test_expected_values_may_be_large():
    limits = Limits(cpu_seconds=10, memory_mb=1024, reply_mb=32)
    long = "def f(n):\n    return [n, ' '.join(map(str, range(n))), 7 ** n, list(range(n))]\n"
    tests = from_inputs("long", "f", [[200_000]], outputs_of(needs(), long, "f", [[200_000]], limits))
    assert verdict(long, tests, limits) == ProgramOutcome(CORRECT)
    assert verdict(long, tests, Limits(reply_mb=1)) == ProgramOutcome(INCORRECT, "ReplyTooLarge", 0)


@given(PLAIN)
def test_any_plain_value_can_be_encoded_and_decoded(value):
    again = decode(encode(value))
    assert (again, type(again)) == (value, type(value))


@given(st.binary(max_size=40))
def test_any_bytes_are_a_plain_value_or_refused(data):
    with contextlib.suppress(NotPlain):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"x", b"i", b"i5", b"i5;N", b"s5:abc", b"s-1:", b"l99999999999:", b"l2:N", b"d1:N", b"e1:l0:", b"f1e;"),
        *(
            b"l1:" * 100_000 + b"N",
            b"r1,2,0;",
            b"cbuiltins\neval\n(S'4'\ntR.",
            b"s1:\xff",
            b"i__import__;",
        ),
    ],
)
def test_bytes_that_are_no_value_are_refused(data):
    with pytest.raises(NotPlain):
        decode(data)


@pytest.mark.parametrize(
    "value", [object(), lambda: 0, [len], {1: iter([])}, functools.reduce(lambda a, _: [a], range(95), 0)]
)
def test_values_that_are_not_plain_are_not_sent(value):
    with pytest.raises(NotPlain):
        encode(value)
    with pytest.raises(NotPlain):
        expression(value)


def test_inputs_can_be_compared_as_sets_or_for_being_there():
    tests = from_inputs("set", "f", [[[1, 2, 2]]], [[2, 1]], compare="set")
    assert verdict("def f(x):\n    return x\n", tests) == ProgramOutcome(CORRECT)
    tests = from_inputs("there", "f", [[1], [0]], [True, False], compare="not_none")
    for returned in ("x or None", "x > 0", "[] if x else False"):
        assert verdict(f"def f(x):\n    return {returned}\n", tests) == ProgramOutcome(CORRECT)


# Bad tests ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: from_asserts("mbpp 7", "f", []), "mbpp 7: no tests"),
        (lambda: from_asserts("mbpp 7", "", ["assert f(1)"]), "mbpp 7: '' is not the name of a function"),
        (lambda: from_asserts("mbpp 7", "f", ["assert f(1"]), "mbpp 7: a test is not Python: '(' was never closed"),
        (lambda: from_check("he 7", "f", "assert True"), "he 7: the test defines no function check"),
        (lambda: from_inputs("plus 7", "f", [], []), "plus 7: no tests"),
        (lambda: from_asserts("mbpp 7", "f", ["assert True"]), "mbpp 7: no test names 'f'"),
        (
            lambda: from_asserts("mbpp 7", "f", ["assert f(1) == " + "-" * 100_000 + "2"]),
            "mbpp 7: a test is nested too",
        ),
        (lambda: from_asserts("mbpp 7", "f", ["assert f(1) == 2" + "+0" * 20_000]), "mbpp 7: a test is nested too"),
    ],
)
def test_bad_tests_are_reported_in_one_line(make, message):
    with pytest.raises(UserError) as raised:
        make()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)
