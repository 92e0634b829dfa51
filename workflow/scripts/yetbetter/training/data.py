"""Training sets: read and checked, and encoded as tokens whose loss is on the completion."""

from yetbetter.errors import UserError
from yetbetter.generation.chat_format import ChatFormat
from yetbetter.generation.loading import beyond, check_tokenizer
from yetbetter.generation.prompts import opening_token
from yetbetter.records import check_unique, read_rows, shorten, where_is

IGNORED = -100  # the label of a token that the loss leaves out


def read_training_data(path: str, labelled: bool = False) -> list[dict]:
    """The rows of a training set, in order.

    labelled: with `labels`, as --head classes needs them. Raises UserError, naming the line, for one that is not valid,
    a repeated sample, an empty prompt or completion, wrong, missing or needless labels.
    """
    rows = read_rows(path, require=("problem", "sample", "prompt", "completion", "model"))
    check_unique(rows, path, "problem", "sample", "model")
    for number, row in enumerate(rows, start=1):
        for key in ("prompt", "completion"):
            text = row[key]
            if not isinstance(text, str) or not text.strip():
                raise UserError(f"{where_is(path, number)}: {key} is {text!r}, allowed: text, not empty")
        if labelled or "labels" in row:
            check_labels(row, where_is(path, number), labelled)
    return rows


def check_labels(row: dict, where: str, labelled: bool) -> None:
    """UserError, starting with `where`, if a row's labels are not [end, 0 or 1] with rising ends in its completion."""
    if not labelled:
        raise UserError(f"{where}: has labels, which only --head classes trains on")
    if "labels" not in row:
        raise UserError(f"{where}: no labels, which --head classes needs")
    labels, length, last = row["labels"], len(row["completion"]), 0
    if not isinstance(labels, list) or not labels:
        raise UserError(f"{where}: labels is {shorten(repr(labels))}, allowed: a list of [end, label], not empty")
    for pair in labels:
        if not isinstance(pair, list) or [type(part) for part in pair] != [int, int] or pair[1] not in (0, 1):
            raise UserError(f"{where}: {shorten(repr(pair))} in labels, allowed: [end, label], numbers, label 0 or 1")
        if not last < pair[0] <= length:
            allowed = f"{last + 1} to {length}" if last < length else "nothing after it"
            after = f" after {last}" if last else ""
            raise UserError(f"{where}: the end {pair[0]}{after} in labels, allowed: {allowed} (the completion's end)")
        last = pair[0]


def encode_examples(
    rows: list[dict],
    tokenizer,
    max_length: int,
    path: str,
    vocabulary: int = 0,
    context: int = 0,
    chat: ChatFormat | None = None,
) -> tuple[dict[str, list[list[int]]], list[dict]]:
    """(the trainer's columns `input_ids` and `labels`, rows kept out and why).

    An example is the tokens of prompt, completion and EOS, its labels are `IGNORED` for the prompt.
    One that is longer than `max_length` tokens is kept out whole: cut short, it would teach the model not to stop. One
    whose text contains a special token, or merges with its prompt into one token, is kept out too: a sampled text may
    be anything. Raises UserError for a tokenizer that does not put exactly one BOS at the start of a prompt or does not
    keep EOS at the end, or adds one itself, for an example that does not fit the model, and if no example is left.
    vocabulary: rows of the model's embedding; context: its longest sequence; 0 if unknown. chat: the format that
    prompts, which are questions then, and completions are put into.
    """
    if chat:
        rows = [row | {"prompt": chat.ask(row["prompt"]), "completion": chat.answer(row["completion"])} for row in rows]
    bos, eos = opening_token(tokenizer), tokenizer.eos_token_id
    if eos is None:
        raise UserError("the model's tokenizer has no EOS token: no model could learn to stop")
    check_tokenizer(tokenizer.name_or_path, tokenizer, vocabulary)
    prompts = encode_prompts(rows, tokenizer, path)
    texts = [row["prompt"] + row["completion"] + tokenizer.eos_token for row in rows]
    columns: dict[str, list[list[int]]] = {"input_ids": [], "labels": []}
    kept_out, special = [], set(tokenizer.all_special_ids) - {tokenizer.unk_token_id} if chat else set()
    for number, (row, ids) in enumerate(zip(rows, token_ids(tokenizer, texts), strict=True), 1):
        start = len(prompts[row["prompt"]])
        if ids[-1] != eos:
            raise UserError(
                f"{where_is(path, number)}: its tokens do not end with EOS, which the tokenizer does not keep"
            )
        reason = None
        if len(ids) > max_length:
            reason = f"longer than {max_length} tokens"
        elif (
            eos in ids[start:-1]
            or (bos is not None and bos in ids[start:])
            or (chat and special & set(ids[start : len(ids) - 1 - bool(chat.end)]))
        ):
            reason = "a special token in its text"
        elif ids[:start] != prompts[row["prompt"]]:
            reason = "prompt and completion merge into one token"
        if reason:
            identity = {key: row[key] for key in ("problem", "sample", "model")}
            kept_out.append(identity | {"tokens": len(ids), "reason": reason})
            continue
        check_fit(ids, where_is(path, number), tokenizer, vocabulary, context)
        columns["input_ids"].append(ids)
        columns["labels"].append([IGNORED] * start + ids[start:])
    refuse_nothing_left(rows, columns, kept_out, path)
    return columns, kept_out


def check_fit(ids: list[int], where: str, tokenizer, vocabulary: int, context: int) -> None:
    """UserError, starting with `where`, for an example that does not fit the model; 0: its limit is not known."""
    if vocabulary and max(ids) >= vocabulary:
        raise UserError(f"{where}: {beyond(tokenizer, max(ids), vocabulary)}")
    if context and len(ids) > context:
        raise UserError(
            f"{where}: {len(ids)} tokens, the model's context has {context};"
            f" --max-length {context} leaves such examples out"
        )


def refuse_nothing_left(rows: list[dict], columns: dict, kept_out: list[dict], path: str) -> None:
    """UserError if there are rows, and all of them were kept out."""
    if rows and not columns["input_ids"]:
        reasons = ", ".join(sorted({row["reason"] for row in kept_out}))
        raise UserError(f"{path}: none of {len(rows)} examples can be trained on ({reasons})")


def encode_prompts(rows: list[dict], tokenizer, path: str) -> dict[str, list[int]]:
    """The token ids of every distinct prompt; UserError for one that does not start with its only BOS."""
    bos = opening_token(tokenizer)
    distinct = list({row["prompt"]: None for row in rows})
    prompts = dict(zip(distinct, token_ids(tokenizer, distinct), strict=True))
    for prompt, ids in prompts.items():
        if bos is not None and (ids[:1] != [bos] or bos in ids[1:]):
            count = ids.count(bos)
            raise UserError(
                f"{path}: {count} BOS tokens in the prompt {prompt[:40]!r}, it must start with the only one"
            )
    return prompts


def token_ids(tokenizer, texts: list[str]) -> list[list[int]]:
    return tokenizer(texts, return_attention_mask=False)["input_ids"]
