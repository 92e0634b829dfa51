"""The parent's side of symbolic comparison: a worker process, started when needed, killed when it hangs."""

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import time
import weakref
from pathlib import Path

SCRIPTS = str(Path(__file__).resolve().parents[2])
PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); from yetbetter.grading.worker import main;"
    " main(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))"
)
# For the imports of a fresh worker, on a machine that may be very busy.
START_SECONDS = 120.0


class LimitReached(Exception):
    """The worker used up its time or memory on a pair, and was killed."""


class AlgebraFailed(Exception):
    """The worker reported an unforeseen exception."""


class NotStarted(RuntimeError):
    """No worker can be started: no pair that needs one can be graded."""


class SymbolicWorker:
    """Compares pairs of answers in a process of its own; nothing is started before the first pair.

    engine: `symbolic`, or `reference` for math-verify, to compare with.
    """

    def __init__(self, seconds: float = 5.0, memory_mb: int = 1024, engine: str = "symbolic"):
        self.engine = engine
        self.seconds, self.memory_mb = seconds, memory_mb
        self.process: subprocess.Popen | None = None
        self.owner = 0
        self.started = 0
        LIVING.add(self)

    def decide(self, answer: str, gold: str, mode: str) -> bool:
        """Whether the two are equal.

        Raises LimitReached if the worker reached a limit or died on the pair; AlgebraFailed if it reports an exception.
        """
        if self.process is None or self.owner != os.getpid():
            self.start()
        try:
            self.process.stdin.write(json.dumps([answer, gold, mode]) + "\n")
            self.process.stdin.flush()
            verdict = self.receive(self.seconds)
        except (OSError, EOFError, TimeoutError, ValueError):
            self.close()
            raise LimitReached from None
        if isinstance(verdict, str):
            raise AlgebraFailed(verdict)
        return verdict is True

    def start(self) -> None:
        command = [sys.executable, "-I", "-c", PROGRAM, SCRIPTS, self.engine, str(self.seconds), str(self.memory_mb)]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.owner = os.getpid()
        self.started += 1
        try:
            self.receive(START_SECONDS)
        except (EOFError, TimeoutError):
            self.close()
            raise NotStarted("the worker does not start: is its package (sympy, math-verify) installed?") from None

    def receive(self, seconds: float):
        """The worker's next line. Raises TimeoutError, or EOFError if the worker has died."""
        deadline = time.monotonic() + seconds
        output, content = self.process.stdout.fileno(), b""
        while not content.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([output], [], [], left)[0]:
                raise TimeoutError
            piece = os.read(output, 65_536)
            if not piece:
                raise EOFError
            content += piece
        return json.loads(content)

    def close(self) -> None:
        """Kill the worker, if there is one, and wait until it is gone."""
        process, self.process = self.process, None
        if process is None or self.owner != os.getpid():
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()


LIVING: "weakref.WeakSet[SymbolicWorker]" = weakref.WeakSet()


@atexit.register
def close_all() -> None:
    for worker in list(LIVING):
        worker.close()
