"""What Slurm would refuse is reported in one line before anything is submitted."""

import re
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def complaint(study) -> str:
    said = study.run("tables", check=False)
    assert study.submissions() == 0
    lines = [line for line in said.splitlines() if "Slurm would refuse" in line]
    assert len(lines) == 1, said[-3000:]
    return lines[0]


def test_more_gpus_than_there_are(study):
    path = study.folder / "tests/slurm/miniature.yaml"
    config = yaml.safe_load(path.read_text())
    config["models"]["wc"]["resources"] = {"gpu": 3}
    path.write_text(yaml.safe_dump(config))
    assert re.search(r"sample_solutions.* asks for .*gpu 3.*configuration is not available", complaint(study))


def test_a_partition_that_is_not_there(study):
    replace(study.folder / "slurm/partitions.yaml", "  cpu:", "  batch:")
    assert re.search(r"-p batch: invalid partition specified: batch", complaint(study))
