"""What the profiles must agree on, and which rules never become jobs of a cluster."""

import re
import subprocess
import sys

import yaml
from conftest import ROOT

PROFILES = ["profiles/default", "workflow/profiles/slurm", "workflow/profiles/workstation"]
# Runs Snakemake, and says what each job, or group of jobs, asks for.
SHOW_RESOURCES = """
from snakemake.cli import main
from snakemake.executors.dryrun import Executor

run_job = Executor.run_job

def show(self, job):
    rules = sorted({one.rule.name for one in job.jobs}) if job.is_group() else [job.rule.name]
    print("asked", "+".join(rules), job.resources.get("gpu"), job.resources.get("gpu_model"), flush=True)
    run_job(self, job)

Executor.run_job = show
main()
"""
QUICK = r"(?:draw|tabulate|import|fetch|digest|export|make|forecast)(?:_\w+)?|check_claims"


def test_profiles_rerun_by_the_same_rules():
    triggers = [yaml.safe_load((ROOT / name / "config.yaml").read_text())["rerun-triggers"] for name in PROFILES]
    assert triggers == [["mtime", "params", "input"]] * len(PROFILES)


def test_the_link_is_the_slurm_profile():
    assert (ROOT / "slurm").readlink().as_posix() == "workflow/profiles/slurm"


def test_downloads_imports_tables_and_figures_run_where_snakemake_runs():
    snakefile = (ROOT / "Snakefile").read_text()
    local = set(re.findall(r"^    (\w+),$", snakefile.split("localrules:")[1].split("\n\n\n")[0], re.MULTILINE))
    quick = set()
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for rule in re.split(r"^(?=\s*rule \w+:)", file.read_text(), flags=re.MULTILINE):
            if found := re.match(rf"\s*rule ({QUICK}):", rule):
                quick.add(found[1])
                local |= {found[1]} if "localrule: True" in rule else set()
    assert quick and quick <= local


def test_jobs_with_gpus_name_their_model_and_no_others_do(fresh):
    """In the profile's groups too, where a job with a GPU is followed by others without one."""

    def change(config):
        for model in ("se", "student"):
            config["models"][model]["resources"] = {"gpu": 2, "gpu_model": "h100"}
        config["models"]["wc"]["resources"] = {"gpu_model": "h100"}
        config["finetuning"]["short"]["resources"] = {"gpu": 1, "gpu_model": "a100.80"}

    fresh.change_config(change)
    groups = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())["groups"]
    command = [sys.executable, "-c", SHOW_RESOURCES, *fresh.command(options=("--dry-run", "--groups", *groups))[3:]]
    done = subprocess.run(command, cwd=fresh.folder, capture_output=True, text=True, timeout=300)
    asked = {tuple(line.split()[1:]) for line in done.stdout.splitlines() if line.startswith("asked ")}
    assert asked, done.stderr
    named = {row for row in asked if row[2] != "None"}
    block = "check_reasoning+grade_solutions+sample_solutions"
    assert {row for row in asked if row[1] not in ("None", "0")} == named
    assert named == {
        (block, "2", "h100"),
        ("evaluate_model+score_model", "2", "h100"),
        ("finetune_model", "1", "a100.80"),
    }
    assert (block, "0", "None") in asked


def test_jobs_that_ask_for_no_gpu_see_none(fresh):
    fresh.change_config(lambda config: config["models"]["se"].update(resources={"gpu": 1}))
    done = fresh.run(options=("--dry-run", "--printshellcmds"))
    commands = re.findall(
        r"^.*scripts/(?:sample_solutions|finetune_model|evaluate_model)\.py .*$", done.stdout, re.MULTILINE
    )
    assert len({re.search(r"scripts/(\w+)", command)[1] for command in commands}) == 3
    for command in commands:
        counts = "--model-name se " in command
        assert ("YETBETTER_GPUS=1 " in command, "CUDA_VISIBLE_DEVICES= " in command) == (counts, not counts)
