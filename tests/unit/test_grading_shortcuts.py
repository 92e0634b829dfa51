"""The grader's quick ways for usual texts find what the whole search finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yetbetter.grading.boxes import closed_boxes
from yetbetter.grading.equivalence import compare
from yetbetter.grading.fallback import last_number
from yetbetter.grading.hashes import quantity
from yetbetter.grading.normalisation import clean
from yetbetter.grading.run_on import NEXT, may_run_on
from yetbetter.grading.statements import NUMBER


def joined(pieces: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=12).map("".join)


turns = joined(
    [
        *("\n", "\n", " ", "\t", "**", "#", "##", ":", ".", "1", "12", "=", "so "),
        *(
            "Problem",
            "Question",
            "Exercise",
            "Q",
            "Assistant",
            "ASSISTANT",
            "System",
            "SYSTEM",
            "Response",
            "Next problem",
        ),
        *(
            "Next question",
            "Human",
            "HUMAN",
            "User",
            "USER",
            "Instruction",
            "Instructions",
            "Input",
            "[INST]",
            "<<SYS>>",
        ),
        *(
            "<</SYS>>",
            "<|im_end|>",
            "<｜User｜>",
            "</s>",
            "<eos>",
            "<human>:",
            "<user>:",
            "<start_of_turn>",
            "<end_of_turn>",
        ),
    ]
)
# A line break, and each way to begin a next turn.
openings = st.sampled_from(
    ["\nProblem:", "\n**Question 2:**", "\n### Input\n", "\nHuman:", " Human: ", "\n## Instructions:"]
)
lines = joined(["\n", " ", ",", ".", "/", "-", "+", "\u2212", "x", "1", "23", "456", "\u0663", "\u00b2"])
boxes = joined(
    ["\\boxed{", "\\fbox{", "\\boxed", "{", "}", "\\{", "\\}", "\\\\", "5", "x\n", "$", "\\pi", "\\frac{1}{2}"]
)
plain_numbers = st.from_regex(r"-?[0-9]([0-9.,/]{0,8}[0-9])?", fullmatch=True)


@given(turns, st.one_of(turns, openings), turns)
def test_a_text_in_which_a_model_runs_on_passes_the_quick_check(before, turn, behind):
    text = before + turn + behind
    assert may_run_on(text) or not NEXT.search(text)


def test_most_solutions_do_not_pass_the_quick_check():
    assert not may_run_on("Q is hers. He has 16 - 3 = <<16-3=13>>13 eggs.\n**So** she has $[1, 2]$.\n#### 18\nA: 18")


@given(lines)
def test_the_last_number_is_the_last_of_all_numbers(text):
    assert last_number(text) == (NUMBER.findall(text) or [None])[-1]


@given(boxes)
def test_one_box_without_braces_is_read_as_any_other(text):
    found = [content for _, _, content in closed_boxes(text)]
    # A blank behind the command leads around the quick way.
    assert found == [
        box.replace("\\boxed {", "\\boxed{") for _, _, box in closed_boxes(text.replace("\\boxed{", "\\boxed {"))
    ]


@given(plain_numbers)
def test_a_plain_number_is_clean_already(number):
    assert clean(number) == clean(f"${number}$") == number


@given(st.integers(0, 10**80), joined([" ", "\t", "\u00a0"]))
def test_bare_digits_of_a_line_are_its_quantity(number, blanks):
    assert quantity(f"{blanks}{number}{blanks}") == quantity(f"{number}.") == str(number)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (r"\sum_{k=1}^n k", "251", False),
        (r"\sum_{k=1}^n k", "n^2", False),
        (r"\prod_{k=1}^n k", "n", False),
        (r"\sum_{k=1}^n \cos(2ka)", "5", False),
        (r"\sum_{k=1}^n k", r"\frac{n(n+1)}{2}", None),  # algebra proves it
        (r"\sum_{k=1}^n k", r"\sum_{j=1}^n j", None),
        (r"\sum_{k=1}^{\infty} x^k", "5", None),
    ],
)
def test_a_sum_to_n_that_differs_where_n_is_whole_needs_no_algebra(one, other, verdict):
    assert compare(one, other) is verdict and compare(other, one) is verdict
