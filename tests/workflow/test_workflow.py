"""The whole study in miniature: from questions to figures, and partial reruns of it."""

import json
import re
import runpy
import shutil
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CELL = "hard/low/from-wc/to-student/seed-0"
DATA_TABLES = ["arms", "coverage", "data_quality", "diversity"]
MODEL_TABLES = ["checkpoints", "claim_comparisons", "claims", "differences", "false_positives", "finetuned", "training"]


def test_the_grid_ends_in_every_table_and_figure(reference):
    assert sorted(path.stem for path in (reference.results / "tables").glob("*.csv")) == sorted(
        DATA_TABLES + MODEL_TABLES
    )
    figures = {path.stem for path in (reference.results / "figures").glob("*.pdf")}
    assert figures == {path.stem for path in (reference.results / "figures").glob("*.png")}
    assert figures == {
        "headline",
        "claims",
        *(f"{name}_hard" for name in ("data_quality", "finetuned", "coverage_trend", "coverage_by_level")),
        *(f"{name}_hard" for name in ("functional_transfer", "reasoning", "checkpoints", "false_positives")),
        *(f"training_hard_{budget}_student" for budget in ("low", "high")),
    }


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has what the preloaded Python needs")
def test_jobs_are_forked_from_the_preloaded_python(reference):
    """Only there an evaluation finds TRL loaded."""
    about = next(reference.results.glob("evaluations/**/about.json"))
    assert "trl" in json.loads(about.read_text())["versions"]


def test_a_finished_job_does_not_wake_the_scheduler_again_and_again(fresh):
    """As long as jobs wait for a core, a limit of jobs per second would: 38 times here."""
    files = [f"problems/hard/{split}" for split in ("train", "validation", "test", "functional", "control")]
    files += [f"solutions/hard/{model}/questions-000000_samples-0000" for model in ("wc", "se")]
    targets = [f"results/miniature/{file}.jsonl" for file in files]
    done = fresh.run(*targets, options=("--cores", "1", "--verbose"))
    assert 1 <= done.stderr.count("Ready jobs:") <= len(targets) + 3


def test_a_second_run_has_nothing_to_do(reference):
    assert reference.planned() == {}


def test_a_deleted_cell_is_made_again_by_its_own_jobs_alone(finished):
    for stage in ("models", "evaluations", "scores"):
        shutil.rmtree(finished.results / stage / CELL)
    cell = {"dataset": "hard", "budget": "low", "source": "wc", "target": "student", "seed": "0"}
    wanted = f"results/miniature/scores/{CELL}/scores.jsonl"
    assert finished.planned(wanted) == {
        "finetune_model": [cell | {"rate": "standard"}],
        "evaluate_model": [cell],
        "score_model": [cell],
    }
    before = finished.content("scores", "tables")
    finished.run(wanted)
    finished.run()
    assert {name: finished.content("scores", "tables")[name] for name in before} == before


def test_a_changed_axis_value_reruns_its_cells_and_the_aggregates(finished):
    finished.change_config(lambda config: config["sources"]["wc"].update(duplicates="drop"))
    jobs = finished.planned()
    touched = {rule: {job.get("source") for job in found} for rule, found in jobs.items() if "source" in found[0]}
    assert touched == {rule: {"wc"} for rule in touched}
    assert {"select_solutions", "measure_arm", "finetune_model", "evaluate_model", "score_model"} == set(touched)
    aggregates = {rule for rule in jobs if rule not in touched}
    tables = {"tabulate_data", "tabulate_scores", "tabulate_training", "estimate_false_positives", "check_claims"}
    assert aggregates - {"all"} <= tables | {"plot_figure"}


def test_figures_come_from_the_tables_alone_without_torch(finished, tmp_path):
    figures = finished.content("figures")
    for path in [finished.folder / ".snakemake", *finished.results.iterdir()]:
        if path.name != "tables":
            shutil.rmtree(path)
    assert all(rule in ("plot_figure", "figures") for rule in finished.planned("figures"))
    # An interpreter that cannot import torch: any attempt ends the program.
    (tmp_path / "torch.py").write_text("raise ImportError('torch was imported')\n")
    finished.run("figures", PYTHONPATH=str(tmp_path))
    assert finished.content("figures") == figures


def test_a_raised_budget_draws_only_the_missing_blocks(finished):
    before = finished.content("solutions")
    finished.change_config(lambda config: config["budgets"]["high"].update(samples=3))
    # SE needs 3 instead of 2 samples, which its block of 3 holds; WC 9 instead of 6: one more block per shard.
    sampling = finished.planned("data")["sample_solutions"]
    assert {(job["model"], job["block"]) for job in sampling} == {
        ("wc", "questions-000000_samples-0006"),
        ("wc", "questions-000012_samples-0006"),
    }
    finished.run("data")
    after = finished.content("solutions")
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 2


def test_the_data_target_finetunes_nothing(fresh):
    jobs = fresh.planned("data")
    assert "select_solutions" in jobs and "tabulate_data" in jobs
    assert not {"finetune_model", "evaluate_model"} & set(jobs)


def test_the_report_holds_every_figure_with_its_caption(finished, tmp_path):
    finished.run(options=("--report", str(tmp_path / "report.html")))
    page = (tmp_path / "report.html").read_text()
    for figure in (finished.results / "figures").glob("*.png"):
        assert figure.name in page


def test_every_source_says_in_words_what_was_rounded_down(fresh):
    fresh.change_config(lambda config: config["models"]["wc"].update(parameters=170000))
    done = fresh.run(options=("--dry-run", "--quiet"))
    assert "2.647 samples of wc per question, rounded down to 2" in done.stdout + done.stderr


def test_a_paper_sized_grid_has_one_scoring_job_per_finetuning(fresh):
    fresh.config = "config/config.yaml"
    fresh.change_config(runpy.run_path(str(ROOT / "benchmarks" / "dry_run.py"))["enlarge"])
    done = fresh.run(options=("--dry-run", "--quiet", "rules"))
    stats = dict(re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE))
    assert stats["finetune_model"] == stats["evaluate_model"] == stats["score_model"] == "600"
