"""One answer in many spellings: text commands, times and dates, conditions, names, unions in words, signs."""

import pytest
from test_grading_units import assert_different, assert_equal


@pytest.mark.parametrize(
    "spelling",
    [
        *(r"\text{6}", r"\textbf{6}", r"\mbox{6}", r"\mathbf{6}", r"\textit{6}", r"\text{\textbf{6}}", r"\text{ 6 }"),
        *(
            r"N = \textbf{6}",
            r"\text{N = 6}",
            r"\text{6 miles}",
            r"\text{\$6}",
            r"\text{$6$}",
            r"\mathrm{6.0}",
            r"\bm{6}",
        ),
    ],
)
def test_a_number_in_a_text_command_is_the_number(spelling):
    assert_equal(spelling, "6")


def test_a_number_in_a_text_command_stays_apart_from_a_number_before_it():
    assert_different(r"1\text{3}", "13")


@pytest.mark.parametrize(
    "spelling",
    [
        *(
            r"4:30 \text{ PM}",
            r"\text{4:30 PM}",
            "4:30 p.m.",
            "4:30pm",
            r"4\!:\!30 \text{ p.m.}",
            "16:30",
            "4:30",
            "04:30 PM",
        ),
        *(r"4:30\,\mathrm{PM}", "4:30 in the afternoon", "4:30:00 p.m."),
    ],
)
def test_a_time_of_day_is_read_in_every_spelling(spelling):
    assert_equal(spelling, r"\text{4:30 p.m.}")


def test_another_time_is_another_answer():
    for other in ("4:30 a.m.", "4:31 p.m.", "4.5", "430", "3:30"):
        assert_different(other, r"\text{4:30 p.m.}")
    assert_different("16:30", "4:30")


@pytest.mark.parametrize(
    "spelling", ["June 20", "20 June", "June 20th", "the 20th of June", r"\text{June} 20", "Jun. 20"]
)
def test_a_date_is_read_in_every_spelling(spelling):
    assert_equal(spelling, r"\text{June 20}")
    assert_different(spelling, r"\text{June 21}")
    assert_different(spelling, "20")


def test_a_number_in_a_base_above_ten_is_read_in_every_spelling():
    for spelling in ("A5_{11}", r"\mathrm{A5}_{11}", r"\text{A5}_{11}"):
        assert_equal(spelling, r"\text{A5}_{11}")
    assert_different("A6_{11}", r"\text{A5}_{11}")


@pytest.mark.parametrize(
    "condition",
    [
        r" \text{ for all real } x",
        r" \text{ for any constant } c",
        r", \text{ where } c \in \mathbb{R}",
        " for all x",
        r" \text{ if } x > 0",
        r", x \ne 0",
        r" \text{ (for all } x)",
        r" \text{ because } f(0) = 0",
    ],
)
def test_a_condition_behind_a_formula_is_no_part_of_it(condition):
    assert_equal("f(x) = cx" + condition, "f(x)=cx")
    assert_different("f(x) = cx" + condition, "f(x)=cx^2")


def test_conditions_that_differ_are_wrong():
    assert_different(r"x^2 \text{ if } x > 0", r"x^2 \text{ if } x < 0")
    assert_different(r"4 \text{ with remainder } 2", "4")


@pytest.mark.parametrize(
    "answer",
    [
        *(
            r"\text{Area} = 5",
            "Area = 5",
            "The area is 5",
            "Total cost: 5",
            r"\text{The area is } 5",
            r"\textbf{(A)}\ 5",
        ),
        *(
            "a+b = 6 - 1",
            "a + b = 5",
            "ab = 5",
            r"\frac{a}{b} = 5",
            "f(2) = 5",
            "|z| = 5",
            r"\angle ABC = 5",
            "a^2+b^2 = 5",
        ),
    ],
)
def test_the_name_of_a_value_is_no_part_of_it(answer):
    assert_equal(answer, "5")


def test_an_equation_is_not_its_right_side_and_two_names_differ():
    for equation in ("2x = 5", "x - 3 = 5", "a + 3z = 5", "x^2 + y^2 = 5", "x/2 = 5"):
        assert_different(equation, "5")
    assert_different("3x-y+13 = 0", "0")
    assert_different(r"\text{Area} = 5", r"\text{Perimeter} = 5")
    assert_different("not x = 5", "5")


def test_unions_and_intersections_are_read_in_words():
    union = r"(-\infty,2)\cup(3,\infty)"
    for spelling in (
        r"x<2 \text{ or } x>3",
        "x < 2 or x > 3",
        "x > 3 or x < 2",
        r"x<2 \lor x>3",
        r"(-\infty,2) \text{ or } (3,\infty)",
    ):
        assert_equal(spelling, union)
    assert_equal(r"x>1 \text{ and } x<3", "(1,3)")
    assert_equal("x > 1 and x < 3", "1 < x < 3")
    assert_equal("x > 1, x < 3", "(1,3)")
    assert_equal("x < 2, x > 3", union)
    assert_different("x<2 or x>3", "x<2 and x>3")
    assert_different("x<2 or x>3", "(2,3)")
    assert_different("x<2 or y>3", union)


def test_space_below_the_rows_of_a_matrix_shows_nothing():
    for row in (r"\\[6pt]", r"\\ [0.5em]", r"\\[-2mm]", r"\\"):
        assert_equal(rf"\begin{{pmatrix}}1{row}2\end{{pmatrix}}", r"\begin{pmatrix}1\\2\end{pmatrix}")


def test_degrees_are_read_in_every_spelling():
    for spelling in (
        r"45\degree",
        r"45^\degree",
        r"45^{\circ}",
        r"45^\circ",
        r"45\circ",
        "45°",
        "45^o",
        "45 degrees",
        "45",
    ):
        assert_equal(spelling, r"45^\circ")
    assert_different(r"45\degree", r"45\text{ radians}")


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        *(("√12", r"2\sqrt3"), ("2√3", r"\sqrt{12}"), ("√(12)", r"2\sqrt3"), ("∛8", "2"), ("√{12}", r"2\sqrt3")),
        *(("x²", "x^2"), ("x¹²", "x^{12}"), ("2⁻¹", "1/2"), ("101₂", "101_2"), ("1½", "3/2"), ("∠ABC", r"\angle ABC")),
    ],
)
def test_signs_of_unicode_are_read(answer, gold):
    assert_equal(answer, gold)


def test_repeating_decimals_are_fractions():
    for answer, gold in (
        (r"0.\overline{3}", "1/3"),
        (r"0.1\overline{6}", "1/6"),
        (r"0.\bar3", "1/3"),
        (r"1.\overline{27}", r"\frac{14}{11}"),
        (r"-0.\overline{142857}", r"-\frac17"),
        (r"0.\overline{9}", "1"),
    ):
        assert_equal(answer, gold)
    assert_different(r"0.\overline{3}", "0.3")
    assert_different("0.(3)", "0")


def test_one_value_said_twice_is_one_value():
    assert_equal("1/2 or 0.5", "1/2")
    assert_different("1/2 or 0.6", "1/2")


def test_a_root_without_a_command_reaches_over_the_whole_number():
    assert_equal("sqrt12", r"2\sqrt3")
    assert_equal("2sqrt(12)", r"4\sqrt{3}")


@pytest.mark.parametrize(
    "behind", [" (since 6 * 7 = 42)", " (clips)", r" \text{ (by symmetry)}", " (or 42.0)", " (approximately)"]
)
def test_an_explanation_in_brackets_is_no_part_of_the_answer(behind):
    assert_equal("42" + behind, "42")
    assert_different("43" + behind, "42")


def test_a_choice_may_say_what_its_letter_stands_for():
    for spelling in ("(B) 5", "B. five", r"\textbf{(B) } 5", "B: east", "(B)", "B"):
        assert_equal(spelling, "B")
        assert_different(spelling, "C")
