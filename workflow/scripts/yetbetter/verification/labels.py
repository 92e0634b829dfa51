"""The rows that verifiers are trained on, and the labels of steps.

Math-Shepherd (arXiv:2312.08935, section 3.3): a step is right if any of N completions of the text up to its end reaches
the right answer (hard estimation). The last step has the verdict of the solution.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.records import iterate_rows
from yetbetter.verdicts import CORRECT
from yetbetter.verification.balance import Labelled
from yetbetter.verification.prompts import GENERATIVE, PROCESS, VerifierPrompt, completion_of
from yetbetter.verification.steps import split_steps


def prefix_name(solution: Labelled, step: int) -> str:
    """The name of the problem that asks for completions of a solution's first steps, up to step `step` (from 1)."""
    return f"{solution.problem}/{solution.model}/{solution.sample}/{step}"


def prefix_rows(solution: Labelled, problem: dict) -> list[dict]:
    """A problem for each step of a solution but the last: the solution's problem, with `prefix`, the text so far.

    They have new names; the old one is in `of_problem`.
    """
    text = completion_of(solution.text)
    rest = {key: value for key, value in problem.items() if key not in ("problem", "solution")}
    return [
        {"problem": prefix_name(solution, step)}
        | rest
        | {"prefix": text[:end], "of_problem": solution.problem, "model": solution.model}
        | {"sample": solution.sample, "step": step}
        for step, end in enumerate(split_steps(text)[:-1], 1)
    ]


def read_completions(folders: Iterable[str]) -> dict[str, list[bool]]:
    """Whether each completion of a prefix ends in the right answer, by the name of the prefix.

    folders: verdict files (JSON Lines of grade_solutions.py), or folders of them. UserError for one without any, and if
    prefixes differ in the number of completions.
    """
    found: dict[str, list[bool]] = {}
    for folder in map(Path, folders):
        files = sorted(folder.rglob("*.jsonl")) if folder.is_dir() else [folder]
        if not files:
            raise UserError(f"--completions {folder}: holds no verdicts (*.jsonl)")
        for path in files:
            for row in iterate_rows(path, require=("problem", "sample", "verdict")):
                found.setdefault(row["problem"], []).append(row["verdict"] == CORRECT)
    numbers = {len(right): name for name, right in found.items()}
    if len(numbers) > 1:
        (few, one), *_, (many, other) = sorted(numbers.items())
        raise UserError(f"--completions: {few} of {one!r}, {many} of {other!r}: each prefix needs the same number")
    return found


def step_labels(solution: Labelled, completions: dict[str, list[bool]]) -> list[list[int]]:
    """[end, label] of each step, `end` an offset in the completion; UserError for a prefix without completions."""
    ends = split_steps(completion_of(solution.text))
    labels = []
    for step, end in enumerate(ends[:-1], 1):
        name = prefix_name(solution, step)
        if name not in completions:
            raise UserError(f"--completions: none of {name!r}; split the same choice of solutions, and complete all")
        labels.append([end, int(any(completions[name]))])
    return [*labels, [ends[-1], int(solution.right)]]


def training_row(
    solution: Labelled,
    question: str,
    kind: str,
    prompt: VerifierPrompt,
    words: Sequence[str],
    completions: dict[str, list[bool]] | None = None,
) -> dict:
    """A row of a verifier's training set. words: for a right and a wrong solution. completions: for kind `process`."""
    row = {"problem": solution.problem, "sample": solution.sample}
    if kind == GENERATIVE:
        asked = {"prompt": prompt.ask(question, solution.text), "completion": words[not solution.right]}
        return row | asked | {"model": solution.model}
    text = completion_of(solution.text)
    row |= {"prompt": prompt.open(question), "completion": text, "model": solution.model}
    if kind == PROCESS:
        return row | {"labels": step_labels(solution, completions or {})}
    return row | {"labels": [[len(text.rstrip()), int(solution.right)]]}
