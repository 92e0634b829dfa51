"""Prompt templates: plain text files that hold {question} once."""

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


def fill(template: str, question: str) -> str:
    # Not str.format: a question may hold braces.
    return template.replace("{question}", question)
