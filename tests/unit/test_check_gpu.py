"""check_gpu.py, which `make test-gpu` runs: silent without a GPU, and its checks hold where a CPU can run them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "gpu" / "check_gpu.py"


def run(*options: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, str(PROGRAM), *options], env=environment, capture_output=True, text=True)


def test_without_a_gpu_it_says_so_and_succeeds():
    job = run()
    assert job.returncode == 0
    assert job.stdout == "no GPU that torch can use here: nothing was checked\n"


@pytest.mark.slow
def test_its_checks_hold_on_a_cpu(tmp_path):
    only = ["--only", "torch alone", "sdpa", "packing", "flash", "sampler"]
    job = run("--cpu", "--output", str(tmp_path / "table.json"), *only)
    assert job.returncode == 0, job.stdout[-3000:]
    table = {row["check"]: row for row in json.loads((tmp_path / "table.json").read_text())["checks"]}
    for name in ("pocket, torch alone", "pocket, packed rows, sdpa", "pocket, packing", "our sampler"):
        assert table[name]["verdict"] == "passed"
    assert table["pocket, packing"]["tokens/s"] > 0
    assert {row["verdict"] for row in table.values()} <= {"passed", "left out"}
