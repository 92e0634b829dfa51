"""Draw batches of solutions into a draft: whole batches, each on disk before the next, resumed where it stopped."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yetbetter.drafts import Draft
from yetbetter.program import Progress


@dataclass(frozen=True)
class Decoding:
    """How an engine chooses tokens; temperature 0 is greedy, top_k 0 keeps the whole vocabulary."""

    temperature: float
    top_k: int
    max_new_tokens: int
    stop: tuple[str, ...] = ()


def draw_batches(
    draft: Draft,
    name: str,
    batches: Sequence[list[dict]],
    draw: Callable[[list[dict]], list[dict]],
    what: str,
    load: Callable[[], None] = lambda: None,
) -> list[dict]:
    """All rows of the draft's file `name`, drawing those that are missing.

    batches: for each batch the coordinates of its rows (such as problem, sample), fixed by identity: what stands in a
    batch never depends on where or when it is drawn, because the shape of a batch changes floating-point results. draw:
    makes a batch's rows from its coordinates, in order. A batch that was not finished is drawn again whole. load:
    called once before the first batch that is missing, and not at all where none is.
    """
    rows = draft.recover(name)
    done = count_whole(rows, batches)
    kept = sum(len(batch) for batch in batches[:done])
    draft.truncate(name, kept)
    rows = rows[:kept]
    if done == len(batches):
        return rows
    if rows:
        print(f"{what}: {len(rows):,} were there already", flush=True)
    load()
    progress = Progress(what, sum(len(batch) for batch in batches))
    start, tokens = time.monotonic(), 0
    for number, batch in enumerate(batches[done:], start=done + 1):
        drawn = draw(batch)
        draft.append(name, drawn)
        rows += drawn
        tokens += sum(row["tokens"] for row in drawn)
        speed = tokens / (time.monotonic() - start)
        progress.show(len(rows), f"{speed:,.0f} tokens/s", final=number == len(batches))
    return rows


def ask(
    engine, batch: list[dict], prompts: dict[str, str], seed_of: Callable[[dict], int], decoding: Decoding
) -> list[dict]:
    """One call of the engine: a batch's coordinates with text, tokens, prompt_tokens, finish_reason and seed added.

    prompts: of each problem. Rows of one problem stand together, so that its prompt is read once.
    """
    by_problem: dict[str, list[dict]] = {}
    for row in batch:
        by_problem.setdefault(row["problem"], []).append(row)
    answers = engine.generate(
        [prompts[problem] for problem in by_problem],
        [[seed_of(row) for row in rows] for rows in by_problem.values()],
        decoding.temperature,
        decoding.top_k,
        decoding.max_new_tokens,
        decoding.stop,
    )
    return [
        row | answer
        for rows, found in zip(by_problem.values(), answers, strict=True)
        for row, answer in zip(rows, found, strict=True)
    ]


def count_whole(rows: list[dict], batches: Sequence[list[dict]]) -> int:
    """How many batches, from the first on, stand whole at the start of `rows`."""
    position = 0
    for number, batch in enumerate(batches):
        found = rows[position : position + len(batch)]
        if len(found) < len(batch) or not all(map(agrees, found, batch)):
            return number
        position += len(batch)
    return len(batches)


def agrees(row, coordinates: dict) -> bool:
    return isinstance(row, dict) and all(row.get(key) == value for key, value in coordinates.items())


def cut(items: Sequence, size: int) -> list[list]:
    """Consecutive pieces of `size` items; the last may be shorter."""
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
