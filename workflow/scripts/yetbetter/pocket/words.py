"""Every word of the pocket world; the tokenizer's vocabulary is made from these tables.

Patterns are texts with alternatives in square brackets, ``[buys|finds]``, and slots in braces:
``{A}`` and ``{B}`` (two people), ``{x}`` (a thing), ``{c0}`` (a constant in words), ``{0}``,
``{1}``, ... (quantities, which appear in this order and once each).
"""

import random
import re

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivo", "Jan", "Kim", "Leo")
THINGS = (
    "apples", "balls", "books", "buns", "caps", "cards", "coins", "cups",
    "eggs", "keys", "nuts", "pens", "plums", "shells", "stamps", "stones",
)  # fmt: skip

# A constant is written in words, so that the question has no digits for it.
CONSTANTS = {2: "twice", 3: "three times", 4: "four times", 5: "five times"}

# How a solution introduces its first, its middle and its last equation.
FIRST = ("First,", "Start with", "We have", "")
MIDDLE = ("Then", "Next,", "Now", "")
LAST = ("So", "Finally,", "Then", "")
ONLY = ("So", "We have", "Here", "")
ANSWER = "The answer is {answer}."

PROMPT = "Question: {question}\nAnswer:"

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_FILLED = re.compile(rf"\b(?:{'|'.join(NAMES)}|{'|'.join(THINGS)})\b|[0-9]+")


def take_alternatives(pattern: str, rng: random.Random) -> str:
    """The pattern with one alternative taken, uniformly, for each ``[a|b|c]``."""
    return _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), pattern)


def pattern_text(pattern: str) -> str:
    """The pattern's fixed words, all alternatives included, without its slots."""
    return re.sub(r"\{[^}]*\}", " ", _CHOICE.sub(lambda match: match[1].replace("|", " "), pattern))


def template_of(question: str) -> str:
    """The question with its names, things and numbers cut out: ``{A} has {0} {x}. ...``.

    A function of the text only: splits with disjoint (template, numbers) have disjoint texts.
    """
    people: dict[str, str] = {}
    numbers = 0

    def slot(match: re.Match[str]) -> str:
        nonlocal numbers
        word = match[0]
        if word.isdigit():
            numbers += 1
            return f"{{{numbers - 1}}}"
        if word in NAMES:
            return people.setdefault(word, f"{{{'AB'[len(people)] if len(people) < 2 else '?'}}}")
        return "{x}"

    return _FILLED.sub(slot, question)
