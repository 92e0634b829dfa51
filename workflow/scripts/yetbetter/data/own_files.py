"""The adapter `files`: problems from the study's own JSON Lines files, one per split."""

from types import ModuleType

from yetbetter.data.levels import read_level
from yetbetter.data.questions import UNSEEN, question_identity
from yetbetter.errors import UserError
from yetbetter.program import LONE_SURROGATE
from yetbetter.records import check_unique, read_rows, where_is
from yetbetter.tasks import CHECKS, Options, Solution, Task, references_of
from yetbetter.verdicts import CORRECT, INVALID

FILES = {
    "description": "A JSON Lines file per split; rows hold problem, question and answer.",
    "type": "object",
    "propertyNames": {"enum": ["train", "validation", "test", "functional", "control"]},
    "additionalProperties": {"$ref": "#/$defs/path"},
}
# A slow machine takes longer than the usual time for some references of MBPP.
PATIENCE = 6


def check_entry(key: str, dataset: str, entry: dict, module: ModuleType | None) -> None:
    """UserError for a split without a file."""
    for split in entry["splits"]:
        if split not in entry.get("files", {}):
            raise UserError(f"{key}.files: no file for the split {split!r}")


def read_problems_of(path: str, questions: int, others: list[str]) -> list[dict]:
    """All problems of a split's file. UserError for a bad row, or fewer than `questions`.

    others: files of the other splits, which must not hold the same questions.
    """
    rows = read_rows(path, require=("problem", "question", "answer"))
    check_unique(rows, path, "problem")
    check_unique(rows, path, "question")
    for number, row in enumerate(rows, start=1):
        check_problem(row, path, number)
    check_other_splits(rows, path, others)
    if len(rows) < questions:
        raise UserError(f"{path}: {len(rows)} problems, the split asks for {questions}")
    return rows


def check_problem(row: dict, path: str, number: int) -> None:
    """UserError for an empty text, a bad level or a lone surrogate in this row. Unifies the row's level, in place."""

    def refuse(problem: str) -> None:
        raise UserError(f"{where_is(path, number)}: {problem}")

    for key in ("problem", "question", "answer"):
        if not UNSEEN.sub("", row[key]).strip():
            refuse(f"{key} is {row[key]!r}, it must be text that is not empty")
    if "level" in row:
        try:
            row["level"] = read_level(row["level"])
        except ValueError as error:
            refuse(str(error))
    for key, value in row.items():
        lone = LONE_SURROGATE.search(value) if isinstance(value, str) else None
        if lone:
            refuse(f"{key} holds {lone[0]!r}, half of a character; it must be text of whole ones")


def check_other_splits(rows: list[dict], path: str, others: list[str]) -> None:
    """UserError for a question in two splits, in any spelling: a model would be tested on its training data."""
    first: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        first.setdefault(question_identity(row["question"]), number)
    for other in others:
        for number, row in enumerate(read_rows(other, require=("question",)), start=1):
            same = first.get(question_identity(row["question"]))
            if same is not None:
                spelled = "" if row["question"] == rows[same - 1]["question"] else " in another spelling"
                raise UserError(
                    f"{where_is(path, same)}: its question is also in {where_is(other, number)}{spelled},"
                    " splits must be disjoint"
                )


def check_problems(rows: list[dict], path: str, task: Task) -> None:
    """UserError for a problem that cannot be graded, or whose own answer fails the task's grading or checks."""
    references = references_of(rows, task, path)
    if not task.answers_are_solutions:
        return
    options = Options(task.conventions[0], patience=PATIENCE)
    solutions = (Solution(row["problem"], 0, row["answer"], references[row["problem"]]) for row in rows)
    for number, verdict in enumerate(task.verdicts(solutions, options), start=1):
        if verdict["verdict"] != CORRECT:
            reason = verdict["verdict"] if verdict["error"] is None else verdict["error"]
            place = "" if verdict["failed_test"] is None else f" in test {verdict['failed_test']}"
            where = f"{where_is(path, number)}: problem {verdict['problem']!r}"
            raise UserError(f"{where}: its answer fails its own tests ({reason}{place})")
    for run in filter(None, (CHECKS[name].run for name in task.checks)):
        try:
            found = list(run(((row["answer"], row) for row in rows), options))
        except UserError as error:
            raise UserError(f"{path}: {error}") from None
        if INVALID in found:
            number = found.index(INVALID) + 1
            name = rows[number - 1]["problem"]
            raise UserError(f"{where_is(path, number)}: problem {name!r}: its answer fails its own hidden tests")
