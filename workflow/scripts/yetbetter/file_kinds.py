"""Recognises files that are not the text they should be: a JSON array, another encoding, a compressed file."""

import re
import shlex

BOM = b"\xef\xbb\xbf"
# First bytes -> what the file is; UTF-32 begins like UTF-16.
BEGINNINGS = {
    b"\xff\xfe\x00\x00": "UTF-32 text (save it as UTF-8)",
    b"\x00\x00\xfe\xff": "UTF-32 text (save it as UTF-8)",
    b"\xff\xfe": "UTF-16 text (save it as UTF-8)",
    b"\xfe\xff": "UTF-16 text (save it as UTF-8)",
    b"\x00{": "UTF-16 text (save it as UTF-8)",
    b"{\x00": "UTF-16 text (save it as UTF-8)",
    b"\x1f\x8b": "compressed with gzip (unpack it: gunzip)",
    b"\x28\xb5\x2f\xfd": "compressed with zstd (unpack it: unzstd)",
    b"BZh": "compressed with bzip2 (unpack it: bunzip2)",
    b"\xfd7zXZ": "compressed with xz (unpack it: unxz)",
    b"PK\x03\x04": "a zip archive or an office document",
    b"{\\rtf": "a rich text document (save it as plain text)",
    b"PAR1": "a parquet file",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "an SQLite database",
    b"version https://git-lfs": "the pointer of a git-lfs file (git lfs pull brings the file itself)",
}
# Writes each row of an array as a line.
TO_LINES = (
    'python -c "import json, sys; [print(json.dumps(row)) for row in json.load(open(sys.argv[1],'
    " encoding='utf-8-sig'))]\" {path}"
)

# The first line of a table: names, quoted or not, between separators.
CELL = rb'("[^"\n{}]*"|[^"{}\[\],;\t\r\n]*)'
TABLE = re.compile(rb"(?=[^\s{\[,;\t])" + CELL + rb"([,;\t])" + CELL + rb"(\2" + CELL + rb")*(\r?\n|$)")
TABLE_TO_LINES = (
    'python -c "import csv, json, sys; [print(json.dumps(row)) for row in csv.DictReader(open(sys.argv[1],'
    " encoding='utf-8-sig', newline=''), delimiter={separator})]\" {path}"
)


def binary_kind(start: bytes) -> str | None:
    """The kind of a file with these first bytes; None if it may be text in UTF-8."""
    return next((kind for first, kind in BEGINNINGS.items() if start.startswith(first)), None)


def kind_of_lines(path, start: bytes) -> str | None:
    """The kind of a file that should be JSON Lines but is not; None if its start does not show it.

    start: its first bytes, at least those of the first two lines.
    """
    kind = binary_kind(start)
    if kind:
        return f"{kind}; it must be JSON Lines, one object per line"
    text = start.removeprefix(BOM).lstrip()
    if text.startswith(b"["):
        return (
            f"a JSON array; it must be JSON Lines, one object per line: {TO_LINES.format(path=shlex.quote(str(path)))}"
        )
    table = TABLE.match(text)
    if table:
        command = TABLE_TO_LINES.format(path=shlex.quote(str(path)), separator=repr(table[2].decode()))
        return f"a table of separated values (CSV); it must be JSON Lines, one object per line: {command}"
    first, _, rest = text.partition(b"\n")
    if first.strip() == b"{" or (rest.lstrip().startswith(b'"') and first.lstrip().startswith(b"{")):
        return "a JSON object over several lines; it must be JSON Lines, one object per line"
    if b"\n" not in text and b"\r" in text:
        return "text whose lines end in \\r alone; they must end in \\n"
    if text.startswith(b"<"):
        return "HTML or XML; it must be JSON Lines, one object per line"
    return None
