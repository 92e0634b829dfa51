"""What requests to a paid endpoint cost: an append-only file that all jobs of a model share, and the limit it holds.

A try is one request, sent once. It has two rows under one id: `reserved`, with the most it can cost, is on disk before
the request leaves; its outcome, with what it cost, follows. The last row of a try counts: one whose process died stays
charged at its worst. Rows: try (id), time (UTC), dollars, model, asked (samples), received, prompt_tokens,
completion_tokens, estimated (they are the worst case, not the endpoint's count), outcome, and the endpoint's own id,
`request`.
"""

import contextlib
import json
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from yetbetter.errors import UserError
from yetbetter.locks import lock
from yetbetter.records import dump_row

RESERVED = "reserved"


class Ledger:
    """A ledger file; each access reads what was added since the last one.

    path: None keeps no file (if nothing has a price). limit: dollars that all rows together may reach; 0 for none.
    """

    def __init__(self, path: Path | None, limit: float = 0.0):
        self.path, self.limit = path, limit
        self.total = 0.0  # dollars spent or reserved, by any process, as far as the file was read
        self.reserved: dict[str, float] = {}
        self.position = 0
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self.locked():
                pass

    def reserve(self, dollars: float, **facts) -> str | None:
        """Record a try that is about to be sent and may cost this much; its id, or None if the limit forbids it."""
        name = uuid.uuid4().hex
        with self.locked() as file:
            # A billionth of a dollar is rounding, not money.
            if self.limit and self.total + dollars > self.limit + 1e-9:
                return None
            self.write(file, name, dollars, outcome=RESERVED, estimated=True, **facts)
        return name

    def settle(self, name: str, dollars: float, **facts) -> None:
        """Record how a reserved try ended, and what it cost."""
        with self.locked() as file:
            self.write(file, name, dollars, **facts)

    @contextlib.contextmanager
    def locked(self) -> Iterator[BinaryIO | None]:
        """The file under an exclusive lock, read to its end."""
        if self.path is None:
            yield None
            return
        with open(self.path, "a+b") as file:
            lock(file)
            if file.seek(0, os.SEEK_END) < self.position:
                raise UserError(f"{self.path}: has become shorter while it was in use; it is only ever appended to")
            file.seek(self.position)
            for line in file:
                if not line.endswith(b"\n"):  # torn by a crash; the lock is ours, so nobody is still writing it
                    file.write(b"\n")
                self.count(parse_row(line))
            self.position = file.seek(0, os.SEEK_END)
            yield file

    def write(self, file: BinaryIO | None, name: str, dollars: float, **facts) -> None:
        row = {"try": name, "time": datetime.now(UTC).isoformat(timespec="milliseconds"), "dollars": dollars, **facts}
        if file is not None:
            file.write(dump_row(row).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
            self.position = file.tell()
        self.count(row)

    def count(self, row: dict) -> None:
        if not row:
            return
        self.total += row["dollars"] - self.reserved.pop(row["try"], 0.0)
        if row.get("outcome") == RESERVED:
            self.reserved[row["try"]] = row["dollars"]


def parse_row(line: bytes) -> dict:
    """A row, empty if a crash left half a line."""
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) and {"try", "dollars"} <= set(row) else {}


def read_tries(path: str | Path) -> list[dict]:
    """The tries of a ledger, each as its last row, in the order in which they were sent."""
    tries: dict[str, dict] = {}
    with open(path, "rb") as file:
        for row in map(parse_row, file):
            if row:
                tries[row["try"]] = row
    return list(tries.values())
