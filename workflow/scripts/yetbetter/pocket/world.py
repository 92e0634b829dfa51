"""Problems of the pocket world, and their splits.

Every problem is a program over its quantities. Its key, (template, numbers), is hashed into one of
100 buckets, and each split owns some of the buckets: splits are disjoint by construction, whatever
their sizes and whatever is drawn from them, across both data sets.
"""

import hashlib
import itertools
import operator
import random
from collections.abc import Iterator
from dataclasses import dataclass

from yetbetter.errors import UserError
from yetbetter.pocket import words
from yetbetter.pocket.families import FAMILIES, Family, Step

# Shares of the hash buckets, in percent; a larger share moves the splits after it.
SPLITS = {
    "pretraining": 40,
    "train": 18,
    "validation": 6,
    "test": 12,
    "functional": 12,
    "control": 12,
}
TWINS = ("functional", "control")

# Range of each kind of quantity: n a number of things, t a total to take from, f a number of
# groups, g the size of a group; F and G the same if they are a problem's only quantities, so
# that each split has enough of them. The shifted ranges overlap the ordinary ones, since models that
# read digit by digit cannot handle unseen numbers.
RANGES = {
    "easy": {"n": (2, 15), "t": (12, 40)},
    "hard": {"n": (2, 15), "t": (12, 40), "f": (2, 6), "g": (2, 12), "F": (2, 9), "G": (2, 12)},
}
SHIFTED = {
    "easy": {"n": (8, 22), "t": (25, 52)},
    "hard": {"n": (8, 22), "t": (25, 52), "f": (3, 7), "g": (6, 14), "F": (4, 10), "G": (6, 15)},
}

_OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_PATIENCE = 3000  # draws for one problem before its split is called exhausted


@dataclass(frozen=True)
class _Sketch:
    """A problem's wording before its numbers: `surface` still has its quantity slots."""

    family: Family
    surface: str
    constants: tuple[int, ...]
    style: str  # seeds the wording of the solution


def values_of(steps: tuple[Step, ...], quantities: list[int], constants: list[int]) -> list[int]:
    """The result of each step."""
    values = {f"q{i}": value for i, value in enumerate(quantities)}
    values |= {f"c{i}": value for i, value in enumerate(constants)}
    for number, (operation, left, right) in enumerate(steps):
        values[f"s{number}"] = _OPERATIONS[operation](values[left], values[right])
    return [values[f"s{number}"] for number in range(len(steps))]


def split_of(template: str, quantities: list[int]) -> str:
    """The one split that may hold this (template, numbers)."""
    key = f"{template}|{' '.join(map(str, quantities))}"
    bucket = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % 100
    for split, share in SPLITS.items():
        bucket -= share
        if bucket < 0:
            return split
    raise AssertionError("the shares of the splits do not add up to 100")


def make_problems(dataset: str, split: str, count: int) -> list[dict]:
    """The first `count` problems of a split, as records; they do not depend on `count`.

    For a twin split, the twins of the first `count` test problems, in their order.

    Raises UserError if the data set or the split is unknown, or if the split has too few problems.
    """
    if dataset not in FAMILIES:
        raise UserError(f"dataset: {dataset!r} is not one of {', '.join(FAMILIES)}")
    if split not in SPLITS:
        raise UserError(f"split: {split!r} is not one of {', '.join(SPLITS)}")
    if count < 0:
        raise UserError(f"questions: {count} is negative")
    draw = _draw_twins if split in TWINS else _draw_problems
    records = list(itertools.islice(draw(dataset, split), count))
    if len(records) < count:
        raise UserError(f"questions: {dataset}/{split} can supply {len(records)} problems, {count} asked for")
    return records


def _draw_problems(dataset: str, split: str) -> Iterator[dict]:
    for record, _ in _draw(dataset, split):
        yield record


def _draw(dataset: str, split: str) -> Iterator[tuple[dict, _Sketch]]:
    """Problems until the split is exhausted, each with the sketch that its twins start from."""
    seen: set[str] = set()
    levels = sorted({family.level for family in FAMILIES[dataset]})
    for index in itertools.count():
        rng = random.Random(f"{dataset}/{split}/{index}")
        level = rng.choice(levels)
        families = [family for family in FAMILIES[dataset] if family.level == level]
        subject = rng.choice(sorted({family.subject for family in families}))
        families = [family for family in families if family.subject == subject]
        for _ in range(_PATIENCE):
            sketch = _sketch(rng.choice(families), rng)
            quantities = _quantities(sketch, RANGES[dataset], rng)
            record = _record(sketch, quantities, split, seen)
            if record:
                yield {"problem": f"{dataset}-{split}-{index:05d}", **record}, sketch
                break
        else:
            return


def _draw_twins(dataset: str, split: str) -> Iterator[dict]:
    seen: set[str] = set()
    ranges = (SHIFTED if split == "functional" else RANGES)[dataset]
    for index, (test, sketch) in enumerate(_draw(dataset, "test")):
        rng = random.Random(f"{dataset}/{split}/{index}")
        for _ in range(_PATIENCE):
            record = _record(sketch, _quantities(sketch, ranges, rng), split, seen)
            if record:
                name = f"{dataset}-{split}-{index:05d}"
                yield {"problem": name, **record, "twin_of": test["problem"]}
                break
        else:
            return


def _sketch(family: Family, rng: random.Random) -> _Sketch:
    pattern = words.take_alternatives(family.pattern, rng)
    person, other = rng.sample(words.NAMES, 2)
    surface = pattern.replace("{A}", person).replace("{B}", other)
    surface = surface.replace("{x}", rng.choice(words.THINGS))
    constants = ()
    if "{c0}" in surface:
        constants = (rng.choice(sorted(words.CONSTANTS)),)
        surface = surface.replace("{c0}", words.CONSTANTS[constants[0]])
    return _Sketch(family, surface, constants, f"{rng.getrandbits(64):x}")


def _quantities(sketch: _Sketch, ranges: dict[str, tuple[int, int]], rng: random.Random) -> list[int]:
    return [rng.randint(*ranges[kind]) for kind in sketch.family.kinds]


def _is_clean(values: list[int]) -> bool:
    """Whether the values are positive and pairwise distinct: then a number has one reading."""
    return min(values) > 0 and len(set(values)) == len(values)


def _record(sketch: _Sketch, quantities: list[int], split: str, seen: set[str]) -> dict | None:
    """The problem with these quantities, or None if it does not belong in this split."""
    program = sketch.family.plans[0]
    constants = list(sketch.constants)
    values = values_of(program, quantities, constants)
    if not _is_clean(quantities + constants + values):
        return None
    question = sketch.surface.format(*quantities)
    template = words.template_of(question)
    if question in seen or split_of(template, quantities) != split:
        return None
    seen.add(question)
    return {
        "question": question,
        "answer": str(values[-1]),
        "level": sketch.family.level,
        "subject": sketch.family.subject,
        "solution": _solution(sketch, quantities),
        "template": template,
        "program": {
            "quantities": quantities,
            "constants": constants,
            "steps": [list(step) for step in program],
        },
    }


def _solution(sketch: _Sketch, quantities: list[int]) -> str:
    """One of the problem's correct solutions, in words and equations."""
    rng = random.Random(f"{sketch.style}/{quantities}")
    constants = list(sketch.constants)
    given = quantities + constants
    plans = [plan for plan in sketch.family.plans if _is_clean(given + values_of(plan, quantities, constants))]
    plan = rng.choice(plans)
    values = {f"q{i}": value for i, value in enumerate(quantities)}
    values |= {f"c{i}": value for i, value in enumerate(constants)}
    results = values_of(plan, quantities, constants)
    values |= {f"s{i}": value for i, value in enumerate(results)}
    sentences = []
    for place, number in enumerate(_some_order(plan, rng)):
        operation, left, right = plan[number]
        if operation != "-" and rng.random() < 0.5:
            left, right = right, left
        equation = f"{values[left]} {operation} {values[right]} = {values[f's{number}']}."
        sentences.append(f"{rng.choice(_openings(place, len(plan)))} {equation}".strip())
    sentences.append(words.ANSWER.format(answer=results[-1]))
    return " ".join(sentences)


def _openings(place: int, steps: int) -> tuple[str, ...]:
    if steps == 1:
        return words.ONLY
    if place == 0:
        return words.FIRST
    return words.LAST if place == steps - 1 else words.MIDDLE


def _some_order(plan: tuple[Step, ...], rng: random.Random) -> list[int]:
    """A random order of the steps in which each comes after those that it uses."""
    order: list[int] = []
    while len(order) < len(plan):
        ready = [
            number
            for number, (_, *operands) in enumerate(plan)
            if number not in order and all(o[0] != "s" or int(o[1:]) in order for o in operands)
        ]
        order.append(rng.choice(ready))
    return order
