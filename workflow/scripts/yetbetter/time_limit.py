"""The time limit of the job that a program runs in: when to stop, and how the work resumes afterwards.

Long programs stop between two units of work (a batch, a chunk of answers, a training step whose state is saved), while
`margin` and the time of one more unit are still left. Finished work is in their draft. In a Slurm job they then requeue
the job: the same job resumes later, and Snakemake, which waits for it, counts no failure. Elsewhere they end with
status 75, and the same command resumes.

The end is known from YETBETTER_JOB_END (seconds since 1970 or ISO time; for schedulers other than Slurm), else from
SLURM_JOB_END_TIME, else from one call of scontrol. A signal SIGURG or SIGUSR1 (`sbatch --signal=URG@300`) also says
that the end is near. SIGURG is preferable: the processes between Slurm and the program ignore it.
"""

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from yetbetter.errors import UserError

END, MARGIN, REQUEUE = "YETBETTER_JOB_END", "YETBETTER_MARGIN", "YETBETTER_REQUEUE"
UNFINISHED = 75  # EX_TEMPFAIL of sysexits.h
# The default margin in seconds: a twentieth of the time limit within these bounds, and at most a fifth of it.
LEAST_MARGIN, MOST_MARGIN = 60.0, 300.0
SIGNALS = (signal.SIGURG, signal.SIGUSR1)
STARTED = time.time()
WAIT_TO_BE_ENDED = 600.0  # seconds: Slurm ends the processes of a requeued job


class OutOfTime(Exception):
    """The job's time is up; what was done is on disk. The message is one line."""


@dataclasses.dataclass
class TimeLimit:
    """start, end: of the job, seconds since 1970, infinite if unknown. margin: seconds kept free before the end."""

    start: float = STARTED
    end: float = float("inf")
    margin: float = LEAST_MARGIN
    longest: float = 0.0  # seconds of the longest unit of work so far
    signalled: bool = False
    was_due: bool = False
    exists: bool = False  # whether there is a job at all

    @property
    def left(self) -> float:
        return self.end - time.time()

    def is_due(self, longest: float = 0.0) -> bool:
        """Whether there is no time for another unit. longest: seconds of a unit, if `unit` did not measure it."""
        if self.signalled or self.left < self.margin + max(self.longest, longest):
            self.was_due = True
        return self.was_due

    def is_over(self) -> bool:
        """Whether even the running unit must be abandoned: half of the margin is used up."""
        return self.left < self.margin / 2

    @contextlib.contextmanager
    def unit(self) -> Iterator[None]:
        """Measures one unit of work."""
        start = time.monotonic()
        yield
        self.longest = max(self.longest, time.monotonic() - start)

    def was_whole(self) -> bool:
        """Whether this program had nearly all of the job's time."""
        return STARTED - self.start <= 0.2 * max(0.0, self.end - self.start)

    def warn(self, *_) -> None:
        self.signalled = True
        if self.end == float("inf"):
            self.end = time.time() + 2 * self.margin


def has_job(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process runs in a job, which may have a limit."""
    return bool(environment.get(END) or environment.get("SLURM_JOB_ID"))


def of_this_job(environment: Mapping[str, str] = os.environ) -> TimeLimit:
    """The limit of the job that this process runs in; without an end if it runs in no job."""
    if not has_job(environment):
        return TimeLimit()
    start, end, restarts = find_times(environment)
    limit = TimeLimit(start, end, margin_of(end - start, environment), exists=True)
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, limit.warn)
    if end < float("inf"):
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(end))
        again = f", queued again {restarts} times" if restarts else ""
        print(f"the job ends at {when}, {limit.margin:.0f} s are kept free{again}", file=sys.stderr, flush=True)
    return limit


def find_times(environment: Mapping[str, str] = os.environ) -> tuple[float, float, int]:
    """(start, end) of the job in seconds since 1970, and how often it was queued again.

    If unknown: this program's start, infinity, 0.
    """
    if environment.get(END):
        end = read_time(environment[END])
        if end is None:
            raise UserError(f"the environment variable {END} is {environment[END]!r}, it must be a time")
        return STARTED, end, 0
    times = {
        "StartTime": environment.get("SLURM_JOB_START_TIME"),
        "EndTime": environment.get("SLURM_JOB_END_TIME"),
        "Restarts": environment.get("SLURM_RESTART_COUNT"),
    }
    if not times["EndTime"]:
        shown = ask_scontrol("show", "job", "-o", environment["SLURM_JOB_ID"])[1]
        times = {key: found[1] for key in times if (found := re.search(rf"(?<!\S){key}=(\S+)", shown))}
    start, end, restarts = (read_time(times.get(key) or "") for key in ("StartTime", "EndTime", "Restarts"))
    return STARTED if start is None else start, float("inf") if end is None else end, int(restarts or 0)


def read_time(text: str) -> float | None:
    """Seconds since 1970 of a number or an ISO time, local if it has no zone; None for anything else."""
    for read in (float, lambda text: datetime.fromisoformat(text).timestamp()):
        with contextlib.suppress(ValueError, OverflowError):
            return read(text)
    return None


def margin_of(limit: float, environment: Mapping[str, str] = os.environ) -> float:
    """Seconds to keep free before the end of a time limit."""
    if given := environment.get(MARGIN):
        try:
            return max(0.0, float(given))
        except ValueError:
            raise UserError(f"the environment variable {MARGIN} is {given!r}, it must be a number of seconds") from None
    return min(max(0.05 * limit, LEAST_MARGIN), MOST_MARGIN, max(0.2 * limit, 1.0))


def ask_scontrol(*words: str, seconds: float = 20.0) -> tuple[bool, str]:
    """(whether scontrol succeeded, its output or error message); raises nothing."""
    try:
        done = subprocess.run(
            ["scontrol", *words],
            capture_output=True,
            text=True,
            timeout=seconds,
            env=os.environ | {"SLURM_TIME_FORMAT": "%s"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, " ".join(str(error).split())
    return done.returncode == 0, (done.stdout if done.returncode == 0 else " ".join(done.stderr.split())[-200:])


def go_on_later(program: str, line: str, environment: Mapping[str, str] = os.environ) -> int:
    """End a program that is out of time: the exit status, unless Slurm ends it with its requeued job.

    line: what is done and kept. Everything must be on disk: Slurm ends the processes of a requeued job.
    """
    job, hint = environment.get("SLURM_JOB_ID"), "the same command resumes from there"
    if job:
        print(f"{program}: {line}; queueing Slurm job {job} again", file=sys.stderr, flush=True)
        accepted, answer = requeue(job, environment)
        if accepted:
            time.sleep(WAIT_TO_BE_ENDED)
            hint = f"Slurm job {job} was queued again, but not ended"
        else:
            hint += f" (scontrol requeue {job} was refused: {answer})"
    print(f"{program}: {line}; {hint}", file=sys.stderr, flush=True)
    return UNFINISHED


def requeue(job: str, environment: Mapping[str, str] = os.environ) -> tuple[bool, str]:
    """Queue a Slurm job again; in a container without Slurm's programs, the program that started it does so."""
    for pause in (5.0, 20.0, 0.0):
        accepted, answer = ask_scontrol("requeue", job)
        if accepted or not any(word in answer.lower() for word in ("contact", "timed out", "communication")):
            break
        time.sleep(pause)  # Slurm's controller may be restarting
    if not accepted and environment.get(REQUEUE):
        Path(environment[REQUEUE]).touch()
        return True, ""
    return accepted, answer
