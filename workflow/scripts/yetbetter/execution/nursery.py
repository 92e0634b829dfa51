"""A box in which many programs run one after the other, each in a process of its own (`parent.py`).

Nothing goes from one program to the next: each is forked from a process that never ran one, has pipes of its own, and
is gone before the next one is started.
"""

import contextlib
import os
import socket
import subprocess

from yetbetter.execution.box import Box, launch
from yetbetter.execution.limits import Limits

# For an answer of the parent on a machine that may be very busy.
SECONDS = 60.0


class BoxLost(Exception):
    """The box is gone, or does not answer."""


class Nursery:
    """Starts programs in a box with a `parent`, which is started when it is needed, and again if it is lost.

    A context manager: in the end its processes are gone.
    """

    def __init__(self, box: Box, limits: Limits):
        self.box, self.limits = box, limits
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def open(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.control.settimeout(SECONDS)
        with theirs:
            try:
                self.process = launch(self.box, self.limits, stdin=theirs)
            except BaseException:
                self.control.close()
                raise

    def close(self) -> None:
        process, self.process = self.process, None
        if process:
            self.control.close()
            process.kill()
            process.wait()

    def start(self) -> "Program":
        """A process that waits for a program on its standard input. Raises BoxLost, OSError."""
        if self.process is None or self.process.poll() is not None:
            self.close()
            self.open()
        reading, requests = os.pipe()
        replies, writing = os.pipe()
        try:
            socket.send_fds(self.control, [b"s"], [reading, writing])
        except OSError:
            os.close(requests)
            os.close(replies)
            self.close()
            raise BoxLost from None
        finally:
            os.close(reading)
            os.close(writing)
        return Program(self, requests, replies)

    def ask(self, order: bytes) -> int | None:
        """The wait status of the program, or None if it is alive. Raises BoxLost."""
        try:
            self.control.sendall(order)
            reply = b""
            while not reply.endswith(b"\n"):
                piece = self.control.recv(16)
                if not piece:
                    raise BoxLost
                reply += piece
        except (OSError, BoxLost):
            self.close()
            raise BoxLost from None
        return None if reply == b"alive\n" else int(reply)


class Program:
    """A program's process, as far as `Session` uses a subprocess.Popen."""

    def __init__(self, nursery: Nursery, requests: int, replies: int):
        self.nursery = nursery
        self.stdin, self.stdout = os.fdopen(requests, "wb", 0), os.fdopen(replies, "rb", 0)
        self.status: int | None = None

    def kill(self) -> None:
        if self.status is None:
            with contextlib.suppress(BoxLost):  # then the program is gone with the box
                self.status = self.nursery.ask(b"k")

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, negative for a signal; without `timeout` only after `kill`.

        Raises TimeoutExpired, BoxLost.
        """
        if self.status is None:
            if timeout is None:
                return 0
            self.status = self.nursery.ask(b"w")
            if self.status is None:
                raise subprocess.TimeoutExpired("program", timeout)
        return os.waitstatus_to_exitcode(self.status)
