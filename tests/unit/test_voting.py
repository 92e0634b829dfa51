"""Majority vote on final answers: counted by hand, and with the real grader as judge of what is the same."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_views import sample_of, select

from yetbetter.grading import is_equal
from yetbetter.selection.filters import FILTERS
from yetbetter.selection.training_data import Choice, reject
from yetbetter.selection.voting import vote


def equal(answer: str, other: str) -> bool:
    return answer == other


@pytest.mark.parametrize(
    ("answers", "stay"),
    [
        ("aab", [True, True, False]),
        ("baa", [False, True, True]),
        ("abcc", [False, False, True, True]),
        # Of equally frequent answers the one stated first wins.
        ("ab", [True, False]),
        ("abba", [True, False, False, True]),
        ("-ba", [False, True, False]),
        # What states no answer has no vote, however often.
        ("---a", [False, False, False, True]),
        ("--", [False, False]),
        # A single sample is not voted on.
        ("a", [True]),
        ("-", [True]),
        ("", []),
    ],
)
def test_the_most_frequent_answer_wins_and_of_equals_the_first(answers, stay):
    assert vote([None if letter == "-" else letter for letter in answers], equal) == stay


def test_two_spellings_of_one_answer_vote_together():
    answers = ["3", "0.5", "\\frac{1}{2}", "3", "1/2"]
    assert vote(answers, is_equal) == [False, True, True, False, True]
    assert vote(answers, equal) == [True, False, False, True, False]


@given(st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=2, max_size=12))
def test_all_samples_of_one_answer_stay_and_no_other_was_given_more_often(answers):
    stay = vote(answers, equal)
    counts = Counter(answer for answer in answers if answer is not None)
    winners = {answer for answer, stays in zip(answers, stay, strict=True) if stays}
    if not counts:
        assert winners == set()
        return
    assert len(winners) == 1
    (winner,) = winners
    assert sum(stay) == counts[winner] == max(counts.values())
    assert winner == next(answer for answer in answers if counts[answer] == max(counts.values()))


def row(problem: str, sample: int, answer: str | None, model="wc", gold="1") -> dict:
    verdict = "no_answer" if answer is None else "correct" if answer == gold else "incorrect"
    place = {"model": model, "problem": problem, "sample": sample, "finish_reason": "stop"}
    return place | {"text": f"{model} {sample}: {answer}", "answer": answer, "verdict": verdict}


def test_every_question_is_voted_on_alone_in_the_order_of_the_samples_and_over_all_models():
    rows = [
        *(row("p0", 2, "1"), row("p0", 3, "2")),  # blocks come in any order
        *(row("p0", 0, "2"), row("p0", 1, "1")),
        row("p1", 0, "7"),
        *(row("p2", 0, "1"), row("p2", 0, "2", "se"), row("p2", 1, "2", "se")),
    ]
    samples = [sample_of(row) for row in rows]
    reasons = reject(samples, FILTERS["majority"].reject, equal)
    won = {sample.place for sample, reason in zip(samples, reasons, strict=True) if not reason}
    assert won == {
        *(("wc", "p0", 0), ("wc", "p0", 3)),  # the tie goes to sample 0
        ("wc", "p1", 0),
        *(("se", "p2", 0), ("se", "p2", 1)),  # a mix votes as a whole
    }


def test_the_filter_never_looks_at_the_gold_answer():
    rows = [row("p0", 0, "2"), row("p0", 1, "2.0"), row("p0", 2, "1"), row("p1", 0, None), row("p1", 1, "1")]
    kept, counts = select(rows, Choice("majority"))
    assert [(one["problem"], one["sample"]) for one in kept] == [("p0", 0), ("p0", 1), ("p1", 1)]
    assert (counts["kept"], counts["out_minority"], counts["verdict_incorrect"]) == (3, 2, 2)


def test_with_one_sample_of_each_question_majority_keeps_what_no_filter_keeps():
    rows = [row("p0", 0, "2"), row("p1", 0, "1"), row("p2", 0, None)]
    assert select(rows, Choice("majority"))[0] == select(rows, Choice("none"))[0] == rows
