"""A Slurm cluster of this machine's own; where it cannot run, the tests skip and say why."""

import importlib.util

import pytest
from cluster import Cluster, Unavailable, stop
from study import Study

collect_ignore_glob = [] if importlib.util.find_spec("snakemake_executor_plugin_slurm") else ["test_*.py"]


@pytest.fixture(scope="module")
def cluster(request):
    """Without accounting, unless the test module says ACCOUNTING = True."""
    try:
        started = Cluster(accounting=getattr(request.module, "ACCOUNTING", False)).start()
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
    yield Study(tmp_path / "clone", cluster)
    cluster.clear()
