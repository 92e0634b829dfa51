"""What an arm's training data hold for each question: what paired comparisons of arms are made from."""

from yetbetter.measures.quality import by_question, count_distinct
from yetbetter.verdicts import CORRECT, FLAWED, INVALID, SOUND, VALID

COUNTS = ("drawn", "trained", "correct", "unique_correct", "decided", "wrong_reasoning")


def count_questions(rows: list[dict], problems: list[dict]) -> list[dict]:
    """A row per question that was drawn from, in the order of the problems: counts of its solutions.

    rows: all that the arm drew, `trained` false where the selection left it out, as in `measure_arm`. correct: right
    answers among those trained on; unique_correct: distinct ones; decided: those whose reasoning has a verdict, and
    wrong_reasoning: those where it is wrong.
    """
    grouped = by_question(rows)
    levels = {row["problem"]: row.get("level") for row in problems}
    counted = []
    for question in (problem for problem in levels if problem in grouped):
        trained = [row for row in grouped[question] if row.get("trained", True)]
        correct = [row for row in trained if row["verdict"] == CORRECT]
        wrong = sum(row.get("reasoning") in (INVALID, FLAWED) for row in correct)
        sound = sum(row.get("reasoning") in (VALID, SOUND) for row in correct)
        kept = (len(trained), len(correct), len(count_distinct(trained)))
        counts = (len(grouped[question]), *kept, wrong + sound, wrong)
        place = {"problem": question, "level": levels[question]}
        counted.append(place | dict(zip(COUNTS, counts, strict=True)))
    return counted
