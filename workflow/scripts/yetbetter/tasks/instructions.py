"""The task `instructions`: answers are neither right nor wrong; those to a benchmark follow verifiable instructions.

Answers to training questions have the verdict `ungraded`, so that no filter but `none` and `judge` applies. Of a
benchmark's problems IFEval's checkers say whether an answer follows their instructions (docs/instructions.md).
"""

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from yetbetter import following
from yetbetter.following import Constraints, Followed
from yetbetter.tasks.task import Options, Solution, Task
from yetbetter.verdicts import CORRECT, GRADER_ERROR, INCORRECT, NO_ANSWER, TIMEOUT, UNGRADED
from yetbetter.versions import FOLLOWING_VERSION

INSTRUCTIONS = "instructions"
# Of checking one answer, which takes a hundredth.
SECONDS = 30
# The verdict is the first of the eight scores: every instruction of the prompt is followed, strictly and officially.
VERDICT = "prompt_strict"
SCORES = (
    *("prompt_loose", "instruction_strict", "instruction_loose"),
    *("repaired_prompt_strict", "repaired_prompt_loose", "repaired_instruction_strict", "repaired_instruction_loose"),
)


class TooLong(Exception):
    """Checking an answer took longer than SECONDS."""


def reference_of(problem: dict, where: str) -> Constraints | None:
    """The verifiable instructions; None for a problem without any. Raises UserError if the checkers do not know one."""
    constraints = following.read_constraints(problem, where)
    if constraints is not None:
        following.load_checkers().require(constraints, where)
    return constraints


def grade(solutions: Iterable[Solution], options: Options) -> Iterator[list[dict]]:
    for solution in solutions:
        yield [{"problem": solution.problem, "sample": solution.sample} | grade_text(solution)]


def grade_text(solution: Solution) -> dict:
    """The verdict and, of a problem with instructions, the scores (followed, asked) and the instructions that an
    answer does not follow strictly."""
    constraints = solution.reference
    if constraints is None:
        return {"verdict": UNGRADED}
    # Training pairs may put a blank before an answer.
    text = solution.text.removeprefix(" ")
    none = (False,) * len(constraints.names)
    found, verdict = Followed(none, none, none, none), NO_ANSWER
    if text.strip():
        try:
            with time_limit(SECONDS):
                found = following.load_checkers().check(constraints, text)
            verdict = CORRECT if all(found.strict) else INCORRECT
        except TooLong:
            verdict = TIMEOUT
        # A checker meets texts that nobody foresaw, such as lists nested a thousand times.
        except Exception:
            verdict = GRADER_ERROR
    counts = found.counts()
    not_followed = [name for name, kept in zip(constraints.names, found.strict, strict=True) if not kept]
    return {"verdict": verdict, "scores": {name: counts[name] for name in SCORES}, "not_followed": not_followed}


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raises TooLong in the block after so many seconds; without effect in threads, which get no signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def settings(options: Options) -> dict:
    return {"following_version": FOLLOWING_VERSION}


def score_samples(rows: list[dict]) -> dict[str, float]:
    return {}


FOLLOWED = Task(
    title="instructions",
    conventions=(INSTRUCTIONS,),
    keys=(),
    reference_of=reference_of,
    grade=grade,
    version=FOLLOWING_VERSION,
    settings=settings,
    score_samples=score_samples,
    checks=("judge", "none"),
    votes=False,
    graded=False,
    scores=(VERDICT, *SCORES),
    chat=True,
    tags=("instruction-following",),
)
