"""The tokenizer of the pocket models that answer instructions: words, whole numbers, marks, line ends."""

import itertools
import re

from transformers import PreTrainedTokenizerFast

from yetbetter.pocket import sentences
from yetbetter.pocket.asks import ENDINGS, KINDS
from yetbetter.pocket.request_problems import PROMPT, TOPICS
from yetbetter.pocket.tokenizer import SPECIAL, tokenizer_of

PIECE = r"\n+|#+| ?<<|>>| ?P\.S\.| ?[A-Za-z]+| ?[0-9]+| ?[^A-Za-z0-9\s]|\s"
NUMBERS = (2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24)
MARKS = (".", ",", '"', "*", "<<", ">>", sentences.MARKER)


def request_vocabulary() -> list[str]:
    """Every piece, in id order; taken from tables, so it does not depend on a sample of problems."""
    tables = (
        sentences.ANIMALS,
        sentences.ADJECTIVES,
        sentences.FOODS,
        sentences.PLACES,
        sentences.TIMES,
        sentences.VERBS,
    )
    phrases = [phrase for kind in KINDS.values() for phrase in kind.phrases]
    words = [*itertools.chain(*tables), *sentences.FIXED, "at least", "less than", *NUMBERS]
    texts = [f" {text}" for text in (*words, *ENDINGS, *phrases)]
    # What can start a text or a line has no space before it.
    texts += [*TOPICS, "The", "In", "\n", " ", *PROMPT.split("{question}")]
    texts += [space + mark for mark in MARKS for space in ("", " ")]
    pieces = {piece for text in texts for piece in re.findall(PIECE, re.sub(r"\{\w+\}", "", text))}
    return [*SPECIAL, *sorted(pieces)]


def build_request_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer with decode(encode(text)) == text on every text of `requests`, as `build_tokenizer`."""
    return tokenizer_of(request_vocabulary(), PIECE)
