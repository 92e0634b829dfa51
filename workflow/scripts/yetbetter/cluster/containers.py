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

    The container sees the GPUs if the job asked for some. It gets the job's times from here, and asks through a file
    to have its job queued again.
    """
    runner = shutil.which("apptainer") or shutil.which("singularity")
    if runner is None:
        raise UserError(f"{image}: neither apptainer nor singularity is on the PATH of this machine")
    graphics = ["--nv"] if os.environ.get(ASKED, "0") != "0" else []
    with tempfile.TemporaryDirectory() as folder:
        request = Path(folder) / "requeue"
        environment = os.environ | told_times() | {time_limit.REQUEUE: str(request)}
        process = subprocess.Popen([runner, "exec", *graphics, image, *command], env=environment)
        return wait_for(process, request)


def told_times() -> dict[str, str]:
    """When the job began and will end, as Slurm's own variables; empty if that is not known."""
    job = os.environ.get("SLURM_JOB_ID")
    if not job:
        return {}
    start, end, restarts = time_limit.find_times()
    if end == float("inf"):
        return {}
    names = ("SLURM_JOB_START_TIME", "SLURM_JOB_END_TIME", "SLURM_RESTART_COUNT")
    return dict(zip(names, map(str, (int(start), int(end), restarts)), strict=True))


def wait_for(process: subprocess.Popen, request: Path) -> int:
    """The program's exit status; queues its job again when it asks for that.

    request: the file that the program makes to ask. UNFINISHED, and the program is terminated, if Slurm refuses.
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
            print(f"scontrol requeue {job} was refused ({answer}); the same command goes on", file=sys.stderr)
            return time_limit.UNFINISHED
