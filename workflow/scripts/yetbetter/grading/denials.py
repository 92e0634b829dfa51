"""What a text denies: "it isn't 42", "the answer cannot be 42", "I don't think that the answer is 42"."""

import re

# Only these words and other denied numbers may stand between the denial and what it denies: "which I do not like is 42"
# denies nothing.
SAID = (
    r"(?:be|been|equals?|to|exactly|possibly|necessarily|think|believe|say|mean|claim|conclude|know|sure|certain|whether"
    r"|if|true|correct|right|final|the|a|case|that|answers?|result|value|either|or|and|nor|[-+]?\$?\d[\d.,/]{0,20}(?<![.,])\$?"
    r"|(?:answers?|result|value|it|that|[a-z]) (?:is|are|was))"
)
DENIED = re.compile(
    r"(?:\b(?:not|never|neither|nor|cannot|wrong|false|incorrect|anything but|rather than|instead of|other than"
    r"|as opposed to|no longer|far from|nowhere near|different from|(?:I|we) doubt)|(?<=n)['\u2019]t)"
    rf"(?: {SAID}){{0,8}} (?:[a-z] ?= ?)?[*$\\(\[]{{0,4}}$",
    re.IGNORECASE,
)
# Each denial holds one of these; most texts hold none.
HINT = re.compile(
    "no[twr ]|neither|n['\u2019]t|ever|wrong|false|incorrect|but|than|instead|opposed|far from|different|doubt"
)
REACH = 120
SENTENCE_END = re.compile(r"[.!?](?=\s)|\n")


def denial_before(text: str, place: int) -> int | None:
    """Where the words begin that deny what stands at `place`; None if nothing denies it."""
    if text[max(place - 2, 0) : place].rstrip(" ")[-1:] in ("\n", "."):  # a sentence begins here
        return None
    start = max(place - REACH, 0)
    before = text[start:place].casefold()
    if not HINT.search(before):
        return None
    for end in SENTENCE_END.finditer(before):
        start = max(place - REACH, 0) + end.end()
    match = DENIED.search(text[start:place])
    return start + match.start() if match else None


def sentence_of(text: str, place: int) -> tuple[int, int]:
    """Start and end of the sentence or line at `place`, without its full stop."""
    start = 0
    for end in SENTENCE_END.finditer(text, max(place - 1_000, 0), place):
        start = end.end()
    end = SENTENCE_END.search(text, place)
    return start, end.start() if end else len(text)
