"""Draw batches of solutions into a draft: whole batches, each on disk before the next, resumed where it stopped."""

import time
from collections.abc import Callable, Sequence

from yetbetter.drafts import Draft
from yetbetter.program import Progress


def draw_batches(
    draft: Draft, name: str, batches: Sequence[list[dict]], draw: Callable[[list[dict]], list[dict]], what: str
) -> list[dict]:
    """All rows of the draft's file `name`, drawing those that are missing.

    batches: for each batch the coordinates of its rows (such as problem, sample), fixed by identity: what stands in a
    batch never depends on where or when it is drawn, because the shape of a batch changes floating-point results. draw:
    makes a batch's rows from its coordinates, in order. A batch that was not finished is drawn again whole.
    """
    rows = draft.recover(name)
    done = count_whole(rows, batches)
    kept = sum(len(batch) for batch in batches[:done])
    if kept < len(rows):
        draft.truncate(name, kept)
        rows = rows[:kept]
    progress = Progress(what, sum(len(batch) for batch in batches))
    if rows:
        print(f"{what}: {len(rows):,} rows were there already", flush=True)
    start, tokens = time.monotonic(), 0
    for batch in batches[done:]:
        drawn = draw(batch)
        draft.append(name, drawn)
        rows += drawn
        tokens += sum(row["tokens"] for row in drawn)
        speed = tokens / (time.monotonic() - start)
        progress.show(len(rows), f"{speed:,.0f} tokens/s", final=batch is batches[-1])
    return rows


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
