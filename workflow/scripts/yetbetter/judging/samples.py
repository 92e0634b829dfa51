"""A sample with its verdicts and without its text, of which hundreds of thousands are in memory at once."""

from dataclasses import dataclass
from typing import NamedTuple


class Judgement(NamedTuple):
    """A judge's verdict on a sample. path: of its file. solution: digest of the text that the judge saw.

    tokens, prompt_tokens: what the answer cost; None if that is not the arm's to pay.
    """

    verdict: str
    path: str
    solution: str
    tokens: int | None = None
    prompt_tokens: int | None = None


@dataclass(slots=True)
class Sample:
    """verdict: of the final answer, which is `answer` where filters compare it (None: none was stated).

    reasoning: what the exact check or a judge says of it; None if it was not looked at. judged: what a judge says that
    does not know the right answer. judgements: those that reasoning and judged come from. score: a verifier's, None if
    it has none. accepted: whether the score is high enough; None if no verifier was asked. trained: whether it is
    trained on. distinct: whether it is the first right answer of its text among those that are; of a task
    without right answers, the first answer of its text.
    """

    model: str
    problem: str
    sample: int
    verdict: str
    answer: str | None = None
    reasoning: str | None = None
    judged: str | None = None
    judgements: tuple[Judgement, ...] = ()
    score: float | None = None
    accepted: bool | None = None
    trained: bool = False
    distinct: bool = False

    @property
    def place(self) -> tuple[str, str, int]:
        return self.model, self.problem, self.sample
