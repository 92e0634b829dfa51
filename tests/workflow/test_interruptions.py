"""Jobs and the controlling Snakemake are killed; the same command then finishes as if nothing had happened."""

import json
import os
import signal
from pathlib import Path

import pytest

from conftest import Clone, kill_group, wait_for

pytestmark = pytest.mark.slow

STAGES = ("problems", "solutions", "verdicts", "training_data", "evaluations", "scores", "tables")


def pid_of(draft_lock: Path) -> int | None:
    try:
        return json.loads(draft_lock.read_text())["pid"]
    except (OSError, ValueError, KeyError):
        return None


def drawn_rows(clone: Clone) -> list[tuple]:
    """(block, problem, sample) of every row that any draft of a pool holds."""
    drafts = clone.results.glob(".drafts/solutions/**/solutions.jsonl")
    # A draft lies under its block's path; drafts of one block with other settings count together.
    rows = [(path.parents[1], row) for path in drafts for row in map(json.loads, path.open())]
    assert rows, "no draft was found"
    return [(block, row["problem"], row["sample"]) for block, row in rows]


def test_a_killed_sampling_job_resumes_where_it_stopped(reference, fresh):
    target = "results/miniature/training_data/hard/high/from-wc.jsonl"
    run = fresh.start(target)
    lock = fresh.results / ".drafts/solutions/hard/wc/questions-000000_samples-0000.jsonl/lock"
    partial = lambda: any(lock.parent.glob("*/solutions.jsonl"))  # noqa: E731
    wait_for(lambda: partial() and pid_of(lock), run)
    os.kill(pid_of(lock), signal.SIGKILL)
    run.wait()
    assert run.returncode != 0
    fresh.run(target)
    assert fresh.content("solutions").items() <= reference.content("solutions").items()
    assert fresh.content("training_data").items() <= reference.content("training_data").items()
    rows = drawn_rows(fresh)
    assert len(rows) == len(set(rows))


def test_a_killed_finetuning_gives_the_same_model_in_the_end(reference, fresh):
    cell = "models/hard/high/from-human/to-student/seed-0/standard"
    run = fresh.start(f"results/miniature/{cell}")
    lock = fresh.results / ".drafts" / cell / "lock"
    wait_for(lambda: any(lock.parent.glob("*/*/checkpoint-*")) and pid_of(lock), run)
    os.kill(pid_of(lock), signal.SIGKILL)
    run.wait()
    fresh.run(f"results/miniature/{cell}")
    weights = "checkpoint-2/model.safetensors"
    assert (fresh.results / cell / weights).read_bytes() == (reference.results / cell / weights).read_bytes()


def test_after_each_kill_9_of_everything_one_unlock_and_the_same_command_go_on(reference, fresh):
    """Killed at the first solutions, at the first model, and at the first answers.

    The reference ran in another clone and undisturbed: the same seed gives the same pools, models and tables.
    """
    for pattern in ("solutions/**/*.jsonl", "models/**/about.json", ".drafts/evaluations/**/solutions.jsonl"):
        run = fresh.start("tables")
        wait_for(lambda pattern=pattern: any(fresh.results.glob(pattern)), run)
        kill_group(run)
        locked = fresh.run("tables", check=False)
        assert locked.returncode != 0 and "--unlock" in locked.stdout + locked.stderr
        fresh.run(options=("--unlock",))
    fresh.run("tables")
    assert fresh.content(*STAGES) == reference.content(*STAGES)
    rows = drawn_rows(fresh)
    assert len(rows) == len(set(rows))


def test_a_killed_controller_leaves_a_job_whose_work_is_not_done_twice(reference, fresh):
    """Only Snakemake is killed; its job lives on as an orphan, and the next run waits for it."""
    target = "results/miniature/solutions/hard/wc/questions-000000_samples-0000.jsonl"
    run = fresh.start(target)
    lock = fresh.results / ".drafts/solutions/hard/wc/questions-000000_samples-0000.jsonl/lock"
    wait_for(lambda: pid_of(lock), run)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    fresh.run(options=("--unlock",))
    fresh.run(target)
    name = "solutions/hard/wc/questions-000000_samples-0000.jsonl"
    assert fresh.content("solutions")[name] == reference.content("solutions")[name]
    rows = drawn_rows(fresh)
    assert len(rows) == len(set(rows))


def test_a_partial_pool_drawn_otherwise_is_never_resumed(fresh):
    target = "results/miniature/solutions/hard/wc/questions-000000_samples-0000.jsonl"
    run = fresh.start(target)
    place = fresh.results / ".drafts/solutions/hard/wc/questions-000000_samples-0000.jsonl"
    wait_for(lambda: any(place.glob("*/solutions.jsonl")) and pid_of(place / "lock"), run)
    os.kill(pid_of(place / "lock"), signal.SIGKILL)
    run.wait()
    fresh.change_config(lambda config: config["sampling"].update(temperature=0.9))
    fresh.run(target)
    log = (fresh.results / "logs/solutions/hard/wc/questions-000000_samples-0000.log").read_text()
    said = [line for line in log.splitlines() if "not resumed" in line]
    assert len(said) == 1 and "temperature was 0.7, is 0.9" in said[0]
    about = json.loads((fresh.folder / target.replace(".jsonl", ".about.json")).read_text())
    assert about["pool"]["temperature"] == 0.9
