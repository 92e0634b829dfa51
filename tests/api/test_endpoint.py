"""Options that could spend without a limit are refused, and what an endpoint answers is read with suspicion."""

import copy
import email.utils
import json
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from configs import check_config
from yetbetter.errors import UserError
from yetbetter.generation.engines import parse_options, shaping_options
from yetbetter.generation.openai_engine import OpenaiEngine, find_key
from yetbetter.generation.openai_options import (
    OPTIONS,
    check_options,
    is_about_key,
    read_answer,
    read_refusal,
    share_out,
)
from yetbetter.generation.openai_requests import asked_wait

ROOT = Path(__file__).resolve().parents[2]
PAID = {"input_price": 0.1, "output_price": 0.4, "spending_limit": 5.0}
REMOTE = {"base_url": "https://api.example.org/v1"} | PAID


def options(**changes) -> dict:
    return {name: default for name, (_, default) in OPTIONS.items()} | changes


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "base_url: missing"),
        ({"base_url": "api.example.org/v1"}, "base_url: 'api.example.org/v1' is not an address"),
        ({"base_url": "http://host:port/v1"}, "base_url: 'http://host:port/v1' is not an address"),
        ({"base_url": "https://me:word@host/v1"}, "base_url: must hold no user, password"),
        ({"base_url": "https://host/v1?key=word"}, "base_url: must hold no user, password, query"),
        ({"base_url": "https://host/v1"}, "input_price: missing"),
        ({"base_url": "https://host/v1", "input_price": 0.1}, "output_price: missing"),
        (REMOTE | {"spending_limit": 0.0}, "spending_limit: missing or 0"),
        (REMOTE | {"spending_limit": -1.0}, "spending_limit: -1.0"),
        (REMOTE | {"spending_limit": float("nan")}, "spending_limit: nan"),
        (REMOTE | {"spending_limit": float("inf")}, "spending_limit: inf"),
        (REMOTE | {"output_price": 0.0}, "output_price: 0.0, but input_price is 0.1"),
        (REMOTE | {"output_price": float("nan")}, "output_price: nan"),
        (REMOTE | {"input_price": -0.1}, "input_price: -0.1"),
        ({"base_url": "http://localhost/v1", "output_price": 0.1}, "spending_limit: missing or 0"),
        ({"base_url": "http://localhost/v1", "spending_limit": 1.0}, "spending_limit: 1.0, but without input_price"),
        (REMOTE | {"samples_per_request": 0}, "samples_per_request: 0"),
        (REMOTE | {"concurrency": 0}, "concurrency: 0"),
        (REMOTE | {"max_tries": 0}, "max_tries: 0"),
        (REMOTE | {"timeout": 0.0}, "timeout: 0.0"),
        (REMOTE | {"chat": False, "reasoning_effort": "low"}, "reasoning_effort: only the chat endpoint"),
    ],
)
def test_options_that_cannot_be_are_reported_in_one_line(given, message):
    with pytest.raises(UserError) as failure:
        check_options("key.", options(**given))
    assert str(failure.value).startswith(f"key.{message}")
    assert "word" not in str(failure.value).replace("password", "")


def test_what_may_be_a_key_is_not_repeated():
    with pytest.raises(UserError) as failure:
        check_options("", options(**REMOTE, key_variable="sk-proj-1234"))
    assert "1234" not in str(failure.value)


@pytest.mark.parametrize("given", [REMOTE, {"base_url": "http://127.0.0.1:8000/v1"}, REMOTE | {"key_variable": ""}])
def test_options_in_order_are_accepted(given):
    check_options("", options(**given))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "models.wc.engine_options.base_url: missing"),
        ({"engine_options": REMOTE | {"spending_limit": 0}}, "models.wc.engine_options.spending_limit: missing or 0"),
        ({"engine_options": REMOTE, "price": 0.3}, "models.wc.engine_options.output_price: 0.4, but the model's price"),
        (
            {"engine_options": {"base_url": "https://host/v1", "input_price": 0.1}, "price": 0.3},
            "models.wc.engine_options.spending_limit: missing or 0",
        ),
        (
            {"engine_options": REMOTE | {"timeout": "long"}},
            "models.wc.engine_options.timeout: 'long' is not of type float",
        ),
        ({"engine_options": REMOTE, "finetuning": "pocket"}, "models.wc.finetuning: the engine openai only draws"),
    ],
)
def test_a_config_whose_endpoint_cannot_be_used_is_reported_in_one_line(entry, message):
    config = copy.deepcopy(yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8")))
    config["models"]["wc"] = {"path": "gemini", "parameters": 1, "engine": "openai"} | entry
    with pytest.raises(UserError) as failure:
        check_config(config, str(ROOT / "workflow/schemas/config.schema.yaml"), "study.yaml")
    assert str(failure.value).startswith(f"study.yaml: {message}")


def test_only_the_host_and_what_changes_the_samples_belong_to_a_pool():
    words = ["base_url=https://api.example.org:444/v1", "concurrency=3", "timeout=5", "samples_per_request=4"]
    shaping = shaping_options("openai", parse_options("openai", words))
    assert shaping == {"base_url": "api.example.org", "chat": True, "send_top_k": True, "reasoning_effort": ""}


@pytest.mark.parametrize("value", [None, "", " ", "sk two", "sk\x00x", "sk-ü"])
def test_a_variable_that_holds_no_key_is_reported_without_its_content(monkeypatch, value):
    monkeypatch.delenv("SOME_KEY", raising=False)
    if value is not None and "\0" not in value:
        monkeypatch.setenv("SOME_KEY", value)
    with pytest.raises(UserError, match="SOME_KEY holds") as failure:
        find_key("SOME_KEY")
    assert "sk" not in str(failure.value)


def test_a_key_may_end_in_a_line_break_and_none_may_be_needed(monkeypatch):
    monkeypatch.setenv("SOME_KEY", "sk-1\n")
    assert (find_key("SOME_KEY"), find_key("")) == ("sk-1", "")


def test_a_key_is_not_repeated_however_json_spells_it(monkeypatch):
    monkeypatch.setenv("SOME_KEY", 'sk/1"2\\3')
    engine = OpenaiEngine("m", 0, options(base_url="http://localhost/v1", key_variable="SOME_KEY"))
    for said in ('no sk/1"2\\3', {"detail": 'sk/1"2\\3'}):
        text = engine.clean(read_refusal(json.dumps(said).replace("/", "\\/")))
        assert "[the key]" in text and "sk" not in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"error": {"message": "too long", "code": 400}}', "too long"),
        ('[{"error": {"message": "too long", "code": 400}}]', "too long"),
        ('{"error": "too long"}', "too long"),
        ('{"object": "error", "message": "too long"}', "too long"),
        ('"too long"', "too long"),
        ('{"error": {"message": null}}', '{"error": {"message": null}}'),
        ('{"error": null, "detail": ["zu läng"]}', '{"error": null, "detail": ["zu läng"]}'),
        ("[]", "[]"),
        ("null", "null"),
        ("<p>too long</p>", "<p>too long</p>"),
        ("[" * 100_000, "[" * 100_000),
        ("", ""),
    ],
)
def test_a_refusal_is_read_in_every_shape_that_endpoints_give_it(text, said):
    assert read_refusal(text) == said


def test_a_wrong_key_is_distinguished_from_other_bad_requests():
    wrong = (
        "API key not valid. Please pass a valid API key.",
        "API key expired.",
        "Incorrect API key provided: [the key]",
    )
    assert all(map(is_about_key, wrong))
    others = ('Invalid JSON payload received. Unknown name "top_k"', "not valid", "this model needs a paid API key")
    assert not any(map(is_about_key, others))


def body(choices, **usage) -> str:
    usage = {"prompt_tokens": 7, "completion_tokens": 30} | usage
    return json.dumps({"id": "cmpl-1", "choices": choices, "usage": usage})


def test_a_whole_answer_shares_its_tokens_out_by_the_texts_lengths():
    choices = [{"text": "a" * 19, "finish_reason": "stop"}, {"text": "b" * 9, "finish_reason": "length"}]
    answer = read_answer(body(choices), chat=False)
    assert answer.samples == [("a" * 19, "stop", 20), ("b" * 9, "length", 10)]
    assert (answer.prompt_tokens, answer.completion_tokens, answer.request) == (7, 30, "cmpl-1")


def test_hidden_reasoning_counts_as_completion_also_where_only_the_total_tells():
    choices = [{"message": {"content": "x"}, "finish_reason": "stop"}]
    assert read_answer(body(choices, total_tokens=137), chat=True).samples == [("x", "stop", 130)]


def test_a_sample_that_a_filter_or_reasoning_cut_is_kept_as_cut_and_an_unfinished_one_is_left_out():
    choices = [
        {"message": {"content": None}, "finish_reason": "length"},
        {"message": {"content": "x"}, "finish_reason": "content_filter"},
        {"message": {"content": "y"}, "finish_reason": "abort"},
        {"message": {"content": ["z"]}, "finish_reason": "stop"},
    ]
    samples = read_answer(body(choices), chat=True).samples
    assert [(text, reason) for text, reason, _ in samples] == [("", "length"), ("x", "length")]


def test_an_endpoint_that_wrote_past_a_stop_string_is_cut_there():
    choices = [{"text": "one\n\ntwo END", "finish_reason": "length"}]
    assert read_answer(body(choices), chat=False, stop=("END", "\n\n")).samples == [("one", "stop", 30)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"choices": []}',
        "[" * 100_000,
        body([{"text": "x"}])[:-9],
        body(["x"]),
        body(None),
        body([{"text": "x", "finish_reason": []}]),
        body([], prompt_tokens="7"),
        body([], prompt_tokens=True),
        body([], completion_tokens=-1, total_tokens=0),
        body([], prompt_tokens=1.5),
        json.dumps({"choices": [], "usage": None}),
    ],
)
def test_a_body_that_is_not_an_answer_is_none(text):
    assert read_answer(text, chat=False) is None


@given(st.integers(0, 10_000), st.lists(st.integers(1, 500), min_size=1, max_size=20))
def test_shares_are_whole_and_sum_to_the_total(total, weights):
    shares = share_out(total, weights)
    assert sum(shares) == total
    assert all(abs(share - total * weight / sum(weights)) < 1 for share, weight in zip(shares, weights, strict=True))


def test_an_endpoint_asks_to_wait_in_seconds_or_until_a_date():
    assert asked_wait("2.5") == 2.5
    assert 25 < asked_wait(email.utils.formatdate(time.time() + 30, usegmt=True)) <= 30
    assert [asked_wait(header) for header in (None, "", "soon", "-3", "nan")] == [0, 0, 0, 0, 0]
