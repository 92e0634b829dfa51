"""Nothing kills or stalls a run: work in this process is bounded, and a failure of the grader is a verdict."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from counted import counted_calls

from yetbetter.grading import (
    CONVENTIONS,
    CORRECT,
    GRADER_ERROR,
    INCORRECT,
    MODES,
    TIMEOUT,
    Grader,
    equivalence,
    extract_answer,
)
from yetbetter.grading.equivalence import compare
from yetbetter.grading.work import MAX_STEPS

PROGRAM = Path(__file__).parents[2] / "workflow" / "scripts" / "grade_solutions.py"
MATRIX = r"\begin{pmatrix}1&1\\1&1\end{pmatrix}"
HUGE = [
    "10^{60000}+i",
    "(10^{60000}+i, 3)",
    "[10^{60000}, 3)",
    r"\frac{1}{10^{60000}+i}",
    "10^{60000}+i > x",
    "x = 10^{60000}i",
    "-10^{60000}\\%",
    r"\lfloor 10^{60000} \rfloor",
    "e^{200000}",
]
SUM = r"\sum_{k=0}^{99}(3000!+k)"
LONG = [
    SUM,
    r"\{" + ", ".join([SUM] * 20) + r"\}",
    r"\prod_{k=0}^{99}\frac{3000!+k}{2999!+k}",
    ", ".join([r"\sum_{k=0}^{99}\binom{3000}{1500}3000!"] * 15),
    r"\sum_{k=0}^{99}(" + "+".join([r"\arctan(k+x)"] * 60) + ")",
    ", ".join([r"\sin(\sin x)"] * 50 + ["1"]),
    r"\cap".join([r"((0,1)\cup(0,1))"] * 50),
    MATRIX * 24,
    f"({MATRIX * 4})({MATRIX * 4})({MATRIX * 4})({MATRIX * 4})({MATRIX * 4})",
]
REPEATED = [
    *(
        "\nQ1:{",
        "\nQ1:",
        "\n### Question 3\n",
        "\\boxed{",
        "\\boxed{\nQ1:{",
        "\\boxed{\\}",
        "\\boxed{}",
        "\\boxed ",
        "the answer is ",
    ),
    *(
        "the answer is correct.\n",
        "final answer is correct. ",
        "####",
        "#### Step 2\n",
        "####\n\n",
        "\nAnswer: x",
        "<|",
        "(1,",
    ),
    *("<s>assistant", "the answer is \\begin{\n", ", which ", "**", "(1,2)U", "$", "\\}", "\\{", "\nQ1: the answer is"),
]


@pytest.mark.parametrize("text", HUGE)
def test_a_number_beyond_all_decimals_is_graded(text):
    for mode in MODES:
        for gold in ("0.5", "0.123456789012", "(0.5,3)", "[1,3)", "x > 0.5", "x = 0.5", "5"):
            assert compare(text, gold, mode) in (False, None)
            assert compare(gold, text, mode) in (False, None)


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:40])
def test_a_comparison_has_a_bound_on_its_work_in_this_process(text):
    for gold in ("7", ", ".join(map(str, range(20)))):
        with counted_calls() as calls:
            assert compare(text, gold) in (False, True, None)
        assert calls.total() < 20 * MAX_STEPS


def test_a_comparison_out_of_work_goes_to_the_worker_and_ends_there():
    with Grader(seconds=1) as grader:
        assert grader.verdict(LONG[1], ", ".join(map(str, range(20)))) in (INCORRECT, TIMEOUT)


@pytest.mark.parametrize("piece", REPEATED)
def test_a_text_of_one_piece_over_and_over_is_read_to_its_end(piece):
    """Quadratic work would take hours here; benchmarks/extraction.py measures that it is linear."""
    text = "A" + piece * (400_000 // len(piece)) + "\\boxed{3"
    for convention in CONVENTIONS:
        assert extract_answer(text, convention) is None or len(extract_answer(text, convention)) <= len(text)


def test_the_three_reported_texts_are_graded_in_one_run(tmp_path):
    texts = ["so \\boxed{10^{60000}+i}", f"so \\boxed{{{SUM}}}", "\\boxed{" + "\nQ1:{" * 8_300, "so \\boxed{1/2}"]
    problems, solutions, output = (tmp_path / name for name in ("p.jsonl", "s.jsonl", "v.jsonl"))
    problems.write_text(json.dumps({"problem": "p", "answer": "0.5"}))
    rows = [{"problem": "p", "sample": number, "text": text} for number, text in enumerate(texts)]
    solutions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [sys.executable, PROGRAM, "--problems", problems, "--solutions", solutions, "--output", output]
    for mode in MODES:
        subprocess.run(
            [*command, "--mode", mode, "--drafts", tmp_path / mode], check=True, capture_output=True, timeout=100
        )
        verdicts = [json.loads(line)["verdict"] for line in output.read_text().splitlines()]
        assert verdicts[0] != CORRECT and verdicts[1] != CORRECT and verdicts[3] == CORRECT
        output.unlink()


def test_a_failure_that_nobody_foresaw_is_a_verdict_of_its_own_and_the_run_goes_on(monkeypatch, capsys):
    def fails(answer, *others):
        if answer == "7":
            raise KeyError("a defect")
        return answer == "5"

    monkeypatch.setattr("yetbetter.grading.grader.compare", fails)
    with Grader() as grader:
        verdicts = [grader.grade(f"The answer is {number}", "five", "the_answer_is") for number in (5, 6, 7, 5)]
    assert verdicts == [("5", CORRECT), ("6", INCORRECT), ("7", GRADER_ERROR), ("5", CORRECT)]
    assert "KeyError: 'a defect'; '7' for 'five'" in capsys.readouterr().err


def test_a_failure_of_the_extraction_is_a_verdict_too(monkeypatch):
    def fails(text, convention):
        raise RecursionError

    monkeypatch.setattr("yetbetter.grading.grader.extract_answer", fails)
    with Grader() as grader:
        assert grader.grade("The answer is 5", "5", "the_answer_is") == (None, GRADER_ERROR)


def test_no_more_than_some_failures_are_told_in_full(monkeypatch, capsys):
    monkeypatch.setattr("yetbetter.grading.grader.compare", lambda *_: 1 / 0)
    with Grader() as grader:
        assert {grader.verdict(str(number), "x") for number in range(100)} == {GRADER_ERROR}
    assert len(capsys.readouterr().err.splitlines()) == 5


def test_work_is_counted_in_steps_so_that_a_busy_machine_changes_no_verdict(monkeypatch):
    assert compare("x+x", "2x") is True
    monkeypatch.setattr(equivalence, "MAX_STEPS", 10)
    assert compare("x+x+x", "3x") is None
