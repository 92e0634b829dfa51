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
@pytest.mark.parametrize("user", ["this_user", "ordinary_user"])
@pytest.mark.parametrize("kind", ["bubblewrap", "webassembly", "landlock"])
def test_no_attack_gets_through_and_no_neighbour_is_harmed(kind, user):
    needs(kind)
    python = python_of_nobody() if user == "ordinary_user" else [sys.executable]
    with folder_of_nobody() as folder:
        (cache := folder / "cache").mkdir()
        cache.chmod(0o777)
        (playground := folder / "playground").mkdir()
        playground.chmod(0o777)
        # A cache of an ordinary user's own; this user's is filled already.
        done = run_apart([*python, str(TRIAL), str(playground), kind], cache if user == "ordinary_user" else None)
    report = report_of(done)
    assert report["box"]["box"] == kind
    assert report["effects"] == []
    assert report["harmed neighbours"] == []
    assert report["not timed out"] == []
    assert report["through"] == CLAIMS.get(kind, [])
    assert {row["verdict"] for row in report["verdicts"].values()} <= set(VERDICTS) - {GRADER_ERROR}
