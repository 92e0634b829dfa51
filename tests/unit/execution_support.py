"""What tests of the box need: a kind of box that works here, an ordinary user, programs in a process of their own."""

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from yetbetter.errors import UserError
from yetbetter.execution import Box, Limits, open_box

NOBODY = 65534
ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
DATA = Path(os.environ.get("YETBETTER_DATA") or ROOT.parent / "shared" / "data")
QUICK = Limits(cpu_seconds=2, wall_seconds=20.0, memory_mb=256)


@functools.cache
def box_or_reason(kind: str) -> Box | str:
    try:
        return open_box(kind)
    except UserError as error:
        return str(error)


def needs(kind: str = "bubblewrap") -> Box:
    """The box; skips the test if there is none."""
    box = box_or_reason(kind)
    if isinstance(box, str):
        pytest.skip(box)
    return box


def data(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no {path}: set YETBETTER_DATA to the folder of the shared data")
    return path


def python_of_nobody() -> list[str]:
    """The beginning of a command by which an ordinary user runs Python; skips the test if that is impossible."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    # setpriv itself may still run programs that the user may not; env may not.
    become.append("env")
    check = f"import json, os, sys; os.listdir({str(Path(__file__).parent)!r}); assert sys.version_info >= (3, 11)"
    for python in (sys.executable, shutil.which("python3", path=os.defpath)):
        if python and subprocess.run([*become, python, "-c", check], capture_output=True, timeout=60).returncode == 0:
            return [*become, python]
    pytest.skip("an ordinary user can run no Python >= 3.11, or cannot read this repository")


@contextlib.contextmanager
def folder_of_nobody() -> Iterator[Path]:
    """An empty folder that an ordinary user can write. Those of pytest are below one that only its user can read."""
    with tempfile.TemporaryDirectory(prefix="yetbetter-") as folder:
        if os.getuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        yield Path(folder)


def run_apart(command: list[str], cache: Path | None = None, seconds: float = 240.0) -> subprocess.CompletedProcess:
    """A program in a process of its own, for which the packages of this one are installed, too."""
    paths = [str(SCRIPTS), *(path for path in sys.path if path.endswith("site-packages"))]
    paths += filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    if cache:
        environment["XDG_CACHE_HOME"] = str(cache)
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **piped, env=environment, cwd="/", start_new_session=True) as process:
        try:
            out, errors = process.communicate(timeout=seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # with the programs that it has started
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


def report_of(done: subprocess.CompletedProcess) -> dict:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
