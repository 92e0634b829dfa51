"""How many samples a budget buys: the paper's matchings come out, and what cannot be matched is refused."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yetbetter.errors import UserError
from yetbetter.study.budgets import count_samples, flops

GEMMA = {"gemma2-9b": {"parameters": 9.0e9}, "gemma2-27b": {"parameters": 27.0e9}}
GEMINI = {"flash": {"price": 0.3}, "pro": {"price": 10.5}}
WHERE = "sources.wc under budgets.low"


def count(draw, budget, models):
    return count_samples(draw, budget, models, WHERE)


def one_line(failure) -> str:
    message = str(failure.value)
    assert len(message.splitlines()) == 1
    return message


@pytest.mark.parametrize(("strong", "weak"), [(1, 3), (10, 30)])
def test_compute_matching_gives_the_papers_1_to_3_and_10_to_30(strong, weak):
    budget = {"model": "gemma2-27b", "samples": strong}
    assert count({"model": "gemma2-9b", "match": "compute"}, budget, GEMMA).samples == weak
    assert count({"model": "gemma2-27b", "match": "compute"}, budget, GEMMA).samples == strong


def test_price_matching_gives_the_papers_1_to_35():
    matched = count({"model": "flash", "match": "price"}, {"model": "pro", "samples": 1}, GEMINI)
    assert (matched.samples, matched.exact, matched.rounded) == (35, 35, False)


def test_15_percent_of_the_price_buys_5_samples_and_says_that_it_is_rounded():
    draw = {"model": "flash", "match": "price", "fraction": 0.15}
    matched = count(draw, {"model": "pro", "samples": 1}, GEMINI)
    assert (matched.samples, matched.exact, matched.rounded) == (5, Fraction(21, 4), True)


def test_number_matching_gives_as_many_as_of_the_reference():
    assert count({"model": "gemma2-9b", "match": "number"}, {"model": "gemma2-27b", "samples": 10}, GEMMA).samples == 10


def test_number_matching_needs_neither_parameters_nor_prices():
    assert count({"model": "a", "match": "number"}, {"model": "b", "samples": 4}, {"a": {}, "b": {}}).samples == 4


def test_a_fixed_number_is_drawn_whatever_the_budget():
    for samples in (1, 10):
        assert count({"model": "flash", "samples": 7}, {"model": "pro", "samples": samples}, GEMINI).samples == 7


def test_an_even_mix_draws_half_of_each():
    budget = {"model": "gemma2-27b", "samples": 10}
    draws = [{"model": model, "match": "compute", "fraction": 0.5} for model in ("gemma2-27b", "gemma2-9b")]
    assert [count(draw, budget, GEMMA).samples for draw in draws] == [5, 15]


@pytest.mark.parametrize(("own", "exact"), [(4.0, "2.25"), (7.0, "9/7"), (9.0, "1"), (2.0, "4.5")])
def test_a_count_is_rounded_down_and_the_exact_one_kept(own, exact):
    models = {"small": {"parameters": own}, "large": {"parameters": 9.0}}
    matched = count({"model": "small", "match": "compute"}, {"model": "large", "samples": 1}, models)
    assert matched.exact == Fraction(exact)
    assert matched.samples == int(Fraction(exact))
    assert matched.rounded == (Fraction(exact).denominator > 1)


@given(st.integers(1, 999), st.integers(1, 999), st.integers(1, 50), st.integers(1, 20))
def test_a_count_never_costs_more_than_the_budget_and_one_more_sample_would(own, reference, samples, twentieths):
    models = {"small": {"price": own / 10}, "large": {"price": reference / 10}}
    draw = {"model": "small", "match": "price", "fraction": twentieths / 20}
    budget = Fraction(reference * samples * twentieths, 20)
    try:
        drawn = count(draw, {"model": "large", "samples": samples}, models).samples
    except UserError:
        drawn = 0
    assert drawn * own <= budget < (drawn + 1) * own


@pytest.mark.parametrize("model", ["gemma2-9b", "gemma2-27b"])
@pytest.mark.parametrize(("rule", "key"), [("compute", "parameters"), ("price", "price")])
def test_a_missing_parameter_count_or_price_is_named_in_one_line(model, rule, key):
    models = {name: {"parameters": 1.0, "price": 1.0} for name in GEMMA}
    del models[model][key]
    with pytest.raises(UserError) as failure:
        count({"model": "gemma2-9b", "match": rule}, {"model": "gemma2-27b", "samples": 1}, models)
    message = one_line(failure)
    assert all(part in message for part in (f"number above 0 as models.{model}.{key}", rule))
    assert message.startswith(f"{WHERE}: ")


@pytest.mark.parametrize(
    "draw",
    [
        {"model": "pro", "match": "price"},
        {"model": "flash", "match": "price", "fraction": 0.001},
        {"model": "flash", "match": "number", "fraction": 0.5},
    ],
)
def test_less_than_one_sample_is_refused_in_one_line(draw):
    models = {"flash": {"price": 0.3}, "pro": {"price": 10.5}, "mini": {"price": 0.1}}
    reference = "mini" if draw["model"] == "pro" else "flash"
    with pytest.raises(UserError) as failure:
        count(draw, {"model": reference, "samples": 1}, models)
    message = one_line(failure)
    assert WHERE in message
    assert draw["model"] in message
    assert "at least 1" in message


def test_exactly_one_sample_is_enough():
    half = {"model": "pro", "match": "number", "fraction": 0.5}
    assert count(half, {"model": "pro", "samples": 2}, GEMINI).samples == 1


def test_a_forward_pass_costs_two_flops_per_parameter_and_token():
    assert flops(9e9, 512) == 2 * 9e9 * 512
