"""Allocations by level or by subject: for each group of questions the model of a pair that covers more of them.

A pilot that chooses the models and then shows their coverage is too optimistic. So the allocation is judged on
questions that did not choose it: half of the pilot chooses for the other half, and the other way round.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from yetbetter.stats.beta_binomial import beta_coverage, fit_beta
from yetbetter.stats.coverage_forecast import Difference, Pilot, Z, join_intervals
from yetbetter.stats.mixed_forecast import difference_between

FEWEST = 10  # questions that choose for a group; below, the model that is better over all questions has it
HALVES = 2

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class ByGroup:
    """model_of: of every group, as all of the pilot's questions choose. coverage: (estimate, low, high).

    ahead: minus each model alone. shares: of the pilot's questions that a model answers. right: right answers among the
    pilot's samples of these questions, over all questions' samples.
    """

    model_of: dict[str, str]
    coverage: Triple
    ahead: dict[str, Difference]
    shares: dict[str, float]
    right: dict[str, float]


def allocate(pilots: dict[str, Pilot], groups: Sequence[str], samples: dict[str, int], seed: int) -> ByGroup | None:
    """None if one model would have all groups. pilots: of two models; samples: per question of each."""
    groups = np.asarray(groups)
    model_of = assign_models(pilots, groups, samples, np.ones(len(groups), bool))
    if len(set(model_of.values())) < len(pilots):
        return None
    half = np.random.default_rng(seed).permutation(np.arange(len(groups)) % HALVES)
    answered = np.empty(len(groups), object)
    for one in range(HALVES):
        chosen = assign_models(pilots, groups, samples, half != one)
        answered[half == one] = [chosen[group] for group in groups[half == one]]
    parts = {model: np.flatnonzero(answered == model) for model in pilots}
    shares = {model: len(part) / len(groups) for model, part in parts.items()}
    forecasts = {
        model: restricted(pilots[model], part).forecast([samples[model]]) for model, part in parts.items() if len(part)
    }
    ends = [
        (shares[model], *(float(x[0]) for x in (one.estimate, one.low, one.high))) for model, one in forecasts.items()
    ]
    middle = sum(share * value for share, value, _, _ in ends)
    # How many of the pilot's questions are in each part varies, too.
    mixed = sum(share * (value - middle) ** 2 for share, value, _, _ in ends) / len(groups)
    below, above = (
        math.sqrt(sum((share * (row[side] - row[0])) ** 2 for share, *row in ends) + Z**2 * mixed) for side in (1, 2)
    )
    whole = {model: np.flatnonzero([model_of[group] == model for group in groups]) for model in pilots}
    return ByGroup(
        model_of,
        (middle, max(0.0, middle - below), min(1.0, middle + above)),
        {model: ahead_of(model, pilots, parts, samples) for model in pilots},
        {model: len(part) / len(groups) for model, part in whole.items()},
        {model: float(pilots[model].right[part].sum()) / len(groups) for model, part in whole.items()},
    )


def assign_models(
    pilots: dict[str, Pilot], groups: np.ndarray, samples: dict[str, int], by: np.ndarray
) -> dict[str, str]:
    """Group -> the model that covers most of its questions, by those questions that `by` marks."""
    overall = best(pilots, samples, np.flatnonzero(by))
    found = {}
    for group in sorted(set(groups.tolist())):
        part = np.flatnonzero(by & (groups == group))
        found[group] = best(pilots, samples, part) if len(part) >= FEWEST else overall
    return found


def best(pilots: dict[str, Pilot], samples: dict[str, int], part: np.ndarray) -> str:
    return max(pilots, key=lambda model: covered(pilots[model], part, samples[model]))


def covered(pilot: Pilot, part: np.ndarray, samples: int) -> float:
    """Coverage of some questions: unbiased within the pilot, beyond by a beta-binomial, which needs few questions."""
    if samples <= pilot.samples:
        return float(pilot.unbiased[part, samples - 1].mean())
    histogram = np.bincount(pilot.right[part], minlength=pilot.samples + 1).astype(float)
    return float(beta_coverage(fit_beta(histogram[None]), [samples])[0, 0])


def restricted(pilot: Pilot, part: np.ndarray) -> Pilot:
    return Pilot(pilot.samples, pilot.right[part], pilot.levels[part])


def ahead_of(model: str, pilots: dict[str, Pilot], parts: dict[str, np.ndarray], samples: dict[str, int]) -> Difference:
    """The allocation's coverage minus that of a model alone: they differ only where the other model answers."""
    (other,) = (name for name in pilots if name != model)
    part = parts[other]
    if not len(part):
        return Difference(0.0, 0.0, 0.0, 0.5)
    forecasts = [restricted(pilots[name], part).forecast([samples[name]]) for name in (other, model)]
    ends = [tuple(float(x[0]) for x in (one.estimate, one.low, one.high)) for one in forecasts]
    # As if both were independent: that half of the pilot chose the questions adds noise, which has no formula.
    found = join_intervals(*ends, 0.0)
    questions = len(pilots[model].right)
    share, value = len(part) / questions, found.estimate
    mixed = share * (1 - share) * value**2 / questions
    below, above = (math.sqrt((share * (end - value)) ** 2 + Z**2 * mixed) for end in (found.low, found.high))
    return difference_between(share * value, share * value - below, share * value + above)
