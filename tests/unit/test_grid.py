"""The grid of a config: its cells, arms, pools and blocks, and what each cell is called."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs import grid_of, pocket_study
from yetbetter.errors import UserError
from yetbetter.study.grid import Arm, Cell, block_name

STUDY = pocket_study()
# Without the experiments of `snakemake study`.
CONFIG = STUDY | {
    "experiments": {name: entry for name, entry in STUDY["experiments"].items() if not entry.get("extra")}
}


def small_config() -> dict:
    """The parts of a config that a grid reads, with the paper's models."""
    return {
        "models": {
            "student": {"path": "7b", "parameters": 7.0e9, "engine": "transformers"},
            "wc": {"path": "9b", "parameters": 9.0e9, "engine": "transformers", "price": 0.3},
            "se": {"path": "27b", "parameters": 27.0e9, "engine": "transformers", "price": 10.5},
        },
        "datasets": {"math": {"splits": {"train": 7}, "fpr": "none"}, "gsm8k": {"splits": {"train": 5}, "fpr": "none"}},
        "sampling": {"shard_questions": 3, "block_samples": 4},
        "budgets": {"low": {"model": "se", "samples": 1}, "high": {"model": "se", "samples": 10}},
        "sources": {
            "se": {"draws": [{"model": "se", "match": "compute"}], "filter": "ground_truth"},
            "wc": {"draws": [{"model": "wc", "match": "compute"}], "filter": "ground_truth"},
            "mix": {
                "draws": [{"model": model, "match": "compute", "fraction": 0.5} for model in ("se", "wc")],
                "filter": "ground_truth",
            },
            "human": {"solutions": "human"},
        },
        "experiments": {
            "main": {
                "datasets": ["math"],
                "budgets": ["low", "high"],
                "sources": ["se", "wc"],
                "targets": ["student", "wc", "se"],
                "seeds": [0, 1],
            }
        },
    }


def test_the_default_study_has_30_cells():
    assert len(grid_of(CONFIG).cells) == 30


def test_the_default_study_draws_10_samples_of_se_and_30_of_wc():
    expected = {
        (dataset, model): samples for dataset in ("easy", "hard") for model, samples in (("se", 10), ("wc", 30))
    }
    assert grid_of(CONFIG).pools == expected


def test_the_default_study_has_an_arm_for_each_data_set_budget_and_source():
    grid = grid_of(CONFIG)
    sampled = {
        (dataset, budget, source)
        for dataset in ("easy", "hard")
        for budget in ("low", "high")
        for source in ("se", "wc")
    }
    human = {(dataset, "high", "human") for dataset in ("easy", "hard")}
    assert {(arm.dataset, arm.budget, arm.source) for arm in grid.arms} == sampled | human
    assert {(arm.dataset, arm.budget, arm.source) for arm in grid.sampled_arms} == sampled


def test_a_grid_is_the_product_of_an_experiments_axes():
    grid = grid_of(small_config())
    assert len(grid.cells) == 1 * 2 * 2 * 3 * 2
    assert len(grid.arms) == 4
    assert Cell("math", "high", "wc", "se", 1) in grid.cells


def test_cells_that_experiments_share_are_made_once():
    config = small_config()
    config["experiments"]["again"] = copy.deepcopy(config["experiments"]["main"])
    config["experiments"]["more"] = config["experiments"]["main"] | {"seeds": [1, 2], "budgets": ["low"]}
    assert len(grid_of(config).cells) == 24 + 6
    assert len(set(grid_of(config).arms)) == len(grid_of(config).arms) == 4


def test_a_cells_path_names_every_axis_once_in_the_order_of_the_design():
    assert Cell("math", "low", "wc", "se", 3).path == "math/low/from-wc/to-se/seed-3"


@pytest.mark.parametrize(
    ("source", "target", "paradigm"),
    [
        ("wc", "student", "knowledge distillation"),
        ("se", "student", "knowledge distillation"),
        ("wc", "wc", "self-improvement"),
        ("se", "se", "self-improvement"),
        ("se", "wc", "knowledge distillation"),
        ("wc", "se", "weak-to-strong improvement"),
        ("human", "se", "supervised finetuning"),
    ],
)
@pytest.mark.parametrize("config", [small_config(), CONFIG], ids=["paper", "pocket"])
def test_paradigms_are_those_of_the_papers_table_1(config, source, target, paradigm):
    assert grid_of(config).paradigm(source, target) == paradigm


def test_a_student_that_learns_from_a_mix_is_distilled_into():
    assert grid_of(small_config()).paradigm("mix", "student") == "knowledge distillation"


@pytest.mark.parametrize("target", ["wc", "se"])
def test_a_model_that_learns_from_a_mix_with_its_own_samples_is_neither_taught_nor_teaching_itself_alone(target):
    assert grid_of(small_config()).paradigm("mix", target) not in (
        "self-improvement",
        "knowledge distillation",
        "weak-to-strong improvement",
    )


# Pools and blocks -----------------------------------------------------------------------------------------------------


def test_a_pool_holds_the_most_that_any_arm_needs_in_whole_blocks():
    assert grid_of(small_config()).pools == {("math", "se"): 12, ("math", "wc"): 32}


def test_a_pool_serves_only_the_data_sets_and_models_that_an_arm_draws_from():
    config = small_config()
    config["experiments"]["main"] |= {"sources": ["wc"], "budgets": ["low"]}
    assert grid_of(config).pools == {("math", "wc"): 4}


def test_a_human_source_draws_nothing():
    config = small_config()
    config["experiments"]["main"]["sources"] = ["human"]
    grid = grid_of(config)
    assert (grid.pools, grid.sampled_arms) == ({}, [])
    assert grid.draws("low", "human") == {}
    assert Arm("math", "low", "human") in grid.arms


def test_a_mix_draws_from_both_models():
    draws = grid_of(small_config()).draws("high", "mix")
    assert {model: count.samples for model, count in draws.items()} == {"se": 5, "wc": 15}


def test_the_blocks_of_a_view_are_those_with_its_first_samples_of_every_question():
    blocks = grid_of(small_config()).blocks("math", {"wc": 5, "se": 1})
    wc = {f"wc/{block_name(question, sample)}" for question in (0, 3, 6) for sample in (0, 4)}
    assert set(blocks) == wc | {f"se/{block_name(question, 0)}" for question in (0, 3, 6)}
    assert len(blocks) == len(set(blocks)) == 9


def test_a_view_of_whole_blocks_needs_no_block_more():
    assert len(grid_of(small_config()).blocks("gsm8k", {"wc": 8})) == 2 * 2


def test_a_block_is_named_after_the_question_and_the_sample_it_starts_at():
    assert block_name(250, 10) == "questions-000250_samples-0010"


@given(st.integers(1, 60), st.integers(0, 60))
def test_raising_a_budget_only_adds_blocks(samples, more):
    grid = grid_of(small_config())
    before, after = (grid.blocks("math", {"wc": count}) for count in (samples, samples + more))
    assert set(before) <= set(after)
    assert len(before) == 3 * -(-samples // 4)


def test_raising_the_budget_in_the_config_keeps_every_block_of_the_pool():
    config = copy.deepcopy(CONFIG)
    config["budgets"]["high"]["samples"] = 15
    before, after = (grid_of(one).blocks("hard", {"wc": grid_of(one).pools["hard", "wc"]}) for one in (CONFIG, config))
    assert set(before) < set(after)
    assert grid_of(config).pools["hard", "wc"] == 50  # 45, in blocks of 10
    assert not any("samples-0000" in block for block in set(after) - set(before))


def test_fewer_questions_need_fewer_of_the_same_blocks():
    config = copy.deepcopy(CONFIG)
    config["datasets"]["hard"]["splits"]["train"] = 250
    fewer, all_of_them = (set(grid_of(one).blocks("hard", {"wc": 30})) for one in (config, CONFIG))
    assert fewer < all_of_them
    assert len(fewer) == 3


# Messages and refusals ------------------------------------------------------------------------------------------------


def test_a_count_that_was_rounded_down_is_said_in_one_line_with_both_numbers():
    config = small_config()
    config["models"]["wc"]["parameters"] = 8.0e9
    lines = grid_of(config).rounded()
    assert len(lines) == 2
    assert all(len(line.splitlines()) == 1 for line in lines)
    low = next(line for line in lines if "low" in line)
    assert "wc" in low
    assert "3.375" in low
    assert "down to 3" in low


def test_nothing_is_said_where_every_count_is_whole():
    assert grid_of(small_config()).rounded() == []
    assert grid_of(CONFIG).rounded() == []


def test_a_model_that_is_sampled_from_needs_a_parameter_count():
    config = small_config()
    config["experiments"]["main"]["sources"] = ["wc"]
    config["sources"]["wc"]["draws"] = [{"model": "wc", "samples": 3}]
    del config["models"]["wc"]["parameters"]
    with pytest.raises(UserError) as failure:
        grid_of(config)
    assert len(str(failure.value).splitlines()) == 1
    assert "models.wc" in str(failure.value)
    assert "'parameters'" in str(failure.value)


def test_an_endpoints_model_of_unknown_size_is_matched_by_price_and_counts_as_large():
    config = small_config()
    config["experiments"]["main"]["sources"] = ["wc"]
    config["sources"]["wc"]["draws"] = [{"model": "wc", "match": "price"}]
    config["models"]["wc"]["engine"] = "openai"
    del config["models"]["wc"]["parameters"]
    grid = grid_of(config)
    assert [count.samples for count in grid.draws("low", "wc").values()] == [35]
    assert grid.paradigm("wc", "student") == "knowledge distillation"


def test_a_budget_that_buys_less_than_one_sample_is_refused():
    config = small_config()
    config["budgets"]["low"]["model"] = "wc"
    with pytest.raises(UserError, match=r"sources\.se under budgets\.low.*at least 1"):
        grid_of(config)


def test_each_seed_is_trained_on_the_next_samples_of_the_pools():
    grid = grid_of(small_config())
    paths = [arm.path for arm in grid.training_sets if (arm.dataset, arm.budget) == ("math", "high")]
    assert paths == [f"math/high/from-{source}{end}" for end in ("", "/seed-1") for source in ("se", "wc")]
    assert [cell.seed for cell in grid.cells if grid.training_set(cell).repetition == 1] == [1] * 12
    # Samples 10 to 19, in blocks of four.
    blocks = grid.blocks("math", {"se": 10}, 3, repetition=1)
    assert blocks == [f"se/{block_name(0, first)}" for first in (8, 12, 16)]
    assert set(blocks) < set(grid.pool_blocks("math", "se"))
    # What is measured is the first repetition.
    assert grid.pools["math", "se"] == 12 and {arm.repetition for arm in grid.arms} == {0}


def test_seeds_may_share_their_samples():
    config = small_config() | {"repeat": "finetuning"}
    grid = grid_of(config)
    assert grid.training_sets == grid.arms
    config["experiments"]["main"]["seeds"] = [0]
    assert grid.pool_blocks("math", "se") == grid_of(config).pool_blocks("math", "se")


def test_human_solutions_are_the_same_for_all_seeds():
    config = small_config()
    config["experiments"]["main"]["sources"] = ["human"]
    assert all(not grid_of(config).training_set(cell).repetition for cell in grid_of(config).cells)


@given(samples=st.integers(1, 40), repetitions=st.integers(1, 6), block=st.integers(1, 12))
def test_the_slices_of_all_seeds_are_disjoint_and_leave_nothing_out(samples, repetitions, block):
    config = small_config()
    config["sampling"]["block_samples"] = block
    grid = grid_of(config)

    def numbers(names: list[str]) -> set[int]:
        starts = [int(name.rpartition("-")[2]) for name in names]
        return {start + offset for start in starts for offset in range(block)}

    drawn = set()
    for repetition in range(repetitions):
        needed = range(samples * repetition, samples * (repetition + 1))
        blocks = grid.blocks("math", {"wc": samples}, 3, repetition)
        assert set(needed) <= numbers(blocks) and len(blocks) == -(-needed.stop // block) - needed.start // block
        drawn |= set(blocks)
    assert drawn == set(grid.blocks("math", {"wc": samples * repetitions}, 3))
