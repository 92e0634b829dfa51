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
from yetbetter.generation.openai_answers import NoAnswer, read_answer, read_refusal, share_out
from yetbetter.generation.openai_engine import OpenaiEngine, find_key
from yetbetter.generation.openai_options import OPTIONS, check_options
from yetbetter.generation.openai_refusals import asked_wait, is_about_key, loading_time

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
        (
            {"base_url": "https://host/v1/chat/completions"},
            "base_url: 'https://host/v1/chat/completions' is the address of one",
        ),
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
        (REMOTE | {"chat": False, "send_max_completion_tokens": True}, "send_max_completion_tokens: only the chat"),
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
    words += ["send_max_completion_tokens=true"]
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
        ("<p>too long</p>", "too long"),
        ("<!DOCTYPE html><style>p {}</style><h1>502</h1><p>Bad &amp; far</p>", "502 Bad & far"),
        ("a < b and c > d", "a < b and c > d"),
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
    answer = read_answer(body(choices))
    assert answer.samples == [("a" * 19, "stop", 20), ("b" * 9, "length", 10)]
    assert (answer.prompt_tokens, answer.completion_tokens, answer.request) == (7, 30, "cmpl-1")


def test_hidden_reasoning_counts_as_completion_also_where_only_the_total_tells():
    choices = [{"message": {"content": "x"}, "finish_reason": "stop"}]
    assert read_answer(body(choices, total_tokens=137)).samples == [("x", "stop", 130)]


def test_a_sample_that_a_filter_or_reasoning_cut_is_kept_as_cut_and_an_unfinished_one_is_left_out():
    choices = [
        {"message": {"content": None}, "finish_reason": "length"},
        {"message": {"content": "x"}, "finish_reason": "content_filter"},
        {"message": {"content": "y"}, "finish_reason": "abort"},
        {"message": {"content": ["z"]}, "finish_reason": "stop"},
    ]
    samples = read_answer(body(choices)).samples
    assert [(text, reason) for text, reason, _ in samples] == [("", "length"), ("x", "length")]


def test_an_endpoint_that_wrote_past_a_stop_string_is_cut_there():
    choices = [{"text": "one\n\ntwo END", "finish_reason": "length"}]
    assert read_answer(body(choices), stop=("END", "\n\n")).samples == [("one", "stop", 30)]


def page(text="Sign in") -> str:
    return f"<!DOCTYPE html>\n<html><head><style>a {{}}</style></head><body><h1>{text}</h1></body></html>"


SAID = {"message": "no such thing", "type": "invalid", "code": None}
BAD_USAGE = "the answer does not say how many tokens it has: usage is "


@pytest.mark.parametrize(
    ("text", "said", "status", "passing"),
    [
        ("", "an empty answer came", None, True),
        (" \n", "an empty answer came", None, True),
        ("null", "JSON came that holds no answer: null", None, False),
        ("[]", "JSON came that holds no answer: []", None, False),
        ("{}", "JSON came that holds no answer: {}", None, False),
        ("[" * 100_000, "JSON came that is cut short or broken: [[", None, True),
        (body([{"text": "x"}])[:-9], "JSON came that is cut short or broken: {", None, True),
        (page(), "a web page came instead of an answer: Sign in", None, False),
        ("\ufeff" + page(), "a web page came instead of an answer: Sign in", None, False),
        (
            'data: {"choices": []}\n\ndata: [DONE]\n',
            "a stream of events came, which was not asked for: data:",
            None,
            False,
        ),
        (": PROCESSING\n\ndata: {}\n", "a stream of events came", None, False),
        ('{"response": "a"}\n{"response": "b"}\n', "a stream of events came", None, False),
        ("OK", "text came instead of an answer: OK", None, False),
        ("upstream is temporarily unavailable", "text came instead", None, True),
        (json.dumps({"error": SAID}), "no such thing", None, False),
        (json.dumps({"error": SAID, "choices": []}), "no such thing", None, False),
        (json.dumps([{"error": SAID | {"code": 403}}]), "no such thing", 403, False),
        (json.dumps({"error": SAID | {"code": "429"}}), "no such thing", 429, False),
        (json.dumps({"object": "error", "message": "no", "code": 404}), "no", 404, False),
        (json.dumps({"object": "error", "message": "no", "code": 40303}), "no", None, False),
        (json.dumps({"error": SAID | {"type": "server_error"}}), "no such thing", None, True),
        (json.dumps({"error": "The model is overloaded, try again"}), "The model is overloaded", None, True),
        (json.dumps({"error": "Unexpected endpoint. Returning 200 anyway"}), "Unexpected endpoint", None, False),
        (json.dumps({"detail": "Not Found"}), 'JSON came that holds no answer: {"detail": "Not Found"}', None, False),
        (json.dumps({"message": {"content": "x"}}), "JSON came that holds no answer: ", None, False),
        (body(None), "JSON came that holds no answer: ", None, False),
        (json.dumps({"choices": []}), BAD_USAGE + "null", None, False),
        (json.dumps({"choices": [{"text": "x"}], "usage": None}), BAD_USAGE + "null", None, False),
        (body([{"text": "x"}], completion_tokens=None), BAD_USAGE, None, False),
        (body([{"text": "x"}], completion_tokens=0), BAD_USAGE, None, False),
        (body([], prompt_tokens="7"), BAD_USAGE, None, False),
        (body([], prompt_tokens=True), BAD_USAGE, None, False),
        (body([], completion_tokens=-1, total_tokens=0), BAD_USAGE, None, False),
        (body([], prompt_tokens=1.5), BAD_USAGE, None, False),
    ],
)
def test_a_body_that_is_not_an_answer_is_named_in_the_endpoints_words(text, said, status, passing):
    with pytest.raises(NoAnswer) as failure:
        read_answer(text)
    assert str(failure.value).startswith(said)
    assert (failure.value.status, failure.value.passing) == (status, passing)


def one(choice: dict, limit=100, **usage) -> tuple[str, str] | None:
    """Text and finish reason of an answer with this choice, None if it is left out."""
    samples = read_answer(body([choice], **usage), limit=limit).samples
    return samples[0][:2] if samples else None


@pytest.mark.parametrize(
    ("reason", "ours"),
    [
        *((reason, "stop") for reason in ("stop", "STOP", "eos", "eos_token", "stop_sequence", "end_turn")),
        *((reason, "stop") for reason in ("COMPLETE", "FINISH_REASON_STOP", "</s>", "<|eot_id|>", {"type": "stop"})),
        *((reason, "length") for reason in ("length", "max_tokens", "MAX_TOKENS", "model_length", "token_limit")),
        *((reason, "length") for reason in ("content_filter", "SAFETY", "content-filter", "RECITATION")),
    ],
)
def test_every_servers_finish_reason_is_understood(reason, ours):
    assert one({"text": "x", "finish_reason": reason}) == ("x", ours)
    assert one({"message": {"content": "x"}, "finish_reason": reason}) == ("x", ours)


@pytest.mark.parametrize(
    "choice", [{"text": "x", "finish_reason": None}, {"text": "x"}, {"text": "x", "finish_reason": ""}]
)
def test_a_sample_without_a_finish_reason_was_cut_if_it_fills_its_limit(choice):
    assert one(choice, completion_tokens=99) == ("x", "stop")
    assert one(choice, completion_tokens=100) == ("x", "length")


def test_of_several_samples_without_a_finish_reason_none_is_guessed_where_one_may_be_cut():
    choices = [{"text": "x", "finish_reason": None}, {"text": "y", "finish_reason": None}]
    samples = read_answer(body(choices, completion_tokens=99), limit=100).samples
    assert [sample[:2] for sample in samples] == [("x", "stop"), ("y", "stop")]
    answer = read_answer(body(choices, completion_tokens=100), limit=100)
    assert answer.samples == [] and "finish_reason is null" in answer.left_out
    assert "samples_per_request: 1" in answer.left_out


@pytest.mark.parametrize(
    ("choice", "left_out", "passing"),
    [
        ("x", 'a choice is not a JSON object: "x"', False),
        ({"text": "x", "finish_reason": []}, "a sample's finish_reason is []", False),
        ({"text": "x", "finish_reason": "tool_calls"}, 'a sample\'s finish_reason is "tool_calls"', False),
        ({"text": "x", "finish_reason": "abort"}, 'a sample\'s finish_reason is "abort"', True),
        ({"message": {"content": None}, "finish_reason": "stop"}, "a choice holds no text: {", False),
        (
            {"error": {"message": "gone", "code": 502}, "finish_reason": "error"},
            "a sample ended in an error: gone",
            True,
        ),
        ({"error": {"message": "gone", "code": 400}, "finish_reason": None}, "a sample ended in an error: gone", False),
    ],
)
def test_a_choice_that_is_no_sample_is_left_out_with_its_reason(choice, left_out, passing):
    answer = read_answer(body([choice]))
    assert answer.samples == []
    assert answer.left_out.startswith(left_out)
    assert answer.passing == passing


def test_an_answer_without_choices_says_so():
    assert read_answer(body([])).left_out.startswith("the answer holds no choices: {")


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        ({"text": "x"}, "x"),
        ({"message": {"role": "assistant", "content": "x"}}, "x"),
        ({"message": {"content": None}, "text": "x"}, "x"),
        ({"message": {"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "x"}]}}, "x"),
        ({"message": {"content": "x", "reasoning_content": "hm"}}, "x"),
        ({"message": {"content": None, "refusal": "I cannot."}}, "I cannot."),
    ],
)
def test_a_samples_text_is_found_where_servers_put_it(choice, text):
    assert one(choice | {"finish_reason": "stop"}) == (text, "stop")


@pytest.mark.parametrize("key", ["reasoning", "reasoning_content"])
@pytest.mark.parametrize("content", [None, ""])
def test_reasoning_without_an_answer_is_an_empty_sample_and_reported(key, content):
    answer = read_answer(body([{"message": {"content": content, key: "So it is 4."}, "finish_reason": "stop"}]))
    assert answer.samples == [("", "stop", 30)]
    assert answer.hidden == f"11 characters in {key!r}: So it is 4."
    other = {"message": {"content": "4", key: "hm"}, "finish_reason": "stop"}
    assert (
        read_answer(body([{"message": {"content": content, key: "hm"}, "finish_reason": "stop"}, other])).hidden == ""
    )


@given(st.integers(0, 10_000), st.lists(st.integers(1, 500), min_size=1, max_size=20))
def test_shares_are_whole_and_sum_to_the_total(total, weights):
    shares = share_out(total, weights)
    assert sum(shares) == total
    assert all(abs(share - total * weight / sum(weights)) < 1 for share, weight in zip(shares, weights, strict=True))


def test_an_endpoint_asks_to_wait_in_seconds_or_until_a_date():
    assert asked_wait("2.5") == 2.5
    assert 25 < asked_wait(email.utils.formatdate(time.time() + 30, usegmt=True)) <= 30
    assert [asked_wait(header) for header in (None, "", "soon", "-3", "nan")] == [0, 0, 0, 0, 0]


def test_a_server_that_loads_its_model_says_for_how_long():
    assert loading_time('{"error": "Model x is currently loading", "estimated_time": 20.5}') == 20.5
    assert [loading_time(text) for text in ("", "[]", "{}", "x", '{"estimated_time": null}')] == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.1.1", "0.0.0.0", "[::1]", "a.localhost"])
def test_a_server_on_this_machine_needs_no_price(host):
    check_options("", options(base_url=f"http://{host}:8000/v1"))
