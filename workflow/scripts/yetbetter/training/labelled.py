"""Labelled training sets: encoded as tokens, a few of which have a class."""

from yetbetter.errors import UserError
from yetbetter.generation.classifier import encode_ends
from yetbetter.generation.loading import check_tokenizer
from yetbetter.records import where_is
from yetbetter.training.data import IGNORED, check_fit, encode_prompts, refuse_nothing_left


def encode_labelled(
    rows: list[dict], tokenizer, max_length: int, path: str, vocabulary: int = 0, context: int = 0
) -> tuple[dict[str, list[list[int]]], list[dict]]:
    """(the trainer's columns `input_ids` and `labels`, rows kept out and why).

    An example is the tokens of prompt and completion, without EOS. The token of each labelled end (`encode_ends`) has
    its class, all others `IGNORED`. An example is kept out if it is longer than `max_length` tokens, if two of its
    labels have the same token, or if a label's token begins in the prompt. Special tokens in its text are not a
    reason: a classifier must give a score to any text. vocabulary: rows of the model's embedding; context: its
    longest sequence; 0 if unknown. Raises UserError as `encode_examples` does.
    """
    if tokenizer.pad_token_id is None and tokenizer.eos_token_id is None:
        raise UserError("the model's tokenizer has neither a padding token nor EOS: no batch could be made")
    check_tokenizer(tokenizer.name_or_path, tokenizer, vocabulary)
    encode_prompts(rows, tokenizer, path)
    texts = [row["prompt"] + row["completion"] for row in rows]
    # The first end is that of the prompt: tokens up to it hold nothing of the completion.
    ends = [[len(row["prompt"])] + [len(row["prompt"]) + end for end, _ in row["labels"]] for row in rows]
    columns: dict[str, list[list[int]]] = {"input_ids": [], "labels": []}
    kept_out = []
    encoded = encode_ends(tokenizer, texts, ends) if rows else []
    for number, (row, (ids, (prompt, *places))) in enumerate(zip(rows, encoded, strict=True), 1):
        before, reason = -1 if prompt is None else prompt, None
        if len(ids) > max_length:
            reason = f"longer than {max_length} tokens"
        elif places[0] is None or places[0] <= before:
            reason = "a label on a token of the prompt"
        elif len(set(places)) < len(places):
            reason = "two labels on one token"
        if reason:
            identity = {key: row[key] for key in ("problem", "sample", "model")}
            kept_out.append(identity | {"tokens": len(ids), "reason": reason})
            continue
        check_fit(ids, where_is(path, number), tokenizer, vocabulary, context)
        labels = [IGNORED] * len(ids)
        for place, (_, label) in zip(places, row["labels"], strict=True):
            labels[place] = label
        columns["input_ids"].append(ids)
        columns["labels"].append(labels)
    refuse_nothing_left(rows, columns, kept_out, path)
    return columns, kept_out
