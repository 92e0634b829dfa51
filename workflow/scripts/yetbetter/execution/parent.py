"""Runs before `driver.py` in the same process, in bubblewrap's box: makes a process of its own for each program.

Python starts once, which takes ten times as long as a program of a few lines. An order comes through the socket that is
this process's standard input: `s` with two pipes starts a program, `w` asks how it ended, `k` ends it. The replies are
a wait status in decimal, or `alive`. The driver goes on in the new process. It has the two pipes as its standard input
and output, nothing else that is open, and the filter of system calls that argument 1 holds in hexadecimal: it cannot
signal, trace or find another process. At most one program is there at a time.
"""

import bisect  # noqa: F401 - these are loaded here once, for the many programs that import them
import collections  # noqa: F401
import copy  # noqa: F401
import ctypes
import functools  # noqa: F401
import heapq  # noqa: F401
import itertools  # noqa: F401
import math  # noqa: F401
import operator  # noqa: F401
import os
import re  # noqa: F401
import signal
import socket
import string  # noqa: F401
import sys
import time
import typing  # noqa: F401

SET_SECCOMP, FILTER_MODE = 22, 2
PATIENCE = 2.0  # seconds that a program may take to end after it closed its pipes
PRCTL = ctypes.CDLL(None, use_errno=True).prctl


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_char_p)]


def serve(lines):
    """Never returns in this process; returns in each new one."""
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=0)
    child = status = None
    while True:
        order, pipes, _, _ = socket.recv_fds(control, 1, 2)
        if order == b"s":
            child, status = os.fork(), None
            if child == 0:
                control.detach()
                for number, pipe in enumerate(pipes):
                    os.dup2(pipe, number)
                os.close_range(3, 1024) if hasattr(os, "close_range") else os.closerange(3, 1024)
                if PRCTL(SET_SECCOMP, FILTER_MODE, ctypes.byref(lines), 0, 0):
                    os._exit(1)  # without a reply: the box does not work
                return
            for pipe in pipes:
                os.close(pipe)
        elif order in (b"w", b"k") and child:
            status = end_of(child, order) if status is None else status
            control.send(b"alive\n" if status is None else b"%d\n" % status)
        else:
            os._exit(0)


def end_of(child, order):
    """The wait status of a program, or None if it is asked for and has not ended."""
    if order == b"k":
        os.kill(child, signal.SIGKILL)
        return os.waitpid(child, 0)[1]
    end = time.monotonic() + PATIENCE
    while True:
        number, status = os.waitpid(child, os.WNOHANG)
        if number:
            return status
        if time.monotonic() > end:
            return None
        time.sleep(0.005)


PROGRAM = bytes.fromhex(sys.argv.pop(1))
serve(Filter(len(PROGRAM) // 8, PROGRAM))
