r"""Fonts in LaTeX answers: words in any font become \text, values in a font of text become values.

\mathrm{~cm} and {\rm cm} behind a number are words; \mathrm{E} is a letter. \text{13 miles} and \textbf{6} are values.
"""

import re

from yetbetter.grading.names import FUNCTIONS, GREEK
from yetbetter.grading.unit_names import KNOWN, SYMBOLS, WRITTEN_OUT
from yetbetter.grading.words import is_word

MATH_FONTS = r"\\(?:mathrm|mathbf|mathit|mathsf|mathnormal|boldsymbol|bm|operatorname\*?|emph)"
# {\rm cm}, \rm{cm}, \mathrm{18~eggs}, \frac{\mathrm{km}}{\mathrm{h}}
SWITCHED = re.compile(r"\\(?:rm|bf|it|sf) ?(?=\{)")
VALUE_AND_WORDS = re.compile(
    MATH_FONTS + r" ?\{(?P<value> ?[-+]?\d[\d.,]{0,40}(?:[~ ]|\\[ ,;:!])+[a-zA-Z][a-zA-Z~ .]{1,60})\}"
)
RATE = re.compile(
    r"\\[dt]?frac ?\{ ?"
    + MATH_FONTS
    + r" ?\{([~ a-zA-Z]{1,30})\} ?\} ?\{ ?"
    + MATH_FONTS
    + r" ?\{([~ a-zA-Z]{1,30})\} ?\}"
)
FONT_SWITCH = re.compile(r"\{ ?\\(?:rm|bf|it|sf)(?![a-zA-Z])([^{}]{1,80})\}")
STYLED_WORDS = re.compile(
    r"(?:(?P<behind>[\d)}\]%!/]|\\circ|\\degree|\\pi|(?P<letter>(?<=\d)[a-z])|"
    r"(?:(?<=[a-zA-Z]\})|(?<=\^[23])|(?<=[23]\})) ?\\cdot(?![a-zA-Z]))(?P<gap>(?:[~ ]|\\[,;:! ]){0,4}))?"
    + MATH_FONTS
    + r" ?\{(?P<words>(?:[~\s]|\\[ ,;:!]){0,20}"
    + r"[a-zA-Z](?:[a-zA-Z0-9~\s./,'^*-]|\\[ ,;:!]|\\cdot(?![a-zA-Z])|\^ ?\{-?\d\}){0,80})\}"
)
SHORT_UNIT = re.compile(r"[ap]\.? ?m\.?|st|nd|rd|th|" + "|".join(WRITTEN_OUT), re.IGNORECASE)
SPACE = re.compile(r"~|\\[ ,;:!]|\\cdot")
EXPONENT = re.compile(r"\^ ?\{(-?\d)\}")
STYLED = re.compile(rf"(?:{MATH_FONTS}|\\mathcal)(?![a-zA-Z])")
TEXTUAL = re.compile(r"\\(?:textbf|textit|textrm|textsf|texttt|textnormal|textup|mbox|hbox|text)(?![a-zA-Z])[ ]?")
NESTED = re.compile(r"\\text ?\{([^{}]{0,80})\\text ?\{([^{}]{0,200})\}([^{}]{0,80})\}")
# Text that opens with a number, a formula or "x =" is a value. Behind a number or as an index it stays text.
VALUE = re.compile(
    r"(?<![\d_^])(?<![_^]\{)\\text ?\{"
    r"( ?(?:[-+]? ?(?:\\dollar ?)?[\d.]|\\[fs]|[a-zA-Z] ?=)(?:[^{}]|\{[^{}]{0,40}\}){0,200})\}"
)
LETTERS = re.compile(r"\\text ?\{ ?((?:[A-Z] ?(?:, ?and|,|and) ?){1,20}[A-Z]) ?\}")


def style_words(text: str) -> str:
    r"""Words in a font of mathematics as \text; variables in such a font stay as they are."""
    if "\\rm" in text or "\\bf" in text or "\\it" in text or "\\sf" in text:
        text = FONT_SWITCH.sub(r"\\mathrm{\1}", SWITCHED.sub(r"\\mathrm", text))
    if not has_math_font(text):
        return text
    if "frac" in text:
        text = RATE.sub(r"\\text{\1}/\\text{\2}", text)
    text = VALUE_AND_WORDS.sub(lambda match: rf"\text{{{spaced(match['value'])}}}", text)
    return STYLED_WORDS.sub(styled_words, text)


def spaced(words: str) -> str:
    """Words with plain blanks instead of LaTeX's spaces, and exponents without braces."""
    return EXPONENT.sub(r"^\1", SPACE.sub(" ", words)).strip()


def has_math_font(text: str) -> bool:
    return "\\math" in text or "\\bm" in text or "\\bold" in text or "\\oper" in text or "\\emph" in text


def styled_words(match: re.Match) -> str:
    words = spaced(match["words"])
    first = re.match("[a-zA-Z]+", words)[0]
    if words in ("or", "and"):
        return f"{match['behind'] or ''} \\text{{ {words} }}"
    # A letter behind a letter or pi is a factor, as in 2\pi\mathrm{h}; metres and seconds behind pi are units.
    if (match["letter"] or match["behind"] == r"\pi") and len(words) == 1 and (match["letter"] or words not in "ms"):
        return match[0]
    if match["behind"] and (first in SYMBOLS or first.casefold() in KNOWN or SHORT_UNIT.fullmatch(words)):
        return f"{match['behind']} \\text{{ {words}}}"
    if len(first) < 3 or first in FUNCTIONS or first in GREEK or not is_word(first):
        return match[0]
    return f"{match['behind'] or ''}{match['gap'] or ''}\\text{{{' ' if match['behind'] else ''}{words}}}"


def drop_fonts(text: str) -> str:
    r"""Without fonts of mathematics; all fonts of text as \text, and values out of it."""
    if has_math_font(text):
        text = STYLED.sub("", text)
    if "\\text" in text or "box" in text:
        text = TEXTUAL.sub(r"\\text", text)
    if "\\text" not in text:
        return text
    for _ in range(3):
        text, found = NESTED.subn(r"\\text{\1\2\3}", text)
        if not found:
            break
    return LETTERS.sub(r"\1", VALUE.sub(r" \1 ", text))
