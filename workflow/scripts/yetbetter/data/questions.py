"""Whether two texts are the same question in different spellings."""

import re
import unicodedata

# Characters that are not drawn (Unicode's Default_Ignorable_Code_Point: soft hyphens, zero-width spaces and joiners,
# directions, variation selectors), and control characters that are not white space.
UNSEEN = re.compile(
    "[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]+"
)
# Typeset quotes and dashes, which editors put in for plain ones.
PLAIN = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4`"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"), '"'),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-"),
}
# Compatibility forms with a meaning of their own: x squared is not x2, and one half is not 12.
MEANT = ("<super>", "<sub>", "<fraction>", "<font>", "<circle>")
# White space between digits counts: 1 23 is not 12 3.
SPACE = re.compile(r"(?<!\d)\s+|\s+(?!\d)")


def question_identity(question: str) -> str:
    """A key for all spellings of a question: without white space, case, Unicode form and invisible characters."""
    text = question if question.isascii() else "".join(map(plain_form, question.translate(PLAIN)))
    text = unicodedata.normalize("NFC", UNSEEN.sub("", text).casefold())
    return re.sub(r"\s+", " ", SPACE.sub("", text.strip()))


def plain_form(character: str) -> str:
    """A character's compatibility form (wide and narrow letters, ligatures, no-break spaces), if it means the same."""
    if unicodedata.decomposition(character).startswith(MEANT):
        return character
    return unicodedata.normalize("NFKD", character)
