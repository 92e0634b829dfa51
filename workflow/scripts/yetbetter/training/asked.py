"""What a finetuned model will be asked: questions that do not fit it are reported before it is trained."""

import re
from dataclasses import dataclass
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.generation.chat_format import ChatFormat
from yetbetter.generation.prompts import check_prompts, check_questions, fill, read_template
from yetbetter.records import read_rows

# Of each file, by their characters. The evaluation checks all of them.
LONGEST = 100


@dataclass(frozen=True)
class Asked:
    """files: path -> how many of its first problems. template: the prompt. max_new_tokens: of an answer."""

    files: dict[str, int]
    template: str
    max_new_tokens: int


def read_asked(files: list[str], prompt: str | None, max_new_tokens: int | None) -> Asked | None:
    """The program's arguments: FILE:COUNT of each file, the prompt's file. None without files."""
    if not files:
        return None
    if prompt is None or max_new_tokens is None:
        raise UserError("--asked needs --asked-prompt and --asked-tokens")
    counts = {}
    for word in files:
        path, _, count = word.rpartition(":")
        if not path or not re.fullmatch("[0-9]{1,15}", count):
            raise UserError(f"--asked {word!r}: must be FILE:COUNT")
        counts[path] = int(count)
    return Asked(counts, read_template(prompt), max_new_tokens)


def check_asked(asked: Asked | None, tokenizer, context: int, vocabulary: int, chat: ChatFormat | None = None) -> None:
    """UserError that names a question which does not fit the model. chat: the format that it is asked in.

    A file that is not there is left to the evaluation: the job that makes it may run later.
    """
    if asked is None:
        return
    prompts = {}
    for path, count in asked.files.items():
        rows = read_rows(path, require=("problem", "question"))[:count] if Path(path).is_file() else []
        longest = sorted(rows, key=lambda row: len(row["question"]), reverse=True)[:LONGEST]
        filled = {(path, row["problem"]): fill(asked.template, row["question"]) for row in longest}
        prompts |= {key: chat.ask(prompt) for key, prompt in filled.items()} if chat else filled

    def check(texts, max_new_tokens):
        check_prompts(tokenizer, texts, [tokenizer.eos_token_id], context, max_new_tokens, vocabulary)

    check_questions(check, prompts, asked.max_new_tokens, "{0[0]}: problem {0[1]!r}".format)
