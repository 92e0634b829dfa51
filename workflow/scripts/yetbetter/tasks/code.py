"""The task `code`: the program of a solution is run in a box and must pass the problem's tests (docs/code.md)."""

import functools
import hashlib
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from yetbetter import execution
from yetbetter.errors import UserError
from yetbetter.execution import Limits, ProgramOutcome, Tests
from yetbetter.execution.form import form_of
from yetbetter.execution.program_tests import checked, from_plain
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
# Programs whose outcome is kept for equal ones: some 20 MB.
REMEMBERED = 100_000


@dataclass(frozen=True)
class Reference:
    """What a problem's programs are graded by. signature: the beginning of the program that the question shows."""

    entry_point: str
    tests: Tests
    signature: str = ""

    @functools.cached_property
    def digest(self) -> bytes:
        return hashlib.sha256(repr(self).encode("utf-8", "backslashreplace")).digest()


def reference_of(problem: dict, where: str) -> Reference:
    """The visible tests. Raises UserError if there are none, or if they are not Python."""
    return reference_with(problem, "tests", where)


def reference_with(problem: dict, key: str, where: str) -> Reference:
    entry_point, tests = problem["entry_point"], problem[key]
    if not isinstance(entry_point, str):
        raise UserError(f"{where}: entry_point must be the name of a function, it is {entry_point!r}")
    for optional in ("setup", "signature"):
        if not isinstance(problem.get(optional) or "", str):
            raise UserError(f"{where}: {optional} must be text, it is {problem[optional]!r}")
    try:
        if isinstance(tests, dict):
            tests = checked(where, from_plain(tests))
        elif isinstance(tests, list) and all(isinstance(test, str) for test in tests):
            tests = execution.from_asserts(where, entry_point, tests, problem.get("setup") or "")
        else:
            raise UserError(f"{where}: {key} must be a list of texts, such as 'assert f(1) == 2'")
    except (KeyError, TypeError):
        raise UserError(f"{where}: {key} lacks functions, setup, statements or values") from None
    return Reference(entry_point, tests, problem.get("signature") or "")


def grade(solutions: Iterable[Solution], options: Options, limits: Limits | None = None) -> Iterator[list[dict]]:
    """Verdict rows with the kind of error and the first test that failed.

    Equal programs with the same tests run once.
    """
    limits = (limits or Limits()).times(options.patience)
    # Each solution with the place for its outcome, and whether it is the first with its program.
    waiting: deque[tuple[Solution, list[ProgramOutcome], bool]] = deque()

    def programs() -> Iterator[tuple[str | None, Tests]]:
        seen: OrderedDict[bytes, list[ProgramOutcome]] = OrderedDict()
        for solution in solutions:
            program = program_in(solution.text, solution.reference)
            key = digest_of(solution.reference, program)
            # Many equal programs in a row: some run again, so that memory is flat.
            first = key not in seen or len(waiting) > 10_000
            waiting.append((solution, seen.setdefault(key, []), first))
            if first:
                yield program, solution.reference.tests
            if len(seen) > REMEMBERED:
                seen.popitem(last=False)

    def rows() -> Iterator[dict]:
        outcomes = execution.run_programs(open_box(options.box), programs(), options.workers, limits)
        while True:
            # Outcomes come in order, so the first of several equal programs has its own by now.
            while waiting and not waiting[0][2]:
                solution, place, _ = waiting.popleft()
                yield row_of(solution, place[0])
            outcome = next(outcomes, None)
            if outcome is None:
                break
            solution, place, _ = waiting.popleft()
            place.append(outcome)
            yield row_of(solution, outcome)
        yield from (row_of(solution, place[0]) for solution, place, _ in waiting)

    return in_parts(rows())


def digest_of(reference: Reference, program: str | None) -> bytes:
    """The same for programs that differ in empty lines around them alone."""
    text = repr(program and program.strip("\n"))
    return hashlib.sha256(reference.digest + text.encode("utf-8", "backslashreplace")).digest()


def row_of(solution: Solution, outcome: ProgramOutcome) -> dict:
    return {"problem": solution.problem, "sample": solution.sample} | outcome.as_row()


def in_parts(rows: Iterator[dict]) -> Iterator[list[dict]]:
    part, start = [], time.monotonic()
    for row in rows:
        part.append(row)
        if time.monotonic() - start > PART_SECONDS:
            yield part
            part, start = [], time.monotonic()
    if part:
        yield part


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
    version=EXECUTION_VERSION,
    settings=settings,
    score_samples=score_draws,
    checks=("tests", "none"),
    votes=False,
    form_of=form_in,
    answers_are_solutions=True,
    tags=("code",),
)
