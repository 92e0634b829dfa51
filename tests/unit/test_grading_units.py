"""Units and words around a value: how they are spelt, when they fit, and when they make it another value."""

import pytest

from yetbetter.grading import LENIENT, MODES, STRICT, grade, is_equal


def assert_equal(answer: str, gold: str) -> None:
    for mode in MODES:
        assert is_equal(answer, gold, mode) and is_equal(gold, answer, mode), (answer, gold, mode)


def assert_different(answer: str, gold: str) -> None:
    assert not is_equal(answer, gold, STRICT) and not is_equal(gold, answer, STRICT), (answer, gold)


@pytest.mark.parametrize(
    "spelling",
    [
        r"1.6 \mathrm{~cm}",
        r"1.6\mathrm{cm}",
        r"1.6\,\mathrm{cm}",
        r"1.6~\mathrm{cm}",
        r"1.6 \operatorname{cm}",
        r"1.6 {\rm cm}",
        r"1.6{\rm\ cm}",
        r"1.6 \rm cm",
        r"1.6 \textrm{ cm}",
        r"1.6\mbox{ cm}",
        r"1.6 \textbf{ cm}",
        "1.6 cm",
        "1.6cm",
        "1.6 centimeters",
        "$1.6$ cm",
        "1.6",
    ],
)
def test_a_unit_in_any_font_is_a_unit(spelling):
    assert_equal(spelling, r"1.6\text{ cm}")


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        (r"5 \mathrm{m/s}", "5 meters per second"),
        (r"5\,\mathrm{m}/\mathrm{s}", "5 m/s"),
        (r"5\frac{\text{m}}{\text{s}}", r"5\text{ m/s}"),
        (r"5 \mathrm{~m/s^2}", r"5\text{ m}/\text{s}^2"),
        (r"5\text{ kg m}^{-3}", r"5\text{ kg}/\text{m}^3"),
        (r"15 \mathrm{~cm}^2", r"15\mbox{ cm}^2"),
        ("15 sq. cm", r"15\text{ cm}^{2}"),
        ("15 cm squared", r"15\text{ cm}^2"),
        ("15 cm2", r"15\text{ cm}^2"),
        ("144 m^3", r"144 \mbox{ m}^3"),
        ("60 mph", "60 miles per hour"),
        (r"60 \mathrm{mph}", r"60\text{ mi/h}"),
        (r"25^\circ\mathrm{C}", "25"),
        (r"25^\circ C", r"25^\circ"),
        (r"\frac{\pi}{3}\text{ radians}", r"\frac{\pi}{3}"),
        ("USD 5", r"\$5"),
        ("$18 per day", "18"),
        ("$18/day", "18"),
        ("5¢", "5 cents"),
        ("25℃", "25"),
        (r"50\% of the students", r"50\%"),
    ],
)
def test_compound_units_are_read(answer, gold):
    assert_equal(answer, gold)


@pytest.mark.parametrize(
    "words", ["eggs", "ways", "men", "cups", "oz", "ml", "feet", "red balls", "different ways", "ox"]
)
def test_plain_words_of_any_length_stand_behind_a_number(words):
    assert_equal(f"18 {words}", "18")
    assert_equal(f"$18$ {words}", "18")
    assert_equal(rf"18 \text{{ {words}}}", "18")


@pytest.mark.parametrize(
    "words",
    ["solutions", "times", "any text", "is the answer", "in total", "apples in all", "for the whole class", "left"],
)
def test_words_that_count_or_comment_leave_the_value_alone(words):
    assert_equal(rf"17 \text{{ {words}}}", "17")
    assert_equal(f"17 {words}", "17")


@pytest.mark.parametrize(
    "words",
    [
        *(
            "million",
            "thousand dollars",
            "dozen",
            "or more",
            "or 8",
            "is not it",
            "is wrong",
            "and a half",
            "plus",
            "squared",
        ),
        *(
            "over 4",
            "mod 3",
            "(mod 7)",
            "(base 2)",
            "isn't right",
            "hundredths",
            "or x",
            "at most",
            "times x",
            "choose k",
        ),
    ],
)
def test_words_that_change_the_value_are_no_unit(words):
    assert_different(f"7 {words}", "7")


def test_a_word_is_told_from_a_product_of_variables():
    for product in ("xy", "abc", "xyz", "mn", "pqr", "x", "abx", "ei"):
        assert_different(f"5 {product}", "5")
        assert_different(f"5{product}", "5")
    assert_equal("5 yx", "5 xy")
    assert_equal("5 m", "5m")  # a unit or a variable, on both sides the same


def test_units_that_differ_are_wrong_and_those_that_say_more_are_not():
    for other in ("5 inches", "5 cm^2", "5 cm/s", r"5\%", "5 apples", r"\$5"):
        assert_different(other, "5 cm")
        assert is_equal(other, "5 cm", LENIENT)
    assert_different("5 apples", "5 oranges")
    assert_different("18/m", "18")
    assert_different(r"5^\circ C", r"5^\circ F")
    assert_equal("210 different ways", r"210\text{ ways}")


@pytest.mark.parametrize(
    ("gold", "unit"),
    [
        *((r"36\pi", r" \mathrm{~cm}^2"), (r"36\pi", r"\mathrm{m}"), (r"36\pi", r" \mathrm{in}^2")),
        *((r"120\pi", r"\ {\rm cm}^3"), (r"120\pi", r"\operatorname{cm}^3"), (r"2\pi", r"\,\mathrm{m/s}")),
        *((r"2\pi", r"\,\mathrm{s}"), (r"\frac43\pi", r"\,\mathrm{m}^3"), (r"12+4\pi", r"\ \mathrm{cm}")),
        *(("3x", r"\,\mathrm{cm}"), ("2x+3y", r"\,\mathrm{km}")),
    ],
)
def test_a_unit_in_a_font_of_mathematics_behind_pi_or_a_variable_is_a_unit(gold, unit):
    assert_equal(gold + unit, gold)
    assert_equal(gold + unit, rf"{gold} \text{{ {unit[unit.rindex('{') + 1 :].replace('}', '').strip('~')}}}")


def test_a_letter_behind_pi_or_a_variable_is_a_factor():
    assert_equal(r"\pi\mathrm{r}^2", r"\pi r^2")
    assert_equal(r"5x\mathrm{m}", "5xm")
    assert_different(r"\pi\mathrm{i}", r"\pi")
    assert_different(r"2\pi\mathrm{h}", r"2\pi")
    assert_different(r"120\pi \mathrm{~m}^3", r"120\pi \text{ cm}^3")


def test_a_scale_and_a_word_contradict_each_other_in_both_orders():
    for word in ("eggs", "pairs"):
        assert_different(r"12\text{K}", rf"12\text{{ {word}}}")
        assert_different(rf"12\text{{ {word}}}", r"12\text{K}")


def test_ordinals_are_their_number():
    for spelling in ("12th", r"12^{\text{th}}", r"12^{th}", r"12\text{th}"):
        assert_equal(spelling, "12")


@pytest.mark.parametrize(
    ("convention", "text"),
    [
        ("the_answer_is", "She sells nine eggs twice. The answer is 18 eggs."),
        ("minerva", "Final Answer: The final answer is $18$ eggs. I hope it is correct."),
        ("boxed", r"So $\boxed{18 \mathrm{~eggs}}$."),
        ("any", "She makes 18 dollars every day at the farmers' market."),
    ],
)
def test_words_behind_the_number_are_accepted_in_every_convention(convention, text):
    assert grade(text, "18", convention)[1] == "correct"
