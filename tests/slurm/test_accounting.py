"""A cluster with accounting, on which every job needs an account."""

import getpass

import pytest

pytestmark = pytest.mark.slow
ACCOUNTING = True


def name_account(study, account: str) -> None:
    profile = study.folder / "slurm/config.yaml"
    text = profile.read_text()
    assert "  # slurm_account: my_account\n" in text
    profile.write_text(text.replace("  # slurm_account: my_account\n", f"  slurm_account: {account}\n"))


def test_the_whole_grid_is_done_with_the_account_that_the_profile_names(study, cluster, reference):
    name_account(study, "weak")
    study.run("tables")
    assert study.content() == reference
    told = cluster.call("sacct", "-X", "-n", "-P", "-o", "State,Account,NodeList,AllocTRES").stdout
    rows = [line.split("|") for line in told.splitlines()]
    assert len(rows) == study.submissions()
    assert {(state, account) for state, account, *_ in rows} == {("COMPLETED", "weak")}
    assert {node for _, _, node, granted in rows if "gres/gpu=1" in granted} == {"gpu1"}
    assert {node for _, _, node, granted in rows if "gres/gpu" not in granted} <= {"cpu1", "cpu2"}


def test_without_an_account_one_line_says_so_before_anything_is_submitted(study, cluster):
    who = ("user", getpass.getuser(), "account=weak")
    cluster.call("sacctmgr", "-i", "delete", *who, check=True)
    try:
        said = study.run("tables", check=False)
    finally:
        cluster.call("sacctmgr", "-i", "add", *who, check=True)
    lines = [line for line in said.splitlines() if "Slurm would refuse" in line]
    assert study.submissions() == 0
    assert len(lines) >= 1 and all("account" in line.lower() for line in lines), said[-3000:]


def test_an_account_that_is_not_there_is_named(study):
    name_account(study, "nobody")
    said = study.run("tables", check=False)
    assert study.submissions() == 0
    assert "nobody" in said and "weak" in said
