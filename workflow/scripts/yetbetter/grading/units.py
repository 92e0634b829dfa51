r"""Units behind (or currency before) a value, in one spelling: "square feet" and "\text{ ft}^2" are foot^2."""

import re

TEXT_UNIT = re.compile(r"(?P<core>[^\\]?.*?) ?\\text ?\{(?P<unit>[^{}\\]{1,60})\} ?(?:\^ ?\{? ?(?P<power>[23]) ?\}?)?")
PLAIN_UNIT = re.compile(
    r"(?P<core>.*[\d)}\]]) ?(?P<unit>(?<= )[a-zA-Z]{2,20}(?:[ /.-]{1,2}[a-zA-Z]{1,20}){0,3}|[a-zA-Z]{1,4})\.?"
    r" ?(?:\^ ?\{? ?(?P<power>[23]) ?\}?)?"
)
ENDING = re.compile(r"(?P<core>.*[^\\]) ?(?:(?P<percent>%)|(?P<degree>\\degree)|(?P<dollar>\\dollar|€|£|¥))", re.DOTALL)
TRIGONOMETRY = re.compile(r"sin|cos|tan|sec|csc|cot")
BEFORE = re.compile(r"(?P<sign>-? ?)(?:\\dollar|(?P<other>€|£|¥|Rs\.?)) ?(?P<core>[-\d.].*)", re.DOTALL)
SPELLINGS = {
    "degree": "degree degrees deg",
    "percent": "percent pct percentage",
    "dollar": "dollar dollars usd buck bucks",
    "cent": "cent cents",
    "centimeter": "cm centimeter centimeters centimetre centimetres",
    "millimeter": "mm millimeter millimeters",
    "meter": "m meter meters metre metres",
    "kilometer": "km kilometer kilometers kilometre kilometres",
    "inch": "in inch inches",
    "foot": "ft foot feet",
    "yard": "yd yard yards",
    "mile": "mi mile miles",
    "hour": "h hr hrs hour hours",
    "minute": "min mins minute minutes",
    "second": "s sec secs second seconds",
    "day": "day days",
    "gram": "g gram grams",
    "kilogram": "kg kilogram kilograms",
    "pound": "lb lbs pound pounds",
    "liter": "l liter liters litre litres",
    "unit": "unit units un",
    "mph": "mph",
    "square": "square sq",
    "cubic": "cubic cu",
}
KNOWN = {word: unit for unit, words in SPELLINGS.items() for word in words.split()}
# Words that make a phrase something else than a unit.
NO_UNIT = frozenset(
    [
        "is",
        "are",
        "was",
        "be",
        "not",
        "no",
        "or",
        "and",
        "the",
        "a",
        "an",
        "if",
        "so",
        "than",
        "more",
        "less",
        "least",
        "most",
        "at",
        "because",
        "but",
        "for",
        "to",
        "with",
        "when",
        "where",
        "which",
        "hundred",
        "thousand",
        "million",
        "billion",
        "trillion",
        "dozen",
        "half",
        "times",
        "plus",
        "minus",
        "over",
        "pi",
        "sqrt",
        "sin",
        "cos",
        "tan",
        "log",
        "ln",
        "exp",
        "theta",
        "infinity",
        "inf",
        "all",
        "none",
        "any",
        "only",
        "either",
        "both",
        "about",
        "almost",
        "approximately",
        "solution",
        "solutions",
        "pm",
        "am",
        "mod",
        "base",
    ]
)


def split_unit(text: str) -> tuple[str, str | None]:
    """(value's text, unit or None) of a cleaned answer of one quantity."""
    if len(text) > 400 or (text.isalnum() and text[-1:].isdigit()):
        return text, None
    match = BEFORE.fullmatch(text)
    if match:
        return match["sign"].strip() + match["core"], match["other"] or "dollar"
    match = ENDING.fullmatch(text)
    if match and not (match["degree"] and TRIGONOMETRY.search(text)):
        unit = "percent" if match["percent"] else "degree" if match["degree"] else "dollar"
        return match["core"].strip(), unit
    if "\\text" in text:
        match = TEXT_UNIT.fullmatch(text)
        if match and "\\text" not in match["core"] and match["core"].strip():
            unit = spell(match["unit"], match["power"], known_only=False)
            return (match["core"].strip(), unit) if unit else (text, None)
        return text, None
    if text[-1:].isalpha() or "^" in text:
        match = PLAIN_UNIT.fullmatch(text)
        if match:
            glued = len(match["unit"]) <= 4 and " " not in match["unit"]
            unit = spell(match["unit"], match["power"], known_only=glued)
            if unit and not (glued and len(match["unit"]) == 1):
                return match["core"].strip(), unit
    return text, None


def spell(phrase: str, power: str | None, known_only: bool) -> str | None:
    """One spelling of a unit; None where the phrase is none."""
    words = re.findall(r"[^\W\d_]+", phrase.casefold())
    if not words or len(words) > 4 or NO_UNIT.intersection(words) or re.search(r"\d", phrase):
        return None
    if known_only and not all(word in KNOWN for word in words):
        return None
    names = [KNOWN.get(word, word if len(word) < 4 else word.removesuffix("s")) for word in words]
    if "square" in names and len(names) > 1:
        names.remove("square")
        power = "2"
    if "cubic" in names and len(names) > 1:
        names.remove("cubic")
        power = "3"
    return " ".join(names) + (f"^{power}" if power else "")
