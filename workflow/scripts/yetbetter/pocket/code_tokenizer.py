"""The tokenizer of the pocket models that write programs: words, single digits, marks, line ends with their indent."""

import re

from transformers import PreTrainedTokenizerFast

from yetbetter.pocket.list_problems import PROMPT
from yetbetter.pocket.operations import OPERATIONS, RETURN_LIST
from yetbetter.pocket.programs import fragments
from yetbetter.pocket.tokenizer import SPECIAL, tokenizer_of

# A line end and the indent behind it are one piece: they survive decoding, and lines cost few tokens.
PIECE = r'\n *|"""| ?(?:==|!=|\+=|\*\*)| ?[A-Za-z]+| ?[0-9]| ?[^A-Za-z0-9\s]|\s'


def code_vocabulary() -> list[str]:
    """Every piece, in id order; taken from tables, so it does not depend on a sample of problems."""
    phrases = [RETURN_LIST, *(phrase for operation in OPERATIONS.values() for phrase in operation.phrases)]
    texts = [PROMPT.replace("{question}", ""), '."""\n    """', ", then, and", " def", *fragments()]
    for phrase in phrases:
        text = phrase.replace("{k}", "3")
        texts += [f"{text[0].upper()}{text[1:]}", f" {text[0].upper()}{text[1:]}", f" {text}"]
    return [*SPECIAL, *sorted({piece for text in texts for piece in re.findall(PIECE, text)})]


def build_code_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer with decode(encode(text)) == text on every text of the data set `lists`, as `build_tokenizer`."""
    return tokenizer_of(code_vocabulary(), PIECE)
