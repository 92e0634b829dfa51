"""What an arm costs: as the paper assumes, and as it came out."""

import math

import pytest

from yetbetter.errors import UserError
from yetbetter.measures.costs import ModelCost, cost_arm, parse_model_cost
from yetbetter.measures.data_tables import columns_of_arms, cost_row
from yetbetter.verdicts import CORRECT, GRADER_ERROR, INCORRECT, NO_ANSWER, TIMEOUT, VERDICTS

MODELS = {"wc": ModelCost(9e9, 9.24e9, 0.3), "se": ModelCost(27e9, 27.2e9, 10.5), "free": ModelCost(1e9, 1e9, None)}


def draw(model="wc", samples=3, questions=100, tokens=30_000, prompt_tokens=5_000) -> dict:
    return {
        "model": model,
        "samples": samples,
        "questions": questions,
        "tokens": tokens,
        "prompt_tokens": prompt_tokens,
    }


def test_compute_matched_arms_cost_the_same_as_assumed():
    costs = [
        cost_arm([draw(model, samples)], MODELS, 128)["flops_assumed"] for model, samples in (("wc", 3), ("se", 1))
    ]
    assert costs[0] == pytest.approx(costs[1])
    assert costs[0] == pytest.approx(2 * 9e9 * 128 * 3 * 100)


def test_the_cost_that_came_out_counts_the_tokens_drawn_with_true_parameters_and_prompts_apart():
    cost = cost_arm([draw()], MODELS, 128)
    assert cost["flops_drawn"] == pytest.approx(2 * 9.24e9 * 30_000)
    assert cost["flops_prompts"] == pytest.approx(2 * 9.24e9 * 5_000)
    assert cost["drawn_to_assumed"] == pytest.approx(cost["flops_drawn"] / cost["flops_assumed"])


def test_a_price_is_per_million_output_tokens():
    assert cost_arm([draw("se", tokens=2_000_000)], MODELS, 128)["price"] == pytest.approx(21)


def test_a_mix_costs_the_sum_of_its_draws():
    parts = [draw("wc", 15), draw("se", 5, tokens=70_000)]
    mixed, alone = cost_arm(parts, MODELS, 64), [cost_arm([part], MODELS, 64) for part in parts]
    for key in ("flops_assumed", "flops_drawn", "flops_prompts", "price"):
        assert mixed[key] == pytest.approx(sum(cost[key] for cost in alone))
    assert mixed["drawn_to_assumed"] == pytest.approx(mixed["flops_drawn"] / mixed["flops_assumed"])


def test_a_model_without_a_price_makes_the_price_unknown_and_nothing_else():
    cost = cost_arm([draw("wc"), draw("free")], MODELS, 64)
    assert math.isnan(cost.pop("price"))
    assert all(math.isfinite(number) for number in cost.values())


def test_an_arm_without_tokens_has_no_ratio():
    cost = cost_arm([draw(tokens=0, prompt_tokens=0)], MODELS, 0)
    assert math.isnan(cost["drawn_to_assumed"])
    assert cost["flops_drawn"] == 0


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("wc:9.0e9:9.24e9:0.3", ModelCost(9e9, 9.24e9, 0.3)),
        ("wc:150000::", ModelCost(150_000, 150_000, None)),
        ("wc:9e9::0.3", ModelCost(9e9, 9e9, 0.3)),
    ],
)
def test_a_models_cost_is_read_with_empty_parts(argument, expected):
    assert parse_model_cost(argument) == ("wc", expected)


@pytest.mark.parametrize("argument", ["wc:-9e9::1", "wc:inf::1", "wc:nan::", "wc:9e9:0:", "wc:9e9::nan", "wc:9e9::-1"])
def test_an_impossible_size_or_price_of_a_model_is_refused(argument):
    with pytest.raises(
        UserError, match=r"^--model '.*': parameters must be above 0, the price at least 0, and all fin"
    ):
        parse_model_cost(argument)


@pytest.mark.parametrize("argument", ["wc", "wc:9e9", "wc:nine::", "wc:1:2:3:4", "wc:9e9:x:", "wc:9e9::x", ""])
def test_a_models_cost_that_cannot_be_read_is_refused_in_one_line(argument):
    with pytest.raises(UserError) as failure:
        parse_model_cost(argument)
    message = str(failure.value)
    assert len(message.splitlines()) == 1
    assert repr(argument) in message
    assert "NAME:PARAMETERS:TRUE_PARAMETERS:PRICE" in message


def test_the_flops_of_a_model_of_unknown_size_are_unknown_and_its_price_is_not():
    draw = {"model": "wc", "samples": 2, "questions": 10, "tokens": 2_000_000, "prompt_tokens": 1_000}
    cost = cost_arm([draw], dict([parse_model_cost("wc:::2.5")]), tokens_per_solution=100.0)
    assert math.isnan(cost["flops_assumed"]) and math.isnan(cost["flops_drawn"])
    assert cost["price"] == 5.0


def test_arms_count_every_verdict_that_is_neither_right_nor_wrong():
    draws = [
        {"model": "wc", "samples": 3, "samples_exact": 3, "questions": 2, "tokens": 60, "prompt_tokens": 8}
        | {"empty": 0, "cut": 0}
    ]
    counts = {"drawn": 6, "kept": 1, "verdict_no_answer": 1, "verdict_timeout": 2, "verdict_grader_error": 3}
    summary = {"dataset": "d", "budget": "low", "source": "wc", "draws": draws, "counts": counts}
    row = cost_row(summary, [summary], MODELS, [])
    assert [row[verdict] for verdict in (NO_ANSWER, TIMEOUT, GRADER_ERROR)] == [1, 2, 3]
    assert set(VERDICTS) - {CORRECT, INCORRECT} <= set(columns_of_arms())
