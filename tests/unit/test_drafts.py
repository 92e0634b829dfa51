"""Drafts survive what kills a job: torn lines, kill -9, a second process, other settings."""

import errno
import json
import os
import signal
import time

import pytest

from yetbetter.drafts import SEAL, SETTINGS, hold_lock, open_draft
from yetbetter.errors import UserError
from yetbetter.generation.openai_ledger import Ledger

SETTING = {"temperature": 0.7, "top_k": 3}
ROWS = [{"problem": "a", "sample": number, "text": "x\u2028y\r"} for number in range(4)]


def in_child(work) -> int:
    """The process id of a fork that runs `work` and ends."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def wait_until(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_a_draft_is_continued_with_the_same_settings(tmp_path):
    for number, row in enumerate(ROWS):
        with open_draft(tmp_path / "out.jsonl", SETTING) as draft:
            assert draft.recover("rows.jsonl") == ROWS[:number]
            draft.append("rows.jsonl", [row])


@pytest.mark.parametrize("torn", [b'{"problem": "a", "sam', b'{"problem": "a"}', b'\0\0\0\0\n{"problem": "b"}\n'])
def test_a_torn_end_is_cut_off(tmp_path, torn):
    with open_draft(tmp_path / "out.jsonl", SETTING) as draft:
        draft.append("rows.jsonl", ROWS)
        whole = (draft.folder / "rows.jsonl").read_bytes()
        with open(draft.folder / "rows.jsonl", "ab") as file:
            file.write(torn)
        assert draft.recover("rows.jsonl") == ROWS
        assert (draft.folder / "rows.jsonl").read_bytes() == whole


@pytest.mark.parametrize("kept", [0, 2, 4, 9])
def test_truncate_keeps_the_first_rows(tmp_path, kept):
    with open_draft(tmp_path / "out.jsonl", SETTING) as draft:
        draft.truncate("rows.jsonl", kept)
        draft.append("rows.jsonl", ROWS)
        draft.truncate("rows.jsonl", kept)
        assert draft.recover("rows.jsonl") == ROWS[:kept]
        assert (draft.folder / "rows.jsonl").read_bytes().count(b"\n") == min(kept, 4)


def test_a_sealed_draft_is_published_by_a_hard_link_again_and_again(tmp_path):
    output = tmp_path / "out.jsonl"
    for _ in range(3):
        with open_draft(output, SETTING) as draft:
            if not draft.sealed:
                draft.append("rows.jsonl", ROWS)
                draft.seal()
            draft.publish({"rows.jsonl": output})
            assert os.path.samefile(output, draft.folder / "rows.jsonl")
    assert sorted(os.listdir(tmp_path)) == [".drafts", "out.jsonl"]
    output.unlink()
    with open_draft(output, SETTING) as draft:
        assert draft.sealed
        draft.publish({"rows.jsonl": output})
    assert output.exists()


def test_a_folder_is_published_whole_over_an_older_one(tmp_path):
    output = tmp_path / "model"
    (output / "old").mkdir(parents=True)
    for _ in range(2):
        with open_draft(output, SETTING) as draft:
            (draft.folder / "model" / "deep").mkdir(parents=True, exist_ok=True)
            (draft.folder / "model" / "deep" / "file").write_text("text")
            draft.seal()
            draft.publish({"model": output})
    assert [str(path.relative_to(output)) for path in sorted(output.rglob("*"))] == ["deep", "deep/file"]
    assert sorted(os.listdir(tmp_path)) == [".drafts", "model"]


def test_an_output_edited_in_place_is_not_published_again(tmp_path):
    output = tmp_path / "out.jsonl"
    with open_draft(output, SETTING) as draft:
        draft.append("rows.jsonl", ROWS)
        draft.seal()
        draft.publish({"rows.jsonl": output})
        with open(output, "a") as file:
            file.write("{}\n")
        with pytest.raises(UserError, match=r"rows\.jsonl: holds \d+ bytes, was finished with \d+"):
            draft.publish({"rows.jsonl": output})


def test_a_folder_in_the_place_of_an_output_is_named_and_the_finished_work_is_kept(tmp_path):
    output = tmp_path / "out.jsonl"
    output.mkdir()
    for _ in range(2):
        with open_draft(output, SETTING) as draft:
            if not draft.sealed:
                draft.append("rows.jsonl", ROWS)
                draft.seal()
            with pytest.raises(UserError, match=f"^{output}: a folder, where a file is to be written"):
                draft.publish({"rows.jsonl": output})
    output.rmdir()
    with open_draft(output, SETTING) as draft:
        assert draft.sealed
        draft.publish({"rows.jsonl": output})
    assert len(output.read_text().splitlines()) == len(ROWS)


def test_the_seal_comes_last(tmp_path):
    with open_draft(tmp_path / "out.jsonl", SETTING) as draft:
        draft.append("rows.jsonl", ROWS)
        assert not draft.sealed
        draft.seal()
        assert json.loads((draft.folder / SEAL).read_text()) == {
            "rows.jsonl": (draft.folder / "rows.jsonl").stat().st_size
        }


def test_other_settings_start_from_scratch_and_one_line_says_what_differs(tmp_path, capfd):
    with open_draft(tmp_path / "out.jsonl", SETTING) as draft:
        draft.append("rows.jsonl", ROWS)
    assert capfd.readouterr().err == ""
    with open_draft(tmp_path / "out.jsonl", SETTING | {"temperature": 0.8}) as draft:
        assert draft.recover("rows.jsonl") == []
    expected = capfd.readouterr().err
    assert expected.count("\n") == 1 and "temperature was 0.7, is 0.8" in expected and "top_k" not in expected
    with open_draft(tmp_path / "out.jsonl", SETTING) as draft:
        assert draft.recover("rows.jsonl") == ROWS
    assert capfd.readouterr().err == ""


def test_outputs_of_one_study_share_a_drafts_folder_without_sharing_a_draft(tmp_path):
    folders = []
    for place in ("study/solutions/easy/wc/0.jsonl", "study/solutions/hard/wc/0.jsonl", "elsewhere/0.jsonl"):
        with open_draft(tmp_path / place, SETTING, tmp_path / "study" / ".drafts") as draft:
            folders.append(str(draft.folder.parent.relative_to(tmp_path)))
            assert json.loads((draft.folder / SETTINGS).read_text()) == SETTING
    assert folders == [
        "study/.drafts/solutions/easy/wc/0.jsonl",
        "study/.drafts/solutions/hard/wc/0.jsonl",
        "study/.drafts/0.jsonl",
    ]


def test_two_processes_never_work_on_one_draft_at_the_same_time(tmp_path):
    def work():
        for _ in range(10):
            with hold_lock(tmp_path / "lock", every=0.002):
                os.mkdir(tmp_path / "inside")
                time.sleep(0.002)
                os.rmdir(tmp_path / "inside")

    children = [in_child(work) for _ in range(3)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]


def test_who_waits_says_for_whom(tmp_path, capfd):
    child = in_child(lambda: hold_for_ever(tmp_path))
    try:
        wait_until((tmp_path / "held").exists)
        waiting = in_child(lambda: hold_lock(tmp_path / "lock", every=0.01).__enter__())
        expected = ""
        end = time.monotonic() + 20
        while not expected and time.monotonic() < end:
            expected = capfd.readouterr().err
            time.sleep(0.01)
        assert f'"pid": {child}' in expected and "waiting for" in expected
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert os.waitpid(waiting, 0)[1] == 0


def test_a_killed_holder_releases_the_lock_and_leaves_its_rows(tmp_path):
    child = in_child(lambda: hold_for_ever(tmp_path))
    wait_until((tmp_path / "held").exists)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    start = time.monotonic()
    with hold_lock(tmp_path / "lock"), open_draft(tmp_path / "out.jsonl", SETTING) as draft:
        assert draft.recover("rows.jsonl") == ROWS
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_reported_in_one_line_that_names_the_lock(tmp_path, monkeypatch, number):
    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    message = f"{tmp_path}/.drafts/out.jsonl/lock: cannot be locked \\({os.strerror(number)}\\); mount .* flock"
    with pytest.raises(UserError, match=message) as error, open_draft(tmp_path / "out.jsonl", SETTING):
        pass
    assert "\n" not in str(error.value)
    with pytest.raises(UserError, match=f"{tmp_path}/ledger.jsonl: cannot be locked"):
        Ledger(tmp_path / "ledger.jsonl")


def hold_for_ever(folder) -> None:
    with hold_lock(folder / "lock"), open_draft(folder / "out.jsonl", SETTING) as draft:
        draft.append("rows.jsonl", ROWS)
        (folder / "held").touch()
        time.sleep(600)
