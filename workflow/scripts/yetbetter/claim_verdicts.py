"""From estimates to verdicts: one comparison, a claim of several, and all claims together.

A verdict on a claim can be wrong in one way only: that it holds where some comparison fails, or that it fails where all
hold. That it holds is an intersection-union test (Berger 1982, Technometrics 24): the largest p of its comparisons,
none of which needs a correction. That it fails takes one comparison whose opposite holds: the smallest p, times their
number (Bonferroni). p is twice the smaller of the two, so that a claim of one comparison is decided by its 95 %
interval; Holm's correction (1979, Scandinavian Journal of Statistics 6) over the claims that can be decided keeps the
chance of any wrong verdict below alpha.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property

from yetbetter.claim_rules import AT_MOST, GREATER, LESS, SAME_SIGN, SIMILAR, UNITS, Claim, Comparison
from yetbetter.claim_tables import CONTRADICTED, INCONCLUSIVE, NOT_RUN, REPRODUCED
from yetbetter.contrasts import FEWEST, Estimate
from yetbetter.distributions import t_below, t_quantile


@dataclass(frozen=True)
class Tested:
    """A comparison with what was found for it. estimates: one for each of its contrasts, in the metric's own scale.

    printed: what the paper printed for each contrast, in the same scale, NaN where nothing.
    """

    comparison: Comparison
    estimates: tuple[Estimate, ...]
    cells: tuple[str, ...]
    printed: tuple[float, ...] = ()

    @property
    def margin(self) -> float:
        """In the scale of the estimates."""
        if self.comparison.in_percent:
            return math.log1p(self.comparison.margin / 100)
        return self.comparison.margin / UNITS[self.comparison.metric][1]

    def shown(self, value: float) -> float:
        """In the comparison's unit."""
        if self.comparison.in_percent:
            return 100 * math.expm1(value)
        return value * UNITS[self.comparison.metric][1]

    @property
    def one_seed(self) -> bool:
        return any(estimate.one_seed for estimate in self.estimates)

    @property
    def informative(self) -> int:
        return min(estimate.informative for estimate in self.estimates)

    @property
    def too_few(self) -> bool:
        return self.informative < FEWEST

    @property
    def decidable(self) -> bool:
        return not self.one_seed and not self.too_few

    @cached_property
    def p_values(self) -> tuple[float, float]:
        return p_values(self)

    @property
    def p_for(self) -> float:
        """One-sided p against 'what the claim says does not hold here'."""
        return self.p_values[0]

    @property
    def p_against(self) -> float:
        """One-sided p against 'what the claim says holds here'."""
        return self.p_values[1]

    @property
    def weakest(self) -> int:
        """Which contrast's effect stands for the comparison: the one that is closer to 0 in standard errors."""
        return min(
            range(len(self.estimates)),
            key=lambda number: abs(self.estimates[number].effect) / (self.estimates[number].error or 1e-12),
        )

    def verdict(self, alpha: float) -> str:
        """Of this comparison alone, not corrected for others: by its interval."""
        if not self.decidable:
            return INCONCLUSIVE
        return decide(self.p_for, self.p_against, alpha / 2)


def p_above(estimate: Estimate, boundary: float) -> float:
    """One-sided p for: the difference is larger than the boundary. 1 where nothing varies and it is not."""
    distance = estimate.effect - boundary
    if estimate.error == 0:
        return 0.0 if distance > 0 else 1.0
    return t_below(-distance / estimate.error, estimate.freedom)


def p_below(estimate: Estimate, boundary: float) -> float:
    distance = boundary - estimate.effect
    if estimate.error == 0:
        return 0.0 if distance > 0 else 1.0
    return t_below(-distance / estimate.error, estimate.freedom)


def p_values(tested: Tested) -> tuple[float, float]:
    """(p that what the claim says holds, p that its opposite does), one-sided both."""
    first, margin = tested.estimates[0], tested.margin
    match tested.comparison.relation:
        case "greater":
            return p_above(first, margin), p_below(first, margin)
        case "less":
            return p_below(first, -margin), p_above(first, -margin)
        case "at_most":
            return p_below(first, margin), p_above(first, margin)
        case "similar":  # two one-sided tests (Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15)
            outside = min(p_above(first, margin), p_below(first, -margin))
            return max(p_below(first, margin), p_above(first, -margin)), min(1.0, 2 * outside)
        case "same_sign":
            second = tested.estimates[1]
            up, down = [p_above(each, 0) for each in (first, second)], [p_below(each, 0) for each in (first, second)]
            same = min(max(up), max(down))
            other = min(max(up[0], down[1]), max(down[0], up[1]))
            return min(1.0, 2 * same), min(1.0, 2 * other)
    raise ValueError(tested.comparison.relation)


def decide(p_for: float, p_against: float, level: float) -> str:
    if min(p_for, p_against) > level:
        return INCONCLUSIVE
    return REPRODUCED if p_for < p_against else CONTRADICTED


def interval(tested: Tested, number: int, alpha: float = 0.05) -> tuple[float, float, float]:
    """Effect and two-sided interval of a contrast, in the comparison's unit."""
    estimate = tested.estimates[number]
    half = t_quantile(1 - alpha / 2, round(estimate.freedom, 1)) * estimate.error
    return tuple(tested.shown(estimate.effect + shift) for shift in (0.0, -half, half))


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
        outcome.p = min(1.0, 2 * min(outcome.p_holds, outcome.p_fails))
    for outcome, adjusted in zip(family, holm([outcome.p for outcome in family]), strict=True):
        outcome.p_holm = adjusted
    for outcome in outcomes:
        if not outcome.run:
            outcome.reason = outcome.claim.not_run or outcome.missing
            continue
        if outcome.decidable and outcome.p_holm <= alpha:
            outcome.verdict = REPRODUCED if outcome.p_holds < outcome.p_fails else CONTRADICTED
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
        return f"one seed, so the noise between finetunings is not known; {over_problems(outcome, alpha)}"
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
    """What the intervals over problems alone would say, were there no noise between finetunings."""
    against = min(outcome.tested, key=lambda each: each.p_against)
    if max(each.p_for for each in outcome.tested) <= alpha / 2:
        return "without any, it would hold"
    if len(outcome.tested) * against.p_against <= alpha / 2:
        return f"without any, its opposite would hold: {against.comparison.place}"
    return f"even without any it could not be told: {outcome.decided_by.comparison.place}"


def word(tested: Tested) -> str:
    """What was found instead of what the claim says, for example '-4.7 points [-7.1, -2.4]'."""
    comparison = tested.comparison
    if comparison.relation == SAME_SIGN:
        effects = [tested.shown(estimate.effect) for estimate in tested.estimates]
        return f"{effects[0]:+.1f} and {effects[1]:+.1f} {comparison.unit}, so the winner changes"
    effect, low, high = interval(tested, 0)
    unit = {"percent": "percent", "points": "points"}.get(comparison.unit, comparison.unit)
    text = (
        f"{effect:+.2g} {unit} [{low:+.2g}, {high:+.2g}]"
        if abs(effect) < 1
        else (f"{effect:+.1f} {unit} [{low:+.1f}, {high:+.1f}]")
    )
    asked = {GREATER: "more than +", LESS: "less than -", AT_MOST: "less than +", SIMILAR: "within +-"}
    if comparison.margin or comparison.relation in (AT_MOST, SIMILAR):
        text += f", where {asked[comparison.relation]}{comparison.margin:g} was claimed"
    return text
