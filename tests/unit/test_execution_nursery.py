"""Many programs in one box: each has a process of its own, and nothing goes from one to the next."""

import os
import signal
import subprocess

import psutil
import pytest
from execution_support import QUICK, needs

from yetbetter.execution import from_asserts, run_tests
from yetbetter.execution.nursery import Nursery
from yetbetter.execution.session import ProgramFailed, Session
from yetbetter.verdicts import CORRECT, INCORRECT, TIMEOUT

SQUARE = "def f(x):\n    return x * x\n"
TESTS = from_asserts("squares", "f", ["assert f(2) == 4", "assert f(3) == 9"])


@pytest.fixture
def nursery():
    box = needs("bubblewrap")
    with Nursery(box, QUICK) as nursery:
        yield nursery


def verdict(nursery: Nursery, program: str) -> str:
    return run_tests(nursery.box, program, TESTS, QUICK, nursery).verdict


def test_programs_share_a_box_and_not_a_process(nursery):
    leaving = "import sys\nsys.modules['left'] = sys\n"
    program = "import os, sys\ndef f():\n    return os.getpid(), os.getppid(), 'left' in sys.modules"
    found = []
    for text in (leaving + program, program):
        with Session(nursery.box, QUICK, nursery) as session:
            session.define(text)
            found.append(session.call("f", (), {}))
    (first, parent, left), (second, same, right) = found
    assert first != second and parent == same and (left, right) == (True, False)


LEAVING = {
    "replies for the next program": """
import os
for number in range(3, 30):
    try:
        os.write(number, b"2\\nvT" * 99)
    except OSError:
        pass
""",
    "pipes that do not block": """
import os
for number in range(30):
    try:
        os.set_blocking(number, False)
    except OSError:
        pass
""",
    "signals": """
import os
for call in (lambda: os.kill(os.getppid(), 9), lambda: os.killpg(0, 9), lambda: os.kill(-1, 9)):
    try:
        call()
    except OSError:
        pass
""",
    "an alarm": "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\n",
    "no pipes": "import os\nos.closerange(0, 99)\n",
    "an exit": "import os\nos._exit(0)\n",
    "an abort": "import os\nos.abort()\n",
    "a loop": "while True: pass\n",
    "much memory": "x = 'x' * 10 ** 10\n",
    "limits": "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (0, 0))\n",
    "a death signal": "import ctypes\nctypes.CDLL(None).prctl(1, 9, 0, 0, 0)\n",
    "a crash": "import ctypes\nctypes.string_at(1)\n",
}


@pytest.mark.parametrize("leaving", LEAVING.values(), ids=LEAVING.keys())
def test_the_next_program_gets_its_own_verdict_whatever_the_one_before_does(nursery, leaving):
    first = verdict(nursery, leaving + SQUARE)
    assert first in (CORRECT, INCORRECT, TIMEOUT)
    process = nursery.process
    assert verdict(nursery, SQUARE) == CORRECT
    assert verdict(nursery, "def f(x):\n    return 0\n") == INCORRECT
    assert nursery.process is process  # the same box


def test_a_program_cannot_start_confine_or_find_another_process(nursery):
    program = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def tried(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__
def f():
    return [
        tried(os.fork), tried(lambda: os.execv("/bin/true", ["true"])), tried(lambda: socket.socketpair()),
        tried(lambda: os.kill(os.getppid(), 0)), libc.prctl(38, 1, 0, 0, 0), libc.ptrace(16, os.getppid(), 0, 0),
        tried(lambda: os.listdir("/proc")),
    ]
"""
    with Session(nursery.box, QUICK, nursery) as session:
        session.define(program)
        found = session.call("f", (), {})
    assert found[4:6] == [-1, -1]
    assert not any(value in (0, None) or isinstance(value, (list, tuple)) for value in (*found[:4], found[6])), found


def test_how_a_program_ended_is_known(nursery):
    ends = {
        "import os\nos._exit(3)": "exit",
        "import ctypes\nctypes.string_at(1)": "SIGSEGV",
        "while True: pass": "timeout",
    }
    for text, kind in ends.items():
        with Session(nursery.box, QUICK, nursery) as session, pytest.raises(ProgramFailed) as failure:
            session.define(text)
        assert failure.value.kind == kind


def test_a_box_that_is_killed_between_programs_is_made_again(nursery):
    assert verdict(nursery, SQUARE) == CORRECT
    os.kill(nursery.process.pid, signal.SIGKILL)
    assert verdict(nursery, SQUARE) == CORRECT


def test_a_box_that_is_killed_under_a_program_costs_the_program_nothing(nursery):
    """As run_tests tries again: a box lost by no fault of the program is not its failure."""
    assert verdict(nursery, SQUARE) == CORRECT
    once = []

    class Killing(Nursery):
        def start(self):
            program = super().start()
            if not once:
                once.append(program)
                self.process.kill()
                self.process.wait()
            return program

    with Killing(nursery.box, QUICK) as other:
        assert verdict(other, SQUARE) == CORRECT
    assert once


def test_nothing_is_left_of_a_nursery(nursery):
    assert verdict(nursery, SQUARE) == CORRECT
    children = psutil.Process(nursery.process.pid).children(recursive=True)
    assert children
    nursery.close()
    assert psutil.wait_procs(children, timeout=10)[1] == []


def test_a_program_ends_with_its_box_and_its_box_with_the_grader():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from yetbetter.execution import open_box, Limits\n"
        "from yetbetter.execution.nursery import Nursery\n"
        "nursery = Nursery(open_box('bubblewrap'), Limits())\n"
        "program = nursery.start()\n"
        "print(program.stdout.read(8), flush=True)\n"
        "input()\n"
    )
    needs("bubblewrap")
    scripts = os.path.join(os.path.dirname(__file__), "..", "..", "workflow", "scripts")
    command = [os.sys.executable, "-c", code, scripts]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as grader:
        assert b"ready" in grader.stdout.readline()
        children = psutil.Process(grader.pid).children(recursive=True)
        grader.kill()
    assert len(children) >= 2
    assert psutil.wait_procs(children, timeout=10)[1] == []
