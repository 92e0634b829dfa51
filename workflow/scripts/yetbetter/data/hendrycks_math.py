"""MATH (Hendrycks et al. 2021): competition problems in seven subjects and five levels, MIT; and their variants.

train: its 7,500 training problems, less those left out. test: the 500 test problems of PRM800K (Lightman et al. 2023).
validation: 500 of the other 4,500 test problems, chosen by a hash of their questions, none with a functional variant.
functional: Functional MATH (Srivastava et al. 2024), October 2023: other numbers for test problems, under their ids.
"""

import json
import re
import tarfile
from pathlib import Path

from yetbetter.data.downloads import HubFile, WebFile, read_download
from yetbetter.data.levels import read_level
from yetbetter.data.splits import Parts, drop_repeated, in_fixed_order, state_answer
from yetbetter.errors import UserError
from yetbetter.records import read_rows, where_is

FUNCTIONAL_DIR = {
    "description": "With `data_dir`, the folder of Functional MATH's Oct-2023.jsonl. Default: `data_dir`.",
    "$ref": "#/$defs/path",
}
FILES = {
    "train": ("train.jsonl",),
    "test": ("test.jsonl",),
    "math500": ("math500.jsonl",),
    "functional": ("Oct-2023.jsonl",),
}
# The other conventions end at a full stop or keep a number alone, and formulas hold both.
ANSWER_FORMATS = ("minerva", "boxed", "any")
SIZES = {"train": 7490, "validation": 500, "test": 500, "functional": 1743}
HASHES = {
    "train": "68457626e9a888d02e65efee32d38588dd6ef9bad02fd70f4c2a024bbe2e5bf3",
    "validation": "01f64d6298bceaf5cbdc519888ffc618978caff9af47760c61c52ccdae091ebf",
    "test": "cd6b00c939723134ddcac05d64646c8f816b820c3280c4dd3677055feecc3916",
    "functional": "48be0b908cd3bccbc10516a030b5ea47cb32137354b739660a8eddabde2527a4",
}
SALT = "math"
# Examples of the Minerva prompt (Lewkowycz et al. 2022, appendix D): never asked, with any prompt.
EXAMPLES = (
    "train/algebra/943.json",
    "train/precalculus/372.json",
    "train/algebra/256.json",
    "train/algebra/1951.json",
)
LEVELS = range(1, 6)
FUNCTIONAL_COMMIT = "a89e561466dac1d0a376aaad9d84fa366a9f8e93"
# The first copy on the hub was taken down; this one keeps the ids, by which functional variants find their problems.
SOURCES = {
    "prm800k_train": HubFile(
        "nlile/hendrycks-MATH-benchmark",
        "b2d17b56c4299a255acb1d4bc14ce920eb15f4fc",
        "data/train-00000-of-00001.parquet",
    ),
    "prm800k_test": HubFile(
        "HuggingFaceH4/MATH-500",
        "6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be",
        "test.jsonl",
        "35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132",
    ),
    "functional": WebFile(
        f"https://raw.githubusercontent.com/ConsequentAI/fneval/{FUNCTIONAL_COMMIT}/Oct-2023.tar.gz", "GPL-3.0"
    ),
}
MEMBER = re.compile(r"(?:.*/)?(test/[a-z_]+/\d+\.json)")
LARGEST_MEMBER = 10**6  # bytes


def unpack(files: dict[str, Path]) -> dict[str, list[dict]]:
    """File name -> rows, from what SOURCES names: the layout of a local folder."""
    rest, math500 = read_download(files["prm800k_train"]), read_rows(files["prm800k_test"], require=("unique_id",))
    for row in rest:
        if not isinstance(row.get("unique_id"), str):
            raise UserError(f"{files['prm800k_train']}: a row without 'unique_id', it has: {', '.join(row)}")
    train = [row for row in rest if row["unique_id"].startswith("train/")]
    test = [row for row in rest if row["unique_id"].startswith("test/")] + math500
    if (len(train), len(test), len(math500)) != (7500, 5000, 500):
        raise UserError(
            f"{files['prm800k_train']}: {len(train):,} training and {len(test):,} test problems with MATH-500's,"
            " MATH has 7,500 and 5,000"
        )
    return {
        "train.jsonl": train,
        "test.jsonl": test,
        "math500.jsonl": math500,
        "Oct-2023.jsonl": read_snapshot(files["functional"]),
    }


def read_snapshot(archive: Path) -> list[dict]:
    """Functional MATH's rows: one JSON object per file <snapshot>/test/<subject>/<number>.json."""
    rows = []
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for member in packed:
                name = MEMBER.fullmatch(member.name)
                if name and member.isfile() and member.size <= LARGEST_MEMBER:
                    row = json.loads(packed.extractfile(member).read())
                    if not row.get("is_static", False):
                        rows.append(
                            {
                                "unique_id": name[1],
                                "problem": row["problem"],
                                "level": row["level"],
                                "subject": row["type"],
                                "solution": row["solution"],
                                "answer": stated_answer(row["solution"], "boxed") or "",
                            }
                        )
    except (tarfile.TarError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{archive}: not a snapshot of Functional MATH ({error!r})") from None
    return sorted(rows, key=lambda row: row["unique_id"])


def build(files: dict[str, Path], answer_format: str) -> Parts:
    """The four splits. Raises UserError, naming file and line, for a row that is not MATH's."""
    parts = Parts({})
    train, test, math500, functional = (read_problems(files[role], parts, role, answer_format) for role in FILES)
    if missing := math500.keys() - test.keys():
        raise UserError(f"{files['math500']}: {min(missing)!r} is not among the problems of {files['test']}")
    if missing := functional.keys() - test.keys():
        raise UserError(f"{files['functional']}: {min(missing)!r} is not among the problems of {files['test']}")
    for name in EXAMPLES:
        if train.pop(name, None):
            parts.leave_out(name, "train", "an example of the Minerva prompt")
    held_out = [row for name, row in test.items() if name not in math500 and name not in functional]
    parts.splits = {
        "test": in_fixed_order(math500.values(), SALT),
        # Not asked, but must not be trained on either.
        "rest": [row for name, row in test.items() if name not in math500],
        "train": in_fixed_order(train.values(), SALT),
        "functional": [
            {key: row[key] for key in row if key != "solution"} for row in in_fixed_order(functional.values(), SALT)
        ],
    }
    drop_repeated(parts, ("test", "rest", "train", "functional"))
    asked = {row["problem"] for row in parts.splits.pop("rest")}
    validation = [row for row in in_fixed_order(held_out, SALT) if row["problem"] in asked]
    parts.splits["validation"] = validation[: SIZES["validation"]]
    parts.splits = {split: parts.splits[split] for split in SIZES}
    return parts


def read_problems(path: Path, parts: Parts, split: str, answer_format: str) -> dict[str, dict]:
    """id -> problem, without those that have no answer to grade against."""
    problems: dict[str, dict] = {}
    for number, row in enumerate(read_rows(path, require=("unique_id", "problem", "solution", "answer")), start=1):
        name = row["unique_id"]
        if not isinstance(name, str) or not row["problem"].strip():
            fault = f"unique_id is {name!r}, problem {row['problem'][:40]!r}; both must be text"
            raise UserError(f"{where_is(path, number)}: {fault}")
        if name in problems:
            raise UserError(f"{where_is(path, number)}: unique_id {name!r} is also in an earlier line")
        answer = row["answer"].strip()
        if not answer:
            parts.leave_out(name, split, "no final answer")
            continue
        try:
            level = read_level(row.get("level"))
        except ValueError as error:
            raise UserError(f"{where_is(path, number)}: {error}") from None
        problems[name] = {
            "problem": name,
            "question": row["problem"].strip(),
            "answer": answer,
            **({"level": level} if level in LEVELS else {}),
            **({"subject": row["subject"]} if row.get("subject") else {}),
            "solution": with_answer(row["solution"].strip(), answer, answer_format),
        }
    return problems


def stated_answer(solution: str, answer_format: str) -> str | None:
    # A dry run reads this registry and grades nothing: the grader is loaded where it is used.
    from yetbetter.grading import extract_answer

    return extract_answer(solution, answer_format)


def with_answer(solution: str, answer: str, answer_format: str) -> str:
    """MATH's solutions state their answer in a box; other conventions get their own line."""
    if answer_format in ("any", "boxed") and stated_answer(solution, answer_format) == answer:
        return solution
    return state_answer(solution, answer, "boxed" if answer_format == "any" else answer_format)
