"""The kinds of instructions in the data set `requests`: ten of IFEval's, by its names and with its arguments.

Training problems ask for seven of them, the test for all ten. What an answer must do, the checkers of IFEval say; here
is only what helps to write one that follows.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from yetbetter.pocket.sentences import FOODS, MARKER, PLACES, VERBS, Parts

ENDINGS = (
    "That is all.",
    "This is the end.",
    "Ask me for more.",
    "I hope this helps.",
    "So much for today.",
    "Thank you.",
)
KEYWORDS = (*FOODS, *PLACES)


@dataclass(frozen=True)
class Kind:
    """One kind of instruction.

    trained: whether training problems ask for it. phrases: its wordings, with arguments in braces.
    draw(rng): its arguments. shape(parts, arguments): the parts of a text that follows it.
    """

    trained: bool
    phrases: tuple[str, ...]
    draw: Callable[[random.Random], dict]
    shape: Callable[[Parts, dict], Parts]

    def wording(self, arguments: dict, rng: random.Random) -> str:
        shown = {key: " and ".join(value) if isinstance(value, list) else value for key, value in arguments.items()}
        return rng.choice(self.phrases).format(**shown)


def _length(rng: random.Random) -> dict:
    relation = rng.choice(("at least", "less than"))
    return {
        "relation": relation,
        "num_words": rng.choice((14, 16, 18, 20, 22, 24) if relation == "at least" else (6, 8, 10, 12)),
    }


KINDS = {
    "length_constraints:number_words": Kind(
        True,
        ("Write {relation} {num_words} words.", "Use {relation} {num_words} words."),
        _length,
        lambda parts, arguments: parts,  # a text is written until it has the length
    ),
    "keywords:existence": Kind(
        True,
        ("Mention {keywords}.", "Write of {keywords}, too."),
        lambda rng: {"keywords": rng.sample(KEYWORDS, rng.choice((1, 2, 3)))},
        lambda parts, arguments: replace(parts, keywords=(*parts.keywords, *arguments["keywords"])),
    ),
    "detectable_format:title": Kind(
        True,
        ("Give it a title.", "Start with a title."),
        lambda rng: {},
        lambda parts, arguments: replace(parts, title=True),
    ),
    "keywords:forbidden_words": Kind(
        True,
        ("Do not say {forbidden_words}.", "Avoid {forbidden_words}."),
        lambda rng: {"forbidden_words": rng.sample(VERBS, rng.choice((1, 2)))},
        lambda parts, arguments: replace(
            parts, verbs=tuple(verb for verb in parts.verbs if verb not in arguments["forbidden_words"])
        ),
    ),
    "detectable_format:number_bullet_lists": Kind(
        True,
        ("Use exactly {num_bullets} bullets.", "Write it as {num_bullets} bullets."),
        lambda rng: {"num_bullets": rng.choice((2, 3, 4, 5))},
        lambda parts, arguments: replace(parts, bullets=arguments["num_bullets"]),
    ),
    "detectable_content:postscript": Kind(
        True,
        (f"Add a {MARKER}", f"Close with a {MARKER}"),
        lambda rng: {"postscript_marker": MARKER},
        lambda parts, arguments: replace(parts, postscript=True),
    ),
    "punctuation:no_comma": Kind(
        False,
        ("Do not use commas.", "Use no commas."),
        lambda rng: {},
        lambda parts, arguments: replace(parts, commas=False),
    ),
    "startend:quotation": Kind(
        False,
        ("Put it in quotation marks.", "Use quotation marks around it."),
        lambda rng: {},
        lambda parts, arguments: replace(parts, quoted=True),
    ),
    "keywords:frequency": Kind(
        False,
        ("Say {keyword} {relation} {frequency} times.", "Mention {keyword} {relation} {frequency} times."),
        lambda rng: {"keyword": rng.choice(KEYWORDS), "relation": "at least", "frequency": rng.choice((2, 3))},
        lambda parts, arguments: replace(
            parts, keywords=(*parts.keywords, *[arguments["keyword"]] * arguments["frequency"])
        ),
    ),
    "startend:end_checker": Kind(
        True,
        ("End with: {end_phrase}", "Your last words must be: {end_phrase}"),
        lambda rng: {"end_phrase": rng.choice(ENDINGS)},
        lambda parts, arguments: replace(parts, ending=arguments["end_phrase"]),
    ),
}
TRAINED = tuple(name for name, kind in KINDS.items() if kind.trained)


def has_length(text: str, asks: list[tuple[str, dict]]) -> bool:
    """Whether a text has as many words as asked for."""
    words = len(re.findall(r"\w+", text))
    for name, arguments in asks:
        if name == "length_constraints:number_words":
            enough = words >= arguments["num_words"]
            return enough if arguments["relation"] == "at least" else not enough
    return True
