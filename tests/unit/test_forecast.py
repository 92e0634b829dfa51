"""The forecast of a study's cost: the arithmetic is compared with numbers worked out by hand."""

import copy
import csv
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from configs import check_config, completed, forecast_of, grid_of
from yetbetter.errors import UserError
from yetbetter.forecast.estimates import FORECAST, STAGES, Forecast, Lengths
from yetbetter.training.disk import check_disk, needed_bytes

ROOT = Path(__file__).parents[2]
SCHEMA = str(ROOT / "workflow" / "schemas" / "config.schema.yaml")
PAPER = yaml.safe_load((ROOT / "config" / "paper.yaml").read_text(encoding="utf-8"))
FAMILIES = sorted((ROOT / "config" / "families").glob("*.yaml"))


@pytest.fixture(autouse=True)
def in_the_root(monkeypatch):
    """Prompts are named from the root, where Snakemake runs."""
    monkeypatch.chdir(ROOT)


def study() -> dict:
    """One data set of 7,500 questions, the paper's pair, one learning rate, round numbers."""
    config = copy.deepcopy(PAPER)
    config["datasets"] = {"math": config["datasets"]["math"]}
    config["datasets"]["math"]["splits"] = {"train": 7500, "validation": 500, "test": 500}
    config["datasets"]["math"]["benchmarks"] = {"test": {"greedy": 500, "sampled": 100, "samples": 4}}
    config["sampling"] |= {"shard_questions": 2500, "block_samples": 10}
    config["experiments"] = {"main": config["experiments"]["main"] | {"datasets": ["math"], "targets": ["wc"]}}
    for recipe in config["finetuning"].values():
        recipe |= {"learning_rates": {"only": 1.0e-6}, "choose": "every_seed", "keep": "all"}
    config["forecast"] = {
        "tokens_per_solution": 200,
        "tokens_per_question": 50,
        "peak_flops": 1.0e15,
        "utilisation": {"sampling": 0.1, "finetuning": 0.5, "evaluation": 0.2},
    }
    return config


def row_of(forecast: Forecast, kind: str, **place) -> dict:
    rows = [row for row in forecast.rows if row["kind"] == kind and place.items() <= row.items()]
    assert len(rows) == 1
    return rows[0]


def test_a_pool_of_7500_questions_times_30_samples_costs_2pw_for_each():
    pool = row_of(forecast_of(study()), "pool", model="wc")
    assert pool["samples"] == 225_000
    assert pool["tokens"] == 45_000_000
    assert pool["flops_sampling"] == pytest.approx(8.1e17)  # 2 x 9e9 x 45e6
    assert pool["gpu_hours_sampling"] == pytest.approx(2.25)  # 8.1e17 / (1e15 x 0.1) / 3600
    assert pool["gb_pools"] == pytest.approx(225_000 * (200 * 4 + 400) / 1e9)
    assert pool["jobs_sampling"] == 9  # 3 shards x 3 blocks
    assert pool["dollars"] == 0


def test_compute_matched_arms_cost_the_same_to_sample():
    forecast = forecast_of(study())
    for budget, operations in (("low", 8.1e16), ("high", 8.1e17)):
        for source in ("wc", "se"):
            arm = row_of(forecast, "arm", budget=budget, source=source)
            assert arm["flops_sampling"] == pytest.approx(operations)


def test_a_finetuning_costs_6pd_and_its_evaluation_2pw_for_every_answer():
    arm = row_of(forecast_of(study()), "arm", budget="low", source="wc")
    assert arm["flops_finetuning"] == pytest.approx(2.592e17)  # 6 x 9e9 x 600 steps x 32 x (50 + 200)
    assert arm["gpu_hours_finetuning"] == pytest.approx(0.144)  # / (1e15 x 0.5) / 3600
    assert arm["flops_evaluation"] == pytest.approx(2 * 9e9 * 200 * (10 * 500 + 500 + 100 * 4))
    assert arm["gpu_hours_evaluation"] == pytest.approx(2.124e16 / 2e14 / 3600)
    assert (arm["jobs_finetuning"], arm["jobs_evaluation"]) == (1, 1)


def test_a_cell_takes_the_disk_that_each_of_its_finetunings_asks_for_before_it_starts(tmp_path, capsys):
    config = study()
    config["finetuning"]["large"] |= {"learning_rates": {"one": 1.0e-7, "two": 1.0e-6}}
    config["models"]["wc"]["true_parameters"] = 1.0e6
    forecast = forecast_of(config)
    arm = row_of(forecast, "arm", budget="low", source="wc")
    check_disk(tmp_path, *needed_bytes(10**6, 10**6, "bfloat16", True), 10)
    assert "needs 52 MB (10 checkpoints of 2 MB, 2 states to continue from of 16 MB)" in capsys.readouterr().err
    assert arm["gb_training"] == pytest.approx(2 * 0.052)
    assert arm["gb_unscored"] == pytest.approx(2 * 0.02)
    total = row_of(forecast, "total")
    assert (total["gb_training"], total["gb_unscored"]) == pytest.approx((2 * 0.052, 4 * 2 * 0.02))


def test_all_checkpoints_are_there_until_the_cell_is_scored_whatever_stays():
    config = study()
    config["finetuning"]["large"] |= {"learning_rates": {"one": 1.0e-7, "two": 1.0e-6}}
    arms = []
    for keep in ("all", "best"):
        config["finetuning"]["large"]["keep"] = keep
        arms.append(row_of(forecast_of(config), "arm", budget="low", source="wc"))
    assert [arm["gb_checkpoints"] for arm in arms] == pytest.approx([2 * 10 * 9.24 * 2, 2 * 9.24 * 2])
    assert [arm["gb_unscored"] for arm in arms] == pytest.approx([2 * 10 * 9.24 * 2] * 2)


def test_weights_are_downloaded_once_whatever_names_a_model_has():
    config = study()
    config["experiments"]["main"]["targets"] = ["student", "student-epochs", "wc"]
    config["models"]["se"]["path"] = "resources/pocket/se"
    assert row_of(forecast_of(config), "weights")["model"] == "student+wc+judge"
    assert row_of(forecast_of(config), "weights")["gb_weights"] == pytest.approx(2 * (8.54 + 9.24 + 27.23))
    config["datasets"]["math"]["fpr"] = "none"
    assert row_of(forecast_of(config), "weights")["gb_weights"] == pytest.approx(2 * (8.54 + 9.24))


def test_learning_rates_targets_and_seeds_multiply_the_finetunings():
    config = study()
    for recipe in config["finetuning"].values():
        recipe["learning_rates"] = {"one": 1.0e-7, "two": 1.0e-6}
    config["experiments"]["main"] |= {"targets": ["wc", "se"], "seeds": [0, 1, 2]}
    arm = row_of(forecast_of(config), "arm", budget="low", source="wc")
    assert arm["flops_finetuning"] == pytest.approx(2.592e17 * 2 * 3 * (1 + 3))
    assert (arm["jobs_finetuning"], arm["jobs_evaluation"]) == (12, 6)
    # Chosen on the first seed, the others take one rate each.
    for recipe in config["finetuning"].values():
        recipe["choose"] = "first_seed"
    arm = row_of(forecast_of(config), "arm", budget="low", source="wc")
    assert arm["flops_finetuning"] == pytest.approx(2.592e17 * (2 + 1 + 1) * (1 + 3))
    assert (arm["jobs_finetuning"], arm["jobs_evaluation"]) == (8, 6)


def test_equal_epochs_read_the_training_set_as_often_whatever_its_size():
    config = study()
    recipe = config["finetuning"]["large"]
    del recipe["steps"]
    recipe |= {"length": "epochs", "epochs": {"low": 2, "high": 2}}
    forecast = forecast_of(config)
    read = {source: row_of(forecast, "arm", budget="low", source=source)["flops_finetuning"] for source in ("se", "wc")}
    assert read["wc"] == pytest.approx(6 * 9.0e9 * 2 * 3 * 7500 * 250)
    assert read["wc"] == pytest.approx(3 * read["se"])
    counted = {"dataset": "math", "budget": "low", "source": "wc", "model": "wc", "tokens": "200", "drawn": "1"}
    measured = forecast_of(config, [counted | {"kept": "5000"}])
    arm = row_of(measured, "arm", budget="low", source="wc")
    assert arm["flops_finetuning"] == pytest.approx(6 * 9.0e9 * 2 * 5000 * 250)


def test_the_total_counts_every_pool_once_and_every_arms_finetuning():
    forecast = forecast_of(study())
    total, once, apart = (row_of(forecast, kind) for kind in ("total", "once", "apart"))
    assert total["flops_sampling"] == once["flops_sampling"] == pytest.approx(2 * 8.1e17)
    assert total["flops_finetuning"] == apart["flops_finetuning"] == pytest.approx(2 * 2.592e17 * (1 + 10))
    assert total["samples"] == 300_000
    assert total["jobs_sampling"] == 9 + 3
    assert apart["samples"] == apart["jobs_sampling"] == 0
    assert row_of(forecast, "unshared")["flops_sampling"] == pytest.approx(2 * 8.1e17 * 1.1)


def test_what_an_endpoint_reads_and_writes_costs_dollars_and_no_gpu_hours(tmp_path):
    config = study()
    (tmp_path / "shots.txt").write_text("{question}".rjust(600))
    config["datasets"]["math"] |= {"max_new_tokens": 1000, "prompts": {"sampling": str(tmp_path / "shots.txt")}}
    config["sources"]["flash"] = {"draws": [{"model": "flash", "samples": 10}], "filter": "ground_truth"}
    options = {"base_url": "https://host/v1", "input_price": 0.1, "spending_limit": 1.0}
    config["models"]["flash"] = {"path": "flash", "engine": "openai", "engine_options": options, "price": 0.3}
    config["experiments"]["main"] |= {"sources": ["se", "wc", "flash"]}
    pool = row_of(forecast_of(config), "pool", model="flash")
    # 7,500 x 10 times 200 tokens at 0.3 a million, and the prompt (600 characters and a question of 50) at 0.1
    assert pool["dollars"] == pytest.approx(4.5 + 75_000 * (200 + 50) * 0.1 / 1e6)
    assert pool["dollars_at_most"] == pytest.approx(75_000 * (1000 * 0.3 + 250 * 0.1) / 1e6)
    assert pool["gpu_hours_sampling"] == 0
    options["samples_per_request"] = 5
    pool = row_of(forecast_of(config), "pool", model="flash")
    assert pool["dollars"] == pytest.approx(4.5 + 15_000 * (200 + 50) * 0.1 / 1e6)
    options["output_price"] = options["input_price"] = 0  # of a server of one's own, priced for the matching alone
    assert row_of(forecast_of(config), "pool", model="flash")["dollars"] == 0


def test_human_solutions_cost_no_sampling():
    config = study()
    config["experiments"]["main"]["sources"] = ["human", "se", "wc"]
    arm = row_of(forecast_of(config), "arm", budget="low", source="human")
    assert arm["samples"] == arm["flops_sampling"] == arm["jobs_sampling"] == 0
    assert arm["flops_finetuning"] == pytest.approx(2.592e17)


def test_measured_lengths_take_the_place_of_assumed_ones():
    measured = [{"dataset": "math", "model": "wc", "tokens": "3000", "drawn": "10"}]
    measured += [{"dataset": "math", "model": "se", "tokens": "1000", "drawn": "10"}]
    lengths = Lengths({"math": 1, "gsm8k": 2}, measured)
    assert lengths.of("math", "wc") == (300, "measured")
    assert lengths.of("math", "student") == lengths.of("math") == (200, "measured")
    assert lengths.of("gsm8k", "wc") == (2, "assumed")
    assert lengths.of("other") == (250, "assumed")
    pool = row_of(forecast_of(study(), measured), "pool", model="wc")
    assert pool["flops_sampling"] == pytest.approx(2 * 9e9 * 225_000 * 300)
    assert pool["basis"] == "measured"


def test_a_target_of_unknown_size_is_refused_in_one_line():
    config = study()
    config["experiments"]["main"]["targets"] = ["student"]
    del config["models"]["student"]["parameters"]
    with pytest.raises(UserError, match=r"models\.student.*'parameters'"):
        forecast_of(config)


def test_the_program_prints_a_table_and_writes_it_without_torch(tmp_path):
    output = tmp_path / "forecast.csv"
    code = (
        "import sys, runpy; sys.argv[0] = 'forecast_costs.py'; sys.path.insert(0, 'workflow/scripts')\n"
        "runpy.run_path('workflow/scripts/forecast_costs.py', run_name='__main__')\n"
        "assert not {'torch', 'vllm', 'transformers'} & set(sys.modules)"
    )
    config = completed(study() | {"claims": {}, "comparison": PAPER["comparison"] | {"dataset": "math"}})
    config["datasets"]["math"]["splits"]["train"] = 6000  # MATH has no 7,500 that can be split
    arguments = [
        "--config",
        json.dumps(config),
        "--arms",
        str(tmp_path / "arms.csv"),
        "--output",
        str(output),
    ]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "arm math/high/from-wc, 30 per question" in done.stdout
    assert "math 200 (assumed)" in done.stdout
    # 9.24e9 parameters: 10 x 2 bytes of each, and 2 x 16 of a state
    assert "480 GB: wc, 1 finetuning of 480 GB (10 checkpoints of 18.5 GB, 2 states of 148 GB)" in done.stdout
    with open(output, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == FORECAST
    assert float(rows[-2]["flops_sampling"]) == pytest.approx(2 * 8.1e17 * 6000 / 7500)


# The paper's study, and other families of models laid over it ---------------------------------------------------------


def laid_over(path: Path) -> dict:
    """The paper's config with another file laid over it, as Snakemake merges several --configfile."""

    def merge(old, new):
        both = isinstance(old, dict) and isinstance(new, dict)
        return old | {key: merge(old.get(key), value) for key, value in new.items()} if both else new

    return merge(copy.deepcopy(PAPER), yaml.safe_load(path.read_text(encoding="utf-8")))


def test_the_papers_grid_draws_what_the_paper_drew():
    grid = grid_of(PAPER)
    cells = grid.cells_in(extra=False)
    assert len(cells) == 2 * 2 * 2 * 3 + 2 * 3
    assert {model: pool.samples for (_, model), pool in grid.pools_of(cells).items()} == {"se": 10, "wc": 30}
    assert {m: c.samples for m, c in grid.draws("low", "wc").items()} == {"wc": 3}
    assert grid.rounded() == []


def test_nothing_in_the_papers_experiments_costs_money():
    assert row_of(forecast_of(PAPER, extra=True), "total")["dollars"] == 0
    assert not any(entry.get("engine") == "openai" for entry in PAPER["models"].values())


@pytest.mark.parametrize("path", FAMILIES, ids=lambda path: path.stem)
def test_another_family_runs_the_whole_study_by_one_more_config_file(path):
    config = laid_over(path)
    check_config(config, SCHEMA, path.name)
    grid = grid_of(config)
    assert config["study"] != PAPER["study"]
    assert grid.cells == grid_of(PAPER).cells
    ratio = int(config["models"]["se"]["parameters"] / config["models"]["wc"]["parameters"])
    assert grid.draws("low", "wc")["wc"].samples == ratio


@pytest.mark.parametrize("path", FAMILIES, ids=lambda path: path.stem)
def test_no_model_of_a_family_keeps_anything_of_gemma(path):
    models = laid_over(path)["models"]
    assert models["student-epochs"]["path"] == models["student"]["path"]
    for role in ("student", "wc", "se", "wc-it", "se-it"):
        for key in ("path", "revision", "true_parameters"):
            assert models[role][key] != PAPER["models"][role][key]


def test_every_model_of_the_hub_is_pinned_to_a_commit():
    for path in FAMILIES:
        for config in (PAPER, laid_over(path)):
            revisions = [entry["revision"] for entry in config["models"].values() if "revision" in entry]
            # student, WC, SE, their instruction-tuned siblings, judge; in the paper's pair the judge is one of these
            assert len(set(revisions)) == (5 if config is PAPER else 6)
            assert all(len(revision) == 40 and int(revision, 16) for revision in revisions)


STAGE_OF = {
    "sample_solutions": "sampling",
    "judge_solutions": "judging",
    "judge_for_filter": "judging",
    "judge_answers": "judging",
    "finetune_model": "finetuning",
    "finetune_chosen": "finetuning",
    "evaluate_model": "evaluation",
}


@pytest.mark.parametrize(("target", "kind"), [("all", "total"), ("study", "study")])
def test_the_jobs_forecast_are_those_of_a_dry_run(target, kind):
    """A dry run of the paper's whole grid; it needs no model and no network."""
    command = ["snakemake", target, "--dry-run", "--cores", "16", "--configfile", "config/paper.yaml"]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    blocks = re.split(r"\n(?=rule )", done.stdout + done.stderr)
    rules = [
        block.split(":")[0].removeprefix("rule ") for block in blocks if re.search(r"resources: .*\bgpu=[1-9]", block)
    ]
    found = Counter(STAGE_OF[rule] for rule in rules)
    row = row_of(forecast_of(PAPER), kind)
    assert found == {stage: row[f"jobs_{stage}"] for stage in STAGES}


# The judge ------------------------------------------------------------------------------------------------------------


def test_a_judge_reads_each_chosen_solution_with_its_prompt_and_writes_a_verdict(tmp_path):
    config = study()
    (tmp_path / "judge.txt").write_text("{question} {solution} is it so?".ljust(150, "?"))
    config["judge"] |= {"prompt": str(tmp_path / "judge.txt"), "samples": 100}
    config["forecast"] |= {"tokens_per_judgement": 30, "utilisation": {"judging": 0.5}}
    row = row_of(forecast_of(config), "judge", model="wc")
    # Views of 3 and of 30 samples (the pool's too); 150 characters, 50 tokens of question, 200 of solution.
    assert (row["judged"], row["judge_tokens"], row["judge_prompt_tokens"]) == (200, 6000, 200 * (50 + 50 + 200))
    assert row["flops_judging"] == pytest.approx(2 * 27e9 * 66_000)
    assert row["gpu_hours_judging"] == pytest.approx(2 * 27e9 * 66_000 / 5e14 / 3600)
    # Of each of four finetuned models, 100 of the answers to the test problems.
    finetuned = row_of(forecast_of(config), "judge_finetuned")
    assert (finetuned["judged"], finetuned["judge_tokens"], finetuned["jobs_judging"]) == (400, 12_000, 4)
    total = row_of(forecast_of(config), "total")
    assert (total["judged"], total["jobs_judging"]) == (800, 6)
    hours = 2 * row["gpu_hours_judging"] + finetuned["gpu_hours_judging"]
    assert total["gpu_hours_judging"] == pytest.approx(hours)


def test_filters_have_all_of_their_views_judged_and_nothing_twice():
    config = study()
    main = config["experiments"]["main"]
    config["sources"]["few"] = config["sources"]["wc-judge"] | {
        "draws": [{"model": "wc", "samples": 40}],
        "questions": 10,
    }
    further = {"sources": ["wc-reasoning", "wc-judge", "few"], "budgets": ["high"], "extra": True}
    config["experiments"]["filters"] = main | further
    row = row_of(forecast_of(config, extra=True), "judge", model="wc")
    # Of 30 x 7,500 solutions, and of 10 more of ten questions, once as if all were right, and once for `judge`.
    assert row["judged"] == 2 * (30 * 7500 + 10 * 10)
    assert row["jobs_judging"] == 3
    assert row_of(forecast_of(config), "judge", model="wc")["jobs_judging"] == 1


def test_an_endpoint_that_judges_costs_no_gpu_hours_and_a_judge_of_unknown_size_no_flops():
    config = study()
    config["models"]["judge"] |= {"engine": "openai", "price": 2.0, "engine_options": {"input_price": 0.5}}
    row = row_of(forecast_of(config), "judge", model="se")
    assert row["gpu_hours_judging"] == 0
    assert row["dollars"] == pytest.approx((1000 * 200 * 2 + row["judge_prompt_tokens"] * 0.5) / 1e6)
    assert row["dollars_at_most"] == pytest.approx((1000 * 512 * 2 + row["judge_prompt_tokens"] * 0.5) / 1e6)
    del config["models"]["judge"]["parameters"]
    assert row_of(forecast_of(config), "judge", model="se")["flops_judging"] == 0


def test_every_arm_of_the_whole_study_is_listed_on_request():
    command = [sys.executable, "-m", "snakemake", "forecast", "--cores", "1", "--dry-run", "--printshellcmds"]
    for words, there in (([], False), (["--config", "extra=true"], True)):
        done = subprocess.run([*command, *words], capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr[-2000:]
        assert (" --extra" in done.stdout + done.stderr) == there
