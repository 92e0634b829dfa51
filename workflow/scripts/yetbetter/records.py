"""JSON Lines files of flat rows, and small JSON files: clear errors when read, written atomically."""

import contextlib
import hashlib
import itertools
import json
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.file_kinds import BOM, binary_kind, kind_of_lines

# Types of the records' keys, checked if a program requires the key (answer: the problem's gold answer).
TYPES = {
    **dict.fromkeys(("problem", "question", "answer", "solution", "text", "finish_reason"), str),
    **dict.fromkeys(("sample", "tokens", "prompt_tokens"), int),
    **dict.fromkeys(("program", "pool"), dict),
}
TYPE_NAMES = {str: "text in quotes", int: "a whole number", dict: "a JSON object"}
SCAN = json.JSONDecoder().scan_once


def read_rows(path: str | Path, require: Iterable[str] = ()) -> list[dict]:
    """All rows of a JSON Lines file, in order. Blank lines, Windows line ends and a byte order mark may be in it.

    Raises UserError, naming file and line, for a line that is not a JSON object or lacks a key of `require`.
    """
    return list(iterate_rows(path, require))


def iterate_rows(path: str | Path, require: Iterable[str] = ()) -> Iterator[dict]:
    """The rows of a JSON Lines file one at a time, with the checks of `read_rows`."""
    wanted = [(key, TYPES.get(key, object)) for key in require]
    with open_text(path) as text:
        # Bytes, so that the message can name a line that is not UTF-8.
        for number, line in enumerate(text.buffer, start=1):
            try:
                row = parse(line)
            except (ValueError, RecursionError) as error:
                if is_blank(line):
                    continue
                raise UserError(about_line(path, number, fault_of_line(line, error))) from None
            if not isinstance(row, dict):
                raise UserError(about_line(path, number, f"not a JSON object: {shorten(line)}"))
            for key, kind in wanted:
                if key not in row or not isinstance(row[key], kind):
                    check_row(row, f"{path}:{number}", [key])
            yield row


def parse(line: bytes):
    """`json.loads` of a line; takes half the time if the line is UTF-8 without blanks at either end."""
    text = line.decode()
    with contextlib.suppress(StopIteration):
        value, end = SCAN(text, 0)
        if text[end:] in ("\n", "\r\n", ""):
            return value
    return json.loads(text.lstrip("\ufeff"))


def fault_of_line(line: bytes, error: Exception) -> str:
    """Why a line is not JSON, with the text around the fault."""
    if isinstance(error, UnicodeDecodeError):
        byte = f"0x{line[error.start]:02x} at byte {error.start + 1}"
        return f"not UTF-8 ({byte} of the line; save the file as UTF-8): {shorten(line)}"
    if isinstance(error, json.JSONDecodeError):
        text = line.decode().lstrip("\ufeff")
        start = max(0, error.pos - 30)
        shown = ("…" if start else "") + shorten(text[start:])
        return f"not JSON ({error.msg.removesuffix(' at')} at character {error.pos + 1}): {shown}"
    return f"not JSON ({shorten(str(error))}): {shorten(line)}"


def is_blank(line: bytes) -> bool:
    """Whether a line is empty, apart from white space and a byte order mark (files that were joined may hold one)."""
    return not (line.replace(BOM, b"") if line.startswith(BOM) else line).strip()


def about_line(path: str | Path, number: int, fault: str) -> str:
    """A message on a line that is not a row. For the first line it names the kind of the file, if that is another."""
    with open(path, "rb") as file:
        before = b"".join(itertools.islice(file, number - 1))
        if is_blank(before):
            file.seek(0)
            fault = kind_of_lines(path, file.read(4096)) or fault
    return f"{path}:{number}: {fault}"


def count_rows(path: str | Path) -> int:
    """Lines of a file that are not blank; UserError if there is no such file."""
    with open_text(path) as text:
        return sum(not is_blank(line) for line in text.buffer)


def where_is(path: str | Path, row: int) -> str:
    """Where the row of that number (from 1) is in a JSON Lines file, for messages: `file:line`."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        lines = (number for number, line in enumerate(file, start=1) if not is_blank(line))
        row = next(itertools.islice(lines, row - 1, None), row)
    return f"{path}:{row}"


def check_row(row: dict, where: str, require: Iterable[str]) -> None:
    """Raise UserError unless the row has the required keys, each of its type in TYPES."""
    for key in require:
        if key not in row:
            raise UserError(f"{where}: no {key!r} in the row, it has: {shorten(', '.join(row), 200) or 'nothing'}")
        wanted = TYPES.get(key)
        if wanted and not isinstance(row[key], wanted):
            value = shorten(json.dumps(row[key], ensure_ascii=False))
            example = f', as in "{value}"' if wanted is str and value[0] in "-0123456789" else ""
            raise UserError(f"{where}: {key} is {value}, it must be {TYPE_NAMES[wanted]}{example}")


def open_text(path: str | Path):
    """A file opened as UTF-8 text, without a byte order mark."""
    try:
        # Line ends other than \n (U+2028, \r) may be inside a model's text.
        return open(path, encoding="utf-8-sig", newline="\n")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None


def text_kind(path: str | Path) -> str | None:
    """The kind of a file that is not text, by its first bytes; None if these do not show it."""
    with open(path, "rb") as file:
        kind = binary_kind(file.read(64))
    return kind and f"{kind}; it must be text in UTF-8"


def read_json(path: str | Path, require: Iterable[str] = ()):
    """The content of a JSON file; UserError if it is missing or broken, or lacks keys of `require`."""
    with open_text(path) as file:
        try:
            content = json.load(file)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}: {text_kind(path) or f'not JSON ({shorten(str(error), 120)})'}") from None
    if require:
        if not isinstance(content, dict):
            raise UserError(f"{path}: not a JSON object")
        check_row(content, str(path), require)
    return content


def check_unique(rows: Iterable[dict], path: str | Path, *keys: str) -> None:
    """Raise UserError, naming both lines, if two rows of `path` share the values of `keys`."""
    seen: dict[tuple, int] = {}
    for number, row in enumerate(rows, start=1):
        identity = tuple(row[key] for key in keys)
        if identity in seen:
            name = ", ".join(f"{key} {row[key]!r}" for key in keys)
            first = where_is(path, seen[identity]).rpartition(":")[2]
            raise UserError(f"{where_is(path, number)}: duplicate {name}, first in line {first}")
        seen[identity] = number


def dump_row(row: dict) -> str:
    """One row as one line; lone surrogates, which no UTF-8 file can hold, stay escaped."""
    line = json.dumps(row, ensure_ascii=False)
    # DEL is the only unprintable ASCII character that json.dumps does not escape; searching for it is fast.
    printable = "\x7f" not in line if line.isascii() else line.isprintable()
    return line if printable else json.dumps(row)


def write_rows(path: str | Path, rows: Iterable[dict]) -> None:
    """Write rows as JSON Lines, atomically."""
    write_text(path, (dump_row(row) + "\n" for row in rows))


def write_json(path: str | Path, content) -> None:
    """Write `content` as indented JSON, atomically."""
    write_text(path, [json.dumps(content, indent=2) + "\n"])


def check_output(path: Path) -> None:
    """UserError for a path that no result can be written to."""
    if not path.name:
        raise UserError(f"the path {str(path)!r} names no file to write")
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError(f"{path}: a device or a pipe, which a result would replace; name a file")


def write_text(path: str | Path, pieces: Iterable[str]) -> None:
    path = Path(path)
    check_output(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(partial, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(partial)):
            raise  # of the file that the pieces are read from
        # Its message would name the partial file, which is gone.
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


def follow_umask(folder: Path, pattern: str = "*.safetensors") -> None:
    """Give the files of this pattern, in the folder and below, the mode that any new file gets there.

    safetensors writes through a temporary file that only its owner may read, and keeps that mode.
    """
    for path in folder.rglob(pattern):
        # A new file shows the mode: default access lists of a shared folder count as well as the umask.
        sample = path.with_name(f".{path.name}.{os.getpid()}.mode")
        try:
            with open(sample, "wb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        finally:
            sample.unlink(missing_ok=True)
        path.chmod(mode)


def digest_of(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_problems(rows: Iterable[dict]) -> str:
    """SHA-256 of a split: the ids, questions and gold answers of its problems, in order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps([row["problem"], row["question"], row.get("answer")]).encode() + b"\n")
    return digest.hexdigest()


def shorten(text: str | bytes, limit: int = 60) -> str:
    """The start of a text on one line, for messages."""
    text = text[: 4 * limit].decode("utf-8", "replace") if isinstance(text, bytes) else text[: 4 * limit]
    # Invisible characters, and those that control a terminal, are shown as escapes.
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(text.split()))
    return text if len(text) <= limit else text[: limit - 1] + "…"
