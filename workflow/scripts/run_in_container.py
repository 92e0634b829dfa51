"""Run a program of the workflow inside a container: run_in_container.py IMAGE.sif python PROGRAM ARGUMENTS...

Stays beside it for what only the host can do: tell the job's time limit, and have Slurm queue the job again.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from yetbetter import time_limit
from yetbetter.errors import UserError
from yetbetter.job import ASKED
from yetbetter.program import run


def main() -> None:
    if len(sys.argv) < 3 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    image, *command = sys.argv[1:]
    runner = shutil.which("apptainer") or shutil.which("singularity")
    if runner is None:
        raise UserError(f"{image}: neither apptainer nor singularity is on the PATH of this machine")
    graphics = ["--nv"] if os.environ.get(ASKED, "0") != "0" else []
    with tempfile.TemporaryDirectory() as folder:
        request = Path(folder) / "requeue"
        environment = os.environ | told_times() | {time_limit.REQUEUE: str(request)}
        process = subprocess.Popen([runner, "exec", *graphics, image, *command], env=environment)
        status = wait(process, request)
    sys.exit(status if status >= 0 else 128 - status)


def told_times() -> dict[str, str]:
    """When the job began and will end, as Slurm's own variables, where they are known."""
    job = os.environ.get("SLURM_JOB_ID")
    if not job:
        return {}
    start, end, restarts = time_limit.find_times()
    if end == float("inf"):
        return {}
    names = ("SLURM_JOB_START_TIME", "SLURM_JOB_END_TIME", "SLURM_RESTART_COUNT")
    return dict(zip(names, map(str, (int(start), int(end), restarts)), strict=True))


def wait(process: subprocess.Popen, request: Path) -> int:
    """The program's exit status; queues its job again when it asks for that."""
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


if __name__ == "__main__":
    run(main)
