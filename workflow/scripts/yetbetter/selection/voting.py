"""Majority vote of a question's samples on their final answer (self-consistency), without the gold answer."""

from collections.abc import Callable

Same = Callable[[str, str], bool]


def vote(answers: list[str | None], same: Same) -> list[bool]:
    """Which of one question's samples give its most frequent answer.

    answers: the answer of each sample, in order; None is not a vote. same: whether two answers are equal. Of equally
    frequent answers the first wins. A single sample is always kept.
    """
    if len(answers) == 1:
        return [True]
    # An answer joins the first group whose first member it equals, so that groups do not depend on frequencies.
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
