"""Grade solutions by their final answer: one verdict row for each solution row, in the same order.

Works in a draft and resumes where it stopped. Rows are streamed: memory does not grow with their number.
"""

import argparse
import contextlib
import hashlib
import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from yetbetter import grading
from yetbetter.drafts import Draft, open_draft
from yetbetter.errors import UserError
from yetbetter.grading.processes import grade_chunk, grade_side_by_side
from yetbetter.program import Output, Parser, Progress, number, run, whole
from yetbetter.records import check_unique, count_rows, digest_of, iterate_rows, read_rows, where_is

VERDICTS = "verdicts.jsonl"
# Rows that one process takes at a time. Slow rows are written in smaller parts, each before the next one is graded.
CHUNK = 2_000


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--problems", required=True, help="JSON Lines with problem, answer")
    add("--solutions", required=True, help="JSON Lines with problem, sample, text")
    add("--output", action=Output, required=True, help="JSON Lines with problem, sample, answer, verdict")
    add(
        "--answer-format",
        default="any",
        choices=grading.CONVENTIONS,
        help="how a solution states its final answer (default: any)",
    )
    add("--mode", default=grading.STRICT, choices=grading.MODES, help="what counts as equal (default: strict)")
    add("--workers", type=whole(1, 4096), default=1, help="processes that grade (default: 1)")
    add(
        "--seconds",
        type=number(above=True),
        default=5.0,
        help="time limit of one comparison that needs algebra (default: 5)",
    )
    add("--memory-mb", type=whole(1), default=1024, help="memory limit of such a comparison (default: 1024)")
    add("--drafts", type=Path, help="folder for unfinished verdicts (default: .drafts beside the output)")
    return parser.parse_args()


def read_golds(path: str) -> dict[str, str]:
    problems = read_rows(path, require=("problem", "answer"))
    check_unique(problems, path, "problem")
    return {row["problem"]: grading.gold_of(row) for row in problems}


def settings_of(arguments: argparse.Namespace, golds: dict[str, str]) -> dict:
    """The settings that verdicts depend on: without the number of processes and a problem's other columns."""
    answers = hashlib.sha256(repr(sorted(golds.items())).encode("utf-8", "backslashreplace")).hexdigest()
    return {
        "grader_version": grading.GRADER_VERSION,
        "mode": arguments.mode,
        "answer_format": arguments.answer_format,
        "seconds": arguments.seconds,
        "memory_mb": arguments.memory_mb,
        "answers": answers[:16],
        "solutions": digest_of(arguments.solutions)[:16],
    }


def tasks_of(arguments: argparse.Namespace, golds: dict[str, str], skip: int) -> Iterator[tuple]:
    """(problem, sample, text, gold, convention) of each solution from row `skip` on."""
    rows = iterate_rows(arguments.solutions, require=("problem", "sample", "text"))
    for line, row in enumerate(itertools.islice(rows, skip, None), start=skip + 1):
        if row["problem"] not in golds:
            where = where_is(arguments.solutions, line)
            raise UserError(f"{where}: problem {row['problem']!r} is not among the problems")
        yield row["problem"], row["sample"], row["text"], golds[row["problem"]], arguments.answer_format


def chunks_of(tasks: Iterable[tuple]) -> Iterator[list[tuple]]:
    tasks = iter(tasks)
    while chunk := list(itertools.islice(tasks, CHUNK)):
        yield chunk


def grade_chunks(chunks: Iterable[list[tuple]], arguments: argparse.Namespace) -> Iterator[list[dict]]:
    """Verdict rows, in order, of each chunk or part of one."""
    limits = (arguments.mode, arguments.seconds, arguments.memory_mb)
    if arguments.workers > 1:
        yield from grade_side_by_side(chunks, arguments.workers, *limits)
        return
    with grading.Grader(*limits) as grader:
        for chunk in chunks:
            yield from grade_chunk(grader, chunk)


def grade_file(draft: Draft, arguments: argparse.Namespace, golds: dict[str, str]) -> Counter:
    total = count_rows(arguments.solutions)
    counts: Counter = Counter(draft.recover_values(VERDICTS, "verdict"))
    done = counts.total()
    if done:
        print(f"{done:,} verdicts were there already", flush=True)
    (draft.folder / VERDICTS).touch()
    begun, progress = done, Progress("graded solutions", total)
    with contextlib.closing(grade_chunks(chunks_of(tasks_of(arguments, golds, done)), arguments)) as chunks:
        while done < total:
            draft.stop_if_due(done, begun, total, "verdicts")
            with draft.limit.unit():
                rows = next(chunks)
                draft.append(VERDICTS, rows)
            counts.update(row["verdict"] for row in rows)
            done += len(rows)
            progress.show(done, final=done >= total)
        for _ in chunks:  # ends the processes
            pass
    return counts


def main() -> None:
    arguments = parse_arguments()
    golds = read_golds(arguments.problems)
    count_rows(arguments.solutions)  # raises if there is no such file, before a draft is begun
    os.makedirs(Path(arguments.output).parent, exist_ok=True)
    with open_draft(arguments.output, settings_of(arguments, golds), arguments.drafts) as draft:
        if not draft.sealed:
            counts = grade_file(draft, arguments, golds)
            print(", ".join(f"{counts[verdict]:,} {verdict}" for verdict in grading.VERDICTS))
            draft.seal()
        draft.publish({VERDICTS: arguments.output})


if __name__ == "__main__":
    run(main)
