"""Jobs that outlast their time limit: they stop by themselves, are requeued, and resume from their drafts."""

import shutil
import time

import pytest
import yaml

pytestmark = pytest.mark.slow
ACCOUNTING = (False, True)
BLOCK = "solutions/hard/wc/questions-000000_samples-0000.jsonl"


def test_a_job_longer_than_its_time_limit_resumes_after_a_requeue_and_draws_nothing_twice(study, cluster):
    path = study.folder / "tests/slurm/miniature.yaml"
    config = yaml.safe_load(path.read_text())
    config["sampling"]["block_samples"] = 10
    config["budgets"]["low"]["samples"] = 3
    config["models"]["wc"] |= {"batch_size": 4, "resources": {"gpu": 1, "runtime": 1}}
    restarts, questions = 0, 150
    while not restarts:  # on a quick machine more is to be drawn, until a minute is too short
        questions *= 2
        config["datasets"]["hard"]["splits"]["train"] = config["sampling"]["shard_questions"] = questions
        path.write_text(yaml.safe_dump(config))
        shutil.rmtree(study.results, ignore_errors=True)
        run, before = study.start(f"results/cluster/{BLOCK}"), {}
        while run.poll() is None:
            shown = cluster.jobs("-t", "pending", form="%i|%r")
            for job, reason in shown:
                if reason == "BeginTime":  # Slurm lets a requeued job wait for two minutes
                    before |= drafts(study)
                    restarts += 1
                    cluster.call("scontrol", "update", f"JobId={job}", "StartTime=now")
            time.sleep(1)
        assert run.returncode == 0, study.said()[-6000:]
    assert before
    assert "Trying to restart job" not in study.said()
    rows = study.drawn_rows()
    assert len(rows) == len(set(rows)) == questions * 10
    after = drafts(study)
    assert all(text and after[name].startswith(text) for name, text in before.items())
    print(f"{restarts} restarts, {len(before)} drafts")


def drafts(study) -> dict[str, bytes]:
    """Every draft of a pool as it is now."""
    found = study.results.glob(".drafts/solutions/**/solutions.jsonl")
    return {str(path): path.read_bytes() for path in found}
