"""A spoiled model, a question that is too long: one line each, before vLLM starts."""

import json
import re

import pytest
from support import MODELS, PROMPT, finish, start

import sample_solutions
from spoiled import SPOILED, spoil
from yetbetter.pocket.world import make_problems
from yetbetter.records import write_rows


@pytest.fixture(scope="module", autouse=True)
def imported():
    """Imports cost most of a start; a fork has them for nothing. No engine may run here when it forks."""
    import transformers  # noqa: F401
    from vllm import LLM  # noqa: F401


def refusal(place, capfd, model, rows=None) -> str:
    """The last line of a job that ends with status 1 and without an answer."""
    write_rows(place / "P.jsonl", rows or make_problems("easy", "train", 3))
    files = [f"--problems={place / 'P.jsonl'}", f"--output={place / 'S.jsonl'}", f"--about={place / 'S.about.json'}"]
    named = [f"--model={model}", "--model-name=x", f"--prompt={PROMPT}", "--seed=0", "--engine=vllm"]
    asked = ["--temperature=1", "--top-k=0", "--max-new-tokens=8", "--batch-size=4", "--engine-option=dtype=float32"]
    line = [sample_solutions.__file__, *files, "--problems-count=3", "--samples=1", *named, *asked]
    assert finish(start(sample_solutions.main, line)) == 1
    said = capfd.readouterr().err
    assert "Traceback" not in said and not (place / "S.jsonl").exists()
    return said.splitlines()[-1]


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_model_ends_the_job_with_one_line(how, tmp_path, capfd):
    model = spoil(tmp_path / "spoiled", how)
    message = refusal(tmp_path, capfd, model)
    assert message.startswith("sample_solutions.py: error: ")
    assert re.search(SPOILED[how][1], message), message


def test_a_question_too_long_for_the_context_is_named(tmp_path, capfd):
    rows = make_problems("easy", "train", 3)
    rows[2]["question"] = "Ann has 3 apples. " * 60
    message = refusal(tmp_path, capfd, MODELS["wc"], rows)
    assert f"problem {rows[2]['problem']!r}: " in message and "do not fit the model's context of 256" in message


def test_variables_of_a_launcher_change_no_answer(tmp_path, monkeypatch):
    answers = []
    for name, environment in (("plain", {}), ("other", {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1"})):
        (tmp_path / name).mkdir()
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        write_rows(tmp_path / "P.jsonl", make_problems("easy", "train", 3))
        files = [f"--problems={tmp_path / 'P.jsonl'}", f"--output={tmp_path / name / 'S.jsonl'}"]
        named = [f"--about={tmp_path / name / 'S.about.json'}", f"--model={MODELS['wc']}", "--model-name=x"]
        asked = [f"--prompt={PROMPT}", "--seed=0", "--engine=vllm", "--temperature=0", "--top-k=0", "--batch-size=4"]
        line = [*files, *named, *asked, "--max-new-tokens=8", "--engine-option=dtype=float32"]
        line = [sample_solutions.__file__, *line, "--problems-count=3", "--samples=1"]
        assert finish(start(sample_solutions.main, line)) == 0
        answers.append([json.loads(row)["text"] for row in (tmp_path / name / "S.jsonl").read_text().splitlines()])
    assert answers[0] == answers[1]
