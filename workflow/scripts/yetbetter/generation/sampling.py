"""Sample answers into a draft: in whole batches, or row by row as an engine finishes them. Both resume after a kill.

A job that is nearly out of time stops between two batches; an engine that streams gets no new work then.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter

from yetbetter.drafts import Draft
from yetbetter.generation.engines import Decoding
from yetbetter.program import Progress


def sample_batches(
    draft: Draft,
    name: str,
    batches: Sequence[list[dict]],
    sample: Callable[[list[dict]], list[dict]],
    what: str,
    load: Callable[[], None] = lambda: None,
    more: bool = False,
) -> list[dict]:
    """All rows of the draft's file `name`; only the missing ones are sampled.

    batches: the coordinates of each batch's rows (such as problem, sample), fixed by identity: what is in a batch never
    depends on where or when it is sampled, because the shape of a batch changes floating-point results. An unfinished
    batch is sampled again whole.
    sample: makes a batch's rows from its coordinates, in order.
    what: names the rows in messages.
    load: called before the first missing batch; not called if none is missing.
    more: keep the rows behind the last batch, since they may belong to batches that are asked for next.
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
            sampled = sample(batch)
            draft.append(name, sampled)
        rows += sampled
        tokens += sum(row["tokens"] for row in sampled)
        speed = tokens / (time.monotonic() - start)
        progress.show(len(rows), f"{speed:,.0f} tokens/s", final=number == len(batches))
    return rows


def sample_stream(
    draft: Draft,
    name: str,
    batches: Sequence[list[dict]],
    sample: Callable[[list[dict]], Iterable[list[dict]]],
    what: str,
    load: Callable[[], None] = lambda: None,
    more: bool = False,
) -> list[dict]:
    """Like `sample_batches`, for an engine that streams: no row that is on disk is sampled again.

    batches: only sets of rows that `sample` gets together, less those that are on disk.
    sample: yields lists of finished rows, in any order; lists may be empty. Each list is on disk before the next is
    asked for. Raises RuntimeError if it yields a row twice, one that was not asked for, or not all of them, unless the
    draft's time limit was due.
    When all rows are there, the file is put in the order of the coordinates.
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
                stream = iter(sample(list(missing.values())))
            while (rows := next_rows(stream, draft)) is not None:
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
                close_stream(stream)
                draft.stop(there, begun, len(wanted), what)
            if missing:
                raise RuntimeError(f"{what}: {len(missing)} rows were not drawn, such as {next(iter(missing))}")
    rows = [stored.pop(key) for key in wanted]
    draft.replace(name, [*rows, *(stored.values() if more else ())])
    return rows


def next_rows(stream: Iterator[list[dict]], draft: Draft) -> list[dict] | None:
    """The next rows, None behind the last; the time that they took counts as a unit of work."""
    with draft.limit.unit():
        return next(stream, None)


def close_stream(stream: Iterator) -> None:
    """End what is still being sampled."""
    with contextlib.suppress(AttributeError):  # not every iterator is a generator
        stream.close()


# Rows that share a prompt are the samples of a problem, unless a caller has other keys.
PROBLEM = itemgetter("problem")


def ask(
    engine,
    batch: list[dict],
    prompts: dict,
    seed_of: Callable[[dict], int],
    decoding: Decoding,
    key: Callable[[dict], object] = PROBLEM,
) -> list[dict]:
    """One call of the engine: a batch's coordinates with text, tokens, prompt_tokens, finish_reason and seed added.

    prompts: by the rows' `key`. Rows of one key come out next to each other, so that their prompt is read once.
    """
    groups = group_rows(batch, key)
    seeds = [[seed_of(row) for row in rows] for rows in groups.values()]
    answers = engine.generate([prompts[name] for name in groups], seeds, decoding)
    return [
        row | answer
        for rows, found in zip(groups.values(), answers, strict=True)
        for row, answer in zip(rows, found, strict=True)
    ]


def ask_stream(
    engine,
    batch: list[dict],
    prompts: dict,
    seed_of: Callable[[dict], int],
    decoding: Decoding,
    is_due: Callable[[float], bool] = lambda longest: False,
    key: Callable[[dict], object] = PROBLEM,
) -> Iterator[list[dict]]:
    """`ask` for an engine that streams: lists of finished rows, as they come. is_due: see `engines`."""
    groups = group_rows(batch, key)
    rows = list(groups.values())
    seeds = [[seed_of(row) for row in group] for group in rows]
    for answers in engine.stream([prompts[name] for name in groups], seeds, decoding, is_due):
        yield [rows[prompt][sample] | answer for prompt, sample, answer in answers]


def group_rows(rows: list[dict], key: Callable[[dict], object]) -> dict[object, list[dict]]:
    groups: dict[object, list[dict]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def count_whole(rows: list[dict], batches: Sequence[list[dict]]) -> int:
    """How many batches, from the first on, are whole at the start of `rows`."""
    position = 0
    for number, batch in enumerate(batches):
        found = rows[position : position + len(batch)]
        if len(found) < len(batch) or not all(map(has_coordinates, found, batch)):
            return number
        position += len(batch)
    return len(batches)


def has_coordinates(row, coordinates: dict) -> bool:
    return isinstance(row, dict) and all(row.get(key) == value for key, value in coordinates.items())


def cut_into(items: Sequence, size: int) -> list[list]:
    """Consecutive pieces of `size` items; the last may be shorter."""
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
