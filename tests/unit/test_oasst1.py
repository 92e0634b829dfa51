"""OpenAssistant's questions and IFEval's prompts: what is left out, which are chosen, and that they can be graded."""

import gzip
import json
import os
from pathlib import Path

import pytest

from yetbetter.data import ADAPTERS, check_source, ifeval, oasst1
from yetbetter.data.public import find_files, import_split
from yetbetter.data.splits import Parts
from yetbetter.errors import UserError
from yetbetter.records import digest_of_problems
from yetbetter.tasks import TASKS

DATA = Path(os.environ.get("YETBETTER_DATA", "../shared/data"))
needs_data = pytest.mark.skipif(not (DATA / "ifeval").is_dir(), reason="needs IFEval's prompts")
FOLDERS = [DATA / "oasst1", DATA / "ifeval"]


def message(number: int, **change) -> dict:
    return {
        "message_id": f"m{number}",
        "parent_id": None,
        "text": f"Question {number}?",
        "role": "prompter",
        "lang": "en",
        "deleted": False,
        "review_result": True,
        "synthetic": False,
        "rank": None,
        "tree_state": "ready_for_export",
        "labels": {"quality": {"value": 0.75, "count": 3}, "spam": {"value": 0.0, "count": 3}},
    } | change


def reply(number: int, to: int, text: str, **change) -> dict:
    return message(number, parent_id=f"m{to}", role="assistant", text=text) | change


def build(tmp_path: Path, rows: list[dict], name: str = "oasst1.jsonl") -> Parts:
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    prompt = {"key": 1, "prompt": "No commas!", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    (tmp_path / "input_data.jsonl").write_text(json.dumps(prompt) + "\n")
    return oasst1.build({"messages": path, "ifeval": tmp_path / "input_data.jsonl"}, "instructions")


MARKS = {
    name: {"value": value, "count": 3} for name, value in (("quality", 0.25), ("spam", 0.9), ("lang_mismatch", 0.9))
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lang": "de"}, "not in English"),
        ({"deleted": True}, "deleted"),
        ({"review_result": False}, "refused by reviewers"),
        ({"synthetic": True}, "written by a model"),
        ({"role": "assistant"}, "not a person's turn"),
        ({"tree_state": "aborted_low_grade"}, "conversation was stopped"),
        ({"labels": {"quality": MARKS["quality"]}}, "low quality"),
        ({"labels": {"spam": MARKS["spam"]}}, "spam"),
        ({"labels": {"lang_mismatch": MARKS["lang_mismatch"]}}, "not in English"),
        ({"labels": {"name": ["quality"], "value": [0.1], "count": [3]}}, "low quality"),
    ],
)
def test_a_message_that_is_no_english_question_of_quality_is_left_out_with_its_reason(tmp_path, change, reason):
    parts = build(tmp_path, [*map(message, range(3)), message(9, **change)])
    assert parts.left_out == [{"problem": "oasst1/m9", "split": "train", "reason": reason}]
    assert len(parts.splits["train"]) + len(parts.splits["validation"]) == 3


def test_the_best_ranked_human_answer_is_the_solution(tmp_path):
    rows = [
        message(0),
        reply(1, 0, "Second.", rank=1),
        reply(2, 0, "First.", rank=0),
        reply(3, 0, "By a model.", rank=0, synthetic=True),
        reply(4, 0, "Deleted.", rank=0, deleted=True),
        reply(5, 0, " ", rank=0),
        reply(6, 1, "Of a later turn.", rank=0),
        message(7),
        reply(8, 7, "Unranked."),
    ]
    splits = build(tmp_path, rows).splits
    found = {row["problem"]: row["solution"] for row in splits["train"] + splits["validation"]}
    assert found == {"oasst1/m0": "First.", "oasst1/m7": "Unranked."}


def test_questions_with_an_answer_are_chosen_before_others(tmp_path, monkeypatch):
    monkeypatch.setitem(oasst1.SIZES, "train", 4)
    rows = [*map(message, range(12)), *(reply(20 + number, number, "Yes.") for number in (1, 4, 6, 9))]
    splits = build(tmp_path, rows).splits
    assert len(splits["validation"]) == 1
    assert sum(row["solution"] == "Yes." for row in splits["train"]) >= 3
    assert len(splits["train"]) == 4


def test_the_same_questions_are_chosen_in_any_order_and_from_a_compressed_file(tmp_path):
    rows = [message(number) for number in range(30)]
    splits = build(tmp_path, rows).splits
    again = build(tmp_path, rows[::-1]).splits
    assert splits == again
    with gzip.open(tmp_path / oasst1.MESSAGES, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    files = {"messages": tmp_path / oasst1.MESSAGES, "ifeval": tmp_path / "input_data.jsonl"}
    assert oasst1.build(files, "instructions").splits == splits
    unpacked = oasst1.unpack(files)
    assert build(tmp_path, unpacked["oasst1.jsonl"]).splits == splits


def test_a_conversation_without_its_first_turn_is_counted(tmp_path):
    whole = [message(0, message_tree_id="m0"), reply(1, 0, "Yes.", message_tree_id="m0")]
    parts = build(tmp_path, [*whole, reply(3, 2, "Why not?", message_tree_id="m2"), reply(4, 3, "Oh.")])
    assert [(row["problem"], row["reason"]) for row in parts.left_out] == [
        ("oasst1/m2", "conversation without its first turn")
    ]


def test_validation_problems_have_one_instruction_that_can_be_verified(tmp_path):
    splits = build(tmp_path, [message(number) for number in range(400)]).splits
    validation, task = splits["validation"], TASKS["instructions"]
    assert len(validation) == 40
    assert all("instruction_id_list" not in row for row in splits["train"])
    for row in validation:
        reference = task.reference_of(row, "here")
        assert row["question"].startswith("Question ") and reference.names == tuple(row["instruction_id_list"])
    assert len({row["answer"] for row in validation}) >= 6


@pytest.mark.parametrize(
    ("rows", "message_"),
    [
        ([{"message_id": "a", "text": "?", "lang": "de"}], "no first turn of an English conversation"),
        ([message(1, text=" ")], ":1: text is ' ', it must be text that is not empty"),
        ([message(1, message_id=None)], ":1: message_id is None, it must be text"),
        (
            [message(0), message(1, labels={"quality": {"value": "good"}})],
            ":2: labels are {'quality': {'value': 'good'}}",
        ),
        ([message(0), message(1, labels=["quality"])], ":2: labels are ['quality'], they must be numbers by name"),
        ([message(0), reply(1, 0, "Yes.", rank="first")], ":2: rank is 'first', it must be a number"),
        ([message(0), reply(1, 0, "Yes.", parent_id=["m0"])], ":2: parent_id is ['m0'], it must be text"),
    ],
)
def test_bad_messages_are_one_line(tmp_path, rows, message_):
    with pytest.raises(UserError) as failure:
        build(tmp_path, rows)
    assert message_ in str(failure.value) and "\n" not in str(failure.value)


def test_reading_many_messages_does_not_look_up_the_line_of_each(tmp_path, monkeypatch):
    monkeypatch.setattr(oasst1, "where_is", None)
    splits = build(tmp_path, [message(0), reply(1, 0, "Yes."), message(2)]).splits
    assert len(splits["train"]) + len(splits["validation"]) == 2


def test_a_damaged_archive_is_one_line(tmp_path):
    (tmp_path / oasst1.MESSAGES).write_bytes(b"no archive")
    with pytest.raises(UserError, match="not JSON Lines, compressed by gzip"):
        list(oasst1.read_messages(tmp_path / oasst1.MESSAGES))


def turn(number: int, **change) -> dict:
    text = f"### Human: Question {number}? ### Assistant:"
    return {"message_id": f"t{number}", "lang": "en", "input": text, "reference_reply": "Yes."} | change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lang": "es"}, "not in English"),
        ({"reference_reply": " "}, "an empty reply"),
        ({"input": "### Assistant: Hello!"}, "not a first turn"),
        ({"input": "### Human: ### Assistant:"}, "not a first turn"),
        ({"input": "### Human: A? ### Assistant: B. ### Human: C? ### Assistant:"}, "not a first turn"),
        ({"input": None}, "not a first turn"),
    ],
)
def test_single_turns_are_read_too(tmp_path, change, reason):
    parts = build(tmp_path, [turn(0), turn(1), turn(9, **change)], oasst1.TURNS)
    questions = [row["question"] for split in ("train", "validation") for row in parts.splits[split]]
    assert sorted(question.split("\n")[0] for question in questions) == ["Question 0?", "Question 1?"]
    assert [(row["problem"], row["reason"]) for row in parts.left_out] == [("oasst1/t9", reason)]


# IFEval ---------------------------------------------------------------------------------------------------------------


@needs_data
def test_all_prompts_of_ifeval_are_the_test_split_and_the_checkers_know_their_instructions():
    rows, facts = import_split("oasst1", oasst1, FOLDERS, "test", 541, "instructions", {})
    assert facts["documented"] == {"test": True}
    assert digest_of_problems(rows) == oasst1.HASHES["test"]
    assert len({row["problem"] for row in rows}) == ifeval.PROMPTS == oasst1.SIZES["test"]
    for row in rows:
        assert len(TASKS["instructions"].reference_of(row, row["problem"]).names) == len(row["kwargs"])


@needs_data
def test_the_shared_questions_make_three_splits():
    parts = oasst1.build(find_files("oasst1", oasst1, FOLDERS), "instructions")
    assert {split: len(rows) for split, rows in parts.splits.items()} == {"test": 541, "train": 169, "validation": 18}
    assert all(row["solution"] for row in parts.splits["train"])


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"prompt": ""}, "prompt is '', it must be text that is not empty"),
        ({"key": 1}, "key 1 is in the file twice"),
        ({"key": [2]}, "key is [2], it must be a number or text"),
        ({"instruction_id_list": 3}, "instruction_id_list must be a list of names, it is 3"),
        ({"kwargs": [None]}, "kwargs must be a list of mappings, it is [None]"),
        ({"kwargs": []}, "1 instructions and 0 kwargs, they go together"),
    ],
)
def test_bad_prompts_are_one_line(tmp_path, change, text):
    first = {"key": 1, "prompt": "?", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    path = tmp_path / "input_data.jsonl"
    path.write_text(json.dumps(first) + "\n" + json.dumps(first | {"key": 2} | change) + "\n")
    with pytest.raises(UserError) as failure:
        ifeval.read_prompts(path)
    assert str(failure.value) == f"{path}:2: {text}"


def test_the_adapter_is_for_instructions_alone():
    entry = {"adapter": "oasst1", "task": "math", "answer": "any", "fpr": "none", "splits": {"train": 1}}
    with pytest.raises(UserError, match="'math' does not go with adapter oasst1"):
        check_source("datasets.d", "d", entry)
    assert ADAPTERS["oasst1"].tasks == ("instructions",)
