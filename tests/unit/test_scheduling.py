"""Snakemake's scheduler in runs with many jobs."""

from types import SimpleNamespace

import pytest
from snakemake.cli import get_argument_parser
from snakemake.scheduling.job_scheduler import JobRateLimiter
from snakemake.settings.types import MaxJobsPerTimespan

from yetbetter.cluster.scheduling import lift_default_limit


def limited(text: str) -> SimpleNamespace:
    limiter = JobRateLimiter(MaxJobsPerTimespan.parse_choice(text))
    return SimpleNamespace(scheduler=SimpleNamespace(job_rate_limiter=limiter))


def test_snakemakes_default_limit_of_started_jobs_is_lifted():
    workflow = limited(get_argument_parser().get_default("max_jobs_per_timespan"))
    lift_default_limit(workflow)
    assert workflow.scheduler.job_rate_limiter is None
    lift_default_limit(workflow)  # there may be none


@pytest.mark.parametrize("text", ["50/1s", "100/1m", "1/1s"])
def test_a_limit_that_the_user_gives_stays(text):
    workflow = limited(text)
    lift_default_limit(workflow)
    assert workflow.scheduler.job_rate_limiter
