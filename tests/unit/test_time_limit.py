"""A job that ends before its work: the work resumes later, and ends as if it had not been interrupted."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from finetune_support import command as finetune_command
from finetune_support import content, examples, make_model, run_here, write
from job_support import JOB, calls_of, finish, make_scontrol, run_job
from test_generation import save_model

import evaluate_model
import finetune_model
import sample_solutions
from yetbetter import time_limit
from yetbetter.drafts import STOPPED, open_draft
from yetbetter.errors import UserError
from yetbetter.generation.sampling import sample_stream
from yetbetter.pocket.world import make_problems
from yetbetter.records import read_json, read_rows, write_rows
from yetbetter.training.finetuning import finetune
from yetbetter.training.job import read_job

torch.set_num_threads(1)
ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"


class Sampling:
    """A block of 40 samples in batches of one, and the job that draws it."""

    def __init__(self, folder: Path, model: str):
        self.folder, self.model = folder, model
        write_rows(folder / "P.jsonl", [{"problem": f"p{i}", "question": f"w{i} w{i + 1}"} for i in range(10)])
        (folder / "T.txt").write_text("w1 {question} w2", encoding="utf-8")
        self.rows_seen = [0]

    def line(self, output: str = "S.jsonl") -> list:
        files = {"problems": "P.jsonl", "prompt": "T.txt", "output": output, "about": f"{output}.about.json"}
        options = {name: self.folder / file for name, file in files.items()}
        options |= {"problems-count": 10, "samples": 4, "model-name": "wc", "model": self.model, "temperature": 1.0}
        options |= {"top-k": 10, "max-new-tokens": 60, "batch-size": 1, "seed": 7}
        return [sample_solutions.__file__, *(f"--{name}={value}" for name, value in options.items())]

    def job(self, environment: dict[str, str]) -> tuple[int, str]:
        ended = run_job(self.line(), sample_solutions.main, self.folder, environment)
        drafts = list(self.folder.glob(".drafts/S.jsonl/*/solutions.jsonl"))
        rows = [(row["problem"], row["sample"]) for draft in drafts for row in read_rows(draft)]
        assert len(set(rows)) == len(rows) >= self.rows_seen[-1], "a sample was drawn twice, or lost"
        self.rows_seen.append(len(rows))
        return ended

    def forget(self) -> None:
        shutil.rmtree(self.folder / ".drafts" / "S.jsonl")
        (self.folder / "S.jsonl").unlink()
        self.rows_seen = [0]

    def undisturbed(self) -> bytes:
        status, said = run_job(self.line("undisturbed.jsonl"), sample_solutions.main, self.folder, {})
        assert status == 0, said
        return (self.folder / "undisturbed.jsonl").read_bytes()


@pytest.fixture(scope="module")
def sampled_model(tmp_path_factory) -> str:
    return str(save_model(tmp_path_factory.mktemp("model") / "a", 0))


@pytest.fixture
def sampling(tmp_path, sampled_model) -> Sampling:
    return Sampling(tmp_path, sampled_model)


def test_sampling_out_of_time_resumes_and_ends_with_the_file_of_an_undisturbed_one(sampling):
    expected = sampling.undisturbed()
    finish(sampling.job, sampling.forget)
    assert (sampling.folder / "S.jsonl").read_bytes() == expected
    assert not list(sampling.folder.glob(f".drafts/S.jsonl/*/{STOPPED}"))


def test_a_slurm_job_queues_itself_again_and_resumes(sampling):
    """Slurm ends the processes of a requeued job, and restarts it with a new end."""
    expected, slurm = sampling.undisturbed(), sampling.folder / "slurm"
    status, runs, seconds = None, 0, 1.0
    while status != 0:
        now, runs = time.time(), runs + 1
        environment = make_scontrol(slurm, now - 1, now + seconds * (1 + runs / 10), restarts=runs - 1)
        status, said = sampling.job(environment | {time_limit.MARGIN: "0.1"})
        assert runs < 60 and (status in (0, -9) or "no progress" in said), said
        if (status, runs) == (0, 1):  # a quick machine: again, with half the time
            sampling.forget()
            (slurm / "calls").unlink()
            status, runs, seconds = None, 0, seconds / 2
    assert calls_of(slurm).count("requeue") >= 1 and calls_of(slurm).count("show") == runs
    assert f"queued again {runs - 1} times" in said
    assert (sampling.folder / "S.jsonl").read_bytes() == expected


def test_a_job_that_may_not_be_queued_again_ends_with_status_75_and_says_why(sampling):
    now = time.time()
    slurm = sampling.folder / "slurm"
    environment = make_scontrol(slurm, now - 1000, now + 1)
    (slurm / "refuse").touch()
    status, said = sampling.job(environment)
    assert status == 75 and calls_of(slurm) == ["show", "requeue"]
    last = said.splitlines()[-1]
    assert "too little time left to begin: 0 of 40 samples of wc were done before; the same command resumes" in last
    assert f"scontrol requeue {JOB} was refused: Requested operation is presently disabled" in last


def test_a_job_that_does_nothing_in_its_whole_time_fails_and_does_not_go_round(sampling):
    now = time.time()
    slurm = sampling.folder / "slurm"
    whole = make_scontrol(slurm, now, now + 100) | {time_limit.MARGIN: "200"}
    status, said = sampling.job(whole)
    assert status == 1 and calls_of(slurm) == ["show"]
    told = (
        "no progress within the job's time limit of 2 minutes, 0 of 40 samples of wc are done and kept: raise `runtime`"
    )
    assert told in said.splitlines()[-1]


def test_a_job_that_did_nothing_in_a_part_of_its_time_is_queued_again_once(sampling):
    """In a group, what was done before it took the time; the next time it comes first."""
    slurm, now = sampling.folder / "slurm", time.time()
    late = make_scontrol(slurm, now - 1000, now + 1) | {time_limit.MARGIN: "5"}
    assert sampling.job(late)[0] == -9
    status, said = sampling.job(late)
    assert status == 1 and "no progress" in said.splitlines()[-1]
    assert calls_of(slurm) == ["show", "requeue", "show"]


def test_a_job_learns_of_its_end_by_a_signal_too(tmp_path, monkeypatch):
    """Its end is unknown; processes that do not handle SIGURG ignore it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with open_draft(tmp_path / "out.jsonl", {}) as draft:
        draft.limit = time_limit.of_this_job({"SLURM_JOB_ID": JOB})
        assert draft.limit.end == float("inf")
        draft.stop_if_due(1, 0, 9, "pieces")
        os.kill(os.getpid(), time_limit.SIGNALS[0])
        with pytest.raises(time_limit.OutOfTime, match="1 of 9 pieces are done and kept"):
            draft.stop_if_due(1, 0, 9, "pieces")
        assert not draft.limit.is_over() and draft.limit.left > 0


def test_an_engine_that_streams_begins_nothing_new_and_what_it_has_begun_is_kept(tmp_path):
    coordinates = [{"problem": "p", "sample": number} for number in range(20)]

    def draw(rows, limit):
        """Two samples at a time; out of time after the second list."""
        for number in range(0, len(rows), 2):
            if number == 4:
                limit.end = time.time() + 1
            if limit.is_due(longest=30.0):
                return
            yield [row | {"tokens": 1} for row in rows[number : number + 2]]
            yield []

    with open_draft(tmp_path / "out.jsonl", {}) as draft:
        draft.limit = time_limit.TimeLimit(end=time.time() + 1000, margin=10)
        with pytest.raises(time_limit.OutOfTime, match="4 of 20 rows are done and kept"):
            sample_stream(draft, "r.jsonl", [coordinates], lambda rows: draw(rows, draft.limit), "rows")
        assert [row["sample"] for row in draft.recover("r.jsonl")] == [0, 1, 2, 3]


def test_who_waits_for_a_draft_waits_no_longer_than_its_own_job(tmp_path, monkeypatch):
    monkeypatch.setenv(time_limit.END, str(time.time() + 0.3))
    monkeypatch.setenv(time_limit.MARGIN, "0.1")
    with (
        open_draft(tmp_path / "out.jsonl", {}),
        pytest.raises(UserError, match=r"gave up waiting for .*lock, which another process holds"),
        open_draft(tmp_path / "out.jsonl", {}),
    ):
        pass


def test_grading_out_of_time_resumes_and_ends_with_the_file_of_an_undisturbed_one(tmp_path):
    problems = [{"problem": f"p{n}", "answer": rf"\frac{{{n}}}{{7}}"} for n in range(30)]
    texts = [f"So it is {n}.\nThe answer is {n % 29}/7." for n in range(24_000)]
    write_rows(tmp_path / "p.jsonl", problems)
    rows = ({"problem": f"p{n % 30}", "sample": n // 30, "text": text} for n, text in enumerate(texts))
    write_rows(tmp_path / "s.jsonl", rows)

    def grade(output: str, environment: dict[str, str], *options: str) -> tuple[int, str]:
        line = [sys.executable, SCRIPTS / "grade_solutions.py", "--problems", "p.jsonl", "--solutions", "s.jsonl"]
        line = [*map(str, line), "--output", output, *options]
        done = subprocess.run(line, cwd=tmp_path, env=os.environ | environment, stderr=subprocess.PIPE, text=True)
        return done.returncode, done.stderr

    def forget() -> None:
        shutil.rmtree(tmp_path / ".drafts" / output)
        (tmp_path / output).unlink()

    assert grade("undisturbed.jsonl", {})[0] == 0
    for output, options in (("v.jsonl", ()), ("w.jsonl", ("--workers", "2"))):
        finish(lambda end, output=output, options=options: grade(output, end, *options), forget, seconds=0.2)
        assert (tmp_path / output).read_bytes() == (tmp_path / "undisturbed.jsonl").read_bytes()


def test_finetuning_out_of_time_resumes_and_ends_with_the_same_weights_to_the_bit(tmp_path, monkeypatch):
    model = make_model(tmp_path / "model")
    data = write(tmp_path / "data.jsonl", examples())
    expected = content(run_here(monkeypatch, model, data, tmp_path / "undisturbed"))
    line = finetune_command(model, data, tmp_path / "out")
    stopped = []

    def job(environment: dict[str, str]) -> tuple[int, str]:
        status, said = run_job(
            line, lambda: finetune(read_job(finetune_model.parse_arguments())), tmp_path, environment
        )
        stopped.extend(path.parent.name for path in tmp_path.glob(".drafts/out/*/state/*/complete.json"))
        return status, said

    def forget() -> None:
        shutil.rmtree(tmp_path / ".drafts" / "out")
        shutil.rmtree(tmp_path / "out")
        stopped.clear()

    checkpoints = {f"checkpoint-{step}" for step in (10, 20, 30)}
    # Where it stops depends on the machine's load.
    for _ in range(5):
        finish(job, forget)
        if set(stopped) - checkpoints:
            break
        forget()
    assert set(stopped) - checkpoints, "stopped at checkpoints only"
    assert content(tmp_path / "out") == expected


def test_evaluation_out_of_time_resumes_and_gives_the_same_answers(tmp_path):
    for number, model in enumerate(("wc", "student"), start=1):
        shutil.copytree(ROOT / "resources" / "pocket" / model, tmp_path / "standard" / f"checkpoint-{number}")
    for split in ("validation", "test"):
        write_rows(tmp_path / f"{split}.jsonl", make_problems("easy", split, 8))
    prompt = ROOT / "resources/prompts/pocket.txt"

    def evaluate(folder: str, environment: dict[str, str]) -> tuple[int, str]:
        line = [evaluate_model.__file__, "--models", tmp_path / "standard", "--checkpoints", 2]
        line += ["--cell", "easy/low/se/wc/0"]
        line += ["--validation", tmp_path / "validation.jsonl", "--benchmark", f"test:{tmp_path}/test.jsonl:8:4:4"]
        line += ["--prompt", prompt, "--answer-format", "the_answer_is", "--max-new-tokens", 48, "--batch-size", 2]
        outputs = {"output": "answers.jsonl", "choice": "choice.json", "about": "about.json"}
        line += [f"--{name}={tmp_path / folder / file}" for name, file in outputs.items()]
        return run_job(line, evaluate_model.main, tmp_path, environment)

    status, said = evaluate("undisturbed", {})
    assert status == 0, said
    finish(lambda end: evaluate("stopped", end), lambda: shutil.rmtree(tmp_path / "stopped"))
    for file in ("answers.jsonl", "choice.json"):
        assert (tmp_path / "stopped" / file).read_bytes() == (tmp_path / "undisturbed" / file).read_bytes()


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(1, 12), (2, 24), (5, 60), (15, 60), (60, 180), (24 * 60, 300), (float("inf"), 300)]
)
def test_the_margin_is_a_few_minutes_and_less_of_a_short_limit(minutes, seconds):
    assert time_limit.margin_of(60 * minutes, {}) == pytest.approx(seconds)


def test_the_end_of_a_job_is_known_from_the_environment_or_from_slurm(tmp_path, monkeypatch):
    assert time_limit.find_times({time_limit.END: "2026-01-02T03:04:05+00:00"})[1] == 1767323045
    told = {"SLURM_JOB_ID": JOB, "SLURM_JOB_START_TIME": "1000", "SLURM_JOB_END_TIME": "4600"}
    assert time_limit.find_times(told) == (1000, 4600, 0)
    monkeypatch.setenv("PATH", make_scontrol(tmp_path / "slurm", 1000, 4600, restarts=3)["PATH"])
    assert time_limit.find_times({"SLURM_JOB_ID": JOB}) == (1000, 4600, 3)
    (tmp_path / "slurm" / "times").write_text("Restarts=0 StartTime=Unknown EndTime=Unknown")
    assert time_limit.find_times({"SLURM_JOB_ID": JOB})[1] == float("inf")
    with pytest.raises(UserError, match="YETBETTER_JOB_END is 'soon', it must be a time"):
        time_limit.find_times({time_limit.END: "soon"})
    with pytest.raises(UserError, match="YETBETTER_MARGIN is 'short'"):
        time_limit.margin_of(100, {time_limit.MARGIN: "short"})


def test_an_edited_or_lost_mark_of_a_vain_job_is_gone_once_there_is_progress(tmp_path):
    with open_draft(tmp_path / "out.jsonl", {}) as draft:
        draft.limit = time_limit.TimeLimit(start=0, end=time.time() + 1)
        with pytest.raises(time_limit.OutOfTime, match="too little time left to begin"):
            draft.stop(3, 3, 9, "pieces")
        assert read_json(draft.folder / STOPPED) == {"in_vain": 1}
        with pytest.raises(time_limit.OutOfTime, match="4 of 9"):
            draft.stop(4, 3, 9, "pieces")
        assert not (draft.folder / STOPPED).exists()
        with pytest.raises(time_limit.OutOfTime):
            draft.stop(4, 4, 9, "pieces")
        (draft.folder / "rows.jsonl").write_text(json.dumps({"a": 1}) + "\n")
        draft.seal()
        assert sorted(path.name for path in draft.folder.iterdir()) == ["rows.jsonl", "sealed.json", "settings.json"]
