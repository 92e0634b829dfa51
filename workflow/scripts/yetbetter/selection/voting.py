"""Majority vote of a question's samples on their final answer (self-consistency), without the gold answer."""

from collections.abc import Callable, Iterable

Same = Callable[[str, str], bool]


def vote(answers: list[str | None], same: Same) -> list[bool]:
    """Which of one question's samples give its most frequent answer.

    answers: what each sample states, in order, None where it states nothing, which is no vote. same: whether two
    answers say the same. Of equally frequent answers the one that was stated first wins. A single sample is not voted
    on: it stays, whatever it says.
    """
    if len(answers) == 1:
        return [True]
    # An answer joins the first group whose first member it equals: groups do not depend on how often each is given.
    groups: list[list[int]] = []
    for number, answer in enumerate(answers):
        if answer is None:
            continue
        for group in groups:
            if same(answer, answers[group[0]]):
                group.append(number)
                break
        else:
            groups.append([number])
    winner = set(max(groups, key=len, default=[]))
    return [number in winner for number in range(len(answers))]


def in_majority(rows: Iterable[dict], same: Same) -> set[tuple]:
    """(model, problem, sample) of the rows whose `answer` won the vote among all rows of their question.

    They vote in the order of their sample numbers; where models are mixed, the one drawn first comes first.
    """
    questions: dict[str, list[dict]] = {}
    for row in rows:
        questions.setdefault(row["problem"], []).append(row)
    kept = set()
    for group in questions.values():
        group.sort(key=lambda row: row["sample"])
        won = vote([row["answer"] for row in group], same)
        kept |= {(row["model"], row["problem"], row["sample"]) for row, stays in zip(group, won, strict=True) if stays}
    return kept
