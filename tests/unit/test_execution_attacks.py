"""Attacks from inside the box, seen from outside: as this user and as an ordinary one, in each kind of box."""

import sys
from pathlib import Path

import execution_attacks
import pytest
from execution_support import folder_of_nobody, needs, python_of_nobody, report_of, run_apart

from yetbetter.verdicts import GRADER_ERROR, VERDICTS

TRIAL = Path(__file__).with_name("execution_trial.py")
# WASI's chmod() reports success and does nothing.
CLAIMS = {"webassembly": ["change the mode of a file outside"]}


def test_the_attacks_are_the_27_of_the_reference_and_at_least_20_more():
    assert len(execution_attacks.REFERENCE) == 27
    assert len(execution_attacks.OWN) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bubblewrap", "webassembly", "landlock"])
@pytest.mark.parametrize("user", ["this_user", "ordinary_user"])
def test_no_attack_gets_through_and_no_neighbour_is_harmed(kind, user):
    needs(kind)
    report = trial(kind, user)
    assert report["box"]["box"] == kind
    assert report["effects"] == []
    assert report["harmed neighbours"] == []
    assert report["not timed out"] == []
    assert report["through"] == CLAIMS.get(kind, [])
    assert {row["verdict"] for row in report["verdicts"].values()} <= set(VERDICTS) - {GRADER_ERROR}


@pytest.mark.parametrize("user", ["this_user", "ordinary_user"])
def test_without_a_box_attacks_get_through_and_are_seen(user):
    report = trial("bare", user)
    assert report["through"] == list(execution_attacks.CONTROLS)
    seen = ["the files changed", "TCP socket reached", "UDP socket reached", "abstract socket reached"]
    assert report["effects"] == [*seen, "the other process ended"]


def trial(kind: str, user: str) -> dict:
    python = python_of_nobody() if user == "ordinary_user" else [sys.executable]
    with folder_of_nobody() as folder:
        for name in ("cache", "playground"):
            (folder / name).mkdir()
            (folder / name).chmod(0o777)
        if user == "ordinary_user":  # with a cache of its own; this user's is filled already
            return report_of(run_apart([*python, str(TRIAL), str(folder / "playground"), kind], folder / "cache"))
        return report_of(run_apart([*python, str(TRIAL), str(folder / "playground"), kind]))
