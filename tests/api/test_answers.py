"""The sampling program before servers that are not as OpenAI's: what is paid, what is said, and that rows are kept."""

import json
import re
import shutil
import socket
import subprocess

import pytest
from sampling_job import free_port
from scripted_server import Server, samples

from yetbetter.errors import UserError
from yetbetter.generation.engines import Decoding
from yetbetter.generation.openai_engine import OpenaiEngine
from yetbetter.generation.openai_ledger import read_tries
from yetbetter.generation.openai_options import OPTIONS
from yetbetter.records import read_json

ONE = {"concurrency": 1, "max_tries": 3}
PRICES = {"input_price": 10.0, "output_price": 40.0, "spending_limit": 10.0}
DECODING = Decoding(temperature=0.7, top_k=3, max_new_tokens=40)
GOOD = (200, samples("It is 4."))
PAGE = "<!DOCTYPE html><html><head><title>x</title></head><body><h1>Sign in</h1> to go on</body></html>"
STOPS = ["a", "b", "c", "d", "e"]
TOO_MANY_STOPS = {
    "error": {
        "message": "Invalid 'stop': array too long. Expected an array with maximum length 4, but got length 5.",
        "type": "invalid_request_error",
        "param": "stop",
        "code": "array_above_max_length",
    }
}
NO_MAX_TOKENS = {
    "error": {
        "message": "Unsupported parameter: 'max_tokens' is not supported with this model."
        " Use 'max_completion_tokens' instead.",
        "code": "unsupported_parameter",
    }
}
TOO_LONG = {"error": {"message": "'max_tokens' or 'max_completion_tokens' is too large: 400. This model's maximum"}}


def message(text, **more) -> str:
    return samples("", choices=[{"message": {"content": text} | more, "finish_reason": "stop"}])


def error(words: str, **more) -> str:
    return json.dumps({"error": {"message": words} | more})


# What never brings an answer, and what is said; PORT is the server's.
HOPELESS = {
    "a web page": (
        (200, PAGE, {"Content-Type": "text/html"}),
        "a web page came instead of an answer: x Sign in to go on",
    ),
    "a page says where to look": ((200, PAGE), "is base_url the address of an API (most end in /v1)"),
    "an error as 200": ((200, error("no such model: wc")), "no such model: wc"),
    "an error as 200 with a status": (
        (200, error("no such model: wc", code=404)),
        "knows no model 'wc', or nothing is at http://127.0.0.1:PORT/v1 (404): with status 200 came: no such model: wc",
    ),
    "a wrong key as 200": (
        (200, error("who are you", code="401")),
        "the key in YETBETTER_TEST_KEY is not accepted (401)",
    ),
    "a detail": ((200, '{"detail": "Not Found"}'), 'JSON came that holds no answer: {"detail": "Not Found"}'),
    "a stream": (
        (200, 'data: {"choices": []}\n\ndata: [DONE]\n\n'),
        "a stream of events came, which was not asked for",
    ),
    "plain text": ((200, "Hello"), "text came instead of an answer: Hello"),
    "no usage": ((200, samples("x", usage=None)), "the answer does not say how many tokens it has: usage is null"),
    "no choices": ((200, samples()), "the answer holds no choices: {"),
    "an unknown end": ((200, samples("x", reason="tool_calls")), 'finish_reason is "tool_calls"'),
    "only reasoning": (
        (200, message(None, reasoning_content="So it is 4.")),
        "the answer has no content, only reasoning beside it, 11 characters in 'reasoning_content': So it is 4.",
    ),
    "only reasoning, under its other name": ((200, message("", reasoning="Hm.")), "3 characters in 'reasoning': Hm."),
    "a wrong model": ((404, error("The model `wc` does not exist.")), "knows no model 'wc'"),
    "a wrong address": (
        (404, "<html><h1>404 Not Found</h1></html>"),
        "nothing is at http://127.0.0.1:PORT/v1 (404): 404 Not",
    ),
    "a wrong method": ((405, '{"detail": "Method Not Allowed"}'), "nothing answers questions at http://127.0.0.1"),
    "a wrong key": ((401, error("bad key")), "the key in YETBETTER_TEST_KEY is not accepted (401): bad key"),
    "a forbidden model": ((403, error("not yours")), "is not allowed to ask 'wc' (403): not yours"),
    "no money": ((402, error("Insufficient credits")), "wants to be paid first (402): Insufficient credits"),
    "no quota": (
        (429, error("You exceeded your current quota", code="insufficient_quota")),
        "nothing is left to spend there (429): You exceeded your current quota",
    ),
    "no compression as it says": (
        (200, samples("x"), {"Content-Encoding": "gzip"}),
        "an answer came that cannot be unpacked (DecodingError: ",
    ),
    "a command for the terminal": ((400, error("no \x1b[2J\x07")), r"refuses the request (400): no \x1b[2J\x07"),
    "not implemented": ((501, error("no completions here")), "refuses the request (501): no completions here"),
    "a login": (
        (302, "", {"Location": "https://login.example.org/in?session=secret"}),
        "redirects to https://login.example.org/in (302), which is not followed",
    ),
    "max_tokens": (
        (400, json.dumps(NO_MAX_TOKENS)),
        "does not take max_tokens (400): Unsupported parameter: 'max_tokens' is not supported with this model. Use"
        " 'max_completion_tokens' instead. (send_max_completion_tokens: true sends the other)",
    ),
    "max_tokens, in other words": (
        (400, error("O-series models don't support max_tokens, please pass max_completion_tokens")),
        "max_completion_tokens (send_max_completion_tokens: true sends the other)",
    ),
    "a full context, in other words": (
        (422, error("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 1024")),
        "and max_new_tokens 40 do not fit (422): Input validation error",
    ),
    "a full context": ((400, json.dumps(TOO_LONG)), "and max_new_tokens 40 do not fit (400): 'max_tokens' or"),
}


@pytest.fixture
def ask(job, monkeypatch):
    """Draw four samples with the engine, up to eight requests at a time: (texts, the error or None)."""

    def ask(url: str) -> tuple[list[str], str | None]:
        options = {name: default for name, (_, default) in OPTIONS.items()} | PRICES | {"base_url": url, "chat": False}
        options |= {"key_variable": "YETBETTER_TEST_KEY", "ledger": str(job.ledger), "back_off": 0.01, "max_tries": 3}
        texts = []
        try:
            for found in OpenaiEngine("wc", 0, options).stream(["Q: 2+2?"] * 2, [[1, 2], [3, 4]], DECODING):
                texts += [answer["text"] for _, _, answer in found]
        except UserError as failure:
            assert job.key not in str(failure) and "\n" not in str(failure)
            return texts, str(failure)
        return texts, None

    monkeypatch.setenv("YETBETTER_TEST_KEY", job.key)
    return ask


def assert_tries(job, server, count: int) -> list[dict]:
    """Every request is one try on the ledger, and there were so many."""
    tries = read_tries(job.ledger)
    assert len(tries) == len(server.asked) == count
    return tries


@pytest.mark.parametrize("case", HOPELESS)
def test_what_another_try_cannot_mend_is_paid_once_and_told_in_the_endpoints_words(job, ask, case):
    answer, said = HOPELESS[case]
    with Server(answer) as server:
        texts, told = ask(server.url)
    assert texts == []
    assert told.startswith("127.0.0.1: ") and said.replace("PORT", str(server.port)) in told
    assert "secret" not in told and "given up" not in told
    assert told.endswith("4 samples of 2 problems are left to draw, a rerun resumes with them")
    (one,) = assert_tries(job, server, 1)
    assert (one["dollars"] == 0) == one["outcome"].startswith("refused")


PASSING = {
    "an empty answer": ((200, ""), "malformed"),
    "JSON cut short": ((200, GOOD[1][:-20]), "malformed"),
    "an error as 200 that passes": ((200, error("Provider returned error", code=502)), "malformed"),
    "a rate limit as 200": ((200, error("slow down", code=429)), "refused 429"),
    "a busy server as 200": ((200, error("The engine is overloaded", type="overloaded_error")), "malformed"),
    "an aborted sample": ((200, samples("x", reason="abort")), "answered"),
    "a model that loads": ((503, '{"error": "Model wc is currently loading", "estimated_time": 0.1}'), "refused 503"),
    "a rate limit": ((429, error("slow down"), {"Retry-After": "0.1"}), "refused 429"),
    "a quota by the minute": (
        (429, error("You exceeded your current quota, please check your plan and billing details. Retry in 2 s")),
        "refused 429",
    ),
    "a gateway's page": ((502, "<html><h1>502 Bad Gateway</h1></html>"), "refused 502"),
}


@pytest.mark.parametrize("case", PASSING)
def test_what_passes_is_asked_again_and_then_brings_its_sample(job, ask, case):
    answer, outcome = PASSING[case]
    with Server(answer, GOOD) as server:
        assert ask(server.url) == (["It is 4."] * 4, None)
    assert [row["outcome"] for row in assert_tries(job, server, 5)] == [outcome, *["answered"] * 4]


@pytest.mark.parametrize("case", PASSING)
def test_what_never_passes_is_given_up_with_the_endpoints_last_words(job, ask, case):
    answer, _ = PASSING[case]
    with Server(answer) as server:
        texts, told = ask(server.url)
    assert texts == []
    assert told.startswith("127.0.0.1: given up after 3 tries: ")
    words = ("empty answer", "cut short", "Provider returned", "slow down", "overloaded", '"abort"', "loading", "quota")
    assert any(word in told for word in (*words, "Bad Gateway")), told
    assert_tries(job, server, 3)


@pytest.mark.parametrize("case", ["a web page", "an error as 200", "no usage", "no choices", "an unknown end"])
def test_an_endpoint_that_has_answered_before_is_asked_again(job, ask, case):
    with Server(GOOD, HOPELESS[case][0], GOOD) as server:
        assert ask(server.url) == (["It is 4."] * 4, None)
    assert_tries(job, server, 5)


@pytest.mark.parametrize("case", ["a wrong key", "an error as 200 with a status", "a login"])
def test_rows_that_were_drawn_before_are_kept_and_a_rerun_draws_the_others_alone(job, case):
    answer, _ = HOPELESS[case]
    with Server(GOOD, GOOD, GOOD, answer) as server:
        told = job.refusal(server.url, ONE)
    assert "45 samples of 8 problems are left to draw" in told
    assert [row["text"] for row in job.drawn()] == ["It is 4."] * 3
    with Server(GOOD) as server:
        job.finish(server.url, ONE)
    assert len(server.asked) == 45


@pytest.mark.parametrize("reason", ["eos_token", None])
def test_samples_of_a_server_with_its_own_finish_reasons_are_drawn_once(job, reason):
    with Server((200, samples("It is 4.", reason=reason))) as server:
        rows = job.finish(server.url, ONE | {"concurrency": 8})
    assert {row["finish_reason"] for row in rows} == {"stop"}
    assert_tries(job, server, len(rows))


def test_a_model_that_reasons_and_once_says_nothing_gives_an_empty_sample(job):
    chat = (200, message("It is 4.", reasoning="So."))
    with Server(chat, (200, message(None, reasoning="Hm.")), chat) as server:
        rows = job.finish(server.url, ONE | {"chat": True})
    assert [row["text"] for row in rows] == ["It is 4.", "", *["It is 4."] * (len(rows) - 2)]
    assert_tries(job, server, len(rows))


@pytest.mark.parametrize("chat", [True, False])
def test_a_chat_that_answers_as_a_completion_and_the_reverse_are_read(job, chat):
    with Server((200, samples("It is 4.", chat=not chat))) as server:
        rows = job.finish(server.url, ONE | {"chat": chat})
    assert {row["text"] for row in rows} == {"It is 4."}


def test_an_address_without_a_path_is_told_where_most_end(ask):
    with Server((404, '{"detail": "Not Found"}')) as server:
        _, told = ask(server.url.removesuffix("/v1"))
    assert "nothing is at http://127.0.0.1:" in told and "(base_url has no path, most end in /v1)" in told


def test_another_models_name_in_the_answers_is_reported_once(job):
    with Server((200, samples("It is 4.", model="gpt-other"))) as server:
        done = job.run(server.url, ONE)
    assert done.returncode == 0
    assert done.stderr.count("127.0.0.1: asked for 'wc', its answers name 'gpt-other'") == 1
    with Server((200, samples("It is 4.", model="wc"))) as server:
        job.output.unlink()
        assert "its answers name" not in job.run(server.url, ONE).stderr


def test_an_endpoint_without_n_is_told_from_others_with_the_option_that_helps(job):
    refused = error("n must be 1", param="n")
    with Server((400, refused)) as server:
        assert "(samples_per_request: 1 asks for" in job.refusal(server.url, ONE | {"samples_per_request": 2})
        assert "samples_per_request" not in job.refusal(server.url, ONE)


def test_an_endpoint_that_gives_fewer_samples_than_asked_for_is_asked_for_the_rest(job):
    with Server((200, samples("a", "b"))) as server:
        rows = job.finish(server.url, ONE | {"samples_per_request": 6})
    assert len(server.asked) == len(rows) / 2
    assert_tries(job, server, len(rows) // 2)


def test_more_stop_strings_than_the_endpoint_takes_are_named_and_no_full_context(job):
    command = [f"--stop={stop}" for stop in STOPS]
    with Server((400, json.dumps(TOO_MANY_STOPS))) as server:
        options = {**ONE, "input_price": 0.0, "output_price": 0.0, "spending_limit": 0.0}
        done = subprocess.run(
            [*job.command(server.url, options), *command], env=job.environment, capture_output=True, text=True
        )
    told = done.stderr.splitlines()[-1]
    assert done.returncode == 1
    assert (
        "127.0.0.1: does not take the 5 stop strings 'a', 'b', 'c', 'd', 'e' (400): Invalid 'stop': array too" in told
    )
    assert "do not fit" not in told
    assert [request["stop"] for request in server.asked] == [STOPS]


def test_an_option_sends_max_completion_tokens_and_changes_nothing_else(job):
    pools = []
    for given in (False, True):
        options = ONE | {"chat": True, "send_max_completion_tokens": given}
        with Server((200, samples("It is 4.", chat=True))) as server:
            job.finish(server.url, options)
        names = {"max_tokens", "max_completion_tokens"}
        sent, other = sorted(names, reverse=not given)
        assert all(request[sent] == 40 and other not in request for request in server.asked)
        pools.append(read_json(job.folder / "S.about.json")["pool"])
        job.output.unlink()
        shutil.rmtree(job.folder / ".drafts")
    assert pools[0] == pools[1]
    assert not any("max_completion" in key for key in pools[0])


def test_an_endpoint_that_wants_max_tokens_is_told_from_one_that_wants_the_other(job):
    refused = error("Unrecognized request argument supplied: max_completion_tokens")
    with Server((400, refused)) as server:
        told = job.refusal(server.url, ONE | {"chat": True, "send_max_completion_tokens": True})
    assert "does not take max_completion_tokens (400)" in told
    assert "(send_max_completion_tokens: false sends the other)" in told


# The way there --------------------------------------------------------------------------------------------------------


def told_with(job, url: str, environment: dict, options: dict | None = None) -> str:
    """The last line of a run that cannot be finished, in this environment."""
    kept = {key: value for key, value in job.environment.items() if not re.search("(?i)proxy|SSL_CERT", key)}
    command = job.command(url, ONE | {"max_tries": 2} | (options or {}))
    done = subprocess.run(command, env=kept | environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    job.search_for_key()
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "all_proxy"])
def test_a_proxy_in_the_environment_is_not_asked_for_a_server_on_this_machine(job, name):
    with Server((503, "no")) as proxy, Server(GOOD) as server:
        environment = {key: value for key, value in job.environment.items() if "proxy" not in key.lower()}
        environment |= {name: f"http://127.0.0.1:{proxy.port}", "SSL_CERT_FILE": "/no/such/file"}
        command = job.command(server.url, ONE)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(server.asked) == 48 and proxy.asked == []


def test_a_proxy_that_refuses_is_named_without_its_password_and_with_the_way_around_it(job):
    with Server((403, "<html><h1>Blocked</h1></html>")) as proxy:
        address = f"http://me:word@127.0.0.1:{proxy.port}"
        told = told_with(job, "http://node7.invalid:8000/v1", {"HTTP_PROXY": address})
    assert "node7.invalid: the key in YETBETTER_TEST_KEY is not allowed to ask 'wc' (403): Blocked" in told
    assert f"(asked through the proxy http://127.0.0.1:{proxy.port} of HTTP_PROXY; NO_PROXY=node7.invalid asks" in told
    assert "word" not in told
    assert proxy.lines == ["POST http://node7.invalid:8000/v1/completions HTTP/1.1"]


@pytest.mark.parametrize(("status", "tries"), [(407, 1), (403, 1), (502, 2)])
def test_a_proxy_that_lets_nothing_through_costs_nothing(job, status, tries):
    with Server((status, "")) as proxy:
        told = told_with(job, "https://api.invalid/v1", {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"})
    assert str(status) in told and "of HTTPS_PROXY" in told
    found = read_tries(job.ledger)
    assert len(found) == len(proxy.lines) == tries
    assert sum(row["dollars"] for row in found) == 0


def test_a_socks_proxy_without_its_package_is_one_line(job):
    told = told_with(job, "https://api.invalid/v1", {"ALL_PROXY": "socks5://me:word@127.0.0.1:1"})
    assert "ALL_PROXY is socks5://127.0.0.1:1: a SOCKS proxy needs the package socksio" in told
    assert not read_tries(job.ledger)


def test_a_proxy_that_is_no_address_is_one_line(job):
    told = told_with(job, "https://api.invalid/v1", {"HTTPS_PROXY": "gopher://me:word@there"})
    assert "in the environment HTTPS_PROXY is 'gopher://there', which is not a proxy's address" in told
    assert "word" not in told


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file or directory"), ("nothing\n", "it holds no certificates")]
)
def test_a_wrong_file_of_certificates_is_one_line_before_anything_is_sent(job, content, why):
    path = job.folder / "bundle.pem"
    if content:
        path.write_text(content)
    told = told_with(job, "https://api.invalid/v1", {"SSL_CERT_FILE": str(path)})
    assert f"the environment variable SSL_CERT_FILE is {str(path)!r}: {why}" in told
    assert not read_tries(job.ledger)


def test_a_file_for_keys_that_cannot_be_written_is_not_taken_for_that_of_certificates(job, certificate):
    environment = {"SSL_CERT_FILE": str(certificate.with_name("cert.pem")), "SSLKEYLOGFILE": "/no/such/file"}
    told = told_with(job, "https://api.invalid/v1", environment)
    assert "the environment variable SSLKEYLOGFILE is '/no/such/file': No such file or directory" in told
    assert not read_tries(job.ledger)


@pytest.fixture
def certificate(tmp_path):
    """A certificate that nobody has signed, with its key."""
    path = tmp_path / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", str(tmp_path / "cert.pem")]
    if not shutil.which("openssl"):
        pytest.skip("no openssl")
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "cert.pem").read_text())
    return path


def test_a_certificate_that_is_not_accepted_ends_the_run_at_once_until_it_is(job, certificate):
    with Server(GOOD, certificate=certificate) as server:
        url = server.url.replace("http:", "https:")
        told = told_with(job, url, {})
        assert "127.0.0.1: its certificate is not accepted" in told and "SSL_CERT_FILE may name" in told
        assert server.asked == []
        assert [row["outcome"] for row in read_tries(job.ledger)] == ["unreachable"]
        environment = job.environment | {"SSL_CERT_FILE": str(certificate.with_name("cert.pem"))}
        done = subprocess.run(job.command(url, ONE), env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(server.asked) == 48


def test_https_to_a_server_that_speaks_http_is_told_at_once(job):
    with Server(GOOD) as server:
        told = told_with(job, server.url.replace("http:", "https:"), {})
    assert "does not speak TLS" in told and "should base_url begin with http://?" in told
    assert len(read_tries(job.ledger)) == 1


def test_a_python_without_the_client_is_named_before_anything_is_sent(job):
    (job.folder / "openai.py").write_text("raise ModuleNotFoundError('openai')")
    with Server(GOOD) as server:
        told = told_with(job, server.url, {"PYTHONPATH": str(job.folder)})
    assert "has no package openai; install envs/requirements.txt" in told
    assert server.asked == []


def test_http_to_a_server_that_speaks_tls_is_told(job, certificate):
    with Server(GOOD, certificate=certificate) as server:
        told = told_with(job, server.url, {})
    assert "should base_url begin with https://?" in told
    assert server.asked == []


def test_a_slow_way_is_told_with_its_proxy_and_the_option_of_the_wait(job):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        told = told_with(job, "http://node7.invalid/v1", {"http_proxy": proxy}, {"timeout": 0.5})
    assert f"no answer within 0.5 seconds (engine_options.timeout) (asked through the proxy {proxy} of" in told


def test_a_server_that_is_not_there_is_tried_again_and_costs_nothing(job):
    told = told_with(job, f"http://127.0.0.1:{free_port()}/v1", {})
    assert "given up after 2 tries: cannot be reached" in told
    assert sum(row["dollars"] for row in read_tries(job.ledger)) == 0
