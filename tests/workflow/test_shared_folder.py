"""Results that several people share: what a run writes has the modes that its umask asks for."""

import pytest

from conftest import UMASK, under
from modes import wrong_modes

pytestmark = pytest.mark.slow


def test_every_file_and_folder_of_a_run_follows_the_umask(finished):
    with under(UMASK):
        finished.run("report_html")
    assert wrong_modes(finished.results, UMASK) == {}
    stages = {path.relative_to(finished.results).parts[0] for path in finished.results.rglob("*")}
    assert {"problems", "solutions", "models", "evaluations", "figures", "tables", "logs", ".drafts"} <= stages
