"""The task `instructions`: verdicts and scores, what is measured of its data, and which filters it allows."""

import copy
import csv
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from configs import completed, grid_of
from yetbetter.data.own_files import check_problems
from yetbetter.errors import UserError
from yetbetter.evaluation.benchmarks import Benchmark, asked_references
from yetbetter.evaluation.scoring import score_answers
from yetbetter.following import Checkers
from yetbetter.measures.scores import problem_values
from yetbetter.records import write_json, write_rows
from yetbetter.study.checks import check_people
from yetbetter.study.people import People
from yetbetter.study.study import Study
from yetbetter.tasks import CONVENTIONS, TASKS, Options, Solution
from yetbetter.tasks import instructions as module
from yetbetter.verdicts import CORRECT, GRADER_ERROR, INCORRECT, NO_ANSWER, TIMEOUT, UNGRADED

ROOT = Path(__file__).parents[2]
TASK, OPTIONS = TASKS["instructions"], Options("instructions")
PROBLEM = {
    "problem": "p",
    "question": "Write a line.",
    "answer": "-",
    "instruction_id_list": ["punctuation:no_comma", "startend:quotation"],
    "kwargs": [{}, {}],
}
PLAIN = {"problem": "t", "question": "Hello?", "answer": "-"}


def graded(problem: dict, *texts: str) -> list[dict]:
    reference = TASK.reference_of(problem, "here")
    solutions = [Solution(problem["problem"], number, text, reference) for number, text in enumerate(texts)]
    return list(TASK.verdicts(solutions, OPTIONS))


# Verdicts -------------------------------------------------------------------------------------------------------------


def test_answers_to_a_question_without_instructions_are_not_graded():
    assert CONVENTIONS["instructions"] is TASK
    assert graded(PLAIN, "Hi.", "") == [{"problem": "t", "sample": n, "verdict": UNGRADED} for n in (0, 1)]


def test_an_answer_is_right_if_it_follows_every_instruction_strictly():
    rows = graded(PROBLEM, '"One line."', "One line.", '"A, b."', " ", ' "After a blank."')
    assert [row["verdict"] for row in rows] == [CORRECT, INCORRECT, INCORRECT, NO_ANSWER, CORRECT]
    assert [row["not_followed"] for row in rows[:3]] == [[], ["startend:quotation"], ["punctuation:no_comma"]]
    assert rows[1]["scores"]["instruction_strict"] == [1, 2] and rows[3]["scores"]["instruction_loose"] == [0, 2]
    assert set(rows[0]["scores"]) == set(module.SCORES) == set(TASK.scores[1:])


def test_a_checker_that_fails_or_does_not_end_is_a_verdict(monkeypatch):
    def fail(*_):
        raise RecursionError

    monkeypatch.setattr(Checkers, "check", fail)
    assert graded(PROBLEM, "text")[0]["verdict"] == GRADER_ERROR
    monkeypatch.setattr(module, "SECONDS", 0.05)
    monkeypatch.setattr(Checkers, "check", lambda *_: time.sleep(5))
    start = time.monotonic()
    assert graded(PROBLEM, "text")[0]["verdict"] == TIMEOUT
    assert time.monotonic() - start < 2


def test_a_text_nested_deeply_is_graded():
    asked = PROBLEM | {"instruction_id_list": ["detectable_format:json_format"], "kwargs": [{}]}
    assert graded(asked, "[" * 100_000)[0]["verdict"] in (INCORRECT, GRADER_ERROR)


def test_own_problems_with_an_unknown_instruction_are_refused():
    with pytest.raises(UserError, match=r"^P\.jsonl:1: problem 'p': instruction 'a:b', which IFEval's checkers do not"):
        check_problems([PROBLEM | {"instruction_id_list": ["a:b", "startend:quotation"]}], "P.jsonl", TASK)
    check_problems([PROBLEM, PLAIN], "P.jsonl", TASK)


def test_a_benchmark_without_any_instruction_is_refused():
    with pytest.raises(UserError, match=r"V\.jsonl: no problem has anything that its answers can be graded by"):
        asked_references(Benchmark("validation", [PLAIN], 1, 0, 0, "V.jsonl"), TASK)


def test_a_scored_problem_adds_to_the_eight_scores(tmp_path):
    problems = [PROBLEM, PROBLEM | {"problem": "q"}]
    place = {"benchmark": "test", "decoding": "greedy", "sample": 0}
    texts = {"p": '"One line."', "q": 'Sure:\n"A line."'}
    write_rows(tmp_path / "answers.jsonl", [place | {"problem": name, "text": text} for name, text in texts.items()])
    rows = score_answers(str(tmp_path / "answers.jsonl"), [Benchmark("test", problems, 2, 0, 0, "P.jsonl")], OPTIONS)
    first, second = map(problem_values, rows)
    assert first["pass@1"] == (1, 1) and second["pass@1"] == (0, 1)
    assert second["prompt_loose"] == (1, 1) and second["instruction_strict"] == (1, 2)
    assert second["repaired_instruction_loose"] == (2, 2)
    assert len(first) == 8


# Studies --------------------------------------------------------------------------------------------------------------


def mixed(**change) -> dict:
    """The miniature study, with own questions of this task in experiments of their own."""
    config = yaml.safe_load((ROOT / "tests" / "workflow" / "miniature.yaml").read_text(encoding="utf-8"))
    config = copy.deepcopy(config)
    config["datasets"]["talk"] = {
        "adapter": "files",
        "task": "instructions",
        "files": {split: f"{split}.jsonl" for split in ("train", "validation", "test")},
        "splits": {"train": 4, "validation": 2, "test": 2},
        "prompts": dict.fromkeys(("sampling", "finetuned"), "resources/prompts/instructions.txt"),
        "answer": "instructions",
        "max_new_tokens": 16,
        "fpr": "none",
        "benchmarks": {"test": {"greedy": 2}},
    } | change.get("dataset", {})
    for name in ("se", "wc"):
        draws = [{"model": name, "match": "compute"}]
        config["sources"][f"{name}-all"] = {"draws": draws, "filter": "none"} | change.get("source", {})
    slice_ = {"datasets": ["talk"], "budgets": ["low"], "sources": ["se-all", "wc-all"], "targets": ["student"]}
    config["experiments"]["talking"] = {"extra": True, "figure": "bars", "seeds": [0]} | slice_
    return config


def test_only_filters_that_need_no_right_answer_are_allowed():
    grid_of(mixed())
    grid_of(mixed(source={"words": {"at_least": 2}}))
    for rule, reason in (("ground_truth", "neither right nor wrong"), ("majority", "compares final answers")):
        with pytest.raises(UserError, match=reason):
            grid_of(mixed(source={"filter": rule}))


def test_figures_of_right_and_wrong_answers_are_not_made_of_it():
    from yetbetter.report.made import Made

    made = Made(Study(completed(mixed())))
    names = {path.rpartition("/")[2] for path in made.of_own_part("instructions") if path.endswith(".png")}
    assert {"instructions_talk.png", "data_quality_talk.png", "talking_talk.png", "finetuned_talk.png"} <= names
    assert not {"coverage_trend_talk.png", "coverage_by_level_talk.png", "reasoning_talk.png"} & names
    whole = {path.rpartition("/")[2] for path in made.figures("") if path.endswith(".png")}
    assert {"coverage_trend_hard.png", "reasoning_hard.png"} <= whole
    assert not any("talk" in name or "instructions" in name for name in whole)


def test_each_task_of_the_pocket_study_has_the_figures_of_its_own_measures():
    from yetbetter.report.made import Made

    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    for experiment in config["experiments"].values():
        experiment["extra"] = False
    made = Made(Study(completed(config)))
    names = {path.rpartition("/")[2] for path in made.figures("") if path.endswith(".png")}
    every, of_answers = (
        ("data_quality", "finetuned", "checkpoints"),
        ("coverage_trend", "coverage_by_level", "reasoning"),
    )
    for dataset, own, others in (
        ("hard", (*of_answers, "functional_transfer"), ("instructions",)),
        ("lists", of_answers, ("instructions",)),
        ("requests", ("instructions",), (*of_answers, "functional_transfer", "false_positives")),
    ):
        assert {f"{name}_{dataset}.png" for name in (*every, *own)} <= names
        assert not {f"{name}_{dataset}.png" for name in others} & names


def test_people_label_none_of_its_answers(tmp_path):
    study, alone = mixed(), mixed()
    study["experiments"]["talking"]["extra"] = False
    assert "talk" not in People(Study(completed(study))).views
    alone["experiments"] = {"talking": alone["experiments"]["talking"] | {"extra": False}}
    with pytest.raises(UserError, match="annotate: no data set of the base grid has right answers to label"):
        People(Study(completed(alone | {"annotator": "ann"}))).pages()
    (tmp_path / "ann.jsonl").write_text("")
    study["people"] = {"annotators": {"ann": {"talk": str(tmp_path / "ann.jsonl")}}}
    with pytest.raises(UserError, match=r"people\.annotators\.ann\.talk: its answers are neither right nor wrong"):
        check_people(study, "study", lambda *_: None)


def test_its_targets_are_trained_and_asked_in_a_chat_format_and_others_as_before():
    study = Study(completed(mixed()))
    talk, hard = study.datasets["talk"], study.datasets["hard"]
    assert talk.asking == f"{talk.decoding} --chat" and hard.asking == hard.decoding

    class Cell:
        dataset, budget, source, target, seed, rate = "talk", "low", "se-all", "student", "0", "standard"

    assert study.finetuning(Cell).endswith(" --chat")
    Cell.dataset, Cell.source = "hard", "se"
    assert "--chat" not in study.finetuning(Cell)


RUN_ALL = """
import json, runpy, sys
sys.path.insert(0, "workflow/scripts")
for name, *arguments in json.load(sys.stdin):
    sys.argv = [f"{name}.py", *arguments]
    runpy.run_path(f"workflow/scripts/{name}.py", run_name="__main__")
"""


def programs(*calls: tuple) -> str:
    """What the programs print; in one process, since most of their time is loading modules."""
    words = json.dumps([[str(word) for word in call] for call in calls])
    command = [sys.executable, "-c", RUN_ALL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, input=words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def table(path: Path) -> list[dict]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_figure_has_four_scores_of_every_source_by_both_checkers(tmp_path):
    from yetbetter.figures.instructions import SCORES
    from yetbetter.figures.registry import FIGURES
    from yetbetter.figures.request import Request
    from yetbetter.measures.score_tables import FINETUNED
    from yetbetter.tables import write_table

    place = {"dataset": "talk", "paradigm": "p", "seed": "all", "benchmark": "test", "level": "all", "problems": 10}
    place |= {"interval": "problems"}
    rows = [
        place
        | {"source": source, "target": target, "budget": budget, "metric": metric}
        | {"value": value, "low": value - 0.1, "high": value + 0.1}
        for target in ("student", "wc")
        for budget in ("low", "high")
        for source, shift in (("se-all", 0.0), ("wc-all", 0.1))
        for number, (score, (_, repaired)) in enumerate(SCORES.items())
        for metric, value in ((score, 0.3 + shift + number / 20), (repaired, 0.35 + shift + number / 20))
    ]
    write_table(tmp_path / "finetuned.csv", FINETUNED, rows)
    arm = {"dataset": "talk", "source": "se-all", "model": "se", "samples": 2}
    write_table(tmp_path / "arms.csv", (*arm, "budget"), [arm | {"budget": budget} for budget in ("low", "high")])
    tables = {name: str(tmp_path / f"{name}.csv") for name in ("finetuned", "arms")}
    figure = FIGURES["instructions"].plot(Request(tables, dataset="talk"))
    assert len(figure.axes) == 2
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "n/a" not in texts
    # 4 scores x 2 budgets x 2 sources
    assert [len(axes.patches) for axes in figure.axes] == [16, 16]
    headings = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert "Prompts, strict, low budget" in headings and "Instructions, loose, high budget" in headings
    assert not {"SE", "WC"} & set(headings)  # the comparison's sources have no rows here
    circles = [x for line in figure.axes[0].lines if line.get_marker() == "o" for x in line.get_xdata()]
    assert min(circles) == pytest.approx(35) and len(circles) == 16


def test_the_diversity_of_all_answers_is_measured_and_nothing_else(tmp_path):
    texts = [["Hi.", "Hi. ", "Hello."], ["Yes.", "", "No and no and no."]]
    problems = [PLAIN | {"problem": f"t{number}", "question": f"Hello {number}?"} for number in range(2)]
    write_rows(tmp_path / "p.jsonl", problems)
    rows = [
        {"problem": f"t{n}", "sample": s, "text": text, "tokens": 3, "prompt_tokens": 4, "finish_reason": "stop"}
        for n, found in enumerate(texts)
        for s, text in enumerate(found)
    ]
    block = "wc/questions-000000_samples-0000"
    write_rows(tmp_path / "solutions" / f"{block}.jsonl", rows)
    write_json(tmp_path / "solutions" / f"{block}.about.json", {"pool": {"model_name": "wc"}})
    files = ("--problems", tmp_path / "p.jsonl", "--solutions", tmp_path / "solutions" / f"{block}.jsonl")
    view = ("--problems", tmp_path / "p.jsonl", "--solutions", tmp_path / "solutions")
    view += ("--verdicts", tmp_path / "verdicts", "--blocks", block)
    place = ("--dataset", "talk", "--model", "wc", "--samples", 3, "--answer-format", "instructions")
    arm, data, counts = ("--draws", "wc:3", "--filter", "none", "--words", 1, 3), tmp_path / "d", tmp_path / "c.json"
    outputs = ("--output", data, "--digest", tmp_path / "sha256", "--counts", counts)
    where = ("--dataset", "talk", "--budget", "low", "--source", "wc-all", "--counts", counts, "--exact", 3)
    measures = ("--output", tmp_path / "arm.csv", "--summary", tmp_path / "arm.json")
    tables = {name: tmp_path / "tables" / f"{name}.csv" for name in ("coverage", "diversity", "data_quality", "arms")}
    named = zip(("--coverage", "--diversity", "--quality", "--costs"), tables.values(), strict=True)
    collected = ("--pools", tmp_path / "pool", "--arms", tmp_path / "arm", "--model", "wc:1e9::")
    figure = (
        "--tables",
        tables["data_quality"],
        "--output-pdf",
        tmp_path / "f.pdf",
        "--output-png",
        tmp_path / "f.png",
    )
    printed = programs(
        ("grade_solutions", "--task", "instructions", *files, "--output", tmp_path / "verdicts" / f"{block}.jsonl"),
        ("measure_pool", *view, *place, "--output", tmp_path / "pool.csv"),
        ("select_solutions", *view, *arm, "--prompt", "resources/prompts/instructions.txt", *outputs),
        ("measure_arm", *view, *arm, *where, *measures),
        ("tabulate_data", *collected, *(word for pair in named for word in pair)),
        ("plot_figure", "data_quality", *figure),
    )
    assert "6 ungraded" in printed
    pool, (measure,) = table(tmp_path / "pool.csv"), table(tmp_path / "arm.csv")
    assert {row["metric"] for row in pool} == {"diversity_of_answers"}
    assert [float(row["value"]) for row in pool] == pytest.approx([5 / 6, 1.5, 2])
    kept = json.loads(counts.read_text())
    assert (kept["kept"], kept["out_empty"], kept["out_length"], kept["kept_duplicates"]) == (4, 1, 1, 1)
    assert (measure["metric"], float(measure["value"])) == ("diversity_of_answers", 1.5)
    assert table(tables["coverage"]) == []
    assert len(table(tables["diversity"])) == 3
    assert (tmp_path / "f.png").stat().st_size > 1000
