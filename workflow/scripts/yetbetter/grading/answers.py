"""A final answer as it is compared: its spelling, unit, number and formula. When two numbers are equal."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from yetbetter.grading.golds import are_angles
from yetbetter.grading.grammar import parse
from yetbetter.grading.meanings import meaning_of
from yetbetter.grading.moments import read_moment
from yetbetter.grading.normalisation import canonical, clean
from yetbetter.grading.numerals import read_words, without_multiple
from yetbetter.grading.phrases import has_words, read_phrase
from yetbetter.grading.rationals import read_number
from yetbetter.grading.tokens import Refused
from yetbetter.grading.units import split_unit

MAX_TEXT = 5_000
DOUBLE_ROUNDING = Fraction(1, 10**14)
DECIMAL_COMMA = re.compile(r"[+-]?(?:\d{4,40},\d{1,40}|\d{1,3},(?:\d{1,2}|\d{4,40})|0,\d{1,40})")


# A5_{11} and \text{A5}_{11}: digits above nine, which the grammar would read as a product.
IN_BASE = re.compile(r"(?:(?:\\text ?)?\{ ?)?([0-9A-Z]{1,40}) ?\}? ?_ ?\{? ?(\d\d) ?\}?")
NO_UNIT: frozenset[str] = frozenset()
GROUP_OF_ZEROS = re.compile(r"\d,0\d\d(?!\d)")


class Answer(NamedTuple):
    """An answer as the comparison sees it; trees are made only on request."""

    text: str  # the value alone
    unit: frozenset[str]
    identity: str  # the whole answer's spelling
    number: Fraction | None
    places: int | None  # decimals written
    whole: str = ""  # the whole answer, cleaned
    condition: str = ""  # when the value holds, in words
    label: frozenset[str] = frozenset()  # words of the name before the value
    moment: tuple | None = None

    def trees(self) -> tuple[tuple, ...]:
        return trees_of(self.text)


@lru_cache(maxsize=20_000)
def read(text: str) -> Answer:
    """An answer's readings. Text above MAX_TEXT characters keeps only its spelling."""
    if len(text) > MAX_TEXT:
        return Answer(text, NO_UNIT, text.strip(), None, None, text)
    cleaned = clean(text)
    number = read_number(cleaned)
    if number is not None:  # most answers are only a number
        return Answer(cleaned, NO_UNIT, canonical(cleaned), number, places_of(cleaned), cleaned)
    worded = has_words(cleaned)
    phrase = read_phrase(cleaned, worded)
    value, identity = phrase.value, canonical(cleaned)
    if worded:
        identity, formula = meaning_of(identity)
        value = formula or without_multiple(value)
    core, unit = split_unit(value)
    number = read_number(core) if core != cleaned else None
    if number is None and worded:
        number = read_words(phrase.value)
    places = None if number is None else places_of(core)
    moment = read_moment(cleaned) if worded or ":" in cleaned or ".m" in cleaned else None
    return Answer(core, unit, identity, number, places, cleaned, phrase.condition, phrase.label, moment)


def places_of(number: str) -> int | None:
    return len(number.rpartition(".")[2]) if "." in number else None


@lru_cache(maxsize=20_000)
def trees_of(text: str) -> tuple[tuple, ...]:
    """The formula's readings: with 1,234 as one number, and as two. Empty if the grammar refuses the text."""
    based = IN_BASE.fullmatch(text)
    if based and not based[1].isdigit():
        return (("base", based[1], int(based[2])),)
    found = []
    # 1,000 has one reading: no list has an item 000.
    for thousands in (True, False) if "," in text and not GROUP_OF_ZEROS.search(text) else (True,):
        try:
            tree = parse(text, thousands)
        except (Refused, RecursionError):
            continue
        if tree not in found and tree[0] != "text":
            found.append(tree)
    return tuple(found)


def as_gold(answer: Answer) -> Answer:
    """The gold answer as a list if it is a pair of angles such as 70,110, although three digits follow the comma."""
    if answer.number is not None and are_angles(answer.text):
        return answer._replace(text=answer.text.replace(",", ", "), number=None)
    return answer


def read_any(text: str) -> Answer:
    # Only short texts are kept: a cache must not hold a hundred answers of a megabyte.
    return read(text) if len(text) <= 1_000 else read.__wrapped__(text)


def with_decimal_comma(a: Answer) -> Answer:
    """Lenient: 1000,99 and 1,5 as decimals, as most of Europe writes them; 1,500 stays 1500."""
    if a.number is not None or not DECIMAL_COMMA.fullmatch(a.text):
        return a
    text = a.text.replace(",", ".")
    return a._replace(number=read_number(text), places=len(text.partition(".")[2]))


def equal_numbers(a: Answer, g: Answer, lenient: bool) -> bool:
    if a.number == g.number:
        return True
    if ((a.places and a.places > 9) or (g.places and g.places > 9)) and equal_doubles(
        a.number, g.number, a.places, g.places
    ):
        return True
    if not lenient:
        return False
    pairs = [(a.number, g.number)]
    if "percent" in a.unit and "percent" not in g.unit:
        pairs.append((a.number / 100, g.number))
    if "percent" in g.unit and "percent" not in a.unit:
        pairs.append((a.number, g.number / 100))
    return any(near(x, y, a.places, g.places) for x, y in pairs)


def near(x: Fraction, y: Fraction, x_places: int | None, y_places: int | None) -> bool:
    """Equal up to the rounding of the coarser decimal (of at least two decimals); whole numbers have to be equal."""
    places = [n for n in (x_places, y_places) if n is not None]
    if not places or min(places) < 2:
        return x == y
    return abs(x - y) <= Fraction(1, 2 * 10 ** min(places))


def equal_doubles(x: Fraction, y: Fraction, x_places: int | None, y_places: int | None) -> bool:
    """If one side is a printed double (15 to 17 significant digits): equal up to a double's rounding."""
    if not is_double(x, x_places) and not is_double(y, y_places):
        return False
    return abs(x - y) <= DOUBLE_ROUNDING * max(abs(x), abs(y))


def is_double(value: Fraction, places: int | None) -> bool:
    return (
        places is not None
        and places <= 40
        and 15 <= len(str(abs(value.numerator * 10**places // value.denominator))) <= 17
    )
