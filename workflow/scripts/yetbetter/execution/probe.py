"""Whether a box does what it is for: it runs a right, a wrong and a hanging program, and one that tries to get out."""

import dataclasses
import os
import subprocess
import tempfile
from pathlib import Path

from yetbetter.execution.box import DRIVER, Box, launch
from yetbetter.execution.limits import Limits
from yetbetter.execution.session import TIME_IS_UP, BoxFailed, ProgramFailed, Session

RIGHT = "def answer(x):\n    return x + 1\n"
WRONG = "def answer(x):\n    return x - 1\n"
HANGING = "def answer(x):\n    while True:\n        pass\n"
ESCAPING = """
import os

def answer(paths):
    reached = []
    for path in paths:
        for attempt in (os.listdir, open):
            try:
                attempt(path)
                reached.append(path)
            except Exception:
                pass
    try:
        open(paths[0] + ".new", "w").close()  # the box may have a folder of that name; a look from outside decides
    except Exception:
        pass
    try:
        import socket
        socket.socket().close()
        reached.append("the network")
    except Exception:
        pass
    try:
        if os.fork() == 0:
            os._exit(0)
        reached.append("new processes")
    except Exception:
        pass
    return reached
"""
QUICK = Limits(cpu_seconds=5, wall_seconds=60.0)


def fault_of(box: Box) -> str:
    """What is wrong with a box, in a few words; nothing if it works. Takes a second, for the hanging program."""
    try:
        if result(box, RIGHT, 1) != 2:
            return "a right program fails"
        if result(box, WRONG, 1) != 0:
            return "a wrong program returns another value"
        if result(box, HANGING, 1, dataclasses.replace(QUICK, cpu_seconds=1)) != ProgramFailed(TIME_IS_UP).kind:
            return "a hanging program is not stopped by the limit on CPU time"
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "file")
            file.touch()
            reached = result(box, ESCAPING, [str(file), str(DRIVER), "/etc/passwd", "/proc"])
            reached = reached if isinstance(reached, list) else [f"no answer ({reached})"]
            reached += ["a new file"] if len(os.listdir(folder)) > 1 else []
        return f"a program in it reaches {', '.join(map(str, reached))}" if reached else ""
    except BoxFailed:
        return complaint_of(box)
    except OSError as error:
        return f"it cannot be started ({error.strerror})"


def result(box: Box, program: str, argument: object, limits: Limits = QUICK) -> object:
    """What `answer` of the program returns, or the kind of its failure."""
    with Session(box, limits) as session:
        try:
            session.define(program)
            return session.call("answer", (argument,), {})
        except ProgramFailed as failure:
            return failure.kind


def complaint_of(box: Box) -> str:
    """The last line that a box prints which does not start."""
    process = launch(box, QUICK, errors=subprocess.PIPE)
    try:
        lines = process.communicate(b"", timeout=60)[1].decode("utf-8", "replace").strip().splitlines()
    except subprocess.TimeoutExpired:
        lines = []
    finally:
        process.kill()
        process.wait()
    return lines[-1][:200] if lines else "it does not start"
