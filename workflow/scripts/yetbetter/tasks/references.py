"""What the solutions of problems are graded by."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from yetbetter.errors import UserError
from yetbetter.records import check_row, where_is
from yetbetter.tasks.task import Task


def references_of(problems: Iterable[dict], task: Task, path: str | Path) -> dict[str, Any]:
    """problem -> what its solutions are graded by (`Task.reference_of`).

    problems: the first rows of `path`, in order. Raises UserError, naming file, line and problem, if one cannot be
    graded.
    """
    found = {}
    for number, problem in enumerate(problems, start=1):
        name = f"problem {problem['problem']!r}"
        try:
            check_row(problem, name, task.keys)
            found[problem["problem"]] = task.reference_of(problem, name)
        # The line is looked up here alone: that reads the file.
        except UserError as error:
            raise UserError(f"{where_is(path, number)}: {error}") from None
    return found
