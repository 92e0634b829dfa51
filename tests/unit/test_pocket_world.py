"""The pocket world's problems are what they say they are, and its splits never share one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from yetbetter.errors import UserError
from yetbetter.pocket.families import FAMILIES
from yetbetter.pocket.words import template_of
from yetbetter.pocket.world import SPLITS, make_problems, split_of, values_of
from yetbetter.records import read_rows

COUNT = 200
PROGRAM = Path(__file__).parents[2] / "workflow/scripts/make_pocket_problems.py"


@pytest.fixture(scope="module")
def world() -> dict[tuple[str, str], list[dict]]:
    return {(d, s): make_problems(d, s, COUNT) for d in FAMILIES for s in SPLITS}


def _key(row: dict) -> tuple:
    return (row["template"], *row["program"]["quantities"])


def test_splits_are_disjoint_by_text_and_by_template_and_numbers(world):
    owners: dict[object, str] = {}
    for (_, split), rows in world.items():
        for row in rows:
            assert owners.setdefault(row["question"], split) == split
            assert owners.setdefault(_key(row), split) == split
            assert split_of(row["template"], row["program"]["quantities"]) == split


def test_template_is_a_function_of_the_question(world):
    for rows in world.values():
        for row in rows:
            assert row["template"] == template_of(row["question"])
            numbers = [int(number) for number in re.findall("[0-9]+", row["question"])]
            assert numbers == row["program"]["quantities"]


def test_no_question_twice_in_a_split(world):
    for rows in world.values():
        assert len({row["question"] for row in rows}) == COUNT
        assert len({row["problem"] for row in rows}) == COUNT


@pytest.mark.parametrize("split", SPLITS)
def test_growing_a_split_changes_no_problem_in_it(world, split):
    assert make_problems("hard", split, 40) == world["hard", split][:40]


def test_program_computes_the_answer_by_positive_distinct_values(world):
    for rows in world.values():
        for row in rows:
            program = row["program"]
            given = program["quantities"] + program["constants"]
            steps = tuple(map(tuple, program["steps"]))
            results = values_of(steps, program["quantities"], program["constants"])
            assert str(results[-1]) == row["answer"]
            assert len(steps) == row["level"]
            assert min(given + results) > 0
            assert len(set(given + results)) == len(given + results)
            assert row["solution"].endswith(f"The answer is {row['answer']}.")


def test_all_plans_of_a_family_compute_the_same():
    for family in (family for families in FAMILIES.values() for family in families):
        for quantities in ([97, 5, 7, 11, 13, 17], [1009, 31, 2, 41, 3, 59]):
            given = quantities[: len(family.kinds)]
            assert len({values_of(plan, given, [3])[-1] for plan in family.plans}) == 1, family


def test_levels_are_about_equally_frequent_and_as_designed(world):
    for dataset, levels in (("easy", 3), ("hard", 5)):
        found = [row["level"] for row in world[dataset, "test"]]
        assert set(found) == set(range(1, levels + 1))
        assert all(found.count(n) > 0.6 * COUNT / levels for n in set(found))
        assert "*" not in {step[0] for family in FAMILIES["easy"] for step in family.plans[0]}


@pytest.mark.parametrize("dataset", FAMILIES)
@pytest.mark.parametrize("split", ["functional", "control"])
def test_twin_says_the_same_about_other_numbers(world, dataset, split):
    for twin, test in zip(world[dataset, split], world[dataset, "test"], strict=True):
        assert twin["twin_of"] == test["problem"]
        assert twin["template"] == test["template"]
        assert twin["program"]["steps"] == test["program"]["steps"]
        assert twin["program"]["constants"] == test["program"]["constants"]
        numbers = twin["program"]["quantities"]
        assert numbers != test["program"]["quantities"]
        words = [word for word in twin["question"].split() if not word.strip(".,").isdigit()]
        assert words == [w for w in test["question"].split() if not w.strip(".,").isdigit()]


@pytest.mark.parametrize("dataset", FAMILIES)
def test_numbers_are_shifted_in_the_functional_split_and_in_no_other(world, dataset):
    def mean(split: str) -> float:
        numbers = [n for row in world[dataset, split] for n in row["program"]["quantities"]]
        return sum(numbers) / len(numbers)

    assert mean("functional") > 1.4 * mean("test")
    assert 0.9 < mean("control") / mean("test") < 1.1


def test_solutions_of_similar_problems_are_worded_and_ordered_in_many_ways(world):
    shapes = {"".join("#" if c.isdigit() else c for c in row["solution"]) for row in world["hard", "train"]}
    assert len(shapes) > 0.5 * COUNT


def test_unknown_names_and_exhausted_splits_are_one_clear_line(monkeypatch):
    with pytest.raises(UserError, match="'middling' is not one of easy, hard"):
        make_problems("middling", "train", 1)
    with pytest.raises(UserError, match="'dev' is not one of pretraining, train"):
        make_problems("easy", "dev", 1)
    monkeypatch.setattr("yetbetter.pocket.world._PATIENCE", 3)
    with pytest.raises(UserError, match=r"easy/validation can supply \d+ problems, 99 asked for"):
        make_problems("easy", "validation", 99)


def test_program_writes_the_same_problems(tmp_path, world):
    output = tmp_path / "problems.jsonl"
    command = [sys.executable, PROGRAM, "--dataset", "easy", "--split", "control"]
    subprocess.run([*command, "--questions", "20", "--output", output], check=True)
    assert read_rows(output) == world["easy", "control"][:20]
