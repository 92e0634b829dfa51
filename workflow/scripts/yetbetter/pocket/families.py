"""The problem families of the pocket world: wording and computation."""

import itertools
import re
from dataclasses import dataclass

# One step is (operation, operand, operand); an operand names a quantity (q0), a constant (c0) or
# the result of an earlier step (s0).
Step = tuple[str, str, str]


@dataclass(frozen=True)
class Family:
    """Problems of one structure.

    pattern: the question, in the notation of `yetbetter.pocket.words`.
    kinds: one letter per quantity, the key of its range in `yetbetter.pocket.world.RANGES`.
    plans: equivalent programs; the first is the one recorded, and its length is the level.
    """

    subject: str
    pattern: str
    kinds: str
    plans: tuple[tuple[Step, ...], ...]

    @property
    def level(self) -> int:
        return len(self.plans[0])


def _family(subject: str, pattern: str, kinds: str, *plans: str) -> Family:
    return Family(subject, pattern, kinds, tuple(_steps(plan) for plan in plans))


def _steps(plan: str) -> tuple[Step, ...]:
    """`q0*q1 s0+q2` as steps."""
    parts = re.findall(r"([qcs][0-9])([-+*])([qcs][0-9])", plan)
    return tuple((operation, left, right) for left, operation, right in parts)


_CHANGE = {
    "+": "[{{B}} gives {{A}} {{{0}}} more|{{A}} buys {{{0}}} more|{{A}} finds {{{0}}} more].",
    "-": "[{{A}} loses {{{0}}}|{{A}} gives {{{0}}} to {{B}}|{{A}} sells {{{0}}}].",
}
_HAS = "How many {x} does {A} have [now|in the end]?"
_TOGETHER = "How many {x} do they have [together|in all]?"
_GROUPS = "{A} has {0} [boxes|bags|packs] with {1} {x} [each|in each]."
_TWO_GROUPS = "{A} has {0} [boxes with|packs of] {1} {x} [each and|and] {2} [bags with|trays of] {3} {x}."
_FILLS = "{A} fills {0} [boxes|bags|trays]. Each one [gets|holds] {1} red and {2} blue {x}."


def _changes(operations: str, first: int) -> str:
    """Sentences that add to or take from what {A} has, from quantity `first` on."""
    return " ".join(_CHANGE[op].format(first + i) for i, op in enumerate(operations))


def _change_plans(head: str, start: str, operations: str, first: int) -> list[str]:
    """Ways to apply the changes to `start`, the value that the steps of `head` leave behind.

    In the order of the text; with the last two exchanged; and, if the last two changes have the same
    sign, with the two added up first.
    """
    done = len(head.split())
    changes = [(op, f"q{first + i}") for i, op in enumerate(operations)]

    def in_turn(changes: list[tuple[str, str]], head: list[str], value: str) -> str:
        steps = list(head)
        for op, operand in changes:
            steps.append(f"{value}{op}{operand}")
            value = f"s{len(steps) - 1}"
        return " ".join(steps)

    plans = [in_turn(changes, head.split(), start)]
    if len(changes) >= 2:
        *early, last_but_one, last = changes
        plans.append(in_turn([*early, last, last_but_one], head.split(), start))
        if last_but_one[0] == last[0]:
            summed = [*head.split(), f"{last_but_one[1]}+{last[1]}"]
            plans.append(in_turn([*early, (last[0], f"s{done}")], summed, start))
    return plans


def _changed(
    subject: str, question: str, kinds: str, head: str, lengths: tuple[int, ...], end: str = _HAS
) -> list[Family]:
    """The families in which `question` is followed by changes, one family per row of signs."""
    families = []
    start = f"s{len(head.split()) - 1}" if head else "q0"
    for operations in itertools.chain(*(itertools.product("+-", repeat=n) for n in lengths)):
        signs = "".join(operations)
        pattern = f"{question} {_changes(signs, len(kinds))} {end}"
        start_kinds = "t" if kinds == "n" and "-" in signs else kinds
        plans = _change_plans(head, start, signs, len(kinds))
        families.append(_family(subject, pattern, start_kinds + "n" * len(signs), *plans))
    return families


def _sums(count: int) -> list[str]:
    """Ways to add `count` quantities."""
    if count == 3:
        return ["q0+q1 s0+q2", "q1+q2 q0+s0", "q0+q2 s0+q1"]
    return ["q0+q1 q2+q3 s0+s1", "q0+q1 s0+q2 s1+q3", "q2+q3 s0+q1 s1+q0"]


_CHAIN = "{A} has {0} {x}."
_MORE = "{A} has {0} {x}. {B} has {1} more than {A}."
_FEWER = "{A} has {0} {x}. {B} has {1} fewer than {A}."
_COLOURS = "{A} has {0} red, {1} blue and {2} green {x}."
_TIMES = "{A} has {0} {x}. {B} has {c0} as many as {A}."

EASY = (
    *_changed("change", _CHAIN, "n", "", (1,)),
    _family("compare", f"{_MORE} How many {{x}} does {{B}} have?", "nn", "q0+q1"),
    _family("compare", f"{_FEWER} How many {{x}} does {{B}} have?", "tn", "q0-q1"),
    *_changed("change", _CHAIN, "n", "", (2,)),
    _family("colours", f"{_COLOURS} How many {{x}} does {{A}} have?", "nnn", *_sums(3)),
    _family("compare", f"{_MORE} {_TOGETHER}", "nn", "q0+q1 q0+s0", "q0+q0 s0+q1"),
    _family("compare", f"{_FEWER} {_TOGETHER}", "tn", "q0-q1 q0+s0", "q0+q0 s0-q1"),
    _family(
        "rest",
        "[There are|{A} has] {0} {x}. {1} are red, {2} are blue and the rest are green. How many {x} are green?",
        "tnn",
        "q0-q1 s0-q2",
        "q0-q2 s0-q1",
        "q1+q2 q0-s0",
    ),
    *_changed("change", _CHAIN, "n", "", (3,)),
    _family(
        "colours",
        "{A} has {0} red and {1} blue {x}. {B} has {2} red and {3} blue {x}. " + _TOGETHER,
        "nnnn",
        *_sums(4),
        "q0+q2 q1+q3 s0+s1",
    ),
    _family(
        "colours",
        "{A} has {0} red and {1} blue {x}. {B} has {2} red and {3} blue {x}. How many more {x} does {A} have than {B}?",
        "ttnn",
        "q0+q1 q2+q3 s0-s1",
    ),
    *_changed("colours", _COLOURS, "nnn", "q0+q1 s0+q2", (1,)),
    _family(
        "compare",
        f"{_MORE} They [lose|sell] {{2}} {{x}}. {_TOGETHER}",
        "nnn",
        "q0+q1 q0+s0 s1-q2",
        "q0+q0 s0+q1 s1-q2",
    ),
)

HARD = (
    _family("groups", f"{_GROUPS} How many {{x}} does {{A}} have?", "FG", "q0*q1"),
    *_changed("change", _CHAIN, "n", "", (1,)),
    *_changed("groups", _GROUPS, "fg", "q0*q1", (1,)),
    _family(
        "times",
        "{A} has {0} red and {1} blue {x}. {B} has {c0} as many {x} as {A}. How many {x} does {B} have?",
        "nn",
        "q0+q1 s0*c0",
        "q0*c0 q1*c0 s0+s1",
    ),
    _family("filled", f"{_FILLS} How many {{x}} are there?", "fgg", "q1+q2 q0*s0", "q0*q1 q0*q2 s0+s1"),
    *_changed("groups", _GROUPS, "fg", "q0*q1", (2,)),
    *_changed("filled", _FILLS, "fgg", "q1+q2 q0*s0", (1,)),
    _family("two groups", f"{_TWO_GROUPS} How many {{x}} are there?", "fgfg", "q0*q1 q2*q3 s0+s1"),
    _family(
        "two groups",
        f"{_GROUPS} {{B}} has {{2}} [boxes|bags|packs] with {{3}} {{x}} [each|in each]. "
        "How many more {x} does {A} have than {B}?",
        "fgfg",
        "q0*q1 q2*q3 s0-s1",
    ),
    _family("times", f"{_TIMES} They [lose|sell] {{1}} {{x}}. {_TOGETHER}", "nn", "q0*c0 q0+s0 s1-q1"),
    *_changed("two groups", _TWO_GROUPS, "fgfg", "q0*q1 q2*q3 s0+s1", (1,)),
    *_changed("filled", _FILLS, "fgg", "q1+q2 q0*s0", (2,)),
    _family(
        "times",
        f"{_GROUPS} {{B}} has {{c0}} as many {{x}} as {{A}}. They [lose|sell] {{2}} {{x}}. " + _TOGETHER,
        "fgn",
        "q0*q1 s0*c0 s0+s1 s2-q2",
    ),
    *_changed("two groups", _TWO_GROUPS, "fgfg", "q0*q1 q2*q3 s0+s1", (2,)),
    _family(
        "two people",
        f"{_GROUPS} {_CHANGE['-'].format(2)} "
        "{B} has {3} [boxes|bags] with {4} {x} each and finds {5} more. " + _TOGETHER,
        "fgnfgn",
        "q0*q1 s0-q2 q3*q4 s2+q5 s1+s3",
        "q0*q1 q3*q4 s0+s1 s2-q2 s3+q5",
    ),
    _family(
        "three groups",
        f"{_TWO_GROUPS} {{B}} has {{4}} [boxes|bags] with {{5}} {{x}} each. {_TOGETHER}",
        "fgfgfg",
        "q0*q1 q2*q3 q4*q5 s0+s1 s3+s2",
        "q0*q1 q2*q3 q4*q5 s1+s2 s0+s3",
    ),
)

FAMILIES = {"easy": EASY, "hard": HARD}
