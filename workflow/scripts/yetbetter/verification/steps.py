"""Cuts a solution into its steps."""

import re

# White space behind these does not end a sentence, if a word in lower case, a number or a name follows.
WITHIN = """
    e.g i.e etc cf vs resp approx mr mrs ms dr prof st jr sr no nos fig eq eqs thm ch sec p pp vol a.m p.m u.s
    in ft yd mi oz lb lbs pt qt gal hr hrs min mins sq cu
"""
ABBREVIATIONS = frozenset(WITHIN.split())
# Only these are followed by capital letters or numbers within a sentence: a unit may be a sentence's last word.
BEFORE_NAMES = "e.g i.e cf vs mr mrs ms dr prof st fig eq eqs thm no nos p pp approx resp"
TITLES = frozenset(BEFORE_NAMES.split())
STOP = re.compile(r"""(?<![.!?])([.!?]+)["'”’)\]}$*]*(?=\s+(\S{1,4}))""")
WORD = re.compile(r"[A-Za-z.]{1,8}\Z")
NEAR = 40  # characters before a mark that are looked at: long texts would take quadratic time
# What a numbered list puts before its items.
ITEM = re.compile(r"\s*\W{0,2}(?:(?:Step|Part|Case)\s+)?(?:\d{1,2}|[A-Za-z])\W{0,2}\Z", re.IGNORECASE)


def split_steps(text: str) -> list[int]:
    """The offsets in `text` at which its steps end (exclusive), in order; none for a text of white space.

    A step is a line that is not blank; in a text of one such line, a sentence. The last step ends with the text,
    without its trailing white space.
    """
    ends, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            ends.append(start + len(line.rstrip()))
        start += len(line) + 1
    return ends if len(ends) != 1 else [*sentence_ends(text, ends[0]), ends[0]]


def sentence_ends(text: str, end: int) -> list[int]:
    """Where the sentences of `text[:end]` end, without the last one."""
    found: list[int] = []
    start = 0
    for stop in STOP.finditer(text, 0, end):
        if is_sentence(text[max(start, stop.start() - NEAR) : stop.start()], stop[1], stop[2]):
            start = stop.end()
            found.append(start)
    return found


def is_sentence(sentence: str, mark: str, following: str) -> bool:
    """Whether a mark ends the sentence before it. sentence: its end. following: the start of the next word."""
    if ITEM.match(sentence) or not sentence.strip():
        return False
    if following[0] in ",;:.!?)]}" or following.startswith(("\\end", "\\\\")):
        return False
    following = following[0]
    if "." not in mark:
        # 5! is a factorial: what follows is an operator or a word in lower case.
        return following not in "+-*/=<>^" and not following.islower()
    if len(mark) > 1:
        return following.isupper()
    word = WORD.search(sentence[-8:])
    # Of a number, or a formula, even if the next sentence begins in lower case.
    if word is None:
        return following not in "+*/=<>^"
    last = word[0].lstrip(".").lower()
    if last in TITLES:
        return False
    return following.isupper() or not (following.islower() or last in ABBREVIATIONS)
