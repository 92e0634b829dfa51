"""Finds a Python whose files can be shown to a box, and lists these files: no more than the interpreter needs.

The interpreter that runs this process comes first (for a virtual environment, the one that it was made from). Other
users cannot always read it: pyenv puts interpreters below a home folder. Then those of the system and of the PATH are
tried.
"""

import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 9)
# Loads every extension module of the standard library, so that all shared libraries they need are mapped. Left out are
# modules for terminals and windows, and those that are tests.
REPORT = """
import importlib, json, os, sys, sysconfig
library = os.path.realpath(sysconfig.get_path("platstdlib"))
for name in sorted(os.listdir(os.path.join(library, "lib-dynload"))):
    name = name.partition(".")[0]
    if not name.startswith(("_tkinter", "_curses", "readline", "nis", "_test", "xx", "ossaudiodev", "_gdbm", "_dbm")):
        try:
            importlib.import_module(name)
        except Exception:
            pass
mapped = {line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if "/" in line}
json.dump({
    "version": list(sys.version_info[:3]),
    "executable": os.path.realpath(sys.executable),
    "folders": sorted({library, os.path.realpath(sysconfig.get_path("stdlib"))}),
    "libraries": sorted(os.path.realpath(path) for path in mapped if ".so" in os.path.basename(path)),
}, sys.stdout)
"""
# Where a program's header may look for the dynamic loader.
LOADER_FOLDERS = ("/lib64", "/lib", "/usr/lib64", "/usr/lib")


@dataclasses.dataclass(frozen=True)
class Interpreter:
    """A Python and its files: all paths are real ones. links: (link, what it points to)."""

    version: str
    executable: str
    folders: tuple[str, ...]
    libraries: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


def find_interpreters() -> list[Interpreter]:
    """The interpreters that this user can run, the one of this process first."""
    own = getattr(sys, "_base_executable", None) or sys.executable
    minor = f"python3.{sys.version_info.minor}"
    candidates = [own, shutil.which(minor, path=os.defpath), shutil.which("python3", path=os.defpath)]
    candidates += [shutil.which(minor), shutil.which("python3")]
    found = (inspect(path) for path in dict.fromkeys(os.path.realpath(path) for path in candidates if path))
    # By the real path: a program of the PATH may be a script that calls the same interpreter.
    return list({python.executable: python for python in found if python}.values())


@functools.cache
def inspect(executable: str) -> Interpreter | None:
    """The files of a Python; None if this user cannot run it, or if it is too old."""
    try:
        done = subprocess.run(
            [executable, "-I", "-S", "-B", "-c", REPORT], capture_output=True, timeout=120, env={}, check=True
        )
        report = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if tuple(report["version"]) < OLDEST:
        return None
    folders = tuple(report["folders"])
    libraries = tuple(path for path in report["libraries"] if not any(is_below(path, folder) for folder in folders))
    version = ".".join(map(str, report["version"]))
    return Interpreter(version, report["executable"], folders, libraries, links_to(libraries))


def words_to_run(python: Interpreter, text: str) -> tuple[str, ...]:
    """The beginning of a command by which this Python runs our text.

    -I would ignore PYTHONHASHSEED, without which the order of a set of strings differs from run to run.
    """
    return python.executable, "-s", "-S", "-B", "-c", text


def is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def links_to(libraries: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The symbolic links beside shared libraries that lead to them, which is how the loader asks for them."""
    links = {}
    for folder in dict.fromkeys([*(os.path.dirname(path) for path in libraries), *LOADER_FOLDERS]):
        # A folder that is a link itself (/lib on most systems) is found under its real name, too.
        real = os.path.realpath(folder)
        for entry in os.scandir(real) if os.path.isdir(real) else ():
            if entry.is_symlink() and (target := os.path.realpath(entry.path)) in libraries:
                links[entry.path] = target
        if real != folder:
            links[folder] = real
    return tuple(links.items())


def packages_below(folder: str) -> list[str]:
    """Folders of installed packages inside a standard library: no program in a box sees them."""
    return [str(path) for name in ("site-packages", "dist-packages") if (path := Path(folder, name)).is_dir()]
