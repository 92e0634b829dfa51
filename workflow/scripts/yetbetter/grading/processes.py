"""Grading in several processes: chunks of solutions in, lists of verdict rows out, in their order.

Each process has a pipe of its own, so that any of them may be killed at any moment, by us or for want of memory, and
leaves no lock behind. In a multiprocessing.Pool they share pipes and locks: it waits for ever for the chunk of a killed
process, and, once in some two hundred times, for a lock when it is terminated while results are under way.
"""

import contextlib
import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait

from yetbetter.errors import UserError
from yetbetter.grading.grader import Grader


def grade_chunk(grader: Grader, chunk: list[tuple]) -> list[dict]:
    """Verdict rows of (problem, sample, text, gold, convention) each."""
    rows = []
    for problem, sample, text, gold, convention in chunk:
        answer, verdict = grader.grade(text, gold, convention)
        rows.append({"problem": problem, "sample": sample, "answer": answer, "verdict": verdict})
    return rows


def grade_side_by_side(chunks: Iterable[list[tuple]], count: int, *limits) -> Iterator[list[dict]]:
    """`grade_chunk` of each chunk, in order, by `count` processes whose graders have these limits.

    Reads at most two chunks a process ahead, so that memory is flat. Closing the iterator ends the processes at once.
    Raises UserError where one of them was killed from outside.
    """
    chunks = iter(chunks)
    with start_processes(count, limits) as pipes:
        idle, busy, finished = list(pipes), {}, {}
        sent = due = 0
        while True:
            try:
                while idle and sent - due < 2 * count and (chunk := next(chunks, None)):
                    busy[idle[-1]] = sent
                    idle.pop().send(chunk)
                    sent += 1
                if busy and due not in finished:
                    for pipe in wait(busy):
                        finished[busy.pop(pipe)] = pipe.recv()
                        idle.append(pipe)
            except (EOFError, ConnectionError):
                ended = "a grading process was killed (out of memory?)"
                raise UserError(f"{ended}; verdicts so far are kept, the same command goes on from there") from None
            if due in finished:
                yield finished.pop(due)
                due += 1
            elif not busy:
                return


@contextlib.contextmanager
def start_processes(count: int, limits: tuple) -> Iterator[list[Connection]]:
    """Our ends of the pipes to `count` processes, which are killed in the end."""
    processes, pipes = [], []
    try:
        for _ in range(count):
            ours, theirs = multiprocessing.Pipe()
            pipes.append(ours)
            process = multiprocessing.Process(target=serve, args=(theirs, pipes, limits), daemon=True)
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


def serve(pipe: Connection, inherited: list[Connection], limits: tuple) -> None:
    """Answer chunks until the other end of the pipe is closed, if only because its process is gone."""
    for other_end in inherited:  # a copy of it here would keep the pipe open
        other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Grader(*limits) as grader, contextlib.suppress(EOFError, ConnectionError):
        while True:
            pipe.send(grade_chunk(grader, pipe.recv()))
