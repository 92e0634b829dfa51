r"""Words around an answer: "\text{Area} = 5", "cx \text{ for all } x", "72 (since 6 * 12 = 72)", "(A) 5".

Cleaned answers are split into the value and the words around it; the value itself is not changed.
"""

import re
from typing import NamedTuple

from yetbetter.grading.names import listed
from yetbetter.grading.numerals import read_words
from yetbetter.grading.rationals import read_number
from yetbetter.grading.unit_names import FILLERS, KNOWN
from yetbetter.grading.words import changes_value, is_contracted_denial, is_word, words_of

MAX_LENGTH = 1_000
# A word outside of LaTeX commands. Without one there is nothing to remove.
ANY_WORD = re.compile(
    r"(?<![\\a-zA-Z])[a-zA-Z]{2,}|\\text|\((?:=|\\approx)"
    r"|^ ?(?:\( ?[A-J] ?\) ?[\d\\]|\\det|\\#|[A-Z] ?[(\[]|[a-zA-Z]_ ?\{? ?\\m)|\\mathbb"
)
CONDITION = re.compile(
    r"(?P<core>.*?[^\s,;(]) ?[,;:]? ?(?:\\text ?\{ ?,? ?\(? ?|(?<![a-zA-Z\\])\(? ?)"
    r"(?P<condition>(?:for|where|when|whenever|if|with|such that|provided|assuming|because|since|given|so that"
    r"|as long as|as (?:the|we|it|there|this|that)|valid for)\b.*)",
    re.DOTALL,
)
# x^2, x \ne 0 and k\pi, k \in \mathbb{Z}
DOMAIN = re.compile(
    r"(?P<core>.*?[^\s,;(]) ?(?:[,;] ?\(? ?|\()(?P<condition>[a-zA-Z](?: ?, ?[a-zA-Z])? ?"
    r"(?:\\in ?\\mathbb|\\in ?\{ ?\\mathbb|\\in [ZNRQC]\b|\\ne ?-?\d).{0,40})",
    re.DOTALL,
)
EXPLAINED = re.compile(
    r"(?P<core>.*[^\s,;]) ?(?:[,;] ?)?(?:(?<= )(?<!\{ )\(|\\text ?\{ ?\()(?P<inside>[^()]{2,300})\) ?\}?"
    r"|(?P<rest>.*[^\s,;]) ?\( ?\\text ?\{(?P<words>[^{}()]{2,200})\} ?\)",
    re.DOTALL,
)
PROSE = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{2,}")
ALTERNATIVE = re.compile(
    r" ?(?:or|i\.e\.,?|that is,?|about|approximately|approx\.?|=|\\approx|\\text ?\{ ?or ?\}) ?[^a-zA-Z]*"
)
LABEL = re.compile(
    r"(?:\\text ?\{ ?(?P<text>[a-zA-Z][^{}\\=<>]{0,80})\}|(?P<plain>[a-zA-Z]{3,20}(?: [a-zA-Z]{1,20}){0,8}))"
    r" ?(?P<sign>=|:|(?<=is )|(?<=are )|\\approx) ?(?P<value>[^=<>:]+)",
    re.DOTALL,
)
SAID = re.compile(
    r"\\text ?\{ ?(?P<text>[^{}\\=<>]{0,80}?(?:=|:|\bis|\bare|\bequals)) ?\}"
    r" ?(?P<value>(?:[a-zA-Z](?: ?\([a-z]\))? ?= ?)?[^=<>:]+)",
    re.DOTALL,
)
IS = re.compile(
    r"(?P<name>[a-zA-Z]) ?(?:\\text ?\{ ?)?(?<![a-zA-Z])(?:is(?: equal to)?|equals) ?\}? ?"
    r"(?P<value>-? ?[\d\\][^=<>]{0,200})"
)
# e^x (x > 0): a range of a letter of the formula.
RANGE = re.compile(
    r"(?P<core>[^<>,;]*?[^\s,;(<>]) ?(?:[,;] ?\(? ?|\( ?)"
    r"(?P<condition>(?:-?\d{1,9} ?(?:<|\\le) ?)?(?P<letter>[a-zA-Z]) ?"
    r"(?:[<>]=?|\\[lg]e) ?-?(?:\d{1,9}|\\pi|\\infty) ?\)?)"
)
RELATION = re.compile(r"[<>]|\\(?:[lgn]e|in)(?![a-z])")
# Text that only names a quantity, and is not a formula: \det A, \#S, \mathbb{E}[X], P(A|B), \text{Area of } ABC.
NAMED = re.compile(
    r"(?:\\det|\\#|\\mathbb ?\{ ?[EPV] ?\}|E ?\[|P ?\([^()=]{1,40}?(?:\||\\vert)|Var ?\(|[a-zA-Z]_ ?\{? ?\\(?:min|max)"
    r"|\\text ?\{ ?(?P<text>[a-zA-Z][^{}\\=<>]{0,80})\} ?(?:\(|\\triangle|[A-Z]{1,4}(?![a-zA-Z])))"
    r"[^=<>:]{0,60}= ?(?P<value>[^=<>:]+)",
    re.DOTALL,
)
# The point P(1, 2).
POINT = re.compile(r"[A-Z] ?(?P<value>\( ?-? ?[\d\\].*,.*\))", re.DOTALL)
OPENERS = listed("as by")
NO_LABEL = listed("not no never cannot least most if or and when unless")
GENERIC = listed("answer final result solution value number total so thus therefore hence let have get")
WHOLE_TEXT = re.compile(r"\\text ?\{ ?([^{}]{0,200})\}")
# Words that do not change the value behind them, unlike "at least" and "not".
LEAD = re.compile(
    r"(?:\\text ?\{ ?)?(?:(?:so|then|thus|therefore|hence|simply|exactly|only|just|about|approximately|approx\.?"
    r"|likely|probably|indeed|clearly|obviously|actually|definitely|certainly|surely|now|equal to|(?:the |a )?ratio of"
    r"|ans\.?|answer|roughly|around|nearly|(?:a )?total of"
    r"|option|choice),? )+(?:\} ?)?"
    r"(?=[\d\\$(-]|[A-J] ?\}?$|[a-zA-Z] ?=)",
    re.IGNORECASE,
)
OPTION = re.compile(r"(?:\\text ?\{ ?)?\( ?[A-J] ?\) ?\}? ?(?P<value>-?(?:\d|\\frac|\\sqrt|\\dollar).*)", re.DOTALL)
CHOICE = re.compile(r"(?:\\text ?\{ ?)?\(? ?(?P<letter>[A-J]) ?(?:[).:]|\)?\} ?[).:]?) ?\}?(?P<rest>.*)", re.DOTALL)


class Phrase(NamedTuple):
    """An answer in its parts: "Area = cx for all x > 0" has the value "cx", and a label and a condition."""

    value: str
    condition: str = ""
    label: frozenset[str] = frozenset()


def has_words(text: str) -> bool:
    return ANY_WORD.search(text) is not None


def read_phrase(text: str, worded: bool = True) -> Phrase:
    """The parts of a cleaned answer. worded: whether it `has_words`."""
    if len(text) > MAX_LENGTH:
        return Phrase(text)
    condition = ""
    if "\\in" in text or "\\ne" in text:
        match = DOMAIN.fullmatch(text)
        if match and is_value(match["core"]) and "\\ne" not in match["core"]:
            text, condition = match["core"], match["condition"]
    elif "<" in text or ">" in text or "\\le" in text or "\\ge" in text:
        match = RANGE.fullmatch(text)
        if match and is_value(match["core"]) and is_about(match["core"], match["letter"]):
            text, condition = match["core"], match["condition"].rstrip(" )")
    if not worded:
        return Phrase(text, condition)
    match = CONDITION.fullmatch(text)
    if match and is_value(match["core"]) and not is_piecewise(match["condition"]):
        text, condition = match["core"], condition + match["condition"]
    value, label = split_label(without_explanation(text))
    return Phrase(value, condition, label)


def is_value(core: str) -> bool:
    """Whether this may be an answer: not the start of a sentence, brackets closed."""
    return (
        (not PROSE.search(core) or re.search(r"[\d\\=^]", core) is not None or " " not in core)
        and core.count("(") + core.count("[") == core.count(")") + core.count("]")
        and core.count("{") == core.count("}")
    )


def is_about(core: str, letter: str) -> bool:
    """Whether the letter is a variable of a formula that is not itself an inequality."""
    return not RELATION.search(core) and re.search(rf"(?<![\\a-zA-Z]){letter}(?![a-zA-Z])", core) is not None


def is_piecewise(condition: str) -> bool:
    """Whether there are several cases, or a number that belongs to the answer ("4 with remainder 2")."""
    cases = re.findall(r"\b(?:for|if|when|otherwise)\b", condition)
    return (
        len(cases) > 1 or re.search(r"\bremainder\b|\bmultiplicity\b|\btext ?\{ ?(?:and|or)\b", condition) is not None
    )


def without_explanation(text: str) -> str:
    """Without words in brackets at the end; "(mod 7)" and "(base 2)" are not explanations."""
    if not text.rstrip("} ").endswith(")"):
        return text
    match = EXPLAINED.fullmatch(text)
    if not match:
        return text
    core, inside = match["core"] or match["rest"], match["inside"] or match["words"]
    if not is_value(core):
        return text
    said = read_words(inside)
    if ALTERNATIVE.fullmatch(inside) or (said is not None and said == read_number(core)):
        return core
    words = words_of(re.sub(r"\\text", " ", inside))
    prose = PROSE.findall(re.sub(r"\\(?!text)[a-zA-Z]+", " ", inside))
    if not any(is_word(word) or word in KNOWN or word in OPENERS for word in prose) or changes_value(words[:2]):
        return text
    return core


def split_label(text: str) -> tuple[str, frozenset[str]]:
    r"""The value and the words of the name before it: "\text{Area} = 5", "Total cost: 5", "The area is 5", "(A) 5"."""
    match = OPTION.fullmatch(text)
    if match:
        return match["value"], frozenset()
    match = LEAD.match(text)
    if match:
        text = text[match.end() :]
        text = text.rstrip("} ") if "{" not in text else text
    match = NAMED.fullmatch(text) or POINT.fullmatch(text)
    if match:
        return match["value"].strip(), frozenset(words_of(match.groupdict().get("text") or "")) - FILLERS - GENERIC
    match = IS.fullmatch(text)
    if match:
        return f"{match['name']} = {match['value']}", frozenset()
    whole = WHOLE_TEXT.fullmatch(text)
    match = SAID.fullmatch(text) or LABEL.fullmatch(whole[1] if whole else text)
    if not match:
        return text, frozenset()
    words = frozenset(words_of(match.groupdict().get("text") or match["plain"]))
    styled = match.groupdict().get("text") and any(len(word) > 1 for word in words)
    if not (styled or any(is_word(word) for word in words)) or words & NO_LABEL:
        return text, frozenset()
    if any(map(is_contracted_denial, words)):
        return text, frozenset()
    if not re.search(r"[\d\\]|^ ?[a-zA-Z]$", match["value"]):
        return text, frozenset()
    return match["value"].strip(), words - FILLERS - GENERIC


def choice_letter(text: str) -> str | None:
    """The letter of a multiple choice that is followed by its text: "(B) 5", "B. east", "B: 5"."""
    match = CHOICE.fullmatch(text)
    if not match or not match["rest"].strip():
        return None
    # A:B = 1 is a ratio.
    ratio = text[match.start("rest") - 1] == ":" and match["rest"][0].isalpha()
    return None if ratio else match["letter"]
