"""Which tests may run side by side (`pytest -n 2 --dist loadgroup`)."""

from pathlib import Path

import pytest

# These share what is dear to set up: a server, a finished study.
TOGETHER = {"api", "workflow"}


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items):
    for item in items:
        path = Path(item.path)
        item.add_marker(pytest.mark.xdist_group(path.parent.name if path.parent.name in TOGETHER else path.stem))
