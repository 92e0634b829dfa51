"""The engine `openai`: samples from an OpenAI-compatible endpoint, many requests at once, each try on a ledger."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

from yetbetter.data.network import way_to
from yetbetter.errors import UserError
from yetbetter.generation.engines import Decoding
from yetbetter.generation.openai_client import make_client
from yetbetter.generation.openai_ledger import Ledger
from yetbetter.generation.openai_options import check_options, host_of, is_own_machine
from yetbetter.generation.openai_requests import Requests
from yetbetter.records import shorten


def load(model: str, revision: str | None, max_context: int, options: dict) -> "OpenaiEngine":
    """The engine `openai`, see `engines`; an endpoint has no revisions."""
    return OpenaiEngine(model, max_context, options)


class OpenaiEngine:
    """One model of one endpoint. options: a value for each of `openai_options.OPTIONS`."""

    def __init__(self, model: str, max_context: int, options: dict):
        check_options("--engine-option ", options)
        self.model, self.max_context, self.options = model, max_context, options
        self.host = host_of(options["base_url"])
        self.key = find_key(options["key_variable"])
        self.way = "" if is_own_machine(options["base_url"]) else way_to(options["base_url"])
        self.other = ""  # the first other model's name in its answers
        self.answered = False  # whether a sample has come: an endpoint that answered once may do so again
        if options["output_price"] and not options["ledger"]:
            raise UserError("--engine-option ledger: missing, what is spent must be written somewhere")
        path = Path(options["ledger"]) if options["ledger"] else None
        self.ledger = Ledger(path, options["spending_limit"])

    def check(self, prompts: Sequence[str], max_new_tokens: int) -> None:
        """Without the endpoint's tokenizer only the completion's limit can be checked here."""
        if self.max_context and max_new_tokens >= self.max_context:
            raise UserError(f"max_new_tokens {max_new_tokens} does not fit max_context {self.max_context}")

    def stream(
        self,
        prompts: Sequence[str],
        seeds: Sequence[Sequence[int]],
        decoding: Decoding,
        is_due: Callable[[float], bool] = lambda longest: False,
    ) -> Iterator[list[tuple[int, int, dict]]]:
        """Samples as they come; arguments and answers: see `engines`.

        Raises UserError for a failure that another try cannot change, after max_tries, and at the spending limit; in
        each case after the requests in flight have ended and all that came has been yielded.
        """
        limit = "max_completion_tokens" if self.options["send_max_completion_tokens"] else "max_tokens"
        shared = {"model": self.model, "temperature": decoding.temperature, limit: decoding.max_new_tokens}
        if decoding.stop:
            shared["stop"] = list(decoding.stop)
        if self.options["send_top_k"] and decoding.top_k:
            shared["extra_body"] = {"top_k": decoding.top_k}
        if self.options["reasoning_effort"]:
            shared["reasoning_effort"] = self.options["reasoning_effort"]
        answers = Requests(self, prompts, seeds, shared, decoding.max_new_tokens, is_due).answers()
        with asyncio.Runner() as runner:
            while (found := runner.run(next_answers(answers))) is not None:
                yield found

    def make_client(self):
        """See `openai_client`."""
        return make_client(self.options["base_url"], self.key, self.options["timeout"])

    def failure(self, problem: str, between: bool = False) -> UserError:
        """The error for a problem with the endpoint. between: a proxy on the way may be the reason, so it is named."""
        return UserError(f"{self.host}: {problem}{self.way if between else ''}")

    def note_model(self, name: str) -> None:
        """Report once if the answers name another model: many servers accept any name and use the model they have."""
        if name and name != self.model and not self.other:
            self.other = name
            print(f"{self.host}: asked for {self.model!r}, its answers name {self.clean(name)!r}", file=sys.stderr)

    def dollars(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Price of so many tokens."""
        prices = self.options["input_price"] or 0, self.options["output_price"] or 0
        return (prices[0] * prompt_tokens + prices[1] * completion_tokens) / 1e6

    def clean(self, text: str) -> str:
        """A message of the endpoint on one line, without the key, which some repeat."""
        for spelled in (self.key, json.dumps(self.key)[1:-1]) if self.key else ():
            text = text.replace(spelled, "[the key]")
        return shorten(text, 200)


def find_key(variable: str) -> str:
    """The key that an environment variable holds, '' for none; UserError if the variable does not hold one."""
    key = os.environ.get(variable, "").strip() if variable else ""
    if variable and not key:
        raise UserError(f"the environment variable {variable} holds no key (key_variable: '' where none is needed)")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UserError(f"the environment variable {variable} holds characters that no key has")
    return key


async def next_answers(answers: AsyncIterator) -> list | None:
    """The iterator's next list, None at its end."""
    return await anext(answers, None)
