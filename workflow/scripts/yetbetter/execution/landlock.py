"""The box made by Landlock with seccomp and resource limits, for kernels without user namespaces. Only if named.

It holds less than bubblewrap's: the program shares the process numbers and the network of the machine, and only rules
keep it from them.
"""

import os
import platform
from pathlib import Path

from yetbetter.execution.box import DRIVER, GRADER, Box
from yetbetter.execution.bubblewrap import ENVIRONMENT
from yetbetter.execution.interpreters import Interpreter, packages_below, words_to_run
from yetbetter.execution.seccomp import assemble

CONFINE = Path(__file__).with_name("confine.py")
# Only bubblewrap starts the Python of its box after the filter is in place.
REFUSED = ("execve",)


def make(python: Interpreter) -> Box:
    hidden = {path for folder in python.folders for path in packages_below(folder)}
    paths = [entry.path for folder in python.folders for entry in os.scandir(folder) if entry.path not in hidden]
    paths += [python.executable, *python.libraries, "/dev/null", "/dev/urandom"]
    text = CONFINE.read_text(encoding="utf-8") + "\n" + DRIVER.read_text(encoding="utf-8")
    command = (*words_to_run(python, text), assemble(without=REFUSED).hex(), GRADER, ":".join(sorted(set(paths))))
    description = {"box": "landlock", "version": platform.release(), "from": "kernel", "python": python.version}
    return Box("landlock", description, command, ENVIRONMENT)
