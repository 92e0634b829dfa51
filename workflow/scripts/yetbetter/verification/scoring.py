"""Scores of solutions by a verifier: the chance, from 0 to 1, that it gives to "right"."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from yetbetter.generation.prompts import RefusedPrompts, encode_prompt, opening_token
from yetbetter.verification.prompts import GENERATIVE, PROCESS, VerifierPrompt, completion_of
from yetbetter.verification.steps import split_steps

DIGITS = 6  # of a score
EMPTY, TOO_LONG, SPECIAL, MERGED = (
    "empty",
    "too long",
    "a special token in its text",
    "prompt and completion merge into one token",
)


@dataclass
class Encoded:
    """A solution as the verifier reads it: token ids, and the places of the tokens whose outputs are its scores.

    reason: why it gets no score; it has no ids then.
    """

    ids: np.ndarray | None = None
    places: tuple[int, ...] = ()
    reason: str | None = None

    @property
    def length(self) -> int:
        return 0 if self.ids is None else len(self.ids)


class Encoder:
    """Encodes questions and solutions for a verifier. context: its longest sequence in tokens, 0 if unknown."""

    def __init__(self, tokenizer, kind: str, prompt: VerifierPrompt, context: int):
        self.tokenizer, self.kind, self.prompt, self.context = tokenizer, kind, prompt, context
        self.special = {tokenizer.eos_token_id, opening_token(tokenizer)} - {None}

    def encode(self, question: str, solution: str) -> Encoded:
        """UserError for a tokenizer that does not put exactly one BOS at the start of a prompt."""
        if not solution.strip():
            return Encoded(reason=EMPTY)
        if self.kind == GENERATIVE:
            return self.encode_asked(question, solution)
        return self.encode_classified(question, solution)

    def encode_asked(self, question: str, solution: str) -> Encoded:
        """The score is read behind the last token."""
        # Raises if the tokenizer, and not the solution, is at fault.
        begun = encode_prompt(self.tokenizer, self.prompt.ask("1", "1"), [self.tokenizer.eos_token_id], None, 0)
        ids = self.tokenizer(self.prompt.ask(question, solution), verbose=False).input_ids
        if self.special & set(ids[self.begins(begun) :]):
            return Encoded(reason=SPECIAL)
        # The word that is asked for must fit, too.
        if self.context and len(ids) + 1 > self.context:
            return Encoded(reason=TOO_LONG)
        return Encoded(np.array(ids, dtype=np.int32), (len(ids) - 1,))

    def encode_classified(self, question: str, solution: str) -> Encoded:
        """The scores are read at the last token of each step, or of the solution."""
        opening, completion = self.prompt.open(question), completion_of(solution)
        try:
            before = encode_prompt(self.tokenizer, opening, [self.tokenizer.eos_token_id], None, 0)
        except RefusedPrompts:
            # Of a question without special tokens this is a fault of the tokenizer.
            encode_prompt(self.tokenizer, self.prompt.open("1"), [self.tokenizer.eos_token_id], None, 0)
            return Encoded(reason=SPECIAL)
        encoded = self.tokenizer(opening + completion, return_offsets_mapping=True, verbose=False)
        ids = encoded.input_ids
        if self.special & set(ids[len(before) :]):
            return Encoded(reason=SPECIAL)
        if ids[: len(before)] != before:
            return Encoded(reason=MERGED)
        if self.context and len(ids) > self.context:
            return Encoded(reason=TOO_LONG)
        ends = split_steps(completion)
        ends = ends if self.kind == PROCESS else ends[-1:]
        # Of several tokens that share a character (bytes of one), the last one that starts before the end.
        starts = [start if stop > start else -1 for start, stop in encoded.offset_mapping]
        starts = np.maximum.accumulate(starts)
        places = np.searchsorted(starts, [len(opening) + end for end in ends], side="left") - 1
        return Encoded(np.array(ids, dtype=np.int32), tuple(map(int, places)))

    def begins(self, ids: Sequence[int]) -> int:
        """How many tokens the tokenizer itself puts before a text."""
        return int(opening_token(self.tokenizer) == ids[0])


class Scorer:
    """Scores batches of encoded solutions. words: tokens of the right and the wrong word, of a generative verifier."""

    def __init__(self, model, kind: str, words: tuple[int, int] | None = None):
        self.model, self.kind, self.words = model, kind, words
        self.selects = "logits_to_keep" in inspect.signature(model.forward).parameters

    @torch.inference_mode()
    def score(self, batch: Sequence[Encoded]) -> list[list[float]]:
        """The chance of "right" at each place of each solution, rounded. All of the batch have ids.

        A solution's scores depend on its neighbours only by rounding: padding comes behind and is masked.
        """
        longest = max(one.length for one in batch)
        ids = torch.zeros(len(batch), longest, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, one in enumerate(batch):
            ids[row, : one.length] = torch.from_numpy(one.ids.astype(np.int64))
            mask[row, : one.length] = 1
        device = self.model.device
        options = {"input_ids": ids.to(device), "attention_mask": mask.to(device), "use_cache": False}
        if self.kind != GENERATIVE:
            logits = self.model(**options).logits
            return [self.chances(logits[row, list(one.places)]) for row, one in enumerate(batch)]
        column = {place: place for one in batch for place in one.places}
        if self.selects:  # logits of whole texts would need much memory
            kept = sorted(column)
            column = {place: number for number, place in enumerate(kept)}
            options["logits_to_keep"] = torch.tensor(kept, device=device)
        logits = self.model(**options).logits
        yes, no = self.words
        return [
            self.chances(logits[row, [column[place] for place in one.places]][:, [no, yes]])
            for row, one in enumerate(batch)
        ]

    def chances(self, logits: torch.Tensor) -> list[float]:
        """logits: shape (places, 2), of wrong and right."""
        right = torch.softmax(logits.double().cpu(), dim=-1)[:, 1]
        return [round(float(chance), DIGITS) for chance in right]


def score_row(encoded: Encoded, chances: Sequence[float] | None, kind: str) -> dict:
    """`score` of a solution, for `process` also `steps`; a score of null has its `reason`.

    The score of a solution in steps is the least of its steps' scores (Math-Shepherd, section 3.4).
    """
    if chances is None:
        return {"score": None, "reason": encoded.reason}
    return {"score": min(chances), "steps": list(chances)} if kind == PROCESS else {"score": chances[0]}
