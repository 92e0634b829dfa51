"""Problems from a study's own files: read as people's editors save them, and disjoint however questions are spelled."""

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from yetbetter.data.own_files import read_problems_of
from yetbetter.data.questions import question_identity
from yetbetter.errors import UserError

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
QUESTION = "Zoé has 3 coins. How many?"
SPELLINGS = [
    QUESTION.upper(),
    QUESTION.lower(),
    unicodedata.normalize("NFD", QUESTION),
    unicodedata.normalize("NFD", QUESTION.upper()),
    "Zoé has 3 coins.\u200b How many?",
    "\ufeffZoé has 3 coins. How many?\u2060",
    "Zoé has 3 co\xadins. How many?",
    "Zoé has\xa03\u202fcoins. How many?",
    "Zoé has 3 coins.\u3000How\u2009many?",
    "\u202aZoé has 3 coins. How many?\u202c",
    "Zoé has 3 coins.\r\n  How\tmany ?",
    "Zoé has 3\ufe0f coins. How many?",
    "Zoé has 3\0 coins. How many?",
    "Zoé has 3 coins. How many\uff1f",
]


def row(name: str, question: str) -> dict:
    return {"problem": name, "question": question, "answer": "3"}


def write(path: Path, rows: list[dict], ends: str = "\n", mark: str = "") -> str:
    lines = (json.dumps(row, ensure_ascii=False) + ends for row in rows)
    path.write_bytes((mark + "".join(lines)).encode())
    return str(path)


def refusal(path: str, others: list[str]) -> str:
    with pytest.raises(UserError) as failure:
        read_problems_of(path, 1, others)
    return str(failure.value)


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_a_question_in_another_spelling_is_in_two_splits(tmp_path, spelled):
    train = write(tmp_path / "train.jsonl", [row("p", "Other?"), row("q", QUESTION)])
    test = write(tmp_path / "test.jsonl", [row("t", spelled)])
    found = f"{train}:2: its question is also in {test}:1 in another spelling, splits must be disjoint"
    assert refusal(train, [test]) == found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is x\u00b2?", "What is x2?"),
        ("What is 1\u00bd?", "What is 112?"),
        ("Sort 1 23.", "Sort 12 3."),
        ("What is 1 + 2?", "What is 1 - 2?"),
        ("What is 1.5?", "What is 15?"),
        ("Wie heißt Änne?", "Wie heißt Anne?"),
        ("\u211d?", "R?"),
    ],
)
def test_questions_that_differ_in_meaning_are_two(tmp_path, one, other):
    train, test = write(tmp_path / "a.jsonl", [row("p", one)]), write(tmp_path / "b.jsonl", [row("t", other)])
    assert read_problems_of(train, 1, [test]) == [row("p", one)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann\u2019s \u201cbox\u201d", 'Ann\'s "box"'),
        ("5\u20133", "5\u22123"),
        ("\ufb01ve", "FIVE"),
        ("Straße", "STRASSE"),
    ],
)
def test_typeset_quotes_dashes_and_ligatures_are_spelling(one, other):
    assert question_identity(one) == question_identity(other)


def test_the_lines_in_messages_are_those_of_the_files_also_behind_blank_lines(tmp_path):
    train, test = tmp_path / "train.jsonl", tmp_path / "test.jsonl"
    train.write_bytes(b"\xef\xbb\xbf\r\n" + json.dumps(row("p", "A?")).encode() + b"\r\n\r\n")
    test.write_bytes(b"\n\n" + json.dumps(row("t", "a?")).encode())
    assert refusal(str(train), [str(test)]).startswith(f"{train}:2: its question is also in {test}:3")
    train.write_bytes(b"\n\n" + json.dumps(row("p", " ")).encode())
    assert refusal(str(train), []).startswith(f"{train}:3: question is ' '")


@pytest.mark.parametrize(("ends", "mark"), [("\n", ""), ("\r\n", ""), ("\n\n", "\ufeff"), ("\r\n\r\n", "\ufeff")])
def test_a_split_is_the_same_bytes_however_an_editor_saved_its_file(tmp_path, ends, mark):
    rows = [row(f"p{number}", f"Größe {number}?") for number in range(5)]
    source, other = write(tmp_path / "in.jsonl", rows, ends, mark), write(tmp_path / "t.jsonl", [row("t", "x")], ends)
    command = [sys.executable, SCRIPTS / "import_problems.py", "--input", source, "--others", other]
    command += ["--questions", "5", "--output", tmp_path / "out.jsonl"]
    subprocess.run(list(map(str, command)), check=True)
    assert (tmp_path / "out.jsonl").read_bytes() == Path(write(tmp_path / "clean.jsonl", rows)).read_bytes()


def test_a_json_array_is_reported_with_the_command_that_converts_it(tmp_path):
    (tmp_path / "train.json").write_text(json.dumps([row("p", "A?")], indent=2))
    assert "a JSON array; it must be JSON Lines" in refusal(str(tmp_path / "train.json"), [])
