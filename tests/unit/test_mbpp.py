"""MBPP's problems: fixed, disjoint splits, rows that the grader can use, and references that pass their own tests."""

import json

import code_data
import pyarrow
import pytest
from code_data import EVERY, as_tests, failures, files, parts
from execution_support import ROOT, data
from pyarrow import parquet

from yetbetter.data import mbpp
from yetbetter.data.evalplus import TWO_READINGS
from yetbetter.data.public import check_entry, find_files, import_split
from yetbetter.data.splits import check_disjoint
from yetbetter.errors import UserError
from yetbetter.execution import extract_program
from yetbetter.generation.prompts import fill, read_template
from yetbetter.records import digest_of_problems, read_json, read_rows, write_rows

PROMPTS = ROOT / "resources" / "prompts"
KEYS = {"problem", "question", "answer", "solution", "entry_point", "tests"}
# Problems whose reference in sanitized MBPP fails the tests of MBPP+, which has mended references.
NOT_AS_IN_MBPP_PLUS = {
    *(16, 66, 74, 92, 93, 104, 126, 127, 129, 137, 138, 139, 165, 223, 233, 244, 261, 276, 280, 283, 290, 406),
    *(409, 412, 415, 418, 433, 435, 446, 451, 453, 454, 459, 468, 560, 566, 576, 589, 597, 605, 607, 735, 757),
    *(771, 775, 777, 780, 792, 800),
}
# Those whose reference takes too long for them.
SLOW = {84, 96, 260, 388, 803}


# The published data ---------------------------------------------------------------------------------------------------


def test_the_splits_are_those_that_are_documented():
    splits = parts().splits
    assert {split: len(rows) for split, rows in splits.items()} == mbpp.SIZES
    assert {split: digest_of_problems(rows) for split, rows in splits.items()} == mbpp.HASHES
    check_disjoint(splits, "mbpp")
    names = [row["problem"] for rows in splits.values() for row in rows]
    assert len(set(names)) == len(names)


def test_train_and_validation_are_the_checked_problems_and_control_holds_none_of_them():
    checked = {f"mbpp/{row['task_id']}" for row in read_json(data("mbpp/sanitized-mbpp.json"))}
    names = {split: {row["problem"] for row in rows} for split, rows in parts().splits.items()}
    assert len(checked) == 427
    assert names["train"] | names["validation"] == checked - {"mbpp/2", "mbpp/3", "mbpp/4"}
    assert not names["control"] & checked
    assert all(11 <= int(name.removeprefix("mbpp/")) <= 510 for name in names["control"])


def test_what_is_left_out_is_listed_with_its_reason():
    example = "an example of the published prompt"
    assert {(row["problem"], row["split"]): row["reason"] for row in parts().left_out} == {
        **{(f"mbpp/{number}", "train"): example for number in (2, 3, 4)},
        ("mbpp/217", "control"): "the same task as mbpp/602",
        ("mbpp/347", "control"): "the same task as mbpp/76",
        ("mbpp/367", "control"): "its tests need a class of the program",
    }


@pytest.mark.parametrize("split", ["train", "validation", "control"])
def test_a_row_has_a_question_with_its_first_tests_a_program_and_all_tests(split):
    for row in parts().splits[split]:
        assert KEYS <= row.keys() <= KEYS | {"setup"}
        text, _, shown = row["question"].partition(" Your code should pass these tests:\n\n")
        assert text.strip() == text != ""
        assert shown == "\n".join(test.strip() for test in row["tests"][:3])
        assert row["entry_point"] in row["tests"][0]
        assert row["solution"] == "\n" + row["answer"].rstrip()
        assert extract_program(row["solution"] + "\n[DONE]", row["entry_point"]) == row["solution"] + "\n"
        assert "\r" not in json.dumps(row["answer"]) and "\n\t" not in row["answer"]


@pytest.mark.slow
@pytest.mark.parametrize("split", ["train", "validation", "control"])
def test_every_reference_passes_its_own_tests(split):
    rows = parts().splits[split][::EVERY]
    assert failures({row["problem"]: (row["solution"], as_tests(row)) for row in rows}) == set()


@pytest.mark.slow
def test_references_pass_the_hidden_tests_but_those_named():
    rows = [row for split in ("train", "validation") for row in parts().splits[split]]
    rows = mbpp.complete(rows[::EVERY], files())
    tasks = {row["problem"]: (row["answer"], as_tests(row, "hidden_tests")) for row in rows if "hidden_tests" in row}
    found = {int(name.removeprefix("mbpp/")) for name in failures(tasks)}
    asked = {int(name.removeprefix("mbpp/")) for name in tasks}
    assert NOT_AS_IN_MBPP_PLUS & asked <= found <= NOT_AS_IN_MBPP_PLUS | SLOW
    if EVERY == 1:
        assert len(tasks) == 372
        assert not {*TWO_READINGS, "mbpp/793"} & tasks.keys()


def test_a_split_is_imported_with_hidden_tests_for_the_problems_asked_for():
    code_data.needs()
    folders = [data("mbpp"), data("humaneval")]
    prompts = {"mbpp_3shot.txt": read_template(PROMPTS / "mbpp_3shot.txt")}
    rows, facts = import_split("mbpp", mbpp, folders, "validation", 3, "program", prompts)
    assert [row["problem"] for row in rows] == [row["problem"] for row in parts().splits["validation"][:3]]
    assert facts["hash"] == digest_of_problems(rows)
    assert facts["documented"] == dict.fromkeys(mbpp.SIZES, True)
    plain = json.loads(json.dumps(rows))
    assert [as_tests(row, "hidden_tests") for row in plain] == [as_tests(row, "hidden_tests") for row in rows]
    assert failures({row["problem"]: (row["answer"], as_tests(row, "hidden_tests")) for row in plain}) == set()


def test_the_benchmarks_of_mbpp_itself_have_no_hidden_tests_and_need_no_box(monkeypatch):
    monkeypatch.setattr("yetbetter.execution.open_box", None)
    rows = parts().splits["control"]
    assert mbpp.complete(rows, files()) == rows


# Prompts --------------------------------------------------------------------------------------------------------------


def test_the_three_shot_prompt_is_the_published_one():
    published = read_json(data("few_shot_prompts/mbpp_3shot.json"))
    examples = []
    for shot in published["shots"]:
        asked = published["doc_to_text"].replace("{text}", shot["text"])
        for number, test in enumerate(shot["test_list"]):
            asked = asked.replace(f"{{test_list[{number}]}}", test)
        examples.append(asked + published["doc_to_target"].replace("{code}", shot["code"]))
    template = read_template(PROMPTS / "mbpp_3shot.txt")
    assert template == "\n\n".join([*examples, read_template(PROMPTS / "mbpp.txt")]).replace("\r\n", "\n")
    assert [shot["task_id"] for shot in published["shots"]] == [*mbpp.EXAMPLES]


def test_a_question_fills_the_prompt_as_published():
    row = parts().splits["train"][0]
    text, *tests = row["question"].partition(" Your code")[0], *row["tests"][:3]
    published = read_json(data("few_shot_prompts/mbpp_3shot.json"))["doc_to_text"].replace("{text}", text)
    for number, test in enumerate(tests):
        published = published.replace(f"{{test_list[{number}]}}", test)
    filled = fill(read_template(PROMPTS / "mbpp.txt"), row["question"])
    assert filled + row["solution"] == published + row["answer"]


# Downloads ------------------------------------------------------------------------------------------------------------


def test_what_is_downloaded_gives_the_same_splits_as_the_published_files(tmp_path):
    sanitized = read_json(data("mbpp/sanitized-mbpp.json"))
    ids = {"prompt": range(1, 11), "test": range(11, 511), "validation": range(511, 601), "train": range(601, 975)}
    tables = {
        f"sanitized/{split}": [row for row in sanitized if row["task_id"] in numbers] for split, numbers in ids.items()
    }
    assert [len(rows) for rows in tables.values()] == [7, 257, 43, 120]
    tables["full/test"] = [row for row in read_rows(data("mbpp/mbpp.jsonl")) if row["task_id"] in ids["test"]]
    tables["humaneval"] = read_rows(data("humaneval/HumanEval.jsonl"))
    downloads = {role: path for role, path in files().items() if role in mbpp.SOURCES and role not in tables}
    for role, rows in tables.items():
        downloads[role] = tmp_path / f"{role.replace('/', '-')}.parquet"
        parquet.write_table(pyarrow.Table.from_pylist(rows), downloads[role])
    assert downloads.keys() == mbpp.SOURCES.keys()
    folder = tmp_path / "unpacked"
    for name, rows in mbpp.unpack(downloads).items():
        write_rows(folder / name, rows)
    again = mbpp.build(find_files("mbpp", mbpp, [folder]), "program")
    assert (again.splits, again.left_out) == (parts().splits, parts().left_out)


def test_a_download_with_a_row_too_few_is_refused(tmp_path):
    rows = read_rows(data("humaneval/HumanEval.jsonl"))
    parquet.write_table(pyarrow.Table.from_pylist([{"task_id": 1}]), tmp_path / "few.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "humaneval.parquet")
    downloads = dict.fromkeys(mbpp.DIGESTS, tmp_path / "few.parquet") | {"humaneval": tmp_path / "humaneval.parquet"}
    downloads |= {role: files()[role] for role in ("mbpp_plus", "humaneval_plus")}
    with pytest.raises(UserError, match=r"sanitized-mbpp\.jsonl: 4 problems were downloaded, 427 were published"):
        mbpp.unpack(downloads)


# Rows made up ---------------------------------------------------------------------------------------------------------


def problem(number: int = 600, **changes) -> dict:
    row = {"task_id": number, "prompt": "Add one.", "code": "def f(x):\r\n\treturn x + 1", "test_imports": []}
    return (
        row | {"test_list": ["assert f(1) == 2", "assert f(2) == 3", "assert f(3) == 4", "assert f(4) == 5"]} | changes
    )


def read(tmp_path, *rows):
    path = tmp_path / "sanitized-mbpp.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return mbpp.read_problems(path, "prompt")


def test_a_program_has_line_feeds_and_spaces_and_its_imports_are_set_up_for_the_tests(tmp_path):
    code = "import math\r\ndef f(x):\r\n\tif x:\r\n\t\treturn '\ta'"
    ((text, row),) = read(tmp_path, problem(code=code, test_imports=["import cmath"])).values()
    assert text == "Add one."
    assert row["answer"] == "import math\ndef f(x):\n    if x:\n        return '\ta'"
    assert row["setup"] == "import cmath\nimport math"
    assert row["question"].endswith("tests:\n\nassert f(1) == 2\nassert f(2) == 3\nassert f(3) == 4")
    assert len(row["tests"]) == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"test_list": []}, "task_id 600: the tests call no function"),
        ({"test_list": ["assert f(1"]}, "task_id 600: a test is not Python"),
        ({"test_list": ["assert g(1) == 2"]}, "task_id 600: the tests call no function that the reference"),
        ({"test_list": ["assert f(1) == 2", 3]}, "task_id 600: prompt, code, test_list and test_imports must be text"),
        ({"code": "def f(x:"}, "task_id 600: a test is not Python"),
        ({"task_id": "600"}, "problem 1: task_id '600' is not a number"),
        ({"code": None}, "task_id 600: prompt, code"),
    ],
)
def test_a_bad_problem_is_named_in_one_line(tmp_path, change, said):
    with pytest.raises(UserError) as raised:
        read(tmp_path, problem() | change)
    assert said in str(raised.value) and "sanitized-mbpp.json" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([problem(), problem()], "problem 2: task_id 600 is not a number, or twice"),
        ([{"task_id": 1}], "problem 1: no 'code' in the row"),
        (["x"], "problem 1 is not a JSON object"),
    ],
)
def test_a_bad_file_is_named_in_one_line(tmp_path, rows, said):
    with pytest.raises(UserError, match=said):
        read(tmp_path, *rows)


def test_a_folder_of_humaneval_goes_with_one_of_mbpp():
    entry = {"adapter": "mbpp", "splits": {"train": 324}, "answer": "program"}
    check_entry("d", "code", entry | {"data_dir": str(data("mbpp")), "humaneval_dir": str(data("humaneval"))}, mbpp)
    with pytest.raises(UserError, match=r"d\.humaneval_dir: goes with data_dir, which is missing"):
        check_entry("d", "code", entry | {"humaneval_dir": str(data("humaneval"))}, mbpp)
    with pytest.raises(UserError, match=r"d\.data_dir: .*no HumanEval\.jsonl or HumanEval\.jsonl\.gz"):
        check_entry("d", "code", entry | {"data_dir": str(data("mbpp"))}, mbpp)
    with pytest.raises(UserError, match=r"d\.splits\.train: 325, mbpp has only 324"):
        check_entry("d", "code", entry | {"splits": {"train": 325}}, mbpp)
