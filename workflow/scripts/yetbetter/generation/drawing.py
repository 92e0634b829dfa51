"""Draw solutions into a draft, resumed where they stopped: in whole batches, or row by row as an engine ends them.

A job that is nearly out of time stops between two batches; an engine that streams is given no new work then.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
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
    more: bool = False,
) -> list[dict]:
    """All rows of the draft's file `name`, drawing those that are missing.

    batches: for each batch the coordinates of its rows (such as problem, sample), fixed by identity: what stands in a
    batch never depends on where or when it is drawn, because the shape of a batch changes floating-point results. A
    batch that was not finished is drawn again whole.
    draw: makes a batch's rows from its coordinates, in order.
    load: called before the first batch that is missing, and not at all where none is.
    more: rows behind the last batch stay in the file, since they may belong to batches that are asked for next.
    """
    rows = draft.recover(name)
    done = count_whole(rows, batches)
    kept = sum(len(batch) for batch in batches[:done])
    rows = rows[:kept]
    if not more or done < len(batches):
        draft.truncate(name, kept)
    if done == len(batches):
        return rows
    total = sum(len(batch) for batch in batches)
    if rows:
        print(f"{what}: {len(rows):,} were there already", flush=True)
    draft.stop_if_due(kept, kept, total, what)
    load()
    progress = Progress(what, total)
    start, tokens = time.monotonic(), 0
    for number, batch in enumerate(batches[done:], start=done + 1):
        draft.stop_if_due(len(rows), kept, total, what)
        with draft.limit.unit():
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


def draw_stream(
    draft: Draft,
    name: str,
    batches: Sequence[list[dict]],
    draw: Callable[[list[dict]], Iterable[list[dict]]],
    what: str,
    load: Callable[[], None] = lambda: None,
    more: bool = False,
) -> list[dict]:
    """What `draw_batches` does, for an engine that schedules by itself: no row that is on disk is ever drawn again.

    batches: here only sets of rows that `draw` is given together, less those that were there already.
    draw: yields lists of finished rows, in any order, also empty ones; each list is on disk before the next is asked
    for. Raises RuntimeError where it gives a row twice, one that was not asked for, or not all of them, unless the
    draft's time limit was due.
    The file is put in the order of the coordinates when all rows are there.
    """
    coordinates = [row for batch in batches for row in batch]
    keys = tuple(coordinates[0]) if coordinates else ()

    def key_of(row: dict) -> tuple:
        return tuple(row.get(key) for key in keys)

    wanted = list(map(key_of, coordinates))
    stored = {key_of(row): row for row in draft.recover(name) if isinstance(row, dict)}
    there = begun = sum(key in stored for key in wanted)
    if there < len(wanted):
        if there:
            print(f"{what}: {there:,} were there already", flush=True)
        draft.stop_if_due(there, begun, len(wanted), what)
        load()
        progress = Progress(what, len(wanted))
        start, tokens = time.monotonic(), 0
        for batch in batches:
            missing = {key_of(row): row for row in batch if key_of(row) not in stored}
            if not missing:
                continue
            draft.stop_if_due(there, begun, len(wanted), what)
            with draft.limit.unit():  # another model may be loaded for this batch
                drawing = iter(draw(list(missing.values())))
            while (rows := next_of(drawing, draft)) is not None:
                for row in rows:
                    if missing.pop(key_of(row), None) is None:
                        raise RuntimeError(f"{what}: drawn twice or not asked for: {key_of(row)}")
                if rows:
                    draft.append(name, rows)
                stored |= {key_of(row): row for row in rows}
                there += len(rows)
                tokens += sum(row["tokens"] for row in rows)
                speed = tokens / (time.monotonic() - start)
                progress.show(there, f"{speed:,.0f} tokens/s", final=there == len(wanted))
                if draft.limit.is_over():
                    break
            if missing and draft.limit.is_due():
                close(drawing)
                draft.stop(there, begun, len(wanted), what)
            if missing:
                raise RuntimeError(f"{what}: {len(missing)} rows were not drawn, such as {next(iter(missing))}")
    rows = [stored.pop(key) for key in wanted]
    draft.replace(name, [*rows, *(stored.values() if more else ())])
    return rows


def next_of(drawing: Iterator[list[dict]], draft: Draft) -> list[dict] | None:
    """The next rows, None behind the last; how long they took counts as a unit of work."""
    with draft.limit.unit():
        return next(drawing, None)


def close(drawing: Iterator) -> None:
    """End what is still being drawn."""
    with contextlib.suppress(AttributeError):  # not every iterator is a generator
        drawing.close()


def ask_stream(
    engine,
    batch: list[dict],
    prompts: dict[str, str],
    seed_of: Callable[[dict], int],
    decoding: Decoding,
    is_due: Callable[[float], bool] = lambda longest: False,
) -> Iterator[list[dict]]:
    """`ask` for an engine that streams: lists of finished rows, as they come; is_due as in `engines`."""
    by_problem: dict[str, list[dict]] = {}
    for row in batch:
        by_problem.setdefault(row["problem"], []).append(row)
    groups = list(by_problem.values())
    finished = engine.stream(
        [prompts[problem] for problem in by_problem],
        [[seed_of(row) for row in rows] for rows in groups],
        decoding.temperature,
        decoding.top_k,
        decoding.max_new_tokens,
        decoding.stop,
        is_due,
    )
    for answers in finished:
        yield [groups[prompt][sample] | answer for prompt, sample, answer in answers]


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
