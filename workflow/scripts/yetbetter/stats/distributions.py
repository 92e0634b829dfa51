"""Student's t and Fisher's F distributions, with the standard library alone."""

import math
from functools import lru_cache
from statistics import NormalDist

NORMAL = NormalDist()
LARGE = 400  # degrees of freedom beyond which the normal approximation below is good to five digits


def t_below(value: float, freedom: float) -> float:
    """P(T < value) for a t variable with `freedom` > 0 degrees of freedom (any number, also infinite)."""
    if math.isnan(value):
        return math.nan
    if math.isinf(value):
        return float(value > 0)
    if freedom > LARGE:  # Abramowitz and Stegun, 26.7.8
        if math.isinf(freedom):
            return NORMAL.cdf(value)
        return NORMAL.cdf(value * (1 - 1 / (4 * freedom)) / math.sqrt(1 + value * value / (2 * freedom)))
    tail = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + value * value)) / 2
    return 1 - tail if value > 0 else tail


@lru_cache(maxsize=10_000)
def t_quantile(chance: float, freedom: float) -> float:
    """The value below which a t variable lies with this chance, 0 < chance < 1."""
    if chance < 0.5:
        return -t_quantile(1 - chance, freedom)
    low, high = 0.0, 1.0
    while t_below(high, freedom) < chance:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if t_below(middle, freedom) < chance else (low, middle)
    return (low + high) / 2


def f_above(value: float, first: float, second: float) -> float:
    """P(F > value) for an F variable with these degrees of freedom, of the upper and of the lower variance."""
    return incomplete_beta(second / 2, first / 2, second / (second + first * value))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22, Lentz's method)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    tiny = 1e-300
    c, d = 1.0, 1 / nonzero(1 - (a + b) * x / (a + 1), tiny)
    fraction = d
    for m in range(1, 1000):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / nonzero(1 + step * d, tiny)
            c = nonzero(1 + step / c, tiny)
            fraction *= c * d
        if abs(c * d - 1) < 1e-13:
            break
    return math.exp(logarithm) * fraction / a


def nonzero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
