"""One comparison of a claim with its estimates: p-values, interval, and what it says alone."""

import math
from dataclasses import dataclass
from functools import cached_property

from yetbetter.claims.columns import CONTRADICTED, INCONCLUSIVE, REPRODUCED
from yetbetter.claims.rules import AT_MOST, GREATER, LESS, SAME_SIGN, SIMILAR, Comparison
from yetbetter.measures.metrics import METRICS
from yetbetter.stats.contrasts import FEWEST, Contrast
from yetbetter.stats.distributions import t_below


@dataclass(frozen=True)
class Tested:
    """A comparison with what was found for it. estimates: one for each of its contrasts, in the metric's own scale.

    printed: what the paper printed for each contrast, in the same scale, NaN for nothing.
    """

    comparison: Comparison
    estimates: tuple[Contrast, ...]
    cells: tuple[str, ...]
    printed: tuple[float, ...] = ()

    @property
    def margin(self) -> float:
        """In the scale of the estimates."""
        if self.comparison.in_percent:
            return math.log1p(self.comparison.margin / 100)
        return self.comparison.margin / METRICS[self.comparison.metric].factor

    def shown(self, value: float) -> float:
        """In the comparison's unit."""
        if self.comparison.in_percent:
            return 100 * math.expm1(value)
        return value * METRICS[self.comparison.metric].factor

    @property
    def one_seed(self) -> bool:
        return any(estimate.one_seed for estimate in self.estimates)

    @property
    def unknown(self) -> str:
        """Why the noise between seeds is not known, in words."""
        return next((estimate.unknown for estimate in self.estimates if estimate.unknown), "")

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
        """Which contrast's effect is shown for the comparison: the one that is closer to 0 in standard errors."""
        return min(
            range(len(self.estimates)),
            key=lambda number: abs(self.estimates[number].effect) / (self.estimates[number].error or 1e-12),
        )

    def verdict(self, alpha: float) -> str:
        """Of this comparison alone, not corrected for others: by its interval."""
        if not self.decidable:
            return INCONCLUSIVE
        return decide(self.p_for, self.p_against, alpha / 2)


def p_above(estimate: Contrast, boundary: float) -> float:
    """One-sided p for: the difference is larger than the boundary. 1 if nothing varies and it is not."""
    distance = estimate.effect - boundary
    if estimate.error == 0:
        return 0.0 if distance > 0 else 1.0
    return t_below(-distance / estimate.error, estimate.freedom)


def p_below(estimate: Contrast, boundary: float) -> float:
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
    return tuple(tested.shown(value) for value in (estimate.effect, *estimate.interval(alpha)))


def word(tested: Tested) -> str:
    """What was found instead of what the claim says, for example '-4.7 points [-7.1, -2.4]'."""
    comparison = tested.comparison
    if comparison.relation == SAME_SIGN:
        effects = [tested.shown(estimate.effect) for estimate in tested.estimates]
        return f"{effects[0]:+.1f} and {effects[1]:+.1f} {comparison.unit}, so the winner changes"
    effect, low, high = interval(tested, 0)
    digits = 1 if abs(effect) >= 1 else 2
    text = f"{effect:+.{digits}f} {comparison.unit} [{low:+.{digits}f}, {high:+.{digits}f}]"
    asked = {GREATER: "more than +", LESS: "less than -", AT_MOST: "less than +", SIMILAR: "within +-"}
    if comparison.margin or comparison.relation in (AT_MOST, SIMILAR):
        text += f", where {asked[comparison.relation]}{comparison.margin:g} was claimed"
    return text
