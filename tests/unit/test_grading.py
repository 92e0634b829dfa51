"""Does a solution state the gold answer? Whatever a model writes, a verdict comes at once."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yetbetter.grading import CORRECT, INCORRECT, NO_ANSWER, VERDICTS, extract_answer, grade, is_equal
from yetbetter.pocket.world import make_problems

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
FORMAT = "the_answer_is"


@pytest.mark.parametrize("dataset", ["easy", "hard"])
def test_every_gold_solution_grades_as_itself(dataset):
    problems = make_problems(dataset, "train", 100)
    assert {grade(row["solution"], row["answer"], FORMAT)[1] for row in problems} == {CORRECT}


def test_a_gold_solution_is_wrong_for_another_answer():
    problems = make_problems("hard", "train", 100)
    assert {grade(row["solution"], str(int(row["answer"]) + 1), FORMAT)[1] for row in problems} == {INCORRECT}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is 5", "5"),
        ("So 2 + 3 = 5. The answer is 5.", "5"),
        ("the answer is: 5.\n", "5"),
        ("The answer is 3.5.", "3.5"),
        ("The answer is 1,234 .", "1,234"),
        ("The answer is 5\r\nQuestion: another", "5"),
        ("The answer is 4.\nNo. The answer is 6.\nDone.", "6"),
        ("The answer is 4. Wait, that is wrong. The answer is 6.", "6"),
        ("The answer is 5\nThe answer is", "5"),
        ("The answer is seven apples.", "seven apples"),
    ],
)
def test_the_last_answer_that_is_stated_counts(text, answer):
    assert extract_answer(text, FORMAT) == answer


@pytest.mark.parametrize(
    "text", ["", "5", "The answer is", "The answer is .", "The answer is \n5", "We have 2 + 3 = 5."]
)
def test_a_text_that_states_no_answer_has_none(text):
    assert grade(text, "5", FORMAT) == (None, NO_ANSWER)


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("5", "5"),
        ("5.0", "5"),
        ("05", "5"),
        ("+5", "5"),
        ("-0", "0"),
        ("1,000", "1000"),
        ("1,234,567.50", "1234567.5"),
        ("0.5", "1/2"),
        ("2/4", "1/2"),
        ("0.1", "1/10"),
        ("5.", "5"),
        ("Yes", "yes"),
        ("a  b", "a b"),
        ("123456789012345678901234567890", "123456789012345678901234567890.0"),
    ],
)
def test_equal_answers_are_equal_both_ways(answer, gold):
    assert is_equal(answer, gold)
    assert is_equal(gold, answer)


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("5", "6"),
        ("5", "-5"),
        ("", "5"),
        ("1/0", "0"),
        ("0.333333333333333333", "1/3"),
        ("100000000000000000000000000001", "100000000000000000000000000000"),  # equal as floats
        ("0.1000000000000000000001", "0.1"),
        ("5 6", "56"),
        ("1_000", "1000"),
        ("nan", "0"),
        ("no", "yes"),
        ("9" * 100_000, "1"),
        ("1" + ",000" * 30_000, "1"),
    ],
    ids=lambda text: text[:30],
)
def test_different_answers_are_different_both_ways(answer, gold):
    assert not is_equal(answer, gold)
    assert not is_equal(gold, answer)


@given(st.integers(), st.integers())
def test_whole_numbers_are_correct_exactly_when_they_are_equal(answer, gold):
    expected = CORRECT if answer == gold else INCORRECT
    assert grade(f"We have it. The answer is {answer}.", str(gold), FORMAT) == (str(answer), expected)
    assert grade(f"The answer is {gold:,}.", str(gold), FORMAT)[1] == CORRECT


@given(st.fractions(max_denominator=10**6))
def test_fractions_are_compared_exactly(number):
    assert is_equal(f"{number.numerator * 3}/{number.denominator * 3}", str(number))
    assert not is_equal(str(number + 1), str(number))


@given(st.text(), st.text(alphabet="The answer is:. \n\t0123456789,/+-", max_size=60))
def test_whatever_a_model_writes_gets_a_verdict(text, answer):
    for solution in (text, answer, f"{text}The answer is {answer}", f"The answer is {text}{answer}"):
        found, verdict = grade(solution, "5", FORMAT)
        assert verdict in VERDICTS
        assert (found is None) == (verdict == NO_ANSWER)


@pytest.mark.parametrize(
    "text",
    [
        "'The answer is 5' + ' ' * 4_000 + 'x'",
        "'The answer is ' + ' ' * 100_000",
        "'The answer is ' * 20_000",
        "'The answer is 5' + '. ' * 2_000 + 'x'",
        "'The answer is ' + '1,' * 100_000",
        "'The answer is ' + '1' * 1_000_000",
        "'The answer is ' + '9/' * 100_000 + '9'",
    ],
)
def test_no_text_keeps_the_grader_busy(text):
    # In a process of its own: a regular expression that hangs cannot be interrupted from inside.
    program = f"from yetbetter.grading import grade; print(grade({text}, '5', {FORMAT!r})[1])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=SCRIPTS, timeout=8, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() in VERDICTS
