"""What an arm drew for each question and kept of it: all that measuring needs to know of the solutions' texts.

A file of it has a row for each question and model, in the order of the shards: problem, model, trained (numbers of the
samples that became training data), distinct (those of them that are the first right answer of their text), tokens,
prompt_tokens (of the question, which is read once), empty and cut (samples without text, and cut at the length limit).
"""

from collections.abc import Iterator
from itertools import islice

from yetbetter.errors import UserError
from yetbetter.judging.samples import Sample
from yetbetter.records import iterate_rows
from yetbetter.selection.pools import Shard

# What a solution must tell.
REQUIRED = ("tokens", "prompt_tokens")
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


class DrawnFile:
    """The rows of a file, read alongside the shards that it is of."""

    def __init__(self, path: str):
        self.path, self.rows = path, iterate_rows(path, require=COLUMNS)

    def take(self, shard: Shard) -> list[dict]:
        """The rows of the next shard, whose samples get `trained` and `distinct`. UserError if they are of others."""
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
    """Sums over an arm: tokens of each model, and what a filter's judge cost."""

    def __init__(self, draws: dict[str, int]):
        self.draws = draws
        self.models = {model: dict.fromkeys(("questions", *COLUMNS[-4:]), 0) for model in draws}
        self.judge = {"judged": 0, "tokens": 0, "prompt_tokens": 0}

    def add(self, shard: Shard, rows: list[dict]) -> None:
        """rows: what was drawn for the shard."""
        for row in rows:
            sums = self.models[row["model"]]
            sums["questions"] += 1
            for key in COLUMNS[-4:]:
                sums[key] += row[key]
        # The same solution is asked about once, whatever arms look at it.
        for judgement in (one for sample in shard.samples for one in sample.judgements):
            if judgement.tokens is not None:
                self.judge["judged"] += 1
                self.judge["tokens"] += judgement.tokens
                self.judge["prompt_tokens"] += judgement.prompt_tokens

    def summary(self, exact: list[str]) -> Iterator[dict]:
        """For each model: samples per question, before rounding too, questions, and tokens drawn."""
        for (model, samples), wanted in zip(self.draws.items(), exact, strict=True):
            yield {"model": model, "samples": samples, "samples_exact": float(wanted)} | self.models[model]
