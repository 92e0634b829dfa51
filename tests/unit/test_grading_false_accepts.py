"""Answers that look alike and are not."""

import pytest
from test_grading_units import assert_different, assert_equal

from yetbetter.grading import MODES, is_equal


def test_a_list_whose_comma_looks_like_thousands_is_no_number():
    # Two angles of a triangle, a gold answer of MATH: 70 + 110 = 180.
    for mode in MODES:
        assert not is_equal("70110", "70,110", mode)
        assert is_equal("110, 70", "70,110", mode) and is_equal("70,110", "70,110", mode)
        assert is_equal("70,110", "70110", mode)  # here the gold answer is one number


def test_thousands_stay_numbers():
    for gold in ("58,500", "15,600", "1,234,567", "335,670"):
        assert_equal(gold.replace(",", ""), gold)
        assert_equal(gold.replace(",", r",\!"), gold)


@pytest.mark.parametrize(
    ("one", "other"),
    [("no", "on"), ("end", "Ned"), ("east", "seat"), ("ate", "tea"), ("CBAD", "ABCD"), ("no, yes", "on, yes")],
)
def test_words_are_no_products_of_their_letters(one, other):
    assert_different(one, other)
    assert_different(rf"\text{{{one}}}", other)
    assert_equal(rf"\mathrm{{{one}}}", one)


def test_products_of_letters_have_no_order():
    for one, other in (("xy", "yx"), ("abc", "bca"), ("2ab", "2ba"), ("AB", "BA")):
        assert_equal(one, other)


def test_an_angle_is_named_by_its_vertex():
    assert_different(r"\angle ABC", r"\angle BAC")
    assert_equal(r"\angle ABC", r"\angle CBA")
    assert_equal(r"\angle{ABC}", "∠ABC")


def test_a_time_is_no_ratio():
    for other in ("25:62.5", "2:5", "1230", "0.4"):
        assert_different("12:30", other)
    assert_equal("12 : 30", "12:30")
    assert_equal("2:4", "1:2")
    assert_equal("a:b = 7:32", "7:32")
