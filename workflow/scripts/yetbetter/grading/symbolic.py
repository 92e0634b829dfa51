"""Algebra for what values at points leave open: long sums, integrals, limits, huge powers.

Runs only inside a worker process with limits of time and memory. SymPy objects are built node by node from our own
tree; no text ever reaches SymPy's parser (sympify and parse_expr call eval).
"""

import sympy

from yetbetter.grading.comparison import Comparison
from yetbetter.grading.equivalence import compare
from yetbetter.grading.tokens import Refused

FUNCTIONS = {
    **{
        name: getattr(sympy, name)
        for name in [
            "sin",
            "cos",
            "tan",
            "sec",
            "csc",
            "cot",
            "sinh",
            "cosh",
            "tanh",
            "exp",
            "sqrt",
            "floor",
            "binomial",
        ]
    },
    **{"arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan, "ln": sympy.log, "log": sympy.log},
    **{"abs": sympy.Abs, "ceil": sympy.ceiling, "gcd": sympy.gcd, "lcm": sympy.lcm, "min": sympy.Min, "max": sympy.Max},
    **{"binom": sympy.binomial},
}


def decide(answer: str, gold: str, mode: str) -> bool:
    """Whether two texts are equal, with algebra; what algebra leaves open is not equal."""
    return compare(answer, gold, mode, SymbolicComparison) is True


class SymbolicComparison(Comparison):
    def equal_values(self, a: tuple, g: tuple) -> bool | None:
        verdict = super().equal_values(a, g)
        return self.equal_symbolically(a, g) if verdict is None else verdict

    def equal_symbolically(self, a: tuple, g: tuple) -> bool | None:
        try:
            left, right = build(a), build(g)
            if left == right:
                return True
            difference = sympy.simplify(left.doit() - right.doit())
        except (Refused, TypeError, ValueError, ArithmeticError, NotImplementedError, AttributeError, RecursionError):
            return None
        if difference.is_zero is not None:
            return bool(difference.is_zero)
        return difference.equals(0)


def build(tree: tuple):
    """The SymPy object of a tree. Raises Refused for what is no value."""
    kind = tree[0]
    if kind == "num":
        return sympy.Rational(tree[1].numerator, tree[1].denominator)
    if kind == "sym":
        return {"i": sympy.I, "e": sympy.E}.get(tree[1]) or sympy.Symbol(tree[1])
    if kind == "const":
        return {"pi": sympy.pi, "inf": sympy.oo}[tree[1]]
    if kind == "add":
        return sum_of([build(item) for item in tree[1]])
    if kind == "mul":
        product = build(tree[1][0])
        for item in tree[1][1:]:
            product = product * build(item)
        return product
    if kind == "neg":
        return -build(tree[1])
    if kind == "div":
        return build(tree[1]) / build(tree[2])
    if kind == "pow":
        return build(tree[1]) ** build(tree[2])
    if kind == "fact":
        return sympy.factorial(build(tree[1]))
    if kind in ("deg", "pct"):
        return build(tree[1]) * (sympy.pi / 180 if kind == "deg" else sympy.Rational(1, 100))
    if kind == "money":
        return build(tree[1])
    if kind == "fun" and tree[1] in FUNCTIONS:
        return FUNCTIONS[tree[1]](*(build(item) for item in tree[2]))
    if kind == "call":
        return sympy.Function(tree[1])(*(build(item) for item in tree[2]))
    if kind in ("sum", "prod"):
        limits = (sympy.Symbol(tree[1]), build(tree[2]), build(tree[3]))
        return (sympy.Sum if kind == "sum" else sympy.Product)(build(tree[4]), limits)
    if kind == "int":
        return sympy.Integral(build(tree[4]), (sympy.Symbol(tree[1]), build(tree[2]), build(tree[3])))
    if kind == "lim":
        return sympy.Limit(build(tree[3]), sympy.Symbol(tree[1]), build(tree[2]))
    raise Refused(kind)


def sum_of(items: list):
    total = items[0]
    for item in items[1:]:
        total = total + item
    return total
