"""From estimates to verdicts: one comparison, a claim of several, and all claims together.

A verdict on a claim can be wrong in one way only: that it holds where some comparison fails, or that it fails where all
hold. That it holds is an intersection-union test (Berger 1982, Technometrics 24): the largest p of its comparisons,
none of which needs a correction. That it fails takes one comparison whose opposite holds: the smallest p, times their
number (Bonferroni).

The level is divided between both verdicts. The verdict that the claim fails gets half of the level. If a claim has k
comparisons and one of them lies at the boundary, that one uses 1/(2k) of the level. The verdict that the claim holds
gets the rest, 1 - 1/(2k). So a claim of one comparison is decided by its 95 % interval. Holm's correction (1979,
Scandinavian Journal of Statistics 6) over the claims that can be decided keeps the chance of any wrong verdict below
alpha.
"""

import math
from dataclasses import dataclass, field

from yetbetter.claims.columns import CONTRADICTED, INCONCLUSIVE, NOT_RUN, REPRODUCED
from yetbetter.claims.rules import Claim
from yetbetter.claims.tested import Tested, word
from yetbetter.stats.contrasts import FEWEST

UNKNOWN = "one seed, so the noise between seeds is not known"


@dataclass
class Outcome:
    """A claim's verdict. tested: what could be; missing: why it could not be run, or what was left out of it."""

    claim: Claim
    tested: list[Tested] = field(default_factory=list)
    missing: str = ""
    left_out: str = ""
    verdict: str = NOT_RUN
    reason: str = ""
    p: float = math.nan
    p_holm: float = math.nan
    decided_by: Tested | None = None

    @property
    def p_holds(self) -> float:
        """The whole claim holds: all its comparisons do, so none may rest on one seed."""
        return max(tested.p_for if tested.decidable else 1.0 for tested in self.tested)

    @property
    def p_fails(self) -> float:
        return min(1.0, len(self.tested) * min(each.p_against if each.decidable else 1.0 for each in self.tested))

    @property
    def share_for(self) -> float:
        """The part of the level for the verdict that the claim holds. The verdict that it fails always has half."""
        return 1 - 1 / (2 * len(self.tested))

    @property
    def run(self) -> bool:
        return bool(self.tested) and not self.missing

    @property
    def decidable(self) -> bool:
        return self.run and any(tested.decidable for tested in self.tested)


def holm(p_values: list[float]) -> list[float]:
    """Adjusted p-values: to be held against alpha itself."""
    order = sorted(range(len(p_values)), key=lambda number: p_values[number])
    adjusted, largest = [1.0] * len(p_values), 0.0
    for rank, number in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[number]))
        adjusted[number] = largest
    return adjusted


def give_verdicts(outcomes: list[Outcome], alpha: float) -> None:
    """Sets verdict, reason, p and p_holm of every claim, and the comparison that decides it."""
    family = [outcome for outcome in outcomes if outcome.decidable]
    for outcome in family:
        outcome.p = min(1.0, outcome.p_holds / outcome.share_for, 2 * outcome.p_fails)
    for outcome, adjusted in zip(family, holm([outcome.p for outcome in family]), strict=True):
        outcome.p_holm = adjusted
    for outcome in outcomes:
        if not outcome.run:
            outcome.reason = outcome.claim.not_run or outcome.missing
            continue
        if outcome.decidable and outcome.p_holm <= alpha:
            outcome.verdict = REPRODUCED if outcome.p_holds / outcome.share_for < 2 * outcome.p_fails else CONTRADICTED
        else:
            outcome.verdict = INCONCLUSIVE
        if outcome.verdict == CONTRADICTED:
            outcome.decided_by = min((each for each in outcome.tested if each.decidable), key=lambda one: one.p_against)
        else:
            outcome.decided_by = max(outcome.tested, key=lambda one: one.p_for)
        outcome.reason = explain(outcome, alpha, len(family)) + outcome.left_out


def explain(outcome: Outcome, alpha: float, family: int) -> str:
    """The verdict's reason in a sentence."""
    tested, by = outcome.tested, outcome.decided_by
    count = f"all {len(tested)} comparisons hold" if len(tested) > 1 else "it holds"
    if outcome.verdict == REPRODUCED:
        return count
    if outcome.verdict == CONTRADICTED:
        return f"{by.comparison.place}: {word(by)}"
    few = [each for each in tested if each.too_few]
    if few:
        return f"{few[0].informative} problems count for {few[0].comparison.place}, at least {FEWEST} are needed"
    if not outcome.decidable or by.one_seed:
        unknown = next((each.unknown for each in (by, *tested) if each.unknown), UNKNOWN)
        return f"{unknown}; {over_problems(outcome, alpha)}"
    verdicts = [each.verdict(alpha) for each in tested]
    if len(tested) > 1 and set(verdicts) == {REPRODUCED}:
        return f"{count} alone, not after the correction for {family} claims"
    if len(tested) == 1 and verdicts[0] != INCONCLUSIVE:
        return f"alone its interval would decide, not after the correction for {family} claims"
    open_ones = verdicts.count(INCONCLUSIVE)
    against = verdicts.count(CONTRADICTED)
    text = f"{verdicts.count(REPRODUCED)} of {len(tested)} comparisons hold"
    if against:
        text += f", {against} point the other way but not after the corrections"
    if open_ones:
        text += f", {open_ones} cannot be told"
    return f"{text}; {by.comparison.place} is the weakest"


def over_problems(outcome: Outcome, alpha: float) -> str:
    """What the intervals over problems alone say, in words: the result without any noise between seeds."""
    against = min(outcome.tested, key=lambda each: each.p_against)
    if max(each.p_for for each in outcome.tested) <= alpha * outcome.share_for:
        return "without any, it would hold"
    if len(outcome.tested) * against.p_against <= alpha / 2:
        return f"without any, its opposite would hold: {against.comparison.place}"
    return f"even without any it could not be told: {outcome.decided_by.comparison.place}"
