"""Sources without a fixed number of samples per question: against simulations by hand, and what refuses them."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from configs import SCHEMA, check_config, completed, pocket_study
from yetbetter.errors import UserError
from yetbetter.measures.costs import parse_model_cost
from yetbetter.measures.data_tables import cost_row, quality_rows
from yetbetter.records import read_json, read_rows, write_json, write_rows
from yetbetter.study.experiments import describe
from yetbetter.study.study import Study
from yetbetter.tables import read_table

ROOT = Path(__file__).parents[2]
MODELS = ("wc", "se")
QUESTIONS, SAMPLES, BLOCK, SHARD = 12, 6, 3, 6
COSTS = dict(map(parse_model_cost, ["wc:100::1", "se:300::10"]))


class Pools:
    """Two models' samples in blocks of 3 samples of 6 questions; the first question is never solved by either."""

    def __init__(self, folder: Path):
        self.folder, self.blocks, self.rows = folder, [], {}
        random = np.random.default_rng(3)
        problems = [{"problem": f"p{i}", "question": f"Q{i}?", "answer": "1", "level": i % 2} for i in range(QUESTIONS)]
        write_rows(folder / "problems.jsonl", problems)
        (folder / "prompt.txt").write_text("{question}")
        for model in MODELS:
            for shard in range(0, QUESTIONS, SHARD):
                for first in range(0, SAMPLES, BLOCK):
                    self.add(model, range(shard, shard + SHARD), range(first, first + BLOCK), random)

    def add(self, model: str, questions: range, samples: range, random) -> None:
        block = f"{model}/questions-{questions[0]:06d}_samples-{samples[0]:04d}"
        solutions, verdicts, checks = [], [], []
        for question in questions:
            for sample in samples:
                place = {"problem": f"p{question}", "sample": sample}
                right = question > 0 and random.random() < 0.35
                cut = bool(random.random() < 0.15)
                more = {"tokens": int(random.integers(5, 90)), "prompt_tokens": 7 + question}
                text = {"text": f"{model} {random.integers(3)}", "finish_reason": "length" if cut else "stop"}
                solutions.append(place | text | more)
                verdicts.append(place | {"verdict": "correct" if right else "incorrect"})
                checks += [place | {"reasoning": "valid" if sample % 2 else "invalid"}] if right else []
                self.rows[model, place["problem"], sample] = solutions[-1] | {"right": right, "cut": cut}
        for stage, rows in (("solutions", solutions), ("verdicts", verdicts), ("reasoning", checks)):
            write_rows(self.folder / stage / f"{block}.jsonl", rows)
        write_json(self.folder / "solutions" / f"{block}.about.json", {"pool": {"model_name": model}})
        self.blocks.append(block)

    def looked_at(self, draws: dict[str, int], most: int, first: int = 0) -> list[tuple[str, str, int]]:
        """By hand: question for question, sample for sample. first: repetition of the view."""
        found = []
        for question in range(QUESTIONS):
            right = 0
            for model, samples in draws.items():
                for sample in range(first * samples, (first + 1) * samples):
                    if right < most:
                        found.append((model, f"p{question}", sample))
                        right += self.rows[found[-1]]["right"]
        return found

    def run(self, draws: dict[str, int], most: int | None, *more: str) -> "Arm":
        view = ["--draws", *(f"{model}:{samples}" for model, samples in draws.items())]
        view += ["--stop-after", str(most)] if most else []
        folders = [word for stage in ("solutions", "verdicts") for word in (f"--{stage}", str(self.folder / stage))]
        blocks = [block for block in self.blocks if block.split("/")[0] in draws]
        return Arm(self.folder, [*view, *folders, "--blocks", *blocks, *more], draws)


class Arm:
    """An arm that the programs selected and measured, with the file of what was drawn and without it."""

    def __init__(self, folder: Path, words: list[str], draws: dict[str, int]):
        self.folder, common = folder, ["--problems", str(folder / "problems.jsonl"), *words]
        files = {name: str(folder / f"arm.{name}") for name in ("jsonl", "sha256", "counts.json", "drawn.jsonl")}
        outputs = zip(("--output", "--digest", "--counts", "--drawn"), files.values(), strict=True)
        prompt = ["--prompt", str(folder / "prompt.txt")]
        self.program("select_solutions", *common, *prompt, *(word for pair in outputs for word in pair))
        self.data, self.counts = read_rows(files["jsonl"]), read_json(files["counts.json"])
        place = ["--dataset", "d", "--budget", "b", "--source", "s", "--exact", *map(str, draws.values())]
        place += ["--counts", files["counts.json"], "--reasoning", str(folder / "reasoning")]
        told = ["--drawn", files["drawn.jsonl"], "--digest", files["sha256"]]
        self.measured = self.measure(*common, *place, *told)
        assert self.measure(*common, *place) == self.measured
        self.summary = json.loads(self.measured[1])

    def measure(self, *words: str) -> tuple[str, ...]:
        files = [self.folder / name for name in ("m.csv", "m.json", "m.questions.csv")]
        options = zip(("--output", "--summary", "--by-question"), map(str, files), strict=True)
        self.program("measure_arm", *words, *(word for pair in options for word in pair))
        return tuple(file.read_text() for file in files)

    def program(self, name: str, *words: str) -> None:
        line = [sys.executable, str(ROOT / f"workflow/scripts/{name}.py"), *words]
        done = subprocess.run(line, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    def measures(self) -> list[dict]:
        return read_table(self.folder / "m.csv").rows

    def value(self, metric: str) -> float:
        [row] = [row for row in self.measures() if (row["level"], row["metric"]) == ("all", metric)]
        return float(row["value"])


@pytest.fixture(scope="module")
def pools(tmp_path_factory) -> Pools:
    return Pools(tmp_path_factory.mktemp("pools"))


@pytest.mark.parametrize(
    ("draws", "most", "repetition"),
    [
        ({"wc": 6}, 1, 0),
        ({"wc": 6}, 2, 0),
        ({"wc": 5}, 9, 0),
        ({"wc": 3}, 1, 1),
        ({"wc": 4, "se": 2}, 1, 0),
        ({"se": 2, "wc": 4}, 2, 0),
    ],
)
def test_an_arm_is_what_a_simulation_by_hand_looks_at(pools, draws, most, repetition):
    arm = pools.run(draws, most, "--repetition", str(repetition))
    looked_at = pools.looked_at(draws, most, repetition)
    rows = {place: pools.rows[place] for place in looked_at}
    kept = {place for place, row in rows.items() if row["right"] and not row["cut"]}
    assert {(row["model"], row["problem"], row["sample"]) for row in arm.data} == kept
    assert (arm.counts["drawn"], arm.counts["kept"]) == (len(looked_at), len(kept))
    for draw in arm.summary["draws"]:
        own = {place: row for place, row in rows.items() if place[0] == draw["model"]}
        assert draw["looked_at"] == len(own)
        assert draw["tokens"] == sum(row["tokens"] for row in own.values())
        asked = {place[1]: row["prompt_tokens"] for place, row in own.items()}
        assert (draw["questions"], draw["prompt_tokens"]) == (len(asked), sum(asked.values()))
        assert draw["samples"] == draws[draw["model"]]
    solved = {problem for _, problem, _ in kept}
    assert arm.value("coverage") == pytest.approx(len(solved) / QUESTIONS)
    assert arm.value("solved_per_sample") == pytest.approx(len(solved) / len(looked_at), rel=1e-5)


def test_its_price_and_flops_are_those_of_what_it_looked_at(pools):
    draws = {"wc": 4, "se": 2}
    arm = pools.run(draws, 1)
    row = cost_row(arm.summary, [arm.summary], COSTS, arm.measures())
    looked_at = [pools.rows[place] | {"model": place[0]} for place in pools.looked_at(draws, 1)]
    dollars = {"wc": 1, "se": 10}
    assert row["price"] == pytest.approx(sum(one["tokens"] * dollars[one["model"]] for one in looked_at) / 1e6)
    sizes = {"wc": 100, "se": 300}
    assert row["flops_drawn"] == sum(2 * sizes[one["model"]] * one["tokens"] for one in looked_at)
    mean = sum(one["tokens"] for one in looked_at) / len(looked_at)
    assert row["flops_assumed"] == pytest.approx(sum(2 * sizes[one["model"]] * mean for one in looked_at))
    assert (row["drawn"], row["tokens"]) == (len(looked_at), sum(one["tokens"] for one in looked_at))
    assert row["samples"] == pytest.approx(len(looked_at) / QUESTIONS)
    assert row["samples_exact"] == 6
    assert row["price_per_solved"] == pytest.approx(row["price"] / row["solved"])


def test_the_pool_s_estimators_of_a_fixed_number_say_nothing_of_it(pools):
    arm = pools.run({"wc": 6}, 1)
    assert arm.summary["as_pool"] is False
    pool = [{"dataset": "d", "model": "wc", "k": "6", "level": "all", "metric": "coverage", "value": 1.0}]
    found = list(quality_rows([arm.summary], [], pool))
    assert found == []


def test_a_filter_that_must_not_look_at_right_answers_is_refused_by_the_program(pools):
    with pytest.raises(AssertionError, match="--stop-after: right answers are counted, which --filter none must not"):
        pools.run({"wc": 6}, 1, "--filter", "none")


# By level -------------------------------------------------------------------------------------------------------------

GROUPS = {"by": "level", "models": {"wc": ["0"], "se": ["1"]}}


def test_each_question_is_answered_by_the_model_of_its_level(pools):
    arm = pools.run({"wc": 6, "se": 2}, None, "--groups", json.dumps(GROUPS))
    seen = {("wc", f"p{i}", k) for i in range(0, QUESTIONS, 2) for k in range(6)}
    seen |= {("se", f"p{i}", k) for i in range(1, QUESTIONS, 2) for k in range(2)}
    rows = {place: pools.rows[place] for place in seen}
    kept = {place for place, row in rows.items() if row["right"] and not row["cut"]}
    assert {(row["model"], row["problem"], row["sample"]) for row in arm.data} == kept
    assert arm.value("coverage") == pytest.approx(len({problem for _, problem, _ in kept}) / QUESTIONS)
    row = cost_row(arm.summary, [arm.summary], COSTS, arm.measures())
    assert (row["drawn"], row["questions"], row["samples"]) == (48, 12, 4)
    price = sum(row["tokens"] * {"wc": 1, "se": 10}[place[0]] for place, row in rows.items()) / 1e6
    assert row["price"] == pytest.approx(price)
    assert arm.summary["as_pool"] is False


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (GROUPS | {"models": {"wc": ["0"]}}, "has level '1', which no draw names"),
        ({"by": "level"}, "--groups: must be by"),
    ],
)
def test_a_question_without_a_model_is_refused_in_one_line(pools, groups, message):
    with pytest.raises(AssertionError, match=message):
        pools.run({"wc": 6, "se": 2}, None, "--groups", json.dumps(groups))


def by_level(weak: dict, strong: dict, **more) -> dict:
    config = pocket_study()
    draws = [{"model": "wc", "match": "compute"} | weak, {"model": "se", "match": "compute"} | strong]
    config["sources"]["by-level"] = {"draws": draws, "filter": "ground_truth"} | more
    config["experiments"]["main"]["sources"].append("by-level")
    return config


def test_a_source_by_level_spends_the_whole_budget_on_every_question():
    config = by_level({"levels": [1, 2]}, {"levels": [3, 4, 5]})
    made = Study(check_config(config, SCHEMA, "mine.yaml"))
    words = made.arm_arguments(SimpleNamespace(dataset="hard", budget="high", source="by-level", slice=""))
    told = '{"by": "level", "models": {"wc": ["1", "2"], "se": ["3", "4", "5"]}}'
    assert words[:4] == ["--draws", "wc:30", "se:10", f"--groups '{told}'"]
    assert describe(config["sources"]["by-level"]) == "by level"


@pytest.mark.parametrize(
    ("weak", "strong", "more", "message"),
    [
        ({"levels": [1]}, {}, {}, "either all of them have `levels`"),
        ({"levels": [1]}, {"subjects": ["x"]}, {}, "either all of them have `levels`"),
        ({"levels": [1, 2]}, {"levels": [2]}, {}, "levels: '2' is in two draws"),
        ({"levels": [1]}, {"levels": [2]}, {"stop_after": 1}, "levels and stop_after exclude each other"),
    ],
)
def test_a_question_has_one_draw(weak, strong, more, message):
    with pytest.raises(UserError, match=message):
        check_config(by_level(weak, strong, **more), SCHEMA, "mine.yaml")


# The config -----------------------------------------------------------------------------------------------------------


def study(**more) -> dict:
    config = pocket_study()
    config["sources"]["wc-stop"] = {"draws": [{"model": "wc", "match": "compute"}], "filter": "ground_truth"} | more
    config["sources"]["wc-stop"].setdefault("stop_after", 1)
    return config


def compare(config: dict) -> None:
    config["comparison"]["weak"] = "wc-stop"
    config["experiments"]["main"]["sources"].append("wc-stop")


def plot(config: dict) -> None:
    config["experiments"]["along"] = config["experiments"]["main"] | {
        "figure": "crossover",
        "sources": ["se", "wc-stop"],
    }


def climb(config: dict) -> None:
    [ladder] = [entry for entry in config["experiments"].values() if entry.get("figure") == "ladder"]
    ladder["sources"].append("wc-stop")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (compare, r"comparison.weak: 'wc-stop': the comparison needs a fixed number of samples per question"),
        (plot, r"experiments.along.figure: 'crossover' needs a fixed number of samples .* \('wc-stop'\)"),
        (climb, r"experiments.ladder.sources: 'wc-stop' leaves out right answers, so it cannot be a rung"),
        (lambda config: config["sources"]["wc-stop"].update(stop_after=0), r"sources.wc-stop.stop_after: 0"),
        (
            lambda config: config["sources"]["wc-stop"].update(filter="majority"),
            r"sources.wc-stop.stop_after: it counts right answers, which filter 'majority' must not look at"
            r" \(use filter: ground_truth or reasoning\)",
        ),
    ],
)
def test_what_needs_a_fixed_number_is_refused_in_one_line(change, message):
    config = study()
    change(config)
    with pytest.raises(UserError, match=message) as failure:
        Study(check_config(config, SCHEMA, "mine.yaml"))
    assert len(str(failure.value).splitlines()) == 1


def test_sources_without_it_have_the_arguments_that_they_had():
    made = Study(completed(study()))
    words = {
        source: made.arm_arguments(SimpleNamespace(dataset="hard", budget="low", source=source, slice=""))
        for source in ("wc", "wc-stop")
    }
    assert words["wc"] == ["--draws", "wc:3", "--filter ground_truth", "--duplicates keep"]
    assert words["wc-stop"] == ["--draws", "wc:3", "--stop-after 1", "--filter ground_truth", "--duplicates keep"]
    assert describe(study()["sources"]["wc-stop"]) == "stops after 1 right"
