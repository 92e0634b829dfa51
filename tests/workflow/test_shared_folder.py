"""Results that several people share: what a run writes has the modes that its umask asks for."""

import os

import pytest

from modes import wrong_modes

pytestmark = pytest.mark.slow


def test_every_file_and_folder_of_a_run_follows_the_umask(fresh):
    fresh.change_config(lambda config: config["experiments"]["main"].update(budgets=["low"]))
    before = os.umask(0o027)
    try:
        fresh.run("all", "report_html")
    finally:
        os.umask(before)
    assert wrong_modes(fresh.results, 0o027) == {}
    stages = {path.relative_to(fresh.results).parts[0] for path in fresh.results.rglob("*")}
    assert {"problems", "solutions", "models", "evaluations", "figures", "tables", "logs", ".drafts"} <= stages
