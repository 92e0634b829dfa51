"""What an arm drew and kept of each question: all that measuring needs to know about the solutions' texts.

The first line of the file identifies its inputs (`belonging`) and has the SHA-256 of the other lines (rows). Then
follows a row for each question and model, in the order of the shards: problem, model, trained (numbers of the samples
in the training data), distinct (those of them that are the first right answer of their text), tokens, prompt_tokens (of
the question, which is read once), empty and cut (numbers of samples without text, and cut at the length limit).
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.identity import fingerprint
from yetbetter.judging.samples import Sample
from yetbetter.records import digest_of, dump_row, iterate_rows, read_json, write_text
from yetbetter.selection.pools import Pools, Shard, block_files, parse_draws
from yetbetter.selection.training_data import Choice

# Keys that a solution must have.
REQUIRED = ("tokens", "prompt_tokens")
# Keys of a block's sidecar that say what its samples are.
SAMPLES = ("pool", "block", "counts", "completion_tokens", "prompt_tokens")
COLUMNS = ("problem", "model", "trained", "distinct", *REQUIRED, "empty", "cut")


class Drawn:
    """Collects the rows of one shard."""

    def __init__(self):
        self.found: dict[tuple[str, str], dict] = {}

    @property
    def rows(self) -> list[dict]:
        return list(self.found.values())

    def add(self, sample: Sample, solution: dict) -> None:
        """sample, solution: as `Selection.choose` gives them."""
        place = sample.problem, sample.model
        found = self.found.get(place)
        if found is None:
            numbers = {"trained": [], "distinct": [], "tokens": 0, "prompt_tokens": 0, "empty": 0, "cut": 0}
            found = self.found[place] = {"problem": sample.problem, "model": sample.model} | numbers
        if sample.trained:
            found["trained"].append(sample.sample)
        if sample.distinct:
            found["distinct"].append(sample.sample)
        found["tokens"] += solution["tokens"]
        found["prompt_tokens"] = solution["prompt_tokens"]
        found["empty"] += not solution["text"].strip()
        found["cut"] += solution["finish_reason"] == "length"


def belonging(arguments: argparse.Namespace, training_data: str) -> dict:
    """Everything that what was drawn and kept depends on; a file with other inputs must not be used.

    arguments: those of `add_arm_arguments`. training_data: SHA-256 of the resulting training data.
    """
    pools = Pools.of(arguments)
    blocks = {}
    for block in pools.blocks:
        about, (_, verdicts) = read_json(f"{pools.solutions}/{block}.about.json"), block_files(pools, block)
        # Of the sidecar what the samples are, not when and where they were drawn: equal runs write equal files.
        blocks[block] = [{key: about.get(key) for key in SAMPLES}, digest_of(verdicts)]
    choice = asdict(Choice.of(arguments))
    # Files made before these keys existed stay valid.
    if choice["words"] is None:
        del choice["words"]
    if pools.verifications is None:
        del choice["threshold"], choice["best"]
    return {
        "training_data": training_data,
        "draws": parse_draws(arguments.draws),
        **({"repetition": arguments.repetition} if arguments.repetition else {}),
        # The order of the models decides what is looked at.
        **({"stop_after": [arguments.stop_after, *arguments.draws]} if arguments.stop_after is not None else {}),
        **({"groups": arguments.groups} if arguments.groups else {}),
        "questions": arguments.questions,
        "choice": choice,
        "blocks": fingerprint(blocks),
    }


def write_drawn(path: str | Path, belongs: dict, rows: list[str]) -> None:
    """rows: lines of JSON without line ends."""
    lines = [row + "\n" for row in rows]
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode())
    write_text(path, [dump_row(belongs | {"rows": digest.hexdigest()}) + "\n", *lines])


def find_drawn(path: str | Path, belongs: dict) -> "DrawnFile | None":
    """The file at `path`, or None if it is missing, incomplete, or has other inputs."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            first = json.loads(file.readline())
            for line in file:
                digest.update(line)
    except (OSError, ValueError):
        return None
    return DrawnFile(path) if first == belongs | {"rows": digest.hexdigest()} else None


class DrawnFile:
    """The rows of a file, read in step with the arm's shards."""

    def __init__(self, path: str | Path):
        self.path, self.rows = path, iterate_rows(path)
        next(self.rows)

    def take(self, shard: Shard) -> list[dict]:
        """The rows of the next shard, whose samples get `trained` and `distinct`. UserError if they do not match."""
        places = list(dict.fromkeys((sample.problem, sample.model) for sample in shard.samples))
        rows = list(islice(self.rows, len(places)))
        if [(row["problem"], row["model"]) for row in rows] != places:
            raise UserError(f"{self.path}: not what was drawn for this arm, select its solutions again")
        kept = {place: (set(row["trained"]), set(row["distinct"])) for place, row in zip(places, rows, strict=True)}
        for sample in shard.samples:
            trained, distinct = kept[sample.problem, sample.model]
            sample.trained, sample.distinct = sample.sample in trained, sample.sample in distinct
        return rows


class Spent:
    """Sums over an arm: tokens of each model, and of a filter's judge.

    fixed: whether the arm looks at all these samples of every question.
    """

    def __init__(self, draws: dict[str, int], fixed: bool = True):
        self.draws, self.fixed, self.questions = draws, fixed, 0
        self.looked_at = dict.fromkeys(draws, 0)
        self.models = {model: dict.fromkeys(("questions", *COLUMNS[-4:]), 0) for model in draws}
        self.judge = {"judged": 0, "tokens": 0, "prompt_tokens": 0}

    def add(self, shard: Shard, rows: list[dict]) -> None:
        """rows: what was drawn for the shard."""
        self.questions += len({sample.problem for sample in shard.samples})
        for sample in shard.samples:
            self.looked_at[sample.model] += 1
        for row in rows:
            sums = self.models[row["model"]]
            sums["questions"] += 1
            for key in COLUMNS[-4:]:
                sums[key] += row[key]
        # A solution is judged once, for all arms.
        for judgement in (one for sample in shard.samples for one in sample.judgements):
            if judgement.tokens is not None:
                self.judge["judged"] += 1
                self.judge["tokens"] += judgement.tokens
                self.judge["prompt_tokens"] += judgement.prompt_tokens

    def summary(self, exact: list[float]) -> Iterator[dict]:
        """For each model: samples per question (also before rounding), questions, and tokens drawn.

        If they are not fixed, `samples` are the most per question, `looked_at` the samples that the arm looked at,
        and `of_questions` the questions of all models.
        """
        for (model, samples), wanted in zip(self.draws.items(), exact, strict=True):
            looked_at = {"looked_at": self.looked_at[model], "of_questions": self.questions} if not self.fixed else {}
            yield {"model": model, "samples": samples, "samples_exact": wanted} | self.models[model] | looked_at
