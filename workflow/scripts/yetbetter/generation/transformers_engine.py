"""Exact, fast sampling of many completions per prompt from a transformers causal language model.

What makes it fast: every distinct prompt is read once, and its keys and values are shared by all its samples;
completions of one batch advance in step, so that what they wrote so far is a plain slice of one preallocated buffer,
without padding and without a mask; rows that are finished leave the batch. The model's own code runs unchanged: only
its attention function is exchanged, through the interface that transformers offers for that.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils import logging

from yetbetter.errors import UserError
from yetbetter.generation.engines import Decoding
from yetbetter.generation.loading import ModelFacts, context_of, loading, read_facts, read_weights
from yetbetter.generation.prompts import check_prompts, encode_prompt

ATTENTION = "shared_prompt"  # the name under which transformers knows our attention; it builds no masks for it
LAYER_KINDS = {"full_attention", "sliding_attention"}
PREFILL_TOKENS = 8192  # prompt tokens (with padding) read in one forward pass: bounds the memory
COMPACT_BELOW = 0.85  # share of unfinished rows below which the finished ones are dropped


def load(model: str, revision: str | None, max_context: int, options: dict) -> "TransformersEngine":
    """The engine `transformers`, see `engines`; it has no options."""
    return TransformersEngine(model, revision, max_context)


class TransformersEngine:
    """Samples by a `Generator`, which is made after the first `check`: bad input is reported before weights are read.

    model: folder or hub id; revision: of a hub id; max_context: as a Generator's.
    """

    def __init__(self, model: str, revision: str | None, max_context: int):
        self.facts, self.max_context = read_facts(model, revision), max_context
        check_supported(model, self.facts.config, self.facts.tokenizer)
        self.generator: Generator | None = None

    def check(self, prompts: Sequence[str], max_new_tokens: int) -> None:
        """Raise UserError for a prompt that `generate` would refuse; otherwise read the weights."""
        facts, context = self.facts, lower(self.max_context, self.facts.context)
        check_prompts(facts.tokenizer, prompts, facts.ends, context, max_new_tokens, facts.vocabulary)
        self.start()

    def start(self) -> "Generator":
        if self.generator is None:
            self.generator = Generator(load_weights(self.facts), self.facts.tokenizer, self.max_context)
        return self.generator

    def generate(self, prompts, seeds, decoding: Decoding) -> list[list[dict]]:
        return self.start().generate(prompts, seeds, decoding)


def lower(*limits: int) -> int | None:
    """The lowest of the limits that are not 0; None if all are 0."""
    return min((limit for limit in limits if limit), default=None)


def load_model(path: str, revision: str | None = None):
    """The causal language model at a folder or hub id, ready for `Generator`, and its tokenizer.

    Raises UserError, in one line, for a path that holds no model or no tokenizer, a tokenizer without EOS, or a model
    whose attention cannot be replaced.
    """
    facts = read_facts(path, revision)
    check_supported(path, facts.config, facts.tokenizer)
    return load_weights(facts), facts.tokenizer


def load_weights(facts: ModelFacts):
    """The model: float32 on a CPU; on a GPU the type the weights were saved in."""
    logging.disable_progress_bar()  # a bar for the loading of weights has no place in a log
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with loading(facts.path):
        dtype = torch.float32 if device.type == "cpu" else "auto"
        model = read_weights(facts.path, facts.revision, config=facts.config, dtype=dtype)
        return model.eval().to(device)


def check_supported(path: str, config, tokenizer) -> None:
    """Raise UserError for what this generator would get wrong."""
    if tokenizer.eos_token_id is None:
        raise UserError(f"model {path}: its tokenizer has no EOS token, so no completion could ever end")
    other = set(getattr(config.get_text_config(), "layer_types", None) or ()) - LAYER_KINDS
    if other:
        raise UserError(
            f"model {path}: layers of kind {sorted(other)} cannot be sampled here, only {sorted(LAYER_KINDS)}"
        )


class Generator:
    """Samples completions from one model; holds no state between calls.

    model, tokenizer: as `load_model` returns them. The model's attention function is exchanged for ours.
    max_context: limit of prompt and completion in tokens, if lower than the model's own; 0 for none.
    """

    def __init__(self, model, tokenizer, max_context: int = 0):
        if not getattr(model, "_supports_attention_backend", False):
            raise UserError(f"{type(model).__name__}: its attention cannot be exchanged, so it cannot be sampled here")
        model.set_attn_implementation(ATTENTION)
        self.model, self.tokenizer = model, tokenizer
        self.device = model.device
        self.context = lower(max_context, context_of(model.config))
        ends = getattr(model.generation_config, "eos_token_id", None)
        ends = ends if isinstance(ends, list) else [ends]
        self.ends = sorted({tokenizer.eos_token_id, *ends} - {None})
        self.closers: dict[tuple[str, ...], np.ndarray] = {}

    def check(self, prompts: Sequence[str], max_new_tokens: int) -> None:
        """Raise UserError for a prompt that `generate` would refuse."""
        vocabulary = self.model.get_input_embeddings().num_embeddings
        check_prompts(self.tokenizer, prompts, self.ends, self.context, max_new_tokens, vocabulary)

    @torch.inference_mode()
    def generate(self, prompts: Sequence[str], seeds: Sequence[Sequence[int]], decoding: Decoding) -> list[list[dict]]:
        """One sample of prompt i for each seed in seeds[i], as in `engines`; the call is one batch.

        A sample's text is without EOS. Its tokens depend on the model's logits and its own seed; equal calls give equal
        results on equal hardware and thread counts. Raises UserError for a prompt that does not fit the model's context
        or is encoded with a wrong BOS or EOS.
        """
        encoded = [self.encode(prompt, decoding.max_new_tokens) for prompt in prompts]
        distinct = sorted(set(map(tuple, encoded)), key=lambda ids: (len(ids), ids))
        index = {ids: number for number, ids in enumerate(distinct)}
        # Rows that share a prompt are next to each other: its keys then meet all their queries in one matrix product.
        order = [(index[tuple(ids)], i, j) for i, ids in enumerate(encoded) for j in range(len(seeds[i]))]
        order.sort()
        if not order:
            return [[] for _ in prompts]
        row_seeds = [seeds[i][j] for _, i, j in order]
        tokens, counts, ended = self.sample_tokens(distinct, [p for p, _, _ in order], row_seeds, decoding)
        samples: list[list] = [[None] * len(row) for row in seeds]
        texts = self.texts(tokens, counts)
        for row, (_, i, j) in enumerate(order):
            text, was_stopped = cut_at(texts[row], decoding.stop)
            samples[i][j] = {
                "text": text,
                "tokens": int(counts[row]),
                "prompt_tokens": len(encoded[i]),
                "finish_reason": "stop" if ended[row] or was_stopped else "length",
                "seed": seeds[i][j],
            }
        return samples

    def encode(self, prompt: str, max_new_tokens: int = 0) -> list[int]:
        """A prompt's token ids; UserError where BOS or EOS are not as the model saw them, or it is too long."""
        return encode_prompt(self.tokenizer, prompt, self.ends, self.context, max_new_tokens)

    def sample_tokens(self, prompts, owners, seeds, decoding: Decoding):
        """NumPy arrays: token ids [rows, max_new_tokens], their number per row, whether the row ended by itself."""
        max_new_tokens, stop = decoding.max_new_tokens, tuple(decoding.stop)
        uniforms = torch.from_numpy(uniform_streams(seeds, max_new_tokens)).to(self.device)
        ends = torch.tensor(self.ends, device=self.device)
        rows = len(owners)
        tokens = np.zeros((rows, max_new_tokens), dtype=np.int64)
        counts = np.full(rows, max_new_tokens)
        ended = np.zeros(rows, dtype=bool)
        alive = np.arange(rows)  # the rows that are still in the batch
        memory = Memory(prompts, owners, max_new_tokens, self.device)
        logits = memory.read_prompts(self.model)
        if not torch.isfinite(logits.amax(-1)).all():
            raise UserError(
                f"model {self.model.name_or_path}: what it computes for a prompt is not finite, so its samples would be"
                " noise; its weights are damaged, or too large for the type they were saved in"
            )
        logits = logits[memory.owners]
        for step in range(max_new_tokens):
            chosen = choose_tokens(logits, uniforms[:, step], decoding.temperature, decoding.top_k)
            tokens[alive, step] = chosen.cpu().numpy()
            done = torch.isin(chosen, ends).cpu().numpy()
            if stop:
                done |= self.closes(tokens, alive, step, stop)
            fresh = done & ~ended[alive]
            counts[alive[fresh]] = step + 1
            ended[alive[fresh]] = True
            if step + 1 == max_new_tokens:
                break
            open_rows = ~ended[alive]
            left = np.count_nonzero(open_rows)
            if left == 0:
                break
            if left <= COMPACT_BELOW * len(alive):
                keep = torch.from_numpy(np.flatnonzero(open_rows)).to(self.device)
                alive = alive[open_rows]
                chosen, uniforms = chosen[keep], uniforms[keep]
                memory.keep(keep)
            logits = memory.advance(self.model, chosen)
        return tokens, counts, ended

    def closes(self, tokens, alive, step, stop):
        """Which rows hold a stop string now: only those are decoded whose new token can be a stop string's last."""
        if stop not in self.closers:
            self.closers[stop] = self.find_closers(stop)
        closed = self.closers[stop][tokens[alive, step]]
        for position in np.flatnonzero(closed):
            closed[position] = cut_at(self.decode(tokens[alive[position], : step + 1]), stop)[1]
        return closed

    def find_closers(self, stop) -> np.ndarray:
        size = max(len(self.tokenizer), self.model.get_input_embeddings().num_embeddings)
        # A space may come from the joining of tokens, a replacement character is a part of a character.
        if any(string[-1:].isspace() and string[-1] != "\n" for string in stop):
            return np.ones(size, dtype=bool)
        last = {string[-1] for string in stop} | {"\ufffd"}
        texts = self.tokenizer.batch_decode([[number] for number in range(len(self.tokenizer))])
        closers = np.zeros(size, dtype=bool)
        closers[: len(texts)] = [not last.isdisjoint(text) for text in texts]
        return closers

    def decode(self, ids) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def texts(self, tokens, counts) -> list[str]:
        rows = [row[:count].tolist() for row, count in zip(tokens, counts, strict=True)]
        rows = [row[:-1] if row[-1] in self.ends else row for row in rows]
        return self.tokenizer.batch_decode(rows, skip_special_tokens=True, clean_up_tokenization_spaces=False)


def cut_at(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop string in it, and whether there is one."""
    places = [place for place in (text.find(string) for string in stop) if place >= 0]
    return (text[: min(places)], True) if places else (text, False)


def uniform_streams(seeds: Sequence[int], length: int) -> np.ndarray:
    """Uniform numbers in [0, 1) [rows, length], each row from its seed alone."""
    return np.stack([np.random.Generator(np.random.Philox(key=seed)).random(length) for seed in seeds])


def choose_tokens(logits: torch.Tensor, uniform: torch.Tensor, temperature: float, top_k: int) -> torch.Tensor:
    """Next tokens [rows] by inverse CDF over the top-k probabilities of logits [rows, vocabulary] at a temperature."""
    if temperature == 0:
        return logits.argmax(-1)
    if 0 < top_k < logits.shape[-1]:
        logits, ids = logits.topk(top_k, dim=-1)
    else:
        ids = None
    cumulative = torch.softmax(logits.double() / temperature, dim=-1).cumsum(-1)
    place = (cumulative <= uniform[:, None] * cumulative[:, -1:]).sum(-1, keepdim=True)
    place.clamp_(max=logits.shape[-1] - 1)
    return (place if ids is None else ids.gather(-1, place)).squeeze(-1)


class Memory:
    """Keys and values of one batch: those of the prompts, once each, and those of the completions.

    prompts: distinct token ids; owners: the prompt of each row, ascending. Prompts are padded on the left to one
    width; completions all began together and need no padding. Per layer: prompts [prompts, KV heads, width, head
    dimension], completions [rows, KV heads, capacity, head dimension].
    """

    def __init__(self, prompts, owners, capacity: int, device):
        self.prompts, self.device = prompts, device
        self.lengths = torch.tensor([len(ids) for ids in prompts], device=device)
        self.width = len(prompts[-1])
        self.owners = torch.tensor(owners, device=device)
        self.capacity = capacity
        self.steps = 0  # tokens per row in the completions' buffers
        self.chunk: slice | None = None  # the prompts being read, None once completions are sampled
        self.prompt_keys: dict[int, torch.Tensor] = {}
        self.prompt_values: dict[int, torch.Tensor] = {}
        self.keys: dict[int, torch.Tensor] = {}
        self.values: dict[int, torch.Tensor] = {}
        self.arrange()

    def arrange(self) -> None:
        """Give every row its slot in a grid [prompts, most rows of any prompt], in which prompts meet their queries."""
        counts = torch.bincount(self.owners, minlength=len(self.lengths))
        self.grid_width = int(counts.max())
        first = counts.cumsum(0) - counts
        number = torch.arange(len(self.owners), device=self.device) - first[self.owners]
        slots = len(self.lengths) * self.grid_width
        self.full = len(self.owners) == slots  # then rows are the grid already
        self.slot_of_row = self.owners * self.grid_width + number
        # A slot without a row gets the first row; its result is never read.
        self.row_of_slot = torch.zeros(slots, dtype=torch.long, device=self.device)
        self.row_of_slot[self.slot_of_row] = torch.arange(len(self.owners), device=self.device)
        self.masks: dict = {}

    def read_prompts(self, model) -> torch.Tensor:
        """Fill the prompts' part; logits of the first completion token [prompts, vocabulary]."""
        logits, start = [], 0
        while start < len(self.prompts):
            stop = start + 1
            while stop < len(self.prompts) and len(self.prompts[stop]) * (stop + 1 - start) <= PREFILL_TOKENS:
                stop += 1
            width = len(self.prompts[stop - 1])
            ids = torch.tensor([[0] * (width - len(row)) + list(row) for row in self.prompts[start:stop]])
            ids = ids.to(self.device)
            self.chunk, self.masks = slice(start, stop), {}
            self.places = torch.arange(width, device=self.device) - (width - self.lengths[start:stop, None])
            output = model(
                input_ids=ids, position_ids=self.places.clamp(min=0), use_cache=False, logits_to_keep=1, memory=self
            )
            logits.append(output.logits[:, -1])
            start = stop
        self.chunk, self.masks = None, {}
        return torch.cat(logits)

    def advance(self, model, chosen: torch.Tensor) -> torch.Tensor:
        """Read one more token per row [rows]; logits of the next [rows, vocabulary]."""
        self.masks = {window: mask for window, mask in self.masks.items() if window is None}
        position = (self.lengths[self.owners] + self.steps)[:, None]
        output = model(input_ids=chosen[:, None], position_ids=position, use_cache=False, logits_to_keep=1, memory=self)
        self.steps += 1
        return output.logits[:, -1]

    def keep(self, rows: torch.Tensor) -> None:
        """Drop all other rows from the batch."""
        for buffers in (self.keys, self.values):
            for buffer in buffers.values():
                buffer[: len(rows), :, : self.steps] = buffer[:, :, : self.steps].index_select(0, rows)
        used, self.owners = torch.unique_consecutive(self.owners[rows], return_inverse=True)
        if len(used) < len(self.lengths):
            self.lengths = self.lengths[used]
            for buffers in (self.prompt_keys, self.prompt_values):
                for layer, buffer in buffers.items():
                    buffers[layer] = buffer[used]
        self.arrange()

    def attend(self, layer: int, query, key, value, scaling, window, softcap) -> torch.Tensor:
        """Attention output [batch, length, query heads, head dimension] for one layer's new queries, keys, values."""
        if self.chunk is not None:
            return self.attend_prompts(layer, query, key, value, scaling, window, softcap)
        return self.attend_rows(layer, query, key, value, scaling, window, softcap)

    def attend_prompts(self, layer, query, key, value, scaling, window, softcap):
        if layer not in self.prompt_keys:
            shape = (len(self.prompts), key.shape[1], self.width, key.shape[3])
            # Padding is multiplied by a zero weight later: it must be finite.
            self.prompt_keys[layer], self.prompt_values[layer] = key.new_zeros(shape), value.new_zeros(shape)
        width = key.shape[2]
        self.prompt_keys[layer][self.chunk, :, self.width - width :] = key
        self.prompt_values[layer][self.chunk, :, self.width - width :] = value
        if window not in self.masks:
            distance = torch.arange(width, device=self.device)[:, None] - torch.arange(width, device=self.device)
            seen = (distance >= 0) & (distance < (window or width))
            # A padded place sees itself; otherwise its softmax would divide by zero.
            self.masks[window] = (seen & (self.places[:, None, :] >= 0)) | (distance == 0)
        mask = self.masks[window][:, None]
        if softcap is None:
            output = F.scaled_dot_product_attention(query, key, value, mask, scale=scaling, enable_gqa=True)
        else:
            groups = query.shape[1] // key.shape[1]
            key, value = (part.repeat_interleave(groups, dim=1) for part in (key, value))
            scores = softcap * torch.tanh(query @ key.transpose(-1, -2) * (scaling / softcap))
            output = torch.softmax(scores.masked_fill(~mask, float("-inf")), -1) @ value
        return output.transpose(1, 2)

    def attend_rows(self, layer, query, key, value, scaling, window, softcap):
        rows, query_heads, _, size = query.shape
        heads = key.shape[1]
        groups = query_heads // heads
        if layer not in self.keys:
            shape = (rows, heads, self.capacity, size)
            self.keys[layer], self.values[layer] = key.new_empty(shape), value.new_empty(shape)
        now = self.steps + 1
        self.keys[layer][:rows, :, self.steps] = key[:, :, 0]
        self.values[layer][:rows, :, self.steps] = value[:, :, 0]
        since = max(0, now - window) if window else 0
        keys, values = (buffer[layer][:rows, :, since:now] for buffer in (self.keys, self.values))
        query = query.reshape(rows, heads, groups, size) * scaling

        prompts, width = len(self.lengths), self.width
        grid = self.to_grid(query).view(prompts, self.grid_width, heads, groups, size).transpose(1, 2)
        grid = grid.reshape(prompts, heads, self.grid_width * groups, size)
        with_prompt = grid @ self.prompt_keys[layer].transpose(-1, -2)
        with_prompt = with_prompt.view(prompts, heads, self.grid_width, groups, width).transpose(1, 2)
        with_prompt = self.from_grid(with_prompt.reshape(-1, heads, groups, width))
        scores = torch.cat([with_prompt, query @ keys.transpose(-1, -2)], dim=-1)
        if softcap is not None:
            scores = softcap * torch.tanh(scores / softcap)
        scores[..., :width] += self.row_mask(window)
        weights = torch.softmax(scores, dim=-1)

        output = weights[..., width:] @ values
        grid = self.to_grid(weights).view(prompts, self.grid_width, heads, groups, -1)[..., :width].transpose(1, 2)
        grid = grid.reshape(prompts, heads, self.grid_width * groups, width) @ self.prompt_values[layer]
        grid = grid.view(prompts, heads, self.grid_width, groups, size).transpose(1, 2)
        output += self.from_grid(grid.reshape(-1, heads, groups, size))
        return output.view(rows, 1, query_heads, size)

    def row_mask(self, window) -> torch.Tensor:
        """0 if a row may look at a place of its prompt, else -inf [rows, 1, 1, width]."""
        if window not in self.masks:
            place = torch.arange(self.width, device=self.device) - (self.width - self.lengths[:, None])
            seen = place >= 0
            if window:
                seen &= self.lengths[:, None] + self.steps - place < window
            mask = torch.zeros_like(seen, dtype=torch.float32).masked_fill_(~seen, float("-inf"))
            self.masks[window] = mask[self.owners][:, None, None]
        return self.masks[window]

    def to_grid(self, rows: torch.Tensor) -> torch.Tensor:
        return rows if self.full else rows.index_select(0, self.row_of_slot)

    def from_grid(self, grid: torch.Tensor) -> torch.Tensor:
        return grid if self.full else grid.index_select(0, self.slot_of_row)


def attention(
    module, query, key, value, attention_mask, scaling=None, memory=None, sliding_window=None, softcap=None, **kwargs
):
    """The function that the model's layers call: attention over the batch's memory."""
    if memory is None or kwargs.get("s_aux") is not None or query.shape[-1] != value.shape[-1]:
        raise UserError(f"{type(module).__name__}: this kind of attention cannot be sampled here")
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    return memory.attend(module.layer_idx, query, key, value, scaling, sliding_window, softcap), None


ALL_ATTENTION_FUNCTIONS.register(ATTENTION, attention)
