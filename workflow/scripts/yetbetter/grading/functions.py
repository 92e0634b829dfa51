"""The elementary functions that an answer may hold, on the values of `arithmetic`."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from yetbetter.grading.arithmetic import (
    ONE,
    ZERO,
    Undefined,
    Unresolved,
    Value,
    add,
    cosine,
    decimal,
    divide,
    exp,
    is_real,
    log,
    magnitude,
    multiply,
    negate,
    power,
    sine,
    square_root,
    whole,
)

IMAGINARY_UNIT: Value = (ZERO, ONE)


def sin(a: Value) -> Value:
    re, im = decimal(a)
    if not im:
        return Fraction(0) if re == 0 else (sine(re), ZERO)
    up, down = exp(multiply(IMAGINARY_UNIT, a)), exp(negate(multiply(IMAGINARY_UNIT, a)))
    return divide(add(up, negate(down)), (ZERO, Decimal(2)))


def cos(a: Value) -> Value:
    re, im = decimal(a)
    if not im:
        return Fraction(1) if re == 0 else (cosine(re), ZERO)
    up, down = exp(multiply(IMAGINARY_UNIT, a)), exp(negate(multiply(IMAGINARY_UNIT, a)))
    return divide(add(up, down), Fraction(2))


def tan(a: Value) -> Value:
    return divide(sin(a), cos(a))


def arcsin(a: Value) -> Value:
    # arcsin z = -i log(iz + sqrt(1 - z^2)), Abramowitz and Stegun 4.4.26
    inside = add(multiply(IMAGINARY_UNIT, a), square_root(add(Fraction(1), negate(multiply(a, a)))))
    return multiply(negate(IMAGINARY_UNIT), log(inside))


def arccos(a: Value) -> Value:
    return add(arcsin(Fraction(1)), negate(arcsin(a)))


def arctan(a: Value) -> Value:
    # arctan z = i/2 (log(1 - iz) - log(1 + iz)), Abramowitz and Stegun 4.4.28
    turned = multiply(IMAGINARY_UNIT, a)
    parts = add(log(add(Fraction(1), negate(turned))), negate(log(add(Fraction(1), turned))))
    return multiply((ZERO, Decimal("0.5")), parts)


def sinh(a: Value) -> Value:
    return divide(add(exp(a), negate(exp(negate(a)))), Fraction(2))


def cosh(a: Value) -> Value:
    return divide(add(exp(a), exp(negate(a))), Fraction(2))


def tanh(a: Value) -> Value:
    return divide(sinh(a), cosh(a))


def inverse(function):
    return lambda a: divide(Fraction(1), function(a))


def absolute(a: Value) -> Value:
    return abs(a) if isinstance(a, Fraction) else (magnitude(a), ZERO)


def rounded(function):
    def call(a: Value) -> Value:
        if isinstance(a, Fraction):
            return Fraction(function(a))
        if not is_real(a):
            raise Undefined("not real")
        if magnitude(a) > 10**30:
            raise Unresolved("too large")
        return Fraction(function(a[0]))

    return call


def whole_numbers(function):
    return lambda *values: Fraction(function(*(whole(value, 10**30) for value in values)))


def chosen(function):
    def call(*values: Value) -> Value:
        if not all(is_real(value) for value in values):
            raise Undefined("not real")
        return function(values, key=lambda value: decimal(value)[0])

    return call


def logarithm(a: Value, base: Value | None = None) -> Value:
    return log(a) if base is None else divide(log(a), log(base))


FUNCTIONS = {
    "sin": sin,
    "cos": cos,
    "tan": tan,
    "sec": inverse(cos),
    "csc": inverse(sin),
    "cot": inverse(tan),
    "arcsin": arcsin,
    "arccos": arccos,
    "arctan": arctan,
    "sinh": sinh,
    "cosh": cosh,
    "tanh": tanh,
    "exp": exp,
    "ln": logarithm,
    "log": logarithm,
    "sqrt": square_root,
    "abs": absolute,
    "floor": rounded(floor),
    "ceil": rounded(ceil),
    "gcd": whole_numbers(gcd),
    "lcm": whole_numbers(lcm),
    "min": chosen(min),
    "max": chosen(max),
    "pow": power,
}
