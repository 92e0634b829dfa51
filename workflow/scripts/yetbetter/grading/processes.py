"""Grading in several processes: chunks of solutions in, lists of verdict rows out, in their order.

Each process has its own pipe, so any of them may be killed at any moment, by us or for lack of memory, and leaves no
lock behind. The processes of a multiprocessing.Pool share pipes and locks. Such a pool waits forever for the chunk of a
killed process. About once in two hundred times it also waits for a lock if it is terminated while results arrive. The
processes are spawned, not forked: a fork would keep this process's lock on the draft after this process was killed.
"""

import contextlib
import multiprocessing
import signal
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait

from yetbetter.errors import UserError
from yetbetter.grading.grader import Grader

# Rows that took longer are handed on before the rest of their chunk is graded. A run that is killed among slow rows
# then keeps the rows before them.
PART_SECONDS = 1.0


def grade_chunk(grader: Grader, chunk: list[tuple]) -> Iterator[list[dict]]:
    """Verdict rows of (problem, sample, text, gold, convention) each; in several parts if they take long."""
    rows, start = [], time.monotonic()
    for problem, sample, text, gold, convention in chunk:
        answer, verdict = grader.grade(text, gold, convention)
        rows.append({"problem": problem, "sample": sample, "answer": answer, "verdict": verdict})
        if time.monotonic() - start > PART_SECONDS:
            yield rows
            rows, start = [], time.monotonic()
    if rows:
        yield rows


def grade_side_by_side(chunks: Iterable[list[tuple]], count: int, *limits) -> Iterator[list[dict]]:
    """The parts of `grade_chunk` of each chunk, in order, by `count` processes whose graders have these limits.

    Reads at most two chunks a process ahead, so that memory is flat. Closing the iterator ends the processes at once.
    Raises UserError if one of them was killed from outside.
    """
    chunks = iter(chunks)
    with start_processes(count, limits) as pipes:
        idle, busy = list(pipes), {}
        parts: dict[int, deque] = defaultdict(deque)
        sent = due = 0
        while True:
            while idle and sent - due < 2 * count and (chunk := next(chunks, None)):
                with told_in_one_line():
                    idle[-1].send(chunk)
                busy[idle.pop()] = sent
                sent += 1
            if parts[due]:
                yield parts[due].popleft()
            elif due < sent and due not in busy.values():
                parts.pop(due)
                due += 1
            elif busy:
                for pipe in wait(busy):
                    with told_in_one_line():
                        part = pipe.recv()
                    if part is None:
                        busy.pop(pipe)
                        idle.append(pipe)
                    else:
                        parts[busy[pipe]].append(part)
            else:
                return


@contextlib.contextmanager
def told_in_one_line() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError):
        ended = "a grading process was killed (out of memory?)"
        raise UserError(f"{ended}; verdicts so far are kept, the same command goes on from there") from None


@contextlib.contextmanager
def start_processes(count: int, limits: tuple) -> Iterator[list[Connection]]:
    """Our ends of the pipes to `count` processes, which are killed in the end."""
    context = multiprocessing.get_context("spawn")
    processes, pipes = [], []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            pipes.append(ours)
            process = context.Process(target=serve, args=(theirs, limits), daemon=True)
            process.start()
            processes.append(process)
            theirs.close()
        yield pipes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()
        for pipe in pipes:
            pipe.close()


def serve(pipe: Connection, limits: tuple) -> None:
    """Answer chunks until the other end of the pipe is closed or its process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Grader(*limits) as grader, contextlib.suppress(EOFError, OSError):
        while True:
            for part in grade_chunk(grader, pipe.recv()):
                pipe.send(part)
            pipe.send(None)
