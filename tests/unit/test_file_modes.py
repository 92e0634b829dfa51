"""What programs write can be read, and changed, by those whom the umask lets: weights, locks and drafts too."""

import os
import re
import stat
from pathlib import Path

import pytest
from finetune_support import command, examples, make_model, write
from job_support import run_job

import evaluate_model
import finetune_model
import sample_solutions
import yetbetter.generation.transformers_engine
import yetbetter.training.loop  # noqa: F401  (imported once, forks have it for nothing)
from modes import wrong_modes
from yetbetter.drafts import hold_lock
from yetbetter.pocket.world import make_problems
from yetbetter.records import follow_umask, write_rows
from yetbetter.study.folders import check_writable

ROOT = Path(__file__).parents[2]
STUDENT, PROMPT = ROOT / "resources" / "pocket" / "student", ROOT / "resources" / "prompts" / "pocket.txt"
UMASKS = pytest.mark.parametrize("umask", [0o002, 0o022, 0o027, 0o077], ids=oct)


def run_under(umask: int, line: list, main, folder: Path, **environment: str) -> None:
    def masked() -> None:
        os.umask(umask)
        main()

    status, said = run_job(line, masked, folder.parent, environment)
    assert status == 0, said


def finetune() -> None:
    finetune_model.finetune(finetune_model.read_job(finetune_model.parse_arguments()))


def made(tmp_path: Path, umask: int) -> Path:
    folder = tmp_path / "made"
    folder.mkdir()
    folder.chmod(0o777 & ~umask)
    return folder


VARIANTS = {
    "all weights": {},
    "saved in another precision": {"precision": "bfloat16"},
    "adapters, merged": {"lora_rank": 2},
}


@UMASKS
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_file_of_a_finetuning_follows_the_umask(variant, umask, tmp_path):
    folder = made(tmp_path, umask)
    model, data = make_model(tmp_path / "model"), write(tmp_path / "D.jsonl", examples())
    options = {"steps": 2, "checkpoints": 2, "save_every": 1} | VARIANTS[variant]
    run_under(umask, command(model, data, folder / "out", **options), finetune, folder)
    assert (folder / "out" / "checkpoint-2" / "model.safetensors").exists()
    assert wrong_modes(folder, umask) == {}


@UMASKS
def test_checkpoints_that_are_the_base_model_follow_the_umask(umask, tmp_path):
    folder = made(tmp_path, umask)
    model, data = make_model(tmp_path / "model"), write(tmp_path / "D.jsonl", [])
    run_under(umask, command(model, data, folder / "out", steps=2, checkpoints=2), finetune, folder)
    assert wrong_modes(folder, umask) == {}


def test_the_state_that_another_may_continue_from_follows_the_umask(tmp_path):
    """Stopped after its first step, as by a scheduler; a colleague's job resumes it."""
    import time

    from yetbetter import time_limit

    folder = made(tmp_path, 0o002)
    model, data = make_model(tmp_path / "model"), write(tmp_path / "D.jsonl", examples())
    line = command(model, data, folder / "out", steps=5000, checkpoints=1)
    end = {time_limit.END: str(time.time() + 12), time_limit.MARGIN: "1"}

    def masked() -> None:
        os.umask(0o002)
        finetune()

    status, said = run_job(line, masked, tmp_path, end)
    assert status == time_limit.UNFINISHED, said
    assert list(folder.rglob("state/checkpoint-*/model.safetensors"))
    assert wrong_modes(folder, 0o002) == {}


@UMASKS
def test_every_file_of_sampling_and_evaluation_follows_the_umask(umask, tmp_path):
    folder = made(tmp_path, umask)
    write_rows(tmp_path / "P.jsonl", make_problems("easy", "validation", 2))
    shared = [f"--prompt={PROMPT}", "--max-new-tokens=4", f"--about={folder / 'S.about.json'}"]
    line = [sample_solutions.__file__, *shared, f"--problems={tmp_path / 'P.jsonl'}", "--problems-count=2"]
    line += ["--samples=1", "--model-name=x", f"--model={STUDENT}", "--temperature=1", "--top-k=0", "--batch-size=2"]
    run_under(umask, [*line, "--seed=0", f"--output={folder / 'S.jsonl'}"], sample_solutions.main, folder)
    (tmp_path / "standard").mkdir()
    (tmp_path / "standard" / "checkpoint-1").symlink_to(STUDENT)
    line = [evaluate_model.__file__, *shared, f"--models={tmp_path / 'standard'}", "--checkpoints=1", "--cell=x"]
    line += [f"--validation={tmp_path / 'P.jsonl'}", f"--benchmark=test:{tmp_path / 'P.jsonl'}:2:0:0"]
    line += ["--answer-format=the_answer_is", f"--choice={folder / 'C.json'}", f"--output={folder / 'E.jsonl'}"]
    run_under(umask, line, evaluate_model.main, folder)
    assert wrong_modes(folder, umask) == {}
    assert [path.name for path in folder.rglob("lock")] == ["lock", "lock"]


@UMASKS
def test_a_pretrained_pocket_model_follows_the_umask(umask, tmp_path):
    from yetbetter.pocket.pretraining import PRETRAININGS, build_model, save_model
    from yetbetter.pocket.tokenizer import build_tokenizer

    folder = made(tmp_path, umask)
    before = os.umask(umask)
    try:
        save_model(build_model(PRETRAININGS["student"], build_tokenizer()), str(folder / "student"))
    finally:
        os.umask(before)
    assert wrong_modes(folder, umask) == {}


def test_the_content_and_the_links_of_weights_stay(tmp_path):
    """Their draft holds the same file under another name: it must not become a copy."""
    (tmp_path / "deep").mkdir()
    path = tmp_path / "deep" / "a.safetensors"
    path.write_bytes(b"weights")
    path.chmod(0o600)
    os.link(path, tmp_path / "other")
    before = path.stat()
    follow_umask(tmp_path)
    after = path.stat()
    assert (after.st_ino, after.st_nlink, after.st_mtime_ns) == (before.st_ino, 2, before.st_mtime_ns)
    assert stat.S_IMODE(after.st_mode) == stat.S_IMODE((tmp_path / "deep").stat().st_mode) & 0o666
    assert path.read_bytes() == b"weights" and sorted(os.listdir(tmp_path / "deep")) == ["a.safetensors"]


@pytest.mark.parametrize("place", ["", ".snakemake", ".snakemake/locks"])
def test_a_folder_in_which_snakemake_may_not_write_is_one_line(place, tmp_path):
    """In a process without root's rights, which sees the folder as its working directory alone."""
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    for folder in {tmp_path, tmp_path / ".snakemake", tmp_path / place}:
        if folder.exists():
            folder.chmod(0o555 if folder == tmp_path / place else 0o777)
    status, said = run_job(["program.py"], lambda: as_another(tmp_path, check_writable), tmp_path, {})
    tmp_path.chmod(0o755)
    assert status == 1
    assert f"{tmp_path / place}: you may not write there, and Snakemake keeps its locks" in said.splitlines()[-1]


def test_a_folder_of_ones_own_is_one_to_run_in(tmp_path):
    check_writable(tmp_path)
    (tmp_path / ".snakemake" / "locks").mkdir(parents=True)
    check_writable(tmp_path)


def as_another(folder: Path, do) -> None:
    os.chdir(folder)
    if os.geteuid() == 0:
        os.setuid(65534)
    do()


def test_a_lock_that_only_its_maker_may_write_is_one_line_that_says_how_to_share(tmp_path):
    """In a process without root's rights, which sees the folder as its working directory alone."""
    (tmp_path / "lock").touch()
    (tmp_path / "lock").chmod(0o444)
    tmp_path.chmod(0o755)

    def ask() -> None:
        with hold_lock(Path("lock")):
            pass

    status, said = run_job(["program.py"], lambda: as_another(tmp_path, ask), tmp_path, {})
    assert status == 1
    assert re.search(r"program.py: error: lock: user \d+ made it .*\(mode 0444\); .*umask 002", said.splitlines()[-1])
