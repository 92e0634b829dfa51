"""What a pilot's blocks say about each model: right answers, distinct solutions, false positives, tokens, seconds."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from yetbetter.records import read_json
from yetbetter.selection.pools import Pools, read_shards, solution_key
from yetbetter.stats.coverage_forecast import Pilot
from yetbetter.verdicts import CORRECT, INVALID, VALID


@dataclass(frozen=True)
class ModelPilot:
    """One model's pilot. multiplicities: per question, how often each distinct correct solution was drawn.

    groups: level and subject of every question, those that all questions have.
    tokens, prompt_tokens, seconds: means per sample; seconds is NaN if unknown. checked, wrong: correct answers whose
    reasoning was checked, and those of them with wrong reasoning.
    """

    model: str
    counts: Pilot
    multiplicities: list[list[int]]
    tokens: float
    prompt_tokens: float
    seconds: float
    checked: int
    wrong: int
    groups: dict[str, list[str]] = field(default_factory=dict)

    @property
    def false_positives(self) -> float:
        """Share of correct answers with wrong reasoning; NaN if none was checked."""
        return self.wrong / self.checked if self.checked else math.nan


def read_pilots(pools: Pools, models: Sequence[str], samples: int, problems: list[dict]) -> list[ModelPilot]:
    """The pilots of models that answered the same questions equally often.

    problems: rows of the pilot's questions with `problem`, `level` and perhaps `subject` (None if unknown). Raises
    UserError as `read_shards` does.
    """
    names = [row["problem"] for row in problems]
    right: dict[str, dict[str, Counter]] = {model: {name: Counter() for name in names} for model in models}
    sums = {model: Counter() for model in models}
    shards = read_shards(pools, dict.fromkeys(models, samples), names, ("tokens", "prompt_tokens"))
    for shard in shards:
        for sample, solution in shard.solutions():
            total = sums[sample.model]
            total["tokens"] += solution["tokens"]
            total["prompt_tokens"] += solution["prompt_tokens"]
            if sample.verdict == CORRECT:
                right[sample.model][sample.problem][solution_key(solution["text"])] += 1
                total["checked"] += sample.reasoning in (VALID, INVALID)
                total["wrong"] += sample.reasoning == INVALID
    levels = [row["level"] for row in problems]
    known = None if any(level is None for level in levels) else levels
    values = {by: [row.get(by) for row in problems] for by in ("level", "subject")}
    groups = {by: list(map(str, own)) for by, own in values.items() if None not in own}
    drawn = samples * len(names)
    return [
        ModelPilot(
            model,
            Pilot(samples, [sum(right[model][name].values()) for name in names], known),
            [list(right[model][name].values()) for name in names],
            sums[model]["tokens"] / drawn,
            sums[model]["prompt_tokens"] / drawn,
            seconds_per_sample(pools, model),
            sums[model]["checked"],
            sums[model]["wrong"],
            groups,
        )
        for model in models
    ]


def seconds_per_sample(pools: Pools, model: str) -> float:
    """What the model's blocks took, by their sidecars; NaN if one does not say. Other work on the machine counts."""
    seconds = drawn = 0.0
    for block in pools.blocks:
        about = read_json(f"{pools.solutions}/{block}.about.json", require=("pool",))
        if about["pool"].get("model_name") != model:
            continue
        try:
            seconds += about["seconds"]
            drawn += about["counts"]["samples"]
        except (KeyError, TypeError):  # a sidecar by hand
            return math.nan
    return seconds / drawn if drawn else math.nan
