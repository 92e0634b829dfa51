"""Programs are tested in parallel streams. Two to four for each core use it best: a box mostly waits for the kernel.

A stream is a process that runs one program after the other, each in a box of its own. What a program can reach of it is
plain data; a stream that hangs on a test, or dies, is replaced, and its program gets a verdict.
"""

import contextlib
import dataclasses
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.execution.box import Box
from yetbetter.execution.limits import USUAL, Limits
from yetbetter.execution.outcomes import ProgramOutcome
from yetbetter.execution.program_tests import Tests
from yetbetter.execution.session import START_SECONDS, TIME_IS_UP
from yetbetter.verdicts import GRADER_ERROR, TIMEOUT

SCRIPTS = str(Path(__file__).resolve().parents[2])
PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); from yetbetter.execution.stream_worker import main;"
    " main(int(sys.argv[2]))"
)
# Beyond a program's own seconds: for the tests that run outside the box.
TEST_SECONDS = 20.0
# Programs read ahead of the first one without a verdict, for each stream.
AHEAD = 8

Task = tuple[str | None, Tests]


def run_programs(box: Box, tasks: Iterable[Task], streams: int = 2, limits: Limits = USUAL) -> Iterator[ProgramOutcome]:
    """The outcomes of (program, tests), in order. A program is a text, or None where a solution holds none.

    Reads a few tasks ahead, so that memory is flat. Closing the iterator ends all processes at once. Raises UserError
    if the streams cannot be started.

    For the main thread: the kernel ends a stream with the thread that started it.
    """
    tasks = iter(tasks)
    done: dict[int, ProgramOutcome] = {}
    sent = due = 0
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        idle = [stack.enter_context(Stream(box, limits)) for _ in range(streams)]
        busy: set[Stream] = set()
        while True:
            while idle and sent - due < AHEAD * streams and (task := next(tasks, None)):
                stream = idle.pop()
                stream.send(sent, *task)
                selector.register(stream.output, selectors.EVENT_READ, stream)
                busy.add(stream)
                sent += 1
            if due in done:
                yield done.pop(due)
                due += 1
            elif busy:
                first = min(stream.deadline for stream in busy)
                ready = {key.data for key, _ in selector.select(max(0.0, first - time.monotonic()))}
                late = {stream for stream in busy - ready if stream.deadline <= time.monotonic()}
                for stream in ready | late:
                    output = stream.output
                    outcome = stream.give_up() if stream in late else stream.receive()
                    if outcome:
                        selector.unregister(output)
                        busy.remove(stream)
                        idle.append(stream)
                        done[stream.number] = outcome
            else:
                return


class Stream:
    """A process of `stream_worker`, started when it is needed. A context manager: in the end the process is gone."""

    def __init__(self, box: Box, limits: Limits):
        self.settings = {"box": box.as_plain(), "limits": dataclasses.asdict(limits)}
        # A box may take its time to start, and is tried again.
        self.seconds = START_SECONDS + limits.wall_seconds + TEST_SECONDS
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def output(self) -> int:
        return self.process.stdout.fileno()

    def start(self) -> None:
        command = [sys.executable, "-s", "-P", "-c", PROGRAM, SCRIPTS, str(os.getpid())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.tests: Tests | None = None
        self.buffer = b""
        self.write(self.settings)

    def close(self) -> None:
        process, self.process = self.process, None
        if process:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()

    def send(self, number: int, program: str | None, tests: Tests) -> None:
        if self.process and self.process.poll() is not None:  # killed from outside between two programs
            self.close()
        if self.process is None:
            self.start()
        self.number = number
        self.write({"program": program, "tests": None if tests == self.tests else tests.as_plain()})
        self.tests = tests
        self.deadline = time.monotonic() + self.seconds

    def write(self, content: dict) -> None:
        try:
            view = memoryview(json.dumps(content).encode() + b"\n")
            while view:
                view = view[self.process.stdin.write(view) :]
        except OSError:
            raise UserError("a process that tests programs was killed (out of memory?)") from None

    def receive(self) -> ProgramOutcome | None:
        """The outcome, if all of it has arrived. A process that is gone has been killed on a test."""
        piece = os.read(self.output, 65_536)
        self.buffer += piece
        if not piece:
            self.close()
            return ProgramOutcome(GRADER_ERROR, "killed")
        if not self.buffer.endswith(b"\n"):
            return None
        outcome, self.buffer = ProgramOutcome(**json.loads(self.buffer)), b""
        return outcome

    def give_up(self) -> ProgramOutcome:
        """The program's values keep a test busy for ever. Its box ends with the process."""
        self.close()
        return ProgramOutcome(TIMEOUT, TIME_IS_UP)
