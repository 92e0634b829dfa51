"""Equality is reflexive, symmetric, and survives rewritings that do not change a value."""

from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from yetbetter.grading import LENIENT, MODES, STRICT, VERDICTS, grade, is_equal
from yetbetter.grading.equivalence import compare
from yetbetter.grading.grammar import parse
from yetbetter.grading.values import same_function

numbers = st.fractions(min_value=-1000, max_value=1000, max_denominator=60)
atoms = st.one_of(st.integers(0, 99).map(str), st.sampled_from(["x", "y", "n", r"\pi", r"\sqrt{2}", "i"]))
formulas = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", r" \cdot "]), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        st.tuples(inner, inner).map(lambda t: rf"\frac{{{t[0]}}}{{{t[1]}}}"),
        inner.map(lambda t: rf"\sqrt{{{t}}}"),
        st.tuples(inner, st.integers(2, 3)).map(lambda t: f"({t[0]})^{{{t[1]}}}"),
    ),
    max_leaves=6,
)
items = st.lists(st.integers(-50, 50).map(str), min_size=2, max_size=5)
scribbles = st.text(alphabet="0123456789xyi+-*/^_(){}[],.=<>\\ $%fracsqtpm\n", max_size=40)


def latex(number: Fraction) -> str:
    sign = "-" if number < 0 else ""
    return rf"{sign}\frac{{{abs(number.numerator)}}}{{{number.denominator}}}"


@given(st.one_of(formulas, scribbles, st.text(max_size=60)), st.sampled_from(MODES))
def test_an_answer_equals_itself(text, mode):
    assert compare(text, text, mode) is True


@settings(max_examples=300)
@given(st.one_of(formulas, scribbles), st.one_of(formulas, scribbles), st.sampled_from(MODES))
def test_equality_is_symmetric(one, other, mode):
    assert compare(one, other, mode) == compare(other, one, mode)


@given(formulas)
def test_a_formula_with_a_value_survives_its_rewritings(text):
    assume(same_function(parse(text), parse(text)))
    for rewritten in (f"${text}$", text.replace("frac", "dfrac"), f" {text} .", rf"\left({text}\right)", f"{text}+0"):
        assert compare(rewritten, text) is not False, rewritten


@given(formulas)
def test_a_formula_is_not_itself_plus_one(text):
    assert compare(f"{text}+1", text) is not True


@given(numbers)
def test_a_number_survives_its_spellings(number):
    for spelling in (latex(number), f"{number.numerator}/{number.denominator}", f"{number}", f"${latex(number)}$."):
        assert is_equal(spelling, str(number)) and is_equal(str(number), spelling)


@given(numbers, numbers)
def test_numbers_are_equal_exactly_when_their_values_are(one, other):
    assert is_equal(latex(one), str(other)) == (one == other)


@given(items, st.randoms())
def test_a_list_is_a_set_and_a_tuple_is_not(values, randomness):
    shuffled = list(values)
    randomness.shuffle(shuffled)
    assert is_equal(", ".join(shuffled), ",  ".join(values))
    assert is_equal(r"\{" + ",".join(shuffled) + r"\}", ",  ".join(values))
    same = list(map(int, shuffled)) == list(map(int, values))
    assert is_equal("(" + ", ".join(shuffled) + ")", "(" + ", ".join(values) + ")") == same


@given(scribbles, scribbles)
def test_lenient_accepts_whatever_strict_does(one, other):
    if compare(one, other, STRICT) is True:
        assert compare(one, other, LENIENT) is True


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(["the_answer_is", "minerva", "boxed", "gsm8k", "any"]))
def test_any_text_gets_a_verdict(text, convention):
    for solution in (text, f"The answer is {text}", rf"\boxed{{{text}}}", f"#### {text}"):
        assert grade(solution, "5", convention)[1] in VERDICTS
