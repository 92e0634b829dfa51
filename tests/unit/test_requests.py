"""Requests of the pocket world: splits that never share one, and answers that IFEval's checkers accept."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from yetbetter.data import pocket_world
from yetbetter.errors import UserError
from yetbetter.following import KEYS, load_checkers, read_constraints
from yetbetter.generation.chat_format import PLAIN, format_of
from yetbetter.generation.prompts import read_template
from yetbetter.pocket.asks import KINDS, TRAINED
from yetbetter.pocket.request_problems import ASKED, GRADED, PROMPT, graded, key_of, make_requests
from yetbetter.pocket.request_tokenizer import build_request_tokenizer, request_vocabulary
from yetbetter.pocket.subjects import INSTRUCTIONS, follow_all
from yetbetter.pocket.tokenizer import CONTEXT
from yetbetter.pocket.world import split_of
from yetbetter.records import read_rows
from yetbetter.tasks import TASKS
from yetbetter.tasks.task import Options, Solution
from yetbetter.verdicts import CORRECT, UNGRADED

COUNT = 300
ROOT = Path(__file__).parents[2]
TASK = TASKS["instructions"]


@pytest.fixture(scope="module")
def splits() -> dict[str, list[dict]]:
    return {split: make_requests(split, COUNT) for split in ASKED}


@pytest.fixture(scope="module")
def tokenizer():
    return build_request_tokenizer()


def topic_of(row: dict) -> str:
    return " ".join(row["question"].partition(" the ")[2].partition(".")[0].split())


def test_splits_are_disjoint_by_topic_and_instructions_whatever_the_wording(splits):
    owners: dict[str, str] = {}
    for split, rows in splits.items():
        for row in rows:
            key = key_of(topic_of(row), row["asks"])
            assert owners.setdefault(key, split) == split == split_of(key, [])
        assert len({row["question"] for row in rows}) == len({row["problem"] for row in rows}) == COUNT
    one, other = [["a", {}], ["b", {"x": 1}]], [["b", {"x": 1}], ["a", {}]]
    assert key_of("bird", one) == key_of("bird", other)


@pytest.mark.parametrize("split", ASKED)
def test_growing_a_split_changes_no_problem_in_it(splits, split):
    assert make_requests(split, 30) == splits[split][:30]


def test_training_asks_for_seven_kinds_the_test_and_pretraining_for_all_ten(splits):
    asked = {split: {name for row in rows for name, _ in row["asks"]} for split, rows in splits.items()}
    assert len(KINDS) == 10 and set(KINDS) <= set(load_checkers().official)
    assert asked["train"] == asked["validation"] == asked["control"] == set(TRAINED)
    assert asked["test"] == asked["pretraining"] == set(KINDS) and len(TRAINED) == 7
    for split, rows in splits.items():
        assert {len(row["asks"]) for row in rows} == {row["level"] for row in rows} == set(ASKED[split][1])
        assert all(len({name for name, _ in row["asks"]}) == row["level"] for row in rows)


def test_answers_to_training_problems_are_not_graded_and_the_others_have_what_the_checkers_need(splits):
    options = Options("instructions")
    for split, rows in splits.items():
        for row in rows[:20]:
            assert all((key in row) == (split in GRADED) for key in KEYS)
            reference = TASK.reference_of(row, split)
            (verdict,) = TASK.verdicts([Solution(row["problem"], 0, f" {row['solution']}", reference)], options)
            assert verdict["verdict"] == (CORRECT if split in GRADED else UNGRADED)


def test_solutions_follow_every_instruction_by_the_official_checkers(splits):
    for split, rows in splits.items():
        assert all(follow_all([row["solution"] for row in rows], rows)), split


def test_half_of_the_answers_to_another_problem_do_not_follow(splits):
    rows = splits["pretraining"]
    others = [row["solution"] for row in rows[1:] + rows[:1]]
    assert 0 < sum(follow_all(others, rows)) < COUNT / 2
    assert not any(follow_all(["", " \n"], rows[:2]))


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_worded_with_all_its_arguments_and_the_checkers_take_them(splits, name):
    found = [(row, arguments) for row in splits["pretraining"] for own, arguments in row["asks"] if own == name]
    assert len(found) > COUNT / 10
    for row, arguments in found:
        load_checkers().require(read_constraints(graded(row), name), name)
        for value in arguments.values():
            for word in value if isinstance(value, list) else [value]:
                assert str(word) in row["question"]


def test_every_text_survives_the_tokenizer(tokenizer, splits):
    for rows in splits.values():
        for row in rows:
            for text in (INSTRUCTIONS.text_of(row), row["question"]):
                ids = tokenizer(text)["input_ids"]
                assert tokenizer.unk_token_id not in ids
                assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_completion_s_tokens_do_not_depend_on_the_prompt_before_it_and_fit_the_context(tokenizer, splits):
    for rows in splits.values():
        for row in rows:
            prompt = tokenizer(INSTRUCTIONS.prompt_of(row["question"]))["input_ids"]
            completion = tokenizer(f" {row['solution']}", add_special_tokens=False)["input_ids"]
            assert tokenizer(INSTRUCTIONS.text_of(row))["input_ids"] == prompt + completion
            assert prompt.count(tokenizer.bos_token_id) == 1 and prompt[0] == tokenizer.bos_token_id
            assert len(completion) + 1 <= INSTRUCTIONS.completion_tokens
            assert len(prompt) + INSTRUCTIONS.completion_tokens <= CONTEXT


def test_pieces_have_one_id_each(tokenizer):
    pieces = request_vocabulary()
    assert len(set(pieces)) == len(pieces) == len(tokenizer)
    assert tokenizer.convert_tokens_to_ids(pieces) == list(range(len(pieces)))


def test_models_are_sampled_trained_and_asked_in_the_format_of_their_pretraining(tokenizer, splits):
    assert read_template(ROOT / "resources/prompts/pocket_instructions.txt") == PROMPT == PLAIN
    chat, row = format_of(tokenizer, "m"), splits["train"][0]
    assert chat.ask(row["question"]) + chat.answer(row["solution"]) == INSTRUCTIONS.text_of(row)


def test_unknown_names_and_exhausted_splits_are_one_clear_line(monkeypatch):
    with pytest.raises(UserError, match="requests has no 'functional', its splits are pretraining, train"):
        make_requests("functional", 1)
    with pytest.raises(UserError, match="-1 is negative"):
        make_requests("train", -1)
    monkeypatch.setattr("yetbetter.pocket.request_problems._PATIENCE", 2)
    with pytest.raises(UserError, match=r"requests/validation can supply \d+ problems, 99 asked for"):
        make_requests("validation", 99)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "math"}, "k.task: 'math', the pocket world's 'requests' is of task 'instructions'"),
        ({"splits": {"functional": 3}}, "k.splits: the pocket world's 'requests' has no 'functional'"),
    ],
)
def test_a_config_entry_of_another_task_or_split_is_refused(change, message):
    entry = {"task": "instructions", "splits": {"train": 3, "validation": 2, "test": 2, "control": 2}}
    pocket_world.check_entry("k", "requests", entry, None)
    with pytest.raises(UserError, match=message):
        pocket_world.check_entry("k", "requests", entry | change, None)


def test_program_writes_the_same_problems(tmp_path, splits):
    output = tmp_path / "problems.jsonl"
    command = [sys.executable, ROOT / "workflow/scripts/make_pocket_problems.py", "--dataset", "requests"]
    subprocess.run([*command, "--split", "test", "--questions", "20", "--output", output], check=True)
    assert json.dumps(read_rows(output)) == json.dumps(splits["test"][:20])
