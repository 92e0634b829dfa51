"""An arm's view of pools: the first k samples of every question, with their verdicts, read shard by shard.

A pool is blocks of (question shard x sample block). The verdicts of one shard are held, and one text at a time: memory
grows neither with the number of questions nor with the length of texts.
"""

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from yetbetter.errors import UserError
from yetbetter.identity import differences
from yetbetter.judging.judgements import View, check_text, look_up_all_right, look_up_choice, look_up_every
from yetbetter.records import iterate_rows, read_json, read_rows
from yetbetter.verdicts import CORRECT, NOT_JUDGED

SOLUTION = ("problem", "sample", "text", "finish_reason")


def solution_key(text: str) -> str:
    """What makes two solutions the same: equal text, whatever the white space. The one place that says so."""
    return " ".join(text.split())


def parse_draws(arguments: Iterable[str]) -> dict[str, int]:
    """{'wc': 3} from ['wc:3']: how many samples per question of each model."""
    draws: dict[str, int] = {}
    for argument in arguments:
        model, _, samples = argument.rpartition(":")
        if not model or not re.fullmatch("[1-9][0-9]*", samples):
            raise UserError(f"--draws {argument!r}: must be MODEL:SAMPLES, at least one sample")
        if model in draws:
            raise UserError(f"--draws: {model!r} stands twice")
        draws[model] = int(samples)
    return draws


@dataclass(frozen=True)
class Pools:
    """Where the pools of one data set are, and which of their blocks to read.

    solutions, verdicts, reasoning: folders that hold a file {model}/{block}.jsonl each (reasoning if it was checked);
    blocks: names such as wc/questions-000000_samples-0000. judgements: folder with a judge's {model}.jsonl, instead of
    reasoning; filter_judgements: the same of a judge that filters.
    """

    solutions: str
    verdicts: str
    reasoning: str | None
    blocks: Sequence[str]
    judgements: str | None = None
    filter_judgements: str | None = None

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--solutions", required=True, help="folder of the data set's pools")
        parser.add_argument("--verdicts", required=True, help="folder of their verdicts")
        parser.add_argument("--reasoning", help="folder of the checks of right-answered solutions, where there are")
        parser.add_argument("--judgements", help="folder of a judge's verdicts on them, where there are")
        parser.add_argument(
            "--filter-judgements", help="folder of its verdicts without the right answer, where there are"
        )
        parser.add_argument("--blocks", required=True, nargs="+", metavar="MODEL/BLOCK", help="blocks to read")

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Pools":
        named = (arguments.solutions, arguments.verdicts, arguments.reasoning, arguments.blocks)
        return cls(*named, arguments.judgements, arguments.filter_judgements)

    @property
    def shards(self) -> list[list[str]]:
        """The blocks of each question shard, of all models."""
        found: dict[str, list[str]] = {}
        for block in self.blocks:
            found.setdefault(block.partition("/")[2].partition("_samples-")[0], []).append(block)
        return list(found.values())


class Samples:
    """The samples of an arm with their verdicts and without their texts; may be gone through several times.

    draws: samples per question of each model. questions: the only ones that the arm looks at, or None. keys: what of a
    verdict is wanted. A row has model, problem, sample and the keys. UserError if blocks of one pool were drawn with
    different settings, or are of a model that the arm does not draw from.
    """

    def __init__(
        self,
        pools: Pools,
        draws: dict[str, int],
        questions: Sequence[str] | None = None,
        keys: tuple[str, ...] = ("verdict",),
    ):
        self.pools, self.draws, self.keys = pools, draws, keys
        self.only = None if questions is None else frozenset(questions)
        self.models = read_models(pools, draws)

    def __iter__(self) -> Iterator[dict]:
        for block in self.pools.blocks:
            yield from self.of_block(block)

    def of_block(self, block: str) -> Iterator[dict]:
        rows = iterate_rows(f"{self.pools.verdicts}/{block}.jsonl", require=("problem", "sample", *self.keys))
        return (self.sample(self.models[block], row) for row in rows if self.has(self.models[block], row))

    def has(self, model: str, row: dict) -> bool:
        return row["sample"] < self.draws[model] and (self.only is None or row["problem"] in self.only)

    def sample(self, model: str, verdict: dict) -> dict:
        place = {"model": model, "problem": verdict["problem"], "sample": verdict["sample"]}
        return place | {key: verdict[key] for key in self.keys}


def read_models(pools: Pools, draws: dict[str, int]) -> dict[str, str]:
    """The model that each block is of, from the blocks' sidecars."""
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
            raise UserError(f"{about_file} and {first_file} are of one pool, but {differences(first, pool)}")
        if model not in draws:
            raise UserError(
                f"{pools.solutions}/{block}.jsonl holds samples of {model!r}, the arm draws {', '.join(draws)}"
            )
        models[block] = model
    return models


@dataclass
class Shard:
    """One shard of an arm's questions. rows: its samples without their texts, in the order of the blocks.

    A row has model, problem, sample, verdict, and as far as they were asked for `answer`, `reasoning` (None if it was
    not checked), `judged`, `judge_tokens` and `judge_prompt_tokens`.
    """

    samples: Samples
    blocks: list[str]
    rows: list[dict]
    require: tuple[str, ...] = ()

    @property
    def by_question(self) -> dict[str, list[dict]]:
        grouped: dict[str, list[dict]] = {}
        for row in self.rows:
            grouped.setdefault(row["problem"], []).append(row)
        return grouped

    def solutions(self) -> Iterator[tuple[dict, dict]]:
        """(row, solution) of each of the rows, block by block.

        solution: the row of its file. Raises UserError if verdicts, or a judge's verdicts, are not of these solutions.
        """
        rows = iter(self.rows)
        for block in self.blocks:
            model, files = self.samples.models[block], block_files(self.samples.pools, block)
            for solution, _ in join(*files, require=self.require):
                if self.samples.has(model, solution):
                    row = next(rows)
                    if "texts" in row:
                        check_text(row, solution["text"])
                    yield row, solution

    def check_texts(self) -> None:
        """UserError if a judge saw other texts than are there now; reads them only if a judge saw any."""
        if any("texts" in row for row in self.rows):
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
) -> Iterator[Shard]:
    """The samples that an arm draws, a shard of questions at a time.

    draws: samples per question for each model. questions: names of the only ones that the arm looks at. require:
    further keys that every solution must have. answers: add the `answer` that was read from each. all_right: a judge
    must have looked at all right answers. Raises UserError if files do not belong together, if blocks of one pool were
    drawn with different settings, or if a question does not have the samples that the arm needs.
    """
    samples = Samples(pools, draws, questions, ("verdict", "answer") if answers else ("verdict",))
    lookups = list(lookups_of(samples, all_right))
    seen: set[str] = set()
    for blocks in pools.shards:
        shard = Shard(samples, blocks, [], require)
        for block in blocks:
            shard.rows += checked_rows(samples, block) if pools.reasoning else samples.of_block(block)
        found = dict.fromkeys(row["problem"] for row in shard.rows)
        for question in found:
            if question in seen:
                raise UserError(
                    f"{block_files(pools, blocks[0])[0]}: {question!r} is in the blocks of another shard too"
                )
        try:
            check_complete(shard.rows, draws, found)
        except UserError:
            for block in blocks:  # verdicts of other solutions explain more
                for _ in join(*block_files(pools, block)):
                    pass
            raise
        seen.update(found)
        for lookup in lookups:
            lookup(shard.rows)
        yield shard
    check_complete([], draws, [question for question in questions or () if question not in seen])


def lookups_of(samples: Samples, all_right: bool) -> Iterator[Callable[[list[dict]], None]]:
    """What adds a judge's verdicts to the rows of a shard."""
    pools, only = samples.pools, samples.only
    views = {model: View(count, None if only is None else len(only)) for model, count in samples.draws.items()}
    if pools.judgements and all_right:
        yield look_up_all_right(pools.judgements, views).add
    elif pools.judgements:
        yield look_up_choice(pools.judgements, views, samples).add
        yield mark_unjudged
    if pools.filter_judgements:
        yield look_up_every(pools.filter_judgements, views).add


def mark_unjudged(rows: list[dict]) -> None:
    """Right answers that were not chosen for a judge."""
    for row in rows:
        if row["verdict"] == CORRECT:
            row.setdefault("reasoning", NOT_JUDGED)


def checked_rows(samples: Samples, block: str) -> Iterator[dict]:
    """A block's samples with `reasoning`; its checks must be those of every right-answered solution, and no other."""
    path = f"{samples.pools.reasoning}/{block}.jsonl"
    checks = {coordinates(row): row["reasoning"] for row in read_rows(path, require=("problem", "sample", "reasoning"))}
    model, right, rows = samples.models[block], set(), []
    verdict_file = block_files(samples.pools, block)[1]
    for row in iterate_rows(verdict_file, require=("problem", "sample", *samples.keys)):
        if row["verdict"] == CORRECT:
            right.add(coordinates(row))
        if samples.has(model, row):
            rows.append(samples.sample(model, row) | {"reasoning": checks.get(coordinates(row))})
    if checks.keys() != right:
        raise UserError(f"{path}: not the checks of the right-answered solutions of its block, check them again")
    return rows


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
    raise UserError(f"{verdict_file}: not the verdicts of {solution_file}, grade it again")


def coordinates(row: dict) -> tuple[str, int]:
    return row["problem"], row["sample"]


def check_complete(rows: Iterable[dict], draws: dict[str, int], questions: Iterable[str] | None = None) -> None:
    """Every question has exactly the samples 0, 1, … that the arm needs of each model.

    questions: those that the arm looks at, or None for all that any model answered.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        found.setdefault((row["model"], row["problem"]), []).append(row["sample"])
    if questions is None:
        questions = list(dict.fromkeys(problem for _, problem in found))
    for model, wanted in draws.items():
        for question in questions:
            samples = sorted(found.get((model, question), []))
            if samples != list(range(wanted)):
                count = "twice the same" if len(set(samples)) < len(samples) else len(samples)
                raise UserError(f"pool of {model!r}: {count} samples of {question!r}, the arm needs {wanted}")
