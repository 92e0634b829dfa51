"""Problems from a study's own files: read as people's editors save them, and disjoint however questions are spelled."""

import json
import re
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


KINDS = {
    "a comma": (b"problem,question,answer\r\np,A?,3\r\n", "a table of separated values .*delimiter=','"),
    "a semicolon, quoted, with a mark": (
        b'\xef\xbb\xbf"problem";"question";"answer"\r\n"p";"A; B?";"3"\r\n',
        "a table of separated values .*delimiter=';'",
    ),
    "a tab": (b"problem\tquestion\tanswer\np\tA?\t3\n", r"a table of separated values .*delimiter='\\t'"),
    "UTF-16 without a mark": ('{"problem": "p"}\n'.encode("utf-16-be"), "UTF-16 text"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_another_kind_is_named(tmp_path, kind):
    content, said = KINDS[kind]
    path = tmp_path / "train it's.jsonl"
    path.write_bytes(content)
    assert re.search(f":1: {said}", refusal(str(path), []))


@pytest.mark.parametrize("kind", list(KINDS)[:3])
def test_the_command_that_is_printed_for_a_table_makes_json_lines_of_it(tmp_path, kind):
    path = tmp_path / "train it's.csv"
    path.write_bytes(KINDS[kind][0])
    command = refusal(str(path), []).partition("one object per line: ")[2]
    made = subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout
    assert json.loads(made) == row("p", "A; B?" if "semicolon" in kind else "A?")


LINE = json.dumps(row("p", "A long question, longer than a message: how many?"))
LINES = {
    "a comma behind the row": (LINE + ",", r'not JSON \(Extra data at character \d+\): ….*"answer": "3"},$'),
    "a comma before the brace": (LINE[:-1] + ",}", r'not JSON \(.* at character \d+\): ….*"answer": "3",}$'),
    "a comment": (LINE + " // sure?", "not JSON .*// sure\\?$"),
    "zeros of a crash": ("\0\0\0", r"not JSON .*: \\x00\\x00\\x00$"),
    "a number": (LINE.replace('"3"', "3"), 'answer is 3, it must be text in quotes, as in "3"$'),
    "no value": (LINE.replace('"3"', "null"), "answer is null, it must be text in quotes$"),
    "a key with a mark": (LINE.replace('"problem', '"\ufeffproblem'), r".*it has: \\ufeffproblem, question, answer$"),
    "a question that is not drawn": (json.dumps(row("p", "\u200b\u2060")), "question is .*not empty$"),
}


@pytest.mark.parametrize("kind", LINES)
def test_a_bad_line_is_shown_at_the_place_of_its_fault(tmp_path, kind):
    line, said = LINES[kind]
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(row("first", "B?")) + "\n" + line + "\n")
    assert re.search(f"^{path}:2: {said}", refusal(str(path), []))


def test_a_line_that_is_not_utf_8_is_named_with_its_byte(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"\n" + '{"problem": "Zoé"}'.encode("latin-1"))
    assert f"{path}:2: not UTF-8 (0xe9 at byte 16 of the line; save the file as UTF-8)" in refusal(str(path), [])


def test_byte_order_marks_are_left_out_however_many_there_are(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text("\ufeff\ufeff" + json.dumps(row("p", "A?")) + "\n\ufeff\ufeff" + json.dumps(row("q", "B?")) + "\n")
    assert read_problems_of(str(path), 2, []) == [row("p", "A?"), row("q", "B?")]


def test_a_json_array_is_reported_with_the_command_that_converts_it(tmp_path):
    (tmp_path / "train.json").write_text(json.dumps([row("p", "A?")], indent=2))
    assert "a JSON array; it must be JSON Lines" in refusal(str(tmp_path / "train.json"), [])
