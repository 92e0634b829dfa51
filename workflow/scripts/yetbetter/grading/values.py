"""The value of a formula's tree at a point: exact where rational, else sixty digits. Bounded work for any tree.

Two formulas are the same function when they agree at random points (Schwartz 1980, Zippel 1979); at points of both
signs, so that sqrt(x^2) is not x.
"""

import functools
import random
from decimal import Decimal
from fractions import Fraction

from yetbetter.grading import arithmetic
from yetbetter.grading.arithmetic import Undefined, Unresolved, Value
from yetbetter.grading.functions import FUNCTIONS, IMAGINARY_UNIT
from yetbetter.grading.work import spend

POINTS = 4
SIGNS = ((1, 1), (-1, -1), (1, -1), (1, 1))
# Points at which every symbol is a whole number. n! and a sum up to n have a value only there.
WHOLE_POINTS = range(POINTS, POINTS + 8)


@functools.lru_cache(maxsize=4096)
def coordinate(name: str, point: int) -> Fraction:
    """A symbol's value at a point: from its name alone, so that every formula sees the same."""
    draw = random.Random(f"{name} {point}")
    if point >= POINTS:
        return Fraction(draw.randrange(2, 40))
    return Fraction(draw.randrange(101, 997), draw.randrange(101, 499)) * SIGNS[point][draw.randrange(2)]


def symbols(tree) -> frozenset[str]:
    """Names of the variables in a tree (i and e are numbers)."""
    found = set()

    def walk(node):
        if isinstance(node, tuple) and node:
            if node[0] == "sym":
                if node[1] not in ("i", "e"):
                    found.add(node[1])
            elif node[0] == "call":
                found.add(node[1] + "()")
                walk(node[2])
            else:
                for part in node:
                    if isinstance(part, tuple):
                        walk(part)

    walk(tree)
    return frozenset(found)


@arithmetic.guarded
def evaluate(tree: tuple, point: int = 0) -> Value:
    """The tree's value with every variable at its place in `point` (0 .. POINTS - 1).

    Raises Undefined where it has none (division by zero) or is no number (a set), Unresolved where algebra could tell.
    """
    return value_of(tree, point)


def value_of(tree: tuple, point: int) -> Value:
    kind = tree[0]
    if kind == "num":
        return tree[1]
    spend(3)
    if kind == "sym":
        if tree[1] == "i":
            return IMAGINARY_UNIT
        if tree[1] == "e":
            return arithmetic.exp(Fraction(1))
        return coordinate(tree[1], point)
    if kind == "add":
        return functools.reduce(arithmetic.add, (value_of(item, point) for item in tree[1]))
    if kind == "mul":
        return functools.reduce(arithmetic.multiply, (value_of(item, point) for item in tree[1]))
    if kind == "neg":
        return arithmetic.negate(value_of(tree[1], point))
    if kind == "div":
        return arithmetic.divide(value_of(tree[1], point), value_of(tree[2], point))
    if kind == "pow":
        exponent = value_of(tree[2], point)
        if tree[1] == ("sym", "e"):
            return arithmetic.exp(exponent)
        return arithmetic.power(value_of(tree[1], point), exponent)
    if kind == "const" and tree[1] == "pi":
        return arithmetic.pi(), arithmetic.ZERO
    if kind == "fun":
        return function_of(tree[1], tree[2], point)
    if kind == "fact":
        return arithmetic.factorial_of(value_of(tree[1], point))
    if kind == "deg":
        return arithmetic.multiply(value_of(tree[1], point), (arithmetic.pi() / 180, arithmetic.ZERO))
    if kind == "pct":
        return arithmetic.divide(value_of(tree[1], point), Fraction(100))
    if kind == "money":
        return value_of(tree[1], point)
    if kind == "base":
        return in_base(tree[1], tree[2])
    if kind == "ratio":
        return functools.reduce(arithmetic.divide, (value_of(item, point) for item in tree[1]))
    if kind == "call":
        return unknown_function(tree[1], [value_of(item, point) for item in tree[2]])
    if kind in ("sum", "prod"):
        return repeated(tree, point)
    raise Unresolved(kind) if kind in ("int", "lim") else Undefined(kind)


def function_of(name: str, arguments: tuple, point: int) -> Value:
    if name == "det":
        return determinant([[value_of(cell, point) for cell in row] for row in arguments[0][1]])
    values = [value_of(argument, point) for argument in arguments]
    if name == "binom":
        return arithmetic.binomial(*values)
    wanted = {"pow": (2,), "log": (1, 2), "gcd": range(1, 20), "lcm": range(1, 20), "min": range(1, 20)}
    if name not in FUNCTIONS or len(values) not in wanted.get(name, range(1, 20) if name == "max" else (1,)):
        raise Undefined(name)
    return FUNCTIONS[name](*values)


def determinant(rows: list[list[Value]]) -> Value:
    if any(len(row) != len(rows) for row in rows) or len(rows) > 4:
        raise Undefined("determinant")
    if len(rows) == 1:
        return rows[0][0]
    total: Value = Fraction(0)
    for column, head in enumerate(rows[0]):
        minor = determinant([row[:column] + row[column + 1 :] for row in rows[1:]])
        part = arithmetic.multiply(head, minor)
        total = arithmetic.add(total, arithmetic.negate(part) if column % 2 else part)
    return total


def unknown_function(name: str, values: list[Value]) -> Value:
    """Some fixed function of that name: a quadratic form in its arguments with coefficients drawn from the name."""
    total: Value = coordinate(f"{name} {len(values)}", 0)
    for number, value in enumerate(values):
        linear, square = (coordinate(f"{name} {number} {power}", 0) for power in (1, 2))
        total = arithmetic.add(total, arithmetic.multiply(linear, value))
        total = arithmetic.add(total, arithmetic.multiply(square, arithmetic.multiply(value, value)))
    return total


def in_base(digits: str, base: int) -> Value:
    whole, _, part = digits.partition(".")
    try:
        return int(whole or "0", base) + (Fraction(int(part, base), base ** len(part)) if part else Fraction(0))
    except ValueError:
        raise Undefined("digits") from None


def repeated(tree: tuple, point: int) -> Value:
    """A sum or product over at most a hundred whole numbers, term by term; longer ones need algebra."""
    kind, variable, first, last, body = tree
    start, stop = (Fraction(0) if limit == ("const", "inf") else value_of(limit, point) for limit in (first, last))
    if (
        ("const", "inf") in (first, last)
        or not all(isinstance(limit, Fraction) and limit.denominator == 1 for limit in (start, stop))
        or stop - start > 100
    ):
        raise Unresolved("long sum")
    if contains(body, ("sum", "prod")):
        raise Unresolved("nested sum")
    total: Value = Fraction(kind == "prod")
    join = arithmetic.multiply if kind == "prod" else arithmetic.add
    for index in range(int(start), int(stop) + 1):
        total = join(total, value_of(replace(body, variable, ("num", Fraction(index), None)), point))
    return total


def contains(tree, kinds: tuple[str, ...]) -> bool:
    nodes = [tree] if isinstance(tree, tuple) and tree else []
    while nodes:
        node = nodes.pop()
        if node[0] in kinds or (node[0] == "fun" and node[1] in kinds):
            return True
        nodes += [part for part in node if isinstance(part, tuple) and part]
    return False


def replace(tree, name: str, by: tuple):
    if not isinstance(tree, tuple):
        return tree
    spend(1)
    return by if tree == ("sym", name) else tuple(replace(part, name, by) for part in tree)


agree = arithmetic.guarded(arithmetic.agree)


def same_function(a: tuple, b: tuple) -> bool | None:
    """Whether two formulas have the same value wherever both have one; None if only algebra could decide."""
    variables = symbols(a) | symbols(b)
    agreed, unresolved = 0, False
    for point in range(POINTS if variables else 1):
        try:
            left, right = evaluate(a, point), evaluate(b, point)
            same = agree(left, right)
        except Unresolved:
            unresolved = True
            continue
        except Undefined:
            continue
        if same is False:
            return False
        agreed += same is True
        unresolved |= same is None
    if agreed >= (2 if variables else 1):
        return True
    if variables and not agreed and not unresolved and (counts(a) or counts(b)):
        return same_at_whole_points(a, b)
    if unresolved and variables and not agreed and (adds_up(a) or adds_up(b)) and differ_at_whole_points(a, b):
        return False  # a sum to n has a value at whole n: no need for algebra
    return None if unresolved else False


def counts(tree) -> bool:
    """Whether a tree holds a factorial or a binomial coefficient."""
    return contains(tree, ("fact", "binom"))


def same_at_whole_points(a: tuple, b: tuple) -> bool:
    agreed = 0
    for point in WHOLE_POINTS:
        try:
            same = agree(evaluate(a, point), evaluate(b, point))
        except Undefined:
            continue
        if not same:
            return False
        agreed += 1
    return agreed >= 3


def adds_up(tree) -> bool:
    """Whether a tree holds a sum or product over whole numbers."""
    return contains(tree, ("sum", "prod"))


def differ_at_whole_points(a: tuple, b: tuple) -> bool:
    for point in WHOLE_POINTS:
        try:
            if agree(evaluate(a, point), evaluate(b, point)) is False:
                return True
        except Undefined:
            continue
    return False


def constant(tree: tuple) -> Value | None:
    """The value of a formula without variables, or None."""
    if symbols(tree):
        return None
    try:
        return evaluate(tree)
    except Undefined:
        return None


def real_order(tree: tuple) -> Decimal | None:
    """A real constant (infinities included) as a Decimal, to sort by."""
    if tree == ("const", "inf"):
        return Decimal("Infinity")
    if tree[0] in ("neg", "add") and ("const", "inf") in (tree[1] if tree[0] == "add" else (tree[1],)):
        return Decimal("-Infinity") if tree[0] == "neg" else Decimal("Infinity")
    value = constant(tree)
    if value is None or not arithmetic.is_real(value):
        return None
    try:
        return arithmetic.guarded(arithmetic.decimal)(value)[0]
    except Undefined:  # a fraction too large for a decimal
        return None
