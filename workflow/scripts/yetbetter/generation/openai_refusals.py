"""Decides what follows if an endpoint refuses, sends no answer or cannot be reached: a retry, or a one-line error."""

import contextlib
import email.utils
import json
import re
import time
from urllib.parse import urlsplit

from yetbetter.data.network import certificates
from yetbetter.errors import UserError
from yetbetter.generation.openai_answers import NoAnswer, read_refusal
from yetbetter.records import shorten

LONGEST_WAIT = 600.0  # seconds that an endpoint may ask us to wait; beyond, the job stops instead of sleeping
RETRIED = {408, 409, 425, 429}  # and all from 500 on, except:
NEVER = {501, 505, 511}
REDIRECTS = range(300, 400)
# Refusals that may come from a proxy on the way to the endpoint, or from a wrong address.
FROM_BETWEEN = {403, 407, 502, 503, 504}
NO_MONEY = re.compile(r"insufficient.?(quota|balance|funds|credit)|credit balance|billing_(hard|not)", re.IGNORECASE)
TOO_LONG = re.compile(
    r"context|max_model_len|maximum.{0,20}(length|tokens)|tokens\W* is too|too (long|many tokens)|tokens\W* must be <"
    r"|(entity|request|payload) too large",
    re.IGNORECASE,
)
UNKNOWN = re.compile(
    r"supported|n.t support|permitted|allowed|unrecognized|unknown|unexpected|extra|instead", re.IGNORECASE
)
STOP = re.compile(r"\bstop\b|stop.?(string|sequence|word)s?", re.IGNORECASE)
TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "record layer failure", "HTTP_REQUEST")


class Retry(Exception):
    """A try that failed, but another one may succeed. wait: seconds that the endpoint asked for."""

    def __init__(self, reason: str, wait: float = 0.0):
        super().__init__(reason)
        self.wait = wait


def refusal(engine, status: int, body: str, headers, prompt: str, shared: dict) -> Retry | UserError:
    """What follows from a refusal. engine: the OpenaiEngine. headers: the response's. shared: of all requests."""
    said = read_refusal(body.strip()) or f"Error code: {status}"
    if status in REDIRECTS:
        # Only the start of the address: what follows may name a session.
        target = engine.clean(str(headers.get("location", "nowhere")).partition("?")[0])
        problem = f"redirects to {target} ({status}), which is not followed: base_url must be the address that answers"
        return engine.failure(problem, between=True)
    wait = asked_wait(headers.get("retry-after")) or loading_time(body)
    if status in RETRIED and NO_MONEY.search(body):
        return engine.failure(f"nothing is left to spend there ({status}): {engine.clean(said)}")
    return refusal_in_words(engine, status, said, prompt, shared, wait)


def refusal_in_words(engine, status: int, said: str, prompt: str, shared: dict, wait: float = 0.0) -> Retry | UserError:
    """As `refusal`, from the words alone: some endpoints send an error under the status 200."""
    between, words = status in FROM_BETWEEN, engine.clean(said)
    if status in RETRIED or (status >= 500 and status not in NEVER):
        if wait > LONGEST_WAIT:
            return engine.failure(f"asks to wait for {wait:.0f} seconds ({status}): {words}", between)
        return Retry(f"refused with {status}: {words}{engine.way if between else ''}", wait)
    variable, url = engine.options["key_variable"], engine.options["base_url"]
    meaning, hint = None, ""
    if status in (400, 413, 422):
        meaning, hint = parameter_refused(said, prompt, shared, engine.options["samples_per_request"])
    meaning = meaning or {
        401: f"the key in {variable} is not accepted" if variable else "wants a key, and key_variable is empty",
        402: "wants to be paid first",
        403: f"the key in {variable} is not allowed to ask {engine.model!r}"
        if variable
        else f"does not allow to ask {engine.model!r}, and key_variable is empty",
        404: f"knows no model {engine.model!r}, or nothing is at {url}",
        405: f"nothing answers questions at {url}",
        407: "the proxy on the way there wants a password",
    }.get(401 if status == 400 and is_about_key(said) else status, "refuses the request")
    if status in (404, 405) and not urlsplit(url).path.strip("/"):
        hint = " (base_url has no path, most end in /v1)"
    return engine.failure(f"{meaning} ({status}): {words}{hint}", between)


def parameter_refused(said: str, prompt: str, shared: dict, together: int = 1) -> tuple[str | None, str]:
    """(what is wrong with a bad request, which option avoids it), as far as the endpoint's words show it."""
    stop, sent = shared.get("stop", ()), "max_completion_tokens" in shared
    if stop and STOP.search(said):
        listed = shorten(", ".join(map(repr, stop)), 80)
        return f"does not take the {len(stop)} stop strings {listed}", ""
    if "max_completion_tokens" in said and UNKNOWN.search(said) and "too large" not in said:
        name, option = ("max_completion_tokens", "false") if sent else ("max_tokens", "true")
        return f"does not take {name}", f" (send_max_completion_tokens: {option} sends the other)"
    for name in ("top_k", "seed"):
        if re.search(rf"\b{name}\b", said):
            return None, f" (send_{name}: false leaves it out)"
    if TOO_LONG.search(said) and "array too long" not in said:
        limit = shared["max_completion_tokens" if sent else "max_tokens"]
        return f"prompt {prompt[:40]!r} and max_new_tokens {limit} do not fit", ""
    if together > 1 and re.search(r"\bn\b", said):
        return None, " (samples_per_request: 1 asks for one sample at a time, without n)"
    return None, ""


def no_answer(engine, found: NoAnswer, prompt: str, shared: dict) -> Retry | UserError:
    """What follows if status 200 came without an answer.

    An endpoint that has answered before may answer again, so the request is retried; otherwise the address is wrong.
    """
    said = engine.clean(str(found))
    if found.status is not None:
        return refusal_in_words(engine, found.status, f"with status 200 came: {found}", prompt, shared)
    if found.passing or engine.answered:
        return Retry(said)
    hint = "; is base_url the address of an API (most end in /v1), and no login between?" if found.page else ""
    return engine.failure(f"{said}{hint}", between=found.page)


def unreachable(engine, cause: Exception | None) -> Retry | UserError:
    """What follows if no connection could be made. cause: the HTTP library's own error."""
    url, why = engine.options["base_url"], engine.clean(str(cause))
    kind = type(cause).__name__
    if "CERTIFICATE_VERIFY_FAILED" in why:
        return engine.failure(f"its certificate is not accepted ({why}); {certificates()}")
    if any(word in why for word in TLS):
        return engine.failure(f"does not speak TLS at {url} ({why}): should base_url begin with http://?")
    if kind == "ProxyError" and re.match(r"4\d\d", why):
        return engine.failure(f"the proxy lets nothing through to {url} ({why})", between=True)
    if kind in ("UnsupportedProtocol", "LocalProtocolError", "InvalidURL"):
        return engine.failure(f"cannot be asked at {url} ({why})")
    return Retry(f"cannot be reached at {url} ({why}){engine.way}")


def lost(engine, cause: Exception | None) -> Retry | UserError:
    """What follows if a request was sent and no complete answer came. cause: the HTTP library's own error."""
    url, words = engine.options["base_url"], engine.clean(f"{type(cause).__name__}: {cause}".removesuffix(": "))
    secure = f"; should base_url begin with https://?{engine.way}" if url.lower().startswith("http:") else engine.way
    if type(cause).__name__ == "DecodingError":
        problem = f"an answer came that cannot be unpacked ({words})"
        return Retry(problem) if engine.answered else engine.failure(problem, between=True)
    if engine.answered:
        return Retry(f"the connection was lost ({words})")
    if re.search(r"illegal (status|request|header) line", words):
        return engine.failure(f"does not speak HTTP at {url} ({words}){secure}")
    return Retry(f"the connection was lost ({words}){secure}")


def is_about_key(said: str) -> bool:
    """Whether a refusal is about the key: Gemini and others report a wrong one as a bad request."""
    said = said.lower().replace("_", " ")
    return "api key" in said and any(word in said for word in ("valid", "incorrect", "expired", "not found"))


def asked_wait(header: str | None) -> float:
    """Seconds of a Retry-After header, which holds seconds or a date; 0 if it holds neither."""
    if not header:
        return 0.0
    with contextlib.suppress(ValueError):
        return max(0.0, float(header))
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    return 0.0


def loading_time(body: str) -> float:
    """Seconds until a model is loaded, which Hugging Face's servers put into the body; 0 if it does not say."""
    with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
        return max(0.0, float(json.loads(body).get("estimated_time")))
    return 0.0
