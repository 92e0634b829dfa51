"""Losing checkpoints go, here and in the draft they came from; what they were stays known."""

import shutil
from pathlib import Path

import pytest

from yetbetter.drafts import Draft, open_draft
from yetbetter.errors import UserError
from yetbetter.evaluation.pruning import (
    NOTE,
    best_of_each_rate,
    identity_of,
    is_removed,
    remove_losers,
    require_checkpoint,
)

ACCURACY = {"low/checkpoint-1": 0.3, "low/checkpoint-2": 0.3, "high/checkpoint-1": 0.1, "high/checkpoint-2": 0.2}


def publish(study: Path, rate: str) -> None:
    output = study / "models" / rate
    with open_draft(output, {"rate": rate}, study / ".drafts") as draft:
        if not draft.sealed:
            for number in (1, 2):
                folder = draft.folder / "result" / f"checkpoint-{number}"
                folder.mkdir(parents=True)
                (folder / "model.safetensors").write_bytes(f"{rate} {number}".encode() * 100)
                (folder / "config.json").write_text("{}")
            draft.seal()
        draft.publish({"result": output})


@pytest.fixture
def study(tmp_path) -> Path:
    for rate in ("low", "high"):
        publish(tmp_path, rate)
    return tmp_path


def folders(study: Path) -> dict[str, str]:
    return {name: str(study / "models" / name) for name in ACCURACY}


def weights(study: Path) -> list[str]:
    return sorted("/".join(path.parts[-3:-1]) for path in study.glob("models/**/model.safetensors"))


def test_the_earliest_of_the_best_of_each_rate_stays():
    assert best_of_each_rate(ACCURACY) == ["low/checkpoint-1", "high/checkpoint-2"]


def test_losers_are_gone_everywhere_and_keep_their_identity(study):
    before = {name: identity_of(path) for name, path in folders(study).items()}
    remove_losers(folders(study), ACCURACY, study / ".drafts")
    assert weights(study) == ["high/checkpoint-2", "low/checkpoint-1"]
    assert len(list(study.glob(".drafts/**/model.safetensors"))) == 2
    assert {name: identity_of(path) for name, path in folders(study).items()} == before


def test_a_thinned_draft_is_published_again(study):
    remove_losers(folders(study), ACCURACY, study / ".drafts")
    shutil.rmtree(study / "models")
    for rate in ("low", "high"):
        publish(study, rate)
    assert weights(study) == ["high/checkpoint-2", "low/checkpoint-1"]
    assert is_removed(study / "models/low/checkpoint-2")


def test_a_removal_that_was_killed_half_way_is_finished_by_the_next(study):
    killed = study / "models/high/checkpoint-1"
    note = killed / NOTE
    note.write_text(f'{{"identity": "{identity_of(killed)}"}}')  # the note is there, so are all other files
    draft = next(study.glob(".drafts/models/high/*/result")).parent
    remove_losers(folders(study), ACCURACY, study / ".drafts")
    assert [path.name for path in killed.iterdir()] == [NOTE]
    assert not (draft / "result/checkpoint-1/model.safetensors").exists()
    Draft(draft).check_sizes()


def test_a_rate_whose_best_is_gone_loses_nothing_more(study):
    remove_losers(folders(study), ACCURACY, study / ".drafts")
    remove_losers(folders(study), ACCURACY | {"high/checkpoint-1": 0.9}, study / ".drafts")
    assert weights(study) == ["high/checkpoint-2", "low/checkpoint-1"]


def test_a_removed_checkpoint_that_is_needed_is_named_with_what_to_delete(study):
    remove_losers(folders(study), ACCURACY, study / ".drafts")
    require_checkpoint(study / "models/low/checkpoint-1", study / ".drafts")
    with pytest.raises(UserError) as error:
        require_checkpoint(study / "models/low/checkpoint-2", study / ".drafts")
    for part in ("removed when low/checkpoint-1", str(study / "models/low"), str(study / ".drafts/models/low")):
        assert part in str(error.value)
