"""Cancels this folder's jobs on a Slurm cluster, waits until they have ended, and unlocks the folder.

For the jobs that a killed Snakemake left behind. End a running Snakemake with Ctrl-C: it cancels its jobs itself.
Finished work is kept in the jobs' drafts, and the next run resumes from them.
"""

import argparse
import os
import subprocess
import sys
import time

from yetbetter.errors import UserError
from yetbetter.program import Parser, run, whole

PREFIX = "yet-better"  # slurm-jobname-prefix of the profile


def main() -> None:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="only show the jobs")
    parser.add_argument("--wait", type=whole(), default=300, help="seconds that jobs may take to end (default: 300)")
    arguments = parser.parse_args()
    jobs = own_jobs()
    for number, state, comment in jobs:
        print(f"{number} {state.lower()} {comment}")
    if arguments.list:
        return
    if jobs:
        ask("scancel", *(number for number, _, _ in jobs))
        deadline = time.monotonic() + arguments.wait
        while own_jobs():
            if time.monotonic() > deadline:
                raise UserError(f"still running after {arguments.wait} s: {', '.join(job[0] for job in own_jobs())}")
            time.sleep(1)
    print(f"{len(jobs)} jobs cancelled")
    sys.exit(subprocess.run([sys.executable, "-m", "snakemake", "--unlock"]).returncode)


def own_jobs() -> list[tuple[str, str, str]]:
    """(job id, state, what it runs) of the jobs that were submitted from this folder and have not ended."""
    lines = ask("squeue", "--me", "--noheader", "--format", "%A|%T|%j|%Z|%k").splitlines()
    rows = [line.split("|", 4) for line in lines]
    here = os.path.realpath(os.getcwd())
    return [
        (number, state, comment)
        for number, state, name, folder, comment in rows
        if name.startswith(f"{PREFIX}_") and os.path.realpath(folder) == here
    ]


def ask(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise UserError(f"{command[0]}: not found; run this on a machine that submits to Slurm") from None
    if done.returncode:
        raise UserError(f"{command[0]}: {' '.join(done.stderr.split())}")
    return done.stdout


if __name__ == "__main__":
    run(main)
