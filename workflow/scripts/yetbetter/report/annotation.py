"""The pages on which people label solutions: one file each, which works offline and on a phone."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from yetbetter.judging.labels import KEYS, Label, LabelledSolution, split_steps
from yetbetter.records import write_text
from yetbetter.report.templates import render
from yetbetter.verdicts import FLAWED, LABELS


@dataclass(frozen=True)
class Item:
    """What is shown of a solution. Neither a model nor a sample is in it.

    choice: see `judging.labels.Label`. notes: lines about the labels of others, where these differ.
    """

    problem: str
    shown: str
    question: str
    answer: str
    solution: str
    choice: dict | None
    notes: Sequence[str] = ()

    def entry(self) -> dict:
        entry = {name: value for name, value in vars(self).items() if name != "solution"}
        return entry | {"steps": split_steps(self.solution), "notes": list(self.notes)}


def write_annotation(
    output: str | Path,
    template: Path,
    study: str,
    dataset: str,
    annotator: str,
    items: Iterable[Item],
    labels: Iterable[Label] = (),
    differences: bool = False,
) -> None:
    """Write the page. labels: those that the annotator has given already; a browser's own go before them."""
    belongs = {"study": study, "dataset": dataset, "annotator": annotator}
    data = belongs | {
        "allowed": LABELS,
        "items": [item.entry() for item in items],
        "labels": [belongs | {key: getattr(label, key) for key in KEYS[3:]} for label in labels],
    }
    page = render(template, **belongs, differences=differences, data=Markup(embeddable(data)))
    write_text(output, [page])


def embeddable(data: dict) -> str:
    """JSON that is text inside an HTML element whatever it holds; escaped characters are all ASCII."""
    return json.dumps(data).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def items_that_differ(solutions: Iterable[LabelledSolution], decided: str) -> list[Item]:
    """Solutions whose annotators differ, with what each said; those that were decided stay among them.

    decided: the annotator whose labels are the decisions.
    """
    found = []
    for one in solutions:
        labels = {name: label for name, label in one.labels.items() if name != decided}
        if len(set(labels.values())) > 1 or decided in one.labels:
            notes = [f"{name}: {in_words(label, one.first_wrong_steps[name])}" for name, label in labels.items()]
            texts = (one.problem, one.shown, one.question, one.answer, one.solution)
            found.append(Item(*texts, one.choice, notes))
    return found


def in_words(label: str, step: int | None) -> str:
    return f"{label}, {f'step {step}' if step else 'no single step'}" if label == FLAWED else label
