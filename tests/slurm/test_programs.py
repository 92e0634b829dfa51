"""Programs are graded by jobs of the cluster, in a box on its nodes, with the verdicts that this machine gives."""

import pytest

from yetbetter.records import read_json

pytestmark = [pytest.mark.slow, pytest.mark.smoke]
BLOCK = "lists/se/questions-000000_samples-0000"
GRADED, CHECKED = (f"results/cluster/{stage}/{BLOCK}.jsonl" for stage in ("verdicts", "reasoning"))


def test_programs_are_graded_and_checked_in_a_box_on_the_nodes(study, cluster):
    study.run(CHECKED)
    graded, checked = ((study.folder / name).read_bytes() for name in (GRADED, CHECKED))
    assert study.submissions() == 1  # the profile draws, grades and checks a block in one job
    [draft] = study.results.glob(".drafts/verdicts/lists/se/**/settings.json")
    assert read_json(draft)["box"]["box"] in ("bubblewrap", "webassembly")
    study.cluster = None
    for name in (GRADED, CHECKED):
        (study.folder / name).unlink()
    study.run(CHECKED)
    assert (study.folder / GRADED).read_bytes() == graded
    assert (study.folder / CHECKED).read_bytes() == checked
    assert b"correct" in graded
