"""Exact rationals where a value is rational, else complex numbers of sixty decimal digits; every operation is bounded.

A value is a Fraction or a pair (real, imaginary) of Decimals. Floats would not do: equality of two constants is decided
by their first digits, and 10^12 + sqrt(2) and 10^12 + 1.4142 share the digits of a float.
"""

import functools
from decimal import Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow, localcontext
from fractions import Fraction
from math import comb, factorial, isqrt

from yetbetter.grading.work import spend

DIGITS = 60
CONTEXT = Context(prec=DIGITS, Emax=99_999, Emin=-99_999, traps=[InvalidOperation, DivisionByZero, Overflow])
# An exact rational larger than this continues as a decimal.
MAX_BITS = 8_192
ZERO, ONE = Decimal(0), Decimal(1)
# Two values agree when they differ by less than this, relative to the larger; twenty digits are left for rounding.
AGREE = Decimal(10) ** -40

Value = Fraction | tuple[Decimal, Decimal]


class Undefined(Exception):
    """The expression has no value here, such as a division by zero, or is no number."""


class Unresolved(Undefined):
    """The expression may have a value, but not within these bounds: algebra could tell."""


def guarded(function):
    """Decimal arithmetic in our own context; whatever it refuses is Undefined."""

    @functools.wraps(function)
    def call(*arguments):
        try:
            with localcontext(CONTEXT):
                return function(*arguments)
        except (DivisionByZero, ZeroDivisionError):
            raise Undefined("division by zero") from None
        except (DecimalException, OverflowError) as error:
            raise Unresolved(type(error).__name__) from None

    return call


def bounded(value: Fraction) -> Value:
    if value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
        return decimal(value)
    return value


def spend_on_fractions(a: Fraction, b: Fraction) -> None:
    """Spend steps on reducing an exact sum or product. The cost grows with its digits."""
    bits = a.denominator.bit_length() + b.denominator.bit_length()
    if bits > 200:
        spend(bits // 100)


def decimal(value: Value) -> tuple[Decimal, Decimal]:
    if isinstance(value, tuple):
        return value
    # Conversion to decimal takes time quadratic in the number of digits.
    spend(((value.numerator.bit_length() + value.denominator.bit_length()) // 1_000) ** 2)
    return Decimal(value.numerator) / Decimal(value.denominator), ZERO


def add(a: Value, b: Value) -> Value:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        spend_on_fractions(a, b)
        return bounded(a + b)
    (ar, ai), (br, bi) = decimal(a), decimal(b)
    return ar + br, ai + bi


def negate(a: Value) -> Value:
    return -a if isinstance(a, Fraction) else (-a[0], -a[1])


def multiply(a: Value, b: Value) -> Value:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        spend_on_fractions(a, b)
        return bounded(a * b)
    (ar, ai), (br, bi) = decimal(a), decimal(b)
    if not ai and not bi:
        return ar * br, ZERO
    return ar * br - ai * bi, ar * bi + ai * br


def divide(a: Value, b: Value) -> Value:
    if is_zero(b):
        raise Undefined("division by zero")
    spend(5)
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return bounded(a / b)
    (ar, ai), (br, bi) = decimal(a), decimal(b)
    if not bi:
        return ar / br, ai / br
    size = br * br + bi * bi
    return (ar * br + ai * bi) / size, (ai * br - ar * bi) / size


def is_zero(a: Value) -> bool:
    """Zero, or so near to it that rounding cannot tell."""
    return a == 0 if isinstance(a, Fraction) else abs(a[0]) < AGREE and abs(a[1]) < AGREE


def is_real(a: Value) -> bool:
    return isinstance(a, Fraction) or abs(a[1]) <= AGREE * max(ONE, abs(a[0]))


def magnitude(a: Value) -> Decimal:
    re, im = decimal(a)
    return abs(re) if not im else (re * re + im * im).sqrt()


def agree(a: Value, b: Value) -> bool | None:
    """Whether two values are equal; None where rounding leaves it open (huge, or both tiny, and not rational)."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    (ar, ai), (br, bi) = decimal(a), decimal(b)
    size = max(abs(ar), abs(ai), abs(br), abs(bi))
    if abs(ar - br) > AGREE * max(ONE, size) or abs(ai - bi) > AGREE * max(ONE, size):
        return False
    return None if size > Decimal(10) ** 35 or (size < Decimal(10) ** -20 and size) else True


def power(base: Value, exponent: Value) -> Value:
    """The principal power, but the real root of a negative number where the exponent's denominator is odd."""
    spend(50)
    if isinstance(exponent, Fraction):
        if exponent.denominator == 1:
            return integer_power(base, exponent.numerator)
        if is_real(base) and exponent.denominator < 1_000:
            return rational_power(base, exponent)
    if is_zero(base):
        re, _ = decimal(exponent)
        if re > 0:
            return Fraction(0)
        raise Undefined("power of zero")
    re, im = decimal(base)
    if not im and re > 0:
        exponent = decimal(exponent)
        if not exponent[1]:
            return re ** exponent[0], ZERO
    return exp(multiply(exponent, log(base)))


def integer_power(base: Value, n: int) -> Value:
    if n < 0:
        return divide(Fraction(1), integer_power(base, -n))
    if isinstance(base, Fraction):
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if abs(base) in (0, 1) or bits * n <= MAX_BITS:
            return base**n if n < 10**6 else (base if n % 2 else base * base)
    if n > 10**12:
        raise Unresolved("exponent")
    re, im = decimal(base)
    if not im:
        return re**n, ZERO
    result, square = (ONE, ZERO), (re, im)
    while n:
        if n & 1:
            result = multiply(result, square)
        n >>= 1
        if n:
            square = multiply(square, square)
    return result


def rational_power(base: Value, exponent: Fraction) -> Value:
    p, q = exponent.numerator, exponent.denominator
    real = base if isinstance(base, Fraction) else base[0]
    if is_zero(base):
        if p > 0:
            return Fraction(0)
        raise Undefined("power of zero")
    if real > 0:
        return integer_power(positive_root(real, q), p)
    if q % 2:
        return integer_power(negate(positive_root(-real, q)), p)
    if q == 2:
        return integer_power(multiply((ZERO, ONE), positive_root(-real, 2)), p)
    return exp(multiply(exponent, log(base)))


def positive_root(real: Fraction | Decimal, q: int) -> Value:
    if isinstance(real, Fraction):
        roots = exact_root(real.numerator, q), exact_root(real.denominator, q)
        if None not in roots:
            return Fraction(*roots)
        real = decimal(real)[0]
    return (real.sqrt() if q == 2 else real ** (ONE / q)), ZERO


def exact_root(n: int, q: int) -> int | None:
    if n in (0, 1):
        return n
    if q == 2:
        root = isqrt(n)
    else:
        if n.bit_length() > 1_000:
            return None
        root = int((Decimal(n) ** (ONE / q)).to_integral_value())
    return root if root.bit_length() * q <= 2 * MAX_BITS and root**q == n else None


def square_root(a: Value) -> Value:
    if is_real(a):
        return rational_power(a, Fraction(1, 2))
    re, im = decimal(a)
    size = magnitude(a)
    root_re, root_im = ((size + re) / 2).sqrt(), ((size - re) / 2).sqrt()
    return root_re, root_im if im >= 0 else -root_im


def exp(a: Value) -> Value:
    spend(100)
    re, im = decimal(a)
    size = re.exp()
    return (size * cosine(im), size * sine(im)) if im else (size, ZERO)


def log(a: Value) -> Value:
    spend(100)
    if is_zero(a):
        raise Undefined("logarithm of zero")
    re, im = decimal(a)
    return magnitude(a).ln(), argument(re, im)


@functools.cache
def pi() -> Decimal:
    """Machin: pi/4 = 4 arctan(1/5) - arctan(1/239), in integers."""
    with localcontext(CONTEXT):
        unity = 10 ** (DIGITS + 10)

        def arctan_inverse(n: int) -> int:
            total = term = unity // n
            sign, k = -1, 3
            while term:
                term //= n * n
                total += sign * (term // k)
                sign, k = -sign, k + 2
            return total

        return Decimal(4 * (4 * arctan_inverse(5) - arctan_inverse(239))) / Decimal(unity)


def cosine(x: Decimal) -> Decimal:
    return sine(x + pi() / 2)


def sine(x: Decimal) -> Decimal:
    spend(50)
    if abs(x) > 10**15:
        raise Unresolved("angle")
    x = x.remainder_near(2 * pi()) / 27
    term = total = x
    square, k = x * x, 1
    while abs(term) > AGREE * AGREE:
        k += 2
        term = -term * square / (k * (k - 1))
        total += term
    for _ in range(3):  # sin 3x = 3 sin x - 4 sin^3 x
        total = total * (3 - 4 * total * total)
    return total


def argument(re: Decimal, im: Decimal) -> Decimal:
    if abs(im) <= AGREE * abs(re):
        return ZERO if re > 0 else pi()
    if abs(re) < abs(im):
        angle = pi() / 2 - arctangent(re / abs(im))
    else:
        angle = arctangent(abs(im) / re) + (pi() if re < 0 else ZERO)
    return angle if im > 0 else -angle


def arctangent(x: Decimal) -> Decimal:
    spend(100)
    for _ in range(3):  # arctan x = 2 arctan(x / (1 + sqrt(1 + x^2)))
        x = x / (1 + (1 + x * x).sqrt())
    total = term = x
    square, k = x * x, 1
    while abs(term) > AGREE * AGREE:
        k += 2
        term = -term * square
        total += term / k
    return 8 * total


def whole(a: Value, limit: int) -> int:
    """A whole number; Undefined for any other, Unresolved for one above `limit`."""
    if not isinstance(a, Fraction) or a.denominator != 1 or a < 0:
        raise Undefined("not a whole number")
    if a > limit:
        raise Unresolved("too large")
    return a.numerator


def factorial_of(a: Value) -> Value:
    n = whole(a, 3_000)
    spend(n // 5)
    return bounded(Fraction(factorial(n)))


def binomial(n: Value, k: Value) -> Value:
    spend(100)
    return bounded(Fraction(comb(whole(n, 3_000), whole(k, 3_000))))
