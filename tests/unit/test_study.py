"""The study object: what rules ask of it, without Snakemake."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from snakemake.iocontainers import Wildcards

from configs import SCHEMA, check_config, completed, pocket_study
from yetbetter.errors import UserError
from yetbetter.study.study import Study
from yetbetter.versions import EXECUTION_VERSION, FOLLOWING_VERSION, GRADER_VERSION

ROOT = Path(__file__).parents[2]


def config(name: str = "config/config.yaml") -> dict:
    return yaml.safe_load((ROOT / name).read_text())


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(completed(pocket_study()))


def wildcards(**values) -> SimpleNamespace:
    return SimpleNamespace(**values)


def test_an_arm_names_the_blocks_that_hold_its_samples(study):
    arm = study.arm(wildcards(dataset="hard", budget="high", source="wc"))
    assert arm.draws == {"wc": 30} and arm.questions == 500
    assert len(arm.blocks) == 2 * 3 and arm.blocks[0] == "wc/questions-000000_samples-0000"


def test_verdicts_of_a_data_set_depend_on_the_version_of_its_task():
    """So that a raised version makes verdicts, evaluations and scores again, of data sets of this task alone."""
    study = Study(completed(config()))
    for dataset, version in {"hard": GRADER_VERSION, "lists": EXECUTION_VERSION, "requests": FOLLOWING_VERSION}.items():
        found = study.datasets[dataset]
        assert found.grading == {"version": version, "mode": "strict"}
        assert found.evaluation_versions[1] == found.version == version
        assert study.regraded().datasets[dataset].grading == {"version": version, "mode": "lenient"}


def test_an_arm_of_a_filter_that_looks_at_reasoning_needs_its_files(study):
    arm = study.arm(wildcards(dataset="hard", budget="high", source="wc-reasoning"))
    stages = {path.split("/")[2] for path in arm.files("solutions", "verdicts")}
    assert stages == {"solutions", "verdicts", "reasoning"}


def test_a_cell_has_a_folder_for_each_learning_rate(study):
    cell = wildcards(dataset="hard", budget="low", source="wc", target="student", seed="0")
    assert study.cell_models(cell) == ["results/pocket/models/hard/low/from-wc/to-student/seed-0/standard"]


def test_a_pattern_stands_for_the_models_of_cells_that_are_alike(study):
    cell = {"dataset": "hard", "budget": "low", "source": "wc", "target": "student", "seed": "0"}
    assert [study.models_of_cells.format(**cell)] == study.cell_models(wildcards(**cell))
    other = pocket_study()
    other["finetuning"]["pocket"]["learning_rates"] = {"standard": 1e-3, "high": 2e-3}
    assert [Path(path).name for path in Study(completed(other)).models_of_cells(wildcards(**cell))] == [
        "standard",
        "high",
    ]


@pytest.mark.parametrize("repeat, second", [("finetuning", "from-wc"), ("samples", "from-wc/seed-1")])
def test_a_further_seed_has_training_data_of_its_own_if_samples_are_repeated(repeat, second):
    """A pattern otherwise, which Snakemake fills in."""
    found = Study(completed(pocket_study() | {"repeat": repeat})).training_data("jsonl")
    cell = {"dataset": "hard", "budget": "low", "source": "wc", "target": "student"}
    for seed, name in {"0": "from-wc", "1": second}.items():
        path = found.format(**cell) if isinstance(found, str) else found(Wildcards(fromdict=cell | {"seed": seed}))
        assert path == f"results/pocket/training_data/hard/low/{name}.jsonl"
    assert isinstance(found, str) == (repeat == "finetuning")


def test_a_finetunings_seed_comes_from_its_identity_alone(study):
    cell = {"dataset": "hard", "source": "wc", "target": "student", "rate": "standard"}
    seeds = {
        (budget, seed): study.finetuning(wildcards(**cell, budget=budget, seed=seed)).split("--seed ")[1].split()[0]
        for budget in ("low", "high")
        for seed in ("0", "1")
    }
    assert seeds["low", "0"] == seeds["high", "0"] != seeds["low", "1"]


def test_the_regraded_study_has_folders_of_its_own_for_what_grading_changes(study):
    other = study.regraded()
    assert other.mode == "lenient" and study.mode == "strict"
    assert other.folder("verdicts") == "results/pocket/grader-lenient/verdicts"
    assert other.folder("solutions") == study.folder("solutions") == "results/pocket/solutions"
    assert "--grading-mode lenient" in other.datasets["hard"].benchmarks()


def test_a_cell_answers_the_benchmarks_of_each_of_its_experiments():
    config = pocket_study()
    slice_of = config["experiments"]["main"] | {"datasets": ["hard"], "sources": ["wc"]}
    config["experiments"] = {
        "main": slice_of | {"budgets": ["low"], "sources": ["se", "wc"]},
        "test": slice_of | {"budgets": ["low", "high"], "benchmarks": ["test"]},
        "functional": slice_of | {"budgets": ["high"], "targets": ["student"], "benchmarks": ["functional"]},
    }
    study = Study(completed(config))

    def asked(budget: str, target: str) -> list[str]:
        cell = wildcards(dataset="hard", budget=budget, source="wc", target=target, seed="0")
        return re.findall(r"--benchmark (\w+):results/pocket/problems/hard/", study.benchmarks(cell))

    assert asked("low", "student") == ["test", "functional", "control"]
    assert asked("high", "student") == ["test", "functional"]
    assert asked("high", "se") == ["test"]
    assert asked("none of the grid", "se") == ["test", "functional", "control"]


def test_the_base_grid_leaves_the_extra_experiments_out(study):
    assert len(study.parts[study.base].cells) < len(study.parts[study.whole].cells)


def test_the_study_needs_neither_snakemake_nor_a_heavy_package():
    code = (
        "import sys, yaml; sys.path.insert(0, 'workflow/scripts')\n"
        "from yetbetter.study.checks import check_config\n"
        "from yetbetter.study.study import Study\n"
        "from yetbetter.figures.registry import KINDS\n"
        f"config = yaml.safe_load(open('config/config.yaml'))\n"
        f"Study(check_config(config, {SCHEMA!r}, 'config.yaml', KINDS))\n"
        "heavy = {'snakemake', 'torch', 'transformers', 'vllm', 'openai', 'matplotlib', 'pandas', 'sympy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_config_that_is_checked_comes_back_with_its_defaults():
    checked = check_config(config(), SCHEMA, "config.yaml")
    assert checked == completed(config())


def test_a_name_that_no_registry_holds_is_refused_with_those_that_it_does():
    broken = config()
    broken["sources"]["wc"]["filter"] = "luck"
    with pytest.raises(UserError, match=r"sources\.wc\.filter: 'luck' \(allowed: ground_truth, .*judge\)"):
        check_config(broken, SCHEMA, "config.yaml")
