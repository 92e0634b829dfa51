"""Which tests may run side by side (`pytest -n 2 --dist loadgroup`): those of different files."""

from pathlib import Path

import pytest

# These share what is dear to set up: a server, a finished study.
TOGETHER = {"api", "workflow"}


def pytest_itemcollected(item):
    path = Path(item.path)
    item.add_marker(pytest.mark.xdist_group(path.parent.name if path.parent.name in TOGETHER else path.stem))
