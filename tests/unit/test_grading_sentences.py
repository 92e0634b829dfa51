"""Sentences around an answer: several values, denials, another value that is denied, words that say the answer."""

import pytest
from test_grading_units import assert_different, assert_equal

from yetbetter.grading import CORRECT, LENIENT, grade
from yetbetter.study.yaml_readings import number_meant


def accepts(text: str, gold: str, convention: str = "any") -> bool:
    strict = grade(text, gold, convention)[1] == CORRECT
    assert not strict or grade(text, gold, convention, LENIENT)[1] == CORRECT
    return strict


@pytest.mark.parametrize(
    "text",
    [
        *("The answers are 3 and 5.", "The final answers are 3 and 5.", "Final answers: 3 and 5", "Answers: 3, 5"),
        *("The solutions are 3 and 5.", "The two roots are 3 and 5", "the possible values are 3, 5", "x = 3 or 5"),
        *("so 3 and 5 are the roots.", "The roots are 3 and $5$.", "The lengths are 3 and 5 cm.", "The roots: 3, 5"),
    ],
)
def test_a_plural_statement_is_read_whole(text):
    assert accepts(text, "3,5")
    assert not accepts(text, "5") and not accepts(text, "3")


def test_one_number_behind_another_sentence_is_no_list():
    assert accepts("There were 3 and 5 more came, so 8.", "8")
    assert accepts("So g = $50,000", "50000")


@pytest.mark.parametrize(
    "text",
    [
        *("The answer isn't 42.", "The answer can't be 42.", "The answer cannot be 42.", "The answer isn\u2019t 42."),
        *("I don't think the answer is 42.", "It is not true that the answer is 42.", "It's neither 41 nor 42."),
        *("So x can't be $42$.", "It could never be 42", "The final answer isn't 42.", "#### It can't be 42"),
    ],
)
def test_a_denied_value_is_no_answer(text):
    for convention in ("any", "the_answer_is", "minerva", "gsm8k"):
        assert not accepts(text, "42", convention)
    assert accepts(f"The answer is 41. {text}" if "####" not in text else "The answer is 41", "41", "the_answer_is")


def test_of_a_value_and_a_denied_one_the_first_is_the_answer():
    for text in ("It is 41, not 42.", "It's $41$, not $42$", "so 41 rather than 42"):
        assert accepts(text, "41") and not accepts(text, "42")
    assert accepts("The number of cars that do not is 12", "12")


@pytest.mark.parametrize(
    "behind",
    [
        *(" as 6*7 = 42", " \u2014 six sevens", " (and not 43)", "; 43 is wrong", " rather than 41", " instead of 41"),
        *(" -> final", " <-- final answer", " and not 43"),
    ],
)
def test_a_denied_value_or_a_remark_behind_the_answer_is_no_part_of_it(behind):
    assert accepts(f"The answer is 42{behind}.", "42") and not accepts(f"The answer is 44{behind}.", "42")


def test_an_arrow_behind_a_line_of_hashes_is_no_part_of_it():
    assert accepts("#### 5 -> final", "5", "gsm8k") and accepts("#### 5 <-- final", "5", "gsm8k")


def test_markup_around_an_answer_is_no_part_of_it():
    assert accepts("The answer is *-5*.", "-5") and accepts("The answer is <b>5</b>.", "5")
    assert accepts("The answer is 5\u3002", "5")
    assert_equal("x<sup>2</sup>", "x^2")
    assert_different("a<b", "a")


def test_units_joined_by_a_dot_and_with_micro_are_units():
    for unit in (r"\mathrm{kg}\cdot\mathrm{m}", r"\mu\text{m}", r"\mathrm{\mu m}", "\\text{ \u03bcm}"):
        assert_equal(rf"25\,{unit}", "25")
    assert_different("25 \u03bcm", "25 m")
    assert_different(r"25\mu m", "25")


def test_sets_with_styled_or_and_a_hyphen_are_read():
    for text in (r"x<2\ \mathrm{or}\ x>3", r"\mathbb R - [2,3]"):
        assert_equal(text, r"(-\infty,2)\cup(3,\infty)")


def test_a_reciprocal_or_root_of_an_unknown_is_an_equation():
    for text in ("1/x = 5", r"\sqrt{x} = 5", r"\log x = 5", "2x = 5"):
        assert_different(text, "5")
    for text in ("1/x + 1/y = 5", "x/y = 5", r"\sin x = 5"):
        assert_equal(text, "5")


def test_an_ordinal_is_no_angle():
    assert_different(r"45^{\text{th}}", r"45^\circ")
    assert_equal("45th", "45")


def test_a_full_hour_is_its_number():
    assert_equal("12 o'clock", "12")
    assert_different("12 o'clock", "11")


def test_a_sentence_says_its_word_and_two_names_have_no_order():
    assert_equal(r"\text{The function is odd}", r"\text{odd}")
    assert_different(r"\text{The function is not odd}", r"\text{odd}")
    assert_different("no function is odd", "odd")
    assert_equal("Alice and Bob", "Bob and Alice")
    assert_different(r"\text{Alice, Bob}", r"\text{Bob, Alice}")
    assert_different("Alice or Bob", "Alice and Bob")


def test_a_number_too_small_for_a_computer_gets_no_advice():
    assert number_meant("1e-400", whole=False) == "" and number_meant("1e-3", whole=False) == "1.0e-3"


@pytest.mark.parametrize(
    "text",
    [
        *("The answer is no longer 12.", "The answer is far from 12.", "The answer is nowhere near 12."),
        *("The answer is different from 12.", "I doubt the answer is 12.", "I am not sure if the answer is 12."),
        "I do not know whether the answer is 12.",
    ],
)
def test_a_sentence_that_keeps_away_from_a_number_does_not_state_it(text):
    assert not accepts(text, "12")


@pytest.mark.parametrize("word", ["clearly", "actually", "definitely", "now", "certainly", "surely", "obviously"])
def test_an_adverb_before_the_answer_does_not_matter(word):
    assert accepts(f"The answer is {word} 12.", "12")


@pytest.mark.parametrize(
    "text",
    [
        *("The answer is 12, I think.", "The answer is not 18 but 12.", "There is no doubt the answer is 12."),
        *("Without a doubt, the answer is 12.", "It is no longer than 20. The answer is 12."),
    ],
)
def test_a_remark_beside_the_answer_does_not_matter(text):
    assert accepts(text, "12")
