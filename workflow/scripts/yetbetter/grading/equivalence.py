r"""Are two final answers equal? Cheap steps come first; None if only algebra could decide.

strict: the same value in the same form. A unit may be missing on one side, two units must agree.
lenient: units are dropped, percent may be its fraction, decimals may be rounded, a tuple may lack its brackets.
"""

import math
import re
from collections.abc import Sequence
from fractions import Fraction

from yetbetter.grading.answers import Answer, as_gold, equal_numbers, read_any, trees_of, with_decimal_comma
from yetbetter.grading.comparison import Comparison
from yetbetter.grading.meanings import same_two_names, states
from yetbetter.grading.moments import same_moment
from yetbetter.grading.phrases import choice_letter
from yetbetter.grading.units import conflict
from yetbetter.grading.work import MAX_STEPS, OutOfWork, within
from yetbetter.verdicts import LENIENT, MODES, STRICT

RATIO = re.compile(r"[\d.]{1,20}(?: ?: ?[\d.]{1,20})+")


def compare(answer: str, gold: str, mode: str = STRICT, comparison: type[Comparison] | None = None) -> bool | None:
    """Whether the two texts are equal; None if neither spelling, numbers nor values at points decide.

    comparison: how trees are compared; a worker process brings one that knows algebra.
    """
    if answer == gold:
        return True
    a, g = read_any(answer), read_any(gold)
    if a.identity == g.identity:
        return True
    if "," in g.text:
        g = as_gold(g)
    if a.number is not None and g.number is not None and a.text == a.whole and g.text == g.whole:
        return equal_numbers(a, g, mode == LENIENT)
    verdict: bool | None = False
    for allowed in MODES if mode == LENIENT else (STRICT,):
        found = within_bounds(a, g, allowed, comparison)
        if found:
            return True
        verdict = None if found is None else verdict
    return verdict


def within_bounds(a: Answer, g: Answer, mode: str, comparison: type[Comparison] | None) -> bool | None:
    """The verdict, or None after MAX_STEPS of work; a worker process has its limits from outside."""
    try:
        if comparison is None:
            return within(MAX_STEPS, equal_answers, a, g, mode, Comparison)
        return within(math.inf, equal_answers, a, g, mode, comparison)
    except OutOfWork:
        return None


def equal_answers(a: Answer, g: Answer, mode: str, comparison: type[Comparison]) -> bool | None:
    if a.moment or g.moment:
        verdict = equal_moments(a, g)
        if verdict is not None:
            return verdict
    for letter, side in ((a.identity, g), (g.identity, a)):
        if len(letter) == 1 and letter.isalpha() and is_choice(letter, side):
            return True
    if states(a.identity, g.identity) or states(g.identity, a.identity) or same_two_names(a.identity, g.identity):
        return True
    if mode == STRICT and (conflict(a.unit, g.unit) or are_apart(a, g)):
        return False
    if mode == LENIENT:
        a, g = with_decimal_comma(a), with_decimal_comma(g)
    if a.number is not None and g.number is not None:
        return equal_numbers(a, g, mode == LENIENT)
    verdict = equal_trees(a.trees(), g.trees(), comparison(mode))
    if verdict is True:
        return True
    if mode == LENIENT and ("percent" in a.unit) != ("percent" in g.unit):
        left = [per_cent(tree) for tree in a.trees()] if "percent" in a.unit else a.trees()
        right = [per_cent(tree) for tree in g.trees()] if "percent" in g.unit else g.trees()
        if equal_trees(left, right, comparison(mode)):
            return True
    if (a.unit or g.unit or a.label or g.label) and (a.whole, g.whole) != (a.text, g.text):
        # Letters that were read as a unit or a name may be variables: 5 m and 5m.
        whole = equal_trees(trees_of(a.whole), trees_of(g.whole), comparison(mode))
        return whole or (None if None in (whole, verdict) else False)
    return verdict


def is_choice(letter: str, a: Answer) -> bool:
    """Whether an answer chooses the letter: "B. east", "option B"."""
    return choice_letter(a.whole) == letter.upper() or (a.text == letter and letter.isupper())


def equal_trees(left: Sequence[tuple], right: Sequence[tuple], trees: Comparison) -> bool | None:
    """Whether any reading of one side equals any of the other."""
    verdicts = [trees.equal(x, y) for x in left for y in right]
    return True if True in verdicts else None if None in verdicts else False


def per_cent(tree: tuple) -> tuple:
    return ("div", tree, ("num", Fraction(100), None))


def equal_moments(a: Answer, g: Answer) -> bool | None:
    """Times of day and dates by their meaning, never as ratios or products; None if the values decide."""
    if a.moment and g.moment:
        return same_moment(a.moment, g.moment)
    moment, other = (a.moment, g) if a.moment else (g.moment, a)
    whole_hour = moment[2] or "clock" in (a if a.moment else g).whole.casefold()
    if moment[0] == "time" and other.number is not None and whole_hour and not other.unit:
        hour, rest = divmod(moment[1], 3600)
        return not rest and other.number in ((hour, (hour - 1) % 12 + 1) if moment[2] else (hour,))  # 9 for 9 a.m.
    if moment[0] == "date":
        return False if other.number is not None else None
    return False if RATIO.fullmatch(other.text) else None


def are_apart(a: Answer, g: Answer) -> bool:
    """Whether names or conditions differ: the area and the perimeter, x > 0 and x < 0."""
    if a.label and g.label and not a.label & g.label:
        return True
    if not (a.condition and g.condition):
        return False
    conditions = [re.sub(r"\\text|[{}\s]|for|where|when|if|with", "", side.condition) for side in (a, g)]
    return all(re.search(r"[<>=]|\\[lg]e|\\ne|\d", found) for found in conditions) and conditions[0] != conditions[1]
