"""The registries of filters and metrics, and an arm's way from its pools to a row of a table, shard by shard."""

import json
from pathlib import Path

import pytest
from judge_model import call, refusal

import measure_arm
import select_solutions
import tabulate_data
from yetbetter.errors import UserError
from yetbetter.judging.samples import Sample
from yetbetter.measures.metrics import METRICS, Metric
from yetbetter.records import read_json, read_rows, write_json, write_rows
from yetbetter.selection.exports import write_card
from yetbetter.selection.filters import FILTERS, Filter, reasons
from yetbetter.selection.pools import Pools, PoolSamples, read_shards
from yetbetter.selection.training_data import Choice, Selection, write_by_model
from yetbetter.study.experiments import describe
from yetbetter.tables import read_table

PROBLEMS = [{"problem": f"p{n}", "question": f"Question {n}?", "answer": "1", "level": n % 2} for n in range(4)]
SHARDS = ("p0 p1", "p2 p3")
SAMPLES = 4


class Arm:
    """Pools of se and wc in two shards and two sample blocks, and the programs that make an arm of them.

    Of each question sample 0 is right, 1 the same again, 2 right in other words, 3 wrong; sample 2 is found wrong.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        write_rows(folder / "problems.jsonl", PROBLEMS)
        (folder / "prompt.txt").write_text("{question}")
        for model in ("se", "wc"):
            for shard, problems in enumerate(SHARDS):
                for start in (0, 2):
                    self.add(f"{model}/questions-{shard:06d}_samples-{start:04d}", problems.split(), start)

    def add(self, block: str, problems: list[str], start: int) -> None:
        texts = ("Yes: 1.", "Yes:  1.", "One.", "Two.")
        places = [{"problem": problem, "sample": sample} for problem in problems for sample in (start, start + 1)]
        rest = {"tokens": 5, "prompt_tokens": 3, "finish_reason": "stop"}
        solutions = [place | {"text": texts[place["sample"]]} | rest for place in places]
        right = [place["sample"] < 3 for place in places]
        write_rows(self.folder / "solutions" / f"{block}.jsonl", solutions)
        write_json(self.folder / "solutions" / f"{block}.about.json", {"pool": {"model_name": block[:2]}})
        verdicts = [
            place | ({"answer": "1", "verdict": "correct"} if good else {"answer": "2", "verdict": "incorrect"})
            for place, good in zip(places, right, strict=True)
        ]
        write_rows(self.folder / "verdicts" / f"{block}.jsonl", verdicts)
        checks = [
            place | {"reasoning": "invalid" if place["sample"] == 2 else "valid"}
            for place, good in zip(places, right, strict=True)
            if good
        ]
        write_rows(self.folder / "reasoning" / f"{block}.jsonl", checks)

    def blocks(self, *models: str) -> list[str]:
        return [
            f"{model}/questions-{shard:06d}_samples-{start:04d}"
            for model in models
            for shard in (0, 1)
            for start in (0, 2)
        ]

    def arm(self, models, *options: str) -> list:
        draws = [f"{model}:{SAMPLES}" for model in models]
        stages = [f"--{stage}={self.folder / stage}" for stage in ("solutions", "verdicts")]
        problems = f"--problems={self.folder / 'problems.jsonl'}"
        return [problems, "--draws", *draws, *stages, "--blocks", *self.blocks(*models), *options]

    def select(self, *options: str, models=("wc",)) -> list[dict]:
        files = {"output": "data.jsonl", "digest": "data.sha256", "counts": "counts.json", "drawn": "drawn.jsonl"}
        files = [f"--{key}={self.folder / name}" for key, name in (files | {"prompt": "prompt.txt"}).items()]
        call(select_solutions, *self.arm(models, *options), *files)
        return read_rows(self.folder / "data.jsonl")

    def drawn(self) -> tuple[str, str]:
        """The options that name what is left of the selection."""
        return f"--drawn={self.folder / 'drawn.jsonl'}", f"--digest={self.folder / 'data.sha256'}"

    def measure(self, *options: str, models=("wc",)) -> dict[str, bytes]:
        outputs = {"output": "arm.csv", "summary": "arm.json", "by-question": "questions.csv"}
        files = [f"--{key}={self.folder / name}" for key, name in (outputs | {"counts": "counts.json"}).items()]
        place = ("--dataset=hard", "--budget=low", "--source=own", "--exact", *(str(SAMPLES) for _ in models))
        call(measure_arm, *self.arm(models, f"--reasoning={self.folder / 'reasoning'}", *options), *place, *files)
        return {name: (self.folder / name).read_bytes() for name in outputs.values()}


@pytest.fixture
def arm(tmp_path) -> Arm:
    return Arm(tmp_path)


# Shard by shard -------------------------------------------------------------------------------------------------------


def test_training_data_are_in_the_order_of_the_models_shards_and_blocks(arm):
    rows = arm.select("--filter=none", models=("wc", "se"))
    assert [(row["model"], row["problem"], row["sample"]) for row in rows] == [
        (model, problem, sample)
        for model in ("wc", "se")
        for problems in SHARDS
        for start in (0, 2)
        for problem in problems.split()
        for sample in (start, start + 1)
    ]


def test_equal_solutions_of_two_models_count_once_and_the_first_models_stays(arm):
    rows = arm.select("--duplicates=drop", models=("wc", "se"))
    assert [(row["model"], row["problem"], row["sample"]) for row in rows] == [
        ("wc", problem, sample) for problems in SHARDS for sample in (0, 2) for problem in problems.split()
    ]
    counts = read_json(arm.folder / "counts.json")
    assert (counts["kept"], counts["out_duplicate"]) == (8, 16)


@pytest.mark.parametrize("rule", ["ground_truth", "none", "majority"])
@pytest.mark.parametrize("models", [("wc",), ("se", "wc")])
def test_measuring_what_was_selected_gives_what_selecting_once_more_gives(arm, rule, models):
    arm.select(f"--filter={rule}", models=models)
    found = arm.measure(f"--filter={rule}", *arm.drawn(), models=models)
    assert found == arm.measure(f"--filter={rule}", models=models)


def test_a_majority_is_taken_of_solutions_that_state_an_answer(arm):
    path = arm.folder / "verdicts" / f"{arm.blocks('wc')[1]}.jsonl"
    rows = read_rows(path)
    nothing = {"answer": None, "verdict": "no_answer"}
    write_rows(path, [row | nothing if row["verdict"] == "incorrect" else row for row in rows])
    assert {row["sample"] for row in arm.select("--filter=majority")} == {0, 1, 2}
    write_rows(path, [{key: row[key] for key in ("problem", "sample", "verdict")} for row in rows])
    assert f"{path}: no 'answer' of sample 2 of 'p0'" in refusal(arm.select, "--filter=majority")


def test_measuring_what_was_selected_reads_no_solution(arm):
    arm.select()
    for path in (arm.folder / "solutions").rglob("*.jsonl"):
        path.unlink()
    measured = arm.measure(*arm.drawn())
    assert b"coverage,1,0.510109,1,4" in measured["arm.csv"]
    assert b"diversity,2,2,2.48989,4" in measured["arm.csv"]


def test_what_was_drawn_for_another_arm_is_not_measured_by(arm):
    arm.select(models=("se",))
    assert arm.measure(*arm.drawn()) == arm.measure()


def test_what_was_drawn_needs_the_digest_of_its_training_data(arm):
    arm.select()
    assert "--digest is missing" in refusal(arm.measure, arm.drawn()[0])


def test_a_missing_file_of_a_pool_is_named_in_one_line(arm):
    arm.select()
    verdicts = arm.folder / "verdicts" / f"{arm.blocks('wc')[1]}.jsonl"
    verdicts.unlink()
    assert f"{verdicts}: no such file" in refusal(arm.measure, *arm.drawn())


def test_a_question_of_two_shards_is_refused(arm):
    block = "wc/questions-000001_samples-0000"
    arm.add(block, ["p1", "p2"], 0)
    pools = Pools(str(arm.folder / "solutions"), str(arm.folder / "verdicts"), None, arm.blocks("wc"))
    pools = Pools(pools.solutions, pools.verdicts, None, [arm.blocks("wc")[0], block])
    message = refusal(lambda: list(read_shards(pools, {"wc": 2})))
    assert message.endswith("'p1' is in another shard's blocks too")


def test_samples_may_be_gone_through_again(arm):
    pools = Pools(str(arm.folder / "solutions"), str(arm.folder / "verdicts"), None, arm.blocks("wc"))
    samples = PoolSamples(pools, {"wc": 3}, ["p0", "p3"])
    assert len(list(samples)) == 6
    assert list(samples) == list(samples)


def test_rows_wait_for_those_of_the_models_before(tmp_path):
    rows = [{"model": model, "text": f"{number}\u2028\ud800"} for number, model in enumerate(("b", "a", "c", "b", "a"))]
    write_by_model(tmp_path / "rows.jsonl", rows, ("a", "b", "c"))
    assert read_rows(tmp_path / "rows.jsonl") == [rows[number] for number in (1, 4, 0, 3, 2)]
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


def test_a_broken_row_leaves_no_training_data(tmp_path):
    def rows():
        yield {"model": "a"}
        yield {"model": "b"}
        raise KeyError("broken")

    with pytest.raises(KeyError):
        write_by_model(tmp_path / "rows.jsonl", rows(), ("a", "b"))
    assert list(tmp_path.iterdir()) == []


# Registries -----------------------------------------------------------------------------------------------------------

EVERY_KIND = [
    Sample("wc", "p0", number, verdict, "1", reasoning, judged)
    for number, (verdict, reasoning, judged) in enumerate(
        [("correct", "valid", "sound"), ("correct", "invalid", "flawed"), ("incorrect", None, "no_verdict")]
    )
]


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_gives_a_reason_with_words_or_none_for_each_sample(name):
    found = FILTERS[name].reject(EVERY_KIND, str.__eq__)
    assert len(found) == len(EVERY_KIND)
    assert {reason for reason in found if reason} <= FILTERS[name].reasons.keys() <= reasons().keys()
    assert FILTERS[name].keeps


@pytest.mark.parametrize(("name", "option"), [("reasoning", "--judgements"), ("judge", "--filter-judgements")])
def test_a_filter_that_needs_judgements_refuses_samples_without_them(name, option):
    with pytest.raises(UserError, match=f"sample 4 of 'p0' from 'wc': .* which --filter {name} needs .*{option}"):
        FILTERS[name].reject([Sample("wc", "p0", 4, "correct", "1")], str.__eq__)


def keep_even(samples: list[Sample], same) -> list[str | None]:
    return ["out_odd" if sample.sample % 2 else None for sample in samples]


@pytest.fixture
def toys(monkeypatch) -> None:
    """A filter and a metric that the package does not have."""
    toy = Filter(keep_even, keeps="solutions with an even number", note="filter: even", reasons={"out_odd": "odd"})
    monkeypatch.setitem(FILTERS, "even", toy)
    share = Metric(title="share kept", axis="% of samples", of=lambda counts: (counts["trained"], counts["drawn"]))
    monkeypatch.setitem(METRICS, "kept_share", share)


def test_a_filter_and_a_metric_from_outside_come_through_to_the_tables(arm, toys):
    assert {row["sample"] for row in arm.select("--filter=even")} == {0, 2}
    arm.measure("--filter=even", *arm.drawn())
    tables = [f"--{name}={arm.folder / name}.table" for name in ("coverage", "diversity", "quality", "costs")]
    call(tabulate_data, "--pools", "--arms", arm.folder / "arm", "--model=wc:9e9::", *tables)
    quality = read_table(arm.folder / "quality.table").rows
    (row,) = [row for row in quality if (row["metric"], row["level"]) == ("kept_share", "all")]
    assert (row["value"], row["source"], row["basis"]) == ("0.5", "own", "arm")
    (costs,) = read_table(arm.folder / "costs.table").rows
    assert (costs["kept"], costs["out_odd"]) == ("8", "8")
    assert json.loads((arm.folder / "arm.json").read_text())["as_pool"] is False


def test_words_about_a_filter_come_from_its_entry(toys):
    source = {"draws": [{"model": "wc", "samples": 4}], "filter": "even"}
    assert describe(source) == "filter: even"
    facts = {
        **{"study": "s", "seed": 0, "dataset": "hard", "adapter": "pocket", "budget": "low", "source_name": "own"},
        **{
            "source": source,
            "questions": 4,
            "draws": {"wc": 4},
            "models": {"wc": {"path": "a/b"}},
            "grading": "strict",
        },
        **{"reference": {"model": "wc", "samples": 4}, "decoding": {}, "prompts": {"sampling": "", "finetuned": ""}},
    }
    rows = [{"problem": "p0", "model": "wc"}]
    card = write_card("name", rows, {"drawn": 16, "kept": 8, "out_odd": 8, "problems_hash": "0" * 64}, facts)
    assert "Kept: solutions with an even number" in card
    assert "8 odd" in card


def test_a_selection_counts_what_each_filter_leaves_out():
    texts = [{"text": str(number), "finish_reason": "stop"} for number in range(3)]
    for name, left in (
        ("none", {}),
        ("ground_truth", {"out_wrong": 1}),
        ("reasoning", {"out_wrong": 1, "out_flawed": 1}),
    ):
        with Selection(Choice(name)) as selection:
            list(selection.choose(EVERY_KIND, zip(EVERY_KIND, texts, strict=True)))
        assert {key: count for key, count in selection.counts.items() if key.startswith("out_")} == left
