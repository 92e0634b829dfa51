"""A judged data set in the real workflow: by a pocket model, which gives no verdict, or a server of stated error."""

import pytest
from examiner import Examiner

from yetbetter.records import read_rows
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
PROBLEMS = 1200
SENSITIVITY, SPECIFICITY = 0.9, 0.98


def let_an_examiner_judge(config: dict, url: str) -> None:
    """Claim 8 with as few models as decide it: one data set and one budget play both roles, WC is the student, too."""
    wc, se = (config["models"][name] | {"batch_size": PROBLEMS} for name in ("wc", "se"))
    examiner = {"path": "examiner", "engine": "openai", "max_context": 4096}
    examiner["engine_options"] = {"base_url": url, "key_variable": "", "concurrency": 16}
    config["models"] = {"wc": wc, "se": se, "examiner": examiner}
    config["judge"] = {"model": "examiner", "prompt": "resources/prompts/judge.txt", "samples": PROBLEMS}
    splits = {"train": 100, "validation": 10, "test": PROBLEMS, "functional": 10, "control": 10}
    config["datasets"]["hard"] |= {"splits": splits, "benchmarks": {"test": {"greedy": PROBLEMS}}, "fpr": "judge"}
    config["sampling"]["shard_questions"] = 100
    config["budgets"] = {"low": {"model": "se", "samples": 2}}
    del config["sources"]["human"]
    recipe = {"steps": {"low": 12}, "batch_size": 8, "learning_rates": {"standard": 3e-4}, "checkpoints": 1}
    config["finetuning"]["short"] |= recipe
    grid = {"datasets": ["hard"], "budgets": ["low"], "sources": ["se", "wc"], "targets": ["wc", "se"]}
    config["experiments"] = {"main": grid | {"seeds": [0, 1, 2]}}
    config["repeat"] = "finetuning"
    roles = {"datasets": {"easier": "hard", "harder": "hard"}, "budgets": {"low": "low", "high": "low"}}
    config["claims"] = roles | {"student": "wc"}


def test_the_claim_on_finetuned_models_is_decided_by_a_judge_of_stated_error_as_by_the_exact_check(fresh):
    """The judge's rates are not the true ones, but differences between models nearly are."""
    with Examiner(fresh.results / "problems", SENSITIVITY, SPECIFICITY) as examiner:
        fresh.change_config(lambda config: let_an_examiner_judge(config, examiner.url))
        fresh.run(CLAIMS, MODELS)
    judged, judged_rates = claim_8(fresh), model_rates(fresh)
    fresh.change_config(lambda config: config["datasets"]["hard"].update(fpr="exact"))
    assert not {"sample_solutions", "finetune_model", "evaluate_model"} & set(fresh.planned(CLAIMS, MODELS))
    fresh.run(CLAIMS, MODELS)
    exact, rates = claim_8(fresh), model_rates(fresh)
    assert (judged["verdict"], exact["verdict"]) == ("reproduced", "reproduced")
    assert judged["basis"] == exact["basis"] + ", judge alone"
    expected = [rate * SENSITIVITY + (1 - rate) * (1 - SPECIFICITY) for rate in rates.values()]
    assert sum(judged_rates.values()) == pytest.approx(sum(expected), rel=0.25)
    assert sum(judged_rates.values()) > 1.25 * sum(rates.values())


def claim_8(clone) -> dict:
    return next(row for row in read_table(clone.folder / CLAIMS).rows if row["claim"] == "8")


def model_rates(clone) -> dict[tuple, float]:
    """False positive rate of each finetuned model on the test problems, over all seeds."""
    rows = [row for row in read_table(clone.folder / MODELS).rows if row["metric"] == "false_positive_rate"]
    return {(row["source"], row["target"]): float(row["value"]) for row in rows if row["seed"] == row["level"] == "all"}
