"""All claims of a study, or of the paper's printed numbers: tested, and written as rows of the two tables."""

import math
from collections.abc import Iterator

from yetbetter.claims.power import POWER, needs
from yetbetter.claims.roles import Missing
from yetbetter.claims.rules import AT_MOST, GREATER, LESS, SIMILAR, Claim, Rules
from yetbetter.claims.tested import Tested, interval
from yetbetter.claims.verdicts import Outcome, give_verdicts
from yetbetter.measures.metrics import METRICS

PRINTED, SEEN, NOTHING = "the paper's effect", "the effect seen", "no effect"


def run_claims(rules: Rules, evidence, printed=None, alpha: float = 0.05) -> list[Outcome]:
    """Every claim's outcome. evidence: a StudyEvidence or PublishedEvidence; printed: the latter, for the power.

    A claim of ours is left out if the evidence is not meant for it.
    """
    asked = [claim for claim in rules.claims if not claim.ours or evidence.is_meant_for(claim)]
    outcomes = [run_claim(claim, evidence, printed) for claim in asked]
    give_verdicts(outcomes, alpha)
    return outcomes


def run_claim(claim: Claim, evidence, printed=None) -> Outcome:
    outcome = Outcome(claim)
    missing, left_out = [], []
    for comparison in claim.comparisons:
        try:
            found = [evidence.estimate(comparison, terms) for terms in comparison.contrasts]
            if any(math.isnan(estimate.effect) for estimate, _ in found):
                raise Missing("nothing to count: " + comparison.place)
        except Missing as gap:
            (left_out if comparison.optional else missing).append(str(gap))
            continue
        outcome.tested.append(
            Tested(
                comparison,
                tuple(estimate for estimate, _ in found),
                tuple(dict.fromkeys(path for _, paths in found for path in paths)),
                tuple(printed.printed(comparison, terms) if printed else math.nan for terms in comparison.contrasts),
            )
        )
    outcome.missing = "; ".join(dict.fromkeys(missing))
    if left_out:
        outcome.left_out = "; left out: " + "; ".join(dict.fromkeys(left_out))
    return outcome


def claim_rows(outcomes: list[Outcome], alpha: float) -> Iterator[dict]:
    """Rows of claims.csv."""
    for outcome in outcomes:
        claim = outcome.claim
        row = {"claim": claim.number, "name": claim.name, "sentence": claim.sentence}
        row |= {"verdict": outcome.verdict, "reason": outcome.reason, "comparisons": len(claim.comparisons)}
        by = outcome.decided_by
        if by is not None:
            number = by.weakest
            effect, low, high = interval(by, number)
            row |= {"effect": effect, "low": low, "high": high, "p": outcome.p, "p_holm": outcome.p_holm}
            row |= facts_of(by, number) | needs_of_claim(outcome, level_of(outcome, outcomes, alpha))
            row |= {"comparisons": len(outcome.tested), "decided_by": by.comparison.place}
            row["cells"] = " ".join(dict.fromkeys(path for tested in outcome.tested for path in tested.cells))
        yield row


def comparison_rows(outcomes: list[Outcome], alpha: float) -> Iterator[dict]:
    """Rows of claim_comparisons.csv: also of claims that were not run, for what could be compared."""
    for outcome in outcomes:
        level = level_of(outcome, outcomes, alpha) if outcome.tested else alpha
        for index, tested in enumerate(outcome.tested, start=1):
            for number, estimate in enumerate(tested.estimates):
                effect, low, high = interval(tested, number)
                row = {"claim": outcome.claim.number, "name": outcome.claim.name, "comparison": index}
                row |= {"place": tested.comparison.place, "metric": tested.comparison.metric}
                row |= {"verdict": tested.verdict(alpha), "effect": effect, "low": low, "high": high}
                row |= {"p_for": tested.p_for, "p_against": tested.p_against, "freedom": estimate.freedom}
                row |= facts_of(tested, number) | plain_differences(tested, number)
                problems, seeds, basis = needs_of(tested, number, level, POWER ** (1 / len(outcome.tested)))
                row |= {"needs_problems": problems, "needs_seeds": seeds, "needs_for": basis}
                yield row | {"cells": " ".join(tested.cells)}


def level_of(outcome: Outcome, outcomes: list[Outcome], alpha: float) -> float:
    """The one-sided level for the claim to hold, at the strictest step of Holm's correction over all claims."""
    return alpha * outcome.share_for / max(1, sum(each.decidable for each in outcomes))


def facts_of(tested: Tested, number: int) -> dict:
    """What both tables say about a comparison: its unit, what its interval rests on, what the paper printed."""
    comparison, estimate = tested.comparison, tested.estimates[number]
    printed = tested.printed[number] if tested.printed else math.nan
    seeds = sorted(set(estimate.seeds))
    return {
        "unit": comparison.unit,
        "relation": comparison.relation,
        "margin": comparison.margin,
        "basis": estimate.basis,
        "problems": estimate.problems,
        "seeds": f"{seeds[0]}-{seeds[-1]}" if len(seeds) > 1 else (seeds or [""])[0],
        "paper_effect": math.nan if math.isnan(printed) else tested.shown(printed),
    }


def plain_differences(tested: Tested, number: int) -> dict:
    """The difference as points (of shares) and as percent of the second arm; empty for differences of differences."""
    if len(tested.comparison.contrasts[number]) > 2:
        return {}
    first, second = tested.estimates[number].ends
    points = 100 * (first - second) if METRICS[tested.comparison.metric].share else math.nan
    return {"difference_points": points, "difference_percent": 100 * (first / second - 1) if second else math.nan}


def distance_of(tested: Tested, effect: float) -> float:
    """How far an effect lies on the claimed side of the boundary; negative on the other."""
    margin = tested.margin
    return {
        GREATER: effect - margin,
        LESS: -margin - effect,
        AT_MOST: margin - effect,
        SIMILAR: margin - abs(effect),
    }.get(tested.comparison.relation, abs(effect))


def needs_of(tested: Tested, number: int, level: float, wanted: float) -> tuple[int | None, int | None, str]:
    """(problems, seeds, the effect that they are counted for), as `needs`; empty if the comparison is settled."""
    if tested.decidable and min(tested.p_for, tested.p_against) <= level:
        return None, None, ""
    estimate = tested.estimates[number]
    printed = tested.printed[number] if tested.printed else math.nan
    distance, basis = distance_of(tested, printed), PRINTED
    if not distance > 0:
        distance, basis = abs(distance_of(tested, estimate.effect)), SEEN
        if distance < 1e-9:
            return None, None, NOTHING
    return *needs(estimate, distance, level, wanted), basis


def needs_of_claim(outcome: Outcome, level: float) -> dict:
    """The most that any of its comparisons needs, so that all of them would be found with 80 % power."""
    if outcome.verdict != "inconclusive":
        return {}
    wanted = POWER ** (1 / len(outcome.tested))
    found = [
        needs_of(tested, number, level, wanted) for tested in outcome.tested for number in range(len(tested.estimates))
    ]
    # An effect of 0, printed or seen, is never found; the others are still counted.
    found = [need for need in found if need[2] and need[2] != NOTHING]

    def most(counts: list) -> int | None:
        return None if None in counts or not counts else max(counts)

    bases = list(dict.fromkeys(basis for *_, basis in found))
    return {
        "needs_problems": most([problems for problems, *_ in found]),
        "needs_seeds": most([seeds for _, seeds, _ in found]),
        "needs_for": bases[0] if len(bases) == 1 else "the paper's effects, or those seen" if bases else "",
    }
