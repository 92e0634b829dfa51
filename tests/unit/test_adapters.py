"""Public data sets become problems: fixed, disjoint splits, nothing dropped in silence, golds that grade as right."""

import json
import os
import sys
from pathlib import Path

import pytest
from test_own_files import SPELLINGS

import import_dataset
from yetbetter import program
from yetbetter.data import ADAPTERS, public_adapters
from yetbetter.data.public import find_files
from yetbetter.data.splits import (
    Parts,
    check_disjoint,
    drop_repeated,
    drop_shown,
    in_fixed_order,
    question_key,
)
from yetbetter.errors import UserError
from yetbetter.grading import Grader
from yetbetter.records import digest_of_problems, read_json, read_rows, write_rows
from yetbetter.verdicts import CORRECT

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("YETBETTER_DATA") or ROOT.parent / "shared" / "data")
PROMPTS = {name: ROOT / "resources" / "prompts" / f"{name}.txt" for name in ("gsm8k_8shot", "minerva_math_4shot")}
TWELVE = [*"abcdefghijkl"]


def build(adapter: str, *folders: Path, answer_format: str) -> Parts:
    module = ADAPTERS[adapter].module
    return module.build(find_files(adapter, module, folders), answer_format)


def shared(*names: str) -> list[Path]:
    folders = [DATA / name for name in names]
    if not all(folder.is_dir() for folder in folders):
        pytest.skip(f"no {folders[-1]}: set YETBETTER_DATA to the folder of the shared data")
    return folders


@pytest.fixture(scope="module")
def gsm8k() -> Parts:
    return build("gsm8k", *shared("gsm8k"), answer_format="the_answer_is")


@pytest.fixture(scope="module")
def math() -> Parts:
    return build("math", *shared("math", "functional_math"), answer_format="minerva")


@pytest.fixture(scope="module")
def mbpp() -> Parts:
    return build("mbpp", *shared("mbpp", "humaneval"), answer_format="program")


# The published data ---------------------------------------------------------------------------------------------------


# Of OASST1 only a sample is among the shared data: test_oasst1.py.
WHOLE = [name for name in public_adapters() if all(ADAPTERS[name].module.HASHES.values())]


@pytest.mark.parametrize("adapter", WHOLE)
def test_the_splits_are_those_that_are_documented(adapter, request):
    parts = request.getfixturevalue(adapter)
    module = ADAPTERS[adapter].module
    assert {split: len(rows) for split, rows in parts.splits.items()} == module.SIZES
    assert {split: digest_of_problems(rows) for split, rows in parts.splits.items()} == module.HASHES
    check_disjoint(parts.splits, adapter)
    names = [row["problem"] for split, rows in parts.splits.items() if split != "functional" for row in rows]
    assert len(set(names)) == len(names)


def test_every_row_of_gsm8k_is_in_a_split(gsm8k):
    assert gsm8k.left_out == []
    assert sum(map(len, gsm8k.splits.values())) == 7_473 + 1_319
    assert not any("<<" in row["solution"] or "level" in row for rows in gsm8k.splits.values() for row in rows)


def test_what_math_leaves_out_is_listed_with_its_reason(math):
    assert {(row["problem"], row["split"]): row["reason"] for row in math.left_out} == {
        ("train/number_theory/7115.json", "train"): "no final answer",
        ("train/number_theory/7117.json", "train"): "no final answer",
        ("train/algebra/943.json", "train"): "an example of the Minerva prompt",
        ("train/precalculus/372.json", "train"): "an example of the Minerva prompt",
        ("train/algebra/256.json", "train"): "an example of the Minerva prompt",
        ("train/algebra/1951.json", "train"): "an example of the Minerva prompt",
        ("train/algebra/517.json", "train"): "the same question as test/algebra/636.json",
        ("train/algebra/2794.json", "train"): "the same question as train/algebra/27.json",
        ("train/geometry/6032.json", "train"): "the same question as test/precalculus/24307.json",
        ("train/algebra/24377.json", "train"): "the same question as train/algebra/2463.json",
        ("test/algebra/1255.json", "functional"): "the same question as test/algebra/1185.json",
        ("test/prealgebra/660.json", "functional"): "the same question as train/prealgebra/1527.json",
    }
    assert len(math.splits["train"]) + sum(row["split"] == "train" for row in math.left_out) == 7_500


def test_levels_of_math_are_numbers_and_two_problems_have_none(math):
    rows = [row for split, rows in math.splits.items() for row in rows]
    assert {row["problem"] for row in rows if "level" not in row} == {
        "train/geometry/377.json",
        "train/geometry/471.json",
    }
    assert {row["level"] for row in rows if "level" in row} == {1, 2, 3, 4, 5}
    assert len({row["subject"] for row in rows}) == 7


def test_validation_problems_are_test_problems_without_a_functional_variant(math):
    functional = {row["unique_id"] for row in read_rows(DATA / "functional_math" / "Oct-2023.jsonl")}
    math500 = {row["unique_id"] for row in read_rows(DATA / "math" / "math500.jsonl")}
    validation = {row["problem"] for row in math.splits["validation"]}
    assert all(name.startswith("test/") for name in validation)
    assert not validation & (functional | math500)
    assert {row["problem"] for row in math.splits["test"]} == math500


def test_functional_problems_have_the_ids_of_test_problems_and_have_no_human_solution(math):
    static = {row["unique_id"]: row["problem"] for row in read_rows(DATA / "math" / "test.jsonl")}
    for row in math.splits["functional"]:
        assert question_key(row["question"]) != question_key(static[row["problem"]])
        assert "solution" not in row


@pytest.mark.parametrize(
    ("adapter", "answer_format"),
    [
        (name, known)
        for name in public_adapters()
        if ADAPTERS[name].tasks == ("math",)  # test_mbpp.py runs the others
        for known in ADAPTERS[name].module.ANSWER_FORMATS
    ],
)
def test_every_human_solution_states_its_gold_answer_as_the_grader_reads_it(adapter, answer_format, request):
    request.getfixturevalue(adapter)  # skips where there is no data
    folders = {"gsm8k": ("gsm8k",), "math": ("math", "functional_math")}[adapter]
    parts = build(adapter, *shared(*folders), answer_format=answer_format)
    rows = [row for rows in parts.splits.values() for row in rows if "solution" in row]
    with Grader() as grader:
        wrong = [
            row["problem"]
            for row in rows
            if grader.grade(" " + row["solution"], row["answer"], answer_format)[1] != CORRECT
        ]
    assert wrong == []


def test_the_text_alone_finds_the_examples_of_the_minerva_prompt_and_none_in_gsm8k(gsm8k):
    rows = read_rows(shared("math")[0] / "train.jsonl")
    problems = [{"problem": row["unique_id"], "question": row["problem"]} for row in rows]
    parts = Parts({"train": problems})
    drop_shown(parts, {"minerva": PROMPTS["minerva_math_4shot"].read_text(encoding="utf-8")})
    assert {row["problem"] for row in parts.left_out} == set(ADAPTERS["math"].module.EXAMPLES)
    everything = Parts(dict(gsm8k.splits))
    drop_shown(everything, {"8shot": PROMPTS["gsm8k_8shot"].read_text(encoding="utf-8")})
    assert everything.left_out == []


# Rows made up --------------------------------------------------------------------------------------------------------


def gsm8k_rows(count: int, word: str) -> list[dict]:
    return [
        {"question": f"{word} {i} apples and one more?", "answer": f"{i}+1=<<{i}+1={i + 1}>>{i + 1}\n#### {i + 1}"}
        for i in range(count)
    ]


@pytest.fixture
def folder(tmp_path) -> Path:
    write_rows(tmp_path / "train.jsonl", gsm8k_rows(530, "Train"))
    write_rows(tmp_path / "test.jsonl", gsm8k_rows(20, "Test"))
    return tmp_path


def test_published_files_that_an_editor_saved_give_the_same_splits(folder):
    before = build("gsm8k", folder, answer_format="gsm8k").splits
    for name in ("train.jsonl", "test.jsonl"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n\r\n"))
    assert build("gsm8k", folder, answer_format="gsm8k").splits == before


def call(monkeypatch, folder: Path, **changes) -> Path:
    """Run the program in this process; the problems' file."""
    options = {"adapter": "gsm8k", "folder": folder, "split": "train", "questions": 30, "answer-format": "gsm8k"}
    options |= {"prompt": PROMPTS["gsm8k_8shot"], "output": folder / "out" / "train.jsonl"} | changes
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    monkeypatch.setattr(sys, "argv", ["import_dataset.py", *arguments])
    program.run(import_dataset.main)
    return options["output"]


def refusal(monkeypatch, folder: Path, **changes) -> str:
    with pytest.raises(SystemExit) as end:
        call(monkeypatch, folder, **changes)
    assert len(str(end.value.code).splitlines()) == 1
    assert not list((folder / "out").glob("*"))
    return str(end.value.code)


def test_a_split_comes_with_a_sidecar_of_hashes_counts_and_sources(monkeypatch, folder):
    output = call(monkeypatch, folder, split="validation", questions=12)
    rows, about = read_rows(output), read_json(output.with_suffix(".about.json"))
    assert len(rows) == 12
    assert about["hash"] == digest_of_problems(rows)
    assert about["counts"] == {"train": 30, "validation": 500, "test": 20, "written": 12}
    assert about["documented"] == {"train": False, "validation": False, "test": False}
    assert set(about["files"]) == {"train", "test"}
    assert about["left_out"] == []


def test_a_rationale_loses_its_calculator_annotations_and_states_its_answer(monkeypatch, folder):
    rows = read_rows(call(monkeypatch, folder, split="test", questions=20, **{"answer-format": "the_answer_is"}))
    row = next(row for row in rows if row["problem"] == "test/3")
    assert row == {
        "problem": "test/3",
        "question": "Test 3 apples and one more?",
        "answer": "4",
        "solution": "3+1=4\nThe answer is 4.",
    }


def test_the_splits_do_not_depend_on_the_order_of_the_source(monkeypatch, folder):
    first = {row["question"] for row in read_rows(call(monkeypatch, folder, split="validation", questions=500))}
    write_rows(folder / "train.jsonl", reversed(gsm8k_rows(530, "Train")))
    again = {row["question"] for row in read_rows(call(monkeypatch, folder, split="validation", questions=500))}
    assert first == again


def test_the_first_problems_of_a_split_are_the_same_however_many_are_asked_for(monkeypatch, folder):
    few = read_rows(call(monkeypatch, folder, questions=7))
    assert few == read_rows(call(monkeypatch, folder, questions=30))[:7]


def test_a_training_problem_that_is_also_a_test_problem_is_left_out_and_listed(monkeypatch, folder):
    rows = gsm8k_rows(529, "Train")
    rows.append({"question": " TEST 3  apples and one more? ", "answer": "So 4.\n#### 4"})
    write_rows(folder / "train.jsonl", rows)
    output = call(monkeypatch, folder, questions=29)
    about = read_json(output.with_suffix(".about.json"))
    assert about["left_out"] == [{"problem": "train/529", "split": "train", "reason": "the same question as test/3"}]


def test_a_problem_that_a_prompt_shows_is_left_out_and_listed(monkeypatch, folder):
    shots = folder / "shots.txt"
    shots.write_text("Q: Test 3\napples and one more?\nA: 4\n\nQ: {question}\nA:")
    output = call(monkeypatch, folder, split="test", questions=19, prompt=shots)
    assert read_json(output.with_suffix(".about.json"))["left_out"] == [
        {"problem": "test/3", "split": "test", "reason": "an example in shots.txt"}
    ]
    assert "19 problems, 20 are asked for" in refusal_after(monkeypatch, folder, shots)


def refusal_after(monkeypatch, folder: Path, shots: Path) -> str:
    for file in (folder / "out").iterdir():
        file.unlink()
    return refusal(monkeypatch, folder, split="test", questions=20, prompt=shots)


def test_a_row_without_a_final_answer_is_listed_not_dropped_in_silence(monkeypatch, folder):
    write_rows(folder / "test.jsonl", [*gsm8k_rows(20, "Test"), {"question": "What now?", "answer": "No idea.\n#### "}])
    output = call(monkeypatch, folder, split="test", questions=20)
    assert read_json(output.with_suffix(".about.json"))["left_out"] == [
        {"problem": "test/20", "split": "test", "reason": "no final answer"}
    ]


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ('{"question": "And', ["train.jsonl:531", "not JSON"]),
        ('{"question": "And?"}', ["train.jsonl:531", "'answer'"]),
        ('{"question": " ", "answer": "#### 1"}', ["train.jsonl:531", "question is empty"]),
        ('{"question": "And?", "answer": "It is 1."}', ["train.jsonl:531", "####"]),
        ('{"question": "And?", "answer": 1}', ["train.jsonl:531", "answer is 1"]),
    ],
)
def test_a_broken_row_is_named_with_its_line(monkeypatch, folder, line, parts):
    with open(folder / "train.jsonl", "a", encoding="utf-8") as file:
        file.write(line + "\n")
    message = refusal(monkeypatch, folder)
    assert all(part in message for part in parts)


def test_what_a_folder_lacks_is_named(monkeypatch, folder):
    (folder / "test.jsonl").unlink()
    assert "no test.jsonl" in refusal(monkeypatch, folder)


def test_a_split_that_there_is_not_is_named_with_those_there_are(monkeypatch, folder):
    assert "train, validation, test" in refusal(monkeypatch, folder, split="functional")


def test_a_downloaded_file_that_was_changed_afterwards_is_refused(monkeypatch, folder):
    (folder / "source.json").write_text(json.dumps({"files": {"train.jsonl": {"sha256": "0" * 64}}}))
    assert "not as it was downloaded" in refusal(monkeypatch, folder)


def math_row(name: str, problem: str, answer: str = "1", **more) -> dict:
    row = {"unique_id": name, "problem": problem, "level": "Level 2", "subject": "Algebra"}
    return row | {"solution": f"So \\boxed{{{answer}}}.", "answer": answer} | more


@pytest.fixture
def math_folder(tmp_path) -> Path:
    test = [math_row(f"test/algebra/{i}.json", f"Test {letter}?") for i, letter in enumerate(TWELVE)]
    write_rows(tmp_path / "train.jsonl", [math_row("train/algebra/0.json", "Train a?", "2")])
    write_rows(tmp_path / "test.jsonl", test)
    write_rows(tmp_path / "math500.jsonl", test[:4])
    write_rows(tmp_path / "Oct-2023.jsonl", [test[5] | {"problem": "Test with another number?"}])
    return tmp_path


def test_variants_of_a_problem_that_is_not_there_are_refused(math_folder):
    write_rows(math_folder / "Oct-2023.jsonl", [math_row("test/algebra/99.json", "?")])
    with pytest.raises(UserError, match=r"Oct-2023\.jsonl: 'test/algebra/99\.json' is not among"):
        build("math", math_folder, answer_format="boxed")


def test_two_problems_under_one_id_are_refused(math_folder):
    write_rows(math_folder / "train.jsonl", [math_row("train/algebra/0.json", text) for text in "ab"])
    with pytest.raises(UserError, match=r"train\.jsonl:2: unique_id 'train/algebra/0\.json'"):
        build("math", math_folder, answer_format="boxed")


def test_small_math_files_fall_into_the_four_splits(math_folder):
    parts = build("math", math_folder, answer_format="boxed")
    assert {split: len(rows) for split, rows in parts.splits.items()} == {
        "train": 1,
        "validation": 7,
        "test": 4,
        "functional": 1,
    }
    assert parts.splits["train"][0]["solution"] == "So \\boxed{2}."
    assert parts.splits["functional"][0]["problem"] == "test/algebra/5.json"


def test_a_solution_whose_box_says_something_else_gets_a_statement_of_its_own(math_folder):
    row = math_row("train/algebra/0.json", "Train a?", "2", solution="First \\boxed{2}, then \\boxed{}.")
    write_rows(math_folder / "train.jsonl", [row | {"solution": "It is two."}])
    parts = build("math", math_folder, answer_format="boxed")
    assert parts.splits["train"][0]["solution"] == "It is two.\nThe answer is $\\boxed{2}$."


# The shared pieces ----------------------------------------------------------------------------------------------------


def problems(*questions: str) -> list[dict]:
    return [{"problem": f"p{i}", "question": question} for i, question in enumerate(questions)]


def test_a_question_in_two_splits_is_reported_with_both_problems():
    splits = {"train": problems("a?", "b ?"), "test": [{"problem": "t", "question": "B?"}]}
    with pytest.raises(UserError, match="'t' of test asks the same as 'p1' of train"):
        check_disjoint(splits, "mine")


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_a_public_question_in_another_spelling_is_the_same_question(spelled):
    splits = {"train": problems("Zoé has 3 coins. How many?"), "test": [{"problem": "t", "question": spelled}]}
    with pytest.raises(UserError, match="'t' of test asks the same as 'p0' of train"):
        check_disjoint(splits, "mine")


def test_of_equal_questions_the_split_named_first_keeps_its_own():
    parts = Parts({"train": problems("a?", "b?", "b ?"), "test": [{"problem": "t", "question": "A?"}]})
    drop_repeated(parts, ("test", "train"))
    assert [row["problem"] for row in parts.splits["train"]] == ["p1"]
    assert [row["problem"] for row in parts.left_out] == ["p0", "p2"]


def test_the_fixed_order_is_not_the_order_of_the_questions():
    ordered = [row["question"] for row in in_fixed_order(problems(*TWELVE), "salt")]
    assert sorted(ordered) == TWELVE != ordered
    assert ordered == [row["question"] for row in in_fixed_order(problems(*reversed(TWELVE)), "salt")]
    assert ordered != [row["question"] for row in in_fixed_order(problems(*TWELVE), "other salt")]
