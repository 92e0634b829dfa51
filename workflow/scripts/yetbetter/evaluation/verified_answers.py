"""Verifiers after finetuning: the best-scored of k sampled answers, and a vote in which scores are weights.

Best-of-k is the unbiased estimator over the pool of a problem's samples (V-STaR); the weighted vote sums the scores of
equal answers (Math-Shepherd, section 3.4).
"""

from collections.abc import Callable, Mapping, Sequence

from yetbetter.errors import UserError
from yetbetter.evaluation.benchmarks import SAMPLED
from yetbetter.records import iterate_rows
from yetbetter.stats.best_of import best_of, weighted_majority
from yetbetter.stats.estimators import coverage
from yetbetter.verdicts import CORRECT

# How many of a problem's samples are looked at, for every number up to that of the samples; as for maj@k.
COUNTS = (1, 4, 8, 16)
# What a metric of scores is called, before "@k", and what follows it with the verifier's name.
BEST, WEIGHTED, SOLVED = "best", "weighted", "solved"


class VerifiedAnswers:
    """The scores that verifiers gave to a model's sampled answers. paths: by the verifier's name."""

    def __init__(self, paths: Mapping[str, str]):
        self.paths = paths
        self.scores = {name: read_scores(path) for name, path in paths.items()}

    def of(self, benchmark: str, problem: str, samples: int) -> dict[str, list[float | None]]:
        """Verifier -> the scores of a problem's samples, in order. UserError if they are not of all samples."""
        found = {}
        for name, scores in self.scores.items():
            own = scores.get((benchmark, problem), {})
            if own.keys() != set(range(samples)):
                raise UserError(
                    f"{self.paths[name]}: {len(own)} scores of the {samples} sampled answers to {problem!r} of"
                    f" {benchmark}, score them again"
                )
            found[name] = [own[sample] for sample in range(samples)]
        return found


def read_scores(path: str) -> dict[tuple[str, str], dict[int, float | None]]:
    found: dict[tuple[str, str], dict[int, float | None]] = {}
    for row in iterate_rows(path, require=("benchmark", "decoding", "problem", "sample", "score")):
        if row["decoding"] == SAMPLED:
            found.setdefault((row["benchmark"], row["problem"]), {})[row["sample"]] = row["score"]
    return found


def score_verified(
    rows: Sequence[dict], scores: Mapping[str, Sequence[float | None]], vote_of: Callable[[dict], object] | None
) -> dict[str, float]:
    """Metrics of a problem's sampled answers: solved@k, and for each verifier best@k and, if answers vote, weighted@k.

    rows: the verdict rows of its samples. scores: by verifier; None for an answer that it could not score, which does
    not vote. vote_of: what an answer votes for, None for no vote.
    """
    right = [row["verdict"] == CORRECT for row in rows]
    counts = [k for k in COUNTS if k <= len(rows)]
    found = {f"{SOLVED}@{k}": float(coverage(len(rows), [sum(right)], k)[0]) for k in counts}
    for name, own in scores.items():
        found |= {f"{BEST}@{k}:{name}": best_of(own, right, k) for k in counts}
        if vote_of:
            votes = [vote_of(row) for row in rows]
            found |= {f"{WEIGHTED}@{k}:{name}": weighted_majority(votes, right, own, k) for k in counts}
    return found
