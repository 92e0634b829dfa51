"""The data set `lists` of the pocket world: programming problems about lists of integers, and their splits.

A problem's key is its steps with their numbers. It is hashed into the buckets of `world.split_of`: no two splits share
a problem, in whatever wording. Train, validation and test hold problems of two to four steps in a sentence. The split
`functional` is the second benchmark: five steps, as a signature with a docstring. Of the pretraining problems some have
one step or five, and some have a docstring.
"""

import itertools
import random
from collections.abc import Iterator

from yetbetter.errors import UserError
from yetbetter.pocket.operations import (
    FILTER,
    MAP,
    OPERATIONS,
    REARRANGE,
    REDUCE,
    RETURN_LIST,
    Step,
    evaluate,
    names_of,
)
from yetbetter.pocket.programs import ENTRY_POINT, INDENT, PARAMETERS, write_program
from yetbetter.pocket.world import split_of

LISTS = "lists"
PROMPT = "Question: {question}\nProgram:"

# Numbers of steps, drawn uniformly.
LEVELS = {
    "pretraining": (1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5),  # of one step there are few: they are repeated
    "train": (2, 3, 4),
    "validation": (2, 3, 4),
    "test": (2, 3, 4),
    "functional": (5,),
}
DOCSTRINGS = {"pretraining": 0.2, "functional": 1.0}  # share of the problems; the others have none

VISIBLE, HIDDEN = 3, 10  # tests
# Each step must change the result for one of these lists: then no shorter program is right.
PROBES = (
    [7, -3, 12, 4, 7, -8, 15, 0, 9, -3, 6, 20],
    [-5, 10, -5, 3, 18, 2, -12, 8, 8, 1, -1, 14],
    [16, -6, 5, 9, -10, 5, 11, -2, 0, 13, 24, -7],
    [2, 30, -4, -9, 21, 6, 2, 17, -15, 10, 3, 12],
)
_PATIENCE = 3000  # draws for one problem before its split is called exhausted


def make_list_problems(split: str, count: int) -> list[dict]:
    """The first `count` problems of a split, as records; they do not depend on `count`.

    tests: three assert statements, which the question does not show. hidden_tests: ten more. signature: the beginning
    of the program that the question shows, for a question with a docstring. steps: (operation, number) each.

    Raises UserError if the split is unknown, or if it has too few problems.
    """
    if split not in LEVELS:
        raise UserError(f"split: {LISTS} has no {split!r}, its splits are {', '.join(LEVELS)}")
    if count < 0:
        raise UserError(f"questions: {count} is negative")
    records = list(itertools.islice(_draw(split), count))
    if len(records) < count:
        raise UserError(f"questions: {LISTS}/{split} can supply {len(records)} problems, {count} asked for")
    return records


def key_of(steps: list[Step]) -> str:
    """A problem's identity: `even add:3 total`."""
    return " ".join(name if k is None else f"{name}:{k}" for name, k in steps)


def _draw(split: str) -> Iterator[dict]:
    seen: set[str] = set()
    for index in itertools.count():
        rng = random.Random(f"{LISTS}/{split}/{index}")
        level = rng.choice(LEVELS[split])
        docstring = rng.random() < DOCSTRINGS.get(split, 0.0)
        for _ in range(_PATIENCE):
            record = _record(_steps(level, rng), docstring, split, rng)
            if record and (level == 1 or record["question"] not in seen):
                seen.add(record["question"])
                yield {"problem": f"{LISTS}-{split}-{index:05d}", **record}
                break
        else:
            return


def _steps(level: int, rng: random.Random) -> list[Step]:
    """Steps at random: the last one is a reduction in three of four problems, an only one in one of four."""
    kinds = [(FILTER, MAP, REARRANGE)[rng.choices(range(3), (4, 4, 3))[0]] for _ in range(level)]
    if rng.random() < (0.25 if level == 1 else 0.75):
        kinds[-1] = REDUCE
    names = [rng.choice(names_of(kind)) for kind in kinds]
    return [(name, rng.choice(OPERATIONS[name].numbers) if OPERATIONS[name].numbers else None) for name in names]


def _record(steps: list[Step], docstring: bool, split: str, rng: random.Random) -> dict | None:
    """The problem with these steps, or None if it is not in this split or has a step without an effect."""
    key = key_of(steps)
    if (len(steps) > 1 and split_of(key, []) != split) or not _every_step_counts(steps):
        return None
    tests = _tests(steps)
    if tests is None:
        return None
    parameter = rng.choice(PARAMETERS)
    phrases = _phrases(steps, rng)
    question = _with_docstring(phrases, parameter, rng) if docstring else _in_words(phrases, rng)
    solution = write_program(steps, rng, parameter=parameter if docstring else None)
    record = {
        "question": question,
        "answer": write_program(steps, random.Random(key), "comprehension", PARAMETERS[0]),
        "solution": f"\n{solution}",
        "level": len(steps),
        "entry_point": ENTRY_POINT,
        "tests": tests[:VISIBLE],
        "hidden_tests": tests[VISIBLE:],
        "steps": [list(step) for step in steps],
    }
    return record | ({"signature": f"{question}\n"} if docstring else {})


def _every_step_counts(steps: list[Step]) -> bool:
    """Whether each step changes the result for a probe, and the results are not all the same."""
    whole = [evaluate(steps, probe) for probe in PROBES]
    if all(result == whole[0] for result in whole):
        return False
    shorter = ([*steps[:number], *steps[number + 1 :]] for number in range(len(steps)))
    return all([evaluate(fewer, probe) for probe in PROBES] != whole for fewer in shorter)


# Questions ------------------------------------------------------------------------------------------------------------


def _phrases(steps: list[Step], rng: random.Random) -> list[str]:
    phrases = [rng.choice(OPERATIONS[name].phrases).format(k=k) for name, k in steps]
    return phrases if OPERATIONS[steps[-1][0]].kind == REDUCE else [*phrases, RETURN_LIST]


def _in_words(phrases: list[str], rng: random.Random) -> str:
    """`Keep the even numbers, then add 3 to each, and return the total.` or a sentence for each phrase."""
    if len(phrases) == 1 or rng.random() < 0.5:
        return " ".join(map(_sentence, phrases))
    return _sentence(f"{', then '.join(phrases[:-1])}, and {phrases[-1]}")


def _with_docstring(phrases: list[str], parameter: str, rng: random.Random) -> str:
    """A signature with a docstring, on one line or on a line for each phrase."""
    head = f'def {ENTRY_POINT}({parameter}):\n{INDENT}"""'
    if rng.random() < 0.5:
        return f'{head}{_in_words(phrases, rng)}"""'
    lines = f"\n{INDENT}".join(map(_sentence, phrases))
    return f'{head}{lines}\n{INDENT}"""'


def _sentence(phrase: str) -> str:
    return f"{phrase[0].upper()}{phrase[1:]}."


# Tests ----------------------------------------------------------------------------------------------------------------


def _tests(steps: list[Step]) -> list[str] | None:
    """VISIBLE and HIDDEN assert statements; None if no lists are found whose visible results are of use.

    They depend on the steps alone. At least two visible results differ, and at least two are neither 0 nor empty: a
    constant passes none of them.
    """
    rng = random.Random(f"{LISTS}/tests/{key_of(steps)}")
    for _ in range(50):
        visible = [_numbers(rng, length, -9, 20) for length in rng.sample((4, 5, 6, 7), VISIBLE)]
        results = [evaluate(steps, values) for values in visible]
        if any(result != results[0] for result in results) and sum(map(bool, results)) >= 2:
            break
    else:
        return None
    lists = [*visible, *_hidden_lists(rng)]
    return [f"assert {ENTRY_POINT}({values}) == {evaluate(steps, values)}" for values in lists]


def _hidden_lists(rng: random.Random) -> list[list[int]]:
    """HIDDEN lists: empty, one number, equal numbers, all negative, all positive, with duplicates, long."""
    one = rng.randint(-20, 20)
    return [
        [],
        [one],
        [one + 1] * 3,
        _numbers(rng, 6, -30, -1),
        _numbers(rng, 6, 1, 30),
        _numbers(rng, 10, -3, 3),
        _numbers(rng, 12, 0, 10),
        _numbers(rng, 9, -40, 40),
        _numbers(rng, 25, -20, 20),
        _numbers(rng, 40, -60, 60),
    ]


def _numbers(rng: random.Random, length: int, low: int, high: int) -> list[int]:
    return [rng.randint(low, high) for _ in range(length)]
