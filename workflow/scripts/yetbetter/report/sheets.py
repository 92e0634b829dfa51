"""Tables of a page: what is in each field, what it sorts by, and the CSV file that the reader can save."""

import base64
import csv
import io
import math
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup, escape

from yetbetter.report import wording

SHOWN = 12  # rows of a long table that are in the page itself; the script shows the others page by page


@dataclass(frozen=True)
class Field:
    """text: what is read (HTML if it is Markup). key: what the column is sorted by; the text if left out."""

    text: str
    key: str | float | None = None

    @property
    def sort(self) -> str | None:
        if isinstance(self.key, float) and math.isnan(self.key):
            return ""
        return None if self.key is None else str(self.key)


@dataclass(frozen=True)
class Column:
    """kind: text, number (set to the right), or picture (not sorted)."""

    name: str
    kind: str = "text"


@dataclass
class Sheet:
    """A table of a page. total: its number of rows; `rows` may be some of them. content: the CSV file, as saved."""

    name: str
    columns: list[Column]
    rows: list[list[Field]]
    content: bytes
    total: int = 0
    caption: str = ""
    classes: str = ""
    notes: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.total = self.total or len(self.rows)

    @property
    def link(self) -> str:
        return "data:text/csv;base64," + base64.b64encode(self.content).decode()

    @property
    def size(self) -> str:
        return wording.size(len(self.content))


def numeric(value, text: str) -> Field:
    return Field(text, wording.to_float(value))


def in_two_lines(value: str, interval: str) -> Markup:
    """A cell with a value and, below it, its interval."""
    return Markup(f'{escape(value)}<br><span class="faint">{escape(interval)}</span>')


def make_sheet(name: str, columns: list[Column], rows: list[list[Field]], **more) -> Sheet:
    """A sheet that shows everything; its CSV file holds what the columns sort by."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    kept = [number for number, column in enumerate(columns) if column.kind != "picture"]
    writer.writerow([columns[number].name for number in kept])
    for row in rows:
        fields = (row[number] for number in kept)
        writer.writerow([item.sort if item.sort is not None else item.text for item in fields])
    return Sheet(name, columns, rows, text.getvalue().encode(), **more)


def file_sheet(path: Path) -> Sheet:
    """A table's file as it is: its first rows for the page, its bytes to be saved."""
    content = path.read_bytes()
    lines = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    header, rows = (lines[0], lines[1:]) if lines else ([], [])
    kinds = [
        "number" if is_numeric(row[number] for row in rows if number < len(row)) else "text"
        for number in range(len(header))
    ]
    columns = [Column(name, kind) for name, kind in zip(header, kinds, strict=True)]
    shown = [[Field(text) for text in row] for row in rows[:SHOWN]]
    return Sheet(path.name, columns, shown, content, total=len(rows))


def is_numeric(texts) -> bool:
    found = [text for text in texts if text]
    return bool(found) and all(math.isfinite(wording.to_float(text)) for text in found)


def interval_picture(value, low, high, reach: float, width: int = 132) -> Markup:
    """A dot with its interval on a line whose middle is zero and whose ends are plus and minus `reach`."""
    value, low, high = (wording.to_float(part) for part in (value, low, high))
    if not math.isfinite(value) or not reach:
        return Markup("")

    def place(position: float) -> str:
        return f"{width / 2 * (1 + max(-1.0, min(1.0, position / reach))):.1f}"

    line = ""
    if math.isfinite(low + high):
        line = f'<line class="span" x1="{place(low)}" x2="{place(high)}" y1="8" y2="8"/>'
    return Markup(
        f'<svg class="interval" viewBox="0 0 {width} 16" width="{width}" height="16" role="img"'
        f' aria-label="{escape(wording.signed(value))} {escape(wording.interval(low, high))}">'
        f'<line class="zero" x1="{width / 2}" x2="{width / 2}" y1="0" y2="16"/>{line}'
        f'<circle cx="{place(value)}" cy="8" r="3.2"/></svg>'
    )
