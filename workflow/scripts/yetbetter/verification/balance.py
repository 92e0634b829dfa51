"""Chooses which labelled solutions a verifier learns from: few of each question, as many right as wrong ones."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from yetbetter.identity import stream_seed


@dataclass
class Labelled:
    """A solution with its label. text: as it was sampled. key: equal for equal texts. rank: among those of its question
    and label, from 0, by the hash of its identity."""

    problem: str
    model: str
    sample: int
    text: str
    key: bytes
    right: bool
    rank: int = 0

    @property
    def place(self) -> tuple[str, str, int]:
        return self.problem, self.model, self.sample


class Chooser:
    """Chooses among the solutions of questions that are offered one after the other.

    The choice depends on the identities of the solutions (problem, model, sample) and the seed, not on their order.
    per_question: the most of each label and question. counts: why solutions are left out.
    """

    def __init__(self, seed: int, per_question: int):
        self.seed, self.per_question = seed, per_question
        self.kept: list[Labelled] = []
        self.counts: Counter = Counter(out_duplicate=0, out_surplus=0, out_balance=0)

    def hash_of(self, solution: Labelled) -> tuple:
        return stream_seed(self.seed, "verifier", *solution.place), solution.place

    def offer(self, solutions: Iterable[Labelled]) -> None:
        """The solutions of whole questions: none of these questions may be offered again."""
        groups: dict[tuple[str, bool], list[Labelled]] = {}
        seen: set[tuple[str, bytes]] = set()
        for solution in sorted(solutions, key=self.hash_of):
            group = groups.setdefault((solution.problem, solution.right), [])
            if (solution.problem, solution.key) in seen:
                self.counts["out_duplicate"] += 1
            elif len(group) == self.per_question:
                self.counts["out_surplus"] += 1
            else:
                solution.rank = len(group)
                group.append(solution)
            seen.add((solution.problem, solution.key))
        self.kept += [solution for group in groups.values() for solution in group]

    def balanced(self) -> list[Labelled]:
        """As many right as wrong solutions, by problem, model and sample.

        Of the label with more solutions, the questions' first ones are kept before their second ones, and so on.
        """
        labels = [[solution for solution in self.kept if solution.right is label] for label in (True, False)]
        number = min(map(len, labels))
        self.counts["out_balance"] += sum(map(len, labels)) - 2 * number
        chosen = [
            one for label in labels for one in sorted(label, key=lambda one: (one.rank, self.hash_of(one)))[:number]
        ]
        return sorted(chosen, key=lambda one: one.place)
