"""Compares two trees of the grammar under one mode: lists, sets, arrays, ratios, relations, values.

None if only algebra could decide.
"""

from fractions import Fraction

from yetbetter.grading import arithmetic
from yetbetter.grading.answers import equal_doubles, near
from yetbetter.grading.matrices import matrix_of
from yetbetter.grading.rationals import read_number
from yetbetter.grading.relations import as_interval, equal_relations, name_and_value, quantity_and_value
from yetbetter.grading.sets import as_unions, equal_sets, is_interval_like
from yetbetter.grading.values import constant, contains, same_function
from yetbetter.verdicts import LENIENT, STRICT

MAX_ITEMS = 60
HUNDRED = ("num", Fraction(100), None)


class Comparison:
    """Compares two trees under one mode; a subclass may know algebra."""

    def __init__(self, mode: str):
        self.mode = mode

    def equal(self, a: tuple, g: tuple) -> bool | None:
        if a == g:
            return True
        a, g = strip_steps(a), strip_steps(g)
        a, g = expand_choices(a), expand_choices(g)
        kinds = {a[0], g[0]}
        if kinds & {"list", "set"}:
            return self.equal_collections(a, g)
        if "rel" in kinds:
            return self.equal_with_relations(a, g)
        if is_interval_like(a) or is_interval_like(g):
            return equal_sets(a, g, self.equal)
        if kinds & {"tuple", "matrix"}:
            return self.equal_arrays(a, g)
        if "ratio" in kinds:
            return self.equal_ratios(a, g)
        return self.equal_values(a, g)

    # Collections ------------------------------------------------------------------------------------------------------

    def equal_collections(self, a: tuple, g: tuple) -> bool | None:
        unions = as_unions(a, g)
        if unions:
            if equal_sets(*unions, self.equal):
                return True
            if a[2:] and g[2:] and a[2:] != g[2:]:
                return False  # "or" is not "and"
        if is_interval_like(a) or is_interval_like(g):
            return equal_sets(a, g, self.equal)
        if self.mode == LENIENT and {a[0], g[0]} == {"list", "tuple"}:
            return self.all_equal(*(tree[3] if tree[0] == "tuple" else tree[1] for tree in (a, g)))
        point = self.equal_points(a, g) if {a[0], g[0]} == {"list", "tuple"} else None
        if point is not None:
            return point
        if not {a[0], g[0]} <= {"list", "set"}:
            # A list or set of one item is compared as that item. "1/2 or 0.5" states one value twice.
            a, g = (self.without_alternatives(tree) for tree in (a, g))
            single = [tree[1][0] if tree[0] in ("list", "set") and len(tree[1]) == 1 else tree for tree in (a, g)]
            if single != [a, g]:
                return self.equal(*single)
            if "rel" in (a[0], g[0]):  # x \in \{1, 2\}; n = 1, 2 is a list already
                return self.equal_with_relations(a, g)
            return False
        left, right = spread(a), spread(g)
        if max(len(left), len(right)) > MAX_ITEMS:
            return False
        if len(left) != len(right):
            left, right = self.without_repeats(left), self.without_repeats(right)
            if len(left) != len(right):
                return False
        named = [[name_and_value(item) for item in side] for side in (left, right)]
        names = [[name for name, _ in side] for side in named]
        full = [all(name is not None for name in side) for side in names]
        if full[0] != full[1] and len(set(map(repr, names[full.index(True)]))) == len(left) > 1:
            # x = 1, y = 2 and 1, 2: the names are different, so the order counts.
            return self.all_equal([value for _, value in named[0]], [value for _, value in named[1]])
        if full[0] != full[1] or not any(full):
            left, right = ([value for _, value in side] for side in named)
        return self.match(left, right)

    def equal_points(self, a: tuple, g: tuple) -> bool | None:
        """ "x = 1, y = 2" against (1, 2), and "y = 2, x = 1" too; None if the list does not name a point."""
        named, point = (a, g) if a[0] == "list" else (g, a)
        pairs = [name_and_value(item) for item in named[1]]
        if point[1:3] != ("(", ")") or not all(name and name[0] == "sym" and len(name[1]) == 1 for name, _ in pairs):
            return None
        pairs.sort(key=lambda pair: pair[0][1])
        letters = [ord(name[1]) for name, _ in pairs]
        if letters != list(range(letters[0], letters[0] + len(letters))):
            return None
        return self.all_equal([value for _, value in pairs], point[3])

    def without_alternatives(self, tree: tuple) -> tuple:
        if tree[0] == "list" and tree[2:] == ("or",) and len(tree[1]) <= 4:
            items = list(tree[1])
            if len({item[0] == "pct" for item in items}) == 2:  # "1/2, or 50%"
                items = [("div", item[1], HUNDRED) if item[0] == "pct" else item for item in items]
            return ("list", tuple(self.without_repeats(items)))
        return tree

    def without_repeats(self, items: list) -> list:
        kept: list = []
        for item in items:
            if not any(self.equal(item, other) for other in kept):
                kept.append(item)
        return kept

    def match(self, left: list, right: list) -> bool | None:
        """Whether the items pair off. Equality is transitive on values, so the first equal partner is enough."""
        rest, unsure = list(right), False
        for item in left:
            verdicts = [self.equal(item, other) for other in rest]
            if True in verdicts:
                rest.pop(verdicts.index(True))
            elif None in verdicts:
                unsure = True
            else:
                return False
        return None if unsure else True

    def all_equal(self, left, right) -> bool | None:
        if len(left) != len(right):
            return False
        unsure = False
        for x, y in zip(left, right, strict=True):
            verdict = self.equal(x, y)
            if verdict is False:
                return False
            unsure |= verdict is None
        return None if unsure else True

    def equal_arrays(self, a: tuple, g: tuple) -> bool | None:
        if a[0] == g[0] == "tuple":
            return self.all_equal(a[3], g[3]) if a[1:3] == g[1:3] else False
        if "matrix" in (a[0], g[0]) and "tuple" not in (a[0], g[0]):
            rows = matrix_of(a), matrix_of(g)
            if None in rows:
                return False
            a, g = (("matrix", found) for found in rows)
            if [len(row) for row in a[1]] != [len(row) for row in g[1]]:
                return False
            return self.all_equal([cell for row in a[1] for cell in row], [cell for row in g[1] for cell in row])
        for tree, other in ((a, g), (g, a)):
            if tree[0] == "matrix" and other[0] == "tuple":
                rows = [item[3] for item in other[3] if item[:3] == ("tuple", "[", "]")]
                if len(rows) == len(other[3]) and other[1:3] == ("[", "]"):  # [[1, 2], [3, 4]], as Python writes it
                    return self.equal(tree, ("matrix", tuple(rows)))
                vector = [row[0] for row in tree[1]] if all(len(row) == 1 for row in tree[1]) else tree[1][0]
                return self.mode == LENIENT and self.all_equal(vector, other[3])
        return False

    def equal_ratios(self, a: tuple, g: tuple) -> bool | None:
        if a[0] == g[0] == "ratio":
            if len(a[1]) != len(g[1]):
                return False
            pairs = list(zip(a[1], g[1], strict=True))
            products = [self.equal_values(("mul", (x, pairs[0][1])), ("mul", (y, pairs[0][0]))) for x, y in pairs[1:]]
            return False if False in products else None if None in products else True
        if self.mode == LENIENT and max(len(tree[1]) for tree in (a, g) if tree[0] == "ratio") == 2:
            return self.equal_values(a, g)
        return False

    # Relations and values ---------------------------------------------------------------------------------------------

    def equal_with_relations(self, a: tuple, g: tuple) -> bool | None:
        (a_name, a_value), (g_name, g_value) = name_and_value(a), name_and_value(g)
        if a_name is None and g_name is None and (a_value, g_value) != (a, g):
            return self.equal(a_value, g_value)
        if a_name is not None and g_name is not None and a_name == g_name:
            return self.equal(a_value, g_value)
        if (a_name is None) != (g_name is None) and not (a[0] == g[0] == "rel"):
            return self.equal(a_value, g_value)
        if (a[0] == "rel") != (g[0] == "rel"):
            a_value, g_value = quantity_and_value(a), quantity_and_value(g)
            if (a_value, g_value) != (a, g):  # a + b = 6 for 6
                return self.equal(a_value, g_value)
            a_value, g_value = a, g
        if a[0] == g[0] == "rel":
            verdict = equal_relations(a, g)
            if verdict is not False:
                return verdict
        ranges = [as_interval(tree) for tree in (a, g)]
        if any(name is not None for name, _ in ranges) or any(tree is not None for _, tree in ranges):
            names = {name for name, _ in ranges} - {None}
            trees = [found or tree for (_, found), tree in zip(ranges, (a_value, g_value), strict=True)]
            if len(names) <= 1 and all(tree[0] != "rel" for tree in trees):
                return self.equal(trees[0], trees[1])
        return False

    def equal_values(self, a: tuple, g: tuple) -> bool | None:
        a, g = bare(a), bare(g)
        if "base" in (a[0], g[0]):
            if a[0] == g[0]:
                return a == g or (a[2] == g[2] and same_function(a, g))
            written, other = (a, g) if a[0] == "base" else (g, a)
            return self.mode == LENIENT and other[0] == "num" and read_number(written[1]) == other[1]
        if "text" in (a[0], g[0]):
            return False
        if ("const", "inf") in (a, g):
            return a == g
        verdict = same_function(a, g)
        return self.rounded(a, g) if verdict is False else verdict

    def rounded(self, a: tuple, g: tuple) -> bool:
        """A written decimal against any real constant."""
        places = [decimals(tree) for tree in (a, g)]
        if places == [None, None] or (self.mode == STRICT and max(n or 0 for n in places) < 10):
            return False
        values = [constant(tree) for tree in (a, g)]
        if None in values or not all(map(is_moderate, values)):
            return False
        exact = [as_fraction(value) for value in values]
        return equal_doubles(*exact, *places) or (self.mode == LENIENT and near(*exact, *places))


def is_moderate(value: arithmetic.Value) -> bool:
    """Real, and small enough that sixty digits cover its decimal places."""
    try:
        return arithmetic.is_real(value) and arithmetic.guarded(arithmetic.magnitude)(value) <= 10**30
    except arithmetic.Undefined:  # larger than any decimal
        return False


def decimals(tree: tuple) -> int | None:
    while tree[0] == "neg":
        tree = tree[1]
    return tree[2] if tree[0] == "num" else None


def as_fraction(value) -> Fraction:
    return value if isinstance(value, Fraction) else Fraction(value[0])


def bare(tree: tuple) -> tuple:
    """Without a degree, percent or currency sign, which is a unit."""
    while tree[0] in ("deg", "pct", "money"):
        tree = tree[1]
    return ("neg", bare(tree[1])) if tree[0] == "neg" and tree[1][0] in ("deg", "pct", "money") else tree


def spread(tree: tuple) -> list:
    """A collection's items; a plus-minus inside gives two."""
    items = []
    for item in tree[1]:
        item = expand_choices(item)
        items += item[1] if item[0] == "list" else [item]
    return items


def expand_choices(tree: tuple) -> tuple:
    r"""a \pm b as the list (a + b, a - b); several signs in one formula are chosen together."""
    if not contains(tree, ("pm", "mp")) or tree[0] in ("list", "set", "tuple", "matrix"):
        return tree
    if tree[0] == "rel":
        name, value = name_and_value(tree)
        if name is None:
            return tree
        return expand_choices(value)
    return ("list", (choose(tree, True), choose(tree, False)))


def choose(tree, upper: bool):
    if not isinstance(tree, tuple):
        return tree
    if tree and tree[0] in ("pm", "mp"):
        inner = choose(tree[1], upper)
        return inner if (tree[0] == "pm") == upper else ("neg", inner)
    return tuple(choose(part, upper) for part in tree)


def strip_steps(tree: tuple) -> tuple:
    r"""x = 3 + 4 = 7 \approx 7.1 as x = 7: of a chain of equal steps the last exact one."""
    if tree[0] != "rel" or set(tree[1]) - {"=", "approx"}:
        return tree
    signs, terms = list(tree[1]), list(tree[2])
    while len(terms) > 1 and signs[-1] == "approx":
        if len(terms) == 2 and name_and_value(("rel", ("=",), tuple(terms)))[0] is not None:
            break
        signs.pop()
        terms.pop()
    if len(terms) == 1:
        return terms[0]
    return ("rel", ("=",), (terms[0], terms[-1]))
