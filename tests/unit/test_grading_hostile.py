"""Whatever a model writes: a verdict within the limit, nothing executed, no process left, the other rows unharmed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from counted import counted_calls
from hostile import HOSTILE

from yetbetter.grading import CORRECT, INCORRECT, NO_ANSWER, TIMEOUT, VERDICTS, Grader, extract_answer
from yetbetter.grading.equivalence import compare
from yetbetter.grading.work import MAX_STEPS
from yetbetter.grading.workers import LimitReached, SymbolicWorker

PROGRAM = Path(__file__).parents[2] / "workflow" / "scripts" / "grade_solutions.py"
HANGS = r"\prod_{k=1}^{100000} (1+\frac{1}{k^k})"


def write(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def workers_of(marker: str) -> list[str]:
    """Processes whose environment holds the marker."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (folder / "environ").read_bytes() and int(folder.name) != os.getpid():
                found.append(folder.name)
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_a_pool_of_hostile_answers_is_graded_through(tmp_path):
    marker = tmp_path / "executed"
    hostile = [text.replace("{marker}", str(marker)) for text in HOSTILE]
    assert len(hostile) >= 60
    # A good row after each hostile one, each hostile one twice: what it cost is paid once.
    rows = []
    for text in [*hostile, *hostile]:
        rows.append({"problem": "p", "sample": len(rows), "text": f"We see \\boxed{{{text}}}"})
        rows.append({"problem": "p", "sample": len(rows), "text": "We see \\boxed{14/2}"})
    problems = write(tmp_path / "p.jsonl", [{"problem": "p", "answer": "7"}])
    solutions = write(tmp_path / "s.jsonl", rows)
    output = tmp_path / "v.jsonl"
    command = [sys.executable, PROGRAM, "--problems", problems, "--solutions", solutions, "--output", output]
    environment = os.environ | {"HOSTILE_RUN": str(tmp_path)}
    subprocess.run(
        [*command, "--answer-format", "boxed", "--seconds", "0.5"],
        check=True,
        capture_output=True,
        env=environment,
        timeout=600,
        cwd=tmp_path,
    )
    verdicts = [json.loads(line) for line in output.read_text(encoding="utf-8").split("\n") if line]
    assert [row["sample"] for row in verdicts] == list(range(len(rows)))
    assert {row["verdict"] for row in verdicts[1::2]} == {CORRECT}
    assert {row["verdict"] for row in verdicts[::2]} <= set(VERDICTS)
    assert any(row["verdict"] == TIMEOUT for row in verdicts)
    assert not marker.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"p.jsonl", "s.jsonl", "v.jsonl", ".drafts"}
    assert workers_of(f"HOSTILE_RUN={tmp_path}") == []


@pytest.mark.parametrize(
    "gold", ["7", r"\frac{\sqrt{3}}{2}", "x^2+1", "(1,2)", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"]
)
def test_nothing_hostile_keeps_this_process_busy(gold):
    for text in HOSTILE:
        with counted_calls() as calls:
            assert compare(text, gold) in (True, False, None)
            assert compare(gold, text) in (True, False, None)
        assert calls.total() < 20 * MAX_STEPS, text[:60]


@pytest.mark.parametrize("convention", ["the_answer_is", "boxed", "minerva", "gsm8k", "any"])
def test_nothing_hostile_keeps_the_extraction_busy(convention):
    for text in HOSTILE:
        for solution in (text, f"The answer is {text}", f"\\boxed{{{text}}}", f"#### {text}", "\nQ: " * 1_000 + text):
            with counted_calls() as calls:
                extract_answer(solution, convention)
            assert calls.total() < 20_000 + 20 * len(solution), text[:60]


def test_a_pair_that_hangs_is_a_timeout_and_costs_once():
    with Grader(seconds=2) as grader:
        assert grader.verdict(HANGS, "7") == TIMEOUT
        assert grader.worker.started == 1
        assert grader.verdict(HANGS, "7") == TIMEOUT
        assert grader.worker.started == 1
        assert grader.verdict(r"\int_0^1 2x dx", "1") == CORRECT
        assert grader.verdict(r"\int_0^1 2x dx", "2") == INCORRECT
        assert grader.worker.started == 2


def test_a_worker_that_runs_out_of_memory_is_replaced():
    worker = SymbolicWorker(seconds=20, memory_mb=64)
    try:
        with pytest.raises(LimitReached):
            worker.decide(r"\sum_{k=1}^{2000} (x+k)^{k^2}", "7", "strict")
        assert worker.process is None
        worker.memory_mb = 1024
        assert worker.decide(r"\int_0^1 2x dx", "1", "strict") is True
    finally:
        worker.close()


def test_a_closed_grader_leaves_no_worker_and_starts_one_again():
    with Grader() as grader:
        assert grader.verdict(r"\int_0^1 2x dx", "1") == CORRECT
        process = grader.worker.process
    assert process.poll() == -signal.SIGKILL
    assert not Path(f"/proc/{process.pid}").exists()
    assert grader.verdict(r"\int_0^1 4x dx", "2") == CORRECT
    grader.close()


def test_a_worker_ends_when_its_parent_is_killed():
    program = (
        "from yetbetter.grading.workers import SymbolicWorker; import time\n"
        f"worker = SymbolicWorker(seconds=1); worker.start(); print(worker.process.pid, flush=True)\n"
        f"import json; worker.process.stdin.write(json.dumps([{HANGS!r}, '7', 'strict']) + '\\n')\n"
        "worker.process.stdin.flush(); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=PROGRAM.parent, stdout=subprocess.PIPE, text=True)
    worker = Path("/proc") / parent.stdout.readline().strip()
    time.sleep(0.5)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 100  # of waiting; the worker ends after one
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_running(worker)


def is_running(process: Path) -> bool:
    try:
        return ") Z " not in (process / "stat").read_text()
    except OSError:
        return False


def test_an_answer_of_nothing_but_marks_that_show_nothing_is_still_graded():
    with Grader() as grader:
        assert grader.grade("The answer is \u200b\u202e.", "7", "the_answer_is")[1] in (INCORRECT, NO_ANSWER)
