"""Does the final answer of a solution equal the gold answer?"""

import re
from fractions import Fraction

# Raised on purpose when a verdict may change: part of every verdict file's fingerprint.
GRADER_VERSION = 1

CORRECT, INCORRECT, NO_ANSWER, TIMEOUT = VERDICTS = ("correct", "incorrect", "no_answer", "timeout")

# What stands before the final answer. The last one counts: a model that corrects itself means its last word.
CONVENTIONS = {"the_answer_is": re.compile(r"[Tt]he answer is(?::|[ \t])")}
# The answer ends with its line, or where a sentence does; a point inside a number is followed by a digit.
END = re.compile(r"\n|\.(?=\s|$)")
NUMBER = re.compile(r"[+-]?\d{1,40}(?:,\d{3}){0,12}(?:\.\d{1,40})?(?:/\d{1,40})?")


def extract_answer(text: str, convention: str) -> str | None:
    """The final answer as the text states it, or None. convention: a key of CONVENTIONS."""
    start = None
    for match in CONVENTIONS[convention].finditer(text):
        start = match.end()
    if start is None:
        return None
    end = END.search(text, start)
    return text[start : end.start() if end else None].strip() or None


def is_equal(answer: str, gold: str) -> bool:
    """Same text after normalisation, or the same number: exact rationals, never floats."""
    answer, gold = normalise(answer), normalise(gold)
    if answer == gold:
        return True
    numbers = read_number(answer), read_number(gold)
    return None not in numbers and numbers[0] == numbers[1]


def normalise(text: str) -> str:
    return " ".join(text.split()).rstrip(".").casefold()


def read_number(text: str) -> Fraction | None:
    if not NUMBER.fullmatch(text):
        return None
    try:
        return Fraction(text.replace(",", ""))
    except (ValueError, ZeroDivisionError):
        return None


def grade(text: str, gold: str, convention: str) -> tuple[str | None, str]:
    """(extracted answer, verdict) of one solution."""
    answer = extract_answer(text, convention)
    if answer is None:
        return None, NO_ANSWER
    return answer, CORRECT if is_equal(answer, gold) else INCORRECT
