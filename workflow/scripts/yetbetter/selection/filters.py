"""The registry of filters: which of a question's samples an arm may train on, and the filter's other properties.

To add a filter, add an entry to FILTERS. The config's schema, checks, rules, tables, exports and figures read it there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from yetbetter.errors import UserError
from yetbetter.judging.samples import Sample
from yetbetter.selection.voting import Same, vote
from yetbetter.verdicts import CORRECT, FLAWED, INVALID, NOT_JUDGED, SOUND

Reject = Callable[[list[Sample], Same], list[str | None]]


@dataclass(frozen=True)
class Filter:
    """What a filter does and needs, and its descriptions.

    reject: function of one question's samples (of all models, in the order of the blocks) and an equality of answers;
    gives the reason why each sample is left out, or None. Samples have the fields that the filter needs: answer,
    reasoning or judged.
    keeps: what is kept, for the card of exported training data. note: shown with a source in an experiment's figure.
    reasons: its reasons in words, by the name under which they are counted (out_...).
    stages: what it reads in addition to solutions and verdicts, by the names of `study.views`.
    answers: whether it compares answers, so that the grading mode matters.
    fpr: the `fpr` of data sets that it can filter; empty: all.
    graded: whether it needs right and wrong answers.
    judged: how the arm's view is judged, by the kinds of `study.judged_views`.
    as_pool: whether the pool's estimators predict the arm's measures.
    verifier: whether a verifier decides.
    """

    reject: Reject
    keeps: str
    note: str = ""
    reasons: dict[str, str] = field(default_factory=dict)
    stages: tuple[str, ...] = ()
    answers: bool = False
    graded: bool = False
    fpr: tuple[str, ...] = ()
    judged: tuple[str, ...] = ("views",)
    as_pool: bool = False
    verifier: bool = False


def reject_wrong(samples: list[Sample], same: Same) -> list[str | None]:
    return [None if sample.verdict == CORRECT else "out_wrong" for sample in samples]


def reject_none(samples: list[Sample], same: Same) -> list[str | None]:
    return [None] * len(samples)


def reject_minority(samples: list[Sample], same: Same) -> list[str | None]:
    """The samples vote in the order of their numbers; in a mix, in the order of the draws."""
    order = sorted(range(len(samples)), key=lambda number: samples[number].sample)
    won = vote([samples[number].answer for number in order], same)
    reasons = dict(zip(order, won, strict=True))
    return [None if reasons[number] else "out_minority" for number in range(len(samples))]


def reject_flawed(samples: list[Sample], same: Same) -> list[str | None]:
    """UserError if a right answer was never checked."""
    return [flaw_of(sample) for sample in samples]


def flaw_of(sample: Sample) -> str | None:
    if sample.verdict != CORRECT:
        return "out_wrong"
    if sample.reasoning in (None, NOT_JUDGED):
        raise UserError(
            f"sample {sample.sample} of {sample.problem!r} from {sample.model!r}: its reasoning was never checked,"
            " which --filter reasoning needs (--reasoning or --judgements)"
        )
    return "out_flawed" if sample.reasoning in (INVALID, FLAWED) else None


def reject_unsound(samples: list[Sample], same: Same) -> list[str | None]:
    """UserError if a solution was never judged."""
    for sample in samples:
        if sample.judged is None:
            raise UserError(
                f"sample {sample.sample} of {sample.problem!r} from {sample.model!r}: it was never judged,"
                " which --filter judge needs (--filter-judgements)"
            )
    return [None if sample.judged == SOUND else "out_rejected" for sample in samples]


def reject_unverified(samples: list[Sample], same: Same) -> list[str | None]:
    return ["out_wrong" if sample.verdict != CORRECT else refusal_of(sample) for sample in samples]


def reject_unaccepted(samples: list[Sample], same: Same) -> list[str | None]:
    return [refusal_of(sample) for sample in samples]


def refusal_of(sample: Sample) -> str | None:
    """UserError if no verifier was asked about the sample."""
    if sample.accepted is None:
        raise UserError(
            f"sample {sample.sample} of {sample.problem!r} from {sample.model!r}: no verifier was asked about it, which"
            " the filter needs (--verifications)"
        )
    return None if sample.accepted else "out_refused"


WRONG = {"out_wrong": "final answer wrong, missing or undecided"}
REFUSED = {"out_refused": "not accepted by the verifier"}

FILTERS = {
    # The paper's (section 2).
    "ground_truth": Filter(
        reject_wrong,
        keeps="solutions whose final answer is the right one",
        reasons=WRONG,
        graded=True,
        as_pool=True,
    ),
    "none": Filter(
        reject_none,
        keeps="all solutions, right or wrong",
        note="no filter",
        as_pool=True,
    ),
    # Self-consistency, without the gold answer.
    "majority": Filter(
        reject_minority,
        keeps="solutions with the most frequent answer of their question's samples; the right one was not looked at",
        note="filter: majority vote",
        reasons={"out_minority": "another answer was more frequent"},
        answers=True,
    ),
    # Undecided reasoning is kept.
    "reasoning": Filter(
        reject_flawed,
        keeps="solutions with the right final answer whose reasoning was not found wrong",
        note="filter: reasoning checked",
        reasons=WRONG | {"out_flawed": "reasoning found wrong"},
        stages=("reasoning",),
        graded=True,
        fpr=("exact", "tests", "judge"),
        judged=("all_right",),
    ),
    # Only a judge that does not know the right answer.
    "judge": Filter(
        reject_unsound,
        keeps="solutions that a judge found sound; the right answer was not looked at",
        note="filter: judge alone",
        reasons={"out_rejected": "not found sound by the judge"},
        stages=("filter_judgements",),
        fpr=("judge",),
        judged=("views", "every"),
    ),
    # A verifier trained on the study's own samples (docs/verifiers.md), beside the right answer or instead of it.
    "verified": Filter(
        reject_unverified,
        keeps="solutions with the right final answer that a verifier accepts",
        note="filter: verifier",
        reasons=WRONG | REFUSED,
        stages=("verifications",),
        graded=True,
        verifier=True,
    ),
    "verifier": Filter(
        reject_unaccepted,
        keeps="solutions that a verifier accepts; the right answer was not looked at",
        note="filter: verifier alone",
        reasons=REFUSED,
        stages=("verifications",),
        verifier=True,
    ),
}

# Why a solution that passed the filter is left out, in the order of the checks.
FURTHER_REASONS = {
    "out_empty": "no text",
    "out_cut": "cut at the length limit",
    "out_length": "outside the bounds of length",
    "out_duplicate": "same text as another solution of its question",
    "out_surplus": "more than were to be kept of its question",
}


def reasons() -> dict[str, str]:
    """Every reason why a solution is left out, in words: those of single filters, then those that apply to all."""
    found: dict[str, str] = {}
    for entry in FILTERS.values():
        found |= entry.reasons
    return found | FURTHER_REASONS
