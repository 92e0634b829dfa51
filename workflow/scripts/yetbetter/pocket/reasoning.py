"""Exact check of a solution's reasoning: does its chain of equations compute the right expression?

A number in a text does not reveal its source. So each number gets all its readings: the quantities,
constants and earlier results with that value. A reading is the tuple of values that the source takes
under a few other assignments of the quantities. An equation passes its operands' readings on to its
result. The reasoning is valid if, under some consistent reading, the answer is the program's
expression, that is, if it would be right for other numbers too.

Assignments and readings are integers modulo a large prime. Two different expressions of this size
agree at a random point with a probability of about 1e-17 (Schwartz-Zippel), and no text can make
numbers grow.
"""

import itertools
import random
import re
from fractions import Fraction
from typing import NamedTuple

PRIME = 2**61 - 1
ASSIGNMENTS = 4

# Bounds on the input: far above any honest solution, and small enough for hostile ones.
MAX_CHARACTERS = 20_000
MAX_EQUATIONS = 64
MAX_TOKENS = 32  # in one equation
MAX_DIGITS = 12  # in one number
MAX_READINGS = 8  # of one number

Reading = tuple[int, ...]  # the values modulo PRIME under each assignment


class Unreadable(Exception):
    """The text holds an equation that cannot be parsed."""


class Invalid(Exception):
    """The text holds an equation that is false."""


class Unsourced(Exception):
    """The text holds an operand without a source."""


class Term(NamedTuple):
    """A parsed expression: its value in the text, its readings, whether it computes anything."""

    value: Fraction
    readings: tuple[Reading, ...]
    computed: bool


_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?)"
    r"|(?P<mark>[-+*/=()×·÷−])"
    r"|(?P<times>(?<=[0-9 )])x(?=[ (0-9]))"
    r"|(?P<skip>[ \t$]+)"
    r"|(?P<other>[^-0-9+*/=()×·÷− \t$]+)"
)
_SAME = {"×": "*", "·": "*", "÷": "/", "−": "-"}
_ANSWER = re.compile(r"[Aa]nswer is:?[ ]?\$?(-?[0-9][0-9,]*(?:\.[0-9]+)?)")


def check_reasoning(text: str, program: dict) -> str:
    """Judge the chain of equations of a solution: "valid", "invalid" or "unreadable".

    program: {"quantities": [...], "constants": [...], "steps": [[operation, operand, operand],
    ...]} with the values as the question states them.

    "valid": every equation is true, each operand is a quantity, a constant or an earlier result,
    and the answer stated last ("The answer is N"; without one, the last result) is computed by an
    expression equivalent to the program's. "unreadable": no violation is found, but the text has no
    equation although the program has steps, has one that cannot be parsed, or is longer than any
    solution. Time and memory are bounded for any text.
    """
    if len(text) > MAX_CHARACTERS:
        return "unreadable"
    known, target = _known_and_target(program)
    last = None
    unparsed = False
    for count, equation in enumerate(_equations(text)):
        if count == MAX_EQUATIONS:
            return "unreadable"
        try:
            last = _read_equation(equation, known)
        except Unreadable:
            unparsed = True
        except Invalid:
            return "invalid"
        except Unsourced:
            if not unparsed:  # otherwise it may be the result of an equation that could not be parsed
                return "invalid"
    if unparsed or (last is None and program["steps"]):
        return "unreadable"
    stated = _stated_answer(text)
    answer = last if stated is None else stated
    return "valid" if target in known.get(answer, ()) else "invalid"


def _known_and_target(program: dict) -> tuple[dict[Fraction, tuple[Reading, ...]], Reading]:
    """The readings of the numbers in the question, and the reading that the answer must have."""
    rng = random.Random("pocket assignments")
    readings: dict[str, Reading] = {}
    values: dict[str, int] = {}
    for number, value in enumerate(program["quantities"]):
        values[f"q{number}"] = value
        readings[f"q{number}"] = tuple(rng.randrange(1, PRIME) for _ in range(ASSIGNMENTS))
    for number, value in enumerate(program["constants"]):
        values[f"c{number}"] = value
        readings[f"c{number}"] = (value % PRIME,) * ASSIGNMENTS
    known: dict[Fraction, tuple[Reading, ...]] = {}
    for name, value in values.items():
        _add(known, Fraction(value), (readings[name],))
    for number, (operation, left, right) in enumerate(program["steps"]):
        readings[f"s{number}"] = _apply(operation, readings[left], readings[right])
    if not program["steps"]:
        return known, readings["q0"]
    return known, readings[f"s{len(program['steps']) - 1}"]


def _add(known: dict, value: Fraction, readings: tuple[Reading, ...]) -> None:
    known[value] = tuple(dict.fromkeys(known.get(value, ()) + readings))[:MAX_READINGS]


def _apply(operation: str, left: Reading, right: Reading) -> Reading:
    """The operation under each assignment. Raises ZeroDivisionError."""
    if operation == "+":
        return tuple((a + b) % PRIME for a, b in zip(left, right, strict=True))
    if operation == "-":
        return tuple((a - b) % PRIME for a, b in zip(left, right, strict=True))
    if operation == "*":
        return tuple(a * b % PRIME for a, b in zip(left, right, strict=True))
    if 0 in right:
        raise ZeroDivisionError
    return tuple(a * pow(b, -1, PRIME) % PRIME for a, b in zip(left, right, strict=True))


def _equations(text: str):
    """Each run of numbers and marks that holds an equals sign, as a list of tokens."""
    run: list[str] = []
    for match in itertools.chain(_TOKEN.finditer(text), (None,)):
        kind = match.lastgroup if match else "other"
        if kind == "skip":
            continue
        if kind == "other":
            if "=" in run:
                yield run
            run = []
        else:
            run.append("*" if kind == "times" else _SAME.get(match[0], match[0]))


def _read_equation(tokens: list[str], known: dict) -> Fraction:
    """The equation's value, whose readings are added to those known."""
    if len(tokens) > MAX_TOKENS:
        raise Unreadable
    sides = [list(side) for equals, side in itertools.groupby(tokens, "=".__eq__) if not equals]
    if len(sides) != tokens.count("=") + 1:
        raise Unreadable
    terms = [_Side(side, known).read() for side in sides]
    computed = [term for term in terms if term.computed]
    if not computed:
        raise Unreadable
    if len({term.value for term in terms}) > 1:
        raise Invalid
    if any(not term.readings for term in computed):
        raise Unsourced
    # If several sides compute something, they must compute the same.
    shared = [r for r in computed[0].readings if all(r in term.readings for term in computed)]
    if not shared:
        raise Invalid
    _add(known, terms[0].value, tuple(shared))
    return terms[0].value


class _Side:
    """One side of an equation, by recursive descent: * and / before + and -, left to right."""

    def __init__(self, tokens: list[str], known: dict) -> None:
        self.tokens = tokens
        self.known = known
        self.place = 0

    def read(self) -> Term:
        term = self._sum()
        if self.place != len(self.tokens):
            raise Unreadable
        return term

    def _next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _sum(self) -> Term:
        return self._chain("+-", self._product)

    def _product(self) -> Term:
        return self._chain("*/", self._atom)

    def _chain(self, operations: str, operand) -> Term:
        term = operand()
        while self._next() and self._next() in operations:
            operation = self._next()
            self.place += 1
            term = _combine(operation, term, operand())
        return term

    def _atom(self) -> Term:
        token = self._next()
        self.place += 1
        if token == "(":
            term = self._sum()
            if self._next() != ")":
                raise Unreadable
            self.place += 1
            return term
        if token == "-" and self.place == 1 and len(self.tokens) == 2:
            return Term(-_number(self._last()), (), False)
        if not token[:1].isdigit():
            raise Unreadable
        value = _number(token)
        return Term(value, self.known.get(value, ()), False)

    def _last(self) -> str:
        self.place += 1
        return self.tokens[1]


def _number(token: str) -> Fraction:
    if len(token) > MAX_DIGITS:
        raise Invalid  # no number of any problem, and no result of one
    if not token[:1].isdigit():
        raise Unreadable
    return Fraction(token.replace(",", ""))


def _combine(operation: str, left: Term, right: Term) -> Term:
    try:
        value = {
            "+": Fraction.__add__,
            "-": Fraction.__sub__,
            "*": Fraction.__mul__,
            "/": Fraction.__truediv__,
        }[operation](left.value, right.value)
    except ZeroDivisionError as error:
        raise Invalid from error
    readings: dict[Reading, None] = {}
    for a, b in itertools.product(left.readings, right.readings):
        try:
            readings[_apply(operation, a, b)] = None
        except ZeroDivisionError:
            continue
        if len(readings) == MAX_READINGS:
            break
    return Term(value, tuple(readings), True)


def _stated_answer(text: str) -> Fraction | None:
    """N of the last "The answer is N", or None."""
    found = _ANSWER.findall(text)
    if not found:
        return None
    number = found[-1].replace(",", "")
    return Fraction(number) if len(number) <= MAX_DIGITS else Fraction(-1, 2)
