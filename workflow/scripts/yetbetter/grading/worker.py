"""A worker process: reads pairs of answers as JSON lines, writes whether they are equal. Started by `workers`."""

import importlib
import json
import os
import resource
import signal
import sys


def main(engine: str, seconds: float, memory_mb: int) -> None:
    """Answer pairs until the input ends. engine: the module of this package whose `decide` compares.

    The parent kills a worker that hangs; the timer here, at its default action, only ends one whose parent is gone.
    """
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # output that a library prints is not a result
    decide = importlib.import_module(f"yetbetter.grading.{engine}").decide
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 2**20, memory_mb * 2**20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    write(results, "ready")
    for line in sys.stdin:
        answer, gold, mode = json.loads(line)
        if engine == "symbolic":  # math-verify has this timer for itself
            signal.setitimer(signal.ITIMER_REAL, 2 * seconds + 1)
        try:
            verdict = decide(answer, gold, mode)
        except MemoryError:
            # Memory may be left in pieces: end here, the parent starts a fresh worker.
            os._exit(1)
        except Exception as error:  # a defect in algebra must not end the grading
            verdict = f"{type(error).__name__}: {error}"[:200] if engine == "symbolic" else False
        if engine == "symbolic":
            signal.setitimer(signal.ITIMER_REAL, 0)
        write(results, verdict)


def write(results, content) -> None:
    results.write(json.dumps(content) + "\n")
    results.flush()
