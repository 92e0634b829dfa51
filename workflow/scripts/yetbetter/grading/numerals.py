"""Numbers in words: "forty-two" is 42, "three fourths" 3/4, "2.5 million" 2,500,000, "3 dozen" 36."""

import re
from fractions import Fraction

from yetbetter.grading.names import listed
from yetbetter.grading.unit_names import KNOWN
from yetbetter.grading.words import changes_value, is_word

SMALL = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
ROUND = "twenty thirty forty fifty sixty seventy eighty ninety"
ORDINALS = "third fourth fifth sixth seventh eighth ninth tenth"
ONES = dict(zip(SMALL.split(), range(20), strict=True))
TENS = dict(zip(ROUND.split(), range(20, 100, 10), strict=True))
MULTIPLES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
PARTS = {"half": 2, "halves": 2, "quarter": 4, "quarters": 4}
for part, word in enumerate(ORDINALS.split(), start=3):
    PARTS |= {word: part, word + "s": part}
NUMBER_WORDS = ONES.keys() | TENS.keys() | MULTIPLES.keys()
FIRST_WORDS = "|".join(["negative", "minus", *ONES, *TENS])
OPENING = re.compile(rf"(?:\\text ?\{{ ?)?(?:{FIRST_WORDS})(?![a-z])", re.IGNORECASE)
MARKUP = re.compile(r"\\text|[{}-]")
# "$2.5 \text{ million dollars}", "3 dozen eggs"; "5 thousandths" is another number.
SCALED = re.compile(
    r"(?P<sign>(?:-|\\dollar|[€£¥₹]| ){0,4})(?P<number>\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,12})?) ?"
    r"(?P<open>\\text ?\{)? ?(?P<word>hundred|thousand|million|billion|trillion|dozen)s?(?![a-z])(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
NEGATIVE = re.compile(r"^(?:negative|minus) (?=[\d.\\])")
# Behind a multiple these words continue the number: "2 hundred and five", "5 million 300 thousand".
GOES_ON = NUMBER_WORDS | listed("and or plus minus point to")


def read_words(text: str) -> Fraction | None:
    """The value of a short answer that is a number in words, maybe with one known unit behind it; else None."""
    if len(text) > 80 or not OPENING.match(text):
        return None
    words = MARKUP.sub(" ", text.casefold()).replace(",", " ").split()
    if words[0] in ("negative", "minus"):
        value = value_of(words[1:])
        return None if value is None else -value
    value = value_of(words)
    return value_of(words[:-1]) if value is None and counts(words) else value


def counts(words: list[str]) -> bool:
    """Whether the last word names the things counted: "five apples", but not "one reason"."""
    last = words[-1]
    return last in KNOWN or (words[0] != "one" and len(last) > 2 and is_word(last) and not changes_value([last]))


def value_of(words: list[str]) -> Fraction | None:
    if len(words) == 2 and words[1] in PARTS and words[0] in ONES:
        return Fraction(ONES[words[0]], PARTS[words[1]])
    return whole(words)


def whole(words: list[str]) -> Fraction | None:
    """A whole number in words; None for anything else ("six seven")."""
    total = group = 0
    room = 10**15  # what the next word has to stay below: "twenty" leaves room for ones alone
    before = None
    for word in words:
        if word == "and" and before in MULTIPLES and before != "dozen":
            continue
        if word in ONES and ONES[word] < room and not (before and word == "zero"):
            group, room = group + ONES[word], 1
        elif word in TENS and TENS[word] < room:
            group, room = group + TENS[word], 10
        elif word in ("hundred", "dozen") and 0 < group < 100:
            group, room = group * MULTIPLES[word], 100 if word == "hundred" else 1
        elif MULTIPLES.get(word, 0) >= 1_000 and group and (not total or total % (MULTIPLES[word] * 1_000) == 0):
            total, group, room = total + group * MULTIPLES[word], 0, 1_000
        else:
            return None
        before = word
    return Fraction(total + group) if before else None


def without_multiple(text: str) -> str:
    r"""2.5 \text{ million dollars} as 2500000 \text{ dollars}; -7 for negative 7, minus 7; any other text as it is."""
    text = NEGATIVE.sub("-", text)
    match = SCALED.fullmatch(text)
    if not match:
        return text
    behind = re.findall(r"[a-z]+|\d", match["rest"].casefold().replace("\\text", ""))
    if behind[:1] and (behind[0] in GOES_ON or behind[0].isdigit()):
        return text
    value = Fraction(match["number"].replace(",", "")) * MULTIPLES[match["word"].casefold()]
    if value.denominator != 1:
        return text
    rest = match["rest"].strip()
    if match["open"]:
        rest = "" if rest == "}" else f"\\text{{ {rest}"
    return f"{match['sign']}{value} {rest}".strip()
