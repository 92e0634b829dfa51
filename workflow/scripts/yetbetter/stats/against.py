"""A share against a stated one: whether what an arm has is more, or less, than a number that a claim names.

The error is that of a share as large as the stated one (a score test), so that p-values agree with Wilson's interval of
`stats.shares`. An error estimated at the share that was seen is too small where few cases were seen: with 40 questions
and a true share of 10 %, tests at 2.5 % by Student's t found it below 10 % in 6.6 of 100 repetitions.
"""

import math
from dataclasses import dataclass, replace

from yetbetter.stats.contrasts import Contrast, contrast
from yetbetter.stats.distributions import t_quantile
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.shares import effective_number, wilson


@dataclass(frozen=True)
class Against(Contrast):
    """A share, as a contrast with nothing; its variances hold for the stated share. number: of independent cases."""

    number: float = 0.0

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Wilson's low and high, of the share itself."""
        low, high = wilson(self.effect, self.number, t_quantile(1 - alpha / 2, round(self.freedom, 1)))
        return float(low), float(high)


def share_against(arm: Measurements, stated: float) -> Contrast:
    """An arm's share, to be held against the stated one, 0 < stated < 1, with `claims.tested.p_above` and `p_below`.

    arm: of one seed, with whole cases. The effect is the share, not its distance from the stated one; NaN if the arm
    has nothing to count.
    """
    estimate = contrast([(1.0, arm)])
    if math.isnan(estimate.effect):
        return estimate
    effective, freedom = effective_number(arm.top.sum(axis=0), arm.bottom.sum(axis=0))
    fields = {name: getattr(estimate, name) for name in estimate.__dataclass_fields__}
    variance = stated * (1 - stated) / float(effective)
    return replace(
        Against(**fields, number=float(effective)), problem_variance=variance, problem_freedom=float(freedom)
    )
