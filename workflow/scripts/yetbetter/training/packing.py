"""Packing: several examples in one row of a batch, each of which sees itself alone.

TRL packs (best fit decreasing: examples stay whole) and, for FlashAttention, flattens a batch into one sequence with
the examples' boundaries. Any other attention gets rows whose position ids restart with every example: from these
transformers makes a block-diagonal mask, if it knows the attention. `refuse_leaks` checks that on the model itself.
"""

import dataclasses

import torch

from yetbetter.errors import UserError
from yetbetter.training.data import IGNORED


def pack(columns: dict[str, list[list[int]]], max_length: int):
    """The examples in rows of at most `max_length` tokens; column `seq_lengths` holds the examples' lengths."""
    from datasets import Dataset
    from trl import pack_dataset

    packed = pack_dataset(Dataset.from_dict(columns), max_length, "bfd")
    lengths = [length for row in packed["seq_lengths"] for length in row]
    if sorted(lengths) != sorted(map(len, columns["input_ids"])):
        raise UserError(f"packing gave {len(lengths)} of {len(columns['input_ids'])} examples, or cut some")
    return packed


def collator_for(model, pad_token_id: int):
    """The collator that makes a batch of packed rows, for the model's attention."""
    if "flash" in (model.config._attn_implementation or ""):
        return Flattened(pad_token_id)
    return Rows(pad_token_id)


@dataclasses.dataclass
class Rows:
    """Packed rows, padded at the right: input_ids, labels, position_ids [rows, length], and their `tokens`.

    Every padding token has position 0, so it is an example of its own that sees only itself.
    """

    pad_token_id: int

    def __call__(self, rows: list[dict]) -> dict[str, torch.Tensor]:
        width = max(len(row["input_ids"]) for row in rows)

        def stack(columns: list[list[int]], padding: int) -> torch.Tensor:
            return torch.tensor([column + [padding] * (width - len(column)) for column in columns])

        return {
            "input_ids": stack([row["input_ids"] for row in rows], self.pad_token_id),
            "labels": stack([row["labels"] for row in rows], IGNORED),
            "position_ids": stack([positions(row["seq_lengths"]) for row in rows], 0),
            "tokens": torch.tensor(sum(len(row["input_ids"]) for row in rows)),
        }


@dataclasses.dataclass
class Flattened:
    """Packed rows as one sequence, with the boundaries that FlashAttention needs, and their `tokens`."""

    pad_token_id: int

    def __call__(self, rows: list[dict]) -> dict:
        from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

        batch = DataCollatorForLanguageModeling(self.pad_token_id, padding_free=True)(rows)
        return batch | {"tokens": torch.tensor(batch["input_ids"].numel())}


def positions(lengths: list[int]) -> list[int]:
    """Position ids of a packed row: 0, 1, … for each of its examples."""
    return [place for length in lengths for place in range(length)]


@torch.no_grad()
def refuse_leaks(model, collate, ids: torch.Tensor, tolerance: float) -> None:
    """UserError if an example's logits depend on what it is packed with.

    ids: token ids [rows, length] of two examples or more. The last one is packed behind the first, then behind the
    first with other tokens: its logits must stay the same, up to `tolerance` of their size. Every process calls it.
    """
    first, last = ids[0].tolist(), ids[-1].tolist()
    device = next(model.parameters()).device

    def logits_behind(other: list[int]) -> torch.Tensor:
        row = {"input_ids": other + last, "labels": other + last, "seq_lengths": [len(other), len(last)]}
        batch = collate([row])
        inputs = {key: value for key, value in batch.items() if key not in ("labels", "tokens")}
        inputs = {key: value.to(device) if torch.is_tensor(value) else value for key, value in inputs.items()}
        return model(**inputs, use_cache=False).logits[0, -len(last) :].double()

    training = model.training
    model.eval()
    one, two = logits_behind(first), logits_behind(first[::-1])
    model.train(training)
    if not (one - two).norm() <= tolerance * one.norm():
        name = model.config._attn_implementation
        raise UserError(f"--packing: with --attention {name} examples see each other; allowed: sdpa, flash_attention_2")
