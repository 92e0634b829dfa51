"""Which solutions people are offered: of each arm those that a judge would be shown first, each text once.

The choice is that of `judging.judgements`: the right-answered samples of an arm's view with the smallest hashes.
"""

import argparse
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from yetbetter.errors import UserError
from yetbetter.identity import stream_seed
from yetbetter.judging.judgements import choose_judged
from yetbetter.judging.labels import Label, digest_of_shown
from yetbetter.records import check_unique, read_rows
from yetbetter.selection.pools import Pools, PoolSamples, block_files, join, parse_draws, read_models
from yetbetter.verdicts import CORRECT

# Solutions that all annotators see before any of the next so many: each has an order of her own within them.
TOGETHER = 20


@dataclass(frozen=True)
class OfferedArm:
    """What an arm looks at: samples per question of each model, of all or of the first so many questions."""

    draws: dict[str, int]
    questions: int | None = None

    @classmethod
    def parse(cls, text: str) -> "OfferedArm":
        """From se:1, or from se:5,wc:15@1800 (of the first 1,800 questions). UserError for anything else."""
        draws, at, questions = text.partition("@")
        if at and not re.fullmatch("[1-9][0-9]{0,14}", questions):
            raise UserError(f"--arms {text!r}: {questions!r} is not a number of questions")
        return cls(parse_draws(draws.split(","), "--arms"), int(questions) if at else None)

    def __str__(self) -> str:
        draws = ",".join(f"{model}:{samples}" for model, samples in self.draws.items())
        return draws if self.questions is None else f"{draws}@{self.questions}"


@dataclass(frozen=True)
class Solution:
    """One text that people see. samples: (model, sample) of all right-answered samples with it, in the pools' order.

    rank: the least number, from 0, that one of these has in an arm's choice; None if none was chosen.
    """

    problem: str
    shown: str
    question: str
    answer: str
    text: str
    samples: tuple[tuple[str, int], ...]
    rank: int | None

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
) -> dict[tuple[str, str, int], int]:
    """(model, problem, sample) -> its least rank among the `samples` that are chosen of each arm.

    names: of the problems, in order. seed: the study's.
    """
    ranks: dict[tuple[str, str, int], int] = {}
    for arm in arms:
        blocks = [block for block in pools.blocks if block.partition("/")[0] in arm.draws]
        missing = arm.draws.keys() - {block.partition("/")[0] for block in blocks}
        if missing:
            raise UserError(f"--arms {arm}: no block of {min(missing)!r} is given")
        own = replace(pools, blocks=blocks)
        only = None if arm.questions is None else names[: arm.questions]
        chosen = choose_judged(PoolSamples(own, arm.draws, only), samples, seed)
        for rank, sample in enumerate(chosen):
            ranks[sample.place] = min(rank, ranks.get(sample.place, rank))
    return ranks


def find_solutions(
    pools: Pools,
    problems: dict[str, dict],
    ranks: dict[tuple[str, str, int], int],
    labels: Iterable[Label],
    path: str,
) -> dict[tuple[str, str], Solution]:
    """The texts that are chosen or labelled, by (problem, digest of what is shown), with all samples that have them.

    Reads every right-answered solution of the pools and keeps those of problems that were asked for. problems: by name,
    from the file `path`.
    """
    labelled = {label.item for label in labels}
    asked = {problem for problem, _ in labelled} | {problem for _, problem, _ in ranks}
    found: dict[tuple[str, str], Solution] = {}
    for model, row in right_answers(pools):
        name = row["problem"]
        if name not in problems:
            raise UserError(f"{path}: no problem {name!r}, which the solutions answer")
        if name not in asked:
            continue
        problem, place = problems[name], (model, row["sample"])
        shown = digest_of_shown(problem["question"], problem["answer"], row["text"])
        rank, known = ranks.get((model, name, row["sample"])), found.get((name, shown))
        if known:
            found[name, shown] = replace(
                known, samples=(*known.samples, place), rank=min(filter_none(known.rank, rank), default=None)
            )
        else:
            texts = (problem["question"], problem["answer"], row["text"])
            found[name, shown] = Solution(name, shown, *texts, (place,), rank)
    return {key: one for key, one in found.items() if one.rank is not None or key in labelled}


def filter_none(*ranks: int | None) -> list[int]:
    return [rank for rank in ranks if rank is not None]


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
    through the solutions by rank, TOGETHER at a time, and through these in orders of their own. Those that were not
    chosen come last.
    """

    def by_rank(one: Solution) -> tuple:
        return one.rank is None, one.rank or 0, stream_seed(seed, "people's order", *one.item)

    ordered = sorted(solutions, key=by_rank)
    own = [stream_seed(seed, "annotator's order", annotator, *one.item) for one in ordered]

    def by_place(place: int) -> tuple:
        return ordered[place].rank is None, place // TOGETHER, own[place]

    places = sorted(range(len(ordered)), key=by_place)
    return [ordered[place] for place in places]
