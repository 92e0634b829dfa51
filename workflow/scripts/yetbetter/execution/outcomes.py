"""The verdict on one program: it runs alone in its box, its tests run here.

Tests are code of the data set and have the rights of this user, like everything else that is installed: they come from
a pinned revision, or from whoever brings a data set. Of the program only plain data ever reaches them.
"""

import ast
import base64
import builtins
import dataclasses
import functools
import zlib
from collections.abc import Iterable
from types import CodeType
from typing import Any

from yetbetter.execution.box import Box
from yetbetter.execution.limits import USUAL, Limits
from yetbetter.execution.nursery import Nursery
from yetbetter.execution.program_tests import NAMES, Tests
from yetbetter.execution.session import TIME_IS_UP, BoxFailed, ProgramFailed, Session
from yetbetter.execution.values import decode
from yetbetter.verdicts import CORRECT, GRADER_ERROR, INCORRECT, NO_ANSWER, TIMEOUT

TEST_FILE = "<test>"
TRIES = 3  # to start a box: a busy machine may lack processes for a moment


@dataclasses.dataclass(frozen=True)
class ProgramOutcome:
    """verdict: one of `yetbetter.verdicts.VERDICTS`. error: the name of an exception or of a signal, `timeout`, `exit`
    (the process ended by itself), `protocol` (it sent something else than a reply), `ProgramTooLarge`. failed_test: the
    first that failed, from 0; None if none did, or if the program failed before its tests.
    """

    verdict: str
    error: str | None = None
    failed_test: int | None = None

    def as_row(self) -> dict:
        return dataclasses.asdict(self)


class Lost(BaseException):
    """The program is gone. No test can catch this."""


class Broken(BaseException):
    """The box is gone, by no fault of the program. No test can catch this."""


def run_tests(
    box: Box, program: str | None, tests: Tests, limits: Limits = USUAL, nursery: Nursery | None = None
) -> ProgramOutcome:
    """The verdict on one program. nursery: of the box, if it has one.

    Tests run in this process, without a limit on its own time and memory: `streams.run_programs` adds one.
    """
    if program is None or not program.strip():
        return ProgramOutcome(NO_ANSWER)
    if len(program) > limits.program_mb * 2**20:
        return ProgramOutcome(INCORRECT, "ProgramTooLarge")
    for _ in range(TRIES):
        try:
            with Session(box, limits, nursery) as session:
                return run_tests_in(session, program, tests)
        except (BoxFailed, OSError) as error:
            failure = ProgramOutcome(GRADER_ERROR, type(error).__name__)
    return failure


def run_tests_in(session: Session, program: str, tests: Tests) -> ProgramOutcome:
    try:
        session.define(program)
    except ProgramFailed as failure:
        return outcome_of(failure.kind, None, session)
    names: dict[str, Any] = dict(NAMES)
    try:
        (setup, *statements), names["VALUES"] = prepared(tests)
        exec(setup, names)
    except Exception as error:
        return ProgramOutcome(GRADER_ERROR, type(error).__name__)
    names |= {name: function_of(session, name) for name in tests.functions}
    for number, statement in enumerate(statements):
        try:
            exec(statement, names)
        except Lost as loss:
            return outcome_of(str(loss), place_of(loss, tests, number), session)
        except Broken:
            raise BoxFailed("a box was lost") from None
        except ProgramFailed as failure:
            return outcome_of(failure.kind, place_of(failure, tests, number), session)
        except NameError as error:
            # Raised by the test itself, it means that the test needs more of the program than its functions.
            verdict = INCORRECT if hasattr(error, "from_program") else GRADER_ERROR
            return ProgramOutcome(verdict, type(error).__name__, place_of(error, tests, number))
        except Exception as error:
            return ProgramOutcome(INCORRECT, type(error).__name__, place_of(error, tests, number))
    return ProgramOutcome(CORRECT)


@functools.lru_cache(maxsize=2)
def prepared(tests: Tests) -> tuple[list[CodeType], Any]:
    """The code of setup and statements, and their values. Solutions of one problem mostly follow each other."""
    code = [compile(text, TEST_FILE, "exec") for text in (tests.setup, *tests.statements)]
    return code, decode(zlib.decompress(base64.b64decode(tests.values))) if tests.values else None


def outcome_of(kind: str, place: int | None, session: Session) -> ProgramOutcome:
    # An exception of the program may have any name; after a time-out the session is lost.
    return ProgramOutcome(TIMEOUT if session.lost and kind == TIME_IS_UP else INCORRECT, kind, place)


def function_of(session: Session, name: str):
    """Stands for a function of the program in its tests."""

    def function(*arguments, **options):
        try:
            return session.call(name, arguments, options)
        except BoxFailed:
            raise Broken from None
        except ProgramFailed as failure:
            if session.lost:
                raise Lost(failure.kind) from None
            raise as_builtin(failure) from None

    function.__name__ = name
    return function


ENDS_ITERATION = (StopIteration, StopAsyncIteration, GeneratorExit)


def as_builtin(failure: ProgramFailed) -> Exception:
    """The exception that the program raised, if it is a builtin one: a test may expect it.

    Except those that end an iteration: in `all(map(f, values))` they would end the test as passed.
    """
    kind = getattr(builtins, failure.kind, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)) or issubclass(kind, ENDS_ITERATION):
        return failure
    try:
        error = kind()
    except TypeError:
        return failure
    error.from_program = True
    return error


def place_of(error: BaseException, tests: Tests, number: int) -> int:
    """The test that failed: the statement, or where that is a call of check(), the assert in it, from 0."""
    if len(tests.statements) > 1:
        return number
    line, trace = None, error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        if code.co_filename == TEST_FILE and code.co_name == "check":
            line = trace.tb_lineno
        trace = trace.tb_next
    return sum(end < line for end in assert_ends(tests.setup)) if line else number


@functools.lru_cache(maxsize=8)
def assert_ends(text: str) -> list[int]:
    """The last lines of the asserts in check()."""
    checks = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.name == "check"]
    return sorted(node.end_lineno for check in checks for node in ast.walk(check) if isinstance(node, ast.Assert))


def outputs_of(box: Box, program: str, function: str, inputs: Iterable[Iterable[Any]], limits: Limits) -> list[Any]:
    """What a function returns for each list of arguments, for the expected values of `from_inputs`.

    Raises ProgramFailed, BoxFailed, NotPlain.
    """
    with Session(box, limits) as session:
        session.define(program)
        return [session.call(function, tuple(arguments), {}) for arguments in inputs]
