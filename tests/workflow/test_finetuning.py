"""How a study finetunes: one learning rate for all seeds, losing checkpoints removed, DeepSpeed under torchrun."""

import json
import shutil

import pytest

from conftest import Clone
from yetbetter.records import read_rows

pytestmark = pytest.mark.slow

CELL = "hard/high/from-human/to-student"


def recipe_of(clone: Clone, **keys) -> None:
    clone.change_config(lambda config: config["finetuning"]["short"].update(keys))


def scores_of(seed: int) -> str:
    return f"results/miniature/scores/{CELL}/seed-{seed}/scores.jsonl"


@pytest.fixture(scope="module")
def chosen(tmp_path_factory) -> Clone:
    """Two learning rates, the first of two seeds choosing, losing checkpoints removed: one cell, both seeds."""
    clone = Clone.make(tmp_path_factory.mktemp("chosen") / "clone")
    recipe_of(clone, learning_rates={"low": 1.0e-4, "high": 1.0e-3}, choose="first_seed", keep="best")
    clone.change_config(lambda config: config["experiments"]["human"].update(seeds=[3, 1]))
    clone.run(scores_of(1), scores_of(3))
    return clone


def test_a_further_seed_is_trained_on_samples_of_its_own(fresh):
    fresh.change_config(lambda config: config["experiments"]["main"].update(budgets=["low"], seeds=[0, 1]))
    scores = [f"results/miniature/scores/hard/low/from-wc/to-student/seed-{seed}/scores.jsonl" for seed in (0, 1)]
    fresh.run(*scores)
    folder = fresh.results / "training_data/hard/low"
    numbers = [{row["sample"] for row in read_rows(folder / f"from-wc{end}.jsonl")} for end in ("", "/seed-1")]
    assert numbers[0] <= {0, 1, 2} and numbers[1] <= {3, 4, 5} and all(numbers)
    assert fresh.planned(*scores) == {}
    # The old meaning: the first samples for all seeds.
    fresh.change_config(lambda config: config.update(repeat="finetuning"))
    planned = {rule: [job["seed"] for job in jobs] for rule, jobs in fresh.planned(*scores).items()}
    assert planned == {"finetune_model": ["1"], "evaluate_model": ["1"], "score_model": ["1"]}
    assert fresh.planned(scores[0]) == {}


def test_a_trained_cell_is_evaluated_before_another_is_trained(fresh):
    done = fresh.run(scores_of(0), options=("--dry-run",))
    jobs = (done.stdout + done.stderr).split("\nrule ")
    priorities = {job.split(":")[0]: "\n    priority: 1\n" in job for job in jobs[1:]}
    assert priorities["evaluate_model"] and not priorities["finetune_model"]


def test_the_first_seed_chooses_the_learning_rate_of_the_others(chosen):
    choice = json.loads((chosen.results / "evaluations" / CELL / "seed-3/choice.json").read_text())
    assert len(choice["validation"]) == 4
    models = chosen.results / "models" / CELL
    assert sorted(path.name for path in models.glob("seed-*/*")) == ["chosen", "high", "low"]
    rate = choice["checkpoint"].partition("/")[0]
    about = json.loads((models / "seed-1/chosen/about.json").read_text())
    assert about["arguments"]["learning_rate"] == str({"low": 1.0e-4, "high": 1.0e-3}[rate])
    assert chosen.planned(scores_of(1), scores_of(3)) == {}


def test_only_the_best_checkpoint_of_each_learning_rate_stays(chosen):
    for root in ("models", ".drafts/models"):
        kept = list((chosen.results / root / CELL).rglob("model.safetensors"))
        assert len(kept) == 3
    choice = json.loads((chosen.results / "evaluations" / CELL / "seed-3/choice.json").read_text())
    assert (chosen.results / "models" / CELL / "seed-3" / choice["checkpoint"] / "model.safetensors").exists()


def test_a_cell_is_made_again_from_its_drafts_without_the_removed_checkpoints(chosen, tmp_path):
    clone = chosen.copy(tmp_path / "clone")
    before = clone.content("evaluations", "scores")
    for stage in ("models", "evaluations", "scores"):
        shutil.rmtree(clone.results / stage / CELL / "seed-1")
    clone.run(scores_of(1))
    assert clone.content("evaluations", "scores") == before


def test_deepspeed_trains_the_same_model_under_torchrun(fresh):
    from safetensors.torch import load_file

    model = f"results/miniature/models/{CELL}/seed-0/standard"
    weights = {}
    for stage in ("none", "zero-2"):
        recipe_of(fresh, deepspeed=stage)
        if stage != "none":  # the parallel layout causes no rerun by itself
            assert fresh.planned(model) == {}
            shutil.rmtree(fresh.folder / model)
        fresh.run(model)
        weights[stage] = load_file(fresh.folder / model / "checkpoint-2/model.safetensors")
    for name, tensor in weights["none"].items():
        assert (tensor - weights["zero-2"][name]).abs().max() < 1e-4
    written = json.loads((fresh.folder / model / "deepspeed.json").read_text())
    assert written["zero_optimization"]["stage"] == 2
