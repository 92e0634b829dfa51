"""Tidy CSV tables, read and written with the standard library so that every environment can use them."""

import csv
import io
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from yetbetter.errors import UserError
from yetbetter.records import open_text, shorten, text_kind, write_text

# Columns of numbers in the tables of results.
NUMBERS = ("value", "low", "high", "difference", "k")
# Columns of counts, which are read as text. A name may be 2.0, and stays so.
COUNTS = ("level", "problems", "questions", "samples", "seed", "seeds", "step")


def write_table(path: str | Path, columns: Iterable[str], rows: Iterable[dict]) -> None:
    """Write rows as CSV with these columns, in this order, atomically; NaN and None become empty cells."""
    columns = list(columns)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({key: cell(value) for key, value in row.items()} for row in rows)
    write_text(path, [text.getvalue()])


def cell(value):
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value


class Estimate(NamedTuple):
    """One value and its interval; NaN if the table has none."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan

    def times(self, factor: float) -> "Estimate":
        return Estimate(*(factor * number for number in self))

    @property
    def known(self) -> bool:
        return not math.isnan(self.value)

    @property
    def bounded(self) -> bool:
        """Whether the value and its interval are known."""
        return not math.isnan(self.value + self.low + self.high)

    @property
    def end(self) -> float:
        """The largest of the known numbers, 0 if none is known."""
        return max((number for number in self if math.isfinite(number)), default=0.0)


@dataclass(frozen=True)
class Table:
    """Rows of a tidy CSV file. Values are text, except in columns that were read as numbers."""

    path: str
    rows: list[dict]

    def where(self, **keys) -> "Table":
        """The rows with these values in these columns; a tuple allows several values."""
        allowed = {key: value if isinstance(value, tuple) else (value,) for key, value in keys.items()}
        rows = [row for row in self.rows if all(row[key] in values for key, values in allowed.items())]
        return Table(self.path, rows)

    def values(self, column: str) -> list[str]:
        """The distinct values of a column, in order of first appearance."""
        return list(dict.fromkeys(row[column] for row in self.rows))

    def estimate(self, value: str = "value", **keys) -> Estimate:
        """The value of the row with these keys; all NaN if there is no such row, UserError if there are several."""
        rows = self.where(**keys).rows
        if len(rows) > 1:
            name = ", ".join(f"{key} {key_value}" for key, key_value in keys.items())
            raise UserError(f"{self.path}: {len(rows)} rows for {name}; a figure needs one")
        found = Estimate(rows[0][value], rows[0]["low"], rows[0]["high"]) if rows else Estimate()
        return found if found.bounded else Estimate(found.value)


def read_table(path: str | Path, columns: Iterable[str] = (), numbers: Iterable[str] = ()) -> Table:
    """A tidy CSV file. UserError, naming file and column, for a missing column or a broken number.

    columns: required columns. numbers: columns that are read as numbers if the file has them; all others are text.
    """
    with open_text(path) as file:
        try:
            reader = csv.DictReader(io.StringIO(file.read()), restval="")
            has = reader.fieldnames or []
        except UnicodeDecodeError as error:
            kind = text_kind(path) or f"not UTF-8 text ({error.reason} at byte {error.start})"
            raise UserError(f"{path}: {kind}") from None
        except csv.Error as error:
            raise UserError(f"{path}: not a CSV table ({error})") from None
    for column in columns:
        if column not in has:
            raise UserError(f"{path}: no column {column!r}, it has: {shorten(', '.join(has), 300) or 'none'}")
    rows = []
    for row in reader:
        row = {name: text or "" for name, text in row.items() if name}
        # Counts that once shared a column with a gap are written as 10.0.
        row |= {name: re.sub(r"^(\d+)\.0$", r"\1", row[name]) for name in COUNTS if name in row}
        read = {name: to_number(row[name], f"{path}:{reader.line_num}: {name}") for name in numbers if name in row}
        rows.append(row | read)
    return Table(str(path), rows)


def level_order(level: str) -> tuple:
    """The place of a level of difficulty among others: numbers by their size, then words."""
    try:
        return (0, float(level), level)
    except ValueError:
        return (1, 0.0, level)


def to_number(text: str, where: str) -> float:
    """NaN for an empty field or an infinity; UserError, starting with `where`, for text."""
    try:
        number = float(text or "nan")
    except ValueError:
        raise UserError(f"{where} is {text!r}, not a number") from None
    return number if math.isfinite(number) else math.nan
