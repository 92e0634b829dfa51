"""Writes right programs for the list problems: real Python in several styles, with names from a few."""

import random
from dataclasses import dataclass, field

from yetbetter.pocket.operations import FILTER, MAP, OPERATIONS, Step

ENTRY_POINT = "f"
PARAMETERS = ("xs", "nums")
ITEMS = ("x", "n")
RESULTS = ("ys", "out")
INDENT = "    "

# The ways in which each style may write a piece of a program, and how often the style is drawn. A nested expression has
# the last step first, which small models learn late.
NEST, ASSIGN, LOOP = "nest", "assign", "loop"
STYLES = {
    "comprehension": (ASSIGN,),
    "loop": (LOOP,),
    "expression": (NEST,),
    "mixed": (NEST, ASSIGN, LOOP),
}
SHARES = {"comprehension": 4, "loop": 3, "expression": 1, "mixed": 2}
# Reductions that a loop can do on the way: operation -> (name of the result, what is added for each number).
ACCUMULATORS = {"total": ("total", "{x}"), "count": ("count", "1")}


def write_program(steps: list[Step], rng: random.Random, style: str | None = None, parameter: str | None = None) -> str:
    """A program that does the steps, without a line end at its end.

    style: one of STYLES, drawn if None. parameter: the name of the function's argument, drawn if None.
    """
    ways = STYLES[style or rng.choices(list(SHARES), list(SHARES.values()))[0]]
    writer = _Writer(rng, parameter or rng.choice(PARAMETERS))
    runs = _runs(steps)
    while runs:
        run = runs.pop(0)
        way = rng.choice(ways)
        if not _is_elementwise(run[0]):
            writer.whole(run[0], assign=way != NEST and bool(runs))
        elif way == LOOP:
            fused = runs.pop(0)[0][0] if runs and runs[0][0][0] in ACCUMULATORS else None
            writer.loop(run, fused)
        else:
            groups = _groups(run, writer.fuse)
            for number, group in enumerate(groups):
                last = not runs and number == len(groups) - 1
                writer.comprehension(group, assign=way == ASSIGN and not last)
    return "\n".join([*writer.lines, f"{INDENT}return {writer.value}"])


@dataclass
class _Writer:
    """A program up to here. value: an expression for what the steps so far give; it names one variable."""

    rng: random.Random
    parameter: str
    lines: list[str] = field(init=False)
    value: str = field(init=False)

    def __post_init__(self) -> None:
        self.lines = [f"def {ENTRY_POINT}({self.parameter}):"]
        self.value = self.variable = self.parameter
        self.item = self.rng.choice(ITEMS)
        self.results = self.rng.sample(RESULTS, 2)  # two: a loop cannot write to the list that it reads
        self.target = self.rng.choice((self.parameter, self.results[0]))
        self.fuse = self.rng.random() < 0.7

    def code(self, step: Step) -> str:
        name, k = step
        return self.rng.choice(OPERATIONS[name].code).format(x=self.item, v=self.value, k=k)

    def whole(self, step: Step, assign: bool) -> None:
        """A step that takes the list as a whole."""
        self.value = self.code(step)
        if assign:
            self.assign()

    def comprehension(self, group: list[Step], assign: bool) -> None:
        conditions, mapped = self.conditions(group), self.mapped(group) or self.item
        ending = f" if {conditions}" if conditions else ""
        self.value = f"[{mapped} for {self.item} in {self.value}{ending}]"
        if assign:
            self.assign()

    def loop(self, run: list[Step], fused: str | None) -> None:
        """Filters and maps in one loop. fused: the operation of the reduction that it does as well."""
        source = self.value
        if fused:
            self.variable, added = ACCUMULATORS[fused]
        else:
            self.variable = next(name for name in self.results if name != self.variable)
        self.value = self.variable
        start = "0" if fused else "[]"
        self.lines += [f"{INDENT}{self.value} = {start}", f"{INDENT}for {self.item} in {source}:"]
        indent, current = 2 * INDENT, self.item
        groups = _groups(run, fuse=True)
        for number, group in enumerate(groups):
            if conditions := self.conditions(group):
                self.lines.append(f"{indent}if {conditions}:")
                indent += INDENT
            if mapped := self.mapped(group):
                if number == len(groups) - 1:
                    current = mapped
                else:
                    self.lines.append(f"{indent}{self.item} = {mapped}")
        if fused:
            self.lines.append(f"{indent}{self.value} += {added.format(x=current)}")
        else:
            self.lines.append(f"{indent}{self.value}.append({current})")

    def conditions(self, group: list[Step]) -> str:
        return " and ".join(self.code(step) for step in group if OPERATIONS[step[0]].kind == FILTER)

    def mapped(self, group: list[Step]) -> str:
        """The expression of the group's map, empty if it has none."""
        return "".join(self.code(step) for step in group if OPERATIONS[step[0]].kind == MAP)

    def assign(self) -> None:
        self.lines.append(f"{INDENT}{self.target} = {self.value}")
        self.value = self.variable = self.target


def _is_elementwise(step: Step) -> bool:
    return OPERATIONS[step[0]].kind in (FILTER, MAP)


def _runs(steps: list[Step]) -> list[list[Step]]:
    """Neighbouring filters and maps together, every other step alone."""
    runs: list[list[Step]] = []
    for step in steps:
        if runs and _is_elementwise(step) and _is_elementwise(runs[-1][-1]):
            runs[-1].append(step)
        else:
            runs.append([step])
    return runs


def _groups(run: list[Step], fuse: bool) -> list[list[Step]]:
    """A run in parts that one comprehension can do: filters, then at most one map; with `fuse` false, one step each."""
    groups: list[list[Step]] = []
    for step in run:
        if fuse and groups and OPERATIONS[groups[-1][-1][0]].kind == FILTER:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def fragments() -> list[str]:
    """Texts that together hold every piece of every program; the tokenizer's vocabulary is made from them."""
    texts = [f"def {ENTRY_POINT}({name}):\n{INDENT}return {name}[::-1]" for name in (*PARAMETERS, *RESULTS)]
    texts += [f"[{x} for {x} in [{x} for {x} in {v} if -{x} and {x}]]" for x in ITEMS for v in (*PARAMETERS, *RESULTS)]
    texts += [f"sorted({v})\n{INDENT}{v} = list([" for v in (*PARAMETERS, *RESULTS)]
    texts += [f"\n{2 * INDENT}{x} = {x}:\n{3 * INDENT}{v}.append(abs({x}))" for x in ITEMS for v in RESULTS]
    texts += [f"\n{INDENT}{v} = 0\n{2 * INDENT}{v} += 1\n{INDENT}return {v}" for v in ("total", "count")]
    texts += [f"\n{depth * INDENT}if" for depth in range(1, 6)] + [f"\n{INDENT}for x in [[x"]
    for operation in OPERATIONS.values():
        if operation.kind in (FILTER, MAP):
            texts += [f"{space}{code.format(x='x', k=3)}" for code in operation.code for space in ("(", "[", " ")]
        else:
            texts += [f"{space}{code.format(v='xs', k=3)}" for code in operation.code for space in ("(", "[", " ")]
    texts += [f"{space}{digit}" for digit in range(10) for space in ("", " ")]
    return texts
