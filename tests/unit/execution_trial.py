"""Runs the attacks beside honest programs and looks at their effects from outside. Prints what got through, as JSON.

    python execution_trial.py FOLDER BOX

A program of its own, so that an ordinary user with another Python can run it. FOLDER: empty, writable. BOX: a kind,
or `bare`, without a box, for the few attacks that show what the others are kept from.
"""

import contextlib
import json
import os
import socket
import string
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from execution_attacks import ATTACKS, CONTROLS, TIMED

from yetbetter.execution import Limits, from_asserts, open_box, run_programs
from yetbetter.execution.box import DRIVER, Box
from yetbetter.execution.interpreters import find_interpreters, words_to_run

# An odd number of open files, which is seen in the command lines of all processes of our boxes and of no others.
LIMITS = Limits(cpu_seconds=2, wall_seconds=6.0, memory_mb=256, open_files=100 + os.getpid() % 10_000)
MARK = f"NOFILE={LIMITS.open_files}"
HONEST, WRONG = "def f(x):\n    return x + 1\n", "def f(x):\n    return x\n"
NEIGHBOUR = from_asserts("neighbour", "f", ["assert f(1) == 2"])
TEST = from_asserts("attack", "attack", ["assert attack() is not True"])


def main() -> None:
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    attacks = {name: ATTACKS[name] for name in CONTROLS} if kind == "bare" else ATTACKS
    os.environ["SECRET_OF_THE_GRADER"] = "TOP SECRET"
    box = bare() if kind == "bare" else open_box(kind)
    with contextlib.ExitStack() as stack:
        outside = Outside(folder, stack)
        programs = {name: string.Template(text).safe_substitute(outside.names) for name, text in attacks.items()}
        tasks = [task for text in programs.values() for task in ((HONEST, NEIGHBOUR), (text, TEST), (WRONG, NEIGHBOUR))]
        begun = time.monotonic()
        outcomes = list(run_programs(box, tasks, 2, LIMITS))
        seconds = time.monotonic() - begun
        verdicts = {name: outcomes[3 * place + 1].as_row() for place, name in enumerate(programs)}
        report = {
            "box": box.description,
            "verdicts": verdicts,
            "through": [name for name, row in verdicts.items() if row["error"] == "AssertionError"],
            "not timed out": [name for name in TIMED & set(verdicts) if verdicts[name]["verdict"] != "timeout"],
            "harmed neighbours": [
                name
                for place, name in enumerate(programs)
                if outcomes[3 * place].verdict != "correct" or outcomes[3 * place + 2].verdict != "incorrect"
            ],
            "effects": outside.effects(),
            "seconds": round(seconds, 1),
        }
    print(json.dumps(report))


def bare() -> Box:
    """No box at all: the driver with its limits."""
    words = words_to_run(find_interpreters()[0], DRIVER.read_text(encoding="utf-8"))
    return Box("bare", {"box": "bare"}, words, {"PATH": os.defpath})


class Outside:
    """Files, sockets and a process that attacks aim at, and a look at them afterwards."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack):
        self.folder = folder
        (folder / "home" / ".ssh").mkdir(parents=True)
        (folder / "home" / ".ssh" / "id_rsa").write_text("TOP SECRET")
        (folder / "victim").write_text("as it was")
        (folder / "victim").chmod(0o640)
        self.before = self.state()
        self.seen = listing()
        self.tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.udp.bind(("127.0.0.1", 0))
        self.abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        name = f"yetbetter-{os.getpid()}"
        self.abstract.bind("\0" + name)
        self.abstract.listen()
        for opened in (self.tcp, self.udp, self.abstract):
            opened.setblocking(False)
        self.victim = subprocess.Popen(["sleep", "600"])
        stack.callback(self.victim.wait)
        stack.callback(self.victim.kill)
        self.names = {
            "TCP": self.tcp.getsockname()[1],
            "UDP": self.udp.getsockname()[1],
            "ABSTRACT": name,
            "FOLDER": folder,
            "VICTIM": self.victim.pid,
            "PACKAGES": sys.path[0],
        }

    def state(self) -> list:
        """Path, mode, size, time of change, links and attributes of each file."""
        rows = []
        for path in sorted(self.folder.rglob("*")):
            status = path.stat()
            facts = (status.st_mode, status.st_size, status.st_mtime, status.st_ino, os.listxattr(path))
            rows.append((str(path), path.read_text() if path.is_file() else "", *facts))
        return rows

    def effects(self) -> list[str]:
        found = []
        if self.state() != self.before:
            found.append("the files changed")
        for name, receive in (
            ("TCP", self.tcp.accept),
            ("UDP", lambda: self.udp.recv(9)),
            ("abstract", self.abstract.accept),
        ):
            with contextlib.suppress(BlockingIOError):
                receive()
                found.append(f"{name} socket reached")
        if self.victim.poll() is not None:
            return [*found, "the other process ended"]
        if os.getpriority(os.PRIO_PROCESS, self.victim.pid) != os.getpriority(os.PRIO_PROCESS, 0):
            found.append("the priority of the other process changed")
        if "T" in Path(f"/proc/{self.victim.pid}/stat").read_text().rpartition(")")[2].split()[0]:
            found.append("the other process was stopped")
        if left := processes_left():
            found.append(f"processes left: {left}")
        if new := listing() - self.seen:
            found.append(f"new files: {sorted(new)[:5]}")
        return found


def processes_left() -> list[str]:
    """Command lines of processes of a box, a little after its end: the kernel takes its time to end a namespace."""
    left = []
    for _ in range(30):
        lines = list(commands())
        left = [line[-100:] for line in lines if MARK in line or line == "sleep\0" + "20\0"]
        if not left:
            break
        time.sleep(0.1)
    return left


def commands() -> Iterator[str]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                yield (folder / "cmdline").read_bytes().decode("utf-8", "replace")


def listing() -> set[str]:
    """Files where programs may leave some, without those of other tests."""
    kinds = ("part", "large", "link", "pipe", "disk")
    places = ("/tmp", "/dev/shm", "/var/tmp", "/", str(Path.cwd()))
    return {
        f"{place}/{name}" for place in places for name in os.listdir(place) if name.startswith(kinds) or name.isdigit()
    }


if __name__ == "__main__":
    main()
