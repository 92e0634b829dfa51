"""The pocket models' tokenizer: words with their leading space, single digits, punctuation."""

import re

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from yetbetter.pocket import words
from yetbetter.pocket.families import FAMILIES

SPECIAL = BOS, EOS, PAD, UNKNOWN = "<s>", "</s>", "<pad>", "<unk>"
CONTEXT = 256  # tokens

_PIECE = r" ?[A-Za-z]+| ?[0-9]| ?[^A-Za-z0-9\s]|\s"
_PUNCTUATION = ".,?:+-*="


def vocabulary() -> list[str]:
    """Every piece, in id order; taken from the word lists, so it does not depend on a sample of problems."""
    texts = [words.PROMPT, words.ANSWER, *words.NAMES, *words.THINGS, *words.CONSTANTS.values()]
    texts += [*words.FIRST, *words.MIDDLE, *words.LAST, *words.ONLY]
    texts += [family.pattern for families in FAMILIES.values() for family in families]
    found = {word for text in texts for word in re.findall("[A-Za-z]+", words.pattern_text(text))}
    # A word at the start of a text has no space before it.
    starts = {word for word in found if word[0].isupper()}
    pieces = [*SPECIAL, "\n", " "]
    pieces += [space + mark for space in ("", " ") for mark in "0123456789" + _PUNCTUATION]
    return pieces + sorted(starts) + sorted(f" {word}" for word in found)


def build_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer with decode(encode(text)) == text on every text of the pocket world.

    It puts one BOS in front and never an EOS.
    """
    return tokenizer_of(vocabulary(), _PIECE)


def tokenizer_of(pieces: list[str], pattern: str) -> PreTrainedTokenizerFast:
    """A word-level tokenizer of these pieces, in id order. pattern: a regular expression that cuts a text into them."""
    ids = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, ids[BOS])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        unk_token=UNKNOWN,
        padding_side="left",
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )
