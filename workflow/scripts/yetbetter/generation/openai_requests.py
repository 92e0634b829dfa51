"""The requests of one call of the engine: many in flight, tried again if that can help, each try on the ledger."""

import asyncio
import contextlib
import random
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

from yetbetter.errors import UserError
from yetbetter.generation.openai_answers import NoAnswer, Reply, read_answer
from yetbetter.generation.openai_refusals import Retry, lost, no_answer, refusal, unreachable

# No tokenizer here makes more tokens than bytes; a chat template adds some.
TEMPLATE_TOKENS = 64
LONGEST_BACK_OFF = 60.0  # seconds
HEARTBEAT = 1.0  # seconds after which the caller gets control, also if no answer has come
# Errors of the HTTP library that occur before a request is sent.
UNREACHED = {"ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "LocalProtocolError", "InvalidURL"}
SEEDS = 2**31  # endpoints differ in what they take: 31 bits pass everywhere


class Requests:
    """One call of `OpenaiEngine.stream`: the requests that are due, in flight and done.

    engine: the loaded OpenaiEngine. shared: what is the same in all requests. limit: of a sample's tokens.
    is_due: as in `engines`.
    """

    def __init__(
        self,
        engine,
        prompts: Sequence[str],
        seeds: Sequence[Sequence[int]],
        shared: dict,
        limit: int,
        is_due: Callable[[float], bool] = lambda longest: False,
    ):
        self.engine, self.prompts, self.seeds, self.shared, self.is_due = engine, prompts, seeds, shared, is_due
        self.limit = limit
        self.longest = 0.0  # seconds that a request took
        self.due = deque((i, list(range(len(row)))) for i, row in enumerate(seeds) if row)
        # Greedy decoding knows one sample; some endpoints refuse to give it twice.
        self.together = engine.options["samples_per_request"] if shared["temperature"] else 1
        self.single_answers = 0  # answers with one sample when more were asked for; -1 once more have come
        self.in_flight = 0
        self.not_before = 0.0  # time of the loop at which the endpoint wants to be asked again
        self.jitter = random.Random()  # of waiting times only
        self.client = None

    async def answers(self) -> AsyncIterator[list[tuple[int, int, dict]]]:
        self.stopping, self.settled = asyncio.Event(), asyncio.Event()
        self.client = self.engine.make_client()
        running: set[asyncio.Task] = set()
        failure: BaseException | None = None
        while running or (self.due and not failure):
            if self.is_due(self.longest):
                self.end()
                if not running:
                    break
            # Until the first sample has come, one request is in flight: a wrong setting then costs one request.
            most = self.engine.options["concurrency"] if self.engine.answered else 1
            while self.due and not self.stopping.is_set() and len(running) < most:
                running.add(asyncio.create_task(self.request(*self.next_request())))
            done, running = await asyncio.wait(running, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            arrived = []
            for task in done:
                if task.exception():
                    failure = failure or task.exception()
                    self.end()
                else:
                    arrived.append(task.result())
            # One list, so that nothing that is here waits in memory while something else is written.
            found = [sample for samples in arrived for sample in samples]
            if found or not done:
                yield found
        await self.client.close()
        if failure and not isinstance(failure, UserError):
            raise failure
        if failure:
            samples = sum(len(samples) for _, samples in self.due)
            problems = len({i for i, _ in self.due})
            left = f"{samples} samples of {problems} problems are left to draw, a rerun resumes with them"
            raise UserError(f"{failure}; {left}")

    def end(self) -> None:
        """What is in flight ends; what waits for its turn does not begin."""
        self.stopping.set()
        self.settled.set()

    def next_request(self) -> tuple[int, list[int]]:
        i, samples = self.due.popleft()
        if samples[self.together :]:
            self.due.appendleft((i, samples[self.together :]))
        return i, samples[: self.together]

    async def request(self, i: int, samples: list[int]) -> list[tuple[int, int, dict]]:
        """Ask for these samples of prompt i until some come; the others are due again."""
        reason, wait = "", 0.0
        try:
            for number in range(self.engine.options["max_tries"]):
                if number:
                    await self.pause(max(wait, self.back_off(number)))
                await self.pause(self.not_before - asyncio.get_running_loop().time())
                name = None if self.stopping.is_set() else await self.reserve(i, samples)
                if name is None:
                    return []
                try:
                    answer = await self.ask(name, i, samples)
                except Retry as failed:
                    reason, wait = str(failed), failed.wait
                    self.not_before = max(self.not_before, asyncio.get_running_loop().time() + wait)
                    continue
                finally:
                    self.in_flight -= 1
                    self.settled.set()
                found = self.rows(i, samples, answer)
                samples = samples[len(found) :]
                return found
            raise UserError(f"{self.engine.host}: given up after {self.engine.options['max_tries']} tries: {reason}")
        finally:
            if samples:
                self.due.appendleft((i, samples))

    async def pause(self, seconds: float) -> None:
        """Wait, but not once the call is ending."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), seconds)

    def back_off(self, failures: int) -> float:
        longest = min(LONGEST_BACK_OFF, self.engine.options["back_off"] * 2 ** (failures - 1))
        return longest * self.jitter.uniform(0.5, 1)

    async def reserve(self, i: int, samples: list[int]) -> str | None:
        """The ledger's name for the next try; None if the call ends meanwhile.

        Near the limit, what is in flight may turn out cheaper than its worst case: so wait for it.
        """
        ledger, worst = self.engine.ledger, self.worst(i, samples)
        while not self.stopping.is_set():
            name = ledger.reserve(
                self.engine.dollars(*worst),
                model=self.engine.model,
                asked=len(samples),
                received=0,
                prompt_tokens=worst[0],
                completion_tokens=worst[1],
            )
            if name:
                self.in_flight += 1
                return name
            if not self.in_flight:
                raise UserError(
                    f"spending_limit of {ledger.limit:g} dollars reached: {ledger.total:.6f} are spent or reserved"
                    f" ({ledger.path}), the next request may cost {self.engine.dollars(*worst):.6f}"
                )
            self.settled.clear()
            await self.settled.wait()
        return None

    def worst(self, i: int, samples: list[int]) -> tuple[int, int]:
        """The most tokens that a request can cost: prompt, completions."""
        prompt = len(self.prompts[i].encode("utf-8", "replace")) + TEMPLATE_TOKENS
        return prompt, len(samples) * self.limit

    async def ask(self, name: str, i: int, samples: list[int]) -> Reply:
        """One try, and its row in the ledger. Raises Retry, or UserError for a failure that another try cannot change.

        A try for which an answer may have been made, though none came, is charged at its worst case; one that was
        refused, or never reached the endpoint, costs nothing.
        """
        import openai

        engine, worst = self.engine, self.worst(i, samples)

        def settle(outcome: str, tokens: tuple[int, int], estimated: bool, received: int = 0, request=None) -> None:
            engine.ledger.settle(
                name,
                engine.dollars(*tokens),
                model=engine.model,
                asked=len(samples),
                received=received,
                prompt_tokens=tokens[0],
                completion_tokens=tokens[1],
                estimated=estimated,
                outcome=outcome,
                request=request,
            )

        start = time.monotonic()
        try:
            async with asyncio.timeout(engine.options["timeout"]):
                body = await self.send(i, samples)
            self.longest = max(self.longest, time.monotonic() - start)
        except openai.APIStatusError as error:
            settle(f"refused {error.status_code}", (0, 0), estimated=False)
            answer = error.response
            raise refusal(
                engine, error.status_code, answer.text, answer.headers, self.prompts[i], self.shared
            ) from None
        except TimeoutError:
            settle("timeout", worst, estimated=True)
            patience = f"{engine.options['timeout']:g} seconds (engine_options.timeout)"
            raise Retry(f"no answer within {patience}{engine.way}") from None
        except openai.APIConnectionError as error:
            cause = error.__cause__
            if type(cause).__name__ in UNREACHED:
                settle("unreachable", (0, 0), estimated=False)
                raise unreachable(engine, cause) from None
            unreadable = type(cause).__name__ == "DecodingError"
            settle("malformed" if unreadable else "lost", worst, estimated=True)
            raise lost(engine, cause) from None
        try:
            answer = read_answer(body, self.shared.get("stop", ()), self.limit)
        except NoAnswer as found:
            if found.status is not None and found.status < 500:
                settle(f"refused {found.status}", (0, 0), estimated=False)
            else:
                settle("malformed", worst, estimated=True)
            raise no_answer(engine, found, self.prompts[i], self.shared) from None
        self.check_samples(answer, min(len(answer.samples), len(samples)), settle)
        return answer

    def check_samples(self, answer: Reply, received: int, settle: Callable[..., None]) -> None:
        """Settle a try that was answered; raise what follows if the answer brought no samples.

        An answer may hold reasoning but no text. If no sample has come before, the server is at fault: it takes the
        answer for reasoning. Later, the model reasoned and said nothing, which gives a valid, empty sample.
        """
        engine, tokens = self.engine, (answer.prompt_tokens, answer.completion_tokens)
        unused = bool(answer.hidden) and not engine.answered
        settle("answered", tokens, estimated=False, received=0 if unused else received, request=answer.request)
        if unused:
            said = engine.clean(f"the answer has no content, only reasoning beside it, {answer.hidden}")
            raise engine.failure(f"{said} (does the server's reasoning parser fit the model?)")
        if not received:
            found = NoAnswer(answer.left_out or "the answer holds no samples", passing=answer.passing)
            raise no_answer(engine, found, "", self.shared)
        engine.answered = True
        engine.note_model(answer.model)

    async def send(self, i: int, samples: list[int]) -> str:
        options = self.engine.options
        asked = dict(self.shared) | ({"n": len(samples)} if len(samples) > 1 else {})
        if options["send_seed"]:
            asked["seed"] = self.seeds[i][samples[0]] % SEEDS
        if options["chat"]:
            asked["messages"] = [{"role": "user", "content": self.prompts[i]}]
            response = await self.client.chat.completions.with_raw_response.create(**asked)
        else:
            asked["prompt"] = self.prompts[i]
            response = await self.client.completions.with_raw_response.create(**asked)
        return response.text

    def rows(self, i: int, samples: list[int], answer: Reply) -> list[tuple[int, int, dict]]:
        """What came, for the first of the samples that were asked for; all carry the seed that was sent."""
        seed = self.seeds[i][samples[0]] % SEEDS if self.engine.options["send_seed"] else None
        if len(samples) > 1:
            self.learn(len(answer.samples))
        return [
            (
                i,
                j,
                {
                    "text": text,
                    "tokens": tokens,
                    "prompt_tokens": answer.prompt_tokens,
                    "finish_reason": reason,
                    "seed": seed,
                },
            )
            for j, (text, reason, tokens) in zip(samples, answer.samples, strict=False)
        ]

    def learn(self, received: int) -> None:
        """An endpoint that twice gave one sample when more were asked for, and never more, is asked for one."""
        if received > 1 or self.single_answers < 0:
            self.single_answers = -1
            return
        self.single_answers += 1
        if self.single_answers == 2:
            self.together = 1
            print(
                f"{self.engine.host} gives one sample per request; so many are asked for from now on", file=sys.stderr
            )
