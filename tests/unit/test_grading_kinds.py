"""Each kind of answer and of statement: what is accepted, what is not, and that lenient accepts what strict does."""

import pytest
from grading_kinds import ANSWERS, TEXTS

from yetbetter.grading import CORRECT, LENIENT, Grader, gold_of


@pytest.fixture(scope="module")
def graders():
    with Grader() as strict, Grader(LENIENT) as lenient:
        yield strict, lenient


@pytest.mark.parametrize(
    ("gold", "equal", "answers"),
    [row[1:] for row in ANSWERS],
    ids=[f"{kind}: {'equal to' if equal else 'not'} {gold}" for kind, gold, equal, _ in ANSWERS],
)
def test_answers_of_this_kind_are_told_apart(graders, gold, equal, answers):
    strict, lenient = graders
    for answer in answers:
        assert (strict.verdict(answer, gold) == CORRECT) == equal, (answer, gold)
        if equal:
            assert lenient.verdict(answer, gold) == CORRECT, (answer, gold)


@pytest.mark.parametrize(
    ("convention", "gold", "verdict", "texts"),
    [row[1:] for row in TEXTS],
    ids=[f"{kind}, {convention}: {verdict} for {gold}" for kind, convention, gold, verdict, _ in TEXTS],
)
def test_statements_of_this_kind_are_read(graders, convention, gold, verdict, texts):
    for text in texts:
        assert graders[0].grade(text, gold, convention)[1] == verdict, text


@pytest.mark.parametrize(
    ("answer", "question", "gold"),
    [
        ("56,214", "Enter all possible values of $b,$ separated by commas.", "56, 214"),
        ("100,200,300", "Give a comma-separated list.", "100, 200, 300"),
        ("15,600", "In how many ways can we choose the officers?", "15,600"),
        ("1,000", "Enter all values, separated by commas.", "1,000"),
        ("(4,112)", "Enter the coordinates, separated by commas.", "(4,112)"),
    ],
)
def test_a_comma_is_a_lists_where_the_question_asks_for_one(answer, question, gold):
    assert gold_of({"answer": answer, "question": question}) == gold
    assert gold_of({"answer": answer}) == answer


def test_two_angles_of_one_sine_cosine_or_tangent_are_a_list_and_other_commas_group_thousands(graders):
    for gold in ("70,110", "60,300", "45,225", "250,290"):
        for grader in graders:
            assert grader.verdict(gold.replace(",", ""), gold) != CORRECT
            assert grader.verdict(gold.replace(",", " and "), gold) == CORRECT
    for gold in ("15,600", "70,120", "98,634", "31,250", "1,000", "180,540"):
        for grader in graders:
            assert grader.verdict(gold.replace(",", ""), gold) == CORRECT
