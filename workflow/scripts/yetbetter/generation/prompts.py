"""Prompt templates: plain text files that hold {question} once."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from yetbetter.data.questions import UNSEEN
from yetbetter.errors import UserError
from yetbetter.generation.loading import OWN_CODE, appended_token, appends_eos, beyond, loading
from yetbetter.records import open_text, shorten, text_kind

CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")  # no tab, no line end


def read_template(path: str | Path) -> str:
    """The template, checked: {question} once, and no white space at its end.

    The editor that saved the file makes no difference: byte order marks are removed, and lines end in a line feed.
    White space at the end would merge with the first token of the completion, which the model has never seen.
    """
    try:
        with open_text(path) as file:
            # Files that were joined may hold a byte order mark in the middle.
            template = file.read().replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        kind = text_kind(path) or f"not UTF-8 text ({error.reason} at byte {error.start})"
        raise UserError(f"{path}: {kind}") from None
    kind = text_kind(path)
    if kind:
        raise UserError(f"{path}: {kind}")
    control = CONTROL.search(template)
    if control:
        line = template.count("\n", 0, control.start()) + 1
        raise UserError(
            f"{path}:{line}: holds the control character {control[0]!r}, which the model would read; remove it"
        )
    if template.count("{question}") != 1:
        raise UserError(f"{path}: a prompt must hold {{question}} once, found {template.count('{question}')} times")
    if template != template.rstrip():
        raise UserError(f"{path}: a prompt must not end in a space or a line end")
    if UNSEEN.fullmatch(template[-1]):
        raise UserError(f"{path}: ends in {template[-1]!r}, which is not drawn but read by the model; remove it")
    return template


def opening_token(tokenizer) -> int | None:
    """The BOS that must open a prompt and be nowhere else in it, in sampling and in training alike; None for none.

    If BOS is also the end of a document (GPT-2) or opens every turn of a chat, its count means nothing.
    """
    bos = tokenizer.bos_token_id
    return None if bos == tokenizer.eos_token_id or tokenizer.bos_token == "<|im_start|>" else bos


class RefusedPrompts(UserError):
    """Prompts that do not fit a model. prompts: all of them; reason: why the first does not fit."""

    def __init__(self, prompts: list[str], reason: str):
        super().__init__(f"prompt {prompts[0][:40]!r}: {reason}")
        self.prompts, self.reason = prompts, reason


def encode_prompt(
    tokenizer, prompt: str, ends: Sequence[int], context: int | None, max_new_tokens: int, vocabulary: int = 0
) -> list[int]:
    """A prompt's token ids; RefusedPrompts if BOS or EOS are not as in the model's training, or it is too long.

    ends: ids that end a completion; context: limit of prompt and completion in tokens, 0 or None for none; vocabulary:
    rows of the model's embedding, 0 if unknown.
    """
    ids = tokenizer(prompt, verbose=False).input_ids  # its own warning about length does not name the question
    bos = opening_token(tokenizer)
    if bos is not None and (ids[:1] != [bos] or bos in ids[1:]):
        reason = f"{ids.count(bos)} BOS tokens in its ids, it must start with the only one"
    elif not ids or ids[-1] in ends:
        reason = "its ids are empty or end with EOS"
        if ids and appends_eos(tokenizer):
            reason += ", which the model's tokenizer appends to every text"
    elif ids[-1] in tokenizer.all_special_ids and ids[-1] == appended_token(tokenizer):
        reason = f"its ids end with {tokenizer.decode(ids[-1])}, which the model's tokenizer appends to every text"
    elif vocabulary and max(ids) >= vocabulary:
        reason = beyond(tokenizer, max(ids), vocabulary)
    elif context and len(ids) + max_new_tokens > context:
        reason = f"{len(ids)} tokens and max_new_tokens {max_new_tokens} do not fit the model's context of {context}"
    else:
        return ids
    raise RefusedPrompts([prompt], reason)


def check_prompts(
    tokenizer, prompts: Sequence[str], ends: Sequence[int], context: int | None, max_new_tokens: int, vocabulary: int
) -> None:
    """RefusedPrompts that holds every prompt that `encode_prompt` refuses."""
    refused = []
    for prompt in prompts:
        try:
            encode_prompt(tokenizer, prompt, ends, context, max_new_tokens, vocabulary)
        except RefusedPrompts as error:
            refused.append(error)
    if refused:
        raise RefusedPrompts([error.prompts[0] for error in refused], refused[0].reason)


def check_questions(
    check: Callable[[list[str], int], None],
    prompts: Mapping,
    max_new_tokens: int,
    name_of: Callable[[object], str] = "problem {!r}".format,
) -> None:
    """An engine's `check`, with an error that names the questions. prompts: key -> prompt; name_of: key -> name."""
    try:
        check(list(prompts.values()), max_new_tokens)
    except RefusedPrompts as error:
        refused = set(error.prompts)
        first, *others = [name_of(key) for key, prompt in prompts.items() if prompt in refused]
        more = (
            f"; {len(others)} more are refused: {', '.join(others[:5])}{', …' if others[5:] else ''}" if others else ""
        )
        raise UserError(f"{first}: its prompt {error.prompts[0][:40]!r}: {error.reason}{more}") from None


def chat_of(model: str, revision: str | None = None) -> Callable[[str], str]:
    """A function that turns a filled prompt into a user turn of the model's chat.

    Raises UserError, in one line, for a model whose tokenizer cannot be loaded or has no chat template.
    """
    from transformers import AutoTokenizer

    with loading(model):
        tokenizer = AutoTokenizer.from_pretrained(model, **OWN_CODE, revision=revision)
    if not tokenizer.chat_template:
        raise UserError(f"model {model}: its tokenizer has no chat template, so `chat` cannot be used")
    return lambda prompt: fill_chat(model, tokenizer, prompt)


def fill_chat(model: str, tokenizer, prompt: str) -> str:
    """`as_chat`; UserError, in one line, if the model's chat template raises."""
    try:
        text = as_chat(tokenizer, prompt)
    # A template is a program: what it raises can be of any kind.
    except Exception as error:
        reason = shorten(str(error) or type(error).__name__, 200)
        raise UserError(
            f"model {model}: its chat template (chat_template.jinja or tokenizer_config.json) does not take a lone user"
            f" turn: {reason}; mend the template, or ask without `chat`"
        ) from error
    if prompt.strip() not in text:
        raise UserError(
            f"model {model}: its chat template (chat_template.jinja or tokenizer_config.json) leaves out what the user"
            f" says, {shorten(prompt, 60)!r}; mend the template, or ask without `chat`"
        )
    return text


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
