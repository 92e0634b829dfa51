"""People's labels: their format, and one line for each kind of file that is refused."""

import json

import pytest

from yetbetter.errors import UserError
from yetbetter.judging.labels import (
    LabelledSolution,
    check_shown,
    digest_of_shown,
    read_labelled_solutions,
    read_labels,
    settle,
    split_steps,
)
from yetbetter.records import write_rows

SHOWN = digest_of_shown("How many?", "4", "2 + 2 = 4.\nThe answer is 4.")
ROW = {
    **{"study": "small", "dataset": "hard", "annotator": "ann", "problem": "p1", "shown": SHOWN},
    **{"label": "flawed", "first_wrong_step": 2, "choice": {"samples": 50, "seed": 0}},
}
STEPS = {("p1", SHOWN): 2}


def write(tmp_path, *rows):
    write_rows(tmp_path / "ann.jsonl", rows)
    return tmp_path / "ann.jsonl"


def read(path):
    return read_labels(path, study="small", seed=0, dataset="hard", annotator="ann")


def refusal(path) -> str:
    with pytest.raises(UserError) as failure:
        check_shown(read(path), STEPS)
    assert len(str(failure.value).splitlines()) == 1
    assert str(failure.value).startswith(str(path))
    return str(failure.value)


def test_a_label_is_read_as_it_was_written(tmp_path):
    sound = ROW | {"shown": digest_of_shown("How many?", "4", "4"), "label": "sound", "first_wrong_step": None}
    first, second = read(write(tmp_path, ROW, sound | {"choice": None}))
    assert (first.label, first.first_wrong_step, first.choice) == ("flawed", 2, {"samples": 50, "seed": 0})
    assert (second.item, second.label, second.choice) == (("p1", sound["shown"]), "sound", None)
    check_shown([first], STEPS)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"study": "other"}, ':1: a label of another study, "other"; this file is listed under small'),
        ({"dataset": "easy"}, ':1: a label of another dataset, "easy"; this file is listed under hard'),
        ({"annotator": "carl"}, ':1: a label by an unknown annotator, "carl"; this file is listed under ann'),
        ({"label": "good"}, ':1: unknown label "good" (allowed: sound, flawed, cannot tell)'),
        ({"label": ["sound"]}, ':1: unknown label ["sound"]'),
        ({"shown": "x"}, ':1: shown is "x"'),
        ({"first_wrong_step": 0}, ":1: first_wrong_step is 0, it must be null or a whole number of at least 1"),
        ({"first_wrong_step": True}, ":1: first_wrong_step is true"),
        ({"label": "sound"}, ":1: first_wrong_step is 2, but the label is 'sound'"),
        ({"first_wrong_step": 3}, ":1: first_wrong_step is 3, the solution has 2"),
        ({"choice": "all"}, ':1: choice is "all", it must be null or hold samples and seed'),
        ({"choice": {"samples": 0, "seed": 0}}, ":1: choice.samples is 0, it must be at least 1"),
        ({"choice": {"samples": 50, "seed": 7}}, ":1: offered by a choice with seed 7, the study's is 0"),
        ({"shown": "0" * 16}, ":1: question, answer, text or verdict of a solution of 'p1' has changed since"),
        ({"problem": 7}, ":1: problem is 7, it must be text in quotes"),
    ],
)
def test_a_label_that_does_not_belong_is_refused_in_one_line(tmp_path, change, expected):
    message = refusal(write(tmp_path, ROW | change))
    assert message.removeprefix(str(tmp_path / "ann.jsonl")).startswith(expected)


def test_several_stale_labels_are_one_line(tmp_path):
    stale = [ROW | {"shown": str(digit) * 16} for digit in (1, 2, 3)]
    message = refusal(write(tmp_path, ROW, *stale))
    assert ":2 (and 2 more): question" in message and "annotator=ann" in message


def test_a_torn_file_is_refused(tmp_path):
    path = write(tmp_path, ROW)
    path.write_text(path.read_text() + json.dumps(ROW)[:40])
    assert f"{path}:2: not JSON" in refusal(path)


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_a_file_that_lost_all_its_labels_is_refused(tmp_path, text):
    (tmp_path / "ann.jsonl").write_text(text)
    assert "ann.jsonl: holds no labels (an annotator without labels is listed as `ann: {}`)" in refusal(
        tmp_path / "ann.jsonl"
    )


def test_a_missing_key_is_refused(tmp_path):
    row = dict(ROW)
    del row["shown"]
    assert ":1: no 'shown' in the row" in refusal(write(tmp_path, row))


def test_a_doubled_label_is_refused_with_both_lines(tmp_path):
    message = refusal(write(tmp_path, ROW, ROW | {"label": "cannot tell", "first_wrong_step": None}))
    assert ":2: duplicate problem 'p1'" in message and "first in line 1" in message


def test_what_is_shown_changes_the_digest():
    texts = ("How many?", "4", "2 + 2 = 4")
    changed = [(*texts[:at], texts[at] + " ", *texts[at + 1 :]) for at in range(3)]
    assert len({digest_of_shown(*shown) for shown in [texts, *changed, ("How many?4", "", "2 + 2 = 4")]}) == 5
    assert digest_of_shown("a", "b", "\ud800") != digest_of_shown("a", "b", "?")


@pytest.mark.parametrize(
    ("solution", "steps"),
    [
        ("One.\n\n  Two.  Three.\r\n", ["One.", "  Two.  Three."]),
        ("We have 1.5 + 2 = 3.5. Then 7! The answer is 7.", ["We have 1.5 + 2 = 3.5.", "Then 7!", "The answer is 7."]),
        ("", []),
        ("4", ["4"]),
    ],
)
def test_steps_are_lines_or_the_sentences_of_one_line(solution, steps):
    assert split_steps(solution) == steps


@pytest.mark.parametrize(
    ("labels", "settled"),
    [
        ({"ann": "sound"}, "sound"),
        ({"ann": "sound", "ben": "flawed"}, None),
        ({"ann": "sound", "ben": "flawed", "eve": "flawed"}, "flawed"),
        ({"ann": "sound", "ben": "cannot tell"}, "sound"),
        ({"ann": "cannot tell"}, "cannot tell"),
        ({"ann": "sound", "ben": "sound", "decided": "flawed"}, "flawed"),
    ],
)
def test_one_label_comes_from_those_of_all(labels, settled):
    assert settle(labels) == settled


def test_collected_labels_are_read_as_they_were_written(tmp_path):
    texts = ("p1", SHOWN, "How many?", "4", "2 + 2 = 4.\nThe answer is 4.")
    one = LabelledSolution(*texts, (("wc", 3), ("se", 0)), {"ann": "flawed"}, {"ann": 2}, "flawed", None)
    write_rows(tmp_path / "labels.jsonl", [one.row()])
    assert read_labelled_solutions(tmp_path / "labels.jsonl") == [one]


@pytest.mark.parametrize("change", [{"samples": [1]}, {"labels": ["sound"]}, {"label": "x"}, {"first_wrong_steps": {}}])
def test_another_file_is_not_read_as_collected_labels(tmp_path, change):
    texts = ("p1", SHOWN, "How many?", "4", "2 + 2 = 4.")
    row = LabelledSolution(*texts, (("wc", 3),), {"ann": "sound"}, {"ann": None}, "sound", None).row()
    write_rows(tmp_path / "labels.jsonl", [row, row | change])
    with pytest.raises(UserError, match=r"labels\.jsonl:2: not a row that collect_labels\.py wrote"):
        read_labelled_solutions(tmp_path / "labels.jsonl")
