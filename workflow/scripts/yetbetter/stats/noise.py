"""The noise between the seeds of an arm, estimated from its own seeds and those of comparable arms.

The seeds of one comparison give few degrees of freedom. All comparable arms together give many, but may differ in
noise. So the noise of an arm is the largest of several pooled estimates: of all comparable arms, of those at its
budget, of those of its target, of those of its source, and of the comparison alone. If all arms are equally noisy, the
largest is slightly above the common estimate. If some budget, target or source is noisier, its own estimate is the
largest. A comparison whose noise is significantly above that of the others (F test) uses its own seeds only.
`benchmarks/claims.py` simulates the coverage of the intervals.

The variances could instead be shrunk towards a common one, with a weight that is fitted to their spread (Smyth 2004,
Statistical Applications in Genetics and Molecular Biology 3). But twelve variances with two degrees of freedom each say
too little about their spread: at the noisier of two budgets, such intervals hold the true effect in 87 % of the cases
instead of 95 %.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from yetbetter.stats.distributions import f_above
from yetbetter.stats.measurements import Measurements, Noise

CROSSED = "seeds x problems"
ALONE = f"{CROSSED}, noisier than comparable cells"
BORROWED = "problems, noise between seeds of comparable cells at the same budget"
ASSUMED = "problems, noise between seeds assumed"
ONE_SEED = "problems, one seed"
ONE_POOL = "for this pool"  # in a basis: the interval does not hold for newly drawn samples
UNLIKE = 0.01  # level of the test that a comparison is noisier than comparable arms
WIDER = 3.0  # times the lenders' variance: a cell of one seed may be 1.7 times as noisy, which one seed cannot show


@dataclass(frozen=True)
class Estimate:
    """An arm's noise and its basis, in words. shared: whether several arms share this estimate."""

    noise: Noise | None
    basis: str
    shared: bool = False


def pooled_noise(arms: Iterable[Measurements]) -> Noise | None:
    """The variance between seeds, pooled over those arms that have several; None if none has."""
    noises = [arm.noise for arm in arms if arm.noise]
    freedom = sum(noise.freedom for noise in noises)
    if not freedom:
        return None
    raw = sum(noise.freedom * noise.raw for noise in noises) / freedom
    return Noise(raw, sum(noise.freedom * noise.share for noise in noises) / freedom, freedom)


def estimate_noise(
    arms: Sequence[Measurements], others: Iterable[Measurements], seed_sd: float | None = None
) -> list[Estimate]:
    """The noise of each arm of one comparison; the arms are kin. others: further arms of the study, kin or not.

    seed_sd: assumed standard deviation, for arms of one seed that cannot borrow noise from any other arm.
    """
    kin = {id(arm): arm for arm in (*arms, *others) if arm.kin == arms[0].kin and arm.noise}
    own = [arm for arm in arms if arm.noise]
    rest = [arm for arm in kin.values() if not any(arm is one for one in own)]
    noisier = bool(own and rest) and is_noisier(own, rest)
    # Fewer other seeds than own seeds hardly show whether the noise is alike.
    alone = noisier or freedom_of(rest) < freedom_of(own)
    found = []
    for arm in arms:
        if arm.noise and alone:
            found.append(Estimate(arm.noise, ALONE if noisier else CROSSED))
        elif arm.noise:
            found.append(Estimate(largest_noise(arm, own, rest), CROSSED, shared=True))
        else:
            found.append(borrow_noise(arm, list(kin.values()), seed_sd))
    return found


def freedom_of(arms: list[Measurements]) -> float:
    return sum(arm.noise.freedom for arm in arms)


def is_noisier(own: list[Measurements], rest: list[Measurements]) -> bool:
    """Whether the comparison's own noise is significantly above that of comparable arms."""
    ours, theirs = pooled_noise(own), pooled_noise(rest)
    if ours.raw <= theirs.raw:
        return False
    return theirs.raw == 0 or f_above(ours.raw / theirs.raw, ours.freedom, theirs.freedom) < UNLIKE


def largest_noise(arm: Measurements, own: list[Measurements], rest: list[Measurements]) -> Noise:
    """The largest pooled estimate of those that include the arm, with the degrees of freedom of all kin."""
    kin = [*own, *rest]
    groups = [own, kin]
    for axis in ("budget", "target", "source"):
        group = [one for one in kin if getattr(one, axis) == getattr(arm, axis)]
        # A group that lies within the comparison is a less certain part of its own estimate.
        if any(one is other for one in group for other in rest):
            groups.append(group)
    largest = max((pooled_noise(group) for group in groups), key=lambda noise: noise.raw)
    return replace(largest, freedom=pooled_noise(kin).freedom)


def borrow_noise(arm: Measurements, kin: list[Measurements], seed_sd: float | None) -> Estimate:
    """The noise of an arm of one seed: the largest pooled estimate of comparable arms, times WIDER.

    Only arms of the same budget and target lend their noise. Without one, it is seed_sd, or unknown.
    """
    lenders = [one for one in kin if (one.budget, one.target) == (arm.budget, arm.target)]
    if lenders:
        groups = [kin, lenders]
        groups += [[one for one in kin if getattr(one, axis) == getattr(arm, axis)] for axis in ("budget", "target")]
        largest = max((pooled_noise(group) for group in groups), key=lambda noise: noise.raw)
        wider = Noise(WIDER * largest.raw, WIDER * largest.share, pooled_noise(kin).freedom)
        return Estimate(wider, BORROWED, shared=True)
    if seed_sd is not None:
        return Estimate(Noise(seed_sd**2, 0.0, float("inf")), ASSUMED)
    return Estimate(None, ONE_SEED)
