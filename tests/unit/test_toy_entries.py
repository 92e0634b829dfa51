"""An engine, a data set and a task that are added from outside: a module and a line of the registry, and they work."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from judge_model import call, refusal

import grade_solutions
import import_dataset
import sample_solutions
from configs import dataset_of, model_of
from yetbetter.data import ADAPTERS, Adapter, check_source, public
from yetbetter.data.downloads import HubFile
from yetbetter.data.splits import Parts, in_fixed_order
from yetbetter.generation.blocks import Block, make_block
from yetbetter.generation.engines import ENGINES, Decoding, Engine
from yetbetter.generation.options import Sampler, packages_of
from yetbetter.records import read_json, read_rows, write_json, write_rows
from yetbetter.selection.exports import write_card
from yetbetter.study.datasets import Dataset
from yetbetter.study.models import Model
from yetbetter.tasks import CONVENTIONS, TASKS, Task

ROOT = Path(__file__).parents[2]


# An engine -----------------------------------------------------------------------------------------------------------


class Echo:
    """Answers with the prompt and the seed's last digit."""

    def __init__(self, model: str, max_context: int, options: dict):
        self.loud, self.max_context = options["loud"], max_context

    def check(self, prompts, max_new_tokens) -> None:
        assert max_new_tokens > 0

    def answer(self, prompt: str, seed: int, decoding: Decoding) -> dict:
        text = f"{prompt} {seed % 10}"
        counts = {"tokens": len(text.split()), "prompt_tokens": len(prompt.split())}
        return {"text": text.upper() if self.loud else text, **counts, "finish_reason": "stop", "seed": seed}

    def generate(self, prompts, seeds, decoding):
        pairs = zip(prompts, seeds, strict=True)
        return [[self.answer(prompt, seed, decoding) for seed in row] for prompt, row in pairs]

    def stream(self, prompts, seeds, decoding, is_due):
        for i, row in enumerate(self.generate(prompts, seeds, decoding)):
            for j in reversed(range(len(row))):
                yield [(i, j, row[j])]


@pytest.fixture(params=[False, True], ids=["batches", "stream"])
def engine(request, monkeypatch) -> Engine:
    module = SimpleNamespace(load=lambda model, revision, max_context, options: Echo(model, max_context, options))
    monkeypatch.setitem(sys.modules, "echo_engine", module)
    options = {"loud": (bool, False), "threads": (int, 1)}
    entry = Engine(
        "echo_engine",
        "for this test.",
        tool="echo",
        packages=("hypothesis",),
        streams=request.param,
        options=options,
        shaping=("loud",),
    )
    monkeypatch.setitem(ENGINES, "echo", entry)
    return entry


@pytest.fixture
def problems(tmp_path) -> Path:
    write_rows(tmp_path / "P.jsonl", [{"problem": f"p{i}", "question": f"word {i}"} for i in range(5)])
    (tmp_path / "T.txt").write_text("Say {question}!")
    return tmp_path / "P.jsonl"


def test_an_engine_that_is_only_in_the_registry_samples_a_block(engine, problems, tmp_path):
    rows = tuple(read_rows(problems))
    sampler = Sampler("echo", {"loud": True, "threads": 4}, Decoding(1.0, 0, 7), batch_size=3)
    block = Block(rows, problems, 0, 2, 2, "Say {question}!", "wc", "some model", None, False, 7, sampler)
    written = {}

    def write_about(path, **facts):
        written.update(facts)
        write_json(path, facts)

    make_block(block, tmp_path / "S.jsonl", tmp_path / "S.about.json", None, write_about)
    sampled = read_rows(tmp_path / "S.jsonl")
    assert [(row["problem"], row["sample"]) for row in sampled] == [(f"p{i}", j) for i in range(5) for j in (2, 3)]
    assert sampled[0]["text"] == f"SAY WORD 0! {sampled[0]['seed'] % 10}"
    assert written["pool"]["loud"] is True and "threads" not in written["pool"]
    assert ("batch_size" in written["pool"]) is not engine.streams
    assert written == read_json(tmp_path / "S.about.json")


def test_the_programs_and_the_study_know_it_too(engine, problems, tmp_path):
    files = {"output": tmp_path / "S.jsonl", "about": tmp_path / "S.about.json", "prompt": tmp_path / "T.txt"}
    options = {"problems": problems, "problems-count": 5, "samples": 2, "model-name": "wc", "model": ROOT, "seed": 7}
    options |= files | {"engine": "echo", "engine-option": "loud=true", "temperature": 1, "top-k": 0}
    options |= {"max-new-tokens": 7, "batch-size": 3}
    line = [f"--{name}={value}" for name, value in options.items()]
    call(sample_solutions, *line)
    assert len(read_rows(tmp_path / "S.jsonl")) == 10
    assert "hypothesis" in read_json(tmp_path / "S.about.json")["versions"]
    assert packages_of(["sample_solutions.py", *line]) == ("hypothesis",)
    assert "has no option 'quiet'" in refusal(lambda: call(sample_solutions, *line, "--engine-option=quiet=1"))
    entry = model_of({"path": str(ROOT), "engine": "echo", "engine_options": {"loud": True}})
    model = Model("wc", entry, {"echo": "/opt/echo"}, "results/x")
    assert model.environment == "../../envs/echo.yaml"
    assert model.engine["python"].endswith("/opt/echo/bin/python")
    assert model.engine["arguments"].startswith("--engine echo ")
    assert model.engine_identity["loud"] is True


def test_no_engine_is_imported_before_it_is_loaded():
    """A dry run imports the study and the registries, and none of the packages that engines need."""
    code = (
        "import sys, sample_solutions, judge_solutions, evaluate_model, yetbetter.study.study, yetbetter.study.checks"
    )
    code += f"; found = {sorted({name for engine in ENGINES.values() for name in engine.packages})!r}"
    code += "; print([name for name in found if name in sys.modules])"
    scripts = ROOT / "workflow" / "scripts"
    done = subprocess.run([sys.executable, "-c", code], cwd=scripts, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("[]\n", "")


# A data set ----------------------------------------------------------------------------------------------------------


def build(files: dict[str, Path], answer_format: str) -> Parts:
    rows = [{"problem": row["name"], "question": row["q"], "answer": row["a"]} for row in read_rows(files["all"])]
    rows = in_fixed_order(rows, "toy")
    return Parts({"train": rows[4:], "validation": rows[:2], "test": rows[2:4]})


TOY = SimpleNamespace(
    FILES={"all": ("toy.jsonl",)},
    SIZES={"train": 6, "validation": 2, "test": 2},
    ANSWER_FORMATS=("boxed",),
    HASHES={"train": "", "validation": "", "test": ""},
    SOURCES={"all": HubFile("somebody/toy", "0" * 40, "toy.parquet")},
    build=build,
)


@pytest.fixture
def toy(monkeypatch, tmp_path) -> Path:
    """The folder of the toy data set's file."""
    adapter = Adapter(
        "import_dataset",
        "The questions are toys.",
        public.check_entry,
        TOY,
        own_keys={"data_dir": public.DATA_DIR},
        has_levels=False,
    )
    monkeypatch.setitem(ADAPTERS, "toy", adapter)
    write_rows(tmp_path / "toy.jsonl", [{"name": f"t{i}", "q": f"What is {i}?", "a": str(i)} for i in range(10)])
    return tmp_path


def test_a_data_set_that_is_only_in_the_registry_becomes_problems(toy):
    (toy / "T.txt").write_text("Q: What is 3?\nQ: {question}")
    options = {"adapter": "toy", "folder": toy, "split": "train", "questions": 4, "answer-format": "boxed"}
    options |= {"prompt": toy / "T.txt", "output": toy / "train.jsonl"}
    call(import_dataset, *(f"--{name}={value}" for name, value in options.items()))
    rows, about = read_rows(toy / "train.jsonl"), read_json(toy / "train.about.json")
    assert len(rows) == 4 and all(set(row) == {"problem", "question", "answer"} for row in rows)
    assert about["counts"]["written"] == 4
    assert [row["reason"] for row in about["left_out"]] == ["an example in T.txt"]


def test_its_config_is_checked_and_the_study_knows_it(toy):
    entry = {
        "adapter": "toy",
        "task": "math",
        "data_dir": str(toy),
        "splits": {"train": 6, "validation": 2, "test": 2},
        "answer": "boxed",
        "fpr": "none",
        "prompts": {"sampling": "T.txt", "finetuned": "T.txt"},
        "benchmarks": {"test": {"greedy": 2}},
        "max_new_tokens": 9,
    }
    check_source("datasets.d", "d", entry)
    for change, message in (
        ({"splits": entry["splits"] | {"train": 7}}, "datasets.d.splits.train: 7, toy has only 6"),
        ({"answer": "gsm8k"}, "datasets.d.answer: 'gsm8k' cannot state every answer of toy (allowed: boxed)"),
        ({"data_dir": "/nowhere"}, "datasets.d.data_dir: /nowhere: no toy.jsonl, which toy needs"),
        ({"world": "easy"}, "datasets.d.world: only for adapter pocket, it is 'toy'"),
        ({"task": "code"}, "datasets.d.task: 'code' does not go with adapter toy (allowed: math)"),
        ({"answer": "program"}, "datasets.d.answer: 'program' does not go with task math (allowed: any,"),
        ({"fpr": "tests"}, "datasets.d.fpr: 'tests' does not go with task math (allowed: exact, judge, none)"),
        ({"fpr": "exact"}, "datasets.d.fpr: 'exact' needs problems that are programs"),
    ):
        assert message in refusal(check_source, "datasets.d", "d", entry | change)
    study = SimpleNamespace(
        config={"sampling": {"temperature": 1, "top_k": 0}, "seed": 0}, results="results/x", mode="strict"
    )
    dataset = Dataset("d", dataset_of(entry), study)
    assert dataset.sources == [toy / "toy.jsonl"]
    assert (dataset.rule, dataset.has_levels, dataset.can_be_checked) == ("import_dataset", False, False)
    facts = {"study": "x", "seed": 0, "dataset": "d", "adapter": "toy", "budget": "low", "source_name": "human"}
    facts |= {"source": {"solutions": "human"}, "questions": 6, "draws": {}, "models": {}, "grading": "strict"}
    facts |= {"prompts": entry["prompts"], "decoding": {}, "reference": {}}
    card = write_card("name", [], {"drawn": 0, "kept": 0, "problems_hash": "0" * 64}, facts)
    assert "The questions are toys." in card


# A task ---------------------------------------------------------------------------------------------------------------


def test_a_task_that_is_only_in_the_registry_grades_solutions(monkeypatch, tmp_path):
    def grade(solutions, options):
        for one in solutions:
            verdict = "correct" if one.text == one.reference else "incorrect"
            yield [{"problem": one.problem, "sample": one.sample, "verdict": verdict}]

    echo = Task(
        title="echoes",
        conventions=("echo",),
        keys=("answer",),
        reference_of=lambda problem, where: problem["answer"],
        grade=grade,
        settings=lambda options: {"echo_version": 1},
        score_samples=lambda rows: {},
        checks=("none",),
        votes=False,
    )
    monkeypatch.setitem(TASKS, "echo", echo)
    monkeypatch.setitem(CONVENTIONS, "echo", echo)
    write_rows(tmp_path / "P.jsonl", [{"problem": "p", "answer": "hello"}])
    texts = ("hello", "hullo")
    write_rows(tmp_path / "S.jsonl", [{"problem": "p", "sample": i, "text": text} for i, text in enumerate(texts)])
    files = {"problems": tmp_path / "P.jsonl", "solutions": tmp_path / "S.jsonl", "output": tmp_path / "V.jsonl"}
    call(grade_solutions, "--task=echo", *(f"--{name}={path}" for name, path in files.items()))
    assert [row["verdict"] for row in read_rows(tmp_path / "V.jsonl")] == ["correct", "incorrect"]
