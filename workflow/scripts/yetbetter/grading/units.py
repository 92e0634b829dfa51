r"""Units and words behind (or currency before) a value: "18 eggs", "\text{ ft}^2", "\mathrm{~m/s}", "\$5 a day".

A unit is a set of names in one spelling: "64 square feet" is 64 and {"foot^2"}, "60 mph" 60 and {"mile", "per hour"}.
"""

import re

from yetbetter.grading.tokens import SPELT
from yetbetter.grading.unit_names import (
    CURRENCIES,
    FILLERS,
    KNOWN,
    LETTERS,
    POWERS,
    SCALES,
    SPELLINGS,
    SYMBOLS,
    WRITTEN_OUT,
)
from yetbetter.grading.words import changes_value, is_word, words_of

MAX_LENGTH = 400
VALUE = r"(?:[\d)}\]%!|]|\\pi|\\degree|\\rangle)"
POWER = r"\^ ?\{? ?-? ?[1-3] ?\}?"
# \text{ cm}^2, \text{m}/\text{s}, \text{kg} \cdot \text{m}: groups of words, joined by signs.
GROUPS = re.compile(
    r"(?P<core>[^\\]?.*?) ?(?P<unit>(?:(?<=\d)/ ?)?"
    rf"\\text ?\{{[^{{}}\\]{{1,120}}\}}(?:{POWER}|\\text ?\{{[^{{}}\\]{{1,120}}\}}"
    r"|\\cdot|\\times|[ /.,*-])*)"
)
GROUP = rf"\\text ?\{{[^{{}}\\]{{1,60}}\}}(?:{POWER})?"
# t-shirts, x-rays
ONE_LETTER = re.compile(r"(?<![a-zA-Z])[a-zA-Z]-(?=[a-zA-Z]{3})")
LETTERS_ALONE = re.compile("[a-zA-Z]+")
# Signs between groups of words, and words that only connect them.
JOINTS = re.compile(r"\\text|\\cdot|\\times|[{}]")
LEADING_OVER = re.compile(r"\bin\b(?= *[a-z])|\b(?:an?|each|every) (?:minute|hour|day|week|month|year)\b")
FRACTION_OF_UNITS = re.compile(rf"\\frac ?\{{ ?({GROUP}) ?\}} ?\{{ ?({GROUP}) ?\}}")
PLAIN = re.compile(
    rf"(?P<core>.*{VALUE})(?P<gap> ?)(?P<unit>(?:per |/ ?|an? )?[a-zA-Z][a-zA-Z]*(?:[ .,'/-]{{1,3}}[a-zA-Z]+){{0,15}}"
    rf"(?: ?{POWER}|(?<=[cdkm]m)[23]|(?<= m)[23])?)(?:\.|(?<=s)')?",
    re.DOTALL,
)
# The unit of 45th: a place in an order, which is no number of degrees or eggs.
ORDER = frozenset(["ordinal"])
ORDINAL = re.compile(r"(?P<core>.*\d) ?(?:\^ ?)?\{? ?(?:\\text ?\{ ?)?(?:st|nd|rd|th) ?\}? ?\}?")
ENDING = re.compile(
    r"(?P<core>.*[^\\]) ?(?:(?P<percent>%)|(?P<degree>\\degree)(?: ?(?:\\text ?\{ ?)?(?P<scale>[CFK]) ?\}?)?"
    r"|(?P<currency>\\dollar|[€£¥₹]))",
    re.DOTALL,
)
BEFORE = re.compile(
    r"(?P<sign>-? ?)(?:US|AU|CA)? ?(?P<currency>\\dollar|[€£¥₹]|Rs\.?|USD|EUR|GBP) ?(?P<core>[-\d.\\].*)", re.DOTALL
)
OPENING = frozenset("-\\€£¥₹RUEGAC")
ANY_ENDING = re.compile(r"%|\\d|[€£¥₹]")
# 6' and 6'', feet and inches.
FEET = re.compile(r"(?P<core>-?\d[\d.,/ ]*?) ?(?P<marks>'{1,2})")
# Signs and words between the items of a list. An "and" inside of a group ("cm and ") is moved out of it first.
BETWEEN = re.compile(
    r" ?(?:,? ?\\text ?\{ ?,? ?(?:and|or) ?\}|,(?!\d{3}(?!\d)) ?(?:(?:and|or) )?|(?<![a-zA-Z])(?:and|or)(?![a-zA-Z])) ?"
)
JOINED_INSIDE = re.compile(r"\\text ?\{([^{}]{1,40}?)(,| and|, and| or) ?\}")
ANY_LETTERS = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{1,20}")
TRIGONOMETRY = re.compile(r"sin|cos|tan|sec|csc|cot")
NUMBER_INSIDE = re.compile(r"(?<![\^a-zA-Z-])(?<!\^ )(?<!\^ -)\d")
PIECE = re.compile(r"(?P<word>[^\W\d_]+)|\^ ?\{? ?(?P<power>-? ?\d)|(?P<per>/)|(?P<digit>[23])")


def split_unit(text: str) -> tuple[str, frozenset[str]]:
    """(value's text, names of its unit) of a cleaned answer of one quantity; no names if it has no unit."""
    if not text or len(text) > MAX_LENGTH or text.isdigit():
        return text, frozenset()
    if "," in text or "and" in text or "or" in text:
        found = split_list(text)
        if found:
            return found
    names: set[str] = set()
    match = FEET.fullmatch(text) if text[-1] == "'" else None
    if match:
        return match["core"], frozenset(["foot" if len(match["marks"]) == 1 else "inch"])
    match = BEFORE.fullmatch(text) if text[0] in OPENING else None
    if match:
        text = match["sign"].strip() + match["core"]
        names.add(CURRENCIES.get(match["currency"], "rupee" if match["currency"].startswith("Rs") else "dollar"))
    if "text" in text or text[-1:].isalpha() or "^" in text or text[-1:] in "23.'":
        text, found = split_words(text)
        names |= found
    match = ENDING.fullmatch(text) if ANY_ENDING.search(text) else None
    if match and not (match["degree"] and TRIGONOMETRY.search(text)):
        text = match["core"].strip()
        names.add("percent" if match["percent"] else "degree" if match["degree"] else currency(match["currency"]))
        if match["scale"]:
            names.add(KNOWN[match["scale"].casefold()])
    return text, frozenset(names)


def split_list(text: str) -> tuple[str, frozenset[str]] | None:
    r"""A list whose items have one unit, else None: "3 \text{ cm}, 5 \text{ cm}" is "3; 5" in centimeters."""
    if not ANY_LETTERS.search(text) or any(sign in text for sign in "([=<>"):
        return None
    pieces = BETWEEN.split(JOINED_INSIDE.sub(r"\\text{\1} \2 ", text))
    if not 2 <= len(pieces) <= 20 or not all(piece.strip() for piece in pieces):
        return None
    found = [split_unit(piece.strip()) for piece in pieces]
    units = {unit for _, unit in found}
    if len(units) != 1 or not all(map(is_measure, *units)) or any(ANY_LETTERS.search(core) for core, _ in found):
        return None
    [unit] = units
    return ("; ".join(core for core, _ in found), unit) if unit else None


def currency(sign: str) -> str:
    return CURRENCIES.get(sign, "dollar")


def split_words(text: str) -> tuple[str, frozenset[str]]:
    match = ORDINAL.fullmatch(text)
    if match:
        return match["core"], ORDER
    if "\\text" in text:
        match = GROUPS.fullmatch(FRACTION_OF_UNITS.sub(r"\1/\2", text))
        if not match or "\\text" in match["core"] or not match["core"].strip():
            return text, frozenset()
        phrase = JOINTS.sub(" ", match["unit"])
        if NUMBER_INSIDE.search(phrase) or is_variable(phrase.strip()):
            return text, frozenset()
        core = match["core"].strip()
    else:
        match = PLAIN.fullmatch(text)
        if not match or not is_plain_unit(match["unit"], match["gap"], match["core"]):
            return text, frozenset()
        phrase, core = match["unit"], match["core"]
    words = words_of(phrase)
    if (
        changes_value(words)
        or words[0] in ("squared", "cubed")
        or ("degree" in spell(phrase) and TRIGONOMETRY.search(core))
    ):
        return text, frozenset()
    return core, spell(phrase)


def is_variable(phrase: str) -> bool:
    r"""Whether this is a single letter that is not a unit: 3\text{x}, but 5\text{ N}."""
    return len(phrase) == 1 and phrase not in LETTERS and phrase not in SYMBOLS


def is_plain_unit(phrase: str, gap: str, core: str) -> bool:
    """Whether letters behind a value, outside of \\text, are words and not a product of variables."""
    words = LETTERS_ALONE.findall(ONE_LETTER.sub("", phrase))
    first, rest = words[0], words[1:]
    if phrase[0] == "/":  # $18/day; but 18/m is a fraction
        return all(word in KNOWN and len(word) > 1 for word in words)
    if not gap:
        rate = "/" in phrase and all(word in KNOWN for word in words)
        return core[-1:].isdigit() and (rate or (not rest and is_glued_unit(first)))
    if len(first) == 1 and first != "a":
        per = "/" in phrase or "per" in rest
        return (
            first in LETTERS
            and core[-1:].isdigit()
            and all(w in LETTERS or is_known_or_word(w) for w in rest)
            and (per or not rest)
        )
    return all(is_known_or_word(word) or word == "a" or word in LETTERS for word in words) and (
        len(words[-1]) > 1 or "/" in phrase or "per" in words
    )


def is_glued_unit(word: str) -> bool:
    if word.casefold() in KNOWN or word in WRITTEN_OUT:
        return len(word) > 1
    return is_word(word) and len(word) > 2 and not SPELT.fullmatch(word)


def is_known_or_word(word: str) -> bool:
    small = word.casefold()
    return small in KNOWN or small in WRITTEN_OUT or small in FILLERS or is_word(word)


def spell(phrase: str) -> frozenset[str]:
    """The names of a unit in one spelling, with their powers; filler words are left out."""
    names: list[str] = []
    power = prefix = ""
    for match in PIECE.finditer(expand(phrase)):
        if match["word"]:
            word = KNOWN.get(match["word"]) or singular(match["word"])
            if word == "per":
                prefix = "per "
            elif word in ("square", "cubic"):
                power = "^" + POWERS[word]
            elif word in ("squared", "cubed"):
                if names:
                    names[-1] += "^" + POWERS[word]
            elif word not in FILLERS or (prefix and word in KNOWN.values()):
                names.append(prefix + word + power)
                power = prefix = ""
        elif match["per"]:
            prefix = "per "
        elif names:
            digit = (match["power"] or match["digit"]).replace(" ", "")
            negative = digit.startswith("-")
            names[-1] = ("per " if negative else "") + names[-1] + ("^" + digit[-1] if digit[-1] != "1" else "")
    if power:  # "square" alone
        names.append("square")
    return frozenset(names)


def expand(phrase: str) -> str:
    """In lower case, abbreviations of several words written out, without "in" before a word and without "a day"."""
    phrase = phrase.casefold().replace("'", "")
    for short, long in WRITTEN_OUT.items():
        if short in phrase:
            phrase = re.sub(rf"\b{short}\b", long, phrase)
    phrase = phrase.replace("per cent", "percent")
    return LEADING_OVER.sub(" ", phrase)


def singular(word: str) -> str:
    return word if len(word) < 4 or word.endswith("ss") else word.removesuffix("s")


def conflict(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two units contradict each other. A missing unit fits every other; "ways" fits "different ways"."""
    if not one or not other or one == other:
        return False
    measures, others = ({name for name in unit if is_measure(name)} for unit in (one, other))
    if measures - SCALES != others - SCALES:
        return True
    if measures & SCALES and others & SCALES:
        return measures != others
    return not (measures and others) and not one & other


def is_measure(name: str) -> bool:
    return name.removeprefix("per ").partition("^")[0] in SPELLINGS
