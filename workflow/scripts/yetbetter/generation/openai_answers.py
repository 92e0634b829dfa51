"""Reads an endpoint's answer: its samples, or the reason why it holds none. Needs no other package."""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

# finish_reason, in small letters -> ours. Servers have their own names for an end that the model chose, for the limit,
# and for a content filter. A filtered sample has no end, so it counts as cut.
FINISHED = {
    **dict.fromkeys(("stop", "eos", "eos_token", "eog_token", "eot", "end", "end_turn", "end_of_text"), "stop"),
    **dict.fromkeys(("stop_sequence", "stop_string", "stop_str", "stop_token", "stop_trigger", "pause_turn"), "stop"),
    **dict.fromkeys(("complete", "completed", "done", "finish", "finished", "normal"), "stop"),
    **dict.fromkeys(("length", "limit", "max_tokens", "max_length", "max_new_tokens", "max_output_tokens"), "length"),
    **dict.fromkeys(("token_limit", "model_length", "model_context_window_exceeded", "truncated"), "length"),
    **dict.fromkeys(("content_filter", "content_filtered", "safety", "sensitive", "recitation", "refusal"), "length"),
    **dict.fromkeys(("blocklist", "prohibited_content", "spii", "error_toxic", "guardrail_intervened"), "length"),
}
# Failures of the server, which say nothing about the sample: another try may succeed.
BROKEN_OFF = {
    *("error", "abort", "aborted", "cancel", "cancelled", "canceled", "interrupted", "timeout", "time_limit", "other"),
    *("network_error", "server_error", "insufficient_system_resource", "rejected", "unknown"),
}
# Keys under which servers put the reasoning of a model, beside its answer.
REASONING = ("reasoning_content", "reasoning", "reasoning_text", "thinking", "thoughts")
# Words of an error without a status that may be temporary.
PASSING = re.compile(
    r"rate.?limit|too many requests|overload|over capacity|at capacity|temporar|try again|timed? ?out|unavailable"
    r"|server.?error|is (currently )?loading|warming up|starting up|(service|server|queue|engine)\w* (is )?(too )?busy",
    re.IGNORECASE,
)
PAGE = re.compile(r"<(!doctype|html|head|body|script|title|h1|p|div|center)\b", re.IGNORECASE)


class NoAnswer(Exception):
    """A body that came with status 200 but holds no samples; the text is the endpoint's own words, or says what came.

    status: the HTTP status that the body names, None if it names none. passing: another try may bring an answer.
    page: the body is a web page.
    """

    def __init__(self, said: str, status: int | None = None, passing: bool = False, page: bool = False):
        super().__init__(said)
        self.status, self.passing, self.page = status, passing, page


@dataclass(frozen=True)
class Reply:
    """What one request brought: (text, finish reason, tokens) of each sample, the endpoint's id, its counts, its model.

    left_out: why the first unusable choice is not a sample, or that there are no choices; empty if all are samples.
    passing: another try may bring what was left out. hidden: the reasoning beside the samples, if none has text.
    """

    samples: list[tuple[str, str, int]]
    prompt_tokens: int
    completion_tokens: int
    request: str | None
    model: str = ""
    left_out: str = ""
    passing: bool = False
    hidden: str = ""


@dataclass(frozen=True)
class Choice:
    """One choice of an answer. reason: why it ended, None if it is not a sample; `left_out` then says why not."""

    text: str
    reason: str | None
    left_out: str = ""
    passing: bool = False
    hidden: str = ""


def read_answer(body: str, stop: Sequence[str] = (), limit: int | None = None) -> Reply:
    """An answer's samples. Raises NoAnswer for a body that is not such an answer, or does not say what it cost.

    limit: of a sample's tokens. A sample with that many counts as cut if the endpoint does not say why it ended.

    Endpoints count the tokens of a whole answer. With several samples in one they are shared out in proportion to the
    texts' lengths: their sum is exact, each alone an estimate. A sample that a filter cut counts as cut by length,
    since it has no end; one that ended otherwise is left out. Hidden reasoning counts as completion.
    """
    content = read_body(body)
    prompt, completion = read_usage(content)
    choices = content["choices"]
    cut = limit is not None and completion >= limit
    silent = "stop" if not cut else "length" if len(choices) == 1 else None
    read = [read_choice(choice, stop, silent) for choice in choices]
    if completion == 0 and any(choice.text for choice in read):
        raise NoAnswer(f"the answer does not say how many tokens it has: usage is {dump(content.get('usage'))}")
    shares = share_out(completion, [len(choice.text.encode("utf-8", "replace")) + 1 for choice in read])
    samples = [
        (*cut_at_stop(choice.text, choice.reason, stop), tokens)
        for choice, tokens in zip(read, shares, strict=True)
        if choice.reason
    ]
    lacking = next((choice for choice in read if not choice.reason), None)
    left_out = lacking.left_out if lacking else "" if read else f"the answer holds no choices: {dump(content)}"
    texts = any(text.strip() or reason != "stop" for text, reason, _ in samples)
    hidden = "" if texts else next((choice.hidden for choice in read if choice.hidden), "")
    identity = content.get("id")
    identity = identity if isinstance(identity, str) else None
    model = content.get("model")
    model = model if isinstance(model, str) else ""
    return Reply(samples, prompt, completion, identity, model, left_out, bool(lacking and lacking.passing), hidden)


def read_body(body: str) -> dict:
    """A JSON object with a list of choices; NoAnswer, with the endpoint's words, for anything else."""
    text = body.lstrip("\ufeff \t\r\n")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise not_json(text) from None
    choices = content.get("choices") if isinstance(content, dict) else None
    if isinstance(choices, list) and (choices or not content.get("error")):
        return content
    said, status = read_refusal(body), status_of(content)
    if said == dump(content):
        said = f"JSON came that holds no answer: {said}"
    raise NoAnswer(said, status, passing=bool(PASSING.search(dump(content))))


def not_json(text: str) -> NoAnswer:
    """The error for a body that is not JSON: it says what the body is."""
    if not text:
        return NoAnswer("an empty answer came", passing=True)
    if text.startswith("<") or PAGE.match(text):
        return NoAnswer(f"a web page came instead of an answer: {words_of(text)}", page=True)
    first = text.partition("\n")[0]
    if re.match(r"(data|event|id|retry)?:", text) or (first != text.strip() and is_json(first)):
        return NoAnswer(f"a stream of events came, which was not asked for: {first}")
    if text.startswith(("{", "[")):
        return NoAnswer(f"JSON came that is cut short or broken: {text}", passing=True)
    return NoAnswer(f"text came instead of an answer: {text}", passing=bool(PASSING.search(text)))


def is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def status_of(content) -> int | None:
    """The HTTP status that an error's body names, if any."""
    content = content[0] if isinstance(content, list) and content else content
    error = content.get("error") if isinstance(content, dict) else None
    for found in (error, content):
        for key in ("code", "status", "status_code", "statusCode", "http_status"):
            value = found.get(key) if isinstance(found, dict) else None
            if isinstance(value, int | str) and re.fullmatch(r"[45]\d\d", str(value)):
                return int(value)
    return None


def read_usage(content: dict) -> tuple[int, int]:
    """(prompt's tokens, completion's tokens); NoAnswer if the answer does not hold them."""
    usage = content.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    prompt = usage.get("prompt_tokens", usage.get("input_tokens"))
    completion = usage.get("completion_tokens", usage.get("output_tokens"))
    total = usage.get("total_tokens")
    known = prompt, *(number for number in (completion, total) if number is not None)
    if len(known) < 2 or any(type(number) is not int or number < 0 for number in known):
        raise NoAnswer(f"the answer does not say how many tokens it has: usage is {dump(content.get('usage'))}")
    return prompt, max(completion or 0, (total or 0) - prompt)


def read_choice(choice, stop: Sequence[str], silent: str | None) -> Choice:
    """A choice's text, and why it ended. silent: the reason to use if the choice states none; None if unknown."""
    if not isinstance(choice, dict):
        return Choice("", None, f"a choice is not a JSON object: {dump(choice)}")
    if choice.get("error"):
        status = status_of(choice)
        passing = status is None or status >= 500 or status in (408, 429)
        return Choice("", None, f"a sample ended in an error: {read_refusal(dump(choice))}", passing)
    text, hidden = read_text(choice)
    stated = choice.get("finish_reason")
    stated = stated.get("type") if isinstance(stated, dict) else stated
    name = str(stated).lower().removeprefix("finish_reason_").replace("-", "_")
    reason = silent if stated in (None, "", "null") else FINISHED.get(name)
    # Some name the string or the special token at which a sample ended.
    if isinstance(stated, str) and (stated in stop or re.fullmatch(r"<.+>", stated)):
        reason = "stop"
    if reason is None:
        hint = " (samples_per_request: 1 tells)" if stated in (None, "", "null") else ""
        left_out = f"a sample's finish_reason is {dump(stated)}, which says nothing about its end{hint}"
        return Choice("", None, left_out, name in BROKEN_OFF)
    if text is None and reason != "length" and not hidden:
        return Choice("", None, f"a choice holds no text: {dump(choice)}")
    return Choice(text or "", reason, hidden=hidden)


def read_text(choice: dict) -> tuple[str | None, str]:
    """A choice's text (None if it has none), and the reasoning beside it, in words; empty if there is none.

    Chat endpoints answer with a message, completions with a text; some servers mix them up.
    """
    message = choice["message"] if isinstance(choice.get("message"), dict) else {}
    text = message.get("content", choice.get("text"))
    if isinstance(text, list):
        parts = [part for part in text if isinstance(part, dict)]
        whole = len(parts) == len(text)
        text = "".join(str(part["text"]) for part in parts if isinstance(part.get("text"), str)) if whole else None
    if not text:
        others = (choice.get("text"), message.get("refusal"))
        text = next((other for other in others if other and isinstance(other, str)), text)
    for key in REASONING:
        for found in (message.get(key), choice.get(key)):
            if found and isinstance(found, str):
                return text if isinstance(text, str) else None, f"{len(found):,} characters in {key!r}: {found}"
    return text if isinstance(text, str) else None, ""


def read_refusal(body: str) -> str:
    """What a refusal says: the message of its error, which Gemini puts into an array; without one the whole body."""
    try:
        content = json.loads(body)
        found = content[0] if isinstance(content, list) and content else content
        for key in ("error", "message"):
            found = found.get(key) or found if isinstance(found, dict) else found
        # Dumped again, since a body may spell the key with escapes that nobody would find.
        return found if isinstance(found, str) else dump(content)
    except (ValueError, RecursionError):
        return words_of(body) if PAGE.search(body[:1000]) else body


def words_of(page: str) -> str:
    """The words of a web page, without its markup."""
    page = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->", " ", page[:100_000])
    words = html.unescape(re.sub(r"<[^<>]*>", " ", page)).split()
    return " ".join(words) or "without words"


def dump(content) -> str:
    return json.dumps(content, ensure_ascii=False)


def cut_at_stop(text: str, reason: str, stop: Sequence[str]) -> tuple[str, str]:
    """The text up to the first stop string, if the endpoint went past it."""
    ends = [text.find(string) for string in stop if string in text]
    return (text[: min(ends)], "stop") if ends else (text, reason)


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers that sum to `total`, in proportion to the weights (largest remainders are rounded up)."""
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for i in order[: total - sum(shares)]:
        shares[i] += 1
    return shares
