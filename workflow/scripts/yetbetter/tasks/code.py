"""The task `code`: the program of a solution is run in a box and must pass the problem's tests (docs/code.md)."""

import functools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from yetbetter import execution
from yetbetter.errors import UserError
from yetbetter.execution import Limits, Tests
from yetbetter.execution.form import form_of
from yetbetter.execution.program_tests import from_plain
from yetbetter.tasks.task import Options, Solution, Task
from yetbetter.verdicts import CORRECT
from yetbetter.versions import EXECUTION_VERSION

# The probe of a box takes a second.
open_box = functools.cache(execution.open_box)
PROGRAM = "program"
# Some hidden tests expect long lists.
HIDDEN_LIMITS = Limits(reply_mb=32)
DRAWS = (1, 4, 8, 16)
# Verdicts are handed on at least this often, so that a run that is killed keeps them.
PART_SECONDS = 1.0


@dataclass(frozen=True)
class Reference:
    """What a problem's programs are graded by. signature: the beginning of the program that the question shows."""

    entry_point: str
    tests: Tests
    signature: str = ""


def reference_of(problem: dict, where: str) -> Reference:
    """The visible tests. Raises UserError if there are none, or if they are not Python."""
    return reference_with(problem, "tests", where)


def reference_with(problem: dict, key: str, where: str) -> Reference:
    entry_point, tests = problem["entry_point"], problem[key]
    if not isinstance(entry_point, str):
        raise UserError(f"{where}: entry_point must be the name of a function, it is {entry_point!r}")
    try:
        if isinstance(tests, dict):
            tests = from_plain(tests)
        elif isinstance(tests, list) and all(isinstance(test, str) for test in tests):
            tests = execution.from_asserts(where, entry_point, tests, problem.get("setup") or "")
        else:
            raise UserError(f"{where}: {key} must be a list of texts, such as 'assert f(1) == 2'")
    except (KeyError, TypeError):
        raise UserError(f"{where}: {key} lacks functions, setup, statements or values") from None
    return Reference(entry_point, tests, problem.get("signature") or "")


def grade(solutions: Iterable[Solution], options: Options, limits: Limits | None = None) -> Iterator[list[dict]]:
    """Verdict rows with the kind of error and the first test that failed."""
    limits = limits or Limits()
    places: deque[Solution] = deque()

    def programs() -> Iterator[tuple[str | None, Tests]]:
        for solution in solutions:
            places.append(solution)
            yield program_in(solution.text, solution.reference), solution.reference.tests

    rows, start = [], time.monotonic()
    for outcome in execution.run_programs(open_box(options.box), programs(), options.workers, limits):
        solution = places.popleft()
        rows.append({"problem": solution.problem, "sample": solution.sample} | outcome.as_row())
        if time.monotonic() - start > PART_SECONDS:
            yield rows
            rows, start = [], time.monotonic()
    if rows:
        yield rows


def program_in(text: str, reference: Reference) -> str | None:
    # Training pairs put a blank between a prompt and a text that starts without one.
    if text[:1] == " " and text[1:2].strip():
        text = text[1:]
    return execution.extract_program(text, reference.entry_point, reference.signature)


def settings(options: Options) -> dict:
    return {"execution_version": EXECUTION_VERSION, "box": open_box(options.box).description}


def score_draws(rows: list[dict]) -> dict[str, float]:
    """pass@k, for the k from 4 up to the number of samples: whether one of k of them is right (Chen et al. 2021)."""
    from yetbetter.stats.estimators import coverage_curve  # loads NumPy, see `mathematics`

    right = sum(row["verdict"] == CORRECT for row in rows)
    curve = coverage_curve(len(rows), [right])[0] if rows else []
    return {f"pass@{k}": float(curve[k - 1]) for k in DRAWS[1:] if k <= len(rows)}


def form_in(text: str, reference: Reference) -> str | None:
    program = program_in(text, reference)
    return None if program is None else form_of(program)


CODE = Task(
    title="programs",
    conventions=(PROGRAM,),
    keys=("entry_point", "tests"),
    reference_of=reference_of,
    grade=grade,
    settings=settings,
    score_samples=score_draws,
    checks=("tests", "none"),
    votes=False,
    form_of=form_in,
    answers_are_solutions=True,
    tags=("code",),
)
