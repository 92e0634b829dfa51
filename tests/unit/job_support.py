"""Jobs that end: a program in a fork of this process, and a scheduler that does what Slurm does to a job."""

import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from yetbetter import program, time_limit

# `show job` prints a file; `requeue` is recorded and ends the program that asked, as Slurm does.
# A real Slurm on this machine, which the tests of the cluster start, knows no job of that number.
JOB = "4100000007"
SCONTROL = """#!/bin/bash
cd {folder}
echo "$*" >> calls
case $1 in
    show) echo "JobId={job} JobName=x Requeue=1 $(cat times) Comment=EndTime=none" ;;
    requeue) if [ -e refuse ]; then echo "Requested operation is presently disabled" >&2; exit 1; fi
        kill -KILL $PPID ;;
esac
"""


def make_scontrol(folder: Path, start: float, end: float, restarts: int = 0) -> dict[str, str]:
    """The environment of a job of that little scheduler; its calls are written to the file `calls` in the folder."""
    folder.mkdir(exist_ok=True)
    (folder / "scontrol").write_text(SCONTROL.format(folder=folder, job=JOB))
    (folder / "scontrol").chmod(0o755)
    (folder / "times").write_text(f"Restarts={restarts} StartTime={start:.0f} EndTime={end:.3f}")
    return {"SLURM_JOB_ID": JOB, "PATH": f"{folder}:{os.environ['PATH']}"}


def calls_of(folder: Path) -> list[str]:
    calls = folder / "calls"
    return [line.split()[0] for line in calls.read_text().splitlines()] if calls.exists() else []


def run_job(line: list, main: Callable[[], None], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """(exit status, output) of the program in a fork of this process, which has its libraries loaded already."""
    said = folder / "said.log"
    child = os.fork()
    if child == 0:
        status = 1
        try:
            file = os.open(said, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
            os.dup2(file, 1)
            os.dup2(file, 2)
            sys.stdout, sys.stderr = (os.fdopen(number, "w") for number in (1, 2))
            if "torch" in sys.modules:  # recreate its threads here, or several may try to at once
                sys.modules["torch"].set_num_threads(1)
            os.environ |= environment
            time_limit.STARTED = time.time()
            sys.argv = list(map(str, line))
            program.run(main)
            status = 0
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.read_text()


def finish(
    job: Callable[[dict[str, str]], tuple[int, str]],
    forget: Callable[[], None],
    seconds: float = 0.4,
    margin: float = 0.05,
) -> list[int]:
    """Run a job again and again, each time for so many seconds, until it is done; the exit statuses.

    Some are `time_limit.UNFINISHED`: if the machine was so quick that the first job finished, `forget` removes its
    results and half the time is tried. A job that makes no progress says so, and gets more time.
    """
    statuses, said = [], ""
    while not statuses or statuses[-1] != 0:
        assert len(statuses) < 60, said
        end = {time_limit.END: str(time.time() + seconds), time_limit.MARGIN: str(margin)}
        status, said = job(end)
        statuses.append(status)
        last = said.splitlines()[-1]
        if status == time_limit.UNFINISHED:
            assert "done and kept; the same command resumes from there" in last, said
        elif status:
            assert status == 1 and "no progress within the job's time limit" in last, said
            seconds *= 1.25
        elif time_limit.UNFINISHED not in statuses:
            assert seconds > 0.01, "never interrupted"
            forget()
            statuses, seconds = [], seconds / 2
    return statuses
