"""Lenient accepts whatever strict does, and more."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_grading_data import rows_of
from test_grading_equivalence import DIFFERENT, EQUAL, LENIENTLY, NOT_EVEN_LENIENTLY

from yetbetter.grading import CORRECT, LENIENT, STRICT, Grader, is_equal
from yetbetter.grading.equivalence import compare

TEXTS = sorted({text for pair in EQUAL + DIFFERENT + LENIENTLY + NOT_EVEN_LENIENTLY for text in pair})


@settings(max_examples=1_000, deadline=None)
@given(st.sampled_from(TEXTS), st.sampled_from(TEXTS))
def test_lenient_accepts_whatever_strict_does_of_all_these_answers(answer, gold):
    if compare(answer, gold, STRICT):
        assert compare(answer, gold, LENIENT)


def test_lenient_keeps_lists_that_look_like_decimals():
    for mode in (STRICT, LENIENT):
        assert is_equal("3,1", "1,3", mode)
    assert is_equal("3,4", "3.4", LENIENT) and is_equal("3.4", "3,4", LENIENT)
    assert not is_equal("3,4", "3.4", STRICT)


@pytest.mark.parametrize("mode", [STRICT, LENIENT])
def test_reports_of_other_graders_faults_are_graded_as_expected(mode):
    rows = rows_of("grading_reports/cases.jsonl")
    with Grader(mode) as grader:
        for row in rows:
            verdict = grader.grade(row["text"], row["gold"], row["format"])[1]
            if mode == STRICT or row["expected"] == CORRECT:
                assert verdict == row["expected"], json.dumps(row)


def test_lenient_accepts_whatever_strict_does_of_all_pairs_of_reported_answers():
    golds = sorted({row["gold"] for row in rows_of("grading_reports/cases.jsonl")})
    with Grader(STRICT) as strict, Grader(LENIENT) as lenient:
        for answer in golds:
            for gold in golds:
                if strict.verdict(answer, gold) == CORRECT:
                    assert lenient.verdict(answer, gold) == CORRECT, (answer, gold)
