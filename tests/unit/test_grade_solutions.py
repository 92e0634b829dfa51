"""The grading program: resumed where it was stopped, the same verdicts with any number of processes."""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_grading_hostile import HANGS

from yetbetter.errors import UserError
from yetbetter.grading.processes import grade_side_by_side

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
ROWS = 9_000


@pytest.fixture
def pool(tmp_path):
    problems = [{"problem": f"p{n}", "answer": rf"\frac{{{n}}}{{7}}"} for n in range(30)]
    solutions = [
        {"problem": f"p{n % 30}", "sample": n // 30, "text": f"So it is.\nThe answer is {n % 29}/7."}
        for n in range(ROWS)
    ]
    for name, rows in (("p", problems), ("s", solutions)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def command(pool: Path, *options, program: str = "grade_solutions", output: str = "v.jsonl") -> list:
    files = ["--problems", pool / "p.jsonl", "--solutions", pool / "s.jsonl", "--output", pool / output]
    return list(map(str, [sys.executable, SCRIPTS / f"{program}.py", *files, *options]))


def run(*arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run(command(*arguments, **options), check=True, capture_output=True, text=True)


def test_verdicts_do_not_depend_on_the_number_of_processes(pool):
    done = run(pool)
    assert "319 correct" in done.stdout
    run(pool, "--workers", 2, output="w.jsonl")
    assert (pool / "v.jsonl").read_bytes() == (pool / "w.jsonl").read_bytes()
    rows = [json.loads(line) for line in (pool / "v.jsonl").read_text().splitlines()]
    assert [(row["problem"], row["sample"]) for row in rows] == [(f"p{n % 30}", n // 30) for n in range(ROWS)]
    assert rows[0] == {"problem": "p0", "sample": 0, "answer": "0/7", "verdict": "correct"}


@pytest.mark.parametrize("rows", [2, 2_001])  # the second is one more than a chunk
@pytest.mark.parametrize(("between", "end"), [("\n", ""), ("\r\n", ""), ("\n\n", "\n\n\n"), ("\r\n \r\n", "\r\n")])
def test_every_solution_gets_its_verdict_however_an_editor_saved_the_files(pool, rows, between, end):
    lines = (pool / "s.jsonl").read_text().splitlines()[:rows]
    (pool / "s.jsonl").write_bytes(("\ufeff" + between.join(lines) + end).encode())
    problems = (pool / "p.jsonl").read_text().splitlines()
    (pool / "p.jsonl").write_bytes(("\ufeff" + between.join(problems) + end).encode())
    run(pool)
    found = [json.loads(line) for line in (pool / "v.jsonl").read_text().splitlines()]
    assert [row["problem"] for row in found] == [f"p{n % 30}" for n in range(rows)]
    assert found[0]["verdict"] == "correct"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_is_continued_at_once_and_ends_as_an_undisturbed_one(pool, workers):
    with open(pool / "s.jsonl", "a") as file:  # while it is compared, the run is not over
        file.write(json.dumps({"problem": "p1", "sample": ROWS, "text": f"The answer is {HANGS}."}) + "\n")
    options = ("--workers", workers, "--seconds", 3)
    undisturbed = run(pool, *options, output="undisturbed.jsonl")
    assert "1 timeout" in undisturbed.stdout
    process = subprocess.Popen(command(pool, *options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(pool.glob(".drafts/v.jsonl/*/verdicts.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    [draft] = pool.glob(".drafts/v.jsonl/*/verdicts.jsonl")
    with open(draft, "a") as file:
        file.write('{"problem": "p1", "samp')
    assert "waiting for" not in run(pool, *options).stderr, "its processes held the lock"
    assert (pool / "v.jsonl").read_bytes() == (pool / "undisturbed.jsonl").read_bytes()


HOSTILE_ROWS = [
    *("10^{60000}+i", "9^{9^{9^{9^{9}}}}", r"\sum_{k=0}^{99}(3000!+k)", "1000000000!", "9" * 1_000_000, "(" * 5_000),
    *("\nQ1:{" * 8_300, "9!!!!!!!!!!!!!!!!", "e^{200000}", r"\sqrt{" * 400, "{" * 10_000 + "}" * 10_000, "\0\udfff"),
    *("x+" * 10_000 + "x", r"\binom{10^{30}}{10^{29}}", "(1+10^{-30})^{10^{30}}", "2^2^2^2^2^2^2^2"),
    *("__import__('os')._exit(1)", HANGS, r"\frac{1}{0}", "[" * 3_000),
]


def killed_when(due, command: list[str]) -> None:
    """Starts the command and kills it as soon as `due` says so of its process id."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not due(process.pid):
        assert process.poll() is None, "it ended before it was killed"
        time.sleep(0.005)
    process.kill()
    process.wait()


def test_a_run_killed_at_hostile_rows_three_times_goes_on_and_ends_with_the_same_bytes(tmp_path):
    texts = [f"So it is.\nThe answer is {number % 29}/7." for number in range(3_000)]
    for place, hostile in enumerate(HOSTILE_ROWS):
        texts[140 * place + 100] = f"The answer is ${hostile}$"
    (tmp_path / "p.jsonl").write_text(json.dumps({"problem": "p", "answer": r"\frac{5}{7}"}))
    rows = [{"problem": "p", "sample": number, "text": text} for number, text in enumerate(texts)]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ("--seconds", 0.5, "--answer-format", "the_answer_is")
    undisturbed = run(tmp_path, *options, output="undisturbed.jsonl")
    assert "103 correct" in undisturbed.stdout and " 0 grader_error" in undisturbed.stdout

    def kept() -> int:
        [size] = [path.stat().st_size for path in tmp_path.glob(".drafts/v.jsonl/*/verdicts.jsonl")] or [0]
        return size

    def has_a_worker(pid: int) -> bool:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text() != ""

    killed_when(has_a_worker, command(tmp_path, *options))
    for workers in (1, 2):
        before = kept()
        again = command(tmp_path, *options, "--workers", workers)
        killed_when(lambda pid, before=before: kept() > before, again)
    assert "were there already" in run(tmp_path, *options).stdout
    assert (tmp_path / "v.jsonl").read_bytes() == (tmp_path / "undisturbed.jsonl").read_bytes()


def pieces(number: int) -> Iterator[list[tuple]]:
    """Chunks whose verdicts do not fit into a pipe at once."""
    for n in range(number):
        yield [(f"p{n}", sample, f"The answer is {sample % 7}/7.", "3/7", "the_answer_is") for sample in range(12_000)]


def test_processes_that_are_stopped_at_any_moment_are_gone():
    for taken in range(8):
        with contextlib.closing(grade_side_by_side(pieces(8), 3, "strict", 5.0, 1024)) as verdicts:
            rows = [row for _, found in zip(range(taken), verdicts, strict=False) for row in found]
        places = [(row["problem"], row["sample"]) for row in rows]
        assert places == [(f"p{n}", m) for n in range(taken) for m in range(12_000)][: len(rows)]
        assert bool(places) == bool(taken)
        assert not multiprocessing.active_children()


@pytest.mark.parametrize("moment", [0, 0.01, 0.02, 0.04])
def test_a_process_killed_from_outside_ends_the_grading_in_one_line(moment):
    """A Pool would wait for its chunk for ever."""

    def chunks() -> Iterator[list[tuple]]:
        for number, chunk in enumerate(pieces(9)):
            if number == 5:
                time.sleep(moment)
                multiprocessing.active_children()[0].kill()
            yield chunk

    with pytest.raises(UserError, match=r"^a grading process was killed \(out of memory\?\); verdicts so far are kept"):
        list(grade_side_by_side(chunks(), 2, "strict", 5.0, 1024))
    assert not multiprocessing.active_children()


def test_finished_verdicts_are_there_again_at_once(pool):
    run(pool)
    kept = os.stat(pool / "v.jsonl").st_ino
    (pool / "v.jsonl").unlink()
    assert "correct" not in run(pool).stdout
    assert os.stat(pool / "v.jsonl").st_ino == kept


@pytest.mark.parametrize(
    ("change", "what"),
    [(["--mode", "lenient"], "mode was 'strict', is 'lenient'"), (["--answer-format", "minerva"], "answer_format was")],
)
def test_verdicts_of_other_settings_are_never_resumed(pool, change, what):
    run(pool)
    done = run(pool, *change)
    assert what in done.stderr
    assert "correct" in done.stdout


def test_another_gold_answer_grades_anew_and_another_column_does_not(pool):
    run(pool)
    problems = [json.loads(line) for line in (pool / "p.jsonl").read_text().splitlines()]

    def write() -> None:
        (pool / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in problems))

    for row in problems:
        row["level"] = "5"
    write()
    assert "correct" not in run(pool).stdout
    problems[0]["answer"] = "1"
    write()
    assert "correct" in run(pool).stdout


@pytest.mark.slow
def test_the_graders_are_compared_on_a_pool(pool):
    rows = [
        {"problem": "p0", "sample": 0, "text": r"\boxed{0.33}"},
        {"problem": "p0", "sample": 1, "text": r"\boxed{\frac13}"},
        {"problem": "p0", "sample": 2, "text": r"\boxed{4}"},
    ]
    (pool / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (pool / "p.jsonl").write_text('{"problem": "p0", "answer": "\\\\frac{1}{3}"}\n')
    done = run(pool, "--answer-format", "boxed", program="../../benchmarks/compare_graders", output="c.jsonl")
    assert "correct, correct, correct: 1" in done.stdout and "incorrect, incorrect, incorrect: 1" in done.stdout
    [row] = [json.loads(line) for line in (pool / "c.jsonl").read_text().splitlines()]
    assert (row["sample"], row["strict"], row["lenient"]) == (0, "incorrect", "correct")


@pytest.mark.slow
def test_the_benchmark_prints_rates_and_disagreements(pool):
    benchmark = SCRIPTS.parents[1] / "benchmarks" / "grading.py"
    (pool / "s.jsonl").write_text('{"problem": "p1", "text": "The answer is 1/7.", "label": true}\n')
    files = ["--problems", pool / "p.jsonl", "--solutions", pool / "s.jsonl", "--answer-format", "the_answer_is"]
    done = subprocess.run([sys.executable, benchmark, *files], check=True, capture_output=True, text=True)
    assert "ratio" in done.stdout and "labels met: ours 1.0000" in done.stdout
