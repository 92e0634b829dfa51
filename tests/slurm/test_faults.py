"""What a cluster does to jobs: whatever happens, the tables are those of an undisturbed run on one machine."""

import signal
import sys
import time

import pytest
from study import wait_for

pytestmark = pytest.mark.slow
ACCOUNTING = (False, True)


@pytest.mark.smoke
def test_one_program_in_five_fails_once_and_the_grid_is_finished_without_help(study, cluster, reference):
    (study.faults / "sometimes").touch()
    run = study.start("tables")
    nodes = {}
    while run.poll() is None:
        nodes |= {comment: node for _, state, node, comment in cluster.jobs() if state == "RUNNING"}
        time.sleep(0.5)
    assert run.returncode == 0, study.said()[-6000:]
    killed = len(list(study.faults.iterdir())) - 1
    print(f"{killed} programs killed, {study.submissions()} Slurm jobs")
    assert "Trying to restart job" in study.said()
    assert study.content() == reference
    assert {node for comment, node in nodes.items() if "finetune" in comment} == {"gpu1"}
    assert {node for comment, node in nodes.items() if "select" in comment or "measure" in comment} <= {"cpu1", "cpu2"}


def test_cancelled_jobs_are_run_again(study, cluster, reference):
    run = study.start("tables")
    cancelled = set()  # by what they do: one cancelled three times has used up its retries
    while len(cancelled) < 4:
        running = lambda: [job for job in cluster.jobs("-t", "running") if job[3] not in cancelled]  # noqa: E731
        number, *_, work = wait_for(running, run)[0]
        time.sleep(4)  # well into the job
        if number not in {job[0] for job in cluster.jobs("-t", "running")}:
            continue
        cluster.call("scancel", number)
        cancelled.add(work)
        time.sleep(6)
    assert run.wait(1200) == 0, study.said()[-6000:]
    assert study.content() == reference
    rows = study.drawn_rows()
    assert len(rows) == len(set(rows))


def test_a_node_set_down_under_its_jobs_gives_them_back_to_the_queue(study, cluster, reference):
    run = study.start("tables")
    restarted = []
    for node in ("gpu1", "cpu1"):
        on_it = lambda node=node: [job[0] for job in cluster.jobs("-t", "running") if job[2] == node]  # noqa: E731
        under_way = wait_for(on_it, run)
        time.sleep(4)
        cluster.call("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test", check=True)
        time.sleep(3)
        cluster.call("scontrol", "update", f"NodeName={node}", "State=RESUME", check=True)
        restarted += [job for job in under_way if "Restarts=1 " in cluster.call("scontrol", "show", "job", job).stdout]
        waiting = [job for job, state, *_ in cluster.jobs() if state == "PENDING"]
        for job in waiting:  # Slurm lets a job that it gave back wait for two minutes
            cluster.call("scontrol", "update", f"JobId={job}", "StartTime=now")
    assert run.wait(1200) == 0, study.said()[-6000:]
    assert restarted
    assert "Trying to restart job" not in study.said(), "a retry was used"
    assert study.content() == reference
    rows = study.drawn_rows()
    assert len(rows) == len(set(rows))


def test_a_controller_that_is_away_for_a_while_loses_no_job(study, cluster, reference):
    run = study.start("tables")
    wait_for(lambda: cluster.jobs("-t", "running"), run)
    cluster.stop_controller()
    time.sleep(75)  # longer than five status queries take to fail
    cluster.start_controller()
    assert run.wait(1200) == 0, study.said()[-6000:]
    assert study.content() == reference


def test_ctrl_c_cancels_every_job_of_the_run_and_the_same_command_resumes(study, cluster, reference):
    run = study.start("tables")
    wait_for(lambda: len(cluster.jobs("-t", "running")) > 1 and study.submissions() > 3, run)
    run.send_signal(signal.SIGINT)
    assert run.wait(120) != 0
    deadline = time.monotonic() + 60
    while left := cluster.jobs("-t", "running,pending,completing"):
        assert time.monotonic() < deadline, left
        time.sleep(0.5)
    study.run("tables")
    assert study.content() == reference
    rows = study.drawn_rows()
    assert len(rows) == len(set(rows))


def test_a_group_that_cannot_be_submitted_is_reported_and_tried_again(study, cluster):
    logs = study.folder / ".snakemake" / "slurm_logs"
    logs.mkdir(parents=True)
    (logs / "group_block_grade_solutions_sample_solutions").touch()  # where the plugin wants a folder
    said = study.run("results/cluster/verdicts/hard/wc/questions-000000_samples-0000.jsonl", check=False, seconds=200)
    assert said.count("sample_solutions could not be submitted: ") == 3, said[-3000:]
    assert study.submissions() == 0


@pytest.mark.parametrize("orphans", ["left to themselves", "cancelled"])
def test_a_killed_snakemake_is_started_again_and_no_work_is_doubled(study, cluster, reference, orphans):
    run = study.start("tables")
    wait_for(lambda: list(study.results.glob(".drafts/solutions/**/solutions.jsonl")), run)
    run.send_signal(signal.SIGKILL)
    run.wait()
    left = cluster.jobs("-t", "running,pending")
    assert left
    if orphans == "cancelled":
        done = study.call(sys.executable, "workflow/scripts/cancel_jobs.py")
        assert done.returncode == 0, done.stderr
        assert not cluster.jobs("-t", "running,pending,completing")
    else:
        study.run("--unlock")
    study.run("tables")
    assert study.content() == reference
    rows = study.drawn_rows()
    assert len(rows) == len(set(rows))


def test_a_job_that_can_never_succeed_is_reported_and_every_other_cell_is_finished(study, reference):
    (study.faults / "always").write_text("from-wc/to-student")
    said = study.run("tables", check=False)
    assert "results/cluster/logs/models/hard/low/from-wc/to-student/seed-0/standard.log" in said
    assert "injected: this can never succeed" in said
    assert "WorkflowError" in said
    finished = study.content()
    cells = {name for name in reference if name.startswith(("scores/", "metrics/hard/"))}
    missing = {name for name in cells if name not in finished}
    assert missing == {name for name in cells if "from-wc/to-student" in name}
    assert all(finished[name] == reference[name] for name in finished)
