"""GSM8K's "#### 18": the number of such a line, without the words around it. Headings in Markdown are skipped."""

import re

from yetbetter.grading.statements import BOLD, number_of_sentence, trim

HEADING = re.compile(
    r"(?:step|part|case|method|option|solution|explanation|conclusion|verification|check|note|approach|calculation|summary"
    r"|analysis|given|reasoning|example|understanding|breakdown)s?\b(?![^\n]*[:=] ?\$?-?\d[\d,.]*$)",
    re.IGNORECASE,
)
ANSWER_BELOW = re.compile(r"(?:the )?(?:final |correct )?(?:answer|result)(?: is)?", re.IGNORECASE)
LABEL = re.compile(r"(?:[A-Za-z][A-Za-z' ]{0,60}?(?: is\b|[:=])|=)\s{0,4}(?=[^\s:=])(?![^=]*=)")
WRAPPED = re.compile(r"\$([^$]{1,80})\$|\\boxed ?\{([^{}]{1,80})\}|\\\((.{1,80}?)\\\)")
QUANTITY = re.compile(
    r"\s*(?:USD|Rs\.?)?\s*(?P<sign>[-+\u2212]?)\s*\\?[$€£¥₹]?\s*"
    r"(?P<number>[+-]?(?:\d[\d,]{0,60}(?:\.\d{1,40})?|\.\d{1,40})(?:/\d{1,40})?)"
    r"(?P<unit>\s*\\?[%$€£¥₹°]|(?:\s+|(?=[a-zA-Z]))[a-zA-Z][a-zA-Z. /²³-]{0,40})?[\s.]*"
)
MAX_DIGITS = 60
# "5 apples and 3 pears", "2 hours 30 minutes": a second quantity belongs to the first.
COMPOUND = re.compile(
    r"\s*(?!(?:in|on|for|per|at|by|of|from|with|after|over|each|every)\b)[a-zA-Z/]{1,30},?(?: and)?"
    r" \d[\d.,]{0,40}(?: ?[a-zA-Z]{1,30})?[\s.]*"
)
ANOTHER = re.compile(rf"{COMPOUND.pattern}$|[^\n]{{0,40}}\band (?:a |one |three )?(?:half|quarter|third)s?\b")
# GSM8K's notes for a calculator: 9 * 2 = <<9*2=18>>18
CALCULATION = re.compile(r"<<[^<>\n]{1,200}>>")
# Words that change the number before them.
MULTIPLES = re.compile(
    r"\b(?:hundred|thousand|million|billion|trillion|dozen|or\b|plus\b|minus\b|and (?:a |one )?half)", re.IGNORECASE
)
# What may follow the number of a line that goes on in prose; "or", "plus" and "and a half" change the number.
PROSE = re.compile(
    r"\s*(?:(?:<-{1,2}|-{1,2}>|=>|[\u2190\u2192\u21d2]|[.,;:(\u2013\u2014-]{1,2})\s*)?(?!(?:or|over|mod|plus|minus|times|to|x)\b)"
    r"(?!and (?:a |one |three )?(?:half|quarter|third)\b)[a-zA-Z]{2,}(?=[\s.,;:)]|$)|\s+\([^()]*\)[\s.]*$"
)


SIGNS = " ,.;:-<>=(\u2013\u2014\u2190\u2192\u21d2"


def hash_answer(text: str) -> tuple[int, str] | None:
    """(place, answer) of the last "####" with an answer on its line or, if that is empty, on the next."""
    words = None
    place = len(text)
    while (place := text.rfind("####", 0, place)) >= 0:
        start = place + 4
        while place and text[place - 1] == "#":  # a longer run of hashes is one mark
            place -= 1
        match = QUANTITY.fullmatch(text, start, end_of_line(text, start))
        if match and not MULTIPLES.search(match["unit"] or ""):
            return place, number_of(match)
        lines = text[start : start + 2_000].lstrip(" \t").split("\n", 1)
        line = (trim(lines[0].strip(" \t:")) or "").rstrip(":")
        line = BOLD.sub("", line)
        if not line or ANSWER_BELOW.fullmatch(line):
            line = lines[1].lstrip().split("\n", 1)[0] if len(lines) > 1 else ""
            line = "" if line.startswith("#") or not re.search(r"\d", line) else line
        if not line or HEADING.match(line):
            continue
        if re.search(r"\d", line):
            return place, quantity(line)
        words = words or (place, trim(line.rstrip(".")))
    return words


def end_of_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def quantity(line: str) -> str | None:
    """The number of a line that holds one quantity ("$1,234.50", "18 dollars", "25%", "Answer: 18", "42 and so on")."""
    bare = line.strip()
    if bare.isdigit() and bare.isascii() and len(bare) < MAX_DIGITS:  # most lines hold nothing else
        return bare
    match = QUANTITY.fullmatch(line) if len(line) < 300 else None
    if match and not MULTIPLES.search(match["unit"] or ""):
        return number_of(match)
    line = trim(CALCULATION.sub("", line) if "<<" in line else line) or ""
    for part in (line, LABEL.sub("", line, count=1)):
        wrapped = WRAPPED.fullmatch(part.strip(" ."))
        part = next(group for group in wrapped.groups() if group) if wrapped else part
        match = QUANTITY.fullmatch(part) if len(part) < 300 else None
        if match and not MULTIPLES.search(match["unit"] or ""):
            return number_of(match)
        lead = QUANTITY.match(part.split(" ", 1)[0].rstrip(",;:")) if part else None
        if lead and lead.end() == len(part.split(" ", 1)[0].rstrip(",;:")):
            rest = part[lead.end() :]
            if PROSE.match(rest) and not MULTIPLES.match(rest.strip(SIGNS)) and not ANOTHER.match(rest):
                return number_of(lead)
    return number_of_sentence(line) or trim(line.rstrip("."))


def number_of(match: re.Match) -> str:
    return match["sign"] + match["number"].rstrip(",")
