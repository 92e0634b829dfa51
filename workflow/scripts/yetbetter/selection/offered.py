"""Which solutions people are offered: of each arm those that a judge would be shown first, each text once.

The choice is that of `judging.judgements`: the right-answered samples of an arm's view with the smallest hashes.
"""

import argparse
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from yetbetter.errors import UserError
from yetbetter.identity import stream_seed
from yetbetter.judging.judgements import choose_judged
from yetbetter.judging.labels import Label, digest_of_shown
from yetbetter.records import check_unique, read_rows
from yetbetter.selection.pools import Pools, PoolSamples, block_files, join, parse_draws, read_models
from yetbetter.verdicts import CORRECT

# Solutions that all annotators see before any of the next so many: each has an order of her own within them.
TOGETHER = 20


ARM = re.compile(r"(?P<draws>[^@+]*)(@(?P<questions>[1-9][0-9]{0,14}))?(\+(?P<wanted>[1-9][0-9]{0,14}))?")


class Offer(NamedTuple):
    """place: from 0, the number in the arm's choice, after the arms that lack labels. samples: size of that choice."""

    place: int
    samples: int


@dataclass(frozen=True)
class OfferedArm:
    """What an arm looks at: samples per question of each model, of all or of the first so many questions.

    wanted: number of labels that it lacks some of; None if it lacks none.
    """

    draws: dict[str, int]
    questions: int | None = None
    wanted: int | None = None

    @classmethod
    def parse(cls, text: str) -> "OfferedArm":
        """From se:1, or from se:5,wc:15@1800+200 (of the first 1,800 questions, 200 labels wanted).

        UserError for anything else.
        """
        found = ARM.fullmatch(text)
        if not found:
            raise UserError(f"--arms {text!r}: must be MODEL:SAMPLES,…, then @QUESTIONS and +LABELS if there are any")
        numbers = (found[name] and int(found[name]) for name in ("questions", "wanted"))
        return cls(parse_draws(found["draws"].split(","), "--arms"), *numbers)

    def __str__(self) -> str:
        draws = ",".join(f"{model}:{samples}" for model, samples in self.draws.items())
        draws += "" if self.questions is None else f"@{self.questions}"
        return draws if self.wanted is None else f"{draws}+{self.wanted}"


@dataclass(frozen=True)
class Solution:
    """One text that people see. samples: (model, sample) of all right-answered samples with it, in the pools' order.

    offer: the first one of these; None if none was chosen.
    """

    problem: str
    shown: str
    question: str
    answer: str
    text: str
    samples: tuple[tuple[str, int], ...]
    offer: Offer | None

    @property
    def item(self) -> tuple[str, str]:
        return self.problem, self.shown


def add_pool_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of programs that read the pools of a data set, for `read_pool`."""
    parser.add_argument("--problems", required=True, help="JSON Lines with problem, question, answer")
    parser.add_argument("--solutions", required=True, help="folder of the data set's pools")
    parser.add_argument("--verdicts", required=True, help="folder of their verdicts")
    parser.add_argument("--blocks", required=True, nargs="+", metavar="MODEL/BLOCK", help="blocks to read")


def read_pool(arguments: argparse.Namespace) -> tuple[Pools, dict[str, dict]]:
    """The pools, and the problems by name, in order; UserError if one is there twice."""
    problems = read_rows(arguments.problems, require=("problem", "question", "answer"))
    check_unique(problems, arguments.problems, "problem")
    pools = Pools(arguments.solutions, arguments.verdicts, None, arguments.blocks)
    return pools, {row["problem"]: row for row in problems}


def choose_offered(
    pools: Pools, arms: Iterable[OfferedArm], names: Sequence[str], samples: int, seed: int
) -> dict[tuple[str, str, int], Offer]:
    """(model, problem, sample) -> its first offer among the right answers that are chosen of each arm.

    Chosen are `samples` of an arm, or as many as are wanted if these are more. names: of the problems, in order. seed:
    the study's.
    """
    arms = list(arms)
    behind = max((arm.wanted for arm in arms if arm.wanted is not None), default=0)
    offers: dict[tuple[str, str, int], Offer] = {}
    for arm in arms:
        blocks = [block for block in pools.blocks if block.partition("/")[0] in arm.draws]
        missing = arm.draws.keys() - {block.partition("/")[0] for block in blocks}
        if missing:
            raise UserError(f"--arms {arm}: no block of {min(missing)!r} is given")
        only = None if arm.questions is None else names[: arm.questions]
        size = max(samples, arm.wanted or 0)
        chosen = choose_judged(PoolSamples(replace(pools, blocks=blocks), arm.draws, only), size, seed)
        for rank, sample in enumerate(chosen):
            place = rank + (behind if arm.wanted is None else 0)
            offer = Offer(place, samples if rank < samples else size)
            offers[sample.place] = min(offer, offers.get(sample.place, offer))
    return offers


def find_solutions(
    pools: Pools,
    problems: dict[str, dict],
    offers: dict[tuple[str, str, int], Offer],
    labels: Iterable[Label],
    path: str,
) -> dict[tuple[str, str], Solution]:
    """The texts that are chosen or labelled, by (problem, digest of what is shown), with all samples that have them.

    Reads every right-answered solution of the pools and keeps those of problems that were asked for. problems: by name,
    from the file `path`.
    """
    labelled = {label.item for label in labels}
    asked = {problem for problem, _ in labelled} | {problem for _, problem, _ in offers}
    found: dict[tuple[str, str], Solution] = {}
    for model, row in right_answers(pools):
        name = row["problem"]
        if name not in problems:
            raise UserError(f"{path}: no problem {name!r}, which the solutions answer")
        if name not in asked:
            continue
        problem, place = problems[name], (model, row["sample"])
        texts = (problem["question"], problem["answer"], row["text"])
        key = name, digest_of_shown(*texts)
        one = Solution(*key, *texts, (place,), offers.get((model, name, row["sample"])))
        found[key] = join_alike(found[key], one) if key in found else one
    return {key: one for key, one in found.items() if one.offer is not None or key in labelled}


def join_alike(one: Solution, other: Solution) -> Solution:
    """Two samples with the same text."""
    offers = [offer for offer in (one.offer, other.offer) if offer is not None]
    return replace(one, samples=one.samples + other.samples, offer=min(offers, default=None))


def right_answers(pools: Pools) -> Iterator[tuple[str, dict]]:
    """(model, solution) of every right-answered sample of the blocks."""
    models = read_models(pools, dict.fromkeys((block.partition("/")[0] for block in pools.blocks), 0))
    for block in pools.blocks:
        for solution, verdict in join(*block_files(pools, block), "verdict"):
            if verdict["verdict"] == CORRECT:
                yield models[block], solution


def sort_for(annotator: str, solutions: Iterable[Solution], seed: int) -> list[Solution]:
    """The order in which an annotator sees them.

    Who stops early has read the start of every arm's choice, and nearly the same solutions as the others: all go
    through the solutions by place, TOGETHER at a time, and through these in orders of their own. Those that were not
    chosen come last.
    """

    def by_offer(one: Solution) -> tuple:
        return one.offer is None, one.offer and one.offer.place, stream_seed(seed, "people's order", *one.item)

    ordered = sorted(solutions, key=by_offer)
    own = [stream_seed(seed, "annotator's order", annotator, *one.item) for one in ordered]

    def by_place(place: int) -> tuple:
        return ordered[place].offer is None, place // TOGETHER, own[place]

    places = sorted(range(len(ordered)), key=by_place)
    return [ordered[place] for place in places]
