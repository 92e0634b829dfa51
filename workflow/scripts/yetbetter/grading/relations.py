"""Equations and inequalities: names given to values, intervals, and equality up to a factor."""

from fractions import Fraction

from yetbetter.grading import arithmetic
from yetbetter.grading.arithmetic import Undefined
from yetbetter.grading.grammar import UNKNOWN_FUNCTIONS
from yetbetter.grading.values import POINTS, agree, contains, evaluate, same_function, symbols

# Of x, y and z these are sides of equations, like x^2; sin x = 1/2 may be what is asked for.
OF_AN_UNKNOWN = frozenset(["abs", "sqrt", "log", "ln", "exp", "floor", "ceil"])
FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


def is_name(tree: tuple) -> bool:
    """A symbol, f(x), |AB|, a product of symbols (AB), a tuple or a ratio of names: what may stand before '= value'."""
    kind = tree[0]
    if kind == "sym":
        return tree[1] != "i"
    if kind == "call":
        return all(is_name(item) or item[0] == "num" for item in tree[2])
    if kind == "fun" and tree[1] == "abs":
        return is_name(tree[2][0]) and tree[2][0] != ("sym", "x")  # |x| = 5 is an equation
    if kind == "tuple":
        return all(is_name(item) for item in tree[3])
    if is_inverse(tree):
        return True
    if kind in ("mul", "ratio"):
        return all(item[0] == "sym" or (kind == "ratio" and is_name(item)) for item in tree[1])
    return kind == "div" and is_name(tree[1]) and is_name(tree[2])


def name_and_value(tree: tuple) -> tuple:
    r"""(name, value) of "name = value" and "name \in set"; (None, tree) for anything else.

    The value must not hold the name again: x = x^2 defines nothing. A computation (23 - 4 = 19) gives its result.
    """
    if tree[0] == "rel" and len(tree[1]) == 1 and tree[1][0] in ("=", "in", "approx"):
        left, right = tree[2]
        if is_name(left) and not own_symbols(left) & symbols(right):
            return left, right
        named = tree[1][0] == "=" and right[0] in ("sym", "call") and is_name(right)
        if named and not own_symbols(right) & symbols(left):
            return right, left
        if tree[1][0] != "in" and is_computation(left):
            return None, right  # 23 - 4 = 19 says 19
        if tree[1][0] == "=" and left[0] == "num" and is_computation(right) and same_function(left, right):
            return None, left  # 42 = 6 * 7
    return None, tree


def quantity_and_value(tree: tuple) -> tuple:
    """The value of "quantity = value", such as a + b = 6 or sin x = 1/2; any other tree as it is."""
    if tree[0] == "rel" and tree[1] in (("=",), ("approx",)) and is_quantity(tree[2][0]):
        left, right = tree[2]
        # "= 0" is the end of an equation, not the value of a quantity.
        if not symbols(left) & symbols(right) and right != ("num", Fraction(0), None):
            return right
    return tree


def is_quantity(tree: tuple) -> bool:
    """Whether a question may ask for this as a whole: a + b, xy, a^2 + b^2, sin x, 1/x + 1/y. Not 2x, x - 3, a + 3z,
    x^2 + y^2, 1/x or sqrt x, which are sides of equations."""
    names = symbols(tree)
    terms = tree[1] if tree[0] == "add" else (tree,)
    powers = [contains(term, ("pow",)) for term in terms]
    if not names or ({"x", "y"} <= names and any(powers)) or not all(symbols(term) for term in terms):
        return False
    if len(terms) == 1:
        unknown = tree[0] in ("pow", "fact") or (tree[0] == "fun" and tree[1] in OF_AN_UNKNOWN)
        return not (is_multiple(tree) or is_reciprocal(tree) or (unknown and names & {"x", "y", "z"}))
    bare = [term[1] if term[0] == "neg" else term for term in terms]
    return not any(map(is_multiple, bare)) and len(set(powers)) == 1


def is_multiple(tree: tuple) -> bool:
    """Whether this is one name times, or divided by, a number, or negated: 2x, x/2, -x."""
    if tree[0] == "neg":
        return True
    if tree[0] == "div":
        return not symbols(tree[2]) and tree[1][0] in ("sym", "mul")
    return tree[0] == "mul" and any(not symbols(item) for item in tree[1])


def is_reciprocal(tree: tuple) -> bool:
    """Whether this is a number over an unknown: 1/x, 2/(x + 1)."""
    return tree[0] == "div" and not symbols(tree[1]) and not contains(tree[1], ("text",))  # NO is a segment, and a word


def own_symbols(name: tuple) -> frozenset[str]:
    """Symbols that the value must not use: f for f(x) = x^2, x for x = 5."""
    if name[0] == "call":
        return frozenset([name[1] + "()"])
    if is_inverse(name):
        return frozenset([name[1][0][1][1], name[1][0][1][1] + "()"])
    return symbols(name)


def is_inverse(tree: tuple) -> bool:
    r"""h^{-1}(x), which the grammar reads as a product."""
    if tree[0] != "mul" or len(tree[1]) != 2 or tree[1][0][0] != "pow":
        return False
    _, base, exponent = tree[1][0]
    return base[0] == "sym" and base[1] in UNKNOWN_FUNCTIONS and exponent == ("neg", ("num", Fraction(1), None))


def is_computation(tree: tuple) -> bool:
    """Numbers only, with at least one operation."""
    return tree[0] in ("add", "mul", "div", "pow", "neg", "fact", "fun") and not symbols(tree) and is_number(tree)


def is_number(tree: tuple) -> bool:
    try:
        evaluate(tree)
    except Undefined:
        return False
    return True


def as_interval(tree: tuple) -> tuple[tuple | None, tuple | None]:
    """(name, set) of "a < name <= b", "name > a", "name != a", "|x - a| < r"; (None, None) for anything else."""
    if tree[0] == "rel" and tree[1] == ("!=",) and is_name(tree[2][0]) and not symbols(tree[2][1]):
        return tree[2][0], ("setminus", ("reals",), ("set", (tree[2][1],)))
    if tree[0] != "rel" or any(sign not in ("<", ">", "<=", ">=") for sign in tree[1]):
        return None, None
    if len(tree[2]) == 2 and tree[2][0][:2] == ("fun", "abs"):
        name, found = around_a_point(tree)
        if name is not None:
            return name, found
    infinity = ("const", "inf")
    signs, terms = tree[1], tree[2]
    if len(terms) == 3 and is_name(terms[1]) and len({sign[0] for sign in signs}) == 1:
        if signs[0][0] == ">":
            signs, terms = tuple(FLIPPED[sign] for sign in reversed(signs)), tuple(reversed(terms))
        low, high = terms[0], terms[2]
        opened, closed = "[" if "=" in signs[0] else "(", "]" if "=" in signs[1] else ")"
        return terms[1], ("tuple", opened, closed, (low, high))
    if len(terms) == 2:
        sign = signs[0]
        if not is_name(terms[0]) and is_name(terms[1]):
            sign, terms = FLIPPED[sign], (terms[1], terms[0])
        if is_name(terms[0]) and not symbols(terms[0]) & symbols(terms[1]):
            if sign[0] == "<":
                return terms[0], ("tuple", "(", "]" if "=" in sign else ")", (("neg", infinity), terms[1]))
            return terms[0], ("tuple", "[" if "=" in sign else "(", ")", (terms[1], infinity))
    return None, None


def around_a_point(tree: tuple) -> tuple[tuple | None, tuple | None]:
    """(x, set) of |x| < r and |x - a| >= r."""
    inside, radius = tree[2][0][2][0], tree[2][1]
    terms = inside[1] if inside[0] == "add" and len(inside[1]) == 2 else (inside, ("num", Fraction(0), None))
    name, shift = terms
    if name not in (("sym", "x"), ("sym", "y"), ("sym", "t"), ("sym", "z")) or symbols(shift) or symbols(radius):
        return None, None
    low, high = (("add", (("neg", shift), end)) for end in (("neg", radius), radius))
    sign = tree[1][0]
    if sign[0] == "<":
        closed = "=" in sign
        return name, ("tuple", "[" if closed else "(", "]" if closed else ")", (low, high))
    infinity = ("const", "inf")
    left = ("tuple", "(", "]" if "=" in sign else ")", (("neg", infinity), low))
    return name, ("cup", left, ("tuple", "[" if "=" in sign else "(", ")", (high, infinity)))


def equal_relations(a: tuple, g: tuple) -> bool | None:
    """Two single relations: the same up to a factor (positive for an inequality) between their two differences.

    2x + 4y = 3 and y = 3/4 - x/2 are one line, as x < 1 and -x > -1 are one ray.
    """
    if len(a[1]) != len(g[1]):
        return False
    if len(a[1]) > 1:
        return equal_chains(a, g)
    a_sign, g_sign = a[1][0], g[1][0]
    if a_sign not in FLIPPED or g_sign not in FLIPPED or symbols(a) != symbols(g):
        return False
    factors = []
    for point in range(POINTS):
        try:
            left, right = (evaluate(("add", (tree[2][0], ("neg", tree[2][1]))), point) for tree in (a, g))
            factors.append(arithmetic.guarded(arithmetic.divide)(left, right))
        except Undefined:
            continue
    if len(factors) < 2:
        return None
    try:
        if not all(agree(factors[0], factor) for factor in factors[1:]):
            return False
    except Undefined:
        return None
    if a_sign in ("=", "!="):
        return a_sign == g_sign and not arithmetic.is_zero(factors[0])
    if not arithmetic.is_real(factors[0]) or arithmetic.is_zero(factors[0]):
        return False
    real = factors[0] if isinstance(factors[0], Fraction) else factors[0][0]
    return a_sign == (g_sign if real > 0 else FLIPPED[g_sign])


def equal_chains(a: tuple, g: tuple) -> bool | None:
    """f(2) < f(1) < f(4): term by term, in either direction."""
    for signs, terms in ((g[1], g[2]), (tuple(FLIPPED.get(s, s) for s in reversed(g[1])), tuple(reversed(g[2])))):
        if a[1] == signs and all(same_function(x, y) for x, y in zip(a[2], terms, strict=True)):
            return True
    return False
