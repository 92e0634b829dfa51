"""Sums, multiples and products of written matrices, as matrices of formulas."""

from yetbetter.grading.work import OutOfWork

MAX_SIZE = 6
# Cells of a product hold copies of the cells of its factors: sixteen factors would be a tree of millions of nodes.
MAX_NODES = 20_000


def matrix_of(tree: tuple) -> tuple | None:
    """The rows of a matrix formula's value (cells are trees), or None where it is none or its shapes do not fit."""
    kind = tree[0]
    if kind == "matrix":
        return tree[1] if max(len(tree[1]), len(tree[1][0])) <= MAX_SIZE else None
    if kind == "neg":
        rows = matrix_of(tree[1])
        return rows and tuple(tuple(("neg", cell) for cell in row) for row in rows)
    if kind == "div":
        rows = matrix_of(tree[1])
        return rows and tuple(tuple(("div", cell, tree[2]) for cell in row) for row in rows)
    if kind == "add":
        parts = [matrix_of(item) for item in tree[1]]
        if None in parts or len({(len(part), len(part[0])) for part in parts}) != 1:
            return None
        return tuple(
            tuple(("add", tuple(part[r][c] for part in parts)) for c in range(len(parts[0][0])))
            for r in range(len(parts[0]))
        )
    if kind == "mul" and len(tree[1]) <= 4:
        return product(tree[1])
    return None


def product(items: tuple) -> tuple | None:
    rows, scalars = None, []
    for item in items:
        found = matrix_of(item)
        if found is None:
            scalars.append(item)
        elif rows is None:
            rows = found
        elif len(rows[0]) != len(found):
            return None
        else:
            check_size(rows, found)
            rows = tuple(
                tuple(
                    ("add", tuple(("mul", (row[k], found[k][c])) for k in range(len(found))))
                    for c in range(len(found[0]))
                )
                for row in rows
            )
    if rows is None or not scalars:
        return rows
    return tuple(tuple(("mul", (*scalars, cell)) for cell in row) for row in rows)


def check_size(rows: tuple, others: tuple) -> None:
    """Raises OutOfWork if the product of two matrices would be too large a tree."""
    nodes = sum(count_nodes(cell) for side in (rows, others) for row in side for cell in row)
    if nodes * len(rows) > MAX_NODES:
        raise OutOfWork


def count_nodes(tree: tuple) -> int:
    """Nodes of a tree whose every matrix product has passed `check_size`."""
    return 1 + sum(count_nodes(part) for part in tree if isinstance(part, tuple))
