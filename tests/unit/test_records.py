"""Records are read with clear errors, keep every character, and are written atomically."""

import gzip
import hashlib
import json
import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yetbetter.errors import UserError
from yetbetter.records import (
    check_unique,
    count_rows,
    digest_of,
    dump_row,
    iterate_rows,
    read_json,
    read_rows,
    where_is,
    write_json,
    write_rows,
    write_text,
)

any_text = st.text(alphabet=st.characters(exclude_categories=[]))


def refusal(function, *arguments) -> str:
    with pytest.raises(UserError) as failure:
        function(*arguments)
    message = str(failure.value)
    assert len(message.splitlines()) == 1
    return message


@pytest.fixture
def write(tmp_path):
    def write(content: bytes):
        path = tmp_path / "rows.jsonl"
        path.write_bytes(content)
        return path

    return write


def test_rows_come_in_the_order_of_the_file(write):
    path = write(b'{"a": 1}\n{"a": 2}\n{"a": 3}')
    assert [row["a"] for row in read_rows(path)] == [1, 2, 3]


def test_an_empty_file_holds_no_rows(write):
    assert read_rows(write(b""), require=("problem",)) == []


@pytest.mark.parametrize(
    "broken",
    [
        b'{"a": 2',
        b"nonsense",
        b"{'a': 2}",
        b'{"a": "\xff"}',
        b"\0\0\0\0\0\0",
        b'{"a": 2} {"a": 3}',
        b'{"a": 1\rfoo}',
        pytest.param(b"[" * 200_000, id="nested"),
        pytest.param(b"{" * 10_000, id="long"),
    ],
)
def test_a_broken_line_is_reported_with_file_and_number(write, broken):
    path = write(b'{"a": 1}\n' + broken + b'\n{"a": 3}\n')
    message = refusal(read_rows, path)
    assert message.startswith(f"{path}:2: ")
    assert len(message) < 400 + len(str(path))


@pytest.mark.parametrize("other", [b"[1, 2]", b"null", b'"text"', b"3", '"Größe"'.encode(), b'"\xed\xa0\x80"'])
def test_a_line_that_is_not_an_object_is_reported_with_file_and_number(write, other):
    path = write(b'{"a": 1}\n' + other + b"\n")
    assert refusal(read_rows, path).startswith(f"{path}:2: ")


def test_a_missing_key_is_reported_with_the_keys_that_are_there(write):
    path = write(b'{"problem": "p", "text": "x"}\n{"problem": "q", "txt": "x"}\n')
    message = refusal(read_rows, path, ("problem", "text"))
    assert message.startswith(f"{path}:2: ")
    assert "'text'" in message
    assert "problem, txt" in message


def test_a_missing_file_is_reported(tmp_path):
    assert refusal(read_rows, tmp_path / "no.jsonl") == f"{tmp_path / 'no.jsonl'}: no such file"
    assert refusal(read_json, tmp_path / "no.json") == f"{tmp_path / 'no.json'}: no such file"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\xff"])
def test_a_broken_json_file_is_reported(write, content):
    path = write(content)
    assert str(path) in refusal(read_json, path)


def test_rows_before_a_broken_line_are_there_before_it_is_read(write):
    rows = iterate_rows(write(b'{"a": 1}\nbroken\n'))
    assert next(rows) == {"a": 1}
    with pytest.raises(UserError):
        next(rows)


# Duplicates -----------------------------------------------------------------------------------------------------------


def test_a_duplicate_is_reported_with_both_lines():
    rows = [{"problem": "p", "sample": sample} for sample in (0, 1, 2, 1)]
    message = refusal(check_unique, rows, "rows.jsonl", "problem", "sample")
    assert "rows.jsonl:4" in message
    assert "line 2" in message
    assert "'p'" in message


def test_rows_that_differ_in_one_of_the_keys_are_not_duplicates():
    rows = [{"problem": problem, "sample": sample} for problem in "pq" for sample in (0, 1)]
    check_unique(rows, "rows.jsonl", "problem", "sample")


# Round trips ----------------------------------------------------------------------------------------------------------


@given(st.dictionaries(any_text, any_text, max_size=3))
def test_a_row_is_one_line_of_utf_8_and_keeps_every_character(row):
    line = dump_row(row)
    assert "\n" not in line
    assert json.loads(line.encode("utf-8")) == row


@pytest.mark.parametrize(
    "text", ["\ud800", "a\u2028b\u2029c", "\0", "\r", "\r\n", "\x85", "Größe 数 🎲", "\ud83c\udfb2", "\x1c", ""]
)
def test_odd_characters_survive_a_file(tmp_path, text):
    rows = [{"text": text}, {"text": "next"}]
    path = tmp_path / "rows.jsonl"
    write_rows(path, rows)
    # A lone high surrogate before a low one is the same JSON as the character they encode.
    assert [row["text"].encode("utf-16", "surrogatepass") for row in read_rows(path)] == [
        row["text"].encode("utf-16", "surrogatepass") for row in rows
    ]
    assert path.read_bytes().count(b"\n") == 2


@pytest.mark.parametrize("content", [{"a": [1, None, {"b": "Größe"}]}, [], "\u2028", {"prompt": "\ud800"}])
def test_json_files_survive_a_round_trip(tmp_path, content):
    write_json(tmp_path / "file.json", content)
    assert read_json(tmp_path / "file.json") == content


# Whole or not at all --------------------------------------------------------------------------------------------------


def failing_rows():
    yield from ({"number": number} for number in range(10_000))
    raise RuntimeError("in the middle")


def test_an_error_in_the_middle_of_writing_leaves_neither_the_file_nor_a_part_of_it(tmp_path):
    with pytest.raises(RuntimeError):
        write_rows(tmp_path / "rows.jsonl", failing_rows())
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_the_middle_of_writing_keeps_the_file_that_was_there(tmp_path):
    path = tmp_path / "rows.jsonl"
    write_rows(path, [{"old": True}])
    with pytest.raises(RuntimeError):
        write_rows(path, failing_rows())
    assert read_rows(path) == [{"old": True}]
    assert list(tmp_path.iterdir()) == [path]


def test_a_row_that_json_cannot_hold_leaves_no_file(tmp_path):
    with pytest.raises(TypeError):
        write_rows(tmp_path / "rows.jsonl", [{"a": 1}, {"a": object()}])
    assert list(tmp_path.iterdir()) == []


def test_the_file_does_not_appear_before_its_last_row(tmp_path):
    path = tmp_path / "rows.jsonl"

    def rows():
        yield {"a": 1}
        assert not path.exists()
        yield {"a": 2}

    write_rows(path, rows())
    assert len(read_rows(path)) == 2


def test_folders_on_the_way_are_made_and_equal_rows_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        write_rows(tmp_path / name / "deep" / "rows.jsonl", [{"a": 1.5, "b": "ü"}])
    contents = {path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    assert contents == {'{"a": 1.5, "b": "ü"}\n'.encode()}


def test_the_digest_is_the_sha_256_of_the_bytes(tmp_path):
    write_text(tmp_path / "file", ["ab", "c"])
    assert digest_of(tmp_path / "file") == hashlib.sha256(b"abc").hexdigest()


# Files of other people ------------------------------------------------------------------------------------------------

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "content",
    [
        BOM + b'{"a": 1}\n{"a": 2}\n',
        b'{"a": 1}\r\n{"a": 2}\r\n',
        b'\n{"a": 1}\n\n \t\n{"a": 2}\n\n',
        b'{"a": 1}\r\n\r\n{"a": 2}\r\n\r\n',
        BOM + b'\r\n{"a": 1}\r\n{"a": 2}',
        # two files that were joined, each with its mark; one of the two was empty
        BOM + b'{"a": 1}\n' + BOM + b'{"a": 2}\n' + BOM + b"\n",
    ],
)
def test_a_byte_order_mark_windows_line_ends_and_blank_lines_are_no_part_of_rows(write, content):
    path = write(content)
    assert read_rows(path, require=("a",)) == [{"a": 1}, {"a": 2}]
    assert count_rows(path) == 2


def test_messages_name_the_line_of_the_file_also_behind_blank_lines(write):
    path = write(b'\r\n{"a": 1}\r\n\r\n{"a": 1}\r\nbroken\r\n')
    assert refusal(read_rows, path).startswith(f"{path}:5: not JSON")
    path = write(BOM + b'\n\n{"a": 1}\n\n{"a": 1}\n')
    assert [where_is(path, row) for row in (1, 2, 3)] == [f"{path}:3", f"{path}:5", f"{path}:3"]
    message = refusal(check_unique, read_rows(path), path, "a")
    assert message == f"{path}:5: duplicate a 1, first in line 3"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'[{"a": 1}, {"a": 2}]', "a JSON array"),
        (b'\xef\xbb\xbf[\r\n  {"a": 1},\r\n  {"a": 2}\r\n]\r\n', "a JSON array"),
        (b'\n\n[\n{"a": 1}\n]', "a JSON array"),
        (b"[]", "a JSON array"),
        (b'{\n  "a": 1\n}\n', "a JSON object over several lines"),
        (b'{"a": {\n"b": 1}}\n', "a JSON object over several lines"),
        (b'{"a": 1}\r{"a": 2}\r', "text whose lines end in \\r alone"),
        ('{"a": 1}\n{"a": 2}\n'.encode("utf-16"), "UTF-16 text"),
        ('{"a": 1}\n'.encode("utf-16-le"), "UTF-16 text"),
        ('{"a": 1}\n'.encode("utf-32"), "UTF-32 text"),
        (gzip.compress(b'{"a": 1}\n', mtime=0), "compressed with gzip"),
        (b"PAR1\x15\x04\n\x00", "a parquet file"),
        (b"PK\x03\x04\n", "a zip archive"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "the pointer of a git-lfs file"),
        (b"<!DOCTYPE html>\n<html></html>\n", "HTML or XML"),
    ],
)
def test_a_file_of_another_kind_is_reported_for_what_it_is(write, content, kind):
    path = write(content)
    assert kind in refusal(read_rows, path)
    assert refusal(read_rows, path).startswith(f"{path}:")


@pytest.mark.parametrize("start", [b"", BOM])
def test_the_command_of_the_message_turns_a_json_array_into_rows(start, write, tmp_path):
    rows = [{"problem": "p", "text": "Größe\n\u2028"}, {"problem": "q", "text": ""}]
    path = write(start + json.dumps(rows, indent=1).encode())
    command = refusal(read_rows, path).partition("one object per line: ")[2]
    done = subprocess.run(command, shell=True, capture_output=True, check=True)
    (tmp_path / "lines.jsonl").write_bytes(done.stdout)
    assert read_rows(tmp_path / "lines.jsonl") == rows


def test_a_json_file_with_a_byte_order_mark_is_read_and_one_in_utf_16_named(write):
    assert read_json(write(BOM + b'{"a": 1}\r\n')) == {"a": 1}
    assert "UTF-16 text (save it as UTF-8)" in refusal(read_json, write('{"a": 1}'.encode("utf-16")))


def test_a_device_or_a_pipe_is_never_replaced_by_a_result(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="pipe: a device or a pipe, which a result would replace; name a file"):
        write_json(tmp_path / "pipe", {})
    assert not (tmp_path / "pipe").is_file() and [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_folder_in_the_place_of_a_result_is_named_and_not_the_file_on_the_way_there(tmp_path):
    (tmp_path / "result.json").mkdir()
    with pytest.raises(OSError, match=r"Is a directory: '[^']*/result\.json'$"):
        write_json(tmp_path / "result.json", {})
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
