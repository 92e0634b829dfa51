"""Nothing that a test started outlives the tests: it would keep their output open, for which others wait."""

import contextlib

import psutil


def pytest_sessionfinish(session) -> None:
    # Of tests side by side the process that hands them out has the others for children, which end by themselves.
    if getattr(session.config.option, "numprocesses", None) and not hasattr(session.config, "workerinput"):
        return
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
