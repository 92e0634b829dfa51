"""No process that a test starts outlives it: it would keep the tests' output open, which others wait for."""

import pytest

from processes import STARTED, kill_descendants, kill_tree


@pytest.fixture(autouse=True)
def nothing_runs_on():
    yield
    while STARTED:
        kill_tree(STARTED.pop())


def pytest_sessionfinish(session) -> None:
    # Of tests side by side the process that hands them out has the others for children, which end by themselves.
    if not getattr(session.config.option, "numprocesses", None) or hasattr(session.config, "workerinput"):
        kill_descendants()
