"""Whatever happens between here and the endpoint: all that came is on disk once, and every try on the ledger."""

import os
import signal
import time
from collections import Counter

import pytest
from fault_proxy import DELIVERED, Proxy
from sampling_job import INPUT_PRICE, OUTPUT_PRICE, Job, free_port

from yetbetter import time_limit
from yetbetter.generation.openai_ledger import read_tries
from yetbetter.identity import stream_seed
from yetbetter.records import read_json, read_rows

pytestmark = pytest.mark.slow

# What the ledger calls a try that met this fate at the proxy.
OUTCOMES = {
    **dict.fromkeys(("pass", "fewer", "single"), "answered"),
    **dict.fromkeys(("drop before", "drop after", "drop midway"), "lost"),
    **dict.fromkeys(("malformed", "no usage"), "malformed"),
    "delay": "timeout",
    **{f"refuse {status}": f"refused {status}" for status in (400, 401, 429, 500, 503)},
}


def price(usage: dict) -> float:
    return (INPUT_PRICE * usage["prompt_tokens"] + OUTPUT_PRICE * usage["completion_tokens"]) / 1e6


def assert_kept(rows: list[dict], requests) -> None:
    """The rows hold what the proxy delivered, with its request's seed: nothing more, nothing less, nothing twice."""
    delivered = Counter((request.asked["seed"], text) for request in requests for text in request.texts)
    assert Counter((row["seed"], row["text"]) for row in rows) == delivered


def assert_charged(tries: list[dict], requests, job: Job) -> None:
    """Every request that the proxy saw is one try: with the endpoint's tokens where they came, else at its worst."""
    assert Counter(row["outcome"] for row in tries) == Counter(OUTCOMES[request.fate] for request in requests)
    answered = [row for row in tries if row["outcome"] == "answered"]
    usages = [request.usage for request in requests if request.fate in DELIVERED]
    assert sum(row["dollars"] for row in answered) == pytest.approx(sum(map(price, usages)))
    assert sum(row["received"] for row in answered) == sum(len(request.texts) for request in requests)
    for row in tries:
        worst = row["prompt_tokens"] >= 64 and row["completion_tokens"] == row["asked"] * 40
        assert row["estimated"] == (row["outcome"] in ("lost", "timeout", "malformed", "reserved"))
        assert worst or not row["estimated"]
        assert (row["dollars"] == 0) == row["outcome"].startswith("refused")
        assert row["dollars"] == pytest.approx(price(row))


@pytest.mark.parametrize(("together", "chat"), [(1, False), (4, True)])
def test_through_faults_nothing_is_lost_or_recorded_twice_and_each_try_is_charged(server, job, together, chat):
    fates = dict.fromkeys(("drop before", "drop after", "drop midway", "refuse 429", "refuse 500", "malformed"), 1)
    fates |= {"pass": 9, "fewer": 3, "no usage": 1, "delay": 0.5, "refuse 503": 1}
    options = {"samples_per_request": together, "chat": chat, "timeout": 20.0, "max_tries": 30}
    # An endpoint that has never answered well is not asked again after an answer without a count.
    with Proxy(server, fates, seed=together, first=["pass"], lateness=25.0) as proxy:
        rows = job.finish(proxy.url, options)
    assert len({request.fate for request in proxy.log}) >= 8
    assert_kept(rows, proxy.log)
    assert_charged(read_tries(job.ledger), proxy.log, job)
    # Tokens of one answer's samples are shared out, their sum is the endpoint's.
    usage = sum(request.usage["completion_tokens"] for request in proxy.log if request.fate == "pass")
    known = sum(request.usage["completion_tokens"] for request in proxy.log if request.fate in DELIVERED)
    assert usage <= sum(row["tokens"] for row in rows) <= known
    assert {row["finish_reason"] for row in rows} <= {"stop", "length"}
    assert {request.asked["top_k"] for request in proxy.log} == {3}
    assert "torch" not in read_json(job.folder / "S.about.json")["versions"]


def test_each_request_carries_the_seed_of_its_first_sample_and_its_rows_say_so(server, job):
    with Proxy(server) as proxy:
        rows = job.finish(proxy.url, {"samples_per_request": 4, "concurrency": 3})
    assert proxy.peak == 3
    seeds = {(row["problem"], row["sample"]): stream_seed(7, "wc", row["problem"], row["sample"]) for row in rows}
    assert all(row["seed"] == seeds[row["problem"], row["sample"] // 4 * 4] % 2**31 for row in rows)
    assert sorted(request.asked["seed"] for request in proxy.log) == sorted({row["seed"] for row in rows})
    assert Counter(request.asked.get("n", 1) for request in proxy.log) == {4: job.problems, 2: job.problems}


def test_an_endpoint_that_never_gives_several_samples_is_soon_asked_for_one(server, job):
    with Proxy(server, {"single": 1}) as proxy:
        rows = job.finish(proxy.url, {"samples_per_request": 6, "concurrency": 2})
    asked = [request.asked.get("n", 1) for request in proxy.log]
    assert sum(n > 1 for n in asked) <= 4
    assert len(asked) == len(rows)
    assert len({row["seed"] for row in rows}) == len(rows)
    assert_kept(rows, proxy.log)


def test_at_the_spending_limit_a_run_stops_cleanly_and_resumes_with_a_higher_one(server, job):
    with Proxy(server) as proxy:
        message = job.refusal(proxy.url, {"spending_limit": 0.03})
        first, requests = job.drawn(), list(proxy.log)
        tries = read_tries(job.ledger)
        spent = sum(row["dollars"] for row in tries)
        left = job.problems * job.samples - len(first)
        assert "spending_limit of 0.03 dollars reached" in message and f"{spent:.6f} are spent" in message
        assert f"{left} samples of" in message and "left to draw" in message
        assert 0.02 < spent <= 0.03
        assert 0 < len(first) < job.problems * job.samples
        assert_kept(first, requests)
        assert_charged(tries, requests, job)
        rows = job.finish(proxy.url, {"spending_limit": 10.0})
    kept = {(row["problem"], row["sample"]): row for row in rows}
    assert all(kept[row["problem"], row["sample"]] == row for row in first)
    assert_kept(rows, proxy.log)
    assert_charged(read_tries(job.ledger), proxy.log, job)


def test_two_jobs_that_share_a_ledger_stay_below_one_limit(server, job, tmp_path):
    other = Job(tmp_path / "other", job.key)
    other.folder.mkdir()
    for name in ("P.jsonl", "T.txt"):
        os.link(job.folder / name, other.folder / name)
    with Proxy(server, pace=0.1) as proxy:
        options = {"spending_limit": 0.04, "ledger": job.ledger}
        running = other.start(proxy.url, **options)
        message = job.refusal(proxy.url, options)
        assert running.wait(60) == 1
    tries = read_tries(job.ledger)
    assert "spending_limit of 0.04 dollars reached" in message
    assert sum(row["dollars"] for row in tries) <= 0.04
    assert_charged(tries, proxy.log, job)
    assert_kept([*job.drawn(), *other.drawn()], proxy.log)


@pytest.mark.parametrize("at", [4, 17])
def test_what_was_on_disk_when_a_run_was_killed_is_not_drawn_again(server, job, at):
    with Proxy(server, pace=0.25) as proxy:
        running = job.start(proxy.url, concurrency=4)
        while len(job.drawn()) < at:
            assert running.poll() is None
            time.sleep(0.01)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        job.search_for_key()
        there = job.drawn()
        time.sleep(1)  # until the server has answered what was in flight
        before = len(proxy.log)
        rows = job.finish(proxy.url)
    assert at <= len(there) < len(rows)
    kept = {(row["problem"], row["sample"]): row for row in rows}
    assert all(kept[row["problem"], row["sample"]] == row for row in there)
    assert len(proxy.log) - before == len(rows) - len(there)
    # What was in flight is charged at its worst: nobody knows what it cost.
    tries = read_tries(job.ledger)
    lost = [row for row in tries if row["outcome"] == "reserved"]
    assert len(tries) - len(proxy.log) in (0, 1, 2, 3, 4) and len(lost) <= 4
    assert all(row["estimated"] and row["dollars"] > 0 for row in lost)


def test_out_of_time_nothing_new_is_asked_and_what_was_asked_for_is_kept(server, job, monkeypatch):
    monkeypatch.setenv(time_limit.END, str(time.time() + 1000))
    with Proxy(server, pace=0.25) as proxy:
        running = job.start(proxy.url, concurrency=4)
        while len(job.drawn()) < 10:
            assert running.poll() is None
            time.sleep(0.01)
        os.kill(running.pid, signal.SIGURG)
        assert running.wait(60) == time_limit.UNFINISHED
        there = job.drawn()
        assert_kept(there, proxy.log)
        rows = job.finish(proxy.url)
    assert 0 < len(there) < len(rows)
    assert_kept(rows, proxy.log)
    assert_charged(read_tries(job.ledger), proxy.log, job)


def test_a_server_that_is_down_is_reported_after_the_last_try_and_costs_nothing(job):
    url = f"http://127.0.0.1:{free_port()}/v1"
    message = job.refusal(url, {"max_tries": 3, "concurrency": 2})
    assert f"127.0.0.1: given up after 3 tries: cannot be reached at {url}" in message
    assert "48 samples of 8 problems are left to draw" in message
    tries = read_tries(job.ledger)
    assert {row["outcome"] for row in tries} == {"unreachable"}
    assert sum(row["dollars"] for row in tries) == 0


def test_as_long_as_the_endpoint_asks_for_nothing_is_sent(server, job):
    with Proxy(server, first=["refuse 429"], retry_after="2") as proxy:
        job.finish(proxy.url, {"concurrency": 1, "samples_per_request": 6})
    assert proxy.log[1].time - proxy.log[0].time >= 2


def test_an_endpoint_that_asks_to_wait_for_an_hour_ends_the_job(server, job):
    with Proxy(server, {"refuse 429": 1}, retry_after="3600") as proxy:
        assert "127.0.0.1: asks to wait for 3600 seconds (429)" in job.refusal(proxy.url, {"concurrency": 1})
    assert len(proxy.log) == 1


def test_a_refused_key_is_reported_once_and_never_shown(server, job):
    with Proxy(server, {"refuse 401": 1}) as proxy:
        message = job.refusal(proxy.url, {"concurrency": 3})
    assert "127.0.0.1: the key in YETBETTER_TEST_KEY is not accepted (401): not now" in message
    assert "[the key]" in message
    assert len(proxy.log) <= 3
    assert_charged(read_tries(job.ledger), proxy.log, job)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            '[{"error": {"code": 400, "message": "Invalid JSON payload. Unknown name \\"top_k\\": {key}"}}]',
            'refuses the request (400): Invalid JSON payload. Unknown name "top_k": authorization: Bearer [the key]'
            " (send_top_k: false leaves it out)",
        ),
        (
            '[{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}]',
            "the key in YETBETTER_TEST_KEY is not accepted (400): API key not valid.",
        ),
        ('{"code": "no", "error": "Incorrect API key: {key}"}', "the key in YETBETTER_TEST_KEY is not accepted (400)"),
        ('{"detail": "{key}"}', 'refuses the request (400): {"detail": "authorization: Bearer [the key]"}'),
        ("<html>{key}</html>", "refuses the request (400): authorization: Bearer [the key]"),
        ("", "refuses the request (400): Error code: 400"),
    ],
)
def test_a_refusal_in_any_form_is_reported_with_its_message_and_never_with_the_key(job, said, message):
    with Proxy(free_port(), {"refuse 400": 1}, said=said) as proxy:
        assert f"127.0.0.1: {message}" in job.refusal(proxy.url, {"concurrency": 1})
    assert_charged(read_tries(job.ledger), proxy.log, job)


def test_what_came_before_a_refusal_is_kept(server, job):
    with Proxy(server, {"pass": 12, "refuse 401": 1}, seed=1) as proxy:
        message = job.refusal(proxy.url)
    rows = job.drawn()
    assert rows and f"{job.problems * job.samples - len(rows)} samples of" in message
    assert_kept(rows, proxy.log)
    assert_charged(read_tries(job.ledger), proxy.log, job)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "nobody"}, "knows no model 'nobody'"),
        ({"max_new_tokens": 400}, "and max_new_tokens 400 do not fit (400)"),
    ],
)
def test_what_another_try_would_not_mend_is_asked_once_and_reported_in_one_line(server, job, change, message):
    with Proxy(server) as proxy:
        assert message in job.refusal(proxy.url, {"concurrency": 2}, **change)
    assert len(proxy.log) <= 2


def test_chat_greedy_decoding_and_what_is_not_sent(server, job):
    with Proxy(server) as proxy:
        options = {"chat": True, "send_top_k": False, "send_seed": False, "samples_per_request": 3}
        rows = job.finish(proxy.url, options, temperature=0.0, stop=".")
    assert all(row["seed"] is None and "." not in row["text"] for row in rows)
    assert not any({"top_k", "seed", "n"} & set(request.asked) for request in proxy.log)
    assert len({(row["problem"], row["text"]) for row in rows}) == job.problems
    pool = read_json(job.folder / "S.about.json")["pool"]
    assert (pool["base_url"], pool["chat"], pool["send_top_k"], pool["top_k"]) == ("127.0.0.1", True, False, 3)
    assert not {"concurrency", "spending_limit", "input_price"} & set(pool)


def test_an_endpoint_on_this_machine_needs_neither_key_nor_price_nor_ledger(server, job):
    free = {"key_variable": "", "input_price": 0.0, "output_price": 0.0, "spending_limit": 0.0, "ledger": ""}
    job.finish(f"http://127.0.0.1:{server}/v1", free)
    assert not job.ledger.exists()
    assert read_rows(job.output)
