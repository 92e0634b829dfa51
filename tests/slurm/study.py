"""A copy of the repository whose small study runs on the test cluster, as a user would start it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cluster import ACCOUNT, Cluster

from processes import kill_tree

ROOT = Path(__file__).resolve().parents[2]
PARTS = ["Snakefile", "workflow", "config", "profiles", "envs", "resources", "tests/slurm", "slurm"]
CONFIG = "tests/slurm/miniature.yaml"
STAGES = ["problems", "solutions", "verdicts", "reasoning", "training_data", "metrics", "scores", "tables"]


class Study:
    """One clone; with a cluster its jobs go to Slurm, without one they run here."""

    def __init__(self, folder: Path, cluster: Cluster | None = None, account: str = ACCOUNT):
        self.folder, self.cluster = folder, cluster
        self.results = folder / "results" / "cluster"
        self.faults = folder / "faults"
        self.running: subprocess.Popen | None = None
        for part in PARTS:
            source, target = ROOT / part, folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_symlink():
                target.symlink_to(source.readlink())
            elif source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "smol"))
            else:
                shutil.copy(source, target)
        self.faults.mkdir()
        if cluster and cluster.accounting and account:
            profile = folder / "slurm/config.yaml"
            text, line = profile.read_text(), "  # slurm_account: my_account\n"
            assert line in text
            profile.write_text(text.replace(line, f"  slurm_account: {account}\n"))

    def command(self, *words: str) -> list[str]:
        where = ["--cores", "2"]
        if self.cluster:
            where = ["--profile", "slurm", "--workflow-profile", "tests/slurm/profile"]
        return [sys.executable, "-m", "snakemake", *words, *where, "--configfile", CONFIG]

    @property
    def environment(self) -> dict[str, str]:
        own = {"OMP_NUM_THREADS": "1", "YETBETTER_FAULTS": str(self.faults)}
        own["PYTHONPATH"] = str(self.folder / "tests/slurm/faults")
        return os.environ | own | (self.cluster.environment if self.cluster else {})

    def start(self, *words: str) -> subprocess.Popen:
        """Start a run; what it prints is appended to `run.log`."""
        with open(self.folder / "run.log", "ab") as log:
            self.running = subprocess.Popen(
                self.command(*words), cwd=self.folder, env=self.environment, stdout=log, stderr=log, stdin=DEVNULL
            )
        return self.running

    def end(self) -> None:
        """End a run that a failed test left, and its submissions, which would run for a day."""
        if self.running:
            kill_tree(self.running)

    def run(self, *words: str, check: bool = True, seconds: float = 1200) -> str:
        """Run to the end; what it printed."""
        run = self.start(*words)
        try:
            run.wait(seconds)
        finally:
            if run.poll() is None:
                run.kill()
        assert not check or run.returncode == 0, f"exit status {run.returncode}:\n{self.said()[-6000:]}"
        return self.said()

    def call(self, *command: str) -> subprocess.CompletedProcess:
        """Any other command in the clone, with the same environment."""
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300
        )

    def said(self) -> str:
        return (self.folder / "run.log").read_text()

    def submissions(self) -> int:
        return self.said().count("has been submitted with SLURM jobid")

    def content(self) -> dict[str, bytes]:
        """Every result file but the sidecars, which hold times and hosts."""
        files = sorted(file for stage in STAGES for file in (self.results / stage).rglob("*") if file.is_file())
        return {str(file.relative_to(self.results)): file.read_bytes() for file in files if "about" not in file.name}

    def drawn_rows(self) -> list[tuple]:
        """(block, problem, sample) of every row that any draft of a pool or an evaluation holds."""
        drafts = self.results.glob(".drafts/solutions/**/solutions.jsonl")
        rows = [(path.parents[1], row) for path in drafts for row in map(json.loads, path.open())]
        assert rows, "no draft was found"
        return [(block, row["problem"], row["sample"]) for block, row in rows]


def wait_for(condition: Callable[[], object], run: subprocess.Popen, seconds: float = 600):
    """The condition's value as soon as it is true; fails if the run ends first."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert run.poll() is None, f"the run ended with {run.returncode} before {condition}"
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.2)
    return value


DEVNULL = subprocess.DEVNULL
