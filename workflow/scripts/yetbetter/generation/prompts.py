"""Prompt templates: plain text files that hold {question} once."""

from collections.abc import Callable, Sequence
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.generation.loading import loading
from yetbetter.records import open_text, text_kind


def read_template(path: str | Path) -> str:
    """The template, checked: {question} once, and no white space at its end.

    How an editor saved the file does not reach the model: there is no byte order mark, and lines end in a line feed.
    White space at the end would merge with the first token of the completion, which the model has never seen.
    """
    try:
        with open_text(path) as file:
            # Files that were joined may hold a byte order mark in the middle.
            template = file.read().replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        kind = text_kind(path) or f"not UTF-8 text ({error.reason} at byte {error.start})"
        raise UserError(f"{path}: {kind}") from None
    if template.count("{question}") != 1:
        raise UserError(f"{path}: a prompt must hold {{question}} once, found {template.count('{question}')} times")
    if template != template.rstrip():
        raise UserError(f"{path}: a prompt must not end in a space or a line end")
    return template


def opening_token(tokenizer) -> int | None:
    """The BOS that must open a prompt and be nowhere else in it, in sampling and in training alike; None for none.

    If BOS is also the end of a document (GPT-2) or opens every turn of a chat, its count means nothing.
    """
    bos = tokenizer.bos_token_id
    return None if bos == tokenizer.eos_token_id or tokenizer.bos_token == "<|im_start|>" else bos


def encode_prompt(tokenizer, prompt: str, ends: Sequence[int], context: int | None, max_new_tokens: int) -> list[int]:
    """A prompt's token ids; UserError if BOS or EOS are not as in the model's training, or it is too long.

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


def chat_of(model: str, revision: str | None = None) -> Callable[[str], str]:
    """A function that turns a filled prompt into a user turn of the model's chat.

    Raises UserError, in one line, for a model whose tokenizer cannot be loaded or has no chat template.
    """
    from transformers import AutoTokenizer

    with loading(model):
        tokenizer = AutoTokenizer.from_pretrained(model, revision=revision)
    if not tokenizer.chat_template:
        raise UserError(f"model {model}: its tokenizer has no chat template, so `chat` cannot be used")
    return lambda prompt: as_chat(tokenizer, prompt)


def as_chat(tokenizer, prompt: str) -> str:
    """The prompt as a user turn, up to where the model's answer starts; the text that any engine then encodes.

    Chat templates often spell BOS out. If the tokenizer adds it as well, it is taken off the text: one must remain.
    """
    turn = [{"role": "user", "content": prompt}]
    text = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
    bos = tokenizer.bos_token
    if bos and text.startswith(bos) and tokenizer("x").input_ids[:1] == [tokenizer.bos_token_id]:
        return text.removeprefix(bos)
    return text


def fill(template: str, question: str) -> str:
    """The template with the question in it. Not str.format: a question may hold braces."""
    return template.replace("{question}", question)
