"""Makes programs of the workflow fail inside Slurm jobs. Python imports a module of this name at every start.

YETBETTER_FAULTS names a folder with a file for each fault: `sometimes` kills one program in five, once, a moment after
its start or, if it is quicker, at its end; `always` holds a word, and programs with it among their arguments end
with an error each time.
"""

import hashlib
import os
import sys
from pathlib import Path


def inject(folder: Path) -> None:
    command = " ".join(sys.orig_argv[1:])
    if "workflow/scripts/" not in command or "SLURM_JOB_ID" not in os.environ:
        return
    if (folder / "always").exists() and (folder / "always").read_text() in command:
        print("injected: this can never succeed", file=sys.stderr)
        os._exit(1)
    digest = hashlib.sha256(f"faults: {command}".encode()).hexdigest()
    if (folder / "sometimes").exists() and int(digest, 16) % 5 == 0:
        try:
            (folder / digest).open("x").close()  # once
        except FileExistsError:
            return
        (folder / digest).write_text(command)
        kill_later(int(digest[:4], 16) % 40 / 10)


def kill_later(seconds: float) -> None:
    """SIGKILL after so many seconds, or when the program ends before then."""
    import atexit
    import signal
    import threading

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    atexit.register(kill)


if "YETBETTER_FAULTS" in os.environ:
    inject(Path(os.environ["YETBETTER_FAULTS"]))
