"""The words of an answer's formula: numbers, names, commands, signs. What is not listed here is refused."""

import re
from typing import NamedTuple

from yetbetter.grading.names import FUNCTIONS, GREEK
from yetbetter.grading.words import is_word

MAX_LENGTH = 1_000

TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d*)?|\.\d+)"
    r"|\\text ?\{(?P<text>[^{}\\$]{0,200})\}"
    r"|\\(?P<edge>begin|end) ?\{ ?(?P<environment>[a-zA-Z]{1,20})\*? ?\}"
    r"|\\(?P<command>[a-zA-Z]+|[{}|\\])"
    r"|(?P<letters>[a-zA-Z]+)"
    r"|(?P<sign><=|>=|!=|==|\*(?!\*)|[-+/^_=<>(){}\[\],;:|!%&'])"
    r"|(?P<blank>\s+)"
)
THOUSANDS = re.compile(r"(?<![\d,.])[1-9]\d{0,2}(?:,\d{3})+(?![\d,])")
# Command -> sign, for commands that are only another spelling of a sign.
SIGNS = {
    **{"times": "*", "cdot": "*", "div": "/", "le": "<=", "ge": ">=", "ne": "!=", "lt": "<", "gt": ">", "{": "\\{"},
    **{"}": "\\}", "pm": "pm", "mp": "mp", "approx": "approx", "in": "in", "cup": "cup", "cap": "cap", "vert": "|"},
    **{"setminus": "setminus", "backslash": "setminus", "|": "||", "cr": "\\\\", "to": "to", "colon": ":"},
    **{"degree": "degree", "langle": "langle", "rangle": "rangle", "lfloor": "lfloor", "rfloor": "rfloor"},
    **{"lceil": "lceil", "rceil": "rceil", "dollar": "dollar", "equiv": "="},
}
MACROS = frozenset(
    [
        *("frac", "sqrt", "binom", "overline", "sum", "prod", "int", "lim", "mathbb", "boxed", "triangle", "angle"),
        *("vec", "hat", "bar", "dot", "tilde", "underline"),
    ]
)
CONSTANTS = {"pi": "pi", "infty": "inf", "emptyset": "emptyset", "infinity": "inf", "inf": "inf"}
JOINED = frozenset(["and", "or"])
# Signs that may surround an item of a list.
EDGES = frozenset(",;:=()[]{}")
# Names spelt without a backslash, with at most two letters before or behind: "pir", "xsqrt"; longest first.
SPELT = re.compile(
    "([a-zA-Z]{0,2}?)("
    + "|".join(sorted([*FUNCTIONS, "sqrt", "pi", "infinity", "inf", "theta"], key=len, reverse=True))
    + ")([a-zA-Z]{0,2})"
)


class Token(NamedTuple):
    kind: str  # number, name, function, constant, macro, begin, end (of an environment), sign, text
    value: str


class Refused(Exception):
    """Not in the grammar: the answer is compared as text."""


def tokenize(text: str, thousands: bool = True) -> list[Token]:
    """The tokens of a cleaned answer. Raises Refused for anything unknown, and above MAX_LENGTH characters.

    thousands: read 1,234 as one number outside brackets.
    """
    if len(text) > MAX_LENGTH:
        raise Refused("too long")
    if thousands and "," in text:
        text = join_thousands(text)
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise Refused(f"character {text[place]!r}")
        place = match.end()
        kind, value = match.lastgroup, match[match.lastgroup]
        if kind == "environment":
            tokens.append(Token(match["edge"], value))
        elif kind == "number":
            tokens.append(Token("number", value))
        elif kind == "sign":
            tokens.append(Token("sign", "=" if value == "==" else value))
        elif kind == "command":
            tokens.append(command(value))
        elif kind == "letters":
            tokens += letters(value, is_alone(text, match))
        elif kind == "text":
            word = value.strip(" ,").casefold()
            if word in JOINED or word == "to":
                tokens.append(Token("sign", word))
            elif word:
                tokens.append(Token("text", value.strip()))
        elif tokens and tokens[-1].kind == "number" and text[place : place + 1].isdigit():
            if len(tokens) > 1 and tokens[-2] in (("sign", "^"), ("sign", "_")):
                continue  # \\log_2 8
            if not re.match(r"\d+/\d", text[place : place + 50]):
                raise Refused("two numbers side by side")
            tokens.append(Token("sign", "mixed"))  # "1 1/2"
    return tokens


def join_thousands(text: str) -> str:
    def outside(match: re.Match) -> str:
        before = text[: match.start()]
        depth = sum(before.count(sign) for sign in "([") - sum(before.count(sign) for sign in ")]")
        return match[0] if depth or "\\{" in before else match[0].replace(",", "")

    return THOUSANDS.sub(outside, text)


def command(name: str) -> Token:
    if name in SIGNS:
        return Token("sign", SIGNS[name])
    if name in FUNCTIONS:
        return Token("function", FUNCTIONS[name])
    if name in CONSTANTS:
        return Token("constant", CONSTANTS[name])
    if name in GREEK:
        return Token("name", name)
    if name in MACROS:
        return Token("macro", name)
    raise Refused(f"command {name}")


def is_alone(text: str, match: re.Match) -> bool:
    """Whether letters are an item of their own, with no neighbour that they could be multiplied with."""
    before, behind = text[: match.start()].rstrip(), text[match.end() :].lstrip()
    return (not before or before[-1] in EDGES) and (not behind or behind[0] in EDGES)


def letters(run: str, alone: bool = False) -> list[Token]:
    """A run of letters: known names, else a product of single letters; long unknown words are not a formula.

    Alone, a word ("no") and the points of a figure ("ABC") keep the order of their letters.
    """
    if run in JOINED:
        return [Token("sign", run)]
    if run == "to" and not alone:
        return [Token("sign", run)]
    if run in ("not", "never"):
        raise Refused("a negation")
    if alone and len(run) > 2 and run.isupper():
        return [Token("name", run)]
    spelt = SPELT.fullmatch(run) if len(run) > 1 else None
    if spelt is None:
        if alone and is_word(run):
            return [Token("text", run)]
        if len(run) > 4:
            raise Refused(f"word {run}")
        return [Token("name", letter) for letter in run]
    before, name, behind = spelt.groups()
    return [*map(named, before), named(name), *map(named, behind)]


def named(word: str) -> Token:
    if word in FUNCTIONS:
        return Token("function", FUNCTIONS[word])
    if word in CONSTANTS:
        return Token("constant", CONSTANTS[word])
    return Token("macro" if word == "sqrt" else "name", word)
