"""What the profiles must agree on, and which rules never become jobs of a cluster."""

import importlib.util
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
import yaml

from conftest import ROOT

SLURM = "workflow/profiles/slurm"
PROFILES = ["profiles/default", SLURM, "workflow/profiles/workstation"]
# Runs Snakemake, and says what each job, or group of jobs, asks for.
SHOW_RESOURCES = """
import json
from snakemake.cli import main
from snakemake.executors.dryrun import Executor

run_job = Executor.run_job

def show(self, job):
    rules = sorted({one.rule.name for one in job.jobs}) if job.is_group() else [job.rule.name]
    print("asked", json.dumps(["+".join(rules), dict(job.resources.items())]), flush=True)
    run_job(self, job)

Executor.run_job = show
main()
"""
QUICK = r"(?:plot|select_human|tabulate|import|fetch|digest|export|make|forecast)(?:_\w+)?|check_claims"


def test_profiles_rerun_by_the_same_rules():
    triggers = [yaml.safe_load((ROOT / name / "config.yaml").read_text())["rerun-triggers"] for name in PROFILES]
    assert triggers == [["mtime", "params", "input"]] * len(PROFILES)


def test_without_the_slurm_plugin_one_line_says_which_command_makes_it_and_which_runs_it():
    if importlib.util.find_spec("snakemake_executor_plugin_slurm"):
        pytest.skip("the plugin is here")
    command = [sys.executable, "-m", "snakemake", "--profile", "slurm", "--dry-run"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0 and "usage:" not in done.stdout + done.stderr
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("Using profile")]
    assert line.startswith(f"--profile slurm: {sys.prefix} does not have snakemake-executor-plugin-slurm")
    for words in ("`make environment-slurm` makes", ".venv-slurm/bin/snakemake --profile slurm"):
        assert words in line
        assert words.partition("`")[2].partition("`")[0] in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_link_is_the_slurm_profile():
    assert (ROOT / "slurm").readlink().as_posix() == "workflow/profiles/slurm"


def test_downloads_imports_tables_and_figures_run_where_snakemake_runs():
    quick, local = set(), set()
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for rule in re.split(r"^(?=\s*rule \w+:)", file.read_text(), flags=re.MULTILINE):
            if found := re.match(rf"\s*rule ({QUICK}):", rule):
                quick.add(found[1])
                local |= {found[1]} if "localrule: True" in rule else set()
    assert quick and quick <= local


def resources_of_jobs(clone) -> list[tuple[str, dict]]:
    """(rules, resources) of every job and group that `--profile slurm` would run."""
    groups = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())["groups"]
    command = [sys.executable, "-c", SHOW_RESOURCES, *clone.command(options=("--dry-run", "--groups", *groups))[3:]]
    done = subprocess.run(command, cwd=clone.folder, capture_output=True, text=True, timeout=300)
    found = [tuple(json.loads(line[6:])) for line in done.stdout.splitlines() if line.startswith("asked ")]
    assert found, done.stderr
    return found


def finetuning_over_nodes(clone, nodes: int) -> dict:
    """What a finetuning on two GPUs of each node asks for."""

    def change(config):
        shared = {"gpu": 2, "gpu_model": "h100", "nodes": nodes, "cpus": 2}
        config["finetuning"]["short"] |= {"deepspeed": "zero-2", "resources": shared}

    clone.change_config(change)
    return dict(resources_of_jobs(clone))["finetune_model"]


def test_jobs_with_gpus_name_their_model_and_no_others_do(fresh):
    """In the profile's groups too, where a job with a GPU is followed by others without one."""

    def change(config):
        for model in ("se", "student"):
            config["models"][model]["resources"] = {"gpu": 2, "gpu_model": "h100"}
        config["models"]["wc"]["resources"] = {"gpu_model": "h100"}
        config["finetuning"]["short"]["resources"] = {"gpu": 1, "gpu_model": "a100.80"}

    fresh.change_config(change)
    asked = {(rules, found.get("gpu"), found.get("gpu_model")) for rules, found in resources_of_jobs(fresh)}
    named = {row for row in asked if row[2]}
    block = "check_reasoning+grade_solutions+sample_solutions"
    assert {row for row in asked if row[1]} == named
    assert named == {
        (block, 2, "h100"),
        ("evaluate_model+score_model", 2, "h100"),
        ("finetune_model", 1, "a100.80"),
    }
    assert (block, 0, None) in asked


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


MPI = ("mpi", "tasks", "tasks_per_gpu")


class Job(SimpleNamespace):
    """What of a job the plugin looks at."""

    __hash__ = object.__hash__


def test_a_finetuning_over_several_nodes_starts_its_own_tasks(fresh):
    asked = finetuning_over_nodes(fresh, 2)
    assert [asked.get(name) for name in ("nodes", "gpu", *MPI)] == [2, 4, "srun", 2, 0]
    asked = finetuning_over_nodes(fresh, 1)
    assert [asked.get(name) for name in ("nodes", "gpu", *MPI)] == [1, 2, None, None, None]


def test_a_study_with_a_judge_can_be_planned_for_slurm(fresh):
    """A judge of finetuned models is between the evaluation and the scoring of a cell, so they are not one job."""
    pytest.importorskip("snakemake_executor_plugin_slurm", reason="the plugin is in .venv-slurm alone")
    words = [sys.executable, "-m", "snakemake", "-n", "--profile", SLURM, "--quiet", "rules"]
    done = subprocess.run(words, cwd=fresh.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "judge_answers" in done.stdout + done.stderr


@pytest.mark.parametrize("nodes", [1, 2])
def test_slurm_is_asked_for_one_task_on_each_node_and_the_command_starts_on_the_first(nodes, fresh, monkeypatch):
    """By the plugin's own functions: what is submitted, and what the job then runs."""
    plugin = pytest.importorskip("snakemake_executor_plugin_slurm", reason="the plugin is in .venv-slurm alone")
    jobstep = pytest.importorskip("snakemake_executor_plugin_slurm_jobstep")
    from snakemake.jobs import ResourceList

    asked = finetuning_over_nodes(fresh, nodes)
    job = Job(resources=ResourceList(fromdict=asked), threads=asked["_cores"], is_group=lambda: False)
    words = dict.fromkeys(("run_uuid", "slurm_logfile", "comment_str", "account", "partition", "workdir"), "")
    submitted = plugin.get_submit_command(job, words) + plugin.set_gres_string(job)
    tasks = " --ntasks=2" if nodes == 2 else ""
    assert submitted.endswith(f" --nodes={nodes}{tasks} --cpus-per-task=2 --gpus=h100:{2 * nodes}")

    calls = []
    process = SimpleNamespace(wait=lambda: 0)
    monkeypatch.setattr(jobstep.subprocess, "Popen", lambda call, **options: calls.append(call) or process)
    nothing = lambda *words: None  # noqa: E731
    executor = SimpleNamespace(
        logger=SimpleNamespace(debug=nothing),
        workflow=SimpleNamespace(executor_settings=jobstep.ExecutorSettings()),
        **{"job_array_task": False, "gpu_job": None, "format_job_exec": lambda job: "snakemake inner"},
        **{"report_job_submission": nothing, "report_job_success": nothing, "report_job_error": nothing},
    )
    jobstep.Executor.run_job(executor, job)
    (call,) = calls
    assert call.split()[:2] == (["srun", "-n1"] if nodes == 1 else ["snakemake", "inner"])
