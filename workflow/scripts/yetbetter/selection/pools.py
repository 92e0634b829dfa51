"""An arm's view of pools: the first k samples of every question, with their verdicts, read shard by shard.

A pool is blocks of (question shard x sample block). The verdicts of one shard and one text are held at a time: memory
grows neither with the number of questions nor with the length of texts.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from yetbetter.errors import UserError
from yetbetter.identity import differences
from yetbetter.judging.judgements import View, check_text, look_up_all_right, look_up_choice, look_up_every
from yetbetter.judging.samples import Sample
from yetbetter.records import iterate_rows, read_json
from yetbetter.verdicts import CORRECT, NOT_JUDGED

SOLUTION = ("problem", "sample", "text", "finish_reason")


def solution_key(text: str) -> str:
    """Identity of a solution: its text up to white space. The only definition of equal solutions."""
    return " ".join(text.split())


def parse_draws(arguments: Iterable[str], option: str = "--draws") -> dict[str, int]:
    """{'wc': 3} from ['wc:3']: how many samples per question of each model. option: its name, for messages."""
    draws: dict[str, int] = {}
    for argument in arguments:
        model, _, samples = argument.rpartition(":")
        if not model or not re.fullmatch("[1-9][0-9]{0,14}", samples):
            raise UserError(f"{option} {argument!r}: must be MODEL:SAMPLES, at least one sample")
        if model in draws:
            raise UserError(f"{option}: {model!r} is given twice")
        draws[model] = int(samples)
    return draws


@dataclass(frozen=True)
class Pools:
    """The folders of one data set's pools, and which blocks to read.

    solutions, verdicts, reasoning: folders that hold a file {model}/{block}.jsonl each (reasoning if it was checked);
    blocks: names such as wc/questions-000000_samples-0000. judgements: folder with a judge's {model}.jsonl, instead of
    reasoning; filter_judgements: the same for a judge that filters. verifications: folder with a verifier's scores,
    a file {model}/{block}.jsonl each.
    """

    solutions: str
    verdicts: str
    reasoning: str | None
    blocks: Sequence[str]
    judgements: str | None = None
    filter_judgements: str | None = None
    verifications: str | None = None

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--solutions", required=True, help="folder of the data set's pools")
        parser.add_argument("--verdicts", required=True, help="folder of their verdicts")
        parser.add_argument("--reasoning", help="folder of the checks of right-answered solutions, if any")
        parser.add_argument("--judgements", help="folder of a judge's verdicts on them, if any")
        parser.add_argument("--filter-judgements", help="folder of its verdicts without the right answer, if any")
        parser.add_argument("--verifications", help="folder of a verifier's scores, if any")
        parser.add_argument("--blocks", required=True, nargs="+", metavar="MODEL/BLOCK", help="blocks to read")

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Pools":
        named = (arguments.solutions, arguments.verdicts, arguments.reasoning, arguments.blocks)
        return cls(*named, arguments.judgements, arguments.filter_judgements, arguments.verifications)

    @property
    def shards(self) -> list[list[str]]:
        """The blocks of each question shard, of all models."""
        found: dict[str, list[str]] = {}
        for block in self.blocks:
            found.setdefault(block.partition("/")[2].partition("_samples-")[0], []).append(block)
        return list(found.values())


class PoolSamples:
    """The samples of an arm with their verdicts, without their texts; can be iterated several times.

    draws: samples per question of each model. questions: those that the arm uses, or None for all. answers: add
    the extracted `answer` of each. repetition r: of samples k r to k (r + 1). UserError if blocks of one pool were
    drawn with different settings, or are of a model that the arm does not draw from.
    """

    def __init__(
        self,
        pools: Pools,
        draws: dict[str, int],
        questions: Sequence[str] | None = None,
        answers: bool = False,
        repetition: int = 0,
    ):
        self.pools, self.draws, self.repetition = pools, draws, repetition
        self.numbers = {model: range(k * repetition, k * (repetition + 1)) for model, k in draws.items()}
        self.keys = ("verdict", "answer") if answers else ("verdict",)
        self.only = None if questions is None else frozenset(questions)
        self.models = read_models(pools, draws)

    def __iter__(self) -> Iterator[Sample]:
        for block in self.pools.blocks:
            for row in self.verdicts(block):
                if self.has(block, row):
                    yield self.sample(block, row)

    def verdicts(self, block: str) -> Iterator[dict]:
        return iterate_rows(block_files(self.pools, block)[1], require=("problem", "sample", *self.keys))

    def has(self, block: str, row: dict) -> bool:
        return row["sample"] in self.numbers[self.models[block]] and (self.only is None or row["problem"] in self.only)

    def sample(self, block: str, row: dict) -> Sample:
        # Names and verdicts repeat: each is in memory once.
        verdict = (sys.intern(row["verdict"]), *(row[key] for key in self.keys[1:]))
        return Sample(self.models[block], sys.intern(row["problem"]), row["sample"], *verdict)

    def of_block(self, block: str) -> tuple[list[Sample], int]:
        """(a block's samples, the number of rows in the block).

        UserError unless it has checks of exactly the right-answered solutions.
        """
        checks, path = {}, f"{self.pools.reasoning}/{block}.jsonl"
        if self.pools.reasoning:
            rows = iterate_rows(path, require=("problem", "sample", "reasoning"))
            checks = {coordinates(row): sys.intern(row["reasoning"]) for row in rows}
        scores = read_verifications(f"{self.pools.verifications}/{block}.jsonl") if self.pools.verifications else {}
        samples, right, number = [], set(), 0
        for row in self.verdicts(block):
            number += 1
            if row["verdict"] == CORRECT:
                right.add(coordinates(row))
            if self.has(block, row):
                samples.append(self.sample(block, row))
                samples[-1].reasoning = checks.get(coordinates(row))
                samples[-1].score = scores.get(coordinates(row))
        if self.pools.reasoning and checks.keys() != right:
            raise UserError(f"{path}: not the checks of the right-answered solutions of its block, check them again")
        if self.pools.verifications and len(scores) != number:
            path = f"{self.pools.verifications}/{block}.jsonl"
            raise UserError(f"{path}: {len(scores)} scores of {number} solutions, score them again")
        return samples, number


def read_verifications(path: str) -> dict[tuple[str, int], float | None]:
    """(problem, sample) -> a verifier's score, None if the solution could not be scored."""
    return {coordinates(row): row["score"] for row in iterate_rows(path, require=("problem", "sample", "score"))}


def read_models(pools: Pools, draws: dict[str, int]) -> dict[str, str]:
    """The model of each block, from the blocks' sidecars."""
    settings: dict[str, tuple[str, dict]] = {}
    models = {}
    for block in pools.blocks:
        about_file = f"{pools.solutions}/{block}.about.json"
        pool = read_json(about_file, require=("pool",))["pool"]
        model = pool.get("model_name")
        if model is None:
            raise UserError(f"{about_file}: no 'model_name' in its pool")
        first_file, first = settings.setdefault(model, (about_file, pool))
        if pool != first:
            raise UserError(f"{about_file} and {first_file} are from one pool, but {differences(first, pool)}")
        if model not in draws:
            raise UserError(
                f"{pools.solutions}/{block}.jsonl holds samples of {model!r}, the arm draws {', '.join(draws)}"
            )
        models[block] = model
    return models


@dataclass
class Shard:
    """One shard of an arm's questions. blocks: with the number of verdicts in each. samples: in the blocks' order.

    passed: places of samples that the arm did not look at; they are not among the samples.
    """

    pool: PoolSamples
    blocks: dict[str, int]
    samples: list[Sample]
    require: tuple[str, ...] = ()
    passed: frozenset[tuple[str, str, int]] = frozenset()

    def keep_models(self, model_of: dict[str, str]) -> None:
        """Leave out the samples of a question's other models. model_of: the model of each question."""
        others = (one for one in self.samples if model_of.get(one.problem, one.model) != one.model)
        self.pass_over([sample.place for sample in others])

    def pass_over(self, places: Iterable[tuple[str, str, int]]) -> None:
        self.passed |= frozenset(places)
        self.samples = [sample for sample in self.samples if sample.place not in self.passed]

    def stop_after(self, right: int) -> None:
        """Leave out what an arm does not look at that stops with a question once it has so many right solutions.

        It looks at a question's samples in order: at all of the first model's, then at those of the next.
        """
        order = {model: number for number, model in enumerate(self.pool.draws)}
        found: Counter = Counter()
        passed = []
        for sample in sorted(self.samples, key=lambda sample: (order[sample.model], sample.sample)):
            if found[sample.problem] == right:
                passed.append(sample.place)
            found[sample.problem] += sample.verdict == CORRECT and found[sample.problem] < right
        self.pass_over(passed)

    def solutions(self) -> Iterator[tuple[Sample, dict]]:
        """Each of the samples with its solution, the row of its file, block by block.

        UserError if verdicts, or a judge's verdicts, are not of these solutions.
        """
        samples = iter(self.samples)
        for block, expected in self.blocks.items():
            files, number = block_files(self.pool.pools, block), 0
            for solution in iterate_rows(files[0], (*SOLUTION, *self.require)):
                number += 1
                if self.pool.has(block, solution) and not self.has_passed(block, solution):
                    sample = next(samples, None)
                    if sample is None or coordinates(solution) != (sample.problem, sample.sample):
                        raise not_of(*files)
                    check_text(sample, solution["text"])
                    yield sample, solution
            if number != expected:
                raise not_of(*files)

    def has_passed(self, block: str, row: dict) -> bool:
        return bool(self.passed) and (self.pool.models[block], row["problem"], row["sample"]) in self.passed

    def check_texts(self) -> None:
        """UserError if a judge saw other texts than the present ones; reads them only if a judge saw any."""
        if any(sample.judgements for sample in self.samples):
            for _ in self.solutions():
                pass


def block_files(pools: Pools, block: str) -> tuple[str, str]:
    return f"{pools.solutions}/{block}.jsonl", f"{pools.verdicts}/{block}.jsonl"


def read_shards(
    pools: Pools,
    draws: dict[str, int],
    questions: Sequence[str] | None = None,
    require: tuple[str, ...] = (),
    answers: bool = False,
    all_right: bool = False,
    repetition: int = 0,
    stop_after: int | None = None,
    model_of: dict[str, str] | None = None,
) -> Iterator[Shard]:
    """The samples that an arm draws, a shard of questions at a time.

    draws: samples per question for each model. questions: names of those that the arm uses. require: further keys
    that every solution must have. answers: add the extracted `answer` of each. all_right: a judge must have judged all
    right answers. repetition: see `PoolSamples`. stop_after, model_of: see `Shard`. Raises UserError if files do not
    belong together, if blocks of one pool were drawn with different settings, or if a question lacks samples
    that the arm needs.
    """
    pool = PoolSamples(pools, draws, questions, answers, repetition)
    lookups = list(lookups_of(pool, all_right))
    seen: set[str] = set()
    for blocks in pools.shards:
        shard = Shard(pool, {}, [], require)
        for block in blocks:
            samples, number = pool.of_block(block)
            shard.samples += samples
            shard.blocks[block] = number
        found = dict.fromkeys(sample.problem for sample in shard.samples)
        for question in found:
            if question in seen:
                raise UserError(f"{pools.solutions}/{blocks[0]}.jsonl: {question!r} is in another shard's blocks too")
        try:
            check_complete(shard.samples, pool.numbers, found)
        except UserError:
            check_joined(pools, blocks)
            raise
        seen.update(found)
        if model_of is not None:
            shard.keep_models(model_of)
        if stop_after is not None:
            shard.stop_after(stop_after)
        for lookup in lookups:
            lookup(shard.samples)
        yield shard
        shard.samples.clear()  # a shard that the caller still has must not keep its samples in memory
    check_complete([], pool.numbers, [question for question in questions or () if question not in seen])


def read_views(pool: PoolSamples, views: Sequence[View], order: dict[str, int]) -> Iterator[Sample]:
    """The samples of one model's pool, a shard of questions at a time, for a judge.

    views: the views to cover. order: number of each question. Raises UserError as `read_shards` does, and if a question
    lacks samples that a view needs.
    """
    (model,) = pool.draws
    missing = dict.fromkeys(order)  # every question of the views must be in a shard
    for blocks in pool.pools.shards:
        samples = [sample for block in blocks for sample in pool.of_block(block)[0]]
        there = dict.fromkeys(sample.problem for sample in samples)
        try:
            for view in views:
                held = (sample for sample in samples if view.holds(sample, order))
                limit = view.questions
                names = None if limit is None else [name for name in there if order.get(name, 0) < limit]
                check_complete(held, {model: range(view.samples)}, names)
        except UserError:
            check_joined(pool.pools, blocks)
            raise
        for name in there:
            missing.pop(name, None)
        yield from samples
    for view in views:
        if view.questions is not None:
            check_complete([], {model: range(view.samples)}, [name for name in missing if order[name] < view.questions])


def read_solutions(pools: Pools) -> Iterator[dict]:
    """The solutions of all blocks, in the order of `read_shards`; UserError if the verdicts are of other solutions."""
    for blocks in pools.shards:
        for block in blocks:
            for solution, _ in join(*block_files(pools, block)):
                yield solution


def check_joined(pools: Pools, blocks: Iterable[str]) -> None:
    """UserError if verdicts are of other solutions: a clearer message than that some are missing."""
    for block in blocks:
        for _ in join(*block_files(pools, block)):
            pass


def lookups_of(pool: PoolSamples, all_right: bool) -> Iterator[Callable[[list[Sample]], None]]:
    """Adds a judge's verdicts to the samples of a shard."""
    pools, only = pool.pools, pool.only
    views = {model: View(numbers.stop, None if only is None else len(only)) for model, numbers in pool.numbers.items()}
    if pools.judgements and all_right:
        yield look_up_all_right(pools.judgements, views).add
    elif pools.judgements:
        yield look_up_choice(pools.judgements, views, pool).add
        yield mark_unjudged
    if pools.filter_judgements:
        yield look_up_every(pools.filter_judgements, views).add


def mark_unjudged(samples: list[Sample]) -> None:
    """Right answers that were not chosen for a judge."""
    for sample in samples:
        if sample.verdict == CORRECT and sample.reasoning is None:
            sample.reasoning = NOT_JUDGED


def join(
    solution_file: str, verdict_file: str, *keys: str, require: tuple[str, ...] = ()
) -> Iterator[tuple[dict, dict]]:
    """(solution, its verdict) of both files; UserError unless they name the same samples in the same order."""
    solutions = iterate_rows(solution_file, require=(*SOLUTION, *require))
    verdicts = iterate_rows(verdict_file, require=("problem", "sample", *keys))
    for solution in solutions:
        verdict = next(verdicts, None)
        if verdict is None or coordinates(solution) != coordinates(verdict):
            break
        yield solution, verdict
    else:
        if next(verdicts, None) is None:
            return
    raise not_of(solution_file, verdict_file)


def not_of(solution_file: str, verdict_file: str) -> UserError:
    return UserError(f"{verdict_file}: not the verdicts of {solution_file}, grade it again")


def coordinates(row: dict) -> tuple[str, int]:
    return row["problem"], row["sample"]


def check_complete(pool: Iterable[Sample], numbers: dict[str, range], questions: Iterable[str] | None = None) -> None:
    """Raise UserError unless every question has exactly the samples that the arm needs of each model.

    numbers: those of the samples of each model. questions: those that the arm uses, or None for all that any model
    answered.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for sample in pool:
        found.setdefault((sample.model, sample.problem), []).append(sample.sample)
    if questions is None:
        questions = list(dict.fromkeys(problem for _, problem in found))
    for model, wanted in numbers.items():
        for question in questions:
            samples = sorted(found.get((model, question), []))
            number = wanted.stop - wanted.start  # no len(): a view may ask for more than any list holds
            if len(samples) != number or samples != list(wanted):
                count = "twice the same" if len(set(samples)) < len(samples) else len(samples)
                first = f" from number {wanted.start} on" if wanted.start else ""
                raise UserError(f"pool of {model!r}: {count} samples of {question!r}, the arm needs {number}{first}")
