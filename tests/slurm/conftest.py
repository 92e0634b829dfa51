"""A Slurm cluster on this machine; if it cannot run, the tests are skipped with the reason."""

import importlib.util
import signal

import pytest
from cluster import Cluster, Unavailable, stop
from study import Study

collect_ignore_glob = [] if importlib.util.find_spec("snakemake_executor_plugin_slurm") else ["test_*.py"]

# A shell that runs the tests in the background has them, and what they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc):
    """Each test on a cluster without accounting, unless its module says otherwise, or both, as ACCOUNTING."""
    if "cluster" in metafunc.fixturenames:
        on = pytest.param(True, id="accounting", marks=pytest.mark.accounting)
        wanted = getattr(metafunc.module, "ACCOUNTING", (False,))
        ways = [on if accounting else pytest.param(False, id="no accounting") for accounting in wanted]
        metafunc.parametrize("cluster", ways, indirect=True, scope="module")


@pytest.fixture(scope="module")
def cluster(request):
    try:
        started = Cluster(accounting=request.param).start()
    except Unavailable as reason:
        pytest.skip(str(reason))
    yield started
    stop(started.folder)


@pytest.fixture(scope="session")
def reference(tmp_path_factory) -> dict[str, bytes]:
    """The content of the study's result files after a run without any cluster."""
    study = Study(tmp_path_factory.mktemp("reference"))
    study.run("tables")
    return study.content()


@pytest.fixture
def study(cluster, tmp_path) -> Study:
    study = Study(tmp_path / "clone", cluster)
    yield study
    study.end()
    cluster.clear()
