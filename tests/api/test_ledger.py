"""A ledger holds its limit whoever writes to it, and a crash makes it more careful, never less."""

import os

import pytest

from yetbetter.errors import UserError
from yetbetter.generation.openai_ledger import Ledger, read_tries

PROCESSES = 4


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger" / "model.jsonl"


def spend(path, limit: float, worst: float, real: float) -> None:
    """Reserve and settle until the limit forbids it, in a fork of this process; every third try is never settled."""
    ledger, number = Ledger(path, limit), 0
    while name := ledger.reserve(worst, model="m"):
        number += 1
        if number % 3:
            ledger.settle(name, real, model="m", outcome="answered", estimated=False)


def test_processes_that_share_a_ledger_never_exceed_its_limit_and_leave_less_than_one_request_of_it(path):
    children = []
    for _ in range(PROCESSES):
        child = os.fork()
        if child == 0:
            try:
                spend(path, 10.0, 0.5, 0.25)
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    tries = read_tries(path)
    total = sum(row["dollars"] for row in tries)
    assert 10.0 - 0.5 < total <= 10.0
    assert {row["outcome"] for row in tries} == {"reserved", "answered"}
    assert all(row["estimated"] == (row["outcome"] == "reserved") for row in tries)
    assert Ledger(path, 10.0).total == pytest.approx(total)


def test_a_reservation_counts_at_its_worst_until_it_is_settled(path):
    ledger, other = Ledger(path, 1.0), Ledger(path, 1.0)
    name = ledger.reserve(0.8)
    assert other.reserve(0.3) is None
    ledger.settle(name, 0.1, outcome="answered")
    assert other.reserve(0.3)
    assert (ledger.reserve(0.7), other.total) == (None, pytest.approx(0.4))


def test_a_higher_limit_resumes_with_what_is_left(path):
    assert Ledger(path, 1.0).reserve(0.9)
    assert Ledger(path, 1.0).reserve(0.2) is None
    assert Ledger(path, 1.2).reserve(0.2)


@pytest.mark.parametrize("torn", [b'{"try": "x", "dol', b"\0" * 300, b"\xff\xfe", b"[]", b'{"try": "x"}'])
def test_a_torn_line_costs_no_other_row(path, torn):
    name = Ledger(path, 1.0).reserve(0.5)
    with open(path, "ab") as file:
        file.write(torn)
    ledger = Ledger(path, 1.0)
    assert ledger.total == 0.5
    ledger.settle(name, 0.25, outcome="answered")
    assert [row["dollars"] for row in read_tries(path)] == [0.25]
    assert Ledger(path, 1.0).total == 0.25


def test_a_settlement_that_was_torn_leaves_the_try_at_its_worst(path):
    ledger = Ledger(path, 1.0)
    ledger.settle(ledger.reserve(0.5), 0.25, outcome="answered")
    os.truncate(path, path.stat().st_size - 5)
    assert Ledger(path, 1.0).total == 0.5


def test_a_ledger_that_was_cut_while_in_use_is_reported(path):
    ledger = Ledger(path, 1.0)
    ledger.reserve(0.5)
    os.truncate(path, 0)
    with pytest.raises(UserError, match=r"model\.jsonl: has become shorter"):
        ledger.reserve(0.5)


def test_without_a_limit_all_is_recorded_and_nothing_refused(path):
    ledger = Ledger(path)
    assert all(ledger.reserve(100.0) for _ in range(3))
    assert len(read_tries(path)) == 3
