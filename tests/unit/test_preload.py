"""The preloaded Python: programs do through it what they do without it, and nothing is left whoever is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from finetune_support import SCRIPTS, command, content, examples, make_model, write

from processes import STARTED
from yetbetter.preload import ENVIRONMENT, PYTHON, SOCKET
from yetbetter.time_limit import END

START = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from yetbetter import preload
preload.start()
print(json.dumps({name: os.environ[name] for name in (preload.SOCKET, preload.PYTHON)}), flush=True)
sys.stdin.read()
"""
LONG = 100_000  # steps: more than a test waits for

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux has what the preloaded Python needs")


class Starter:
    """A process that starts a preloaded Python, as the Snakefile does, and lives until its standard input ends."""

    def __init__(self):
        given = [sys.executable, "-c", START, str(SCRIPTS)]
        self.process = subprocess.Popen(given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        STARTED.append(self.process)
        self.variables = json.loads(self.process.stdout.readline())
        self.preloaded = psutil.Process(self.process.pid).children()[0]

    def start(self, words: list[str], **changes: str) -> subprocess.Popen:
        """Start a program that finds the preloaded Python."""
        environment = os.environ | ENVIRONMENT | self.variables | changes
        given = [sys.executable, *words]
        run = subprocess.Popen(given, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        STARTED.append(run)
        return run

    def forks(self) -> list[psutil.Process]:
        return self.preloaded.children()


@pytest.fixture
def starter() -> Iterator[Starter]:
    starter = Starter()
    yield starter
    starter.process.kill()
    wait_for(lambda: not starter.preloaded.is_running())
    assert not Path(starter.variables[SOCKET]).parent.exists()


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("job")
    return {"model": make_model(folder / "model"), "data": write(folder / "data.jsonl", examples())}


def wait_for(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.02)


def begin_training(starter: Starter, words: list[str]) -> tuple[subprocess.Popen, psutil.Process]:
    """(the program that waits, its fork) once the fork trains."""
    run = starter.start(words)
    wait_for(lambda: starter.forks() and starter.forks()[0].cpu_times().user > 1.0)
    return run, starter.forks()[0]


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.slow
def test_a_preloaded_finetuning_is_the_same_to_the_byte_and_so_are_its_errors(starter, job, tmp_path):
    runs = [starter.start(command(**job, output=tmp_path / name)) for name in ("preloaded", "again")]
    for run in runs:
        log = run.communicate()[1]
        assert run.returncode == 0, log
        assert "finetune: 30 of 30" in log
    plain = subprocess.run([sys.executable, *command(**job, output=tmp_path / "plain")], env=os.environ | ENVIRONMENT)
    assert plain.returncode == 0
    assert content(tmp_path / "preloaded") == content(tmp_path / "again") == content(tmp_path / "plain")

    wrong = starter.start(command(job["model"], "missing.jsonl", tmp_path / "none"))
    assert wrong.communicate() == ("", "finetune_model.py: error: missing.jsonl: no such file\n")
    assert wrong.returncode == 1

    # Paths are relative to the program's folder, and files are those of its umask.
    words = command(**job | {"data": os.path.relpath(job["data"], tmp_path)}, output="private")
    environment = os.environ | ENVIRONMENT | starter.variables
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, env=environment, umask=0o077, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "private" / "about.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_a_fork_ends_with_the_program_that_waits_for_it_and_the_program_with_its_fork(starter, job, tmp_path):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        run, fork = begin_training(starter, command(**job, output=tmp_path / number.name, steps=LONG))
        run.send_signal(number)
        run.wait(timeout=60)
        wait_for(lambda: not starter.forks())
        assert run.returncode in (-number, 128 + number, 1)
    run, fork = begin_training(starter, command(**job, output=tmp_path / "out", steps=LONG))
    fork.kill()
    assert run.wait(timeout=60) == -signal.SIGKILL
    assert starter.preloaded.is_running()


@pytest.mark.slow
def test_forks_outlive_the_process_that_started_it_and_nothing_is_left_after_them(job, tmp_path):
    starter = Starter()
    run, _ = begin_training(starter, command(**job, output=tmp_path / "out", steps=400))
    starter.process.kill()
    wait_for(lambda: not Path(starter.variables[SOCKET]).exists())
    assert run.wait(timeout=120) == 0
    wait_for(lambda: not starter.preloaded.is_running())


@pytest.mark.slow
def test_a_killed_preloaded_python_fails_the_program_in_one_line_and_later_ones_load_for_themselves(job, tmp_path):
    starter = Starter()
    run, fork = begin_training(starter, command(**job, output=tmp_path / "out", steps=400))
    starter.preloaded.kill()
    log = run.communicate(timeout=120)[1]
    assert log.splitlines()[-1] == "finetune_model.py: error: the preloaded Python ended before the program did"
    assert run.returncode == 1
    wait_for(lambda: is_gone(fork))
    # The work of the fork is there, and the next run publishes it.
    run = starter.start(command(**job, output=tmp_path / "out", steps=400))
    assert run.wait(timeout=120) == 0
    starter.process.kill()


def test_a_temporary_folder_that_no_socket_fits_into_means_that_programs_load_for_themselves(tmp_path):
    long = tmp_path / ("long" * 30)
    long.mkdir()
    begun = "import os, sys; sys.path.insert(0, sys.argv[1]); from yetbetter import preload; preload.start()"
    code = f"{begun}; print(preload.SOCKET in os.environ)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(SCRIPTS)],
        env=os.environ | {"TMPDIR": str(long)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr, list(long.iterdir())) == ("False\n", "", [])


@pytest.mark.parametrize("change", [{"OMP_NUM_THREADS": "2"}, {PYTHON: "/other/python"}, {END: "2100-01-01"}])
def test_a_program_that_needs_another_python_loads_for_itself(job, tmp_path, change):
    starter = Starter()
    run = starter.start(command(job["model"], "missing.jsonl", tmp_path / "out"), **change)
    assert run.wait(timeout=120) == 1
    # Nobody asked, so it has not even loaded anything.
    assert not any("torch" in file.path for file in starter.preloaded.memory_maps())
    starter.process.kill()
