r"""LaTeX commands that take arguments: \frac, \sqrt, \binom, matrices, \sum, \int, \lim."""

from fractions import Fraction

from yetbetter.grading.tokens import Refused

MAX_CELLS = 100
MATRICES = frozenset(["pmatrix", "bmatrix", "matrix", "Bmatrix", "array", "smallmatrix"])


def frac(parser) -> tuple:
    return ("div", parser.argument(), parser.argument())


def sqrt(parser) -> tuple:
    index = None
    if parser.take("["):
        index = parser.sum()
        parser.expect("]")
    inside = parser.bracket() if parser.is_sign("(") else parser.argument()
    if index is None:
        return ("fun", "sqrt", (inside,))
    return ("pow", inside, ("div", ("num", Fraction(1), None), index))


def binom(parser) -> tuple:
    return ("fun", "binom", (parser.argument(), parser.argument()))


def style(parser) -> tuple:
    return parser.argument()


def line(parser) -> tuple:
    r"""\overline{AB} is a name; digits below a line must belong to a decimal (see Parser.repeating)."""
    tree = parser.argument()
    if tree[0] == "num":
        raise Refused("repeating digits without a decimal")
    # The conjugate of z, the mean of x.
    return ("sym", f"bar {tree[1]}") if tree[0] == "sym" and len(tree[1]) == 1 else tree


def angle(parser) -> tuple:
    r"""\angle ABC is \angle CBA and not another angle of these points; \angle 1 is a name."""
    braced = parser.take("{")
    points = ""
    while parser.peek().kind == "name" and (braced or len(points) < 3):
        points += parser.peek().value
        parser.place += 1
    if braced:
        parser.expect("}")
    if not points:
        return parser.argument()
    return ("sym", min(points, points[::-1]))


def numbers(parser) -> tuple:
    tree = parser.argument()
    if tree != ("sym", "R"):
        raise Refused("number set")
    return ("reals",)


def word(parser) -> str:
    parser.expect("{")
    letters = ""
    while parser.peek().kind in ("name", "number", "sign") and not parser.is_sign("}"):
        letters += parser.peek().value
        parser.place += 1
    parser.expect("}")
    return letters


def matrix(parser, name: str) -> tuple:
    r"""Rows of cells up to \end; every bracket shape is the same matrix, vmatrix is its determinant."""
    if name not in MATRICES and name != "vmatrix":
        raise Refused(f"environment {name}")
    if name == "array" and parser.is_sign("{"):
        word(parser)
    rows, row, cells = [], [], 0
    while parser.peek().kind != "end":
        row.append(parser.relation())
        cells += 1
        if cells > MAX_CELLS:
            raise Refused("matrix too large")
        if parser.take("&"):
            continue
        rows.append(tuple(row))
        row = []
        if not parser.take("\\\\"):
            break
    if parser.peek() != ("end", name) or row or not rows or len({len(row) for row in rows}) != 1:
        raise Refused("matrix")
    parser.place += 1
    tree = ("matrix", tuple(rows))
    return ("fun", "det", (tree,)) if name == "vmatrix" else tree


def over(kind):
    r"""\sum or \prod with both limits, over the term that follows."""

    def read(parser) -> tuple:
        parser.expect("_")
        start = parser.group()
        parser.expect("^")
        stop = parser.script()
        if start[0] != "rel" or start[1] != ("=",) or start[2][0][0] != "sym":
            raise Refused("limits of a sum")
        return (kind, start[2][0][1], start[2][1], stop, parser.term())

    return read


def integral(parser) -> tuple:
    parser.expect("_")
    start = parser.script(chain=False)
    parser.expect("^")
    stop = parser.script(chain=False)
    body = parser.term()
    # The differential is the product's last two names: x^2 dx.
    items = body[1] if body[0] == "mul" else (body,)
    if len(items) < 2 or items[-2] != ("sym", "d") or items[-1][0] != "sym":
        raise Refused("no differential")
    rest = items[:-2]
    inside = ("mul", rest) if len(rest) > 1 else rest[0] if rest else ("num", Fraction(1), None)
    return ("int", items[-1][1], start, stop, inside)


def limit(parser) -> tuple:
    parser.expect("_")
    parser.expect("{")
    variable = parser.base()
    parser.expect("to")
    target = parser.sum()
    parser.expect("}")
    if variable[0] != "sym":
        raise Refused("limit")
    return ("lim", variable[1], target, parser.term())


MACROS = {
    **{"frac": frac, "sqrt": sqrt, "binom": binom, "overline": line, "mathbb": numbers},
    **{"sum": over("sum"), "prod": over("prod"), "int": integral, "lim": limit, "boxed": style},
    "angle": angle,
    "bar": line,
    **dict.fromkeys(("triangle", "vec", "hat", "dot", "tilde", "underline"), style),
}
