"""Prompt templates: plain text files that hold {question} once."""

from collections.abc import Sequence
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.records import open_text


def read_template(path: str | Path) -> str:
    """The template, checked: {question} once, and nothing blank at its end.

    A blank end would merge with the first token of the completion, and the model would never have seen that.
    """
    try:
        with open_text(path) as file:
            template = file.read()
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    if template.count("{question}") != 1:
        raise UserError(f"{path}: a prompt must hold {{question}} once, found {template.count('{question}')} times")
    if template != template.rstrip():
        raise UserError(f"{path}: a prompt must not end in a space or a line end")
    return template


def opening_token(tokenizer) -> int | None:
    """The BOS that must open a prompt and stand nowhere else in it, in sampling and in training alike; None for none.

    Where BOS doubles as the end of a document (GPT-2) or opens every turn of a chat, its count means nothing.
    """
    bos = tokenizer.bos_token_id
    return None if bos == tokenizer.eos_token_id or tokenizer.bos_token == "<|im_start|>" else bos


def encode_prompt(tokenizer, prompt: str, ends: Sequence[int], context: int | None, max_new_tokens: int) -> list[int]:
    """A prompt's token ids; UserError where BOS or EOS are not as the model saw them, or it is too long.

    ends: ids that end a completion; context: limit of prompt and completion in tokens, 0 or None for none.
    """
    ids = tokenizer(prompt).input_ids
    bos = opening_token(tokenizer)
    if bos is not None and (ids[:1] != [bos] or bos in ids[1:]):
        raise UserError(
            f"prompt {prompt[:40]!r}: {ids.count(bos)} BOS tokens in its ids, it must start with the only one"
        )
    if not ids or ids[-1] in ends:
        raise UserError(f"prompt {prompt[:40]!r}: its ids are empty or end with EOS")
    if context and len(ids) + max_new_tokens > context:
        raise UserError(
            f"prompt {prompt[:40]!r}: {len(ids)} tokens and max_new_tokens {max_new_tokens} do not fit"
            f" the model's context of {context}"
        )
    return ids


def fill(template: str, question: str) -> str:
    # Not str.format: a question may hold braces.
    return template.replace("{question}", question)
