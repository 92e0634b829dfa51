"""One program in one box: it is started, answers calls, and is killed. Nothing that it sends is trusted."""

import contextlib
import os
import select
import signal
import subprocess
import time
from typing import Any

from yetbetter.execution.box import Box, launch
from yetbetter.execution.limits import Limits
from yetbetter.execution.nursery import BoxLost, Nursery
from yetbetter.execution.values import NotPlain, decode, expression

HEADER = 20  # digits that a length may have, and more
TIME_IS_UP = "timeout"
READY = b"ready"
# For the start of a box on a machine that may be very busy.
START_SECONDS = 60.0


class BoxFailed(Exception):
    """The box ended, or did nothing, before it was given a program."""


class ProgramFailed(Exception):
    """The program, or its process, ended a call without a value. kind: an exception's name, or one of this module's.

    `kind` is `timeout`, the name of a signal, `exit` for a process that ended by itself, or `protocol` for a reply that
    is not one.
    """

    def __init__(self, kind: str):
        super().__init__(kind)
        self.kind = kind


class Session:
    """A box with one program in it. A context manager: in the end its processes are gone. Raises BoxFailed."""

    def __init__(self, box: Box, limits: Limits, nursery: Nursery | None = None):
        """nursery: of the box, for many programs; otherwise one is made for this program alone."""
        self.limits = limits
        self.buffer, self.begun = b"", 0.0
        self.lost: ProgramFailed | None = None
        self.own = None if nursery or not box.nursery else Nursery(box, limits)
        try:
            self.process = (nursery or self.own).start() if box.nursery else launch(box, limits)
        except BoxLost:
            raise BoxFailed("a box did not start") from None
        try:
            for pipe in (self.process.stdin, self.process.stdout):
                os.set_blocking(pipe.fileno(), False)
            self.await_start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        if self.own:
            self.own.close()

    def await_start(self) -> None:
        self.deadline = time.monotonic() + START_SECONDS
        try:
            ready = self.read() == READY
        except (ProgramFailed, ValueError):
            ready = False
        if not ready:
            raise BoxFailed("a box did not start")
        self.begun = time.monotonic()
        self.deadline = self.begun + self.limits.wall_seconds

    def define(self, program: str) -> None:
        """Execute the program's text. Raises ProgramFailed."""
        self.exchange(program.encode("utf-8", "surrogatepass"))

    def call(self, name: str, arguments: tuple, options: dict) -> Any:
        """What a function of the program returns: plain data, see `values`.

        Raises ProgramFailed, and NotPlain for arguments that cannot be sent.
        """
        return self.exchange(f"{name}\n{expression((arguments, options))}".encode("utf-8", "surrogatepass"))

    def exchange(self, request: bytes) -> Any:
        if self.lost:
            raise self.lost
        try:
            self.write(b"%d\n%s" % (len(request), request))
            reply = self.read()
            if reply[:1] == b"v":
                return decode(reply[1:])
        except ProgramFailed as failure:
            self.lost = failure
            raise
        except (NotPlain, ValueError):
            self.lost = ProgramFailed("protocol")
            raise self.lost from None
        name = reply[1:101].decode("ascii", "replace")
        raise ProgramFailed(name if reply[:1] == b"x" and name.isidentifier() else "protocol")

    def write(self, data: bytes) -> None:
        pipe, view = self.process.stdin.fileno(), memoryview(data)
        while view:
            self.wait_for(pipe, select.POLLOUT)
            try:
                view = view[os.write(pipe, view) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self.ending() from None

    def read(self) -> bytes:
        """One reply. Raises ValueError if it is not one."""
        most = int(self.limits.reply_mb * 2**20)
        while b"\n" not in self.buffer[:HEADER]:
            if len(self.buffer) >= HEADER:
                raise ValueError
            self.fill()
        header, _, rest = self.buffer.partition(b"\n")
        if not header.isdigit() or int(header) > most:
            raise ValueError
        pieces, missing = [rest], int(header) - len(rest)
        while missing > 0:
            self.buffer = b""
            self.fill()
            pieces.append(self.buffer)
            missing -= len(self.buffer)
        self.buffer = b""
        if missing < 0:  # more than one reply to one request
            raise ValueError
        return b"".join(pieces)

    def fill(self) -> None:
        pipe = self.process.stdout.fileno()
        self.wait_for(pipe, select.POLLIN)
        piece = os.read(pipe, 65_536)
        if not piece:
            raise self.ending()
        self.buffer += piece

    def wait_for(self, pipe: int, event: int) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        left = self.deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise ProgramFailed(TIME_IS_UP)

    def ending(self) -> ProgramFailed:
        """Why the pipe was closed. A program that closes it and lives on is killed."""
        used = time.monotonic() - self.begun if self.begun else 0.0
        try:
            status = self.process.wait(timeout=2)
        except BoxLost:
            raise BoxFailed("a box was lost") from None
        except subprocess.TimeoutExpired:
            self.process.kill()
            return ProgramFailed("exit")
        number = -status if status < 0 else status - 128
        if number == signal.SIGXCPU or (number == signal.SIGKILL and used >= self.limits.cpu_seconds):
            return ProgramFailed(TIME_IS_UP)
        with contextlib.suppress(ValueError):
            return ProgramFailed(signal.Signals(number).name)
        return ProgramFailed("exit")
