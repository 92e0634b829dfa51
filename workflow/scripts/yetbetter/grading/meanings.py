"""Answers in words that mean a set or a truth value: "there are no solutions", "all real numbers", "Yes, it is"."""

import re

EMPTY = re.compile(
    r"(?:(?:there (?:is|are)|the (?:equation|system) has|it has) )?no (?:real )?solutions?(?: exists?)?"
    r"|(?:the )?empty set|the null set"
)
REALS = re.compile(r"(?:the set of )?(?:all|every|any) (?:the )?reals?(?: numbers?)?(?: x)?|the real numbers")
INTEGERS = re.compile(r"(?:the set of )?(?:all|every|any) (?:the )?integers?|the integers")
NOWHERE = re.compile(r"(?:it |the limit |this )?does not exist|doesn't exist|dne")
ENDLESS = re.compile(r"(?:there are )?(?:infinitely many|an infinite number of|infinite)(?: solutions)?")
NOT_DEFINED = re.compile(r"(?:it is )?(?:not defined|undefined)")
ARTICLE = re.compile(r"(?:an?|the) (?P<noun>[a-z]{3,30})")
TRUTH = re.compile(r"(yes|no|true|false)(?:[.:;]| ?-|,) ?(?P<rest>[a-z].*)", re.DOTALL)


def meaning_of(spelling: str) -> tuple[str, str | None]:
    """(spelling of the meaning, formula or None) of a canonical spelling; (spelling, None) if nothing here fits."""
    if len(spelling) > 300 or not spelling[:1].isalpha():
        return spelling, None
    words = spelling.casefold()
    if EMPTY.fullmatch(words):
        return "no solution", "\\emptyset"
    if REALS.fullmatch(words):
        return "all real numbers", "\\mathbb{R}"
    if INTEGERS.fullmatch(words):
        return "\\mathbb{Z}", None
    if NOWHERE.fullmatch(words):
        return "does not exist", None
    if ENDLESS.fullmatch(words):
        return "infinitely many", None
    if NOT_DEFINED.fullmatch(words):
        return "undefined", None
    noun = ARTICLE.fullmatch(words)
    if noun:
        return noun["noun"], None
    said = TRUTH.fullmatch(words)
    if said and len(said["rest"].split()) > 1 and not re.search(r"\b(?:yes|no|true|false)\b", said["rest"]):
        return said[1], None
    return spelling, None
