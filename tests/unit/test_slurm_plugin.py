"""Answers of Slurm that would make the plugin wait for ever."""

from pathlib import Path

import pytest

from yetbetter.cluster import plugin
from yetbetter.cluster.plugin import PATIENCE, Watch
from yetbetter.cluster.requests import check_python
from yetbetter.errors import UserError


def ask(watch: Watch, answers: list[dict], complete: bool = True) -> list[str | None]:
    """The state of job 7 after each answer."""
    watch.jobs = {"7"}
    return [watch.amend(states, complete).get("7") for states in answers]


@pytest.mark.parametrize("state", ["PREEMPTED", "NODE_FAIL"])
def test_a_job_that_slurm_does_not_run_again_has_failed(state):
    assert ask(Watch(), [{"7": state}] * PATIENCE)[-2:] == [state, "FAILED"]


def test_a_job_that_comes_back_into_the_queue_has_not_failed():
    states = ["RUNNING", "PREEMPTED", "PREEMPTED", "PENDING", "PREEMPTED", "PREEMPTED", "RUNNING"]
    assert ask(Watch(), [{"7": state} for state in states]) == states


def test_a_job_that_squeue_has_forgotten_has_ended_somehow():
    assert ask(Watch(), [{"7": "RUNNING"}, {}, {}, {}]) == ["RUNNING", None, None, "UNKNOWN"]


def test_one_that_was_over_before_it_was_first_asked_about_too():
    assert ask(Watch(), [{"8": "RUNNING"}] * PATIENCE)[-1] == "UNKNOWN"


def test_a_job_that_sacct_does_not_know_yet_is_waited_for():
    assert ask(Watch(), [{}] * 9, complete=False) == [None] * 9


def test_who_cancelled_a_job_is_not_part_of_its_state():
    assert ask(Watch(), [{"7": "CANCELLED by 1000"}]) == ["CANCELLED"]


def test_another_version_of_the_plugin_is_named_in_one_line(monkeypatch):
    monkeypatch.setattr(plugin.metadata, "version", lambda name: "9.9.9")
    line = plugin.other_version()
    assert "9.9.9" in line and plugin.TESTED in line and "\n" not in line
    monkeypatch.setattr(plugin.metadata, "version", lambda name: plugin.TESTED)
    assert plugin.other_version() == ""


def test_the_tested_version_is_the_pinned_one():
    pins = (Path(__file__).parents[2] / "envs" / "slurm.txt").read_text()
    assert f"{plugin.PLUGIN}=={plugin.TESTED}\n" in pins


@pytest.mark.parametrize("folder", ["my study", "Ada's", "a$b", "a;b"])
def test_a_python_that_no_job_of_slurm_could_start_is_refused_in_one_line(folder):
    with pytest.raises(UserError) as failure:
        check_python(f"/home/{folder}/.venv-slurm/bin/python")
    assert folder in str(failure.value) and len(str(failure.value).splitlines()) == 1


@pytest.mark.parametrize("folder", ["study-2_b.c", "läufe"])
def test_a_python_that_jobs_can_start_is_not_refused(folder):
    check_python(f"/home/{folder}/.venv-slurm/bin/python")
