"""A cluster with accounting, on which every job needs an account."""

import getpass

import pytest
from study import Study

pytestmark = pytest.mark.slow
ACCOUNTING = (True,)


def test_the_whole_grid_is_done_with_the_account_that_the_profile_names(study, cluster, reference):
    study.run("tables")
    assert study.content() == reference
    listed = cluster.call("sacct", "-X", "-n", "-P", "-o", "State,Account,NodeList,AllocTRES").stdout
    rows = [line.split("|") for line in listed.splitlines()]
    assert len(rows) == study.submissions()
    assert {(state, account) for state, account, *_ in rows} == {("COMPLETED", "weak")}
    assert {node for _, _, node, granted in rows if "gres/gpu=1" in granted} == {"gpu1"}
    assert {node for _, _, node, granted in rows if "gres/gpu" not in granted} <= {"cpu1", "cpu2"}


def test_without_an_account_one_line_says_so_before_anything_is_submitted(cluster, tmp_path):
    study = Study(tmp_path / "clone", cluster, account="")
    who = ("user", getpass.getuser(), "account=weak")
    cluster.call("sacctmgr", "-i", "delete", *who, check=True)
    try:
        said = study.run("tables", check=False)
    finally:
        cluster.call("sacctmgr", "-i", "add", *who, check=True)
    lines = [line for line in said.splitlines() if "Slurm would refuse" in line]
    assert study.submissions() == 0
    assert len(lines) >= 1 and all("account" in line.lower() for line in lines), said[-3000:]


def test_an_account_that_is_not_there_is_named(cluster, tmp_path):
    study = Study(tmp_path / "clone", cluster, account="nobody")
    said = study.run("tables", check=False)
    assert study.submissions() == 0
    assert "nobody" in said and "weak" in said
