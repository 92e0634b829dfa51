"""Corrects Snakemake's scheduler for runs with many jobs."""

# Snakemake's default of --max-jobs-per-timespan: jobs, seconds.
DEFAULT_LIMIT = (100, 1)


def lift_default_limit(workflow) -> None:
    """Remove Snakemake's default limit of 100 started jobs a second; a limit that the user gives stays.

    No run of this workflow comes near it, but with any limit every finished job starts a timer that wakes the scheduler
    each second until the end of the run (Snakemake 9.27). After 100 jobs that takes a quarter of a core, after 400 a
    whole one. Call it when the scheduler exists (onstart).
    """
    limiter = workflow.scheduler.job_rate_limiter
    if limiter is not None and (limiter.max_jobs, limiter.timespan) == DEFAULT_LIMIT:
        workflow.scheduler.job_rate_limiter = None
