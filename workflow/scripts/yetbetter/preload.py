"""One Python that has loaded torch, transformers and TRL, from which the programs of a machine's jobs are forked.

Loading them takes five seconds of CPU time, more than a small model's finetuning. Where the config says `preload: true`
and jobs run on this machine, the Snakefile calls `start` before the first job. Each program that uses torch then calls
`hand_over`: it sends its command, folder, environment and open files to the preloaded Python, waits, and ends as the
fork ends. The fork does what the program would have done, and is killed if the program that waits for it is. The
preloaded Python ends after the process that started it and the last fork.

Only Linux has what this needs. Elsewhere, and without a preloaded Python, programs load the packages themselves.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from yetbetter import job, time_limit

# Set by `start` and read by `hand_over`: socket and interpreter of the preloaded Python.
SOCKET, PYTHON = "YETBETTER_PRELOADED", "YETBETTER_PRELOADED_PYTHON"
# The packages read these when they are loaded. A program with other values loads them itself.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGURG, signal.SIGUSR1, signal.SIGUSR2)


def start() -> None:
    """Start the preloaded Python, for all programs that this process starts from now on."""
    if not hasattr(os, "pidfd_open"):
        return
    folder = tempfile.mkdtemp(prefix="yetbetter-")
    path = os.path.join(folder, "socket")
    reads, _ = os.pipe()  # its standard input, which ends with this process
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(path)
        except OSError:  # TMPDIR is longer than a socket's path may be, or its file system has no sockets
            os.close(reads)
            os.rmdir(folder)
            return
        listener.listen(128)
        subprocess.Popen(
            [sys.executable, "-m", "yetbetter.training.preloaded", str(listener.fileno())],
            stdin=reads,
            stdout=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            env=os.environ | ENVIRONMENT | {"PYTHONPATH": str(Path(__file__).parents[1])},
            # The terminal's Ctrl-C goes to the programs that wait, which pass it on.
            start_new_session=True,
        )
    os.close(reads)
    os.environ |= {SOCKET: path, PYTHON: sys.executable}


def hand_over() -> None:
    """Let a fork of the preloaded Python do what this program was started for, and end as it ends.

    Returns without a preloaded Python, or if this program needs another.
    """
    path, python = os.environ.pop(SOCKET, None), os.environ.pop(PYTHON, None)
    alike = python == sys.executable and all(os.environ.get(key) == value for key, value in ENVIRONMENT.items())
    if path is None or not alike or job.under_torchrun() or time_limit.has_job():
        return
    mask = os.umask(0)
    os.umask(mask)
    command = {"argv": sys.argv, "folder": os.getcwd(), "environment": dict(os.environ), "umask": mask}
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile() as answers:
        try:
            connection.connect(path)
            socket.send_fds(connection, [b"\n"], [0, 1, 2])
            connection.sendall(json.dumps(command).encode() + b"\n")
            fork = answers.readline()
        except OSError:
            return
        if not fork:
            return
        for number in FORWARDED:
            signal.signal(number, lambda number, frame: os.kill(int(fork), number))
        status = answers.readline()
    if not status:
        sys.exit(f"{Path(sys.argv[0]).name}: error: the preloaded Python ended before the program did")
    end_with(int(status))


def end_with(code: int) -> None:
    """End this process with an exit status, or by the signal -code."""
    if code < 0:
        if -code in FORWARDED:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
