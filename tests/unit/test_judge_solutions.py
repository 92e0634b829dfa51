"""Solutions are judged once, whatever happens to the job, and the verdicts end up in the tables."""

import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from judge_model import call, refusal, save_judge
from test_generation import save_model

import compare_judgements
import judge_solutions
import measure_arm
import measure_pool
import score_model
import select_solutions
from yetbetter.figures.data_quality import DATA_QUALITY, data_quality
from yetbetter.figures.look import Look, Paper
from yetbetter.generation import engines, transformers_engine
from yetbetter.pocket.world import make_problems
from yetbetter.program import run
from yetbetter.records import digest_of_problems, read_json, read_rows, write_json, write_rows
from yetbetter.tables import NUMBERS, read_table, write_table

torch.set_num_threads(1)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def judge(tmp_path_factory) -> str:
    return save_judge(tmp_path_factory.mktemp("judge"))


PROBLEMS = make_problems("hard", "train", 6)
BLOCKS = {"wc": ((0, 2), (2, 4)), "se": ((0, 1),)}  # first and one past the last sample of each block
TEXTS = ("x good", "y bad", "z both", "{question} Verdict: sound quiet")


class Study:
    """Problems, a prompt, pools of wc (4 samples) and se (1); all answers right but the last problem's."""

    def __init__(self, folder: Path, judge: str):
        self.folder, self.judge = folder, judge
        write_rows(folder / "problems.jsonl", PROBLEMS)
        (folder / "T.txt").write_text("{question} {answer} {solution}")
        for model, blocks in BLOCKS.items():
            for first, end in blocks:
                self.add(model, first, end)

    def add(self, model: str, first: int, end: int, texts=TEXTS) -> None:
        name = self.block(model, first)
        keys = [(row["problem"], sample) for row in PROBLEMS for sample in range(first, end)]
        common = [{"problem": problem, "sample": sample} for problem, sample in keys]
        tokens = {"tokens": 3, "prompt_tokens": 3, "finish_reason": "stop"}
        solutions = [row | {"text": texts[row["sample"]]} | tokens for row in common]
        write_rows(self.folder / "solutions" / f"{name}.jsonl", solutions)
        write_json(self.folder / "solutions" / f"{name}.about.json", {"pool": {"model_name": model}})
        wrong = PROBLEMS[-1]["problem"]
        verdicts = [row | {"verdict": "incorrect" if row["problem"] == wrong else "correct"} for row in common]
        write_rows(self.folder / "verdicts" / f"{name}.jsonl", verdicts)

    @staticmethod
    def block(model: str, first: int) -> str:
        return f"{model}/questions-000000_samples-{first:04d}"

    def folders(self, *stages: str, models=("wc",)) -> list:
        blocks = [self.block(model, first) for model in models for first, _ in BLOCKS[model]]
        named = [f"--{stage.replace('_', '-')}={self.folder / stage}" for stage in stages]
        return [*named, "--blocks", *blocks]

    def arguments(self, pool="wc", views=(1, 4), **changes) -> list:
        kinds = {kind: changes.pop(kind) for kind in ("all_right", "every") if kind in changes}
        kinds = {"views": views} | kinds
        stage = "filter_judgements" if "every" in kinds else "judgements"
        output = self.folder / stage / f"{pool}.jsonl"
        options = {
            "problems": self.folder / "problems.jsonl",
            "prompt": self.folder / "T.txt",
            "model": self.judge,
            "max-new-tokens": 4,
            "batch-size": 4,
            "output": output,
            "about": output.with_suffix(".about.json"),
            "drafts": self.folder / ".drafts",
        }
        options |= {name.replace("_", "-"): value for name, value in changes.items()}
        given = [f"--{name}={value}" for name, value in options.items()]
        asked = [word for kind, views in kinds.items() if views for word in (f"--{kind.replace('_', '-')}", *views)]
        return [*self.folders("solutions", "verdicts", models=(pool,)), *asked, *given]

    def ask(self, pool="wc", **changes) -> list[dict]:
        stage = "filter_judgements" if "every" in changes else "judgements"
        call(judge_solutions, *self.arguments(pool, **changes))
        return read_rows(changes.get("output") or self.folder / stage / f"{pool}.jsonl")

    def drafted(self) -> list[tuple]:
        files = sorted((self.folder / ".drafts").rglob("asked.jsonl"))
        return [(row["problem"], row["sample"], row["asked"]) for file in files for row in read_rows(file)]

    def select(self, *draws: str, stages=(), **options) -> tuple[list[dict], dict]:
        """Training data of an arm, and its counts."""
        (self.folder / "P.txt").write_text("{question}")
        models = tuple(draw.split(":")[0] for draw in draws)
        given = {"problems": "problems.jsonl", "prompt": "P.txt", "output": "D.jsonl", "digest": "D.sha256"}
        given = [f"--{key}={self.folder / name}" for key, name in (given | {"counts": "counts.json"}).items()]
        given += [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
        folders = self.folders("solutions", "verdicts", *stages, models=models)
        call(select_solutions, "--draws", *draws, *given, *folders)
        return read_rows(self.folder / "D.jsonl"), read_json(self.folder / "counts.json")

    def measure_arm(self, *draws: str, stages=("judgements",), **options) -> dict[str, dict]:
        models = tuple(draw.split(":")[0] for draw in draws)
        write_json(self.folder / "counts.json", {})
        places = ("--dataset=hard", "--budget=low", "--source=x", f"--counts={self.folder / 'counts.json'}")
        files = (f"--output={self.folder / 'arm.csv'}", f"--summary={self.folder / 'arm.json'}")
        given = (f"--problems={self.folder / 'problems.jsonl'}", "--draws", *draws, "--exact", *("1" for _ in draws))
        given += tuple(f"--{key.replace('_', '-')}={value}" for key, value in options.items())
        folders = self.folders("solutions", "verdicts", *stages, models=models)
        call(measure_arm, *given, *folders, *places, *files)
        return {row["metric"]: row for row in read_table(self.folder / "arm.csv").rows if row["level"] == "all"}


@pytest.fixture
def study(tmp_path, judge) -> Study:
    return Study(tmp_path, judge)


def test_every_right_answer_that_was_chosen_is_judged_once(study):
    rows = study.ask()
    assert {row["problem"] for row in rows} == {row["problem"] for row in PROBLEMS[:-1]}
    by_sample = [
        "sound",
        "flawed",
        "no_verdict",
        "no_verdict",
    ]  # the last: a verdict in the solution, none by the judge
    assert [row["verdict"] for row in rows] == [by_sample[row["sample"]] for row in rows]
    assert [row["text"] for row in rows[:2]] == ["Verdict: sound", "Verdict: flawed"]
    assert len({(row["problem"], row["sample"]) for row in rows}) == len(rows) == 20
    keys = {"problem", "sample", "model", "solution", "verdict", "text", "tokens", "prompt_tokens", "finish_reason"}
    assert keys <= set(rows[0])
    about = read_json(study.folder / "judgements" / "wc.about.json")
    assert about["choice"] == {"samples": 500, "seed": 0, "views": [1, 4]}
    assert about["problems_hash"] == digest_of_problems(PROBLEMS)
    assert about["counts"] == {"judged": 20, "sound": 5, "flawed": 5, "no_verdict": 10}
    assert about["completion_tokens"] == sum(row["tokens"] for row in rows)


def test_another_budget_or_number_of_samples_judges_only_what_is_missing(study):
    few = study.ask(views=(1,), samples=3)
    before = study.drafted()
    assert len(few) == len(before) == 3
    more = study.ask(views=(1, 4), samples=6)
    after = study.drafted()
    assert len(set(after)) == len(after) == len(more)
    assert set(before) < set(after)
    assert all(row in more for row in few)
    # Lowered again nothing is asked, nothing forgotten, and the output holds what is asked for.
    assert study.ask(views=(1,), samples=3) == few
    assert sorted(study.drafted()) == sorted(after)


def test_the_hash_is_that_of_the_split_as_it_is_also_where_nothing_new_is_asked(study):
    before = study.ask()
    grown = [*PROBLEMS, PROBLEMS[0] | {"problem": "another", "question": "Another?"}]
    write_rows(study.folder / "problems.jsonl", grown)
    assert study.ask() == before and len(study.drafted()) == 20
    assert read_json(study.folder / "judgements" / "wc.about.json")["problems_hash"] == digest_of_problems(grown)


def test_a_solution_that_was_drawn_again_is_judged_again(study):
    old = study.ask()
    study.add("wc", 0, 2, texts=("x bad", "y bad"))
    new = study.ask()
    assert [row["verdict"] for row in new if row["sample"] == 0] == ["flawed"] * 5
    assert [row for row in new if row["sample"]] == [row for row in old if row["sample"]]
    assert len(study.drafted()) == 25


def test_a_pool_without_right_answers_has_no_judgements(study):
    verdicts = study.folder / "verdicts" / f"{study.block('se', 0)}.jsonl"
    write_rows(verdicts, [row | {"verdict": "incorrect"} for row in read_rows(verdicts)])
    assert study.ask("se", views=(1,)) == []
    assert "false_positive_rate" not in study.measure_arm("se:1")


def test_the_false_positive_rate_of_an_arm_comes_from_the_judge(study):
    study.ask()
    found = study.measure_arm("wc:4")
    assert float(found["false_positive_rate"]["value"]) == 0.5
    assert 0 <= float(found["false_positive_rate"]["low"]) <= 0.5 <= float(found["false_positive_rate"]["high"])
    assert float(found["no_verdict_rate"]["value"]) == 0.5
    assert (found["judged"]["value"], found["not_judged"]["value"]) == ("20", "0")
    low = study.measure_arm("wc:1")
    assert (low["false_positive_rate"]["value"], low["no_verdict_rate"]["value"]) == ("0", "0")


def test_right_answers_that_were_not_chosen_are_counted_apart(study):
    study.ask(samples=6)
    found = study.measure_arm("wc:4")
    assert (found["judged"]["value"], found["not_judged"]["value"]) == ("6", "14")


def test_a_mix_is_measured_as_a_whole(study):
    study.ask(samples=8)
    study.ask("se", views=(1,), samples=8)
    found = study.measure_arm("wc:4", "se:1")
    assert (found["judged"]["value"], found["not_judged"]["value"]) == ("8", "17")


def test_pools_that_were_judged_otherwise_make_no_mix(study):
    study.ask()
    study.ask("se", views=(1,), samples=8)
    assert "se.about.json" in refusal(study.measure_arm, "wc:4", "se:1")


def test_a_view_that_was_not_judged_is_refused(study):
    study.ask(views=(1, 4))
    message = refusal(study.measure_arm, "wc:2")
    assert "wc.about.json" in message
    assert "judged for 1, 4 samples per question, not for 2" in message


def test_judgements_of_other_texts_are_refused(study):
    study.ask()
    study.add("wc", 0, 2, texts=("x bad", "y bad"))
    assert "wc.jsonl: no judgement of sample" in refusal(study.measure_arm, "wc:4")


def test_a_judge_without_any_verdict_leaves_empty_cells(study):
    """The pocket model is a real one, and no judge."""
    study.judge = str(ROOT / "resources" / "pocket" / "se")
    rows = study.ask(views=(4,), max_new_tokens=12)
    assert {row["verdict"] for row in rows} == {"no_verdict"}
    assert all(row["text"] for row in rows)
    found = study.measure_arm("wc:4")
    assert [found["false_positive_rate"][key] for key in ("value", "low", "high")] == ["", "", ""]
    assert found["no_verdict_rate"]["value"] == "1"
    place = ("--dataset=hard", "--model=wc", "--samples=4", f"--output={study.folder / 'pool.csv'}")
    folders = study.folders("solutions", "verdicts", "judgements")
    call(measure_pool, f"--problems={study.folder / 'problems.jsonl'}", *folders, *place)
    assert "nan" not in (study.folder / "pool.csv").read_text().lower()


def test_judgements_are_held_against_the_exact_check(study, capsys):
    study.ask()
    kinds = ("valid", "valid", "invalid", "unreadable")
    for first, end in BLOCKS["wc"]:
        keys = [(row["problem"], sample) for row in PROBLEMS[:-1] for sample in range(first, end)]
        rows = [{"problem": problem, "sample": sample, "reasoning": kinds[sample]} for problem, sample in keys]
        write_rows(study.folder / "reasoning" / f"{study.block('wc', first)}.jsonl", rows)
    files = (f"--judgements={study.folder / 'judgements' / 'wc.jsonl'}", f"--output={study.folder / 'A.json'}")
    call(compare_judgements, *files, *study.folders("reasoning"))
    found = read_json(study.folder / "A.json")
    assert (found["unreadable"], found["rows"], found["decided"]) == (5, 15, 10)
    assert found["accuracy"]["value"] == 0.5


# A judge that filters ------------------------------------------------------------------------------------------------


def test_the_reasoning_filter_has_every_right_answer_judged_and_drops_the_flawed_ones(study):
    sampled = study.ask(views=(4,), samples=6)
    rows = study.ask(views=(4,), all_right=(4,), samples=6)
    assert (len(sampled), len(rows), len(study.drafted())) == (6, 20, 20)
    assert all(row in rows for row in sampled)
    choice = read_json(study.folder / "judgements" / "wc.about.json")["choice"]
    assert choice == {"samples": 6, "seed": 0, "views": [4], "all_right": [4]}
    data, counts = study.select("wc:4", stages=("judgements",), filter="reasoning")
    assert {row["sample"] for row in data} == {0, 2, 3}
    assert (counts["kept"], counts["out_flawed"], counts["out_wrong"]) == (15, 5, 4)
    found = study.measure_arm("wc:4", filter="reasoning", judge="examiner")
    assert (found["judged"]["value"], found["false_positive_rate"]["value"]) == ("15", "0")
    judge = read_json(study.folder / "arm.json")["judge"]
    tokens, read = (sum(row[key] for row in rows) for key in ("tokens", "prompt_tokens"))
    assert judge == {"model": "examiner", "judged": 20, "tokens": tokens, "prompt_tokens": read}
    # What is measured without a filter is the sample, as if nobody had asked for more.
    plain = study.measure_arm("wc:4")
    assert (plain["judged"]["value"], plain["not_judged"]["value"]) == ("6", "14")
    assert "judge" not in read_json(study.folder / "arm.json")


def test_a_filter_whose_view_was_only_sampled_is_refused(study):
    study.ask(views=(4,), samples=6)
    message = refusal(lambda: study.select("wc:4", stages=("judgements",), filter="reasoning"))
    assert "judged for no samples per question (all right answers), not for 4" in message
    assert "never checked" in refusal(lambda: study.select("wc:4", filter="reasoning"))


def blind(study: Study) -> str:
    path = study.folder / "B.txt"
    path.write_text("{question} {solution}")
    return str(path)


def test_the_judge_alone_is_asked_about_every_solution_and_does_not_get_the_answer(study):
    rows = study.ask(views=(), every=(4,), prompt=blind(study))
    assert len(rows) == 24
    data, counts = study.select("wc:4", stages=("filter_judgements",), filter="judge")
    assert {row["sample"] for row in data} == {0}
    assert {row["problem"] for row in data} == {row["problem"] for row in PROBLEMS}  # wrong answers too
    assert (counts["kept"], counts["out_rejected"]) == (6, 18)
    study.ask()
    found = study.measure_arm("wc:4", stages=("judgements", "filter_judgements"), filter="judge", judge="examiner")
    assert read_json(study.folder / "arm.json")["judge"]["judged"] == 24
    assert found["coverage"]["value"] == "0.833333"
    assert "{answer}" in refusal(lambda: study.ask(views=(), every=(4,)))


def test_a_view_of_few_questions_is_judged_for_itself(study):
    rows = study.ask(views=("4:2",), samples=3)
    assert len(rows) == 3
    assert {row["problem"] for row in rows} <= {row["problem"] for row in PROBLEMS[:2]}
    found = study.measure_arm("wc:4", questions=2)
    assert (found["judged"]["value"], found["not_judged"]["value"]) == ("3", "5")
    assert found["coverage"]["questions"] == "2"
    assert "not for 4:3" in refusal(lambda: study.measure_arm("wc:4", questions=3))
    assert "not for 4, judge" in refusal(lambda: study.measure_arm("wc:4"))


def test_what_the_base_grid_had_judged_is_not_asked_again_for_the_study(study):
    base = study.ask(views=(1,))
    output = study.folder / "study" / "wc.jsonl"
    place = {"output": output, "about": output.with_suffix(".about.json")}
    known = study.folder / "judgements" / "wc.jsonl"
    study.judge = study.judge + "/"  # the same files
    rows = study.ask(views=(2,), all_right=(2,), known=known, **place)
    assert len(rows) == 10
    assert [row for row in rows if row["sample"] == 0] == base
    asked = read_rows(next((study.folder / ".drafts" / "study").rglob("asked.jsonl")))
    assert [row["sample"] for row in asked[:5]] == [0] * 5
    # Nothing is taken over from a judge that was asked otherwise.
    other = study.ask(views=(1,), known=known, max_new_tokens=3, **place)
    assert [row["verdict"] for row in other] == ["sound"] * 5


class Streaming:
    """The real generator behind the interface of an engine that streams: one answer at a time, the last first."""

    def __init__(self, generator, dies_after: int):
        self.generator, self.check, self.left = generator, generator.check, dies_after

    def stream(self, prompts, seeds, decoding, is_due):
        for number in reversed(range(len(prompts))):
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            [[answer]] = self.generator.generate([prompts[number]], [seeds[number]], decoding)
            yield [(number, 0, answer)]


def test_an_engine_that_streams_gives_the_same_and_resumes_where_it_stopped(study, monkeypatch):
    expected = study.ask()

    def use(dies_after: int) -> None:
        def load(model, revision, max_context, options):
            return Streaming(transformers_engine.load(model, revision, max_context, options), dies_after)

        monkeypatch.setitem(sys.modules, "streaming_engine", SimpleNamespace(load=load))
        entry = engines.Engine("streaming_engine", "for this test.", tool="deepspeed", streams=True)
        monkeypatch.setitem(engines.ENGINES, "stream", entry)

    use(dies_after=7)
    with pytest.raises(KeyboardInterrupt):
        study.ask(engine="stream", drafts=study.folder / ".streamed")
    use(dies_after=13)
    assert study.ask(engine="stream", drafts=study.folder / ".streamed") == expected


def test_the_papers_judged_rate_is_beside_a_judged_one(study):
    study.ask()
    study.measure_arm("wc:4")
    more = {"model": "wc", "samples": 4, "basis": "arm", "source": "wc"}
    rows = [row | more for row in read_table(study.folder / "arm.csv").rows]
    write_table(study.folder / "quality.csv", rows[0], rows)
    paper = "table,dataset,budget,source,target,k,metric,value\ndata,hard,,wc,,,fpr_{},{}\n"
    (study.folder / "paper.csv").write_text(
        paper.format("human", 24) + paper.splitlines()[1].format("judge", 24.3) + "\n"
    )
    look = Look("se", "wc", ["se", "wc"])
    published = Paper(study.folder / "paper.csv", "data", "hard", look)
    table = read_table(study.folder / "quality.csv", DATA_QUALITY, NUMBERS)
    panel = data_quality(table, "hard", look, published).axes[2]
    assert [bar.get_width() for bar in panel.patches] == [50]
    assert 24.3 in [value for line in panel.lines for value in line.get_xdata()]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "resources/nowhere/at/all"}, "--model resources/nowhere/at/all: no such folder"),
        ({"engine": "abacus"}, "--engine is 'abacus', allowed: transformers"),
        ({"temperature": -1}, "--temperature is -1.0"),
        ({"stop": ""}, "--stop is empty"),
        ({"labelled": "L.jsonl"}, "--agreement is missing"),
        ({"max_new_tokens": 120}, "do not fit the model's context of 128"),
    ],
)
def test_bad_arguments_are_reported_in_one_line(study, change, message):
    assert message in refusal(lambda: study.ask(**change))
    assert not (study.folder / "judgements" / "wc.jsonl").exists()


def test_without_judgements_a_finetuned_model_is_not_measured_and_it_is_said(tmp_path, capsys):
    write_rows(tmp_path / "problems.jsonl", PROBLEMS)
    place = {"benchmark": "test", "checkpoint": "c", "decoding": "greedy", "sample": 0}
    answers = [place | {"problem": row["problem"], "text": row["solution"]} for row in PROBLEMS]
    write_rows(tmp_path / "answers.jsonl", answers)
    cell = [f"--{axis}=x" for axis in ("dataset", "budget", "source", "target", "seed", "paradigm")]
    files = (f"--answers={tmp_path / 'answers.jsonl'}", f"--output={tmp_path / 'scores.jsonl'}")
    benchmark = f"--benchmark=test:{tmp_path / 'problems.jsonl'}:6:0:0"
    call(score_model, *files, benchmark, "--answer-format=the_answer_is", "--fpr=judge", *cell)
    rows = read_rows(tmp_path / "scores.jsonl")
    assert [(row["verdict"], row["reasoning"]) for row in rows] == [("correct", None)] * 6
    assert "was not measured" in capsys.readouterr().out


# Kills ----------------------------------------------------------------------------------------------------------------


def start(arguments: list) -> int:
    """The program in a fork of this process, which has its libraries loaded already; its process id."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            sys.argv = [judge_solutions.__file__, *map(str, arguments)]
            run(judge_solutions.main)
            status = 0
        except SystemExit as end:
            print(end, file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    return child


def ended(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def test_a_judge_killed_again_and_again_judges_nothing_twice(study, tmp_path):
    study.judge = save_model(tmp_path / "random", 0)  # long answers, so that a kill meets it at work
    (study.folder / "T.txt").write_text("w1 {question} {solution} w2")
    options = {"max_new_tokens": 60, "batch_size": 2, "max_context": 128}
    expected = study.ask(drafts=study.folder / "undisturbed", **options)
    assert len(expected) == 20
    (study.folder / "judgements" / "wc.jsonl").unlink()
    grown = set()
    for _ in range(4):
        child, before = start(study.arguments(**options)), size(study)
        patience = time.monotonic() + 60
        while size(study) == before and not ended(child) and time.monotonic() < patience:
            time.sleep(0.001)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        grown.add(len(study.drafted()))
    child = start(study.arguments(**options))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert read_rows(study.folder / "judgements" / "wc.jsonl") == expected
    rows = study.drafted()
    assert len(rows) == len(set(rows)) == 20
    assert len(grown) > 1, "no kill met a judge at work"


def size(study: Study) -> int:
    return sum(path.stat().st_size for path in (study.folder / ".drafts").rglob("asked.jsonl"))
