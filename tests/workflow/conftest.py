"""The real workflow, run in copies of the repository."""

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from processes import STARTED

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "workflow", "config", "profiles", "envs", "resources", "tests/workflow/miniature.yaml")
MINIATURE = "tests/workflow/miniature.yaml"
UMASK = 0o027  # of the reference: not the one that most machines have


def pytest_collection_modifyitems(items) -> None:
    """These files take minutes each: processes that share the tests begin with them, and none ends alone with one."""
    items.sort(key=lambda item: "workflow" not in item.path.parts)


@contextlib.contextmanager
def under(umask: int) -> Iterator[None]:
    """Processes that are started have this umask."""
    before = os.umask(umask)
    try:
        yield
    finally:
        os.umask(before)


class Clone:
    """A copy of the repository with results of its own, in which Snakemake is run as a user would."""

    def __init__(self, folder: Path, config: str = MINIATURE):
        self.folder, self.config = folder, config
        self.results = folder / "results" / "miniature"

    @classmethod
    def make(cls, folder: Path) -> "Clone":
        for part in PARTS:
            source, target = ROOT / part, folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "smol"))
            else:
                shutil.copy(source, target)
        return cls(folder)

    def copy(self, folder: Path) -> "Clone":
        # Times are kept: Snakemake goes by them. Hard links would let one clone's touch reach the other.
        shutil.copytree(self.folder, folder, symlinks=True)
        return Clone(folder)

    def command(self, *targets: str, options: tuple[str, ...] = ()) -> list[str]:
        named = ["--configfile", self.config] if self.config else []
        return [sys.executable, "-m", "snakemake", *targets, "--cores", "2", *named, *options]

    def run(self, *targets: str, options: tuple[str, ...] = (), check: bool = True, **environment: str):
        done = subprocess.run(
            self.command(*targets, options=options),
            cwd=self.folder,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
            capture_output=True,
            text=True,
            timeout=900,
        )
        if check and done.returncode:
            raise AssertionError(f"{done.args} failed:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}\n{self.logs()}")
        return done

    def start(self, *targets: str) -> subprocess.Popen:
        """Start Snakemake in a process group of its own."""
        run = subprocess.Popen(
            self.command(*targets),
            cwd=self.folder,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        STARTED.append(run)
        return run

    def planned(self, *targets: str, options: tuple[str, ...] = ()) -> dict[str, list[dict[str, str]]]:
        """What a dry run would do: for each rule the wildcards of its jobs."""
        done = self.run(*targets, options=("--dry-run", *options))
        text = done.stdout + done.stderr
        jobs: dict[str, list[dict[str, str]]] = {}
        for block in re.split(r"\n(?= *(?:local)?rule |Job stats)", text):
            found = re.match(r" *(?:local)?rule (\w+):", block)
            if found:
                wildcards = re.search(r"^ +wildcards: (.*)$", block, re.MULTILINE)
                pairs = wildcards.group(1).split(", ") if wildcards else []
                jobs.setdefault(found.group(1), []).append(dict(pair.split("=", 1) for pair in pairs))
        return jobs

    def change_config(self, change) -> None:
        path = self.folder / self.config
        config = yaml.safe_load(path.read_text())
        change(config)
        path.write_text(yaml.safe_dump(config, sort_keys=False))

    def content(self, *stages: str) -> dict[str, bytes]:
        """Every result file of these stages but the sidecars, which hold times and hosts."""
        files = sorted(file for stage in stages for file in (self.results / stage).rglob("*") if file.is_file())
        return {str(file.relative_to(self.results)): file.read_bytes() for file in files if "about" not in file.name}

    def logs(self) -> str:
        newest = sorted(self.results.glob("logs/**/*.log"), key=lambda path: path.stat().st_mtime)[-3:]
        return "\n".join(f"--- {path}\n{path.read_text()[-2000:]}" for path in newest)


def kill_group(process: subprocess.Popen) -> None:
    """End a group that `Clone.start` started with SIGKILL, jobs and all."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(condition, process: subprocess.Popen, seconds: float = 300) -> None:
    """Wait until a condition holds or the process ends."""
    deadline = time.monotonic() + seconds
    while not condition() and process.poll() is None:
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.02)


@pytest.fixture
def fresh(tmp_path) -> Clone:
    """A clone in which nothing has been run."""
    return Clone.make(tmp_path / "clone")


@pytest.fixture(scope="session")
def reference(tmp_path_factory, request) -> Clone:
    """A clone whose whole grid was run undisturbed, under UMASK; tests may look, not touch.

    Processes side by side share one.
    """
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if hasattr(request.config, "workerinput") else folder
    with open(folder / "reference.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "reference").exists():
            return Clone(folder / "reference")
        clone = Clone.make(folder / "unfinished")
        with under(UMASK):
            clone.run()
        clone.folder.rename(folder / "reference")
    return Clone(folder / "reference")


@pytest.fixture
def finished(reference, tmp_path) -> Clone:
    """A copy of the finished reference, to be changed."""
    return reference.copy(tmp_path / "clone")
