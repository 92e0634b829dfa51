"""Levels of difficulty: the same level however a file writes it, decided when problems are imported."""

import pytest

from yetbetter.data import hendrycks_math
from yetbetter.data.levels import read_level
from yetbetter.data.own_files import read_problems_of
from yetbetter.data.splits import Parts
from yetbetter.measures.quality import levels_of
from yetbetter.records import write_rows


def rows_with(*levels: object) -> list[dict]:
    texts = ("problem", "question", "answer")
    return [{key: f"{key} {number}" for key in texts} | {"level": level} for number, level in enumerate(levels)]


@pytest.mark.parametrize("written", [2, 2.0, "2", "2.0", " 2 ", "Level 2", "level 2.", "LEVEL: 2", "Level_2"])
def test_a_level_is_one_number_however_it_is_written(written):
    found = read_level(written)
    assert found == 2 and type(found) is int


@pytest.mark.parametrize("written", [None, "", " ", "?", "Level ?", "Level"])
def test_an_unknown_level_is_none(written):
    assert read_level(written) is None


@pytest.mark.parametrize(
    ("written", "level"), [(2.5, 2.5), ("2.5", 2.5), ("very  hard", "very hard"), ("AMC-10", "AMC-10"), ("1e5", "1e5")]
)
def test_other_levels_stay_as_they_are(written, level):
    assert read_level(written) == level


@pytest.mark.parametrize("written", [True, [2], {"level": 2}, float("nan"), float("inf"), "all"])
def test_a_level_that_cannot_be_is_refused_in_one_line(written):
    with pytest.raises(ValueError, match=r"^level is [^\n]+$"):
        read_level(written)


def test_levels_of_other_peoples_files_are_one_when_imported(tmp_path):
    write_rows(tmp_path / "mine.jsonl", rows_with(2, 2.0, "2", "Level 2", "3.0", "Level ?", None, "hard"))
    rows = read_problems_of(str(tmp_path / "mine.jsonl"), 8, [])
    assert {level: len(names) for level, names in levels_of(rows).items()} == {"all": 8, "2": 4, "3": 1, "hard": 1}


def test_levels_of_math_are_one_to_five_in_every_spelling(tmp_path):
    levels = ("Level 3", 3, 3.0, "3", "Level ?", 9, None)
    rows = [
        {"unique_id": f"p{number}", "solution": r"\boxed{1}"} | row for number, row in enumerate(rows_with(*levels))
    ]
    write_rows(tmp_path / "math.jsonl", rows)
    found = hendrycks_math.read_problems(tmp_path / "math.jsonl", Parts({}), "train", "boxed")
    assert [row.get("level") for row in found.values()] == [3, 3, 3, 3, None, None, None]
