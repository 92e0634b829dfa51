"""What a program knows of its job: the first lines of its log, its GPUs, the environment or container it runs in."""

import copy
import errno
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from job_support import JOB, calls_of, make_scontrol

from configs import check_config, model_of, recipe_of
from yetbetter import job, program, time_limit
from yetbetter.cluster.environments import check_environments, python_of, tell_gpus
from yetbetter.errors import UserError
from yetbetter.records import write_rows
from yetbetter.training.launch import launch

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
CONFIG = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))


def clean(**more: str) -> dict[str, str]:
    """This environment without the variables of a job."""
    told = ("SLURM_", "YETBETTER_", "CUDA_")
    return {name: value for name, value in os.environ.items() if not name.startswith(told)} | more


def grade(folder: Path) -> list[str]:
    """Command line of a grading that is done at once, and its files."""
    write_rows(folder / "p.jsonl", [{"problem": "p", "answer": "7"}])
    write_rows(folder / "s.jsonl", [{"problem": "p", "sample": 0, "text": "The answer is 7."}])
    files = {"problems": "p.jsonl", "solutions": "s.jsonl", "output": "v.jsonl"}
    options = [word for name, file in files.items() for word in (f"--{name}", str(folder / file))]
    return [sys.executable, str(SCRIPTS / "grade_solutions.py"), *options]


def log_of(command: list[str], folder: Path, **environment: str) -> tuple[int, list[str]]:
    """(exit status, lines) of a command that writes into a log, as a rule's does."""
    with open(folder / "log", "wb") as log:
        done = subprocess.run(command, env=clean(**environment), stdout=log, stderr=log, timeout=300)
    return done.returncode, (folder / "log").read_text().splitlines()


def test_a_log_begins_with_host_job_gpus_and_versions(tmp_path):
    slurm = {"SLURM_JOB_ID": JOB, "SLURM_RESTART_COUNT": "2", "CUDA_VISIBLE_DEVICES": "0,3"}
    slurm["SLURM_JOB_END_TIME"] = str(int(time.time()) + 3600)
    status, lines = log_of(grade(tmp_path), tmp_path, **slurm)
    assert status == 0
    assert "grade_solutions.py on host" in lines[0] and f"Slurm job {JOB} (restart 2), process" in lines[0]
    assert lines[1] == "GPUs: 0, 3 given, 0 asked for"
    assert lines[2].startswith(f"{sys.executable}: python 3.") and ", numpy " in lines[2] and ", sympy " in lines[2]


def test_a_program_run_by_hand_says_nothing_of_its_job(tmp_path):
    done = subprocess.run(grade(tmp_path), env=clean(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "host" not in done.stdout + done.stderr
    status, lines = log_of(
        [sys.executable, str(SCRIPTS / "grade_solutions.py"), "--help"], tmp_path, YETBETTER_GPUS="9"
    )
    assert status == 0 and lines[0].startswith("usage: grade_solutions.py")


@pytest.mark.parametrize(
    ("facts", "told"), [((), "No space left on device"), (("S.jsonl",), "S.jsonl: No space left on device")]
)
def test_an_error_of_the_system_is_reported_in_one_line_with_its_file_where_it_has_one(facts, told, monkeypatch):
    def main():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), *facts)

    monkeypatch.setattr(sys, "argv", ["a/program.py"])
    monkeypatch.setenv("PATH", os.environ["PATH"])  # which the program changes
    with pytest.raises(SystemExit) as end:
        program.run(main)
    assert end.value.code == f"program.py: error: {told}"


def test_a_log_that_srun_writes_begins_with_a_line_for_each_node(tmp_path):
    environment = clean(YETBETTER_GPUS="1", SLURM_JOB_ID=JOB, CUDA_VISIBLE_DEVICES="3")
    environment["SLURM_JOB_END_TIME"] = str(int(time.time()) + 3600)
    done = subprocess.run(grade(tmp_path), env=environment, capture_output=True, text=True, timeout=300)
    assert f"grade_solutions.py on host {socket.gethostname()}, Slurm job {JOB}" in done.stderr.splitlines()[0]
    done = subprocess.run(
        grade(tmp_path), env=environment | {"LOCAL_RANK": "1"}, capture_output=True, text=True, timeout=300
    )
    assert "on host" not in done.stderr


def test_the_first_lines_cost_little():
    line = ["workflow/scripts/sample_solutions.py", "--engine", "transformers"]
    job.job_facts(line, {}, ("torch", "transformers"))
    start = time.process_time()
    job.job_facts(line, {}, ("torch", "transformers"))
    assert time.process_time() - start < 0.03


@pytest.mark.parametrize(
    ("line", "packages"),
    [
        ("finetune_model.py --model x", ["numpy", "torch", "transformers", "trl", "accelerate", "datasets"]),
        ("plot_figure.py headline --output-pdf x", ["numpy", "matplotlib", "pandas"]),
        ("make_pocket_problems.py", ["numpy"]),
        ("pretrain_pocket_model.py --model wc", ["numpy", "torch", "transformers"]),
    ],
)
def test_the_versions_are_those_of_the_packages_that_a_command_uses(line, packages):
    assert job.packages_used(line.split()) == packages
    assert "numpy" in job.job_facts(line.split(), {}, ("numpy",))[-1]
    assert "deepspeed" in job.packages_used(["finetune_model.py", "--deepspeed", "zero-2"])
    assert "peft" not in job.packages_used(["finetune_model.py", "--deepspeed", "zero-2"])


def test_variables_that_would_change_a_models_run_are_taken_out_and_listed():
    kept = {"PATH": "/bin", "MASTER_ADDR": "here", "DS_BUILD_OPS": "1", "CUDA_VISIBLE_DEVICES": ""}
    foreign = {"ACCELERATE_MIXED_PRECISION": "fp16", "FSDP_VERSION": "2", "DS_ACCELERATOR": "cuda"}
    place = {"RANK": "1", "WORLD_SIZE": "2", "PMI_SIZE": "2"}
    environment = kept | foreign | place | {"LOCAL_RANK": "0", "PMI_RANK": "0", "OMPI_COMM_WORLD_LOCAL_SIZE": "1"}
    listed = job.ignore_overrides(environment)
    assert listed == [f"{name}={value}" for name, value in sorted((foreign | place).items())]
    assert environment == kept


def test_under_torchrun_a_process_keeps_its_place():
    place = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", job.TORCHRUN: "none"}
    environment = place | {"ACCELERATE_USE_FSDP": "true"}
    assert job.ignore_overrides(environment) == ["ACCELERATE_USE_FSDP=true"]
    assert environment == place


def test_a_slurm_job_with_fewer_gpus_than_asked_for_ends_before_anything_is_loaded(tmp_path):
    environment = {"YETBETTER_GPUS": "2", "SLURM_JOB_ID": JOB, "CUDA_VISIBLE_DEVICES": "1"}
    status, lines = log_of(grade(tmp_path), tmp_path, **environment)
    assert status == 1
    assert lines[-1].startswith("grade_solutions.py: error: ")
    assert lines[-1].endswith(f": asked for 2 GPUs, Slurm job {JOB} was given 1 (1)")
    assert not (tmp_path / "v.jsonl").exists()


@pytest.mark.parametrize(
    ("told", "given"),
    [
        ({}, 0),
        ({"CUDA_VISIBLE_DEVICES": ""}, 0),
        ({"CUDA_VISIBLE_DEVICES": "NoDevFiles"}, 0),
        ({"CUDA_VISIBLE_DEVICES": "GPU-1f,GPU-2e"}, 2),
        ({"SLURM_JOB_GPUS": "0,1,5"}, 3),
        ({"SLURM_STEP_GPUS": "4", "SLURM_JOB_GPUS": "4,5"}, 1),
        ({"SLURM_GPUS_ON_NODE": "2"}, 2),
    ],
)
def test_gpus_are_counted_as_the_scheduler_names_them(told, given):
    """Without a driver, as on fake GPUs, the number is all that counts."""
    assert len(job.given_gpus(told)) == given
    for asked in range(1, 4):
        environment = told | {"SLURM_JOB_ID": "7", "YETBETTER_GPUS": str(asked)}
        if given >= asked:
            assert job.check_gpus(environment, driver=False) == []
        else:
            with pytest.raises(UserError, match=rf"asked for {asked} GPUs, Slurm job 7 was given"):
                job.check_gpus(environment, driver=False)


def test_outside_slurm_gpus_are_looked_at_only_where_a_driver_is():
    assert job.check_gpus({"YETBETTER_GPUS": "8"}, driver=False) == []
    assert job.check_gpus({}, driver=True) == []
    with pytest.raises(UserError, match="YETBETTER_GPUS is 'two', it must be a number of GPUs"):
        job.check_gpus({"YETBETTER_GPUS": "two"})


@pytest.mark.skipif(job.has_driver(), reason="a driver is here")
def test_a_driver_that_does_not_start_is_one_line():
    with pytest.raises(UserError, match=r"asked for 1 GPUs, 0 can be used: the driver's library cannot be loaded"):
        job.check_gpus({"YETBETTER_GPUS": "1"}, driver=True)


# The driver's library with two GPUs; the second is broken if BROKEN is set.
LIBCUDA = """
#include <stdlib.h>
#include <string.h>
int cuInit(unsigned flags) { return getenv("NO_GPU") ? 100 : 0; }
int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *device, int number) { *device = 40 + number; return 0; }
int cuDeviceGetName(char *name, int size, int device) { strncpy(name, "NVIDIA Paper", size); return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { return getenv("BROKEN") && device == 41 ? 46 : 0; }
int cuDevicePrimaryCtxRelease(int device) { return device < 40; }
"""


@pytest.mark.skipif(job.has_driver() or not shutil.which("cc"), reason="a driver is here, or no C compiler")
def test_gpus_are_started_before_they_count(tmp_path, monkeypatch):
    (tmp_path / "cuda.c").write_text(LIBCUDA)
    library = str(tmp_path / "libcuda.so.1")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, str(tmp_path / "cuda.c")], check=True, timeout=300)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    asked = {"YETBETTER_GPUS": "2", "SLURM_JOB_ID": "7", "CUDA_VISIBLE_DEVICES": "0,1"}
    assert job.check_gpus(asked, driver=True) == ["NVIDIA Paper", "NVIDIA Paper"]
    monkeypatch.setenv("BROKEN", "1")
    told = r"asked for 2 GPUs, 1 can be used: GPU 1 \(NVIDIA Paper\) cannot be used \(CUDA error 46\)"
    with pytest.raises(UserError, match=told):
        job.check_gpus(asked, driver=True)
    monkeypatch.setenv("NO_GPU", "1")
    with pytest.raises(UserError, match=r"0 can be used: the driver shows none \(CUDA_VISIBLE_DEVICES is '0,1'\)"):
        job.check_gpus(asked, driver=True)


@pytest.mark.skipif(not job.has_driver(), reason="no driver is here")
def test_with_a_driver_the_gpus_are_named_and_counted():
    names = job.check_gpus({"YETBETTER_GPUS": "1"})
    assert names and all(names)
    with pytest.raises(UserError, match=rf"asked for 99 GPUs, {len(names)} can be used"):
        job.check_gpus({"YETBETTER_GPUS": "99"})


@pytest.mark.parametrize(("asked", "told"), [(0, ("", None)), (2, ("0,1", "2"))])
def test_a_job_that_asked_for_no_gpu_sees_none(asked, told):
    show = "import os; print((os.environ.get('CUDA_VISIBLE_DEVICES'), os.environ.get('YETBETTER_GPUS')))"
    command = f'HF_HUB_OFFLINE=1 {tell_gpus(asked)}{shlex.quote(sys.executable)} -c "{show}"'
    environment = clean(CUDA_VISIBLE_DEVICES="0,1")
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == repr(told), done.stderr


def test_every_tool_may_have_a_ready_environment_or_a_container():
    environments = {"deepspeed": "/opt/my env", "vllm": "images/vllm.sif"}
    assert shlex.split(python_of(environments, "deepspeed")) == ["/opt/my env/bin/python"]
    container = ["python", "workflow/scripts/run_in_container.py", "images/vllm.sif", "python"]
    assert shlex.split(python_of(environments, "vllm")) == container
    assert python_of(environments, "openai") == "python"
    recipe = recipe_of(CONFIG["finetuning"]["pocket"] | {"deepspeed": "zero-2"})
    entry = model_of({"path": "x", "resources": {"gpu": 2}})
    found = launch(entry, recipe, "/e/bin/python")["command"]
    assert found == "YETBETTER_GPUS=2 /e/bin/python -m torch.distributed.run --nproc-per-node 2 --standalone"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("nowhere", "environments.vllm: 'nowhere' holds no bin/python (allowed: a folder that holds bin/python, or a"),
        ("nowhere.sif", "environments.vllm: 'nowhere.sif': no such image"),
        (
            ".venv-vllm",
            "holds no bin/python (allowed: a folder that holds bin/python, or a container's image, NAME.sif)",
        ),
    ],
)
def test_an_environment_that_is_not_there_is_refused_in_one_line(place, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as refused:
        check_environments("study.yaml: environments", {"vllm": place})
    assert told in str(refused.value) and "\n" not in str(refused.value)
    assert ("make environment-vllm" in str(refused.value)) == (place == ".venv-vllm")


def test_environments_are_part_of_the_checked_config(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "image.sif").touch()
    schema = str(ROOT / "workflow" / "schemas" / "config.schema.yaml")
    config = copy.deepcopy(CONFIG)
    config["environments"] = {"deepspeed": str(tmp_path), "openai": str(tmp_path / "image.sif")}
    check_config(config, schema, "study.yaml")
    config["environments"] = {"deepseed": str(tmp_path)}
    with pytest.raises(UserError, match="did you mean 'deepspeed'"):
        check_config(config, schema, "study.yaml")


# In place of apptainer: runs the command where the host's scheduler cannot be reached, as inside most images.
APPTAINER = """#!/bin/bash
echo "$*" >> {folder}/ran
[ "$1" = exec ] && shift
[ "$1" = --nv ] && shift
shift
export PATH="{folder}/inside:$PATH"
exec "$@"
"""


def contain(tmp_path: Path, start: float, end: float, **environment: str) -> tuple[int, list[str]]:
    """A grading in a container, inside a Slurm job."""
    slurm = tmp_path / "slurm"
    told = make_scontrol(slurm, start, end)
    scripts = {"bin/apptainer": APPTAINER.format(folder=tmp_path), "inside/scontrol": "#!/bin/sh\nexit 127\n"}
    for name, script in scripts.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    told["PATH"] = f"{tmp_path / 'bin'}:{told['PATH']}"
    python, *command = grade(tmp_path)
    line = [python, str(SCRIPTS / "run_in_container.py"), "image.sif", python, *command]
    return log_of(line, tmp_path, **told, **environment)


def test_a_program_in_a_container_knows_its_gpus_and_its_end(tmp_path):
    now = time.time()
    gpus = {"YETBETTER_GPUS": "1", "CUDA_VISIBLE_DEVICES": "0"}
    status, lines = contain(tmp_path, now, now + 3600, **gpus)
    assert status == 0, lines
    assert (tmp_path / "ran").read_text().startswith("exec --nv image.sif ")
    assert any(line.startswith("the job ends at ") and "180 s are kept free" in line for line in lines)
    assert (tmp_path / "v.jsonl").exists() and calls_of(tmp_path / "slurm") == ["show"]


def test_a_program_in_a_container_has_its_job_queued_again_from_outside(tmp_path):
    """The little scheduler ends the program that asks, here the outer one; the inner program must be ended too."""
    now = time.time()
    (tmp_path / "slurm").mkdir()
    (tmp_path / "slurm" / "refuse").touch()
    status, lines = contain(tmp_path, now - 1000, now + 10)
    assert status == time_limit.UNFINISHED, lines
    assert any("too little time left to begin: 0 of 1 verdicts" in line for line in lines)
    assert f"scontrol requeue {JOB} was refused (Requested operation is presently disabled)" in lines[-1]
    assert calls_of(tmp_path / "slurm") == ["show", "requeue"]


def test_without_apptainer_a_container_is_refused_in_one_line(tmp_path):
    line = [sys.executable, str(SCRIPTS / "run_in_container.py"), "image.sif", "python", "x.py"]
    done = subprocess.run(line, env=clean(PATH=str(tmp_path)), capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    expected = "run_in_container.py: error: image.sif: neither apptainer nor singularity is on the PATH of this machine"
    assert done.stderr.splitlines() == [expected]
