"""People's labels of solutions: the format of their files, and what is refused when they are read.

A file of labels is JSON Lines, one label a row, the labels of one annotator for one data set:

    {"study": "pocket", "dataset": "hard", "annotator": "ann", "problem": "hard/train/7", "shown": "0f3a…",
     "label": "flawed", "first_wrong_step": 2, "choice": {"samples": 50, "seed": 0}}

A label is tied to the digest of what was shown, never to a model or a sample: annotators do not know these, and equal
solutions of a question are labelled once.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.records import check_unique, iterate_rows, read_rows, shorten, where_is
from yetbetter.verdicts import CANNOT_TELL, FLAWED, LABELS, SOUND

KEYS = ("study", "dataset", "annotator", "problem", "shown", "label", "first_wrong_step", "choice")
# Name of the annotator whose labels are those that all agreed on after a talk; they overrule the others.
DECIDED = "decided"
# Between sentences, where a solution is a single line.
SENTENCES = re.compile(r"(?<=[.!?])\s+(?=\S)")


@dataclass(frozen=True)
class Label:
    """shown: see `digest_of_shown`. first_wrong_step: from 1; None if not flawed, or not stated.

    choice: {samples, seed} of the choice by hash that offered the solution, or None if a person picked it: then it is
    not part of a random sample. where: file and line, for messages.
    """

    annotator: str
    problem: str
    shown: str
    label: str
    first_wrong_step: int | None
    choice: dict | None
    where: str

    @property
    def item(self) -> tuple[str, str]:
        return self.problem, self.shown


def digest_of_shown(question: str, answer: str, solution: str) -> str:
    """Sixteen hexadecimal digits of all that an annotator sees. Texts may hold lone surrogates."""
    return hashlib.sha256(json.dumps([question, answer, solution]).encode()).hexdigest()[:16]


def split_steps(solution: str) -> list[str]:
    """The steps that annotators see numbered from 1: lines that are not blank, or the sentences of a single line.

    A line keeps its indentation, which is part of a program.
    """
    lines = [line.rstrip() for line in solution.split("\n") if line.strip()]
    return SENTENCES.split(lines[0].strip()) if len(lines) == 1 else lines


def read_labels(path: str | Path, study: str, seed: int, dataset: str, annotator: str) -> list[Label]:
    """The labels of one annotator for one data set.

    study, seed: name and seed of the study. UserError, naming file and line, for a line that is not a label, a label of
    another study, data set or annotator, an unknown label, and a second label of the same text; naming the file if it
    is empty, since whoever listed it expects labels.
    """
    rows = read_rows(path, require=KEYS)
    if not rows:
        raise UserError(f"{path}: holds no labels (an annotator without labels is listed as `{annotator}: {{}}`)")
    belongs = {"study": study, "dataset": dataset, "annotator": annotator}
    found = []
    for number, row in enumerate(rows, start=1):
        fault = fault_of(row, belongs, seed)
        if fault:
            raise UserError(f"{where_is(path, number)}: {fault}")
        found.append(Label(*(row[key] for key in KEYS[2:]), where=f"{path}:{number}"))
    check_unique(rows, path, "problem", "shown")
    return found


def fault_of(row: dict, belongs: dict[str, str], seed: int) -> str | None:
    """Why a row is not a label of this study, data set and annotator; None if it is."""
    for key, wanted in belongs.items():
        if row[key] != wanted:
            of = "by an unknown" if key == "annotator" else "of another"
            return f"a label {of} {key}, {shown_value(row[key])}; this file is listed under {wanted}"
    if row["label"] not in LABELS:
        return f"unknown label {shown_value(row['label'])} (allowed: {', '.join(LABELS)})"
    if not isinstance(row["shown"], str) or not re.fullmatch("[0-9a-f]{16}", row["shown"]):
        return f"shown is {shown_value(row['shown'])}, it must be sixteen hexadecimal digits"
    step = row["first_wrong_step"]
    if step is not None and (type(step) is not int or step < 1):
        return f"first_wrong_step is {shown_value(step)}, it must be null or a whole number of at least 1"
    if step is not None and row["label"] != FLAWED:
        return f"first_wrong_step is {step}, but the label is {row['label']!r}"
    choice = row["choice"]
    if choice is not None:
        if not isinstance(choice, dict) or any(type(choice.get(key)) is not int for key in ("samples", "seed")):
            return f"choice is {shown_value(choice)}, it must be null or hold samples and seed"
        if choice["samples"] < 1:
            return f"choice.samples is {choice['samples']}, it must be at least 1"
        if choice["seed"] != seed:
            return f"offered by a choice with seed {choice['seed']}, the study's is {seed}"
    return None


def shown_value(value) -> str:
    """What a file holds may be anything."""
    return shorten(json.dumps(value))


def check_shown(labels: Iterable[Label], steps: Mapping[tuple[str, str], int]) -> None:
    """UserError for labels of texts that are not there, or of a step that the solution does not have.

    labels: of one annotator. steps: (problem, digest of what is shown) -> number of steps, of the right-answered
    solutions of the data set.
    """
    labels = list(labels)
    gone = [label for label in labels if label.item not in steps]
    if gone:
        first, more = gone[0], f" (and {len(gone) - 1} more)" if len(gone) > 1 else ""
        raise UserError(
            f"{first.where}{more}: question, answer, text or verdict of a solution of {first.problem!r} has changed"
            " since it was labelled; remove the line, or save the labels again from a new page (snakemake annotate"
            f" --config annotator={first.annotator})"
        )
    for label in labels:
        if (label.first_wrong_step or 1) > steps[label.item]:
            raise UserError(
                f"{label.where}: first_wrong_step is {label.first_wrong_step}, the solution has {steps[label.item]}"
            )


def settle(labels: Mapping[str, str]) -> str | None:
    """The one label of a solution from those of its annotators: what they decided, or else what most of them say.

    `cannot tell` does not vote, unless all say so. None on a tie: the solution then waits for a decision.
    """
    if DECIDED in labels:
        return labels[DECIDED]
    votes = Counter(label for label in labels.values() if label != CANNOT_TELL)
    if not votes:
        return CANNOT_TELL
    (first, most), *others = votes.most_common()
    return None if any(count == most for _, count in others) else first


@dataclass(frozen=True)
class LabelledSolution:
    """A row of the file that `collect_labels.py` writes, after all checks: what was shown, and all labels of it.

    samples: (model, sample) of every right-answered sample with this text. labels: by annotator. label: see `settle`.
    choice: see `Label`.
    """

    problem: str
    shown: str
    question: str
    answer: str
    solution: str
    samples: tuple[tuple[str, int], ...]
    labels: dict[str, str]
    first_wrong_steps: dict[str, int | None]
    label: str | None
    choice: dict | None

    def row(self) -> dict:
        return vars(self) | {"samples": [list(place) for place in self.samples]}


def read_labelled_solutions(path: str | Path) -> list[LabelledSolution]:
    """The rows of a file of `collect_labels.py`; UserError for another file."""
    keys = tuple(LabelledSolution.__dataclass_fields__)
    found = []
    for number, row in enumerate(iterate_rows(path, require=keys), start=1):
        if not is_collected(row):
            raise UserError(f"{where_is(path, number)}: not a row that collect_labels.py wrote")
        found.append(
            LabelledSolution(**{key: row[key] for key in keys} | {"samples": tuple(map(tuple, row["samples"]))})
        )
    return found


def is_collected(row: dict) -> bool:
    labels, steps, samples = row["labels"], row["first_wrong_steps"], row["samples"]
    return (
        isinstance(labels, dict)
        and isinstance(steps, dict)
        and labels.keys() == steps.keys()
        and all(label in LABELS for label in (*labels.values(), row["label"] or SOUND))
        and all(step is None or type(step) is int for step in steps.values())
        and isinstance(samples, list)
        and all(isinstance(place, list) and list(map(type, place)) == [str, int] for place in samples)
    )
