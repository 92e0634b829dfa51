"""Verifiers in the filter: from which score on a sample is accepted."""

import math
from collections.abc import Iterable, Iterator

from yetbetter.errors import UserError
from yetbetter.judging.samples import Sample
from yetbetter.selection.filters import Filter
from yetbetter.selection.pools import Shard
from yetbetter.verdicts import CORRECT


def accept(shards: Iterable[Shard], threshold: float) -> Iterator[Shard]:
    """The shards, their samples accepted if the verifier's score is at least the threshold.

    A sample without a score, which has no text or one too long for the verifier, is not accepted.
    """
    for shard in shards:
        for sample in shard.samples:
            sample.accepted = sample.score is not None and sample.score >= threshold
        yield shard


def threshold_of(samples: Iterable[Sample], best: float, entry: Filter) -> float:
    """The score from which on the best share of the samples is accepted, all samples with an equal score together.

    samples: those of the arm; of a filter that looks at right answers, these alone are shared out. best: above 0, at
    most 1. Infinite if no sample has a score.
    """
    counted = [sample.score for sample in samples if not entry.graded or sample.verdict == CORRECT]
    scores = sorted((score for score in counted if score is not None), reverse=True)
    wanted = math.ceil(best * len(counted))
    return scores[min(wanted, len(scores)) - 1] if scores else math.inf


def check_verifications(folder: str | None, entry: Filter, name: str) -> None:
    """UserError unless a folder of scores is given to a filter that needs it, and to no other one."""
    if entry.verifier and folder is None:
        raise UserError(f"--verifications is missing, which --filter {name} needs")
    if folder is not None and not entry.verifier:
        raise UserError(f"--verifications is of no use to --filter {name}")
