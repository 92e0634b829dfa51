r"""Sets of real numbers: unions of intervals and points, sorted and merged, then compared end by end."""

from collections.abc import Callable
from decimal import Decimal

from yetbetter.grading.relations import as_interval, name_and_value
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


def as_unions(a: tuple, g: tuple) -> tuple[tuple, tuple] | None:
    r"""Both as sets of reals, also a list such as "x < 2 or x > 3"; None if one is not such a set."""
    found = [as_union(tree) for tree in (a, g)]
    for place, tree in enumerate((a, g)):
        # (1,3) alone may be a point; compared with a set of reals it is an interval.
        if found[place] is None and tree[0] == "tuple" and len(tree[3]) == 2 and is_ascending(*tree[3]):
            found[place] = tree
    return None if None in found else (found[0], found[1])


def is_ascending(low: tuple, high: tuple) -> bool:
    ends = real_order(low), real_order(high)
    return None not in ends and ends[0] < ends[1]


def as_union(tree: tuple) -> tuple | None:
    r"""A set of reals, also one written as a list: "x < 2 or x > 3", "(-\infty,2), (3,\infty)"; None for anything else.

    Inequalities joined by "and" are an intersection.
    """
    if is_interval_like(tree):
        return tree
    if tree[0] != "list":
        return part_of_union(tree)[1]
    found = [part_of_union(item) for item in tree[1]]
    if any(part is None for _, part in found) or len({name for name, _ in found} - {None}) > 1:
        return None
    parts = [part for _, part in found]
    inequalities = all(item[0] == "rel" for item in tree[1])
    if inequalities and tree[2:] == ("and",):
        return joined("cap", parts)
    union = joined("cup", parts)
    # "x > 1, x < 3": if the union would be all numbers, the intersection is meant.
    if inequalities and not tree[2:] and merge(parts_of(union) or []) == [EVERYTHING]:
        return joined("cap", parts)
    return union


def joined(kind: str, parts: list[tuple]) -> tuple:
    whole = parts[0]
    for part in parts[1:]:
        whole = (kind, whole, part)
    return whole


def part_of_union(tree: tuple) -> tuple[tuple | None, tuple | None]:
    """(name or None, set) of an interval, an inequality, or "x in" an interval; (None, None) for anything else."""
    if is_interval_like(tree):
        return None, tree
    name, value = name_and_value(tree)
    if name is not None and is_interval_like(value):
        return name, value
    return as_interval(tree)


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
    """(low, low is in, high, high is in) of each piece; None if the tree is not a set of reals."""
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
            return merge(sides[0] + sides[1])
        taken = complement(sides[1]) if kind == "setminus" else sides[1]
        # Merged, so that an intersection has no more pieces than its sides together.
        return merge([part for x in sides[0] for y in taken if (part := intersect(x, y))])
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
