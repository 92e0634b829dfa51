"""HumanEval (Chen et al. 2021): 164 functions to complete from signature and docstring, MIT.

It has no training problems: it is the test split of `mbpp`, whose module reads it from here. Hidden tests are those of
HumanEval+, but for extreme ones, see `evalplus`.
"""

from pathlib import Path

from yetbetter.data.downloads import HubFile, WebFile
from yetbetter.data.evalplus import read_lines
from yetbetter.errors import UserError

HUMANEVAL_DIR = {
    "description": "With `data_dir`, the folder of HumanEval.jsonl and HumanEvalPlus.jsonl.gz. Default: `data_dir`.",
    "$ref": "#/$defs/path",
}
FILES = {
    "humaneval": ("HumanEval.jsonl", "HumanEval.jsonl.gz"),
    "humaneval_plus": ("HumanEvalPlus.jsonl", "HumanEvalPlus.jsonl.gz"),
}
PLUS_COMMIT = "200defce9e3429d28ca215b6dd061c0f7f31c18b"  # v0.1.10
SOURCES = {
    "humaneval": HubFile(
        "openai/openai_humaneval",
        "7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544",
        "openai_humaneval/test-00000-of-00001.parquet",
        "2f2871a15fbc95b6c683043359f4ed8e144c5a1c4f24f25f66bc51f598dfcfb6",
    ),
    "humaneval_plus": WebFile(
        f"https://raw.githubusercontent.com/evalplus/humanevalplus_release/{PLUS_COMMIT}/HumanEvalPlus.jsonl.gz",
        "Apache-2.0",
        "272720b90ac375502c8ed23cd791c2a93dfb22a911641a494da74a426c09f101",
    ),
}
REQUIRED = ("task_id", "prompt", "canonical_solution", "entry_point", "test")


def read_problems(path: Path) -> list[dict]:
    """The problems in the order of the file. Raises UserError, naming file and problem, for a row of another kind.

    `question` is the signature with its docstring, after one sentence that asks to complete it; `signature` is the same
    as published, which a completion is put behind.
    """
    return [problem_of(row, f"{path}, {row['task_id']}") for row in read_lines(path, REQUIRED)]


def problem_of(row: dict, where: str) -> dict:
    """where: the row's file and name, for messages."""
    from yetbetter.execution import from_check

    if wrong := [key for key in REQUIRED if not isinstance(row[key], str)]:
        raise UserError(f"{where}: {wrong[0]} is not text")
    program = row["prompt"] + row["canonical_solution"]
    return {
        "problem": row["task_id"],
        "question": f"Complete this Python function.\n\n{row['prompt'].strip()}",
        "answer": program,
        "solution": f"\n{program.strip()}",
        "entry_point": row["entry_point"],
        "tests": from_check(where, row["entry_point"], row["test"], row["prompt"]).as_plain(),
        "signature": row["prompt"],
    }
