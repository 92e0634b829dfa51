"""A verifier's training set: which solutions it holds, and the labels of their steps."""

import random

import pytest

from yetbetter.errors import UserError
from yetbetter.records import write_rows
from yetbetter.verification.balance import Chooser, Labelled
from yetbetter.verification.labels import prefix_name, prefix_rows, read_completions, training_row
from yetbetter.verification.prompts import VerifierPrompt

PROMPT = VerifierPrompt("Q: ", "\nA: ", "")
TEXT = "We have 4 + 11 = 15. Next, 3 * 15 = 45. The answer is 45."


def labelled(problem: int, sample: int, right: bool, text: str = "") -> Labelled:
    text = text or f"{problem} {sample}"
    return Labelled(f"p{problem}", "wc", sample, text, text.encode(), right)


def offered() -> list[list[Labelled]]:
    """Three questions of ten solutions; a tenth, a half and most of them are right."""
    return [[labelled(p, s, s < right) for s in range(10)] for p, right in enumerate((1, 5, 9))]


def choose_from(questions: list[list[Labelled]], seed: int = 0, per_question: int = 4) -> tuple[list, Chooser]:
    chooser = Chooser(seed, per_question)
    for question in questions:
        chooser.offer(question)
    return [one.place for one in chooser.balanced()], chooser


def test_as_many_right_as_wrong_solutions_are_chosen_and_few_of_each_question():
    chooser = Chooser(0, 4)
    for question in offered():
        chooser.offer(question)
    chosen = chooser.balanced()
    assert sum(one.right for one in chosen) * 2 == len(chosen) == 18
    assert all(sum(one.problem == p and one.right == r for one in chosen) <= 4 for p in ("p0", "p1") for r in (0, 1))
    assert sum(chooser.counts.values()) + len(chosen) == 30


def test_the_choice_depends_on_the_seed_and_not_on_the_order():
    first, _ = choose_from(offered())
    shuffled = offered()
    for question in shuffled:
        random.Random(1).shuffle(question)
    assert choose_from(shuffled[::-1])[0] == first
    assert choose_from(offered(), seed=1)[0] != first


def test_a_text_is_chosen_once_for_its_question():
    rows = [labelled(0, sample, True, "same") for sample in range(3)] + [labelled(0, 3, False)]
    chosen, chooser = choose_from([rows])
    assert len(chosen) == 2 and chooser.counts["out_duplicate"] == 2


def test_a_step_is_right_if_any_completion_is_and_the_last_has_the_verdict(tmp_path):
    one = labelled(0, 3, False, TEXT)
    rows = prefix_rows(one, {"problem": "p0", "question": "?", "answer": "45", "solution": "gold"})
    assert [row["prefix"] for row in rows] == [" We have 4 + 11 = 15.", " We have 4 + 11 = 15. Next, 3 * 15 = 45."]
    assert [row["problem"] for row in rows] == [prefix_name(one, 1), prefix_name(one, 2)] == ["p0/wc/3/1", "p0/wc/3/2"]
    assert "solution" not in rows[0] and rows[0]["answer"] == "45"
    verdicts = {"p0/wc/3/1": ["incorrect", "correct"], "p0/wc/3/2": ["incorrect", "timeout"]}
    found = [
        {"problem": name, "sample": sample, "verdict": verdict}
        for name, of_name in verdicts.items()
        for sample, verdict in enumerate(of_name)
    ]
    write_rows(tmp_path / "v" / "block.jsonl", found)
    completions = read_completions([str(tmp_path / "v")])
    row = training_row(one, "?", "process", PROMPT, (), completions)
    ends = [len(" We have 4 + 11 = 15."), len(" We have 4 + 11 = 15. Next, 3 * 15 = 45."), len(TEXT) + 1]
    assert row["labels"] == [[ends[0], 1], [ends[1], 0], [ends[2], 0]]
    assert (row["prompt"], row["completion"]) == ("Q: ?\nA:", f" {TEXT}")
    with pytest.raises(UserError, match="none of 'p0/wc/3/1'"):
        training_row(one, "?", "process", PROMPT, (), {})
    write_rows(tmp_path / "v" / "block.jsonl", found[:-1])
    with pytest.raises(UserError, match="the same number"):
        read_completions([str(tmp_path / "v")])


def test_an_outcome_label_is_at_the_end_of_the_text():
    row = training_row(labelled(0, 0, True, TEXT + "\n"), "?", "outcome", PROMPT, ())
    assert row["labels"] == [[len(TEXT) + 1, 1]]


def test_a_generative_verifier_answers_with_a_word():
    prompt = VerifierPrompt("Q: ", "\nA: ", "\nRight?")
    row = training_row(labelled(0, 0, False, f" {TEXT}\n"), "?", "generative", prompt, (" Yes", " No"))
    assert (row["prompt"], row["completion"]) == (f"Q: ?\nA: {TEXT}\nRight?", " No")
