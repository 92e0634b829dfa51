r"""Sets of real numbers: unions of intervals and points, sorted and merged, then compared end by end."""

from collections.abc import Callable
from decimal import Decimal

from yetbetter.grading.values import real_order

INFINITE = Decimal("Infinity")
EVERYTHING = (-INFINITE, False, INFINITE, False)
NEARLY = Decimal(10) ** -40


def is_interval_like(tree: tuple) -> bool:
    """An interval with a square bracket or an infinite end, a union, the real numbers."""
    if tree[0] == "tuple" and len(tree[3]) == 2:
        return tree[1:3] in (("[", ")"), ("(", "]")) or any(is_infinite(item) for item in tree[3])
    return tree[0] in ("cup", "cap", "setminus", "reals")


def is_infinite(tree: tuple) -> bool:
    return tree == ("const", "inf") or tree == ("neg", ("const", "inf"))


def equal_sets(a: tuple, g: tuple, equal: Callable[[tuple, tuple], bool | None]) -> bool | None:
    """Whether both are the same set; single intervals end by end by `equal`, so that their ends may hold variables."""
    if a[0] == g[0] == "tuple":
        if a[1:3] != g[1:3] or len(a[3]) != len(g[3]):
            return False
        verdicts = [equal(x, y) for x, y in zip(a[3], g[3], strict=True)]
        return False if False in verdicts else None if None in verdicts else True
    parts = [parts_of(tree) for tree in (a, g)]
    if None in parts:
        return False
    left, right = (merge(found) for found in parts)
    return len(left) == len(right) and all(same_part(x, y) for x, y in zip(left, right, strict=True))


def same_part(x: tuple, y: tuple) -> bool:
    return x[1] == y[1] and x[3] == y[3] and close(x[0], y[0]) and close(x[2], y[2])


def close(x: Decimal, y: Decimal) -> bool:
    return x == y or (x.is_finite() and y.is_finite() and abs(x - y) <= NEARLY * max(1, abs(x), abs(y)))


def parts_of(tree: tuple) -> list[tuple] | None:
    """(low, low is in, high, high is in) of each piece; None where the tree is no set of reals."""
    kind = tree[0]
    if kind == "reals":
        return [EVERYTHING]
    if kind == "tuple" and len(tree[3]) == 2:
        ends = [real_order(item) for item in tree[3]]
        return None if None in ends else [(ends[0], tree[1] == "[", ends[1], tree[2] == "]")]
    if kind in ("set", "list"):
        points = [real_order(item) for item in tree[1]]
        return None if None in points else [(point, True, point, True) for point in points]
    if kind in ("cup", "cap", "setminus"):
        sides = [parts_of(side) for side in tree[1:]]
        if None in sides:
            return None
        if kind == "cup":
            return sides[0] + sides[1]
        taken = complement(sides[1]) if kind == "setminus" else sides[1]
        return [part for x in sides[0] for y in taken if (part := intersect(x, y))]
    return None


def merge(parts: list[tuple]) -> list[tuple]:
    """Sorted pieces, those that touch joined, empty ones left out."""
    merged: list[tuple] = []
    for part in sorted((part for part in parts if not is_empty(part)), key=lambda part: (part[0], not part[1])):
        last = merged[-1] if merged else None
        if last and (part[0] < last[2] or (part[0] == last[2] and (part[1] or last[3]))):
            high = max((last[2], last[3]), (part[2], part[3]))
            merged[-1] = (last[0], last[1], *high)
        else:
            merged.append(part)
    return merged


def is_empty(part: tuple) -> bool:
    return part[0] > part[2] or (part[0] == part[2] and not (part[1] and part[3]))


def intersect(x: tuple, y: tuple) -> tuple | None:
    low = max((x[0], not x[1]), (y[0], not y[1]))
    high = min((x[2], x[3]), (y[2], y[3]))
    part = (low[0], not low[1], *high)
    return None if is_empty(part) else part


def complement(parts: list[tuple]) -> list[tuple]:
    rest, low, low_in = [], -INFINITE, False
    for part in merge(parts):
        rest.append((low, low_in, part[0], not part[1]))
        low, low_in = part[2], not part[3]
    rest.append((low, low_in, INFINITE, False))
    return [part for part in rest if not is_empty(part)]
