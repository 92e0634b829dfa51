"""Runs programs that nobody trusts, and grades them by tests that they cannot touch.

    box = open_box()                        # bubblewrap or WebAssembly, whichever works; else one line says why not
    program = extract_program(text, "f")    # or None
    tests = from_asserts("mbpp 1", "f", ["assert f(1) == 2"])
    for outcome in run_programs(box, [(program, tests)], streams=2): ...

Only the standard library is imported here, and wasmtime if bubblewrap does not work.
"""

from yetbetter.execution.box import Box
from yetbetter.execution.extraction import extract_program
from yetbetter.execution.limits import Limits
from yetbetter.execution.opening import KINDS, open_box
from yetbetter.execution.outcomes import ProgramOutcome, outputs_of, run_tests
from yetbetter.execution.program_tests import Tests, entry_point_of, from_asserts, from_check, from_inputs, imports_of
from yetbetter.execution.streams import run_programs

__all__ = [
    "KINDS",
    "Box",
    "Limits",
    "ProgramOutcome",
    "Tests",
    "entry_point_of",
    "extract_program",
    "from_asserts",
    "from_check",
    "from_inputs",
    "imports_of",
    "open_box",
    "outputs_of",
    "run_programs",
    "run_tests",
]
