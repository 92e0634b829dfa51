"""The data set `requests` of the pocket world: "Write about the small bird. Use exactly 2 bullets. Add a P.S."

The kinds of instructions that are trained and those that are tested differ, as OpenAssistant's differ from IFEval's:
train, validation and control ask for those of `asks.TRAINED`; test asks for all, and so for three that finetuning never
shows. The pretraining problems ask for all, too. A problem's key is its topic with its instructions. It is hashed into
the buckets of `world.split_of`: no two splits share a problem, in whatever wording.

As with real questions, nothing says whether an answer to a training problem is right: what IFEval's checkers would need
is under `asks`, and only the problems of the graded splits have it under the keys that the checkers read.
"""

import itertools
import json
import random
from collections.abc import Iterator

from yetbetter.errors import UserError
from yetbetter.pocket.asks import KINDS, TRAINED, has_length
from yetbetter.pocket.sentences import ADJECTIVES, ANIMALS, Parts, write_text
from yetbetter.pocket.world import split_of

REQUESTS = "requests"
# The plain format of generation.chat_format, in which the models without a chat template are trained and asked.
PROMPT = "### Instruction:\n{question}\n\n### Response:"
TOPICS = ("Write about the {topic}.", "Tell me about the {topic}.", "Describe the {topic}.")

# The kinds of instructions of each split, and how many of them a problem has, drawn uniformly.
ASKED = {
    "pretraining": (tuple(KINDS), (1, 2, 3)),
    "train": (TRAINED, (1, 2)),
    "validation": (TRAINED, (1, 2)),
    "test": (tuple(KINDS), (1, 2)),
    "control": (TRAINED, (1, 2)),
}
GRADED = ("validation", "test", "control")
LONGEST = 48  # words of a solution
_PATIENCE = 3000  # draws for one problem before its split is called exhausted
_ATTEMPTS = 50  # at a solution of the length asked for


def make_requests(split: str, count: int) -> list[dict]:
    """The first `count` problems of a split, as records; they do not depend on `count`.

    asks: (name, arguments) of each instruction. solution: an answer that follows them all.

    Raises UserError if the split is unknown, or if it has too few problems.
    """
    if split not in ASKED:
        raise UserError(f"split: {REQUESTS} has no {split!r}, its splits are {', '.join(ASKED)}")
    if count < 0:
        raise UserError(f"questions: {count} is negative")
    records = list(itertools.islice(_draw(split), count))
    if len(records) < count:
        raise UserError(f"questions: {REQUESTS}/{split} can supply {len(records)} problems, {count} asked for")
    return records


def key_of(topic: str, asks: list[tuple[str, dict]]) -> str:
    """A problem's identity, whatever the order of its instructions."""
    return json.dumps([topic, sorted(asks, key=json.dumps)], sort_keys=True)


def graded(row: dict) -> dict:
    """The problem with what its answers are graded by, under the keys that IFEval's file has."""
    names, arguments = zip(*row["asks"], strict=True)
    return row | {"instruction_id_list": list(names), "kwargs": list(arguments)}


def _draw(split: str) -> Iterator[dict]:
    seen: set[str] = set()
    kinds, levels = ASKED[split]
    for index in itertools.count():
        rng = random.Random(f"{REQUESTS}/{split}/{index}")
        level = rng.choice(levels)
        for _ in range(_PATIENCE):
            topic = f"{rng.choice(ADJECTIVES)} {rng.choice(ANIMALS)}"
            asks = [(name, KINDS[name].draw(rng)) for name in rng.sample(kinds, level)]
            record = _record(topic, asks, rng) if split_of(key_of(topic, asks), []) == split else None
            if record and record["question"] not in seen:
                seen.add(record["question"])
                record = {"problem": f"{REQUESTS}-{split}-{index:05d}", **record}
                yield graded(record) if split in GRADED else record
                break
        else:
            return


def _record(topic: str, asks: list[tuple[str, dict]], rng: random.Random) -> dict | None:
    """The problem, or None if no text follows all instructions."""
    solution = _solution(topic, asks, rng)
    if solution is None:
        return None
    wordings = [KINDS[name].wording(arguments, rng) for name, arguments in asks]
    return {
        "question": " ".join([rng.choice(TOPICS).format(topic=topic), *wordings]),
        # Nothing is right or wrong; for readers.
        "answer": " ".join(name for name, _ in asks),
        "solution": solution,
        "level": len(asks),
        "asks": [list(ask) for ask in asks],
    }


def _solution(topic: str, asks: list[tuple[str, dict]], rng: random.Random) -> str | None:
    for _ in range(_ATTEMPTS):
        parts = Parts(rng.choice((2, 3, 4, 5)))
        for name, arguments in asks:
            parts = KINDS[name].shape(parts, arguments)
        if not parts.possible:
            return None
        text = write_text(topic, parts, rng)
        if has_length(text, asks) and len(text.split()) <= LONGEST:
            return text
    return None
