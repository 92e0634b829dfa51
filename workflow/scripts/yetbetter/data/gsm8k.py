"""GSM8K (Cobbe et al. 2021): grade-school word problems with rationales, MIT.

It comes with 7,473 training and 1,319 test problems and no validation split: 500 training problems, chosen by a hash of
their questions, become one, and 6,973 remain. (The paper prints 7,500 and 500, which add up to more than there are.)
"""

import re
from pathlib import Path

from yetbetter.data.downloads import HubFile, read_download
from yetbetter.data.splits import Parts, drop_repeated, in_fixed_order, state_answer
from yetbetter.errors import UserError
from yetbetter.records import read_rows, shorten, where_is

FILES = {"train": ("train.jsonl",), "test": ("test.jsonl",)}
ANSWER_FORMATS = ("the_answer_is", "gsm8k", "boxed", "minerva", "any")
SIZES = {"train": 6973, "validation": 500, "test": 1319}
HASHES = {
    "train": "14ab1f058085a85a48bf5c47038bf42169c4b2277080d7db693e007e62076674",
    "validation": "dcfc12bf4e6eb08509b410215c3468c86863cbf4f8dff482746adc16524f7f52",
    "test": "e5a702a7c4ca01e7f23a57fca763e7b6662ce344a47ac3198c00d959ddd1dc51",
}
SALT = "gsm8k"
HUB, REVISION = "openai/gsm8k", "740312add88f781978c0658806c59bc2815b9866"
SOURCES = {
    "train": HubFile(
        HUB,
        REVISION,
        "main/train-00000-of-00001.parquet",
        "ea82612ea9582142387730c793eb67d3b12849002bc0b7fa6f8efafa7351419d",
    ),
    "test": HubFile(
        HUB,
        REVISION,
        "main/test-00000-of-00001.parquet",
        "ee7b8da9e381df27b9e3f7758a159ab2bdaa4dbaa910546cbbc47e0cb44e4f59",
    ),
}
# <<48/2=24>>: calculator input from when the rationale was written.
ANNOTATION = re.compile(r"<<[^<>]*>>")


def unpack(files: dict[str, Path]) -> dict[str, list[dict]]:
    """File name -> rows, from what SOURCES names: the layout of a local folder."""
    return {f"{split}.jsonl": read_download(path) for split, path in files.items()}


def build(files: dict[str, Path], answer_format: str) -> Parts:
    """The splits train, validation and test. Raises UserError, naming file and line, for a row that is not GSM8K's."""
    parts = Parts({"test": [], "train": []})
    for split in ("test", "train"):
        for number, row in enumerate(read_rows(files[split], require=("question", "answer")), start=1):
            problem = read_problem(row, f"{split}/{number - 1}", (files[split], number), answer_format)
            if problem["answer"]:
                parts.splits[split].append(problem)
            else:
                parts.leave_out(problem["problem"], split, "no final answer")
    drop_repeated(parts, ("test", "train"))
    train = in_fixed_order(parts.splits["train"], SALT)
    carved = SIZES["validation"]
    parts.splits = {
        "train": train[carved:],
        "validation": train[:carved],
        "test": in_fixed_order(parts.splits["test"], SALT),
    }
    return parts


def read_problem(row: dict, name: str, place: tuple[Path, int], answer_format: str) -> dict:
    """place: the row's file and number."""
    if not row["question"].strip():
        raise UserError(f"{where_is(*place)}: question is empty")
    rationale, mark, answer = row["answer"].rpartition("####")
    if not mark:
        raise UserError(f"{where_is(*place)}: answer has no '####' before its final answer: {shorten(row['answer'])}")
    answer = answer.strip()
    rationale = ANNOTATION.sub("", rationale)
    answer_format = "gsm8k" if answer_format == "any" else answer_format
    return {
        "problem": name,
        "question": row["question"].strip(),
        "answer": answer,
        "solution": state_answer(rationale, answer, answer_format),
    }
