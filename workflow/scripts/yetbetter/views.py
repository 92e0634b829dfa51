"""Views of pools: the first k samples of every question, joined with their verdicts. Nothing is drawn twice."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yetbetter.errors import UserError
from yetbetter.identity import differences
from yetbetter.records import iterate_rows, read_json


def solution_key(text: str) -> str:
    """What makes two solutions the same: equal text, whatever the white space. The one place that says so."""
    return " ".join(text.split())


def parse_draws(arguments: Iterable[str]) -> dict[str, int]:
    """{'wc': 3} from ['wc:3']: how many samples per question of each model."""
    draws = {}
    for argument in arguments:
        model, _, samples = argument.rpartition(":")
        if not model or not samples.isdigit():
            raise UserError(f"--draws {argument!r}: must be MODEL:SAMPLES")
        draws[model] = int(samples)
    return draws


@dataclass(frozen=True)
class Pools:
    """Where the pools of one data set lie, and which of their blocks to read.

    solutions, verdicts, reasoning: folders that hold a file {model}/{block}.jsonl each (reasoning where it was
    checked); blocks: names such as wc/questions-000000_samples-0000.
    """

    solutions: str
    verdicts: str
    reasoning: str | None
    blocks: Sequence[str]

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--solutions", required=True, help="folder of the data set's pools")
        parser.add_argument("--verdicts", required=True, help="folder of their verdicts")
        parser.add_argument("--reasoning", help="folder of the checks of right-answered solutions, where there are")
        parser.add_argument("--blocks", required=True, nargs="+", metavar="MODEL/BLOCK", help="blocks to read")

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Pools":
        return cls(arguments.solutions, arguments.verdicts, arguments.reasoning, arguments.blocks)


def load_view(pools: Pools, draws: dict[str, int]) -> list[dict]:
    """The solutions that an arm draws, each with `model`, `verdict`, and where checked `reasoning` added.

    draws: samples per question for each model. Rows come in the order of the blocks. Raises UserError where files do
    not belong together, where blocks of one pool were drawn with different settings, or where a question has not the
    samples that the arm needs.
    """
    settings: dict[str, tuple[str, dict]] = {}
    rows = []
    for block in pools.blocks:
        solution_file, about_file = f"{pools.solutions}/{block}.jsonl", f"{pools.solutions}/{block}.about.json"
        pool = read_json(about_file)["pool"]
        model = pool["model_name"]
        first_file, first = settings.setdefault(model, (about_file, pool))
        if pool != first:
            raise UserError(f"{about_file} and {first_file} are of one pool, but {differences(first, pool)}")
        if model not in draws:
            raise UserError(f"{solution_file} holds samples of {model!r}, the arm draws {', '.join(draws)}")
        joined = join(solution_file, f"{pools.verdicts}/{block}.jsonl", "verdict")
        if pools.reasoning:
            checked = iterate_rows(f"{pools.reasoning}/{block}.jsonl", require=("problem", "sample", "reasoning"))
            found = {(row["problem"], row["sample"]): row["reasoning"] for row in checked}
            joined = [row | {"reasoning": found.get((row["problem"], row["sample"]))} for row in joined]
        rows += [row | {"model": model} for row in joined if row["sample"] < draws[model]]
    check_complete(rows, draws)
    return rows


def join(solution_file: str, verdict_file: str, key: str) -> list[dict]:
    """Rows of both files side by side; they must name the same samples in the same order."""
    solutions = list(iterate_rows(solution_file, require=("problem", "sample", "text")))
    verdicts = list(iterate_rows(verdict_file, require=("problem", "sample", key)))
    coordinates = [[(row["problem"], row["sample"]) for row in rows] for rows in (solutions, verdicts)]
    if coordinates[0] != coordinates[1]:
        raise UserError(f"{verdict_file}: not the verdicts of {solution_file}, grade it again")
    return [row | {key: verdict[key]} for row, verdict in zip(solutions, verdicts, strict=True)]


def check_complete(rows: list[dict], draws: dict[str, int]) -> None:
    counts: dict[tuple, set] = {}
    for row in rows:
        counts.setdefault((row["model"], row["problem"]), set()).add(row["sample"])
    for (model, problem), samples in counts.items():
        if len(samples) != draws[model]:
            raise UserError(f"pool of {model!r}: {len(samples)} samples of {problem!r}, the arm needs {draws[model]}")
    missing = set(draws) - {row["model"] for row in rows}
    if missing:
        raise UserError(f"no samples of {', '.join(sorted(missing))} among the solution files")
