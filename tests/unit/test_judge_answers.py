"""Judging of finetuned models' right answers, and their false positive rate in scores and claims; with a real judge."""

import json

import pytest
from judge_model import call, refusal, save_judge

import choose_answers
import judge_answers
import score_model
from yetbetter.judging.judgements import choose_judged
from yetbetter.judging.samples import Sample
from yetbetter.measures.scores import problem_values
from yetbetter.records import read_rows, write_rows

CELL = "hard/low/wc/se/0"
# The judge looks at the last word of the prompt, which is the question's.
WORDS = ("good", "bad", "quiet")


@pytest.fixture(scope="module")
def judge(tmp_path_factory) -> str:
    return save_judge(tmp_path_factory.mktemp("judge"))


@pytest.fixture
def files(tmp_path):
    problems = [{"problem": f"p{n}", "question": WORDS[n % 3], "answer": str(n)} for n in range(40)]
    answers = []
    for benchmark in ("test", "control"):
        write_rows(tmp_path / f"{benchmark}.jsonl", problems)
        for number, row in enumerate(problems):
            stated = number + (number % 4 == 0)  # every fourth is wrong
            text = f"We count. The answer is {stated}."
            answers.append({"benchmark": benchmark, "decoding": "greedy", "problem": row["problem"], "text": text})
    write_rows(tmp_path / "answers.jsonl", answers)
    (tmp_path / "judge.txt").write_text("{solution} {question}")
    return tmp_path


def benchmarks(folder) -> list:
    named = [word for name in ("test", "control") for word in ("--benchmark", f"{name}:{folder}/{name}.jsonl:40:0:0")]
    return ["--answers", folder / "answers.jsonl", *named, "--answer-format", "the_answer_is"]


def ask(folder, judge: str, samples: int) -> list[dict]:
    named = ["--cell", CELL, "--seed", 5]
    chosen = folder / "chosen.jsonl"
    call(choose_answers, *benchmarks(folder), *named, "--samples", samples, "--output", chosen)
    words = ["--chosen", chosen, "--prompt", folder / "judge.txt", "--model", judge, "--max-new-tokens", 3]
    call(judge_answers, *words, *named, "--output", folder / "judged.jsonl", "--about", folder / "about.json")
    return read_rows(folder / "judged.jsonl", require=("verdict",))


def score(folder) -> list[dict]:
    cell = {"dataset": "hard", "budget": "low", "source": "wc", "target": "se", "seed": "0", "paradigm": "x"}
    axes = [word for axis, value in cell.items() for word in (f"--{axis}", value)]
    judged = ["--fpr", "judge", "--judgements", folder / "judged.jsonl"]
    call(score_model, *benchmarks(folder), *axes, *judged, "--output", folder / "scores.jsonl")
    return read_rows(folder / "scores.jsonl")


def test_some_right_answers_to_the_test_problems_are_judged_and_more_keep_them(files, judge):
    few = ask(files, judge, 10)
    right = [Sample(CELL, f"p{n}", 0, "correct") for n in range(40) if n % 4]
    assert {row["problem"] for row in few} == {sample.problem for sample in choose_judged(right, 10, 5)}
    expected = {"good": "sound", "bad": "flawed", "quiet": "no_verdict"}
    assert all(row["verdict"] == expected[WORDS[int(row["problem"][1:]) % 3]] for row in few)
    assert json.loads((files / "about.json").read_text())["counts"]["judged"] == 10
    more = ask(files, judge, 1000)
    assert len(more) == 30
    assert {row["problem"] for row in few} <= {row["problem"] for row in more}


def test_scores_hold_what_the_judge_said_and_the_rate_is_of_those_with_a_verdict(files, judge):
    judged = {row["problem"]: row["verdict"] for row in ask(files, judge, 20)}
    rows = score(files)
    for row in rows:
        if row["benchmark"] == "test" and row["verdict"] == "correct":
            assert row["reasoning"] == judged.get(row["problem"], "not_judged")
        else:
            assert row["reasoning"] == ("not_judged" if row["verdict"] == "correct" else None)
    top, bottom = map(sum, zip(*(problem_values(row).get("false_positive_rate", (0, 0)) for row in rows), strict=True))
    verdicts = list(judged.values())
    assert (top, bottom) == (verdicts.count("flawed"), verdicts.count("flawed") + verdicts.count("sound"))


def test_a_judgement_of_another_text_is_refused(files, judge):
    ask(files, judge, 20)
    rows = read_rows(files / "answers.jsonl")
    write_rows(files / "answers.jsonl", [row | {"text": f"So. {row['text']}"} for row in rows])
    assert "judge again" in refusal(score, files)
