"""A command in a container (Apptainer or Singularity), with what only the host can do for its Slurm job."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from yetbetter import time_limit
from yetbetter.errors import UserError
from yetbetter.job import ASKED


def run_in_container(image: str, command: list[str]) -> int:
    """Run a command in the image and return its exit status, negative for a signal; UserError without Apptainer.

    The container sees the GPUs if the job asked for some. It gets the job's times as variables, and asks through a file
    to have its job requeued.
    """
    runner = shutil.which("apptainer") or shutil.which("singularity")
    if runner is None:
        raise UserError(f"{image}: neither apptainer nor singularity is on the PATH of this machine")
    graphics = ["--nv"] if os.environ.get(ASKED, "0") != "0" else []
    with tempfile.TemporaryDirectory() as folder:
        request = Path(folder) / "requeue"
        environment = os.environ | job_times() | {time_limit.REQUEUE: str(request)}
        process = subprocess.Popen([runner, "exec", *graphics, image, *command], env=environment)
        return wait_for(process, request)


def job_times() -> dict[str, str]:
    """Start and end of the job as Slurm's own variables; empty if unknown."""
    job = os.environ.get("SLURM_JOB_ID")
    if not job:
        return {}
    start, end, restarts = time_limit.find_times()
    if end == float("inf"):
        return {}
    names = ("SLURM_JOB_START_TIME", "SLURM_JOB_END_TIME", "SLURM_RESTART_COUNT")
    return dict(zip(names, map(str, (int(start), int(end), restarts)), strict=True))


def wait_for(process: subprocess.Popen, request: Path) -> int:
    """The program's exit status; requeues its job when the program asks for it.

    request: the file that the program makes to ask. If Slurm refuses, terminates the program and returns UNFINISHED.
    """
    while True:
        try:
            return process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            if not request.exists():
                continue
        request.unlink()
        job = os.environ["SLURM_JOB_ID"]
        accepted, answer = time_limit.requeue(job)
        if not accepted:
            process.terminate()
            process.wait()
            print(f"scontrol requeue {job} was refused ({answer}); the same command resumes", file=sys.stderr)
            return time_limit.UNFINISHED
