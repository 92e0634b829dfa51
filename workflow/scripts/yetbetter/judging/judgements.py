"""A judge of reasoning: which solutions it is shown, what it is asked, how its verdict is read and looked up.

The paper had 500 right-answered solutions of each model judged. Here the choice is by hash: of all right-answered
solutions in a view of a pool (the first k samples of every question) those with the smallest hashes of (study seed,
model, problem, sample) are judged. So two views, or two numbers of samples, share as much as possible, and any part of
what was chosen, such as the solutions that an arm keeps, is a random sample of that part. A filter needs more: every
right answer of a view (`all_right`), or, from a judge that does not know the answer, every solution (`every`).
"""

import hashlib
import heapq
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.generation.prompts import read_template
from yetbetter.identity import stream_seed
from yetbetter.records import read_json, read_rows
from yetbetter.verdicts import CORRECT, NO_VERDICT, NOT_JUDGED

# Raised on purpose when the same answer of a judge is read as another verdict.
JUDGE_VERSION = 1

LAST_LINE = re.compile(r"Verdict: (sound|flawed)")
ANY_VERDICT = re.compile(r"verdict\s*:\s*(?:sound|flawed)", re.IGNORECASE)
PLACEHOLDER = re.compile(r"\{(question|solution|answer)\}")


def read_judge_template(path: str | Path) -> str:
    """The judge's prompt, checked: {question} and {solution} once each, {answer} at most once, no blank at its end."""
    template = read_template(path)
    for name, allowed in (("solution", (1,)), ("answer", (0, 1))):
        found = template.count(f"{{{name}}}")
        if found not in allowed:
            wanted = "once" if allowed == (1,) else "at most once"
            raise UserError(f"{path}: a judge's prompt must hold {{{name}}} {wanted}, found {found} times")
    return template


def fill_judge(template: str, question: str, solution: str, answer: str = "") -> str:
    """One pass over the template, so that braces in a question or a solution are plain text."""
    texts = {"question": question.strip(), "solution": solution.strip(), "answer": answer.strip()}
    return PLACEHOLDER.sub(lambda found: texts[found[1]], template)


def parse_verdict(text: str, finish_reason: str = "stop") -> str:
    """`sound` or `flawed` if the judge's answer ends in exactly one verdict line, else `no_verdict`.

    The last line that is not blank must be the verdict and nothing else, no other verdict may be anywhere in the answer
    (a judge that quotes one, or gives two, has not decided), and the answer must not be cut at its length limit.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    found = LAST_LINE.fullmatch(lines[-1]) if lines else None
    if not found or len(ANY_VERDICT.findall(text)) != 1 or finish_reason == "length":
        return NO_VERDICT
    return found[1]


def digest_of_text(text: str) -> str:
    """Sixteen hexadecimal digits of a text; a solution may hold lone surrogates, which UTF-8 alone refuses."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def place(row: dict) -> tuple[str, str, int]:
    return row["model"], row["problem"], row["sample"]


def choose_judged(rows: Iterable[dict], samples: int, seed: int) -> list[dict]:
    """The right-answered rows with the smallest hashes, at most `samples` of them, smallest first.

    rows: with model, problem, sample, verdict. seed: the study's.
    """
    right = (row for row in rows if row["verdict"] == CORRECT)
    return heapq.nsmallest(samples, right, key=lambda row: judging_hash(row, seed))


def judging_hash(row: dict, seed: int) -> int:
    return stream_seed(seed, "judge's choice", *place(row))


@dataclass(frozen=True)
class View:
    """What an arm looks at in a pool: the first samples of every question, or of the first so many questions."""

    samples: int
    questions: int | None = None

    @classmethod
    def parse(cls, text: str) -> "View":
        """From 3, or from 10:150 (samples of the first 150 questions). ValueError for anything else."""
        samples, _, questions = str(text).partition(":")
        view = cls(int(samples), int(questions) if questions else None)
        if min(view.samples, view.questions or 1) < 1:
            raise ValueError(f"{text} is less than 1")
        return view

    @property
    def label(self) -> int | str:
        return self.samples if self.questions is None else f"{self.samples}:{self.questions}"

    def holds(self, row: dict, order: dict[str, int]) -> bool:
        """Whether a row is in it. order: number of each question."""
        end = len(order) if self.questions is None else self.questions
        return row["sample"] < self.samples and order.get(row["problem"], 0) < end


def sort_views(views: Iterable[View]) -> list[View]:
    return sorted(set(views), key=lambda view: (view.questions or 0, view.samples))


def choose_for_views(
    rows: Iterable[dict],
    views: Iterable[View],
    samples: int,
    seed: int,
    order: dict[str, int],
    all_right: Iterable[View] = (),
    every: Iterable[View] = (),
) -> list[dict]:
    """What is judged of a pool for all views of it, each solution once, in the pool's order.

    rows: with model, problem, sample, verdict; read once, and only the chosen ones are kept. views: of each a choice of
    `samples` right answers; all_right: of each all right answers; every: of each everything. order: see `View.holds`.
    """
    chosen: dict[int, dict] = {}
    # Of each view a heap whose first entry is the largest hash.
    smallest: dict[View, list[tuple[int, int, dict]]] = {view: [] for view in views}
    all_right, every = tuple(all_right), tuple(every)
    for number, row in enumerate(rows):
        right = row["verdict"] == CORRECT
        if any(view.holds(row, order) for view in (*every, *(all_right if right else ()))):
            chosen[number] = row
        if right and smallest:
            entry = (-judging_hash(row, seed), -number, row)
            for view, heap in smallest.items():
                if view.holds(row, order):
                    push = heapq.heappush if len(heap) < samples else heapq.heappushpop
                    push(heap, entry)
    chosen |= {-minus: row for heap in smallest.values() for _, minus, row in heap}
    return [chosen[number] for number in sorted(chosen)]


def add_judgements(rows: list[dict], folder: str, views: dict[str, View], all_right: bool = False) -> list[dict]:
    """The rows of an arm's view with `reasoning`: the verdict of those chosen, `not_judged` for other right answers.

    folder: holds {model}.jsonl and {model}.about.json of judge_solutions.py. A mix is chosen from as a whole, so that
    each model counts by its share. all_right: every right answer must have been judged, as a filter needs it; then
    its `judge_tokens` are added too. Raises UserError if a pool was judged otherwise, for other views, or not
    wholly.
    """
    if all_right:
        for model, view in views.items():
            read_choice(f"{folder}/{model}.about.json", view, "all_right")
        return add_verdicts(rows, folder, views, "reasoning", [row for row in rows if row["verdict"] == CORRECT], True)
    choices = {model: read_choice(f"{folder}/{model}.about.json", view, "views") for model, view in views.items()}
    (first, agreed), *others = choices.items()
    for model, choice in others:
        if choice != agreed:
            raise UserError(f"{folder}/{model}.about.json: judged with {choice}, {first} with {agreed}")
    joined = add_verdicts(rows, folder, views, "reasoning", choose_judged(rows, **agreed))
    unchosen = {CORRECT: NOT_JUDGED}
    return [row | {"reasoning": row.get("reasoning", unchosen.get(row["verdict"]))} for row in joined]


def add_filter_verdicts(rows: list[dict], folder: str, views: dict[str, View]) -> list[dict]:
    """The rows with `judged`: what the judge says of each, right or wrong, without having known the right answer."""
    for model, view in views.items():
        read_choice(f"{folder}/{model}.about.json", view, "every")
    return add_verdicts(rows, folder, views, "judged", rows, True)


def add_verdicts(
    rows: list[dict], folder: str, models: Iterable[str], key: str, asked: list[dict], tokens: bool = False
) -> list[dict]:
    """All rows, those that were `asked` with the judge's verdict under `key`; UserError if one of them has none."""
    judgements = {}
    for model in models:
        judged = read_rows(f"{folder}/{model}.jsonl", require=("problem", "sample", "model", "solution", "verdict"))
        judgements |= {(place(row), row["solution"]): row for row in judged}
    found = {}
    for row in asked:
        judgement = judgements.get((place(row), digest_of_text(row["text"])))
        if judgement is None:
            raise UserError(
                f"{folder}/{row['model']}.jsonl: no judgement of sample {row['sample']} of {row['problem']!r}"
                " with its present text, judge again"
            )
        found[place(row)] = {key: judgement["verdict"]}
        if tokens:
            found[place(row)] |= {f"judge_{name}": judgement[name] for name in ("tokens", "prompt_tokens")}
    return [row | found.get(place(row), {}) for row in rows]


def read_choice(path: str, view: View, kind: str) -> dict:
    """samples and seed of a pool's judging; UserError unless it was judged for this view, in this way."""
    choice = read_json(path, require=("choice",))["choice"]
    found = choice.get(kind, [])
    if view.label not in found:
        how = {"views": "", "all_right": " (all right answers)", "every": " (all solutions)"}[kind]
        views = ", ".join(map(str, found)) or "no"
        raise UserError(f"{path}: judged for {views} samples per question{how}, not for {view.label}, judge again")
    return {key: choice[key] for key in ("samples", "seed")}
