"""What a task is: an entry of the registry `yetbetter.tasks`, and what its functions are given."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from yetbetter.verdicts import STRICT


class Solution(NamedTuple):
    """A text to grade. reference: what `Task.reference_of` makes of its problem."""

    problem: str
    sample: int
    text: str
    reference: Any


@dataclass(frozen=True)
class Options:
    """How solutions are graded.

    convention: a value of the data set's `answer`. mode: of comparing final answers. seconds, memory_mb: limits of one
    comparison that needs algebra. workers: processes. box: what programs are run in, see `execution.open_box`.
    patience: programs may take so many times the usual time; a data set's own are right on a slow machine, too.
    """

    convention: str
    mode: str = STRICT
    seconds: float = 5.0
    memory_mb: int = 1024
    workers: int = 1
    box: str = "auto"
    patience: int = 1


@dataclass(frozen=True)
class Task:
    """All that depends on what kind of problem a data set holds.

    title: in text. conventions: values of a data set's `answer` (how a solution states it), the usual one of other
    people's files first; they name the task where programs are given one.
    keys: of a problem, that grading needs. reference_of(problem, where): what its solutions are graded by; where: names
    the problem in a UserError.
    grade(solutions, options): verdict rows (problem, sample, verdict and more) in order, a few at a time.
    version: raised deliberately when a verdict may change; rules have it as a param.
    settings(options): what verdicts depend on in addition to solutions and references; also recorded with them.
    score_samples(rows): scores of a problem's sampled answers, by name, from their verdict rows.
    checks: the ways to check right answers (`fpr`, see `tasks.checks`) that it allows.
    votes: whether answers can be compared with each other, as voting needs. vote_of(row): from a verdict row, what the
    answer votes for, equal for equal answers; None for no vote.
    answers_are_solutions: whether the `answer` of a problem can be graded as a solution.
    graded: whether answers to training problems are right or wrong; if not, their verdict is `ungraded`, all of them
    count for diversity, and they have no coverage and nothing to filter by.
    scores: names of scores of a benchmark's answers in addition to accuracy, the first being accuracy's own name.
    chat: whether targets are trained and asked in a chat format (`generation.chat_format`).
    tags: of exported training data.
    form_of(text, reference): a second identity of a solution, beside its text, for a second measure of diversity.
    """

    title: str
    conventions: tuple[str, ...]
    keys: tuple[str, ...]
    reference_of: Callable[[dict, str], Any]
    grade: Callable[[Iterable[Solution], Options], Iterator[list[dict]]]
    settings: Callable[[Options], dict]
    score_samples: Callable[[list[dict]], dict[str, float]]
    checks: tuple[str, ...]
    votes: bool
    version: int = 1
    vote_of: Callable[[dict], Any] | None = None
    form_of: Callable[[str, Any], str | None] | None = None
    answers_are_solutions: bool = False
    graded: bool = True
    scores: tuple[str, ...] = ()
    chat: bool = False
    tags: tuple[str, ...] = ("math", "reasoning")

    def verdicts(self, solutions: Iterable[Solution], options: Options) -> Iterator[dict]:
        """The verdict row of each solution, in order."""
        return (row for part in self.grade(solutions, options) for row in part)
