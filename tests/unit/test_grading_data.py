"""Real gold answers and labelled solutions, where the shared data is: YETBETTER_DATA, or ../shared/data."""

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

from yetbetter.grading import CORRECT, INCORRECT, Grader, extract_answer
from yetbetter.grading.answers import read_any

DATA = Path(os.environ.get("YETBETTER_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
# Pairs of graders' unit tests that we grade otherwise, by line of the file; docs/grading.md says why for each.
OTHERWISE = {17, 31, 32, 35, 109, 133, 139, 162, 187, 190, 196, 202, 217, 237, 247, 250, 253, 263, 272} | {5, 6, 7}
OTHERWISE_LENIENT = {31, 32, 35, 109, 187, 190, 196, 202, 217, 237, 247, 250, 253, 263, 272}


def rows_of(name: str) -> list[dict]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no {path}: set YETBETTER_DATA to the folder of the shared data")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def math_rows() -> list[dict]:
    return [row for split in ("train", "test") for row in rows_of(f"math/{split}.jsonl") if row["answer"]]


@pytest.fixture(scope="module")
def grader():
    with Grader() as grader:
        yield grader


def test_every_math_gold_grades_as_itself_and_inside_its_solution(grader):
    rows = math_rows()
    assert len(rows) == 12_498
    for row in rows:
        assert grader.verdict(row["answer"] + " ", row["answer"]) == CORRECT
        assert grader.grade(row["solution"], row["answer"], "boxed")[1] == CORRECT, row["unique_id"]
        stated = f"Final Answer: The final answer is ${row['answer']}$. I hope it is correct."
        assert grader.grade(stated, row["answer"], "minerva")[1] == CORRECT, row["unique_id"]


def test_every_gsm8k_gold_grades_as_itself_and_inside_its_solution(grader):
    rows = [row for split in ("train", "test") for row in rows_of(f"gsm8k/{split}.jsonl")]
    assert len(rows) == 8_792
    for row in rows:
        gold = row["answer"].rpartition("####")[2].strip()
        assert grader.verdict(gold, gold) == CORRECT
        assert grader.grade(row["answer"], gold, "gsm8k")[1] == CORRECT
        assert grader.grade(f"So.\nThe answer is ${gold}.", gold, "the_answer_is")[1] == CORRECT


def test_labels_of_real_model_solutions_are_met(grader):
    rows = rows_of("gsm8k_model_solutions/model_solutions_flat.jsonl")
    met = sum((grader.grade(row["solution"], row["gold"], "gsm8k")[1] == CORRECT) == row["is_correct"] for row in rows)
    assert met >= 0.999 * len(rows)


@pytest.mark.parametrize(("mode", "otherwise"), [("strict", OTHERWISE), ("lenient", OTHERWISE_LENIENT)])
def test_pairs_of_other_graders_tests_are_graded_as_labelled_but_for_those_in_the_docs(mode, otherwise):
    found = set()
    with Grader(mode) as grader:
        for number, row in enumerate(rows_of("answer_pairs/answer_equivalence_pairs.jsonl")):
            texts = row["pred"], row["gold"]
            if row["kind"] == "text_with_answer":
                texts = tuple(extract_answer(text, "any") or "" for text in texts)
            if (grader.verdict(*texts) == CORRECT) != row["label"]:
                found.add(number)
    assert found == otherwise


def test_another_problems_gold_is_wrong_unless_it_says_the_same(grader):
    by_subject = defaultdict(list)
    for row in math_rows():
        by_subject[row["subject"]].append(row["answer"])
    accepted = set()
    for golds in by_subject.values():
        for shift in (1, 7, 40):
            for answer, gold in zip(golds, golds[shift:] + golds[:shift], strict=True):
                verdict = grader.verdict(answer, gold)
                assert verdict in (CORRECT, INCORRECT)
                assert verdict == grader.verdict(gold, answer)
                if verdict == CORRECT:
                    accepted.add((answer, gold))
    for answer, gold in accepted:
        one, other = read_any(answer), read_any(gold)
        same = one.identity == other.identity or (one.number is not None and one.number == other.number)
        assert same or bare(answer) == bare(gold), (answer, gold)


def bare(gold: str) -> str:
    """Without "x =": what remains of those golds that are equal in value and neither in spelling nor as numbers."""
    return gold.rpartition("=")[2].strip()
