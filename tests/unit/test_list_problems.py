"""The list problems of the pocket world: splits that never share one, tests that agree with the reference program."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from execution_support import needs

from yetbetter.errors import UserError
from yetbetter.execution import extract_program, from_asserts, run_programs
from yetbetter.generation.prompts import read_template
from yetbetter.pocket.list_problems import HIDDEN, LEVELS, PROMPT, VISIBLE, key_of, make_list_problems
from yetbetter.pocket.operations import OPERATIONS, REDUCE, evaluate
from yetbetter.pocket.world import split_of
from yetbetter.records import read_rows
from yetbetter.verdicts import CORRECT

COUNT = 150
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def splits() -> dict[str, list[dict]]:
    return {split: make_list_problems(split, COUNT) for split in LEVELS}


def steps_of(row: dict) -> list[tuple[str, int | None]]:
    return [tuple(step) for step in row["steps"]]


def test_splits_are_disjoint_by_steps_whatever_the_wording(splits):
    owners: dict[str, str] = {}
    for split, rows in splits.items():
        longer = [row for row in rows if row["level"] > 1]
        for row in longer:
            key = key_of(steps_of(row))
            assert owners.setdefault(key, split) == split == split_of(key, [])
        assert len({row["question"] for row in longer}) == len(longer)
        assert len({row["problem"] for row in rows}) == COUNT


@pytest.mark.parametrize("split", LEVELS)
def test_growing_a_split_changes_no_problem_in_it(splits, split):
    assert make_list_problems(split, 30) == splits[split][:30]


def test_levels_count_steps_and_the_second_benchmark_has_five(splits):
    for split, rows in splits.items():
        assert {row["level"] for row in rows} == set(LEVELS[split])
        for row in rows:
            assert row["level"] == len(row["steps"])
            assert all(OPERATIONS[name].kind != REDUCE for name, _ in row["steps"][:-1])


def test_only_the_second_benchmark_and_some_pretraining_problems_are_a_signature_with_a_docstring(splits):
    for split, rows in splits.items():
        shown = [row for row in rows if "signature" in row]
        low, high = {"functional": (COUNT, COUNT), "pretraining": (10, 50)}.get(split, (0, 0))
        assert low <= len(shown) <= high
        for row in shown:
            assert row["signature"] == row["question"] + "\n"
            function = ast.parse(f"{row['signature']}    pass").body[0]
            assert function.name == row["entry_point"] and ast.get_docstring(function)


def test_expected_values_are_those_of_the_steps_for_empty_and_long_lists_too(splits):
    for rows in splits.values():
        for row in rows:
            assert len(row["tests"]) == VISIBLE and len(row["hidden_tests"]) == HIDDEN
            inputs = []
            for text in row["tests"] + row["hidden_tests"]:
                comparison = ast.parse(text).body[0].test
                values, expected = (
                    ast.literal_eval(comparison.left.args[0]),
                    ast.literal_eval(comparison.comparators[0]),
                )
                assert comparison.left.func.id == row["entry_point"]
                assert evaluate(steps_of(row), values) == expected
                inputs.append(values)
            lengths = [len(values) for values in inputs[VISIBLE:]]
            assert min(lengths) == 0 and max(lengths) == 40
            assert all(4 <= len(values) <= 7 for values in inputs[:VISIBLE])


def test_no_constant_passes_the_visible_tests_and_the_question_shows_none_of_them(splits):
    for rows in splits.values():
        for row in rows:
            results = {text.partition(" == ")[2] for text in row["tests"]}
            assert len(results) > 1 and results != {"0", "[]"}
            assert not any(text.partition("f(")[2].partition(")")[0] in row["question"] for text in row["tests"])


def test_references_and_solutions_pass_visible_and_hidden_tests_in_the_box(splits):
    rows = [row for split in ("train", "test", "functional", "pretraining") for row in splits[split][:5]]
    tests = [from_asserts(row["problem"], row["entry_point"], row["tests"] + row["hidden_tests"]) for row in rows]
    references = [(row["answer"], own) for row, own in zip(rows, tests, strict=True)]
    solutions = [
        (extract_program(row["solution"], row["entry_point"], row.get("signature", "")), own)
        for row, own in zip(rows, tests, strict=True)
    ]
    assert all(one.verdict == CORRECT for one in run_programs(needs("auto"), references + solutions))


def test_the_prompt_file_is_the_prompt_of_pretraining():
    assert read_template(ROOT / "resources/prompts/pocket_code.txt") == PROMPT


def test_unknown_names_and_exhausted_splits_are_one_clear_line(monkeypatch):
    with pytest.raises(UserError, match="lists has no 'control', its splits are pretraining, train"):
        make_list_problems("control", 1)
    monkeypatch.setattr("yetbetter.pocket.list_problems._PATIENCE", 3)
    with pytest.raises(UserError, match=r"lists/validation can supply \d+ problems, 99 asked for"):
        make_list_problems("validation", 99)


def test_program_writes_the_same_problems(tmp_path, splits):
    output = tmp_path / "problems.jsonl"
    command = [sys.executable, ROOT / "workflow/scripts/make_pocket_problems.py", "--dataset", "lists"]
    subprocess.run([*command, "--split", "functional", "--questions", "20", "--output", output], check=True)
    assert read_rows(output) == splits["functional"][:20]
