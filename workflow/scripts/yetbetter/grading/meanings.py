"""Answers in words that mean a set or a truth value: "there are no solutions", "all real numbers", "Yes, it is"."""

import re

from yetbetter.grading.words import denies, words_of

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


# "The function is odd", "it is an ellipse"; two or three plain words.
STATED = re.compile(
    r"(?P<subject>(?:the|this|that|our|it|they|he|she|f ?(?:\(x\)|x)?)(?: [a-z]{1,20}){0,5}) (?:is|are) (?:an? |the )?"
    r"(?P<said>[a-z]{2,30}(?: [a-z]{2,30}){0,2})"
)
UNSURE = frozenset(["if", "whether", "false", "untrue", "no", "none", "is", "are", "or", "except", "only", "that"])
TWO_NAMES = re.compile(r"(?P<one>[a-z]{2,30})(?: ?, ?(?:and )?| (?P<and>and) | ?& ?)(?P<other>[a-z]{2,30})")


def states(sentence: str, word: str) -> bool:
    """Whether a sentence says only the word or words of the other answer: "the function is odd" for "odd"."""
    if " is " not in sentence and " are " not in sentence:
        return False
    match = STATED.fullmatch(sentence.casefold()) if len(sentence) <= 200 else None
    if not match or match["said"] != ARTICLE.sub(lambda found: found["noun"], word.casefold()):
        return False
    subject = words_of(match["subject"])
    # "That is odd" and "it is odd" say it; "the one that is odd" does not.
    return not denies(subject) and not UNSURE.intersection(subject[1:]) and not {"is", "are"} & set(words_of(word))


def same_two_names(one: str, other: str) -> bool:
    """Whether both are the same two names, joined by "and" on a side: "Alice and Bob", "Bob, Alice". A longer list of
    words, and one with commas alone, may be an order: only its own spelling equals it."""
    if "and" not in one and "and" not in other:
        return False
    found = [TWO_NAMES.fullmatch(side.casefold()) for side in (one, other)]
    return (
        None not in found
        and any(match["and"] for match in found)
        and {found[0]["one"], found[0]["other"]} == {found[1]["one"], found[1]["other"]}
    )


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
