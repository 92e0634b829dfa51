"""Run a program of the workflow inside a container: run_in_container.py IMAGE.sif python PROGRAM ARGUMENTS...

Keeps running next to it for what only the host can do: read the job's time limit, and requeue the job.
"""

import sys

from yetbetter.cluster.containers import run_in_container
from yetbetter.errors import UserError
from yetbetter.program import run


def main() -> None:
    if {"-h", "--help"} & {*sys.argv[1:2]}:
        sys.exit(print(__doc__))
    if len(sys.argv) < 3:
        raise UserError("must be called as run_in_container.py IMAGE.sif python PROGRAM ARGUMENTS...")
    image, *command = sys.argv[1:]
    status = run_in_container(image, command)
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    run(main)
