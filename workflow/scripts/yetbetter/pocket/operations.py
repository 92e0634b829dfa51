"""The steps of the list problems: what each does, how a question says it, how Python says it.

A problem is a list of steps, (operation, number) each; the number is None for an operation that needs none. Every step
takes a list of integers. A reduction returns an integer and can only be the last.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

FILTER, MAP, REARRANGE, REDUCE = "filter", "map", "rearrange", "reduce"

Step = tuple[str, int | None]


@dataclass(frozen=True)
class Operation:
    """One kind of step.

    phrases: its wordings, with `{k}` for the number. code: the same in Python, with `{x}` for one number of the list
    (filters, maps) or `{v}` for the list. compute: the same as a function of the one number or the list, and k.
    numbers: the values that k may have, empty if there is none.
    """

    kind: str
    phrases: tuple[str, ...]
    code: tuple[str, ...]
    compute: Callable
    numbers: range = range(0)


OPERATIONS = {
    "even": Operation(
        FILTER,
        ("keep the even numbers", "keep only even numbers"),
        ("{x} % 2 == 0",),
        lambda x, k: x % 2 == 0,
    ),
    "odd": Operation(
        FILTER,
        ("keep the odd numbers", "keep only odd numbers"),
        ("{x} % 2 == 1", "{x} % 2 != 0"),
        lambda x, k: x % 2 == 1,
    ),
    "positive": Operation(
        FILTER,
        ("keep the positive numbers", "keep only positive numbers"),
        ("{x} > 0",),
        lambda x, k: x > 0,
    ),
    "negative": Operation(
        FILTER,
        ("keep the negative numbers", "keep only negative numbers"),
        ("{x} < 0",),
        lambda x, k: x < 0,
    ),
    "above": Operation(
        FILTER,
        ("keep numbers above {k}", "keep numbers over {k}"),
        ("{x} > {k}",),
        lambda x, k: x > k,
        range(1, 10),
    ),
    "multiple": Operation(
        FILTER,
        ("keep multiples of {k}", "keep numbers divisible by {k}"),
        ("{x} % {k} == 0",),
        lambda x, k: x % k == 0,
        range(3, 6),
    ),
    "add": Operation(
        MAP,
        ("add {k} to each", "increase each by {k}"),
        ("{x} + {k}", "{k} + {x}"),
        lambda x, k: x + k,
        range(1, 10),
    ),
    "subtract": Operation(
        MAP,
        ("subtract {k} from each", "decrease each by {k}"),
        ("{x} - {k}",),
        lambda x, k: x - k,
        range(1, 10),
    ),
    "times": Operation(
        MAP,
        ("multiply each by {k}", "scale each by {k}"),
        ("{x} * {k}", "{k} * {x}"),
        lambda x, k: x * k,
        range(2, 6),
    ),
    "square": Operation(
        MAP,
        ("square each", "square the numbers"),
        ("{x} * {x}", "{x} ** 2"),
        lambda x, k: x * x,
    ),
    "negate": Operation(
        MAP,
        ("negate each", "flip each sign"),
        ("-{x}",),
        lambda x, k: -x,
    ),
    "absolute": Operation(
        MAP,
        ("make each absolute", "use absolute values"),
        ("abs({x})",),
        lambda x, k: abs(x),
    ),
    "remainder": Operation(
        MAP,
        ("take each modulo {k}", "take remainders by {k}"),
        ("{x} % {k}",),
        lambda x, k: x % k,
        range(3, 8),
    ),
    "reverse": Operation(
        REARRANGE,
        ("reverse the list", "reverse the order"),
        ("{v}[::-1]",),
        lambda v, k: v[::-1],
    ),
    "sort": Operation(
        REARRANGE,
        ("sort ascending", "sort in ascending order"),
        ("sorted({v})",),
        lambda v, k: sorted(v),
    ),
    "descending": Operation(
        REARRANGE,
        ("sort descending", "sort in descending order"),
        ("sorted({v}, reverse=True)", "sorted({v})[::-1]"),
        lambda v, k: sorted(v, reverse=True),
    ),
    "take": Operation(
        REARRANGE,
        ("keep the first {k}", "limit the list to {k}"),
        ("{v}[:{k}]",),
        lambda v, k: v[:k],
        range(2, 5),
    ),
    "skip": Operation(
        REARRANGE,
        ("skip the first {k}", "skip {k} numbers"),
        ("{v}[{k}:]",),
        lambda v, k: v[k:],
        range(1, 4),
    ),
    "unique": Operation(
        REARRANGE,
        ("drop duplicates", "drop repeated numbers"),
        ("list(dict.fromkeys({v}))",),
        lambda v, k: list(dict.fromkeys(v)),
    ),
    "total": Operation(
        REDUCE,
        ("return the total", "return the sum"),
        ("sum({v})",),
        lambda v, k: sum(v),
    ),
    "count": Operation(
        REDUCE,
        ("return the count", "return the length"),
        ("len({v})",),
        lambda v, k: len(v),
    ),
    "largest": Operation(
        REDUCE,
        ("return the largest or 0", "return the maximum or 0"),
        ("max({v}, default=0)",),
        lambda v, k: max(v, default=0),
    ),
    "smallest": Operation(
        REDUCE,
        ("return the smallest or 0", "return the minimum or 0"),
        ("min({v}, default=0)",),
        lambda v, k: min(v, default=0),
    ),
    "different": Operation(
        REDUCE,
        ("return how many differ", "return how many are distinct"),
        ("len(set({v}))",),
        lambda v, k: len(set(v)),
    ),
}

# How a question ends whose last step is not a reduction.
RETURN_LIST = "return the list"


def names_of(*kinds: str) -> tuple[str, ...]:
    """The operations of these kinds, in the order of the table."""
    return tuple(name for name, operation in OPERATIONS.items() if operation.kind in kinds)


def evaluate(steps: Iterable[Step], values: list[int]) -> list[int] | int:
    """What a right program returns for a list. `values` is not changed."""
    found: list[int] | int = list(values)
    for name, k in steps:
        operation = OPERATIONS[name]
        if operation.kind == FILTER:
            found = [x for x in found if operation.compute(x, k)]
        elif operation.kind == MAP:
            found = [operation.compute(x, k) for x in found]
        else:
            found = operation.compute(found, k)
    return found
