"""A small data set with graded pools of two models, and the programs for people's labels called on it."""

import importlib
import sys
from pathlib import Path
from unittest import mock

import pytest

from yetbetter.errors import UserError
from yetbetter.judging.labels import digest_of_shown
from yetbetter.records import read_rows, write_json, write_rows

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "workflow" / "report" / "annotate.html.j2"
BLOCK = "questions-000000_samples-0000"
STUDY, DATASET, SEED = "small", "hard", 3


def run(program: str, *arguments: str) -> None:
    """A program's main function, in this process."""
    with mock.patch.object(sys, "argv", [f"{program}.py", *arguments]):
        importlib.import_module(program).main()


def refusal(program: str, *arguments: str) -> str:
    """The one line with which a program ends."""
    with pytest.raises(UserError) as failure:
        run(program, *arguments)
    assert len(str(failure.value).splitlines()) == 1
    return str(failure.value)


def sound(a: int, b: int) -> str:
    return f"We have {a} + {b} = {a + b}.\nTwice that is {a + b} * 2 = {2 * (a + b)}.\nThe answer is {2 * (a + b)}."


def flawed(a: int, b: int) -> str:
    return f"We have {a} * {b} = {2 * (a + b)}. The answer is {2 * (a + b)}."


class Pool:
    """Questions with three samples of wc and one of se each, of which some are wrong and some are alike."""

    def __init__(self, folder: Path, questions: int = 12):
        self.folder, self.problems = folder, folder / "problems.jsonl"
        numbers = [(number + 2, 3 * number + 4) for number in range(questions)]
        rows = [
            {
                "problem": f"hard/train/{number}",
                "question": f"Ann has {a} nuts, Ben {b}, and Eve as many as both. How many have all?",
                "answer": str(2 * (a + b)),
            }
            for number, (a, b) in enumerate(numbers)
        ]
        write_rows(self.problems, rows)
        names = [row["problem"] for row in rows]
        texts = [[sound(a, b), flawed(a, b), "The answer is 1."] for a, b in numbers]
        self.write("wc", names, texts)
        self.write("se", names, [[sound(a, b)] for a, b in numbers])

    def write(self, model: str, names: list[str], texts: list[list[str]]) -> None:
        places = [
            (name, sample, text) for name, own in zip(names, texts, strict=True) for sample, text in enumerate(own)
        ]
        solutions = [
            {"problem": name, "sample": sample, "text": text, "finish_reason": "stop"} for name, sample, text in places
        ]
        verdicts = [
            {"problem": name, "sample": sample, "verdict": "incorrect" if text == "The answer is 1." else "correct"}
            for name, sample, text in places
        ]
        write_rows(self.folder / "solutions" / model / f"{BLOCK}.jsonl", solutions)
        write_json(self.folder / "solutions" / model / f"{BLOCK}.about.json", {"pool": {"model_name": model}})
        write_rows(self.folder / "verdicts" / model / f"{BLOCK}.jsonl", verdicts)

    def change_text(self, model: str, row: int, text: str) -> None:
        path = self.folder / "solutions" / model / f"{BLOCK}.jsonl"
        rows = read_rows(path)
        rows[row]["text"] = text
        write_rows(path, rows)

    @property
    def options(self) -> list[str]:
        """What both programs that read the pools need."""
        found = {"--problems": self.problems, "--study": STUDY, "--dataset": DATASET, "--seed": SEED}
        found |= {f"--{stage}": self.folder / stage for stage in ("solutions", "verdicts")}
        return [str(word) for pair in found.items() for word in pair] + ["--blocks", f"wc/{BLOCK}", f"se/{BLOCK}"]

    def annotate(self, *more, annotator: str = "ann", arms=("wc:3", "se:1")) -> list[str]:
        page = self.folder / f"{annotator}.html"
        options = ["--annotator", annotator, "--template", str(TEMPLATE), "--output", str(page)]
        return [*self.options, "--arms", *arms, *options, *map(str, more)]

    def collect(self, **labels: Path) -> list[str]:
        files = [f"{name}={path}" for name, path in labels.items()]
        return [*self.options, "--labels", *files, "--output", str(self.folder / "labels.jsonl")]

    def compare(self) -> list[str]:
        found = {"--labels": self.folder / "labels.jsonl", "--study": STUDY, "--dataset": DATASET}
        found |= {"--template": TEMPLATE, "--output": self.folder / "agreement.json"}
        found |= {"--page": self.folder / "differences.html"}
        return [str(word) for pair in found.items() for word in pair]

    def label(
        self, number: int, text: str, label: str = "sound", step: int | None = None, annotator: str = "ann"
    ) -> dict:
        """A label of a solution of the question of this number."""
        problem = read_rows(self.problems)[number]
        return {
            **{"study": STUDY, "dataset": DATASET, "annotator": annotator, "problem": problem["problem"]},
            "shown": digest_of_shown(problem["question"], problem["answer"], text),
            **{"label": label, "first_wrong_step": step, "choice": {"samples": 50, "seed": SEED}},
        }
