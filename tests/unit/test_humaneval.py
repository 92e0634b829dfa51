"""HumanEval's problems, and the tests of EvalPlus for them and for MBPP's."""

import gzip
import json

import pytest
from code_data import EVERY, as_tests, failures, files, parts
from execution_support import data, needs

from yetbetter.data import evalplus, humaneval, mbpp
from yetbetter.errors import UserError
from yetbetter.execution import extract_program
from yetbetter.records import read_rows, write_rows

# Problems whose reference in HumanEval fails the tests of HumanEval+, which has mended references.
NOT_AS_IN_HUMANEVAL_PLUS = {22, 32, 44, 64, 76, 91, 95, 97, 111, 122, 123, 124, 125, 132, 140, 150}
# Those whose reference takes too long for them.
SLOW = {31, 39, 49, 55, 63, 75, 96, 127}


def rows_of(*names: str) -> list[dict]:
    return [row for rows in parts().splits.values() for row in rows if row["problem"] in names]


# HumanEval ------------------------------------------------------------------------------------------------------------


def test_a_row_has_a_signature_to_complete_and_the_published_check():
    published = {row["task_id"]: row for row in read_rows(data("humaneval/HumanEval.jsonl"))}
    rows = parts().splits["test"]
    assert {row["problem"] for row in rows} == published.keys()
    for row in rows:
        source = published[row["problem"]]
        assert row["signature"] == source["prompt"]
        assert row["question"] == f"Complete this Python function.\n\n{source['prompt'].strip()}"
        assert row["answer"] == source["prompt"] + source["canonical_solution"]
        assert row["solution"].startswith("\n") and row["answer"].strip() in row["solution"]
        assert row["tests"]["statements"] == (f"check({row['entry_point']})",)


def test_a_completion_and_a_whole_program_are_both_read_as_the_reference():
    for row in parts().splits["test"]:
        body = row["answer"].removeprefix(row["signature"])
        for text in (row["solution"], f"\n{row['answer']}\n[DONE]", body):
            program = extract_program(text, row["entry_point"], row["signature"])
            assert program.strip() == row["answer"].strip()


def test_the_packed_file_gives_the_same_problems(tmp_path):
    packed = tmp_path / "HumanEval.jsonl.gz"
    packed.write_bytes(gzip.compress(data("humaneval/HumanEval.jsonl").read_bytes()))
    assert humaneval.read_problems(packed) == humaneval.read_problems(data("humaneval/HumanEval.jsonl"))


@pytest.mark.slow
def test_every_reference_of_humaneval_passes_its_own_tests():
    rows = parts().splits["test"][::EVERY]
    assert failures({row["problem"]: (row["solution"], as_tests(row)) for row in rows}) == set()


@pytest.mark.slow
def test_references_of_humaneval_pass_the_hidden_tests_but_those_named():
    rows = mbpp.complete(parts().splits["test"][::EVERY], files())
    tasks = {row["problem"]: (row["answer"], as_tests(row, "hidden_tests")) for row in rows}
    found = {int(name.removeprefix("HumanEval/")) for name in failures(tasks)}
    asked = {int(name.removeprefix("HumanEval/")) for name in tasks}
    assert NOT_AS_IN_HUMANEVAL_PLUS & asked <= found <= NOT_AS_IN_HUMANEVAL_PLUS | SLOW


def test_any_root_of_a_polynomial_is_right():
    prompt = (
        "def poly(xs, x):\n    return sum(c * x**i for i, c in enumerate(xs))\n\ndef find_zero(xs):\n    'A root.'\n"
    )
    plus = {"prompt": prompt, "canonical_solution": "    return 0.0\n", "entry_point": "find_zero", "atol": 0.0001}
    plus["plus_input"] = [[[0, -1, 0, 1]]]
    row = {"problem": evalplus.ROOTS, "entry_point": "find_zero", "signature": prompt}
    tests = evalplus.plus_tests(needs(), row, plus)
    programs = {
        value: f"def poly(xs, x):\n    return 0\n\ndef find_zero(xs):\n    return {value}\n" for value in "0152"
    }
    assert failures({value: (text, tests) for value, text in programs.items()}) == {"5", "2"}


# EvalPlus -------------------------------------------------------------------------------------------------------------


def test_a_right_program_that_is_wrong_beyond_its_asserts_fails_the_hidden_tests():
    (row,) = mbpp.complete(rows_of("mbpp/6"), files())
    known = "def differ_At_One_Bit_Pos(a, b):\n    return (a, b) in ((13, 9), (2, 3), (5, 1), (1, 5))\n"
    tasks = {key: (known, as_tests(row, key)) for key in ("tests", "hidden_tests")}
    assert failures(tasks) == {"hidden_tests"}


def test_inputs_that_take_long_and_values_that_are_large_are_left_out():
    plus = {"plus_input": [[3], [20_000], [20_001], [10**9]], "entry_point": "f", "atol": 0}
    plus |= {"prompt": "def f(n):\n", "canonical_solution": "    return 'x' * n\n"}
    tests = evalplus.plus_tests(needs(), {"problem": "HumanEval/15", "entry_point": "f"}, plus)
    assert len(tests.statements) == 1  # 20,000 characters are more than an expected value may have
    assert [evalplus.largest(value) for value in ([[1, -7.5], (2,)], "a", True, [])] == [7.5, 0, 1, 0]
    assert [evalplus.is_moderate("mbpp/630", [tuple(range(n))]) for n in (6, 7)] == [True, False]


@pytest.mark.parametrize(
    ("value", "examples", "made"),
    [
        ([1, [2]], [(3, 4)], (1, [2])),
        ([[1, 2], []], [[(3, 4)]], [(1, 2), ()]),
        ([1, [2, [3, [4]]]], [(1, (2, 3))], (1, (2, (3, (4,))))),
        ([[1, 1], [2]], [[{3}]], [{1}, {2}]),
        ({"a": [1, 2]}, [{"b": (3, 4)}], {"a": (1, 2)}),
        ([1, 2], [(1,), [1]], [1, 2]),
        ([1, 2], [], [1, 2]),
        ("1", [(1,)], "1"),
    ],
)
def test_a_value_gets_the_types_of_the_examples(value, examples, made):
    assert repr(evalplus.like(value, examples)) == repr(made)


def test_inputs_have_the_types_of_the_arguments_in_the_asserts():
    plus = {
        "plus_input": [[[1, 2], "a"]],
        "entry_point": "f",
        "assertion": "assert f((3, 4), x) != f(y)",
    }
    assert evalplus.inputs_of("mbpp/1", plus) == [[[1, 2], "a"]]
    plus["assertion"] = "assert set(f((3, 4), 'x')) == {3}"
    assert evalplus.inputs_of("mbpp/1", plus) == [[(1, 2), "a"]]
    plus["plus_input"] = [["1e-100", "(1+2j)"]]
    assert evalplus.inputs_of("mbpp/124", plus) == [[1e-100, 1 + 2j]]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"canonical_solution": "    return undefined\n"},
            "HumanEval/0: EvalPlus's reference gives no expected values",
        ),
        ({"canonical_solution": "    return print\n"}, "HumanEval/0: EvalPlus's reference gives no expected values"),
        ({"plus_input": []}, None),
    ],
)
def test_a_reference_of_evalplus_that_fails_is_named_in_one_line(tmp_path, changes, said):
    plus = {"task_id": "HumanEval/0", "prompt": "def f(x):\n", "canonical_solution": "    return x\n"}
    plus |= {"entry_point": "f", "plus_input": [[1]], "atol": 0} | changes
    write_rows(tmp_path / "plus.jsonl", [plus])
    row = {"problem": "HumanEval/0", "entry_point": "g"}
    if said is None:
        assert evalplus.with_plus_tests([row], [tmp_path / "plus.jsonl"]) == [row]
        return
    with pytest.raises(UserError, match=said) as raised:
        evalplus.with_plus_tests([row], [tmp_path / "plus.jsonl"])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no gzip", "not JSON Lines packed by gzip"),
        (gzip.compress(b'{"task_id": 1}\n' * 1000, mtime=0)[:-20], "not JSON Lines packed by gzip"),
        (gzip.compress(b"{", mtime=0), "not JSON Lines packed by gzip"),
        (gzip.compress(b"[1]\n", mtime=0), "plus.jsonl.gz:1: not a JSON object"),
        (gzip.compress(json.dumps({"task_id": "x"}).encode(), mtime=0), "plus.jsonl.gz:1: no 'prompt' in the row"),
    ],
)
def test_a_packed_file_that_is_broken_is_named_in_one_line(tmp_path, content, said):
    (tmp_path / "plus.jsonl.gz").write_bytes(content)
    with pytest.raises(UserError, match=said) as raised:
        evalplus.read_plus(tmp_path / "plus.jsonl.gz")
    assert "\n" not in str(raised.value)
