"""Asks Slurm, before a run submits anything, whether it would accept the run's jobs: partitions, account, sizes.

Otherwise a request that no node can satisfy is refused once for each job and retry, or waits in the queue for ever.
"""

import re
import shlex
import subprocess
import sys

from yetbetter.cluster.plugin import mend, other_version
from yetbetter.errors import UserError

# Temporary refusals: such a job is submitted, and waits; `bin/sbatch` of the profile waits, too.
PASSING = ("busy", "down, drained or reserved", "SubmitJob")


def check_requests(workflow) -> None:
    """UserError if Slurm would refuse a job of this run; the request is the one that the executor will send.

    workflow: Snakemake's, of a run that is about to start. With another executor nothing is done; with another version
    of the plugin than the tested one, a warning is logged. If nothing is refused, workarounds for the plugin's known
    bugs are applied.
    """
    executor = getattr(workflow.scheduler, "_executor", None)
    if type(executor).__module__ != "snakemake_executor_plugin_slurm":
        return
    if warning := other_version():
        executor.logger.warning(warning)
        return
    check_python(sys.executable)
    requests = {}
    for job in workflow.dag.needrun_jobs():
        job = workflow.dag.get_job_group(job) or job
        if not job.is_local:
            requests.setdefault(request_key(job), job)
    try:
        refused = [line for job in requests.values() if (line := refusal(executor, job))]
        if refused:
            raise UserError("\n".join(dict.fromkeys(refused)))
        mend(executor)
    except FileNotFoundError as error:
        raise UserError(f"{error.filename}: not found; start this on a machine that submits to Slurm") from None


def check_python(path: str) -> None:
    """UserError for a Python that jobs cannot start: Snakemake does not quote its path in the command of a job."""
    if found := re.search(r"[^\w@%+=:,./-]", path):
        raise UserError(
            f"{path}: Slurm's jobs cannot start a Python whose path holds {found[0]!r}; clone into a folder whose path"
            " has letters, digits, dots, hyphens and underscores only"
        )


def request_key(job) -> tuple:
    names = ("slurm_partition", "slurm_account", "gpu", "gpu_model", "mem_mb", "runtime", "nodes")
    return (job.threads, *(str(job.resources.get(name)) for name in names))


def refusal(executor, job) -> str:
    """One line: what the job requests and why Slurm would refuse it; empty if Slurm would accept it."""
    from snakemake_executor_plugin_slurm import get_submit_command, set_gres_string
    from snakemake_interface_common.exceptions import WorkflowError

    asked = name_request(job)
    try:
        parts = {
            "run_uuid": "test",
            "slurm_logfile": "/dev/null",
            "comment_str": "test",
            "account": next(executor.get_account_arg(job)),
            "partition": executor.get_partition_arg(job),
            "workdir": None,
        }
        command = get_submit_command(job, parts, settings=executor.workflow.executor_settings) + set_gres_string(job)
    except WorkflowError as error:
        return f"{asked}: {' '.join(str(error).split())}"
    words = [*shlex.split(command), "--test-only", "--wrap", "true"]
    try:
        tried = subprocess.run(words, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        return f"{asked}: sbatch did not answer within two minutes"
    if tried.returncode == 0:
        return ""
    lines = [line.split("error: ")[-1].removeprefix("allocation failure: ") for line in tried.stderr.splitlines()]
    said = "; ".join(dict.fromkeys(filter(None, lines)))
    if any(word in said for word in PASSING):
        return ""
    return f"{asked}: Slurm would refuse it{parts['partition']}{parts['account']}: {said}"


def name_request(job) -> str:
    names = ("gpu", "gpu_model", "nodes", "mem_mb", "runtime")
    asked = {"cpus": job.threads} | {name: job.resources.get(name) for name in names}
    return f"{job.name} asks for {', '.join(f'{name} {value}' for name, value in asked.items() if value)}"
