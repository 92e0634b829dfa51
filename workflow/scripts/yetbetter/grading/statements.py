"""Where a text states no answer in a known way: its last formula or number; and the number of a line."""

import re

from yetbetter.grading.grammar import parse
from yetbetter.grading.normalisation import clean
from yetbetter.grading.tokens import Refused

NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d{1,3}(?: \d{3})+(?![\d,])|\d+(?:,\d+)*(?:\.\d+)?|\.\d+)(?:/\d+)?")
# What may stand between boxes that together are one answer: $\boxed{1}$ and $\boxed{2}$.
BETWEEN = re.compile(
    r"(?:[\s$,;.&]|\\[\[\]()\\ ,;]|\\q?quad\b|\\text ?\{\s{0,4}(?:and|or)\s{0,4}\}|\band\b|\bor\b){0,24}"
)
PROSE = re.compile(r"(?<![\\a-zA-Z{])(?!(?:and|or|sqrt|sin|cos|tan|log|ln|pi|pct|cm|km)\b)[a-zA-Z]{2,}")
MATH = re.compile(
    r"\$\$(?P<a>[^$]{1,2000})\$\$|\$(?P<b>(?:[^$\\]|\\.){1,2000})\$|\\\[(?P<c>.{1,2000}?)\\\]|\\\((?P<d>.{1,2000}?)\\\)",
    re.S,
)
QUANTITY = re.compile(
    r"\s*(?:USD|Rs\.?)?\s*(?P<sign>[+-]?)\s*\\?[$€£¥₹]?\s*(?P<number>[+-]?(?:\d[\d,]{0,60}(?:\.\d{1,40})?|\.\d{1,40})(?:/\d{1,40})?)"
    r"(?P<unit>\s*\\?[%$€£¥₹°]|(?:\s+|(?=[a-zA-Z]))[a-zA-Z][a-zA-Z. /²³-]{0,40})?[\s.]*"
)
MULTIPLES = re.compile(r"\b(?:hundred|thousand|million|billion|trillion|dozen)", re.I)


def trim(text: str) -> str | None:
    """Without blanks and Markdown's asterisks around it; None where nothing is left."""
    text = text.strip()
    if text.startswith("**") or text.endswith("**"):
        text = text.removeprefix("**").removesuffix("**").strip()
    return text or None


def quantity(line: str) -> str | None:
    """The number of a line that holds one quantity ("$1,234.50", "18 dollars", "25%"); any other line as it stands."""
    match = QUANTITY.fullmatch(line) if len(line) < 300 else None
    if match is None or MULTIPLES.search(match["unit"] or ""):
        return trim(line.strip().rstrip("."))
    return match["sign"] + match["number"].rstrip(",")


def last_formula(text: str) -> str | None:
    """A short text that is one formula as it stands; else its last formula between $ signs, or number after that."""
    if len(text) <= 200 and not any(mark in text for mark in ("$", "\\(", "\\[")) and not PROSE.search(text):
        try:
            parse(clean(text))
            return trim(text)
        except Refused:
            pass
    tail = text[-20_000:]
    tail = tail[max(tail.rfind("Final Answer:"), 0) :]
    formulas = list(MATH.finditer(tail))
    rest = tail[formulas[-1].end() :] if formulas else tail
    numbers = [number for number in NUMBER.findall(rest) if number.strip("+-")]
    if numbers:
        return numbers[-1]
    if not formulas:
        return trim(text)
    joined = [formulas[-1]]
    for match in reversed(formulas[:-1]):
        gap = tail[match.end() : joined[-1].start()]
        if len(gap) > 20 or not gap.strip() or not BETWEEN.fullmatch(gap):
            break
        joined.append(match)
    return ", ".join(next(group for group in match.groups() if group is not None).strip() for match in reversed(joined))
