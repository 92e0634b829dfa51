"""Views of pools: the first k samples of every question, joined with their verdicts. Nothing is drawn twice."""

import argparse
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yetbetter.errors import UserError
from yetbetter.identity import differences
from yetbetter.judging.judgements import View, add_filter_verdicts, add_judgements
from yetbetter.records import read_json, read_rows
from yetbetter.verdicts import CORRECT

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
    """Where the pools of one data set lie, and which of their blocks to read.

    solutions, verdicts, reasoning: folders that hold a file {model}/{block}.jsonl each (reasoning where it was
    checked); blocks: names such as wc/questions-000000_samples-0000. judgements: folder with a judge's {model}.jsonl,
    instead of reasoning; filter_judgements: the same of a judge that filters.
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


def load_view(
    pools: Pools,
    draws: dict[str, int],
    require: tuple[str, ...] = (),
    questions: Sequence[str] | None = None,
    answers: bool = False,
    all_right: bool = False,
) -> list[dict]:
    """The solutions that an arm draws, each with `model`, `verdict`, and where checked `reasoning` added.

    draws: samples per question for each model. require: further keys that every row must have. questions: names of the
    only ones that the arm looks at. answers: add the `answer` that was read from each. all_right: a judge must have
    looked at all right answers. Rows come in the order of the blocks. Raises UserError where files do not belong
    together, where blocks of one pool were drawn with different settings, or where a question has not the samples that
    the arm needs.
    """
    rows = load_blocks(pools, draws, require, ("verdict", "answer") if answers else ("verdict",))
    if questions is not None:
        only = frozenset(questions)
        rows = [row for row in rows if row["problem"] in only]
    check_complete(rows, draws, questions)
    views = {model: View(samples, None if questions is None else len(questions)) for model, samples in draws.items()}
    if pools.judgements:
        rows = add_judgements(rows, pools.judgements, views, all_right)
    return add_filter_verdicts(rows, pools.filter_judgements, views) if pools.filter_judgements else rows


def load_blocks(
    pools: Pools, draws: dict[str, int], require: tuple[str, ...] = (), keys: tuple[str, ...] = ("verdict",)
) -> list[dict]:
    """The first samples of each question in the blocks, joined with these keys of their verdicts and with checks."""
    settings: dict[str, tuple[str, dict]] = {}
    rows = []
    for block in pools.blocks:
        solution_file, about_file = f"{pools.solutions}/{block}.jsonl", f"{pools.solutions}/{block}.about.json"
        pool = read_json(about_file, require=("pool",))["pool"]
        model = pool.get("model_name")
        if model is None:
            raise UserError(f"{about_file}: no 'model_name' in its pool")
        first_file, first = settings.setdefault(model, (about_file, pool))
        if pool != first:
            raise UserError(f"{about_file} and {first_file} are of one pool, but {differences(first, pool)}")
        if model not in draws:
            raise UserError(f"{solution_file} holds samples of {model!r}, the arm draws {', '.join(draws)}")
        joined = join(solution_file, f"{pools.verdicts}/{block}.jsonl", *keys, require=require)
        if pools.reasoning:
            joined = add_reasoning(joined, f"{pools.reasoning}/{block}.jsonl")
        rows += [row | {"model": model} for row in joined if row["sample"] < draws[model]]
    return rows


def join(solution_file: str, verdict_file: str, *keys: str, require: tuple[str, ...] = ()) -> list[dict]:
    """Rows of both files side by side; they must name the same samples in the same order."""
    solutions = read_rows(solution_file, require=(*SOLUTION, *require))
    verdicts = read_rows(verdict_file, require=("problem", "sample", *keys))
    if [coordinates(row) for row in solutions] != [coordinates(row) for row in verdicts]:
        raise UserError(f"{verdict_file}: not the verdicts of {solution_file}, grade it again")
    return [row | {key: verdict[key] for key in keys} for row, verdict in zip(solutions, verdicts, strict=True)]


def add_reasoning(rows: list[dict], path: str) -> list[dict]:
    """Rows with `reasoning` added; the file must hold a check of every right-answered solution, and no other."""
    checks = {coordinates(row): row["reasoning"] for row in read_rows(path, require=("problem", "sample", "reasoning"))}
    if checks.keys() != {coordinates(row) for row in rows if row["verdict"] == CORRECT}:
        raise UserError(f"{path}: not the checks of the right-answered solutions of its block, check them again")
    return [row | {"reasoning": checks.get(coordinates(row))} for row in rows]


def coordinates(row: dict) -> tuple[str, int]:
    return row["problem"], row["sample"]


def check_complete(rows: list[dict], draws: dict[str, int], questions: Sequence[str] | None = None) -> None:
    """Every question has exactly the samples 0, 1, … that the arm needs of each model.

    questions: those that the arm looks at, or None for all that any model answered.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        found.setdefault((row["model"], row["problem"]), []).append(row["sample"])
    if questions is None:
        questions = list(dict.fromkeys(row["problem"] for row in rows))
    for model, wanted in draws.items():
        for question in questions:
            samples = sorted(found.get((model, question), []))
            if samples != list(range(wanted)):
                count = "twice the same" if len(set(samples)) < len(samples) else len(samples)
                raise UserError(f"pool of {model!r}: {count} samples of {question!r}, the arm needs {wanted}")
