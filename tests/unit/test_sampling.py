"""Batches are drawn whole, each once, and a run that was killed ends as one that was not."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yetbetter.drafts import Draft
from yetbetter.generation.sampling import count_whole, cut_into, sample_batches, sample_stream

COORDINATES = [{"problem": f"p{number // 3}", "sample": number % 3} for number in range(10)]
BATCHES = cut_into(COORDINATES, 4)  # 4, 4 and 2 rows
NAME = "rows.jsonl"


class Drawer:
    """Draws rows that say which batch they were drawn in; dies before batch number `dies_at`."""

    def __init__(self, dies_at: int | None = None):
        self.drawn, self.dies_at = [], dies_at

    def __call__(self, batch: list[dict]) -> list[dict]:
        if len(self.drawn) == self.dies_at:
            raise KeyboardInterrupt
        self.drawn.append(batch)
        shape = f"{len(batch)} from {batch[0]['problem']}"
        return [row | {"text": f"größe\u2028{shape}", "tokens": 5} for row in batch]


def whole_run(folder: Path) -> tuple[list[dict], bytes]:
    folder.mkdir()
    rows = sample_batches(Draft(folder), NAME, BATCHES, Drawer(), "rows")
    return rows, (folder / NAME).read_bytes()


@pytest.fixture
def undisturbed(tmp_path):
    return whole_run(tmp_path / "undisturbed")


@pytest.fixture
def draft(tmp_path) -> Draft:
    (tmp_path / "draft").mkdir()
    return Draft(tmp_path / "draft")


def resume(draft: Draft, undisturbed) -> list[list[dict]]:
    """Draw what is missing; the result must be that of an undisturbed run. Returns the batches that were drawn."""
    drawer = Drawer()
    rows = sample_batches(draft, NAME, BATCHES, drawer, "rows")
    assert (rows, (draft.folder / NAME).read_bytes()) == undisturbed
    return drawer.drawn


def test_rows_come_in_the_order_of_their_coordinates(undisturbed):
    rows, content = undisturbed
    assert [{key: row[key] for key in ("problem", "sample")} for row in rows] == COORDINATES
    assert [json.loads(line) for line in content.decode().split("\n")[:-1]] == rows


@pytest.mark.parametrize("finished", [0, 1, 2])
def test_a_run_that_died_between_batches_resumes_with_the_next_one(draft, undisturbed, finished):
    with pytest.raises(KeyboardInterrupt):
        sample_batches(draft, NAME, BATCHES, Drawer(dies_at=finished), "rows")
    assert resume(draft, undisturbed) == BATCHES[finished:]


def test_each_batch_is_on_disk_before_the_next_is_drawn(draft):
    counts = []

    def draw(batch):
        path = draft.folder / NAME
        counts.append(len(path.read_bytes().splitlines()) if path.exists() else 0)
        return Drawer()(batch)

    sample_batches(draft, NAME, BATCHES, draw, "rows")
    assert counts == [0, 4, 8]


def test_a_finished_draft_draws_nothing(draft, undisturbed):
    resume(draft, undisturbed)
    assert resume(draft, undisturbed) == []


def test_wherever_a_file_is_torn_only_its_unfinished_batches_are_drawn_again(draft, undisturbed, capsys):
    content = undisturbed[1]
    ends = [index + 1 for index, byte in enumerate(content) if byte == ord("\n")]
    for size in range(0, len(content) + 1, 7):
        (draft.folder / NAME).write_bytes(content[:size])
        whole = sum(ends[last] <= size for last in (3, 7, 9))
        assert resume(draft, undisturbed) == BATCHES[whole:]


@pytest.mark.parametrize("rest", [b'{"problem": "p1", "sa', b"\0" * 500, b"\xff\xfe\n", b"\n", b"nonsense\n{}\n"])
def test_what_follows_a_broken_line_is_drawn_again(draft, undisturbed, rest):
    lines = undisturbed[1].splitlines(keepends=True)
    (draft.folder / NAME).write_bytes(b"".join(lines[:6]) + rest)
    assert resume(draft, undisturbed) == BATCHES[1:]


@pytest.mark.parametrize("line", [b"1\n", b"null\n", b"[]\n", b'"text"\n'])
def test_a_line_that_is_not_a_row_is_drawn_again(draft, undisturbed, line):
    lines = undisturbed[1].splitlines(keepends=True)
    (draft.folder / NAME).write_bytes(b"".join([*lines[:4], line, *lines[5:]]))
    assert resume(draft, undisturbed) == BATCHES[1:]


@pytest.mark.parametrize("wrong", [{"problem": "p9"}, {"sample": 7}, {"problem": None}])
@pytest.mark.parametrize("number", [0, 3, 5, 9])
def test_rows_of_other_coordinates_are_drawn_again_with_all_that_follows(draft, undisturbed, number, wrong):
    lines = undisturbed[1].splitlines(keepends=True)
    lines[number] = json.dumps(json.loads(lines[number]) | wrong).encode() + b"\n"
    (draft.folder / NAME).write_bytes(b"".join(lines))
    assert resume(draft, undisturbed) == BATCHES[number // 4 :]


def test_rows_beyond_the_last_batch_are_cut_off(draft, undisturbed):
    (draft.folder / NAME).write_bytes(undisturbed[1] + b'{"problem": "p9", "sample": 0}\n')
    assert resume(draft, undisturbed) == []


def test_rows_of_a_batch_are_whole_only_in_their_own_order():
    assert count_whole(COORDINATES, BATCHES) == 3
    assert count_whole(COORDINATES[:9], BATCHES) == 2
    assert count_whole(COORDINATES[1:], BATCHES) == 0
    assert count_whole([COORDINATES[1], COORDINATES[0], *COORDINATES[2:]], BATCHES) == 0
    assert count_whole([], []) == 0


@given(st.lists(st.integers(), max_size=30), st.integers(1, 10))
def test_a_list_is_cut_into_consecutive_pieces_of_one_size(items, size):
    pieces = cut_into(items, size)
    assert [item for piece in pieces for item in piece] == items
    assert all(len(piece) == size for piece in pieces[:-1])
    assert all(0 < len(piece) <= size for piece in pieces)


class Streamer:
    """Yields rows in pairs, last ones first; dies before pair number `dies_at`."""

    def __init__(self, dies_at: int | None = None, spoil=lambda pair: pair):
        self.drawn, self.dies_at, self.spoil = [], dies_at, spoil

    def __call__(self, rows: list[dict]):
        for pair in cut_into(rows[::-1], 2):
            if len(self.drawn) == self.dies_at:
                raise KeyboardInterrupt
            self.drawn.append(pair)
            yield self.spoil([row | {"text": f"{row['problem']} {row['sample']}", "tokens": 5} for row in pair])


@pytest.mark.parametrize("dies_at", range(6))
def test_a_stream_that_died_is_resumed_at_the_row_and_ends_in_order(draft, dies_at):
    with pytest.raises(KeyboardInterrupt) if dies_at < 5 else contextlib.nullcontext():
        sample_stream(draft, NAME, [COORDINATES], Streamer(dies_at), "rows")
    with open(draft.folder / NAME, "a") as file:
        file.write('{"problem": "p0", "sa')
    streamer = Streamer()
    rows = sample_stream(draft, NAME, [COORDINATES], streamer, "rows")
    assert sum(map(len, streamer.drawn)) == len(COORDINATES) - 2 * min(dies_at, 5)
    assert [{key: row[key] for key in ("problem", "sample")} for row in rows] == COORDINATES
    assert draft.recover(NAME) == rows


@pytest.mark.parametrize("more, kept", [(True, 10), (False, 4)])
def test_a_stream_keeps_rows_that_may_be_asked_for_next_only_on_request(draft, more, kept):
    sample_stream(draft, NAME, [COORDINATES], Streamer(), "rows")
    sample_stream(draft, NAME, BATCHES[:1], Streamer(dies_at=0), "rows", more=more)
    assert len(draft.recover(NAME)) == kept


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda pair: [pair[0], pair[0]], "drawn twice"),
        (lambda pair: [pair[0] | {"problem": "p9"}], "not asked for"),
        (lambda pair: pair[:1], "were not drawn"),
    ],
)
def test_a_stream_that_gives_other_rows_than_asked_for_is_refused(draft, spoil, message):
    with pytest.raises(RuntimeError, match=message):
        sample_stream(draft, NAME, [COORDINATES], Streamer(spoil=spoil), "rows")
