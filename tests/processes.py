"""Processes that tests start: none outlives its test, since it would slow down the others."""

import contextlib
import subprocess

import psutil

STARTED: list[subprocess.Popen] = []


def kill_tree(process: subprocess.Popen) -> None:
    """End a process and all its descendants, also those in sessions of their own, with SIGKILL."""
    if process.poll() is None:
        kill_descendants(process.pid)
        process.kill()
        process.wait()


def kill_descendants(pid: int | None = None) -> None:
    """pid: of a process (default: this one)."""
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
