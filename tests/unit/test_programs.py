"""The thin programs between the models, run as they are run by the workflow, on small real files."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from yetbetter.pocket.world import make_problems
from yetbetter.records import dump_row, read_json, read_rows, write_json, write_rows
from yetbetter.selection.drawn import write_drawn
from yetbetter.tables import read_table

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
PROBLEMS = make_problems("hard", "train", 6)
BLOCK = "questions-000000_samples-0000"


def call(program: str, *arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, str(SCRIPTS / f"{program}.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def run(program: str, *arguments) -> None:
    done = call(program, *arguments)
    assert done.returncode == 0, done.stderr


def refusal(program: str, *arguments) -> str:
    """The one line on stderr with which a program ends."""
    done = call(program, *arguments)
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert "Traceback" not in done.stderr, lines[-1]
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"{program}.py: error: ")
    return lines[0]


def solution(problem: dict, sample: int, text: str, finish_reason: str = "stop") -> dict:
    tokens = {"tokens": 10 + sample, "prompt_tokens": 7}
    return {"problem": problem["problem"], "sample": sample, "text": text, **tokens, "finish_reason": finish_reason}


def wrong(problem: dict) -> str:
    return f"We guess. The answer is {int(problem['answer']) + 1}."


def right_for_wrong_reasons(problem: dict) -> str:
    return f"We have 1 + 1 = 3. The answer is {problem['answer']}."


def solutions_of_wc() -> list[dict]:
    """0: gold, gold again, other reasons. 1: gold, wrong, empty. 2: gold but cut, gold, wrong. The rest: wrong."""
    texts = [
        [PROBLEMS[0]["solution"], PROBLEMS[0]["solution"] + " ", right_for_wrong_reasons(PROBLEMS[0])],
        [PROBLEMS[1]["solution"], wrong(PROBLEMS[1]), " "],
        [PROBLEMS[2]["solution"], PROBLEMS[2]["solution"] + "\n\n", wrong(PROBLEMS[2])],
        *([wrong(problem)] * 3 for problem in PROBLEMS[3:]),
    ]
    rows = [
        solution(problem, sample, text)
        for problem, of_problem in zip(PROBLEMS, texts, strict=True)
        for sample, text in enumerate(of_problem)
    ]
    rows[6]["finish_reason"] = "length"
    return rows


class Study:
    """A folder like a study's: problems, a prompt, pools of wc (3 samples) and se (1 sample), graded and checked."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.problems, self.prompt = folder / "problems.jsonl", folder / "prompt.txt"
        write_rows(self.problems, PROBLEMS)
        self.prompt.write_text("Question: {question}\nAnswer:")
        self.add("wc", solutions_of_wc())
        self.add("se", [solution(problem, 0, problem["solution"]) for problem in PROBLEMS])

    def add(self, model: str, rows: list[dict]) -> None:
        write_rows(self.file("solutions", model), rows)
        write_json(self.file("solutions", model).with_suffix(".about.json"), {"pool": {"model_name": model}})
        self.grade(model)
        common = ("--problems", self.problems, "--solutions", self.file("solutions", model))
        verdicts, checks = self.file("verdicts", model), self.file("reasoning", model)
        run("check_reasoning", *common, "--verdicts", verdicts, "--output", checks)

    def grade(self, model: str) -> None:
        files = ("--solutions", self.file("solutions", model), "--output", self.file("verdicts", model))
        run("grade_solutions", "--problems", self.problems, *files)

    def file(self, stage: str, model: str) -> Path:
        return self.folder / stage / model / f"{BLOCK}.jsonl"

    def pools(self, *models: str, reasoning=True) -> list:
        stages = ("solutions", "verdicts", "reasoning")[: 3 if reasoning else 2]
        folders = [part for stage in stages for part in (f"--{stage}", self.folder / stage)]
        return [*folders, "--blocks", *(f"{model}/{BLOCK}" for model in models)]

    def select(self, *draws: str, problems=None, prompt=None, name="data", more=()) -> list:
        outputs = ("--output", self.out(f"{name}.jsonl"), "--digest", self.out(f"{name}.sha256"))
        asked = ("--problems", problems or self.problems, "--prompt", prompt or self.prompt, "--draws", *draws)
        models = [draw.split(":")[0] for draw in draws]
        counts = ("--counts", self.out(f"{name}.counts.json"))
        return [*asked, *self.pools(*models, reasoning=False), *outputs, *counts, *more]

    def measure_arm(self, *draws: str, exact, source: str, problems=None) -> list:
        models = [draw.split(":")[0] for draw in draws]
        arm = (
            "--dataset",
            "hard",
            "--budget",
            "low",
            "--source",
            source,
            "--counts",
            self.out(f"{source}.counts.json"),
        )
        outputs = ("--output", self.out(f"metrics/hard/low/from-{source}.csv"))
        summary = ("--summary", self.out(f"metrics/hard/low/from-{source}.json"))
        asked = ("--problems", problems or self.problems, "--draws", *draws, "--exact", *exact)
        return [*asked, *self.pools(*models), *arm, *outputs, *summary]

    def measure_pool(self, model: str, samples: int) -> list:
        pool = ("--dataset", "hard", "--model", model, "--samples", samples)
        output = ("--output", self.out(f"metrics/hard/pool-{model}.csv"))
        return ["--problems", self.problems, *self.pools(model), *pool, *output]

    def out(self, name: str) -> Path:
        return self.folder / "out" / name


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    return Study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def broken(tmp_path, study) -> Study:
    """A study of its own, to be broken by one test."""
    copy = Study.__new__(Study)
    copy.folder, copy.problems, copy.prompt = tmp_path, tmp_path / "problems.jsonl", tmp_path / "prompt.txt"
    for source in study.folder.rglob("*"):
        if source.is_file() and "out" not in source.relative_to(study.folder).parts:
            target = tmp_path / source.relative_to(study.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return copy


# Grading --------------------------------------------------------------------------------------------------------------


def test_every_solution_gets_one_verdict_in_its_order(study):
    rows = read_rows(study.file("verdicts", "wc"))
    assert [(row["problem"], row["sample"]) for row in rows] == [
        (row["problem"], row["sample"]) for row in solutions_of_wc()
    ]
    assert [row["verdict"] for row in rows[:9]] == [
        *["correct"] * 4,
        "incorrect",
        "no_answer",
        *["correct"] * 2,
        "incorrect",
    ]
    assert rows[5]["answer"] is None
    assert rows[0]["answer"] == PROBLEMS[0]["answer"]
    assert set(rows[0]) == {"problem", "sample", "answer", "verdict"}


@pytest.mark.parametrize(
    ("problems", "solutions", "parts"),
    [
        ('{"problem": "p", "answer": "1"}', '{"problem": "q", "sample": 0, "text": ""}', ["s.jsonl:1", "'q'"]),
        ('{"problem": "p", "answer": "1"}\n' * 2, "", ["p.jsonl:2", "'p'", "line 1"]),
        ('{"problem": "p"}', "", ["p.jsonl:1", "'answer'"]),
        ('{"problem": "p", "answer": "1"}', '{"problem": "p", "sample": 0, "te', ["s.jsonl:1", "not JSON"]),
        ('{"problem": "p", "answer": "1"}', None, ["s.jsonl", "o such file"]),
        ('{"problem": "p", "answer": "1"}', '{"problem": "p", "sample": 0, "text": null}', ["s.jsonl:1", "text"]),
        (
            '{"problem": "p", "answer": 1}',
            '{"problem": "p", "sample": 0, "text": "The answer is 1."}',
            ["p.jsonl", "answer"],
        ),
    ],
    ids=["unknown problem", "duplicate", "no gold", "torn", "missing", "no text", "gold is not text"],
)
def test_what_cannot_be_graded_is_refused_in_one_line_and_leaves_no_verdicts(tmp_path, problems, solutions, parts):
    (tmp_path / "p.jsonl").write_text(problems)
    if solutions is not None:
        (tmp_path / "s.jsonl").write_text(solutions)
    files = ("--problems", tmp_path / "p.jsonl", "--solutions", tmp_path / "s.jsonl", "--output", tmp_path / "v.jsonl")
    line = refusal("grade_solutions", *files)
    assert all(part in line for part in parts)
    assert not list(tmp_path.glob("*v.jsonl*"))


def test_grading_takes_the_number_of_workers_that_the_design_promises(tmp_path, study):
    files = (
        "--problems",
        study.problems,
        "--solutions",
        study.file("solutions", "se"),
        "--output",
        tmp_path / "v.jsonl",
    )
    run("grade_solutions", *files, "--workers", 2)
    assert (tmp_path / "v.jsonl").read_bytes() == study.file("verdicts", "se").read_bytes()


# Selection ------------------------------------------------------------------------------------------------------------


def test_right_solutions_that_came_to_their_end_become_training_data(study):
    run("select_solutions", *study.select("wc:3", name="wc"))
    rows = read_rows(study.out("wc.jsonl"))
    kept = [(PROBLEMS[0], 0), (PROBLEMS[0], 1), (PROBLEMS[0], 2), (PROBLEMS[1], 0), (PROBLEMS[2], 1)]
    assert [(row["problem"], row["sample"]) for row in rows] == [
        (problem["problem"], sample) for problem, sample in kept
    ]
    assert rows[0] == {
        "problem": PROBLEMS[0]["problem"],
        "sample": 0,
        "prompt": f"Question: {PROBLEMS[0]['question']}\nAnswer:",
        "completion": " " + PROBLEMS[0]["solution"],
        "model": "wc",
    }
    digest = hashlib.sha256(study.out("wc.jsonl").read_bytes()).hexdigest()
    assert study.out("wc.sha256").read_text() == f"{digest}\n"
    counts = json.loads(study.out("wc.counts.json").read_text())
    assert (counts["drawn"], counts["kept"], counts["out_wrong"], counts["out_cut"]) == (18, 5, 12, 1)


def test_without_a_filter_and_duplicates_all_but_empty_and_cut_solutions_stay_once(study):
    more = ("--filter", "none", "--duplicates", "drop")
    run("select_solutions", *study.select("wc:3", name="all", more=more))
    counts = json.loads(study.out("all.counts.json").read_text())
    # Twice: problem 0's gold. Thrice: the wrong ones of problems 3 to 5. Problem 2's gold: once cut, once whole.
    assert (counts["drawn"], counts["out_empty"], counts["out_cut"], counts["out_duplicate"]) == (18, 1, 1, 1 + 6)
    assert counts["kept"] == len(read_rows(study.out("all.jsonl"))) == 9


def test_a_mix_takes_from_both_models(study):
    run("select_solutions", *study.select("se:1", "wc:1", name="mix"))
    rows = read_rows(study.out("mix.jsonl"))
    assert sorted({row["model"] for row in rows}) == ["se", "wc"]
    assert len(rows) == 6 + 2


def test_an_arm_that_keeps_nothing_is_an_empty_training_set(broken):
    broken.add("wc", [solution(problem, 0, wrong(problem)) for problem in PROBLEMS])
    run("select_solutions", *broken.select("wc:1"))
    assert broken.out("data.jsonl").read_bytes() == b""
    assert broken.out("data.sha256").read_text() == hashlib.sha256(b"").hexdigest() + "\n"
    counts = json.loads(broken.out("data.counts.json").read_text())
    assert (counts["drawn"], counts["kept"], counts["out_wrong"]) == (6, 0, 6)


def assert_not_selected(study: Study, *parts: str, draw="wc:3", **changed) -> None:
    line = refusal("select_solutions", *study.select(draw, **changed))
    assert all(part in line for part in parts)
    assert not list(study.folder.glob("out/*"))


def test_more_samples_than_were_drawn_are_not_selected(broken):
    assert_not_selected(broken, "'wc'", "3", "4", draw="wc:4")


def test_verdicts_of_another_file_are_not_selected(broken):
    write_rows(broken.file("verdicts", "wc"), read_rows(broken.file("verdicts", "wc"))[1:])
    assert_not_selected(broken, str(broken.file("verdicts", "wc")))


def test_solutions_of_a_problem_that_is_not_among_the_problems_are_not_selected(broken):
    write_rows(broken.problems, PROBLEMS[1:])
    assert_not_selected(broken, repr(PROBLEMS[0]["problem"]))


def test_problems_without_a_name_are_not_selected(broken):
    write_rows(broken.problems, [{"question": "?"}])
    assert_not_selected(broken, f"{broken.problems}:1", "'problem'")


def test_solutions_that_do_not_say_how_they_ended_are_not_selected(broken):
    rows = [{key: value for key, value in row.items() if key != "finish_reason"} for row in solutions_of_wc()]
    write_rows(broken.file("solutions", "wc"), rows)
    assert_not_selected(broken, f"{broken.file('solutions', 'wc')}:1", "'finish_reason'")


def test_a_prompt_without_a_question_selects_nothing(broken):
    broken.prompt.write_text("Answer:")
    assert_not_selected(broken, str(broken.prompt), "{question}")


def test_human_solutions_become_training_data_of_the_same_shape(study):
    outputs = [part for kind in ("output", "digest", "counts") for part in (f"--{kind}", study.out(f"human.{kind}"))]
    run("select_human_solutions", "--problems", study.problems, "--prompt", study.prompt, *outputs)
    rows = read_rows(study.out("human.output"))
    assert [row["problem"] for row in rows] == [row["problem"] for row in PROBLEMS]
    assert set(rows[0]) == {"problem", "sample", "prompt", "completion", "model"}
    assert rows[0]["completion"] == " " + PROBLEMS[0]["solution"]


# Measures and their tables --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tables(study) -> dict[str, list[dict]]:
    for source, draws, exact in (
        ("wc", ["wc:3"], ["3.375"]),
        ("se", ["se:1"], ["1"]),
        ("mix", ["se:1", "wc:2"], ["1", "2"]),
    ):
        run("select_solutions", *study.select(*draws, name=source))
        run("measure_arm", *study.measure_arm(*draws, exact=exact, source=source))
    run("measure_pool", *study.measure_pool("wc", 3))
    run("measure_pool", *study.measure_pool("se", 1))
    names = ("coverage", "diversity", "quality", "costs")
    outputs = [part for name in names for part in (f"--{name}", study.out(f"{name}.csv"))]
    costs = ("--model", "wc:9e9:9.24e9:0.3", "--model", "se:27e9::")
    arms = (study.out(f"metrics/hard/low/from-{source}") for source in ("wc", "se", "mix"))
    pools = (study.out(f"metrics/hard/pool-{model}") for model in ("wc", "se"))
    run("tabulate_data", "--pools", *pools, "--arms", *arms, *costs, *outputs)
    return {name: read_table(study.out(f"{name}.csv")).rows for name in names}


ARM = ("se:1", "wc:2")


@pytest.fixture
def drawn(study) -> Path:
    """What is left of selecting an arm, beside its digest."""
    drawn = study.out("arm.drawn.jsonl")
    run("select_solutions", *study.select(*ARM, name="arm", more=("--drawn", drawn)))
    return drawn


def measures_of_arm(study: Study, *more) -> list[bytes]:
    by_question = ("--by-question", study.out("arm.questions.csv"))
    run("measure_arm", *study.measure_arm(*ARM, exact=("1", "2"), source="arm"), *by_question, *more)
    files = [study.out(f"metrics/hard/low/from-arm.{kind}") for kind in ("csv", "json")]
    return [file.read_bytes() for file in (*files, by_question[1])]


def test_an_arms_measures_are_the_same_whatever_was_left_of_its_selection(study, drawn):
    digest, text = ("--digest", study.out("arm.sha256")), drawn.read_bytes()
    without = measures_of_arm(study)
    assert measures_of_arm(study, "--drawn", drawn, *digest) == without
    assert measures_of_arm(study, "--drawn", study.out("nothing.jsonl"), *digest) == without
    first, rest = text.split(b"\n", 1)
    training_data = json.loads(first)["training_data"].encode()
    spoilt = rest.replace(b'"tokens": ', b'"tokens": 1')
    assert spoilt != rest
    for other in (
        text.replace(training_data, b"0" * 64),
        first + b"\n" + spoilt,
        *(text[:end] for end in (0, 10, len(first), len(text) // 2, len(text) - 1)),
        b"\xff" + text,
    ):
        drawn.write_bytes(other)
        assert measures_of_arm(study, "--drawn", drawn, *digest) == without
    study.out("other.sha256").write_text("0" * 64 + "\n")
    drawn.write_bytes(text)
    assert measures_of_arm(study, "--drawn", drawn, "--digest", study.out("other.sha256")) == without


def test_what_was_left_of_a_selection_is_measured_by(study, drawn):
    first, *rows = read_rows(drawn)
    del first["rows"]
    write_drawn(drawn, first, [dump_row(row | {"tokens": 1000}) for row in rows])
    measures_of_arm(study, "--drawn", drawn, "--digest", study.out("arm.sha256"))
    (se, wc) = read_json(study.out("metrics/hard/low/from-arm.json"))["draws"]
    assert se["tokens"] == wc["tokens"] == 1000 * len(PROBLEMS)


def test_what_was_left_of_a_selection_is_not_measured_by_after_other_verdicts(study, drawn):
    """Also if the training data stay the same, as under a filter that keeps everything."""
    there = study.file("verdicts", "wc")
    first, *rows = read_rows(drawn)
    del first["rows"]
    write_drawn(drawn, first, [dump_row(row | {"tokens": 1000}) for row in rows])
    old = there.read_bytes()
    there.write_bytes(old.replace(b'"answer": ', b'"answer":  '))
    try:
        measures_of_arm(study, "--drawn", drawn, "--digest", study.out("arm.sha256"))
    finally:
        there.write_bytes(old)
    assert read_json(study.out("metrics/hard/low/from-arm.json"))["draws"][0]["tokens"] != 1000 * len(PROBLEMS)


def look_up(rows: list[dict], **wanted: str) -> dict:
    (row,) = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    return row


def test_the_coverage_table_holds_every_pool_level_and_k_once(tables):
    levels = {"all"} | {str(row["level"]) for row in PROBLEMS}
    keys = [(row["model"], row["level"], row["k"]) for row in tables["coverage"]]
    assert len(keys) == len(set(keys)) == len(levels) * (3 + 1)
    values = [float(look_up(tables["coverage"], model="wc", level="all", k=k)["value"]) for k in "123"]
    # c of 3: 3, 1, 2 and three times none
    assert values == pytest.approx([(1 + 1 / 3 + 2 / 3) / 6, (1 + 2 / 3 + 1) / 6, 3 / 6], rel=1e-5)


def test_the_quality_table_sets_the_arms_own_measures_beside_those_of_the_pool(tables):
    for basis in ("arm", "pool"):
        row = look_up(tables["quality"], source="wc", level="all", metric="coverage", basis=basis)
        assert (row["value"], row["samples"], row["questions"], row["budget"]) == ("0.5", "3", "6", "low")
    diversity = look_up(tables["quality"], source="wc", level="all", metric="diversity", basis="arm")
    assert float(diversity["value"]) == pytest.approx(4 / 3, rel=1e-5)
    rates = [row for row in tables["quality"] if (row["level"], row["metric"]) == ("all", "false_positive_rate")]
    assert {(row["source"], row["basis"]) for row in rates} >= {
        ("wc", "arm"),
        ("wc", "pool"),
        ("se", "arm"),
        ("mix", "arm"),
    }
    # Of the pool's six right answers one is cut at the length limit: the arm does not train on it.
    assert float(look_up(rates, source="wc", basis="pool")["value"]) == pytest.approx(1 / 6, rel=1e-5)
    assert float(look_up(rates, source="wc", basis="arm")["value"]) == pytest.approx(1 / 5, rel=1e-5)
    assert {row["basis"] for row in tables["quality"] if row["source"] == "mix"} == {"arm"}


def test_the_table_of_arms_holds_what_was_drawn_kept_and_spent(tables):
    wc = look_up(tables["costs"], source="wc")
    expected = {
        "drawn": "18",
        "kept": "5",
        "questions": "6",
        "samples": "3",
        "samples_exact": "3.375",
        "cut": "1",
        "empty": "1",
    }
    assert {key: wc[key] for key in expected} == expected
    assert wc["prompt_tokens"] == str(6 * 7)  # a prompt is read once, however many samples
    assert wc["tokens"] == str(6 * (10 + 11 + 12))
    assert float(wc["flops_drawn"]) == pytest.approx(2 * 9.24e9 * 6 * 33, rel=1e-5)
    assert float(wc["price"]) == pytest.approx(0.3 * 6 * 33 / 1e6, rel=1e-5)
    se, mix = look_up(tables["costs"], source="se"), look_up(tables["costs"], source="mix")
    assert se["price"] == mix["price"] == ""
    assert float(wc["flops_assumed"]) == pytest.approx(float(se["flops_assumed"]), rel=1e-5)  # matched by the budget
    assert (mix["model"], mix["samples"], mix["drawn"]) == ("se+wc", "3", "18")


def test_samples_without_token_counts_are_refused_in_one_line(broken):
    run("select_solutions", *broken.select("wc:3", name="wc"))
    rows = [{key: value for key, value in row.items() if key != "tokens"} for row in solutions_of_wc()]
    write_rows(broken.file("solutions", "wc"), rows)
    line = refusal("measure_arm", *broken.measure_arm("wc:3", exact=["3"], source="wc"))
    assert str(broken.file("solutions", "wc")) in line
    assert "'tokens'" in line


def test_exact_counts_that_do_not_fit_the_draws_are_refused_in_one_line(study, tables):
    assert "--exact" in refusal("measure_arm", *study.measure_arm("wc:3", exact=["3", "1"], source="wc"))


def test_a_pool_with_fewer_samples_than_asked_for_is_not_measured(study):
    assert "'wc'" in refusal("measure_pool", *study.measure_pool("wc", 4))


def tabulate(study: Study, *more) -> list:
    names = ("coverage", "diversity", "quality", "costs")
    outputs = [part for name in names for part in (f"--{name}", study.out(f"again/{name}.csv"))]
    return ["--pools", study.out("metrics/hard/pool-wc"), *more, *outputs]


def test_an_arm_that_was_not_measured_is_named(study, tables):
    line = refusal("tabulate_data", *tabulate(study, "--arms", "hard/low/from-no", "--model", "wc:9e9::"))
    assert "hard/low/from-no.json" in line


def test_an_arm_of_a_model_without_costs_is_refused_in_one_line(study, tables):
    assert "'wc'" in refusal(
        "tabulate_data", *tabulate(study, "--arms", study.out("metrics/hard/low/from-wc"), "--model", "se:27e9::")
    )


# Scores ---------------------------------------------------------------------------------------------------------------


def answers_of(problem: dict, right_of_four: int, greedy_text: str) -> list[dict]:
    texts = [problem["solution"]] * right_of_four + [wrong(problem)] * (4 - right_of_four)
    common = {"benchmark": "test", "checkpoint": "standard/checkpoint-1", "problem": problem["problem"]}
    rows = [common | {"decoding": "greedy", "sample": 0, "text": greedy_text}]
    return rows + [
        common | {"decoding": "sampled", "sample": sample, "text": text} for sample, text in enumerate(texts)
    ]


def score(folder: Path, answers: Path, source: str, target="wc", seed="0", fpr="exact", greedy=6) -> list:
    cell = f"hard/low/from-{source}/to-{target}/seed-{seed}"
    place = ("--dataset", "hard", "--budget", "low", "--source", source, "--target", target, "--seed", seed)
    benchmark = ("--benchmark", f"test:{folder / 'problems.jsonl'}:{greedy}:6:4", "--answer-format", "the_answer_is")
    output = ("--paradigm", "self-improvement", "--fpr", fpr, "--output", folder / "scores" / cell / "scores.jsonl")
    return ["--answers", answers, *benchmark, *place, *output]


@pytest.fixture(scope="module")
def scores(tmp_path_factory) -> Path:
    """wc data: all greedy answers right, one of them for wrong reasons; se data: none right at all."""
    folder = tmp_path_factory.mktemp("scores")
    write_rows(folder / "problems.jsonl", PROBLEMS)
    texts = [right_for_wrong_reasons(PROBLEMS[0]), *(problem["solution"] for problem in PROBLEMS[1:])]
    good = [row for problem, text in zip(PROBLEMS, texts, strict=True) for row in answers_of(problem, 3, text)]
    write_rows(folder / "wc.jsonl", good)
    write_rows(folder / "se.jsonl", [row for problem in PROBLEMS for row in answers_of(problem, 0, "")])
    for source in ("wc", "se"):
        run("score_model", *score(folder, folder / f"{source}.jsonl", source))
        choice = {
            "checkpoint": "standard/checkpoint-1",
            "validation": {"standard/checkpoint-1": 0.5, "standard/checkpoint-2": 0.25},
        }
        write_json(folder / "evaluations" / f"hard/low/from-{source}/to-wc/seed-0" / "choice.json", choice)
    return folder


def test_every_problem_is_graded_voted_on_and_checked(scores):
    rows = read_rows(scores / "scores/hard/low/from-wc/to-wc/seed-0/scores.jsonl")
    assert [row["problem"] for row in rows] == [row["problem"] for row in PROBLEMS]
    assert [row["verdict"] for row in rows] == ["correct"] * 6
    assert [row["reasoning"] for row in rows] == ["invalid", *["valid"] * 5]
    assert rows[0]["maj@1"] == pytest.approx(3 / 4)
    assert rows[0]["maj@4"] == 1
    assert not any(key in rows[0] for key in ("maj@8", "maj@16"))
    place = {"dataset": "hard", "budget": "low", "source": "wc", "target": "wc", "seed": "0", "benchmark": "test"}
    assert {key: rows[0][key] for key in place} == place
    assert rows[0]["level"] == PROBLEMS[0]["level"]


def tabulate_scores(folder: Path, *sources: str, out="tables") -> list:
    outputs = [part for name in ("finetuned", "differences") for part in (f"--{name}", folder / out / f"{name}.csv")]
    cells = [f"hard/low/from-{source}/to-wc/seed-0" for source in sources]
    return ["--scores", folder / "scores", "--cells", *cells, "--baseline", "se", *outputs]


def tabulate_training(folder: Path, *cells: str) -> list:
    outputs = [
        part for name in ("training", "checkpoints") for part in (f"--{name}", folder / "tables" / f"{name}.csv")
    ]
    return ["--evaluations", folder / "evaluations", "--models", folder / "models", "--cells", *cells, *outputs]


def test_scores_become_tables_of_accuracies_and_differences(scores):
    run("tabulate_scores", *tabulate_scores(scores, "wc", "se"))
    finetuned, differences = (
        read_table(scores / "tables" / f"{name}.csv").rows for name in ("finetuned", "differences")
    )
    wc = look_up(finetuned, source="wc", seed="all", metric="pass@1", level="all")
    assert (wc["value"], wc["problems"], wc["paradigm"]) == ("1", "6", "self-improvement")
    rate = look_up(finetuned, source="wc", seed="0", metric="false_positive_rate", level="all")
    assert float(rate["value"]) == pytest.approx(1 / 6, rel=1e-5)
    nothing = look_up(finetuned, source="se", seed="all", metric="pass@1", level="all")
    # Wilson's upper end for none of six problems.
    assert (nothing["value"], nothing["low"], nothing["high"]) == ("0", "0", "0.390334")
    difference = look_up(differences, source="wc", metric="pass@1", level="all")
    assert (difference["difference"], difference["baseline"]) == ("1", "se")
    assert look_up(differences, source="wc", metric="maj@1", level="all")["difference"] == "0.75"


def test_choices_become_a_table_of_checkpoints(scores):
    run("tabulate_training", *tabulate_training(scores, "hard/low/wc/wc/0", "hard/low/se/wc/0"))
    checkpoints = read_table(scores / "tables" / "checkpoints.csv").rows
    chosen = {row["checkpoint"]: (row["validation"], row["chosen"]) for row in checkpoints if row["source"] == "wc"}
    assert chosen == {"standard/checkpoint-1": ("0.5", "1"), "standard/checkpoint-2": ("0.25", "0")}
    assert {(row["rate"], row["step"]) for row in checkpoints} == {("standard", "")}


def test_the_table_of_checkpoints_has_the_step_and_the_rate_that_the_first_seed_chose(tmp_path):
    first = {"low/checkpoint-1": 0.5, "low/checkpoint-2": 0.7, "high/checkpoint-1": 0.6}
    cells = {"0": ("low/checkpoint-2", first), "7": ("chosen/checkpoint-1", {"chosen/checkpoint-1": 0.4})}
    for seed, (checkpoint, validation) in cells.items():
        place = f"hard/low/from-wc/to-wc/seed-{seed}"
        write_json(
            tmp_path / "evaluations" / place / "choice.json", {"checkpoint": checkpoint, "validation": validation}
        )
        for name in validation:
            about = {"arguments": {"steps": "10"}}
            write_json(tmp_path / "models" / place / name.partition("/")[0] / "about.json", about)
    run("tabulate_training", *tabulate_training(tmp_path, "hard/low/wc/wc/0", "hard/low/wc/wc/7"))
    rows = read_table(tmp_path / "tables" / "checkpoints.csv").rows
    found = [(row["seed"], row["rate"], row["step"], row["chosen"]) for row in rows]
    assert found == [("0", "low", "5", "0"), ("0", "low", "10", "1"), ("0", "high", "10", "0"), ("7", "low", "10", "1")]


def test_scores_of_an_unsolved_benchmark_alone_become_tables(scores):
    run("tabulate_scores", *tabulate_scores(scores, "se", out="alone"))
    assert {row["value"] for row in read_table(scores / "alone" / "finetuned.csv").rows if row["level"] == "all"} == {
        "0"
    }
    assert read_table(scores / "alone" / "differences.csv").rows == []


def test_a_benchmark_with_too_few_problems_is_not_scored(scores):
    line = refusal("score_model", *score(scores, scores / "wc.jsonl", "more", greedy=7))
    assert "problems.jsonl" in line
    assert "7" in line


def test_answers_that_an_evaluation_left_out_are_refused_in_one_line(tmp_path):
    write_rows(tmp_path / "problems.jsonl", PROBLEMS)
    write_rows(tmp_path / "answers.jsonl", answers_of(PROBLEMS[0], 2, PROBLEMS[0]["solution"]))
    assert "answers.jsonl" in refusal("score_model", *score(tmp_path, tmp_path / "answers.jsonl", "wc"))


def test_problems_without_a_program_are_not_checked(tmp_path):
    rows = [{key: row[key] for key in ("problem", "question", "answer")} for row in PROBLEMS]
    write_rows(tmp_path / "problems.jsonl", rows)
    write_rows(
        tmp_path / "answers.jsonl", [row for problem in PROBLEMS for row in answers_of(problem, 2, problem["solution"])]
    )
    assert "'program'" in refusal("score_model", *score(tmp_path, tmp_path / "answers.jsonl", "wc"))


def test_a_cell_without_scores_is_named(scores):
    path = scores / "scores/hard/low/from-empty/to-wc/seed-0/scores.jsonl"
    write_rows(path, [])
    assert str(path) in refusal("tabulate_scores", *tabulate_scores(scores, "se", "empty", out="no"))
    assert "from-none" in refusal("tabulate_scores", *tabulate_scores(scores, "se", "none", out="no"))
    assert not (scores / "no").exists()


def test_scores_without_coordinates_are_named(scores):
    path = scores / "scores/hard/low/from-bare/to-wc/seed-0/scores.jsonl"
    write_rows(path, [{"problem": "p"}])
    line = refusal("tabulate_scores", *tabulate_scores(scores, "bare", out="no"))
    assert f"{path}:1" in line
