"""A rate from few labels of people and many verdicts of a judge: four estimates of it, each with a 95 % interval.

- *People alone*: the share of the labelled that people call flawed. Wilson's interval, with the lower end of Brown, Cai
  and DasGupta (2001, Statistical Science 16, 4.1.1) for up to three cases.
- *Judge alone*: the share that the judge calls flawed. Its interval is of the sampling only, not of the judge's errors.
- *Corrected*: prediction-powered inference with tuned weight (PPI++: Angelopoulos, Duchi and Zrnic 2023, arXiv
  2311.01453). The judge's share among the others, plus what people and judge differ by on the labelled, both weighted.
  The normal interval of the paper misses small rates (62 % of intervals hold with 50 labels and a rate of 2 %). So
  this one is Wilson's for the number of labels of people alone that are worth as much,

      n (n + N) / (n + (1 - r^2) N)

  for n labelled, N others and a correlation r of people and judge, which is estimated with half a solution more of
  either label and adjusted for the degrees of freedom.
- *Rogan-Gladen* (1978, American Journal of Epidemiology 107): the rate at which a judge with the sensitivity and
  specificity seen on the labelled calls as many flawed as it does among the others. The interval is all rates that a
  score test does not reject, its variance that of all three shares (as in Fieller 1954, Journal of the Royal
  Statistical Society B 16); sensitivity and specificity have half a case more of either kind.

People err, too: with a stated error e a sound solution is called flawed with chance e and a flawed one sound. Their
rate p' = p (1 - e) + (1 - p) e is then solved for p. `benchmarks/intervals.py` simulates what all this holds.
"""

import math
from dataclasses import dataclass, replace

from yetbetter.stats.distributions import t_quantile
from yetbetter.stats.shares import interval_of_number

HALF = 0.5
FEW = 3  # cases, up to which Wilson's lower end is too high
POISSON = {1: 0.0512933, 2: 0.3553615, 3: 0.8176914}  # means of which so many cases or more have a chance of 5 %


@dataclass(frozen=True)
class Counts:
    """Solutions with people's label and a judge's verdict, and others with a verdict only.

    both: people and judge call them flawed; missed: people only; accused: the judge only; passed: neither. An answer of
    the judge without a verdict does not count as a call. Numbers of independent solutions: not whole if those of one
    question go together. flagged: of the others, those that the judge calls flawed. judged: the others.
    """

    both: float = 0
    missed: float = 0
    accused: float = 0
    passed: float = 0
    flagged: float = 0
    judged: float = 0

    @property
    def labelled(self) -> float:
        return self.both + self.missed + self.accused + self.passed

    @property
    def flawed(self) -> float:
        return self.both + self.missed

    @property
    def share(self) -> float:
        """Of the labelled, those that people call flawed."""
        return self.flawed / self.labelled if self.labelled else math.nan

    @property
    def judge_share(self) -> float:
        """Of all, those that the judge calls flawed."""
        number = self.labelled + self.judged
        return (self.both + self.accused + self.flagged) / number if number else math.nan

    def independent(self, of_labels: float, of_verdicts: float) -> "Counts":
        """The same shares of fewer solutions. Design effects, 1 or more: of people's labels, and of the verdicts."""
        labels = {key: getattr(self, key) / of_labels for key in ("both", "missed", "accused", "passed")}
        return Counts(**labels, flagged=self.flagged / of_verdicts, judged=self.judged / of_verdicts)


@dataclass(frozen=True)
class Estimate:
    """NaN for what is not known."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan

    @property
    def known(self) -> bool:
        return not math.isnan(self.value)

    @property
    def width(self) -> float:
        return self.high - self.low


def people_alone(counts: Counts, error: float = 0.0, alpha: float = 0.05) -> Estimate:
    """error: of people, 0 <= error < 0.5."""
    if not counts.labelled:
        return Estimate()
    share = within(counts.share, error)
    low, high = of_share(share, counts.labelled, alpha)
    if error == 0 and round(counts.flawed) in POISSON:
        low = min(low, POISSON[round(counts.flawed)] / counts.labelled)
    return solved(Estimate(share, low, high), error)


def judge_alone(counts: Counts, alpha: float = 0.05) -> Estimate:
    number = counts.labelled + counts.judged
    if not number:
        return Estimate()
    return Estimate(counts.judge_share, *of_share(counts.judge_share, number, alpha))


def tuned_weight(counts: Counts) -> float:
    """PPI++'s weight of the judge, between 0 and 1 (2311.01453, section 6; population variances)."""
    labelled, spread = counts.labelled, counts.judge_share * (1 - counts.judge_share)
    if not counts.judged or not spread:
        return 0.0
    return min(1.0, max(0.0, covariance(counts) / ((1 + labelled / counts.judged) * spread)))


def covariance(counts: Counts) -> float:
    labelled = counts.labelled
    return counts.both / labelled - counts.share * (counts.both + counts.accused) / labelled


def squared_correlation(counts: Counts) -> float:
    """Of people's labels and the judge's verdicts, 0 if it is negative; see above for how."""
    judge = counts.judge_share
    more = replace(
        counts,
        both=counts.both + HALF * judge,
        missed=counts.missed + HALF * (1 - judge),
        accused=counts.accused + HALF * judge,
        passed=counts.passed + HALF * (1 - judge),
    )
    called = (more.both + more.accused) / more.labelled
    spread = more.share * (1 - more.share) * called * (1 - called)
    squared = max(covariance(more), 0.0) ** 2 / spread if spread else 0.0
    if counts.labelled <= 2:
        return 0.0
    return min(1.0, max(0.0, 1 - (1 - squared) * (counts.labelled - 1) / (counts.labelled - 2)))


def worth(labelled: float, judged: float, squared: float) -> float:
    """Labels of people alone that are worth as much as so many beside so many verdicts. squared: the correlation's."""
    return labelled * (labelled + judged) / (labelled + (1 - squared) * judged)


def corrected(counts: Counts, error: float = 0.0, alpha: float = 0.05) -> Estimate:
    """error: as in `people_alone`, whose value it has if no judge was asked."""
    if not counts.labelled or not counts.judged:
        return people_alone(counts, error, alpha)
    weight = tuned_weight(counts)
    called = (counts.both + counts.accused) / counts.labelled
    value = within(counts.share + weight * (counts.flagged / counts.judged - called), error)
    number = worth(counts.labelled, counts.judged, squared_correlation(counts))
    return solved(Estimate(value, *of_share(value, number, alpha)), error)


def rogan_gladen(counts: Counts, error: float = 0.0, alpha: float = 0.05) -> Estimate:
    """NaN if people labelled nothing, or the judge nothing else."""
    if not counts.labelled or not counts.judged:
        return Estimate()
    found, sound = counts.flawed + 2 * HALF, counts.labelled - counts.flawed + 2 * HALF
    sensitivity, accused = (counts.both + HALF) / found, (counts.accused + HALF) / sound
    rate, slope = counts.flagged / counts.judged, sensitivity - accused
    of_rate = (rate * (1 - rate) or HALF / (counts.judged + 1)) / counts.judged
    of_flawed, of_sound = sensitivity * (1 - sensitivity) / found, accused * (1 - accused) / sound
    z = t_quantile(1 - alpha / 2, math.inf) ** 2
    # (rate - accused - p slope)^2 <= z (of_rate + p^2 of_flawed + (1 - p)^2 of_sound)
    square = slope**2 - z * (of_flawed + of_sound)
    linear = -2 * slope * (rate - accused) + 2 * z * of_sound
    constant = (rate - accused) ** 2 - z * (of_rate + of_sound)
    low, high = allowed(square, linear, constant, error, 1 - error)
    value = min(max(within((rate - accused) / slope if slope else rate, error), low), high)
    # At the boundary the test may allow one end alone.
    _, none = of_share(0.0, counts.labelled, alpha)
    low, high = min(low, within(1 - error - none, error)), max(high, within(error + none, error))
    return solved(Estimate(value, low, high), error)


def allowed(square: float, linear: float, constant: float, least: float, most: float) -> tuple[float, float]:
    """The lowest and the highest p in these bounds with square p^2 + linear p + constant <= 0; the nearest if none."""

    def excess(p: float) -> float:
        return (square * p + linear) * p + constant

    inside = linear**2 - 4 * square * constant
    roots = []
    if square and inside >= 0:
        roots = [(-linear + sign * math.sqrt(inside)) / (2 * square) for sign in (-1, 1)]
    elif not square and linear:
        roots = [-constant / linear]
    ends = [p for p in (least, most) if excess(p) <= 0] + [p for p in roots if least <= p <= most]
    if not ends:
        nearest = [least, most] + ([min(most, max(least, -linear / (2 * square)))] if square else [])
        ends = [min(nearest, key=excess)]
    return min(ends), max(ends)


def of_share(share: float, number: float, alpha: float) -> tuple[float, float]:
    low, high = interval_of_number(share, number, alpha)
    return float(low), float(high)


def within(share: float, error: float) -> float:
    """The nearest share that people with this error can call flawed on average."""
    return min(max(share, error), 1 - error)


def solved(estimate: Estimate, error: float) -> Estimate:
    """From the rate that people see to the true one."""
    ends = ((end - error) / (1 - 2 * error) for end in (estimate.value, estimate.low, estimate.high))
    return Estimate(*(min(1.0, max(0.0, end)) for end in ends))


# What next? -----------------------------------------------------------------------------------------------------------

MOST = 100_000  # labels


def labels_needed(rate: float, width: float, error: float = 0.0, alpha: float = 0.05) -> int | None:
    """The labels of people alone for an interval of this width around a rate; None if 100,000 are not enough."""
    seen = rate * (1 - error) + (1 - rate) * error
    low, high = 1, MOST
    if solved(Estimate(seen, *of_share(seen, high, alpha)), error).width > width:
        return None
    while low < high:
        middle = (low + high) // 2
        if solved(Estimate(seen, *of_share(seen, middle, alpha)), error).width <= width:
            high = middle
        else:
            low = middle + 1
    return high


def labels_beside(wanted: float, squared: float, judged: float) -> float:
    """n of `worth`, so that n labels beside so many verdicts of others are worth as many as wanted."""
    linear = judged - wanted
    return (-linear + math.sqrt(linear**2 + 4 * wanted * (1 - squared) * judged)) / 2


def labels_among(wanted: float, squared: float, judged: float) -> float:
    """n of `worth`, if the n labelled solutions are among so many judged ones; `wanted` if these are too few."""
    return wanted * (1 - squared) * judged / (judged - squared * wanted) if judged > wanted else wanted


@dataclass(frozen=True)
class Plan:
    """Solutions that people label and, in addition, that the judge is asked about."""

    labels: int
    verdicts: int


def plan_labels(counts: Counts, width: float, cost: float, error: float = 0.0) -> tuple[Plan | None, Plan | None]:
    """What an interval of this width needs in all: (with the verdicts that there are, the cheapest of all).

    The rate is the corrected one, half its upper end if none was found, and the correlation the one seen. cost: of a
    verdict of the judge, where a label of people costs 1. None if 100,000 labels are not enough.
    """
    estimate = corrected(counts, error)
    if not estimate.known:
        return None, None
    wanted = labels_needed(estimate.value or estimate.high / 2, width, error)
    if wanted is None:
        return None, None
    squared = squared_correlation(counts) if counts.judged else 0.0
    total = counts.labelled + counts.judged
    # Solutions that people label come out of those that were judged.
    here = labels_among(wanted, squared, total)
    others = [0.0, *(wanted * 1.15**step for step in range(-10, 40))]
    plans = [(labels_beside(wanted, squared, other), other) for other in others] if squared else [(wanted, 0.0)]
    labels, verdicts = min(plans, key=lambda plan: plan[0] + cost * (sum(plan) if plan[1] else 0))
    beside = max(0, round(total - here))
    return Plan(math.ceil(here - 1e-9), beside), Plan(math.ceil(labels - 1e-9), round(verdicts))
