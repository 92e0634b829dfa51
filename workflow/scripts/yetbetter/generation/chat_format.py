"""The format in which targets of some tasks are trained and asked: the model's chat template, else a plain one.

    ### Instruction:
    {question}

    ### Response: {answer}

The same text comes before the answer in training and in evaluation. An answer ends with what the template puts there,
and with EOS. White space around an answer is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass

from yetbetter.generation.loading import OWN_CODE, loading
from yetbetter.generation.prompts import fill, fill_chat

PLAIN = "### Instruction:\n{question}\n\n### Response:"
MARK = "ANSWER"


@dataclass(frozen=True)
class ChatFormat:
    """ask(question): the text before an answer. before, end: what comes right before and after the answer, without
    EOS."""

    ask: Callable[[str], str]
    before: str = ""
    end: str = ""

    def answer(self, text: str) -> str:
        """The text of an answer that training puts between `ask` and EOS."""
        return f"{self.before}{text.strip()}{self.end}"


def format_of(tokenizer, model: str) -> ChatFormat:
    """model: named in messages. Raises UserError for a chat template that takes no lone user turn."""
    if not tokenizer.chat_template:
        # As in other training pairs a blank comes first: the prompt's last token would merge with a space at its end.
        return ChatFormat(ask=lambda question: fill(PLAIN, question), before=" ")
    return ChatFormat(ask=lambda question: fill_chat(model, tokenizer, question), end=end_of_turn(tokenizer))


def chat_format_of(folder: str) -> ChatFormat:
    """That of a model's folder."""
    from transformers import AutoTokenizer

    with loading(folder):
        tokenizer = AutoTokenizer.from_pretrained(folder, **OWN_CODE)
    return format_of(tokenizer, folder)


def end_of_turn(tokenizer) -> str:
    """The special token with which the template ends an answer; empty if that is EOS, or none."""
    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": MARK}]
    try:
        text = tokenizer.apply_chat_template(turns, tokenize=False)
    except Exception:  # a template is a program; one that takes no answers has no end of them
        return ""
    rest = text.rpartition(MARK)[2].lstrip()
    found = [token for token in tokenizer.all_special_tokens if rest.startswith(token)]
    first = max(found, key=len, default="")
    return "" if first == tokenizer.eos_token else first
