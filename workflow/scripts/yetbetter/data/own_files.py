"""The adapter `files`: problems from the study's own JSON Lines files, one per split."""

import re
from types import ModuleType

from yetbetter.data.levels import read_level
from yetbetter.errors import UserError
from yetbetter.records import check_unique, read_rows

FILES = {
    "description": "A JSON Lines file per split; rows hold problem, question and answer.",
    "type": "object",
    "propertyNames": {"enum": ["train", "validation", "test", "functional", "control"]},
    "additionalProperties": {"type": "string"},
}
LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # no tokenizer accepts one


def check_entry(key: str, dataset: str, entry: dict, module: ModuleType | None) -> None:
    """UserError for a split without a file."""
    for split in entry["splits"]:
        if split not in entry.get("files", {}):
            raise UserError(f"{key}.files: no file for the split {split!r}")


def read_problems_of(path: str, questions: int, others: list[str]) -> list[dict]:
    """All problems of a split's file. UserError for a bad row, or fewer than `questions`.

    others: files of the other splits, which must not hold the same questions.
    """
    rows = read_rows(path, require=("problem", "question", "answer"))
    check_unique(rows, path, "problem")
    check_unique(rows, path, "question")
    for number, row in enumerate(rows, start=1):
        check_problem(row, f"{path}:{number}")
    check_other_splits(rows, path, others)
    if len(rows) < questions:
        raise UserError(f"{path}: {len(rows)} problems, the split asks for {questions}")
    return rows


def check_problem(row: dict, where: str) -> None:
    """UserError, starting with `where`, for an empty text, a bad level, or half a character. The level is unified."""
    for key in ("problem", "question", "answer"):
        if not row[key].strip():
            raise UserError(f"{where}: {key} is {row[key]!r}, it must be text that is not empty")
    if "level" in row:
        row["level"] = read_level(row["level"], where)
    for key, value in row.items():
        lone = LONE_SURROGATE.search(value) if isinstance(value, str) else None
        if lone:
            raise UserError(f"{where}: {key} holds {lone[0]!r}, half of a character; it must be text of whole ones")


def check_other_splits(rows: list[dict], path: str, others: list[str]) -> None:
    """UserError for a question in two splits: a model would be tested on what it was trained on."""
    lines = {" ".join(row["question"].split()): number for number, row in enumerate(rows, start=1)}
    for other in others:
        for number, row in enumerate(read_rows(other, require=("question",)), start=1):
            line = lines.get(" ".join(row["question"].split()))
            if line is not None:
                raise UserError(f"{path}:{line}: its question is also in {other}:{number}, splits must be disjoint")
