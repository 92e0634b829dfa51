"""The step checker accepts every honest chain of equations, and no dishonest one."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yetbetter.pocket.reasoning import check_reasoning
from yetbetter.pocket.world import make_problems

# (3 * 4) + 5 - 2, with results 12, 17, 15
CHAIN = {
    "quantities": [3, 4, 5, 2],
    "constants": [],
    "steps": [["*", "q0", "q1"], ["+", "s0", "q2"], ["-", "s1", "q3"]],
}
SQUARE = {"quantities": [2, 7], "constants": [], "steps": [["*", "q0", "q0"]]}
TWICE = {"quantities": [6], "constants": [2], "steps": [["*", "q0", "c0"]]}


@pytest.mark.parametrize(
    "text",
    [
        "First, 3 * 4 = 12. Then 12 + 5 = 17. So 17 - 2 = 15. The answer is 15.",
        "3*4=12, 5 - 2 = 3, 12+3=15",
        "4 x 3 = 12. 12 + 5 - 2 = 15. The answer is 15.",
        "3 × 4 + 5 − 2 = 15",
        "(4 * 3) + (5 - 2) = 15. The answer is 15.",
        "12 = 3 * 4. 17 = 12 + 5. 17 - 2 = 15.",
        "3 * 4 = 12. 12 + 5 = 17 = 5 + 12. 17 - 2 = 15. The answer is 15.",
        "$3 * $4 = $12. 12 + 5 = 17. 17 - 2 = 15.0. The answer is $15.",
        "3 * 4 = 12. 3 + 4 = 7. 12 + 5 = 17. 17 - 2 = 15. The answer is 15.",
    ],
)
def test_chain_that_computes_the_expression_is_valid(text):
    assert check_reasoning(text, CHAIN) == "valid"


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("cancelling errors", "3 * 4 = 13. 13 + 5 = 17. 17 - 2 = 15. The answer is 15."),
        ("missing step", "3 * 4 = 12. 17 - 2 = 15. The answer is 15."),
        ("missing last step", "3 * 4 = 12. 12 + 5 = 17. The answer is 15."),
        ("number from nowhere", "3 * 4 = 12. 12 + 3 = 15. 8 + 7 = 15. The answer is 15."),
        ("coincidence", "3 * 4 = 12. 12 + 3 = 15. The answer is 15."),
        ("used before derived", "12 + 5 = 17. 3 * 4 = 12. 17 - 2 = 15. The answer is 15."),
        ("answer not derived", "3 * 4 = 12. 12 + 5 = 17. 17 - 2 = 15. The answer is 16."),
        ("run-on equation", "3 * 4 = 12 + 5 = 17 - 2 = 15. The answer is 15."),
        ("sides that agree by chance", "3 * 4 = 12. 5 - 2 = 12 / 4 = 3. 12 + 3 = 15."),
        ("division by zero", "3 - 3 = 0. 3 / 0 = 15. The answer is 15."),
        ("number without end", f"3 * 4 = {'1' * 5000}. The answer is 15."),
    ],
)
def test_dishonest_chain_is_invalid(wrong, text):
    assert check_reasoning(text, CHAIN) == "invalid", wrong


def test_right_answer_by_the_wrong_operation_is_invalid():
    assert check_reasoning("2 * 2 = 4. The answer is 4.", SQUARE) == "valid"
    assert check_reasoning("2 + 2 = 4. The answer is 4.", SQUARE) == "invalid"


def test_constant_is_a_number_of_the_problem_and_stays_what_it_is():
    assert check_reasoning("6 * 2 = 12. The answer is 12.", TWICE) == "valid"
    assert check_reasoning("6 + 6 = 12. The answer is 12.", TWICE) == "valid"
    assert check_reasoning("6 + 2 = 8. 8 + 6 = 14. 14 - 2 = 12.", TWICE) == "valid"
    assert check_reasoning("6 * 3 = 18. 18 - 6 = 12.", TWICE) == "invalid"


def test_any_consistent_reading_of_an_ambiguous_number_counts():
    program = {"quantities": [3, 3, 5], "constants": [], "steps": [["+", "q1", "q2"]]}
    assert check_reasoning("3 + 5 = 8. The answer is 8.", program) == "valid"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The answer is 15.",
        "It is clear.",
        "3 4 = 12. The answer is 15.",
        "= 15",
        "3 * = 15",
        "3 * (4 = 12. 12 + 5 = 17. 17 - 2 = 15. The answer is 15.",
        "3 4 = 12. 12 + 5 = 17. 17 - 2 = 15. The answer is 15.",
    ],
)
def test_text_without_readable_equations_is_unreadable(text):
    assert check_reasoning(text, CHAIN) == "unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "1" * 1_000_000,
        "1=" * 500_000,
        "(" * 1_000_000,
        "(" * 19_000 + "=",
        "999999999999 * " * 1300 + "9 = 1",
        "3 * 4 = 12. 12 / 3 = 4. 5 - 2 = 3. 3 + 2 = 5. " * 400,
        "3 / 4 * 4 / 3 / 2 * 2 / 5 * 5 * 3 / 3 = 1. " * 60,
        "answer is 9," * 1600,
        "x" * 19_999,
        "\x00\ud800 ٣ + ٤ = ٧ ½ = ½" * 800,
    ],
)
def test_hostile_text_is_judged_at_once(text):
    started = time.process_time()
    assert check_reasoning(text, CHAIN) in ("invalid", "unreadable")
    assert time.process_time() - started < 3


@given(st.text(alphabet="0123456789+-*/=(). x\nanswer is", max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_gets_a_verdict(text):
    assert check_reasoning(text, CHAIN) in ("valid", "invalid", "unreadable")


@pytest.mark.parametrize("dataset", ["easy", "hard"])
@pytest.mark.parametrize("split", ["train", "functional"])
def test_every_generated_solution_is_valid(dataset, split):
    for row in make_problems(dataset, split, 600):
        assert check_reasoning(row["solution"], row["program"]) == "valid", row


PROBLEMS = make_problems("easy", "validation", 200) + make_problems("hard", "validation", 200)


@given(st.sampled_from(PROBLEMS), st.data())
@settings(max_examples=500, deadline=None)
def test_corrupting_one_number_is_never_valid(row, data):
    numbers = list(re.finditer("[0-9]+", row["solution"]))
    number = data.draw(st.sampled_from(numbers))
    other = data.draw(st.integers(0, 400).filter(lambda value: value != int(number[0])))
    text = row["solution"][: number.start()] + str(other) + row["solution"][number.end() :]
    assert check_reasoning(text, row["program"]) == "invalid"


@given(st.sampled_from(PROBLEMS), st.data())
@settings(max_examples=300, deadline=None)
def test_leaving_out_one_equation_is_never_valid(row, data):
    sentences = row["solution"].split(". ")
    place = data.draw(st.integers(0, len(sentences) - 2))
    text = ". ".join(sentences[:place] + sentences[place + 1 :])
    assert check_reasoning(text, row["program"]) != "valid"
