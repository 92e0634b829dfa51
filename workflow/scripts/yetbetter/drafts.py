"""Drafts: where a long job keeps its unfinished work, outside the outputs that Snakemake deletes.

A draft is the folder `<drafts>/<name>/<fingerprint>`: the name of the output, and the fingerprint of all settings that
the content depends on. One process at a time works on a name (a file lock, which the kernel releases when the process
dies). The draft of a killed job is resumed. A finished draft is *sealed*, linked to the output, and kept, so that a
deleted output is restored at once. A draft made with other settings is never resumed.

A program whose job is nearly out of time stops in `Draft.stop_if_due`, between two units of its work.
"""

import contextlib
import functools
import itertools
import json
import os
import shutil
import socket
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from yetbetter import time_limit
from yetbetter.errors import UserError
from yetbetter.identity import differences, fingerprint
from yetbetter.locks import lock
from yetbetter.records import check_output, dump_row, read_json, write_json, write_rows

# STOPPED: how many jobs in a row ended without progress.
SETTINGS, SEAL, STOPPED = "settings.json", "sealed.json", "stopped.json"


class Draft:
    """One draft folder, held under its lock; `sealed`: its content is finished."""

    def __init__(self, folder: Path):
        self.folder = folder

    @property
    def sealed(self) -> bool:
        return (self.folder / SEAL).exists()

    def unseal(self) -> None:
        """Reopen a finished draft, to add what has changed since."""
        (self.folder / SEAL).unlink(missing_ok=True)

    def append(self, name: str, rows: list[dict]) -> None:
        """Append rows to a JSON Lines file of the draft; on return they survive a crash of the machine."""
        path = self.folder / name
        try:
            with open(path, "a", encoding="utf-8", newline="\n") as file:
                file.write("".join(dump_row(row) + "\n" for row in rows))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:  # the error of a full disk does not name the file
            raise OSError(error.errno, error.strerror, str(path)) from None

    def recover(self, name: str) -> list[dict]:
        """The whole rows of a JSON Lines file; the file is truncated before its first incomplete or broken line."""
        return list(self.iterate_recovered(name))

    def recover_values(self, name: str, key: str) -> Iterator:
        """One column of what `recover` finds, a row at a time: for files that do not fit into memory."""
        return (row[key] for row in self.iterate_recovered(name))

    def iterate_recovered(self, name: str) -> Iterator[dict]:
        path = self.folder / name
        if not path.exists():
            return
        whole = 0
        with open(path, "rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    row = json.loads(line)
                except ValueError:  # a crash of the machine can leave a block of zeros inside a file
                    break
                whole += len(line)
                yield row
        if whole < path.stat().st_size:
            os.truncate(path, whole)

    def truncate(self, name: str, rows: int) -> None:
        """Keep the first `rows` rows of a JSON Lines file."""
        path = self.folder / name
        if not path.exists():
            return
        with open(path, "rb") as file:
            kept = sum(len(line) for line in itertools.islice(file, rows))
        os.truncate(path, kept)

    def replace(self, name: str, rows: list[dict]) -> None:
        """Replace the rows of a JSON Lines file, atomically."""
        write_rows(self.folder / name, rows)

    @functools.cached_property
    def limit(self) -> time_limit.TimeLimit:
        """The time limit of the job that works on this draft."""
        return time_limit.of_this_job()

    def stop_if_due(self, done: int, begun: int, total: int, what: str) -> None:
        """End the program, as `stop` does, if the job has no time for another unit of its work."""
        if self.limit.is_due():
            self.stop(done, begun, total, what)

    def stop(self, done: int, begun: int, total: int, what: str) -> NoReturn:
        """End the program for now: raises OutOfTime.

        done, begun: pieces of work (`what` names them, `total` is their number) on disk now and when this program
        began. Raises UserError if a job made no progress in its whole time, or two jobs in a row in a part of it: more
        jobs would not finish either.
        """
        minutes = (self.limit.end - self.limit.start) / 60
        counted = read_json(self.folder / STOPPED)["in_vain"] if (self.folder / STOPPED).exists() else 0
        (self.folder / STOPPED).unlink(missing_ok=True)
        if done > begun:
            raise time_limit.OutOfTime(f"out of time: {done:,} of {total:,} {what} are done and kept")
        if self.limit.was_whole() or counted:
            raise UserError(
                f"no progress within the job's time limit of {minutes:.0f} minutes, {done:,} of {total:,} {what} are"
                " done and kept: raise `runtime` (resources of the model or recipe), or make batches smaller"
            )
        write_json(self.folder / STOPPED, {"in_vain": counted + 1})
        raise time_limit.OutOfTime(f"too little time left to begin: {done:,} of {total:,} {what} were done before")

    def seal(self) -> None:
        """Mark the content as finished; every file is on disk before the mark is."""
        (self.folder / STOPPED).unlink(missing_ok=True)
        files = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name not in (SETTINGS, SEAL):
                with open(path, "rb") as file:
                    os.fsync(file.fileno())
                files[str(path.relative_to(self.folder))] = path.stat().st_size
        write_json(self.folder / SEAL, files)

    def publish(self, outputs: dict[str, str | Path]) -> None:
        """Make each output (a file or a folder) appear under its own name: as a hard link if possible, else as a copy.

        Raises UserError for a folder in the place of a file, and if a file no longer has the size it was sealed with:
        editing a linked output edits the draft.
        """
        self.check_sizes()
        for name, output in outputs.items():
            source, output = self.folder / name, Path(output)
            if output.is_dir() and not source.is_dir():
                raise UserError(f"{output}: a folder, where a file is to be written; the finished work is kept")
            output.parent.mkdir(parents=True, exist_ok=True)
            partial = output.with_name(f".{output.name}.part")  # the lock is held: no other process writes it
            remove(partial)
            try:
                if source.is_dir():
                    shutil.copytree(source, partial, copy_function=link_or_copy)
                    remove(output)
                else:
                    link_or_copy(source, partial)
                os.replace(partial, output)
            finally:
                remove(partial)  # renaming a link over another link of the same file does nothing

    def forget_all_but(self, path: Path) -> None:
        """Take the files beside `path` out of a finished draft's seal, and `path` into it, before they are deleted."""
        if not self.sealed:
            return
        name, beside = str(path.relative_to(self.folder)), f"{path.parent.relative_to(self.folder)}/"
        files = read_json(self.folder / SEAL)
        kept = {other: size for other, size in files.items() if not other.startswith(beside)}
        write_json(self.folder / SEAL, kept | {name: path.stat().st_size})

    def check_sizes(self) -> None:
        for name, size in (read_json(self.folder / SEAL) if self.sealed else {}).items():
            path = self.folder / name
            found = path.stat().st_size if path.exists() else "no"
            if found != size:
                raise UserError(
                    f"{path}: holds {found} bytes, was finished with {size}; remove {self.folder} to redo it"
                )


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def link_or_copy(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@contextlib.contextmanager
def open_draft(output: str | Path, settings: dict, drafts: str | Path | None = None) -> Iterator[Draft]:
    """The draft of `output` made with `settings`, under its lock; waits while another process holds it.

    drafts: the folder of all drafts (default: `.drafts` beside the output).
    """
    output = Path(output)
    check_output(output)
    place = place_of(output, drafts)
    folder = place / fingerprint(settings)
    place.mkdir(parents=True, exist_ok=True)
    with hold_lock(place / "lock"):
        if not (folder / SETTINGS).exists():
            report_other_settings(place, output, settings)
            write_json(folder / SETTINGS, settings)
        yield Draft(folder)


def place_of(output: str | Path, drafts: str | Path | None = None) -> Path:
    """The folder of all drafts of one output: an output inside the drafts' parent keeps its whole path there."""
    output = Path(output)
    drafts = Path(drafts) if drafts else output.parent / ".drafts"
    try:
        name = output.resolve().relative_to(drafts.parent.resolve())
    except ValueError:
        name = Path(output.name)
    return drafts / name


def report_other_settings(place: Path, output: Path, settings: dict) -> None:
    others = sorted(place.glob(f"*/{SETTINGS}"), key=lambda path: path.stat().st_mtime)
    if others:
        changed = differences(read_json(others[-1]), settings)
        print(f"{output}: starting from scratch, an earlier draft is not resumed: {changed}", file=sys.stderr)


def open_lock(path: Path):
    """The lock file, opened; UserError if only another user may write to it."""
    try:
        return open(path, "a+", encoding="utf-8")
    except PermissionError:
        found = path.stat() if path.exists() else path.parent.stat()
        raise UserError(
            f"{path}: user {found.st_uid} made it and lets you not write it (mode {stat.S_IMODE(found.st_mode):04o})"
            f"; runs share a folder under `umask 002`, and `chmod -R g+rwX` by that user repairs {path.parent}"
        ) from None


@contextlib.contextmanager
def hold_lock(path: Path, every: float = 1.0) -> Iterator[None]:
    """An exclusive lock on `path`; reports another process that holds it and waits, within the job's time."""
    with open_lock(path) as file:
        reported, limit = False, None
        while True:
            try:
                lock(file, wait=False)
                break
            except BlockingIOError:
                if not reported:
                    file.seek(0)
                    print(f"waiting for {path}, held by {file.read() or 'an unknown process'}", file=sys.stderr)
                    reported, limit = True, time_limit.of_this_job()
            if limit.is_due():
                waited = f"gave up waiting for {path}, which another process holds"
                raise UserError(waited) if limit.was_whole() else time_limit.OutOfTime(waited)
            time.sleep(every)
        owner = {"host": socket.gethostname(), "pid": os.getpid(), "slurm_job": os.environ.get("SLURM_JOB_ID")}
        file.truncate(0)
        file.write(json.dumps(owner))
        file.flush()
        yield
