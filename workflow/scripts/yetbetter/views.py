"""Views of pools: the first k samples of every question, joined with their verdicts. Nothing is drawn twice."""

import argparse
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yetbetter.errors import UserError
from yetbetter.grading import CORRECT
from yetbetter.identity import differences
from yetbetter.judging import add_judgements
from yetbetter.records import read_json, read_rows

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
    instead of reasoning.
    """

    solutions: str
    verdicts: str
    reasoning: str | None
    blocks: Sequence[str]
    judgements: str | None = None

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--solutions", required=True, help="folder of the data set's pools")
        parser.add_argument("--verdicts", required=True, help="folder of their verdicts")
        parser.add_argument("--reasoning", help="folder of the checks of right-answered solutions, where there are")
        parser.add_argument("--judgements", help="folder of a judge's verdicts on them, where there are")
        parser.add_argument("--blocks", required=True, nargs="+", metavar="MODEL/BLOCK", help="blocks to read")

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Pools":
        return cls(arguments.solutions, arguments.verdicts, arguments.reasoning, arguments.blocks, arguments.judgements)


def load_view(pools: Pools, draws: dict[str, int], require: tuple[str, ...] = ()) -> list[dict]:
    """The solutions that an arm draws, each with `model`, `verdict`, and where checked `reasoning` added.

    draws: samples per question for each model. require: further keys that every row must have. Rows come in the order
    of the blocks. Raises UserError where files do not belong together, where blocks of one pool were drawn with
    different settings, or where a question has not the samples that the arm needs.
    """
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
        joined = join(solution_file, f"{pools.verdicts}/{block}.jsonl", "verdict", require)
        if pools.reasoning:
            joined = add_reasoning(joined, f"{pools.reasoning}/{block}.jsonl")
        rows += [row | {"model": model} for row in joined if row["sample"] < draws[model]]
    check_complete(rows, draws)
    return add_judgements(rows, pools.judgements, draws) if pools.judgements else rows


def join(solution_file: str, verdict_file: str, key: str, require: tuple[str, ...] = ()) -> list[dict]:
    """Rows of both files side by side; they must name the same samples in the same order."""
    solutions = read_rows(solution_file, require=(*SOLUTION, *require))
    verdicts = read_rows(verdict_file, require=("problem", "sample", key))
    if [coordinates(row) for row in solutions] != [coordinates(row) for row in verdicts]:
        raise UserError(f"{verdict_file}: not the verdicts of {solution_file}, grade it again")
    return [row | {key: verdict[key]} for row, verdict in zip(solutions, verdicts, strict=True)]


def add_reasoning(rows: list[dict], path: str) -> list[dict]:
    """Rows with `reasoning` added; the file must hold a check of every right-answered solution, and no other."""
    checks = {coordinates(row): row["reasoning"] for row in read_rows(path, require=("problem", "sample", "reasoning"))}
    if checks.keys() != {coordinates(row) for row in rows if row["verdict"] == CORRECT}:
        raise UserError(f"{path}: not the checks of the right-answered solutions of its block, check them again")
    return [row | {"reasoning": checks.get(coordinates(row))} for row in rows]


def coordinates(row: dict) -> tuple[str, int]:
    return row["problem"], row["sample"]


def check_complete(rows: list[dict], draws: dict[str, int]) -> None:
    """Every question that any model answered has exactly the samples 0, 1, … that the arm needs of each model."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        found.setdefault((row["model"], row["problem"]), []).append(row["sample"])
    questions = dict.fromkeys(row["problem"] for row in rows)
    for model, wanted in draws.items():
        for question in questions:
            samples = sorted(found.get((model, question), []))
            if samples != list(range(wanted)):
                count = "twice the same" if len(set(samples)) < len(samples) else len(samples)
                raise UserError(f"pool of {model!r}: {count} samples of {question!r}, the arm needs {wanted}")
