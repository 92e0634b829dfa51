"""MBPP (Austin et al. 2021): short Python problems with tests, CC-BY-4.0; HumanEval is their test split.

train, validation: the 427 problems that were checked by hand (sanitized MBPP) less the prompt's examples 2, 3 and 4;
100 of the 424, chosen by a hash of their questions, are for validation. These are the numbers of the paper, 324 and
100; which problems they are, it does not say. MBPP's own split has 120, 43 and 257 of the 427 in train, validation and
test.
test: HumanEval (Chen et al. 2021). control: what is left of MBPP's standard test split (problems 11-510). 257 of its
500 are among the 427, so this benchmark is the other ones, less three; they were not checked by hand.

A question is a problem's text with its first three asserts, as in the published prompt; all asserts are its tests.
Hidden tests are those of MBPP+ and HumanEval+, see `evalplus`: for 372 of the 424, and for HumanEval.
"""

from collections.abc import Container
from pathlib import Path

from yetbetter.data import humaneval
from yetbetter.data.downloads import HubFile, WebFile, read_download
from yetbetter.data.evalplus import read_lines, with_plus_tests
from yetbetter.data.splits import Parts, in_fixed_order, question_key
from yetbetter.errors import UserError
from yetbetter.records import check_row, read_json

FILES = {
    "sanitized": ("sanitized-mbpp.json", "sanitized-mbpp.jsonl"),
    "full": ("mbpp.jsonl",),
    "mbpp_plus": ("MbppPlus.jsonl", "MbppPlus.jsonl.gz"),
    **humaneval.FILES,
}
ANSWER_FORMATS = ("program",)
SIZES = {"train": 324, "validation": 100, "test": 164, "control": 240}
HASHES = {
    "train": "50f8c4e854fde3cfce5030a4ce1df056520cba5f2f9447eb3fb8ab54d3af57e5",
    "validation": "a9a0cd9dad63afcbb6092f6de96f24221ca10fc563378325a9ff6939aef83c90",
    "test": "e10870b3f362062ddba0775a875fdce7a7a7b36d92af490888faeb783e14036b",
    "control": "1f6c9367e820d678d13426e09dcf297b98eed69713567fefcefbc009b8086163",
}
SALT = "mbpp"
EXAMPLES = (2, 3, 4)
STANDARD_TEST = range(11, 511)
# Its asserts build trees of a class that the program must define, and only calls reach a program in the box.
NEED_CLASSES = (367,)
SHOWN = 3
HUB, REVISION = "google-research-datasets/mbpp", "4bb6404fdc6cacfda99d4ac4205087b89d32030c"
PLUS_COMMIT = "dadf43da556a00f7bacd71cb154f2932757d9144"  # v0.2.0
DIGESTS = {
    "sanitized/prompt": "73c623309b7b5d65fd5661204b35f779f8e66301aa9832d1ad4b8fc3b21151fd",
    "sanitized/train": "d95f8ad6d2fff08fe4826122d6e3e31f75716825d0c5c340d297aca5e9e0de0e",
    "sanitized/validation": "27e065fcab3c863959933328a7fdbf404e1bcb5464b1be6fe0dcd9530e420204",
    "sanitized/test": "e9e9efa2c0d59ef5e55537a9d126b8f875d5ac010a8d75628d76824884e15850",
    "full/test": "566fd53060ffba5766dace1d1e2f4c38906781526de222b0dfbdbc325b696c77",
}
SOURCES = {
    **{name: HubFile(HUB, REVISION, f"{name}-00000-of-00001.parquet", digest) for name, digest in DIGESTS.items()},
    "mbpp_plus": WebFile(
        f"https://raw.githubusercontent.com/evalplus/mbppplus_release/{PLUS_COMMIT}/MbppPlus.jsonl.gz",
        "Apache-2.0",
        "af43697e8791c4c149bdfd6b489d8b5412507551ac20e28a439f650b8225db63",
    ),
    **humaneval.SOURCES,
}
REQUIRED = ("task_id", "code", "test_list")


def unpack(files: dict[str, Path]) -> dict[str, list[dict]]:
    """File name -> rows, from what SOURCES names: the layout of a local folder, with the standard test split alone."""
    sanitized = [row for name in DIGESTS if name.startswith("sanitized") for row in read_download(files[name])]
    unpacked = {
        "sanitized-mbpp.jsonl": sorted(sanitized, key=lambda row: row["task_id"]),
        "mbpp.jsonl": read_download(files["full/test"]),
        "MbppPlus.jsonl": read_lines(files["mbpp_plus"], ()),
        "HumanEval.jsonl": read_download(files["humaneval"]),
        "HumanEvalPlus.jsonl": read_lines(files["humaneval_plus"], ()),
    }
    published = dict(zip(unpacked, (427, 500, 378, 164, 164), strict=True))
    for name, rows in unpacked.items():
        if len(rows) != published[name]:
            raise UserError(f"{name}: {len(rows):,} problems were downloaded, {published[name]:,} were published")
    return unpacked


def build(files: dict[str, Path], answer_format: str) -> Parts:
    """The four splits, without hidden tests. Raises UserError, naming file and problem, for a row of another kind."""
    parts = Parts({})
    sanitized = read_problems(files["sanitized"], "prompt")
    full = read_problems(files["full"], "text", STANDARD_TEST)
    # Texts were edited when they were checked: a problem's text is known in both forms.
    known = {question_key(text): number for number, (text, _) in full.items() if number in sanitized}
    known |= {question_key(text): number for number, (text, _) in sanitized.items()}
    checked, control = [], []
    for number, (_, row) in sanitized.items():
        if number in EXAMPLES:
            parts.leave_out(row["problem"], "train", "an example of the published prompt")
        else:
            checked.append(row)
    for number, (text, row) in full.items():
        if number in sanitized:
            continue
        first = known.setdefault(question_key(text), number)
        if number in NEED_CLASSES:
            parts.leave_out(row["problem"], "control", "its tests need a class of the program")
        elif first != number:
            parts.leave_out(row["problem"], "control", f"the same task as mbpp/{first}")
        else:
            control.append(row)
    checked, carved = in_fixed_order(checked, SALT), SIZES["validation"]
    parts.splits = {
        "train": checked[carved:],
        "validation": checked[:carved],
        "test": in_fixed_order(humaneval.read_problems(files["humaneval"]), SALT),
        "control": in_fixed_order(control, SALT),
    }
    return parts


def complete(rows: list[dict], files: dict[str, Path]) -> list[dict]:
    """The rows with their hidden tests. Runs EvalPlus's references in the box. Raises UserError."""
    return with_plus_tests(rows, (files["mbpp_plus"], files["humaneval_plus"]))


def read_problems(path: Path, text_key: str, wanted: Container[int] | None = None) -> dict[int, tuple[str, dict]]:
    """Number of a problem -> its text without tests, and its row.

    text_key: the text's name in the file. wanted: numbers of problems; None for all. Raises UserError.
    """
    rows = read_json(path) if path.suffix == ".json" else read_lines(path, ())
    if not isinstance(rows, list):
        raise UserError(f"{path}: not a list of problems")
    problems = {}
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise UserError(f"{path}: problem {place} is not a JSON object")
        check_row(row, f"{path}, problem {place}", (*REQUIRED, text_key))
        number = row["task_id"]
        if not isinstance(number, int) or number in problems:
            raise UserError(f"{path}, problem {place}: task_id {number!r} is not a number, or twice in the file")
        if wanted is None or number in wanted:
            problems[number] = (row[text_key], problem_of(row, text_key, f"{path}, task_id {number}"))
    return problems


def problem_of(row: dict, text_key: str, where: str) -> dict:
    """where: the row's file and number, for messages."""
    from yetbetter.execution import entry_point_of, from_asserts, imports_of

    tests, imports = row["test_list"], row.get("test_imports") or []
    if not all(isinstance(text, str) for text in (row[text_key], row["code"], *tests, *imports)):
        raise UserError(f"{where}: {text_key}, code, test_list and test_imports must be text")
    # In the full file lines end as on Windows, and some are indented by tabs.
    program = "\n".join(map(spaces_for_tabs, row["code"].replace("\r\n", "\n").split("\n"))).strip("\n")
    setup = "\n".join(filter(None, [*imports, imports_of(where, program)]))
    entry_point = entry_point_of(where, tests, program)
    from_asserts(where, entry_point, tests, setup)  # raises for tests that are none
    shown = "\n".join(test.strip() for test in tests[:SHOWN])
    return {
        "problem": f"mbpp/{row['task_id']}",
        "question": f"{row[text_key].strip()} Your code should pass these tests:\n\n{shown}",
        "answer": program,
        "solution": f"\n{program.rstrip()}",
        "entry_point": entry_point,
        "tests": tests,
        **({"setup": setup} if setup else {}),
    }


def spaces_for_tabs(line: str) -> str:
    """A line whose indentation is in spaces."""
    text = line.lstrip(" \t")
    return line[: len(line) - len(text)].expandtabs(4) + text
