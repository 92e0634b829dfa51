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
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.generation.prompts import read_template
from yetbetter.identity import stream_seed
from yetbetter.judging.samples import Judgement, Sample
from yetbetter.records import iterate_rows, read_json
from yetbetter.verdicts import CORRECT, NO_VERDICT

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


def choose_judged(pool: Iterable[Sample], samples: int, seed: int) -> list[Sample]:
    """The right-answered samples with the smallest hashes, at most `samples` of them, smallest first.

    seed: the study's.
    """
    right = (sample for sample in pool if sample.verdict == CORRECT)
    return heapq.nsmallest(samples, right, key=lambda sample: judging_hash(sample, seed))


def judging_hash(sample: Sample, seed: int) -> int:
    return stream_seed(seed, "judge's choice", *sample.place)


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

    def holds(self, sample: Sample, order: dict[str, int]) -> bool:
        """Whether a sample is in it. order: number of each question."""
        end = len(order) if self.questions is None else self.questions
        return sample.sample < self.samples and order.get(sample.problem, 0) < end


def sort_views(views: Iterable[View]) -> list[View]:
    return sorted(set(views), key=lambda view: (view.questions or 0, view.samples))


def choose_for_views(
    pool: Iterable[Sample],
    views: Iterable[View],
    samples: int,
    seed: int,
    order: dict[str, int],
    all_right: Iterable[View] = (),
    every: Iterable[View] = (),
) -> list[Sample]:
    """What is judged of a pool for all views of it, each solution once, in the pool's order.

    pool: gone through once, and only the chosen ones are kept. views: of each a choice of `samples` right answers;
    all_right: of each all right answers; every: of each everything. order: see `View.holds`.
    """
    chosen: dict[int, Sample] = {}
    # Of each view a heap whose first entry is the largest hash.
    smallest: dict[View, list[tuple[int, int, Sample]]] = {view: [] for view in views}
    all_right, every = tuple(all_right), tuple(every)
    for number, sample in enumerate(pool):
        right = sample.verdict == CORRECT
        if any(view.holds(sample, order) for view in (*every, *(all_right if right else ()))):
            chosen[number] = sample
        if right and smallest:
            entry = (-judging_hash(sample, seed), -number, sample)
            for view, heap in smallest.items():
                if view.holds(sample, order):
                    push = heapq.heappush if len(heap) < samples else heapq.heappushpop
                    push(heap, entry)
    chosen |= {-minus: sample for heap in smallest.values() for _, minus, sample in heap}
    return [chosen[number] for number in sorted(chosen)]


class Lookup:
    """Adds a judge's verdicts to the samples of an arm's view, shard by shard.

    A pool's judgements are in the order of the pool, so each file is read once, alongside the pool, and never held.
    folder: has {model}.jsonl of judge_solutions.py. key: the field that gets the verdict. asked: whether a sample must
    have a verdict. tokens: keep what the answer cost too.
    """

    def __init__(self, folder: str, models: Iterable[str], key: str, asked: Callable[[Sample], bool], tokens: bool):
        self.paths = {model: f"{folder}/{model}.jsonl" for model in models}
        require = ("problem", "sample", "model", "solution", "verdict")
        self.rows = {model: iterate_rows(path, require) for model, path in self.paths.items()}
        self.key, self.asked, self.costs = key, asked, ("tokens", "prompt_tokens") if tokens else ()

    def add(self, samples: Iterable[Sample]) -> None:
        """Changes the samples of one shard. UserError if one that was asked about has no verdict."""
        left: dict[str, dict[tuple, Sample]] = {model: {} for model in self.paths}
        for sample in samples:
            if self.asked(sample):
                left[sample.model][sample.place] = sample
        for model, missing in left.items():
            while missing:
                row = next(self.rows[model], None)
                if row is None:
                    raise not_judged(self.paths[model], next(iter(missing.values())))
                sample = missing.pop((row["model"], row["problem"], row["sample"]), None)
                if sample:
                    costs = (row[key] for key in self.costs)
                    judgement = Judgement(sys.intern(row["verdict"]), self.paths[model], row["solution"], *costs)
                    setattr(sample, self.key, judgement.verdict)
                    sample.judgements += (judgement,)


def check_text(sample: Sample, text: str) -> None:
    """UserError unless every judge of the sample saw this text."""
    for judgement in sample.judgements:
        if digest_of_text(text) != judgement.solution:
            raise not_judged(judgement.path, sample)


def not_judged(path: str, sample: Sample) -> UserError:
    return UserError(
        f"{path}: no judgement of sample {sample.sample} of {sample.problem!r} with its present text, judge again"
    )


def look_up_all_right(folder: str, views: dict[str, View]) -> Lookup:
    """`reasoning` of every right answer, as a filter needs it, with what judging it cost."""
    for model, view in views.items():
        read_judging(f"{folder}/{model}.about.json", view, "all_right")
    return Lookup(folder, views, "reasoning", lambda sample: sample.verdict == CORRECT, tokens=True)


def look_up_choice(folder: str, views: dict[str, View], samples: Iterable[Sample]) -> Lookup:
    """`reasoning` of the right answers that were chosen for an arm's view.

    A mix is chosen from as a whole, so that each model counts by its share. samples: all of the arm. UserError if
    a pool was judged otherwise or for other views.
    """
    choices = {model: read_judging(f"{folder}/{model}.about.json", view, "views") for model, view in views.items()}
    (first, agreed), *others = choices.items()
    for model, choice in others:
        if choice != agreed:
            raise UserError(f"{folder}/{model}.about.json: judged with {choice}, {first} with {agreed}")
    chosen = {sample.place for sample in choose_judged(samples, **agreed)}
    return Lookup(folder, views, "reasoning", lambda sample: sample.place in chosen, tokens=False)


def look_up_every(folder: str, views: dict[str, View]) -> Lookup:
    """`judged`: what the judge says of each sample, right or wrong, without having known the right answer."""
    for model, view in views.items():
        read_judging(f"{folder}/{model}.about.json", view, "every")
    return Lookup(folder, views, "judged", lambda sample: True, tokens=True)


def read_judging(path: str, view: View, kind: str) -> dict:
    """samples and seed of a pool's judging; UserError unless it was judged for this view, in this way."""
    choice = read_json(path, require=("choice",))["choice"]
    found = choice.get(kind, [])
    if view.label not in found:
        how = {"views": "", "all_right": " (all right answers)", "every": " (all solutions)"}[kind]
        views = ", ".join(map(str, found)) or "no"
        raise UserError(f"{path}: judged for {views} samples per question{how}, not for {view.label}, judge again")
    return {key: choice[key] for key in ("samples", "seed")}
