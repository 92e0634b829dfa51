"""A judged data set in the real workflow: by a pocket model, which gives no verdict, or a server of stated error."""

import os
import subprocess
import sys

import pytest
from examiner import Examiner

from yetbetter.records import read_rows, write_rows
from yetbetter.tables import read_table

pytestmark = pytest.mark.slow

ARM = "results/miniature/metrics/hard/low/from-se.csv"
POOL = {"part": "", "dataset": "hard", "model": "se"}


def let_a_judge_look(config: dict) -> None:
    config["datasets"]["hard"]["fpr"] = "judge"
    config["datasets"]["hard"]["splits"]["train"] = 12
    config["judge"] = {"model": "se", "prompt": "judge.txt", "samples": 4, "max_new_tokens": 8}


def test_a_judged_data_set_is_measured_and_only_the_judging_follows_its_settings(fresh):
    # The prompt that comes along does not fit into the pocket model's 256 tokens.
    (fresh.folder / "judge.txt").write_text("Question: {question}\nAnswer: {solution}\nIs {answer} right?")
    assert "judge_solutions" not in fresh.planned(ARM)
    fresh.change_config(let_a_judge_look)
    fresh.run(ARM)
    rows = read_rows(fresh.results / "judgements" / "hard" / "se.jsonl", require=("verdict",))
    assert rows and {row["verdict"] for row in rows} == {"no_verdict"}
    found = {row["metric"]: row["value"] for row in read_table(fresh.folder / ARM).rows if row["level"] == "all"}
    assert (found["false_positive_rate"], found["no_verdict_rate"]) == ("", "1")
    assert fresh.planned(ARM) == {}

    fresh.change_config(lambda config: config["judge"].update(samples=1000))
    arm = {"dataset": "hard", "budget": "low", "source": "se"}
    assert fresh.planned(ARM) == {"judge_solutions": [POOL], "measure_arm": [arm]}


CLAIMS = "results/miniature/tables/claims.csv"
MODELS = "results/miniature/tables/finetuned.csv"
TRAIN = "results/miniature/problems/hard/train.jsonl"
SENSITIVITY, SPECIFICITY = 0.9, 0.98


def let_an_examiner_judge(config: dict, url: str, weak: str, problems: int, steps: int, rate: float, seeds: int):
    """Claim 8 with as few models as decide it: one data set and one budget play both roles, WC is the student, too."""
    wc, se = (config["models"][name] | {"batch_size": problems} for name in ("wc", "se"))
    examiner = {"path": "examiner", "engine": "openai", "max_context": 4096}
    examiner["engine_options"] = {"base_url": url, "key_variable": "", "concurrency": 16}
    config["models"] = {"wc": wc | {"path": weak}, "se": se, "examiner": examiner}
    config["judge"] = {"model": "examiner", "prompt": "resources/prompts/judge.txt", "samples": problems}
    splits = {"train": 100, "validation": 10, "test": problems, "functional": 10, "control": 10}
    config["datasets"]["hard"] |= {"splits": splits, "benchmarks": {"test": {"greedy": problems}}, "fpr": "judge"}
    config["sampling"]["shard_questions"] = 100
    config["budgets"] = {"low": {"model": "se", "samples": 2}}
    del config["sources"]["human"]
    recipe = {"steps": {"low": steps}, "batch_size": 8, "learning_rates": {"standard": rate}, "checkpoints": 1}
    config["finetuning"]["short"] |= recipe
    grid = {"datasets": ["hard"], "budgets": ["low"], "sources": ["se", "wc"], "targets": ["wc", "se"]}
    config["experiments"] = {"main": grid | {"seeds": list(range(seeds))}}
    config["repeat"] = "finetuning"
    roles = {"datasets": {"easier": "hard", "harder": "hard"}, "budgets": {"low": "low", "high": "low"}}
    config["claims"] = roles | {"student": "wc"}


def judged_and_checked(clone, **study) -> list[tuple[dict, dict]]:
    """(the row of claim 8, the models' false positive rates): by the examiner, and by the exact check of the same."""
    with Examiner(clone.results / "problems", SENSITIVITY, SPECIFICITY) as examiner:
        clone.change_config(lambda config: let_an_examiner_judge(config, examiner.url, **study))
        clone.run(CLAIMS, MODELS)
    judged = claim_8(clone), model_rates(clone)
    clone.change_config(lambda config: config["datasets"]["hard"].update(fpr="exact"))
    assert not {"sample_solutions", "finetune_model", "evaluate_model"} & set(clone.planned(CLAIMS, MODELS))
    clone.run(CLAIMS, MODELS)
    assert judged[0]["basis"] == claim_8(clone)["basis"] + ", judge alone"
    return [judged, (claim_8(clone), model_rates(clone))]


def claim_8(clone) -> dict:
    return next(row for row in read_table(clone.folder / CLAIMS).rows if row["claim"] == "8")


def model_rates(clone) -> dict[tuple, float]:
    """False positive rate of each finetuned model on the test problems, over all seeds."""
    rows = [row for row in read_table(clone.folder / MODELS).rows if row["metric"] == "false_positive_rate"]
    return {(row["source"], row["target"]): float(row["value"]) for row in rows if row["seed"] == row["level"] == "all"}


def train_a_sloppy_model(clone) -> str:
    """A folder with WC, finetuned to begin with a false equation and to go on soundly."""
    clone.change_config(lambda config: config["datasets"]["hard"]["splits"].update(train=100))
    clone.run(TRAIN)
    rows = [
        {"problem": row["problem"], "sample": 0, "model": "nobody"}
        | {"prompt": f"Question: {row['question']}\nAnswer:", "completion": f" We have 7 + 5 = 13. {row['solution']}"}
        for row in read_rows(clone.folder / TRAIN)
    ]
    write_rows(clone.folder / "sloppy.jsonl", rows)
    words = ["--data", "sloppy.jsonl", "--model", "resources/pocket/wc", "--output", "sloppy", "--steps", "60"]
    words += ["--checkpoints", "1", "--batch-size", "8", "--learning-rate", "1e-3", "--max-length", "192"]
    command = [sys.executable, "workflow/scripts/finetune_model.py", *words, "--precision", "float32"]
    subprocess.run(command, cwd=clone.folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True, timeout=300)
    return "sloppy/checkpoint-1"


def test_models_with_equal_rates_are_found_similar_by_a_judge_of_stated_error_as_by_the_exact_check(fresh):
    """The judge's rates are not the true ones, but differences between models nearly are."""
    study = {"weak": "resources/pocket/wc", "problems": 1200, "steps": 12, "rate": 3e-4, "seeds": 3}
    (judged, found), (exact, true) = judged_and_checked(fresh, **study)
    assert (judged["verdict"], exact["verdict"]) == ("reproduced", "reproduced")
    expected = [rate * SENSITIVITY + (1 - rate) * (1 - SPECIFICITY) for rate in true.values()]
    assert sum(found.values()) == pytest.approx(sum(expected), rel=0.25)
    assert sum(found.values()) > 1.25 * sum(true.values())


def test_models_that_learned_flawed_reasoning_are_found_by_a_judge_of_stated_error_as_by_the_exact_check(fresh):
    """Right solutions of a sloppy model are never sound, and nor are those of models that learned from them."""
    study = {"weak": train_a_sloppy_model(fresh), "problems": 400, "steps": 60, "rate": 6e-4, "seeds": 2}
    (judged, found), (exact, true) = judged_and_checked(fresh, **study)
    assert (judged["verdict"], exact["verdict"]) == ("contradicted", "contradicted")
    assert true["wc", "wc"] > 0.9 and found["wc", "wc"] == pytest.approx(SENSITIVITY, abs=0.08)
