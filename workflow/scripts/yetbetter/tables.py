"""Tidy CSV tables, written with the standard library so that every environment can make them."""

import csv
import io
import math
from collections.abc import Iterable
from pathlib import Path

from yetbetter.records import open_text, write_text


def write_table(path: str | Path, columns: Iterable[str], rows: Iterable[dict]) -> None:
    """Write rows as CSV with these columns, in this order; NaN and None become empty cells, the file appears whole."""
    columns = list(columns)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({key: cell(value) for key, value in row.items()} for row in rows)
    write_text(path, [text.getvalue()])


def read_table(path: str | Path) -> list[dict[str, str]]:
    with open_text(path) as file:
        return list(csv.DictReader(file))


def cell(value):
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value
