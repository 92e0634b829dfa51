"""A process of a stream: reads programs and tests as JSON lines, writes outcomes. Started by `streams`.

It decodes what programs return and runs the tests of the data set on that. A program can make a test slow or hungry (by
a huge number, or by keys with equal hashes): then the parent ends this process, or the limit on memory does.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import warnings

from yetbetter.execution import box, program_tests
from yetbetter.execution.limits import Limits
from yetbetter.execution.nursery import Nursery
from yetbetter.execution.outcomes import ProgramOutcome, run_tests
from yetbetter.verdicts import INCORRECT

SET_DEATH_SIGNAL = 1
MEMORY_BYTES = 2 * 2**30


def main(parent: int) -> None:
    """Answer until the input ends. The first line holds the box and the limits. parent: ends with this process."""
    ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before the line above
        os._exit(1)
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # output of a test is not a result
    warnings.simplefilter("ignore")  # old escape sequences in tests
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Not address space: wasmtime, which inherits the limit, reserves much more than it uses.
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settings = json.loads(sys.stdin.readline())
    used, limits = box.from_plain(settings["box"]), Limits(**settings["limits"])
    tests = None
    with Nursery(used, limits) if used.nursery else contextlib.nullcontext() as nursery:
        for line in sys.stdin:
            task = json.loads(line)
            if task["tests"] is not None:  # else those of the task before
                tests = program_tests.from_plain(task["tests"])
            try:
                outcome = run_tests(used, task["program"], tests, limits, nursery)
            except MemoryError:
                outcome = ProgramOutcome(INCORRECT, "MemoryError")
            results.write(json.dumps(outcome.as_row()) + "\n")
            results.flush()
