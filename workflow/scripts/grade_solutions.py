"""Grade solutions, by their final answer or by running their programs: a verdict row for each solution row, in order.

A problem with `prefix` asked for the rest of a solution: prefix and text are graded as one.

Works in a draft and resumes where it stopped. Rows are streamed: memory does not grow with their number.
"""

import argparse
import contextlib
import hashlib
import itertools
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yetbetter import execution
from yetbetter.drafts import Draft, open_draft
from yetbetter.errors import UserError
from yetbetter.program import Output, Parser, Progress, number, run, whole
from yetbetter.records import check_unique, count_rows, digest_of, iterate_rows, read_rows, where_is
from yetbetter.tasks import CONVENTIONS, TASKS, Options, Solution, Task, references_of
from yetbetter.verdicts import MODES, STRICT, VERDICTS

FILE = "verdicts.jsonl"


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--problems", required=True, help="JSON Lines with problem, answer; of programs with entry_point, tests")
    add("--solutions", required=True, help="JSON Lines with problem, sample, text")
    add("--output", action=Output, required=True, help="JSON Lines with problem, sample, verdict and more")
    add("--task", choices=TASKS, help="what the problems are (default: that of --answer-format, else math)")
    add(
        "--answer-format",
        choices=CONVENTIONS,
        help="how a solution states its answer (default: any; for code: program)",
    )
    add("--mode", default=STRICT, choices=MODES, help="math: what counts as equal (default: strict)")
    add("--box", default="auto", choices=execution.KINDS, help="code: what programs are run in (default: auto)")
    add("--workers", type=whole(1, 4096), default=1, help="processes that grade (default: 1)")
    add(
        "--seconds",
        type=number(above=True),
        default=5.0,
        help="math: time limit of one comparison that needs algebra (default: 5)",
    )
    add("--memory-mb", type=whole(1), default=1024, help="math: memory limit of such a comparison (default: 1024)")
    add("--drafts", type=Path, help="folder for unfinished verdicts (default: .drafts beside the output)")
    arguments = parser.parse_args()
    if arguments.answer_format is None:
        arguments.answer_format = TASKS[arguments.task or "math"].conventions[0]
    elif arguments.task and arguments.answer_format not in TASKS[arguments.task].conventions:
        allowed = ", ".join(TASKS[arguments.task].conventions)
        parser.error(f"--answer-format is {arguments.answer_format!r}, --task {arguments.task} allows: {allowed}")
    return arguments


def options_of(arguments: argparse.Namespace) -> Options:
    limits = (arguments.seconds, arguments.memory_mb)
    return Options(arguments.answer_format, arguments.mode, *limits, arguments.workers, arguments.box)


@dataclass(frozen=True)
class Asked:
    """references: what each problem's solutions are graded by. prefixes: what comes before the texts of some."""

    references: dict[str, Any]
    prefixes: dict[str, str]


def read_asked_problems(path: str, task: Task) -> Asked:
    problems = read_rows(path, require=("problem",))
    check_unique(problems, path, "problem")
    prefixes = {row["problem"]: row["prefix"] for row in problems if isinstance(row.get("prefix"), str)}
    return Asked(references_of(problems, task, path), prefixes)


def settings_of(arguments: argparse.Namespace, asked: Asked) -> dict:
    """The settings that verdicts depend on: without the number of processes and a problem's other columns."""
    options = options_of(arguments)
    answers = digest_of_items(asked.references)
    files = {"answers": answers[:16], "solutions": digest_of(arguments.solutions)[:16]}
    if asked.prefixes:
        files["prefixes"] = digest_of_items(asked.prefixes)[:16]
    return CONVENTIONS[options.convention].settings(options) | files


def digest_of_items(values: dict[str, Any]) -> str:
    return hashlib.sha256(repr(sorted(values.items())).encode("utf-8", "backslashreplace")).hexdigest()


def solutions_of(path: str, asked: Asked, skip: int) -> Iterator[Solution]:
    """Each solution from row `skip` on."""
    rows = iterate_rows(path, require=("problem", "sample", "text"))
    for line, row in enumerate(itertools.islice(rows, skip, None), start=skip + 1):
        problem = row["problem"]
        if problem not in asked.references:
            raise UserError(f"{where_is(path, line)}: problem {problem!r} is not among the problems")
        text = asked.prefixes.get(problem, "") + row["text"]
        yield Solution(problem, row["sample"], text, asked.references[problem])


def grade_file(draft: Draft, arguments: argparse.Namespace, asked: Asked) -> Counter:
    total, options = count_rows(arguments.solutions), options_of(arguments)
    counts: Counter = Counter(draft.recover_values(FILE, "verdict"))
    done = counts.total()
    if done:
        print(f"{done:,} verdicts were there already", flush=True)
    (draft.folder / FILE).touch()
    begun, progress = done, Progress("graded solutions", total)
    solutions = solutions_of(arguments.solutions, asked, done)
    with contextlib.closing(CONVENTIONS[options.convention].grade(solutions, options)) as parts:
        while done < total:
            draft.stop_if_due(done, begun, total, "verdicts")
            with draft.limit.unit():
                rows = next(parts)
                draft.append(FILE, rows)
            counts.update(row["verdict"] for row in rows)
            done += len(rows)
            progress.show(done, final=done >= total)
        for _ in parts:  # ends the processes
            pass
    return counts


def main() -> None:
    arguments = parse_arguments()
    asked = read_asked_problems(arguments.problems, CONVENTIONS[arguments.answer_format])
    count_rows(arguments.solutions)  # raises if there is no such file, before a draft is begun
    os.makedirs(Path(arguments.output).parent, exist_ok=True)
    with open_draft(arguments.output, settings_of(arguments, asked), arguments.drafts) as draft:
        if not draft.sealed:
            counts = grade_file(draft, arguments, asked)
            shown = [*VERDICTS, *(verdict for verdict in counts if verdict not in VERDICTS)]
            print(", ".join(f"{counts[verdict]:,} {verdict}" for verdict in shown))
            draft.seal()
        draft.publish({FILE: arguments.output})


if __name__ == "__main__":
    run(main)
