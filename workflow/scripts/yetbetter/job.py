"""The job that a program runs in: the first lines of its log, and whether its GPUs are usable."""

import os
import platform
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, MutableMapping
from importlib import metadata
from pathlib import Path

from yetbetter.errors import UserError

# The environment variable in which a rule passes the number of GPUs that its job asked for, on each node.
ASKED = "YETBETTER_GPUS"
# Packages that a program uses in addition to NumPy. Programs that use an engine name its packages themselves.
PACKAGES = {
    "finetune_model": ("torch", "transformers", "trl", "accelerate", "datasets"),
    "pretrain_pocket_model": ("torch", "transformers"),
    "grade_solutions": ("sympy",),
    "score_model": ("sympy",),
    "plot": ("matplotlib", "pandas"),
    "tabulate_scores": ("pandas",),
    "check_claims": ("pandas",),
    "compare_studies": ("pandas", "matplotlib"),
}
OPTION_PACKAGES = {"--deepspeed": "deepspeed", "--lora-rank": "peft", "--fused-loss": "liger-kernel"}
# Set by torchrun alone.
TORCHRUN = "TORCHELASTIC_RUN_ID"
# torchrun sets these to a process's place. Without torchrun they are left over from a cluster or container.
PLACE = ("RANK", "LOCAL_RANK", "GROUP_RANK", "ROLE_RANK", "NODE_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")
# Beginnings of names by which Accelerate and DeepSpeed would change how a model is trained.
OVERRIDES = ("ACCELERATE_", "FSDP_", "PARALLELISM_CONFIG_", "MEGATRON_LM_", "DS_ACCELERATOR")
# MPI's and PMI's names for a process's place, which Accelerate reads like torchrun's.
MPI = re.compile(r"(PMI|OMPI_COMM_WORLD|MV2_COMM_WORLD)_(RANK|SIZE|LOCAL_RANK|LOCAL_SIZE)")
# A separate program, because a process cannot fork after CUDA has started.
LIST_GPUS = Path(__file__).with_name("list_gpus.py")


def begin(line: list[str], environment: Mapping[str, str] = os.environ, packages: Iterable[str] = ()) -> None:
    """What every program does first: log facts about its job, if it writes into a log, and count its GPUs.

    line: the command line, the program first. packages: packages that it uses in addition to PACKAGES. Raises UserError
    if fewer GPUs were given, or are usable, than were requested. Of several processes on a node only the first does
    this.
    """
    if {"-h", "--help"} & set(line) or environment.get("LOCAL_RANK", "0") != "0":
        return
    # On several nodes a program writes to srun, not into its log. The rule's variable then shows that there is a log.
    logged = writes_a_log() or ASKED in environment
    if logged:
        for fact in job_facts(line, environment, packages):
            print(fact, file=sys.stderr, flush=True)
    found = check_gpus(environment)
    if found and logged:
        print("usable GPUs: " + ", ".join(found), file=sys.stderr, flush=True)


def under_torchrun(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether torchrun started this process as one of those that train together."""
    return TORCHRUN in environment


def ignore_overrides(environment: MutableMapping[str, str] = os.environ) -> list[str]:
    """Remove variables that would change a model's run; returns the removed ones, as NAME=VALUE.

    The command line alone decides how a run works, wherever it is started. Two kinds are removed but not returned: a
    place that only says that the process is alone, and what the trainer itself sets on a machine without a GPU.
    """
    silent = {"RANK": "0", "SIZE": "1", "ACCELERATOR": "cpu"}
    removed = []
    for name in sorted(environment):
        is_place = (name in PLACE or MPI.fullmatch(name)) and not under_torchrun(environment)
        if is_place or name.startswith(OVERRIDES):
            value = environment.pop(name)
            if value != silent.get(name.rpartition("_")[2]):
                removed.append(f"{name}={value}")
    return removed


def offline_variable(environment: Mapping[str, str] = os.environ) -> str | None:
    """The variable that forbids access to the hub, if one is set."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return next((name for name in names if environment.get(name, "").lower() in ("1", "on", "yes", "true")), None)


def writes_a_log() -> bool:
    """Whether stderr is a file, as in every rule, and not a terminal or a pipe."""
    try:
        return stat.S_ISREG(os.fstat(sys.stderr.fileno()).st_mode)
    except (OSError, ValueError, AttributeError):  # closed, or not a file
        return False


def job_facts(line: list[str], environment: Mapping[str, str] = os.environ, packages: Iterable[str] = ()) -> list[str]:
    """Lines of text: time, host and scheduler's job; GPUs given; Python and the packages that the program uses."""
    where = f"host {socket.gethostname()}"
    if job := environment.get("SLURM_JOB_ID"):
        restarts = environment.get("SLURM_RESTART_COUNT", "0")
        where += f", Slurm job {job}" + (f" (restart {restarts})" if restarts != "0" else "")
    given = given_gpus(environment)
    asked = environment.get(ASKED, "0")
    names = ", ".join(given) or "none"
    gpus = [] if not given and asked in ("", "0") else [f"GPUs: {names} given, {asked or 0} asked for"]
    named = dict.fromkeys([*packages_used(line), *packages])
    versions = [f"{name} {version}" for name in named if (version := installed(name))]
    program = Path(line[0]).name
    return [
        f"{time.strftime('%Y-%m-%d %H:%M:%S %Z')}: {program} on {where}, process {os.getpid()}",
        *gpus,
        f"{sys.executable}: " + ", ".join([f"python {platform.python_version()}", *versions]),
    ]


def packages_used(line: list[str]) -> list[str]:
    """Packages whose versions are logged: those that this command loads."""
    program = Path(line[0]).stem
    names = ["numpy", *PACKAGES.get(program, PACKAGES.get(program.partition("_")[0], ()))]
    words = [word for argument in line[1:] for word in argument.split("=", 1)]
    return names + [package for option, package in OPTION_PACKAGES.items() if option in words]


def installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def given_gpus(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The GPUs of this node that the job may use, as the scheduler names them; empty if it names none."""
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_STEP_GPUS", "SLURM_JOB_GPUS"):
        found = [part for part in environment.get(name, "").split(",") if part.strip() not in ("", "-1", "NoDevFiles")]
        if found:
            return found
    count = environment.get("SLURM_GPUS_ON_NODE", "")
    return [f"({number})" for number in range(int(count))] if count.isdigit() else []


def has_driver() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def check_gpus(environment: Mapping[str, str] = os.environ, driver: bool | None = None) -> list[str]:
    """Names of the usable GPUs if the job requested some and a driver is present, else an empty list.

    Raises UserError if a Slurm job was given fewer than it requested, or the driver shows fewer. Without a driver (a
    test cluster with simulated GPUs) only their number is checked; without Slurm too, nothing is.
    """
    asked = environment.get(ASKED, "").strip()
    if asked in ("", "0"):
        return []
    if not asked.isdigit():
        raise UserError(f"the environment variable {ASKED} is {asked!r}, it must be a number of GPUs")
    host = socket.gethostname()
    if job := environment.get("SLURM_JOB_ID"):
        given = given_gpus(environment)
        if len(given) < int(asked):
            given_here = f"{len(given)} ({', '.join(given)})" if given else "none"
            raise UserError(f"{host}: asked for {asked} GPUs, Slurm job {job} was given {given_here}")
    if not (has_driver() if driver is None else driver):
        return []
    names, problem = usable_gpus()
    if len(names) < int(asked):
        usable = f"{len(names)} can be used" + (f": {problem}" if problem else "")
        visible = environment.get("CUDA_VISIBLE_DEVICES")
        usable += f" (CUDA_VISIBLE_DEVICES is {visible!r})" if visible is not None else ""
        raise UserError(f"{host}: asked for {asked} GPUs, {usable}")
    return names


def usable_gpus(seconds: float = 120.0) -> tuple[list[str], str]:
    """(names of the GPUs that CUDA starts on here, what is wrong with the others)"""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(LIST_GPUS)], capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return [], f"the driver does not answer within {seconds:.0f} s"
    return done.stdout.splitlines(), " ".join(done.stderr.split())[-200:]
