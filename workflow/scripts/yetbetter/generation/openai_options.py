"""Options of the engine `openai`, and their check. Needs no other package."""

import math
import re
from urllib.parse import urlsplit

from yetbetter.errors import UserError

# name -> (type, default); config/README.md says what they are for.
OPTIONS: dict[str, tuple[type, object]] = {
    "base_url": (str, ""),
    "key_variable": (str, "OPENAI_API_KEY"),
    "chat": (bool, True),
    "send_top_k": (bool, True),
    "send_seed": (bool, True),
    "send_max_completion_tokens": (bool, False),
    "reasoning_effort": (str, ""),
    "samples_per_request": (int, 1),
    "concurrency": (int, 8),
    "timeout": (float, 300.0),
    "max_tries": (int, 6),
    "back_off": (float, 1.0),
    "input_price": (float, None),
    "output_price": (float, None),
    "spending_limit": (float, 0.0),
    "ledger": (str, ""),
}
# The host, without its port, says who answers; how many are asked at once, or at what price, changes no sample.
SHAPING = ("base_url", "chat", "send_top_k", "reasoning_effort")


def host_of(base_url: str) -> str:
    return urlsplit(base_url).hostname or ""


def is_own_machine(base_url: str) -> bool:
    return re.fullmatch(r"(.+\.)?localhost|127(\.\d+){3}|0\.0\.0\.0|::1?", host_of(base_url)) is not None


def options_of(entry: dict) -> dict:
    """The options of a model's config entry; the entry's `price`, if any, is the default of output_price."""
    price = {"output_price": entry["price"]} if "price" in entry else {}
    return price | entry["engine_options"]


def check_entry(key: str, entry: dict) -> None:
    """Raise UserError for a model entry whose endpoint could not be asked, or could spend without a limit."""
    if "finetuning" in entry:
        raise UserError(f"{key}.finetuning: the engine openai only draws samples, it cannot be finetuned here")
    options = {name: default for name, (_, default) in OPTIONS.items()} | options_of(entry)
    check_options(f"{key}.engine_options.", options)
    if "price" in entry and options["output_price"] not in (0, entry["price"]):
        raise UserError(
            f"{key}.engine_options.output_price: {options['output_price']}, but the model's price is {entry['price']}"
            " (allowed: the same, or 0 for an endpoint that costs nothing)"
        )


def check_options(where: str, options: dict) -> None:
    """Raise UserError, in one line that begins with `where` and the option, for the first that is wrong."""

    def refuse(option: str, problem: str) -> None:
        raise UserError(f"{where}{option}: {problem}")

    check_url(options["base_url"], lambda problem: refuse("base_url", problem))
    # What does not look like a variable's name may be the key itself: it is not repeated here.
    if options["key_variable"] and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", options["key_variable"]):
        refuse("key_variable", "must be the name of an environment variable, never the key; empty where none is needed")
    for option in ("samples_per_request", "concurrency", "max_tries"):
        if options[option] < 1:
            refuse(option, f"{options[option]}, it must be 1 or more")
    for option in ("timeout", "back_off"):
        if not 0 < options[option] < math.inf:
            refuse(option, f"{options[option]}, it must be more than 0 seconds")
    for option in ("reasoning_effort", "send_max_completion_tokens"):
        if options[option] and not options["chat"]:
            refuse(option, "only the chat endpoint knows it (chat: true)")
    for option in ("input_price", "output_price"):
        price = options[option]
        if price is None and not is_own_machine(options["base_url"]):
            refuse(option, "missing: dollars per million tokens, 0 where the endpoint costs nothing")
        if price is not None and not 0 <= price < math.inf:
            refuse(option, f"{price}, it must be 0 or more")
    limit = options["spending_limit"]
    if options["input_price"] and not options["output_price"]:
        refuse("output_price", f"{options['output_price']}, but input_price is {options['input_price']}")
    if not 0 <= limit < math.inf:
        refuse("spending_limit", f"{limit}, it must be a number of dollars")
    if options["output_price"] and not limit:
        refuse("spending_limit", "missing or 0: whoever states a price must state the dollars that may be spent")
    if limit and not options["output_price"]:
        refuse("spending_limit", f"{limit}, but without input_price and output_price it would limit nothing")


def check_url(base_url: str, refuse) -> None:
    try:
        parts = urlsplit(base_url)
        in_order = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        in_order = False
    if not base_url:
        refuse("missing: the endpoint's address, such as http://127.0.0.1:8000/v1; there is no default")
    elif in_order and (parts.username or parts.password or parts.query or parts.fragment):
        refuse("must hold no user, password, query or fragment: it is written to logs")  # and so it is not shown here
    elif in_order and re.search(r"/(completions|responses)/*$", parts.path):
        refuse(f"{base_url!r} is the address of one method (allowed: what is before it, most end in /v1)")
    elif not in_order:
        refuse(f"{base_url!r} is not an address (allowed: http://HOST[:PORT]/PATH or https://...)")
