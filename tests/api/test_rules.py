"""The workflow asks an endpoint through its rules: one ledger per model, and a raised limit causes no rerun."""

import os
import shutil
import subprocess
import sys

import pytest
import yaml
from fault_proxy import Proxy
from sampling_job import ROOT

from yetbetter.generation.openai_ledger import read_tries
from yetbetter.records import read_rows

pytestmark = pytest.mark.slow

PARTS = ("Snakefile", "workflow", "config", "profiles", "envs", "resources")
BLOCKS = [f"questions-{first:06d}_samples-0000" for first in (0, 4)]


def run_workflow(folder, config: dict, key: str, *options: str) -> str:
    (folder / "study.yaml").write_text(yaml.safe_dump(config))
    targets = [f"results/{config['study']}/solutions/hard/wc/{block}.jsonl" for block in BLOCKS]
    command = [sys.executable, "-m", "snakemake", *targets, "--cores", "2", "--configfile", "study.yaml", *options]
    environment = os.environ | {"YETBETTER_TEST_KEY": key, "OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert key not in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def test_parallel_jobs_share_the_models_ledger_and_a_raised_limit_makes_nothing_again(server, tmp_path):
    for part in PARTS:
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / part)
    config = yaml.safe_load((ROOT / "tests/workflow/miniature.yaml").read_text(encoding="utf-8"))
    config["datasets"]["hard"]["splits"]["train"] = 8
    config["sampling"] |= {"shard_questions": 4}
    options = {"key_variable": "YETBETTER_TEST_KEY", "chat": False, "input_price": 0.1, "spending_limit": 1.0}
    with Proxy(server) as proxy:
        endpoint = {"path": "wc", "engine": "openai", "engine_options": options | {"base_url": proxy.url}}
        del config["models"]["wc"]["finetuning"], config["models"]["wc"]["batch_size"]
        config["models"]["wc"] |= endpoint  # its price of 0.3 is what output costs
        run_workflow(tmp_path, config, "sk-workflow")
        results = tmp_path / "results" / config["study"]
        rows = [row for block in BLOCKS for row in read_rows(results / "solutions/hard/wc" / f"{block}.jsonl")]
        tries = read_tries(results / "ledger" / "wc.jsonl")
        assert len(rows) == 8 * 3 == len(tries) == len(proxy.log)
        prompts, completions = (sum(row[key] for row in tries) for key in ("prompt_tokens", "completion_tokens"))
        assert sum(row["dollars"] for row in tries) == pytest.approx((0.1 * prompts + 0.3 * completions) / 1e6)
        config["models"]["wc"]["engine_options"] |= {"spending_limit": 2.0, "concurrency": 3, "timeout": 60}
        assert "Nothing to be done" in run_workflow(tmp_path, config, "sk-workflow", "--dry-run")
        assert "sample_solutions" in run_workflow(tmp_path, config | {"seed": 1}, "sk-workflow", "--dry-run")
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"sk-workflow" not in path.read_bytes()
