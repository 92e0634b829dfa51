"""IFEval (Zhou et al. 2023): 541 prompts with verifiable instructions, Apache-2.0.

It has no training problems: it is the test split of `oasst1`, whose module reads it from here. Its checkers grade the
answers, see `following`.
"""

from pathlib import Path

from yetbetter.data.downloads import WebFile
from yetbetter.errors import UserError
from yetbetter.following import read_constraints
from yetbetter.records import read_rows, where_is

IFEVAL_DIR = {
    "description": "With `data_dir`, the folder of IFEval's input_data.jsonl. Default: `data_dir`.",
    "$ref": "#/$defs/path",
}
FILES = {"ifeval": ("input_data.jsonl", "ifeval_input_data.jsonl")}
COMMIT = "0c495b2f95155e8b10acb919ae283bfb4d5be6e2"
SOURCES = {
    # A copy of google-research's file, byte for byte.
    "ifeval": WebFile(
        f"https://raw.githubusercontent.com/josejg/instruction_following_eval/{COMMIT}"
        "/instruction_following_eval/data/input_data.jsonl",
        "Apache-2.0",
        "67ffeee0fcb87c317c5b08a2de85557b4a7e96ada6178aa645b4954fe4b53d49",
    ),
}
PROMPTS = 541
REQUIRED = ("key", "prompt", "instruction_id_list", "kwargs")


def read_prompts(path: Path) -> list[dict]:
    """The problems in the order of the file. Raises UserError, naming file and line, for a row of another kind.

    A problem is named by its key: the text of one prompt differs between copies of the file.
    """
    problems, seen = [], set()
    for number, row in enumerate(read_rows(path, require=REQUIRED), start=1):
        where = where_is(path, number)
        if not isinstance(row["key"], (int, str)):
            raise UserError(f"{where}: key is {row['key']!r}, it must be a number or text")
        if not isinstance(row["prompt"], str) or not row["prompt"].strip():
            raise UserError(f"{where}: prompt is {row['prompt']!r}, it must be text that is not empty")
        if row["key"] in seen:
            raise UserError(f"{where}: key {row['key']!r} is in the file twice")
        seen.add(row["key"])
        constraints = read_constraints(row | {"question": row["prompt"]}, where)
        problems.append(
            {
                "problem": f"ifeval/{row['key']}",
                # As published, white space at its ends included: an instruction may be to repeat it.
                "question": row["prompt"],
                # Nothing is right or wrong; for readers.
                "answer": " ".join(constraints.names),
                "instruction_id_list": list(constraints.names),
                "kwargs": constraints.kwargs,
            }
        )
    return problems
