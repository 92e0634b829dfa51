"""Workarounds for bugs of snakemake-executor-plugin-slurm that lose jobs or make a run wait for ever.

They use private names of the plugin, so they are applied to the version TESTED only.

- If the controller is unavailable, wait for it: in submissions, at the start of jobs, in status queries.
- Report a job group whose submission raises an exception. The plugin looks for the group's rule, fails, and treats
  the group as submitted.
- A job that Slurm no longer knows, or will not run again, has ended.
- Ctrl-C cancels every job of the run, including jobs that are being submitted or queried.
"""

import asyncio
import os
import re
import subprocess
import time
from collections import Counter
from importlib import metadata
from pathlib import Path

PLUGIN = "snakemake-executor-plugin-slurm"
TESTED = "2.8.0"
# Consecutive answers, at least 40 seconds apart, after which an odd state counts as the end.
PATIENCE = 3
# Ended, unless Slurm puts the job back into the queue.
MAY_COME_BACK = ("PREEMPTED", "NODE_FAIL")


class Watch:
    """Corrects Slurm's answers about the jobs of a run, if the plugin would wait for ever."""

    def __init__(self):
        self.jobs: set[str] = set()
        self.odd: Counter = Counter()

    def amend(self, states: dict[str, str], complete: bool) -> dict[str, str]:
        """States by job id. complete: an unfinished job that is missing has ended (squeue; sacct lags behind).

        How a missing job ended is unknown: for UNKNOWN the plugin reports an end to Snakemake, which then looks for the
        output. Jobs publish whole outputs only.
        """
        states = {job: state.partition(" ")[0] for job, state in states.items()}  # sacct's "CANCELLED by 1000"
        for job in self.jobs:
            found = states.get(job)
            is_odd = found in MAY_COME_BACK or (complete and found is None)
            self.odd[job] = self.odd[job] + 1 if is_odd else 0
            if self.odd[job] >= PATIENCE:
                states[job] = "FAILED" if found else "UNKNOWN"
        return states


def other_version() -> str:
    """A warning if the installed version of the plugin is not the tested one; else empty."""
    found = metadata.version(PLUGIN)
    if found == TESTED:
        return ""
    return (
        f"{PLUGIN} {found} is installed: requests are not checked and the plugin's known bugs not worked around, as is"
        f" done with {TESTED} only (make environment-slurm installs it)"
    )


def mend(executor) -> None:
    """Change the plugin and its executor, before anything is submitted."""
    import snakemake_executor_plugin_slurm as plugin

    wait_for_controller(executor, plugin)
    watch_jobs(executor, plugin)
    report_submissions(executor)
    cancel_whole_run(executor)
    plugin.get_job_wildcards = wildcards_of


def wait_for_controller(executor, plugin) -> None:
    patient = Path(executor.workflow.basedir) / "workflow" / "profiles" / "slurm" / "bin"
    os.environ["PATH"] = os.pathsep.join([str(patient), os.environ.get("PATH", "")])
    # The plugin asks for account and configuration before each submission and query; they do not change. Without an
    # answer, or if squeue forgets jobs early, it asks sacct, which knows no jobs if accounting is off.
    age = plugin.get_min_job_age() if keeps_accounts() else float("inf")
    plugin.get_min_job_age = lambda: age
    plugin.validate_account = lambda account, logger: account


def keeps_accounts() -> bool:
    asked = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True)
    storage = re.search(r"^AccountingStorageType *= *(.*)$", asked.stdout, re.MULTILINE)
    return storage is not None and not re.search("none|null", storage[1])


def watch_jobs(executor, plugin) -> None:
    watch, query, check = Watch(), plugin.query_job_status, executor.check_active_jobs

    async def query_and_amend(command, logger):
        states, seconds = await query(command, logger)
        return states if states is None else watch.amend(states, command.startswith("squeue")), seconds

    async def check_active_jobs(active_jobs):
        watch.jobs = {job.external_jobid for job in active_jobs}
        async for job in check(active_jobs):
            yield job

    async def sleep():
        """As the executor's own, but ends with the run instead of up to three minutes later."""
        end = time.monotonic() + executor.next_seconds_between_status_checks
        while executor.wait and (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(left, 1))

    plugin.query_job_status = query_and_amend
    executor.check_active_jobs, executor.sleep = check_active_jobs, sleep


def report_submissions(executor) -> None:
    from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo

    submit = executor.run_job

    def run_job(job) -> None:
        try:
            submit(job)
        except Exception as error:
            cause = error.__context__ or error  # the error itself is from the plugin's own report
            message = f"{job.name} could not be submitted: {' '.join(str(cause).split())}"
            executor.logger.error(message)  # a group's report leaves the message out
            executor._report_job_error_threadsafe(SubmittedJobInfo(job), message)

    executor.run_job = run_job


def cancel_whole_run(executor) -> None:
    import psutil  # a dependency of Snakemake

    cancel = executor.cancel

    def cancel_all() -> None:
        for process in psutil.Process().children(recursive=True):  # one may wait for the controller
            if process.name() == "sbatch":
                process.terminate()
        executor._job_submission_executor.shutdown(wait=True, cancel_futures=True)
        subprocess.run(["scancel", "--name", executor.run_uuid])  # the run's jobs all have this name
        cancel()

    executor.cancel = cancel_all


def wildcards_of(job) -> str:
    """Wildcards for the comment and log folder of a job; for a group, those of the member with the most."""
    members = job.jobs if job.is_group() else [job]
    return "_".join(max((member.wildcards for member in members), key=len)).replace("/", "_")
