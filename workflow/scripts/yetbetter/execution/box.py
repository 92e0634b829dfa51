"""A box: a way to run a program where it can harm nobody, as plain values, so that other processes can use it."""

import contextlib
import dataclasses
import os
import subprocess
from pathlib import Path

from yetbetter.execution.limits import Limits

DRIVER = Path(__file__).with_name("driver.py")
# Stands in a command for the number of the file descriptor that the filter of system calls is read from.
FILTER = "{filter}"
# Stands in a command for the number of the process that launches it.
GRADER = "{grader}"


@dataclasses.dataclass(frozen=True)
class Box:
    """command: starts the driver; its arguments (the limits) are appended. filter: BPF in hexadecimal, or nothing.

    description: how programs are run, in plain values for a sidecar; without paths of this machine. nursery: whether
    the command starts programs for a `Nursery`; otherwise it runs one.
    """

    kind: str
    description: dict[str, str]
    command: tuple[str, ...]
    environment: dict[str, str]
    filter: str = ""
    nursery: bool = False

    def as_plain(self) -> dict:
        return dataclasses.asdict(self)


def from_plain(values: dict) -> Box:
    return Box(**values | {"command": tuple(values["command"])})


def launch(box: Box, limits: Limits, errors: int = subprocess.DEVNULL, stdin=subprocess.PIPE) -> subprocess.Popen:
    """A process that waits for a program on its standard input. Whoever calls this has to kill it and wait for it.

    stdin: of a nursery, its end of the socket; it has no output.
    """
    words = [str(os.getpid()) if word == GRADER else word for word in (*box.command, *arguments_of(limits))]
    with contextlib.ExitStack() as stack:
        passed = []
        if box.filter:
            reading, writing = os.pipe()
            stack.callback(os.close, reading)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(bytes.fromhex(box.filter))  # fits into a pipe's buffer
            passed = [reading]
            words = [str(reading) if word == FILTER else word for word in words]
        return subprocess.Popen(
            words,
            stdin=stdin,
            stdout=subprocess.DEVNULL if box.nursery else subprocess.PIPE,
            stderr=errors,
            env=box.environment,
            pass_fds=passed,
            bufsize=0,
            start_new_session=True,  # Ctrl-C reaches the grader alone
        )


def arguments_of(limits: Limits) -> list[str]:
    """The arguments of the driver: the bytes of a reply, and limits under the names that setrlimit has for them.

    No box has a folder to write to, and none allows a second process; the limits are there in case that should fail.
    """
    return [
        str(int(limits.reply_mb * 2**20)),
        f"AS={limits.memory_mb * 2**20}",
        f"CPU={limits.cpu_seconds}",
        "FSIZE=0",
        f"NOFILE={limits.open_files}",
        "NPROC=1",
        "CORE=0",
    ]
