"""The answer of a text that states none in a known way: its last formula, bracket or number."""

import re

from yetbetter.grading.denials import denial_before, sentence_of
from yetbetter.grading.grammar import parse
from yetbetter.grading.normalisation import clean
from yetbetter.grading.statements import BETWEEN, NUMBER, trim
from yetbetter.grading.tokens import Refused

PROSE = re.compile(r"(?<![\\a-zA-Z{])(?!(?:and|or|sqrt|sin|cos|tan|log|ln|pi|pct|cm|km)\b)[a-zA-Z]{2,}")
MATH = re.compile(
    r"\$\$(?P<a>[^$]{1,2000})\$\$|\$(?P<b>(?:[^$\\]|\\.){1,2000})\$|\\\[(?P<c>.{1,2000}?)\\\]|\\\((?P<d>.{1,2000}?)\\\)",
    re.S,
)
ITEM = r"\s{0,4}[-+\u2212]?\s?(?:\d[\d.]{0,40}(?:/\d{1,40})?|\u221e|\\?inf(?:ty|inity)?|\\?pi|\u03c0|[a-z])\s{0,4}"
BRACKET = rf"(?<![\w\\])(?:[(\[{{]{ITEM}(?:,{ITEM}){{1,20}}[)\]}}])"
# A point, an interval, a set, and a union of such.
BRACKETS = re.compile(rf"{BRACKET}(?:\s?(?:\u222a|\\cup|U)\s?{BRACKET}){{0,8}}")
# "(see step 2)" at the end of the text.
REFERENCE = re.compile(
    r"\s?\((?:see|from|by|using|as|since|because|step|eq)\b[^()\n]{1,100}\)[\s.]{0,20}$", re.IGNORECASE
)
VALUE = r"[-+\u2212]?\s?\d[\d.]{0,40}(?:/\d{1,40})?(?<!\.)"
NAMED_VALUES = re.compile(
    rf"(?<![a-zA-Z\\])(?P<name>[a-zA-Z])\s?=\s?{VALUE}(?:\s?,?\s?(?:and|or|,)\s(?P=name)\s?=\s?{VALUE}){{1,20}}"
)
RATIO = re.compile(r"(?<![\w.:])\d{1,9}(?::\d{1,9}){1,4}$")
# "So it is minus 3", but not "12 minus 3".
NEGATED = re.compile(r"(?:\bnegative|(?:^|\b(?:is|are|be|gives?|gets?|equals?|to)|[:=]) ?minus) $", re.IGNORECASE)
# "are 3 and 5", "roots: 3, $5$", "x = 3 or 5", "3 and 5 are the solutions": all values, not the last one.
ITEM = (
    r"(?:\$(?=\S)[^$\n]{1,80}(?<=\S)\$|\\\([^\n]{1,80}?\\\)"
    r"|[-+\u2212]?[$\u20ac\u00a3]?(?:\d{1,3}(?:,\d{3})+|\d{1,40})(?:\.\d{1,40})?(?:/\d{1,40})?%?(?![\w/^]|,\d{3}(?!\d)))"
)
ITEMS = rf"(?P<items>{ITEM}(?:(?:\s?[,;]\s?(?:and |or )?|\s(?:and|or|&)\s){ITEM}){{1,20}})"
PLURALS = r"(?:solutions|roots|zeros|zeroes|answers|values|possibilities|intercepts|numbers)"
PLURAL = [
    re.compile(rf"{start}{ITEMS}{end}")
    for start, end in [
        (r"\b(?:are|were)(?: [a-z]{4,12})?:?\s{1,3}", r"(?=(?:\s[a-zA-Z/]{1,20}){0,3}(?:\s?[.,;:!)*\n]|\s?$))"),
        (rf"\b{PLURALS}(?: (?:of|for) [a-z])?:\**\s{{1,3}}", r"(?=(?:\s[a-zA-Z/]{1,20}){0,3}(?:\s?[.;!)*\n]|\s?$))"),
        (r"(?:\b(?:is|be)(?: either)?|(?<![a-zA-Z\\])[a-zA-Z]\s?=)\s", r"(?=\s?[.;!)*\n]|\s?$)"),
    ]
]
ARE_PLURAL = re.compile(rf" are (?:[a-z]{{2,10}} ){{0,4}}{PLURALS}\b")
PLURAL_BEFORE = re.compile(rf"(?<![^\s(]){ITEMS}$")
MAX_LIST = 600
# Directly before the last of several values.
SEPARATED = re.compile(r"(?:[,;&]|\b(?:and|or))\s{0,3}[-+\u2212$\u20ac\u00a3]{0,2}$")
LAST_DIGIT = re.compile(r".*\d", re.DOTALL)
CLOSING = re.compile(r"[)\]}]")
MAX_TAIL = 20_000


def last_number(text: str) -> str | None:
    """The text's last number. A search line by line from the end is fastest; no number spans two lines."""
    place = len(text)
    while digit := LAST_DIGIT.match(text, 0, place):
        place = text.rfind("\n", 0, digit.end()) + 1
        end = text.find("\n", digit.end())
        numbers = NUMBER.findall(text[place : end if end >= 0 else len(text)])
        if numbers:
            return numbers[-1]
    return None


def last_values(tail: str) -> str | None:
    """The values of a sentence that lists several ("the roots are 3 and 5"), if no other number follows."""
    start = max(len(tail) - MAX_LIST, 0)
    said = ARE_PLURAL.search(tail, start)
    before = PLURAL_BEFORE.search(tail, max(said.start() - 120, 0), said.start()) if said else None
    for matches in ([before] if before else [], *(pattern.finditer(tail, start) for pattern in PLURAL)):
        for match in matches:
            items = match["items"]
            if LAST_DIGIT.match(tail, match.end()) or "$" in tail[match.end() :]:
                continue
            if re.search(r"\d", MATH.sub("", items)):  # a list of formulas alone is joined below
                return items
    return None


def undenied(tail: str, place: int, tries: int) -> tuple[bool, str | None]:
    """(whether the value at `place` is denied, what is stated instead): in "it is 41, not 42" the value before it, else
    the sentence itself, which equals no value."""
    denied = denial_before(tail, place)
    if denied is None:
        return False, None
    start, end = sentence_of(tail, denied)
    if tries and re.search(r"[\d$]", tail[start:denied]):
        return True, last_formula(tail[:denied], tries - 1)
    return True, trim(tail[start:end])


def last_formula(text: str, tries: int = 3) -> str | None:
    """A short text that is one formula; else what follows the last $...$ (a number or bracket), or its content."""
    text = text.removeprefix("A: ")
    if len(text) <= 200 and not any(mark in text for mark in ("$", "\\(", "\\[")) and not PROSE.search(text):
        try:
            parse(clean(text))
            return trim(text)
        except Refused:
            pass
    tail = text[-MAX_TAIL:]
    if tail.rstrip(" .\n").endswith(")"):
        tail = REFERENCE.sub("", tail)
    tail = tail[max(tail.rfind("Final Answer:"), 0) :]
    formulas = list(MATH.finditer(tail))
    rest = tail[formulas[-1].end() :] if formulas else tail
    last = last_number(rest)
    end = len(tail) - len(rest) + rest.rfind(last) if last else formulas[-1].start() if formulas else 0
    if SEPARATED.search(tail, max(end - 12, 0), end) and (values := last_values(tail)):
        return values
    if last:
        place = rest.rfind(last)
        denied, stated = undenied(tail, end, tries)
        if denied:
            return stated
        if rest[:place].endswith(("=", "= ")):
            start = max(place - 400, 0)
            named = [found for found in NAMED_VALUES.finditer(rest, start) if found.end() == place + len(last)]
            if named:  # x = 2 and x = -3
                return named[0][0]
        ratio = RATIO.search(rest, max(place - 40, 0), place + len(last)) if rest[place - 1 : place] == ":" else None
        if ratio:
            return ratio[0]
        value = f"-{last}" if NEGATED.search(rest[max(place - 30, 0) : place]) else last
        if not CLOSING.search(rest, place, place + len(last) + 40):
            return value
        brackets = [match for match in BRACKETS.finditer(rest) if match.end() > place]
        return brackets[-1][0] if brackets else value
    if not formulas:
        return trim(text)
    joined = [formulas[-1]]
    for match in reversed(formulas[:-1]):
        gap = tail[match.end() : joined[-1].start()]
        if len(gap) > 20 or not gap.strip() or not BETWEEN.fullmatch(gap):
            break
        joined.append(match)
    denied, stated = undenied(tail, joined[-1].start(), tries)
    if denied:
        return stated
    return ", ".join(next(group for group in match.groups() if group is not None).strip() for match in reversed(joined))
