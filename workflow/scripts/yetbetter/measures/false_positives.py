"""Estimates of false positive rates, of arms and of finetuned models, from people's labels and a judge's verdicts.

In the pocket world the truth is known. There people and a judge can be simulated, who err with stated chances, so that
each estimate can be held against the exact rate.
"""

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from yetbetter.errors import UserError
from yetbetter.identity import stream_seed
from yetbetter.judging.agreement import MEASURES, measure_agreement
from yetbetter.judging.judgements import judging_hash
from yetbetter.judging.samples import Sample
from yetbetter.records import read_rows
from yetbetter.stats import corrected as estimators
from yetbetter.stats.corrected import Counts, Estimate
from yetbetter.stats.shares import effective_number, share_interval
from yetbetter.verdicts import CORRECT, FLAWED, INVALID, NO_VERDICT, SOUND, VALID

MOST = 5000  # right answers of an arm that are listed; far more than people read or a judge is asked about
CHECKED = ("problem", "sample", "model", "reasoning")
LISTED = (VALID, INVALID, SOUND, FLAWED, NO_VERDICT)

EXACT, PEOPLE, JUDGE, CORRECTED, ROGAN_GLADEN = METHODS = (
    *("exact", "people alone", "judge alone", "judge corrected by people", "Rogan-Gladen"),
)
# Which estimate to use, if several are there.
PREFERRED = (EXACT, CORRECTED, PEOPLE, JUDGE)
COLUMNS = (
    *("dataset", "budget", "source", "target", "method", "best", "simulated", "value", "low", "high"),
    *("labelled", "judged", "weight", "correlation"),
    *(f"{name}{end}" for name in ("kappa", "sensitivity", "specificity") for end in ("", "_low", "_high")),
    *("labels_needed", "labels_cheapest", "verdicts_cheapest"),
)
VALUES = ("dataset", "budget", "source", "problem", "top", "bottom")
PLACE = COLUMNS[:4]


@dataclass(frozen=True)
class Item:
    """A right answer. flagged: whether the judge calls it flawed, None if it was not asked.

    label: whether people call it flawed, None if they gave no label. truth: whether it is flawed, None if not known.
    decided: whether the judge's answer holds a verdict; if not, it does not call the answer flawed.
    """

    problem: str
    flagged: bool | None = None
    label: bool | None = None
    truth: bool | None = None
    decided: bool = True


@dataclass(frozen=True)
class Simulated:
    """People and a judge who err with these chances. labels, judged: right answers of each arm or model."""

    labels: int
    judged: int
    error: float
    judge_error: float

    def look(self, items: Iterable[tuple[str, Item]], seed: int) -> list[Item]:
        """The first ones with a label and a verdict, the next with a verdict. items: (identity, item) in their order.

        The dice of a solution are its own, so that it has one label in all arms.
        """
        seen = []
        for number, (identity, item) in enumerate(items):
            if number >= self.labels + self.judged:
                break
            label, verdict = (
                item.truth != (stream_seed(seed, who, identity) < chance * 2**63)
                for who, chance in (("simulated person", self.error), ("simulated judge", self.judge_error))
            )
            seen.append(replace(item, label=label if number < self.labels else None, flagged=verdict))
        return seen


@dataclass(frozen=True)
class Settings:
    """error: stated, of people. width: wanted, of an interval. cost: of a verdict, where a label costs 1.

    seed: the study's, of the order by hash.
    """

    seed: int = 0
    error: float = 0.0
    width: float = 0.1
    cost: float = 0.01
    simulated: Simulated | None = None


class Checked:
    """The right answers of an arm whose reasoning has a verdict: those with the smallest hashes, smallest first.

    If nothing looks at the reasoning but people, all right answers.
    """

    def __init__(self, seed: int, most: int = MOST):
        self.seed, self.most = seed, most
        self.found: list[tuple[int, dict]] = []

    def add(self, samples: Iterable[Sample]) -> None:
        """The samples of one shard; only their rows are kept."""
        rows = (
            (judging_hash(sample, self.seed), {key: getattr(sample, key) for key in CHECKED})
            for sample in samples
            if sample.trained and sample.verdict == CORRECT and sample.reasoning in (None, *LISTED)
        )
        self.found = heapq.nsmallest(self.most, [*self.found, *rows], key=lambda entry: entry[0])

    @property
    def rows(self) -> list[dict]:
        return [row for _, row in self.found]


def read_checked(path: str) -> list[dict]:
    """A .checked.jsonl of measure_arm.py; UserError for another verdict than those of LISTED."""
    rows = read_rows(path, require=CHECKED)
    for row in rows:
        if row["reasoning"] not in (None, *LISTED):
            raise UserError(f"{path}: reasoning is {row['reasoning']!r} (allowed: {', '.join(LISTED)})")
    return rows


def items_of_arm(rows: Sequence[dict], labels: Mapping[tuple, tuple[bool, int]], settings: Settings) -> list[Item]:
    """rows: by hash. labels: (model, problem, sample) -> (whether people call it flawed, number chosen of an arm).

    Equal texts are labelled once. So a label counts for a sample that is itself among so many first ones: otherwise a
    text that was drawn often would count more often than others.
    """
    known = [row for row in rows if row["reasoning"] in (VALID, INVALID)] if knows_truth(rows) else None
    if known is not None and settings.simulated:
        pairs = [(f"{row['model']} {row['problem']} {row['sample']}", truth_of(row)) for row in known]
        return settings.simulated.look(pairs, settings.seed)
    items = []
    for rank, row in enumerate(rows if known is None else known):
        flawed, chosen = labels.get((row["model"], row["problem"], row["sample"]), (None, 0))
        item = truth_of(row) if known is not None else judged_item(row)
        items.append(replace(item, label=flawed if rank < chosen else None))
    return items


def items_of_model(rows: Sequence[dict], settings: Settings) -> list[Item]:
    """rows: of scores.jsonl, right greedy answers of one benchmark whose reasoning has a verdict, of all seeds."""

    def name(row: dict) -> str:
        return "/".join(str(row[key]) for key in ("dataset", "budget", "source", "target", "seed"))

    ordered = sorted(rows, key=lambda row: judging_hash(Sample(name(row), row["problem"], 0, CORRECT), settings.seed))
    if not knows_truth(ordered):
        return [judged_item(row) for row in ordered]
    known = [row for row in ordered if row["reasoning"] in (VALID, INVALID)]
    pairs = [(f"{name(row)} {row['problem']}", truth_of(row)) for row in known]
    return settings.simulated.look(pairs, settings.seed) if settings.simulated else [item for _, item in pairs]


def knows_truth(rows: Iterable[dict]) -> bool:
    return any(row["reasoning"] in (VALID, INVALID) for row in rows)


def judged_item(row: dict) -> Item:
    if row["reasoning"] is None:
        return Item(row["problem"])
    return Item(row["problem"], row["reasoning"] == FLAWED, decided=row["reasoning"] != NO_VERDICT)


def truth_of(row: dict) -> Item:
    return Item(row["problem"], truth=row["reasoning"] == INVALID)


def exact_rate(rows: Iterable[dict]) -> Estimate:
    """Of scored answers whose reasoning was checked exactly, and its interval over problems."""
    cases = [
        (row["problem"], float(row["reasoning"] == INVALID)) for row in rows if row["reasoning"] in (VALID, INVALID)
    ]
    return Estimate(*map(float, share_interval(*by_problem(cases))))


def count_items(items: Iterable[Item]) -> Counts:
    """Independent ones: those of one problem go together, by the design effects of labels and of verdicts."""
    items = list(items)
    labelled = [item for item in items if item.label is not None]
    judged = [item for item in items if item.flagged is not None]
    others = [item for item in judged if item.label is None]
    pairs = [(item.label, bool(item.flagged)) for item in labelled]
    counts = Counts(
        both=pairs.count((True, True)),
        missed=pairs.count((True, False)),
        accused=pairs.count((False, True)),
        passed=pairs.count((False, False)),
        flagged=sum(item.flagged for item in others),
        judged=len(others),
    )
    return counts.independent(
        design_effect([(item.problem, item.label) for item in labelled]),
        design_effect([(item.problem, item.flagged) for item in judged]),
    )


def design_effect(cases: Sequence[tuple[str, bool]]) -> float:
    """1 or more. cases: (problem, whether it is one that counts)."""
    if not cases:
        return 1.0
    return max(1.0, len(cases) / float(effective_number(*by_problem(cases))[0]))


def by_problem(cases: Iterable[tuple[str, float]]) -> tuple[np.ndarray, np.ndarray]:
    """(sum, number) of each problem's cases, shape (problems,)."""
    sums: dict[str, list[float]] = {}
    for problem, value in cases:
        entry = sums.setdefault(problem, [0.0, 0.0])
        entry[0] += value
        entry[1] += 1
    top, bottom = np.array(list(sums.values()), dtype=float).reshape(-1, 2).T
    return top, bottom


def estimate_rates(
    place: tuple[str, ...],
    items: Sequence[Item],
    settings: Settings,
    exact: Estimate | None = None,
    calibration: Sequence[Item] = (),
) -> Iterator[dict]:
    """Rows of false_positives.csv: one for each estimate that there is. place: the values of PLACE.

    exact: the rate of all right answers, if their truth is known. calibration: labelled items of other arms of the data
    set, from which the judge's sensitivity and specificity are taken where the items have no label.
    """
    labelled = [item for item in items if item.label is not None]
    judged = [item for item in items if item.flagged is not None]
    decided = [item for item in judged if item.decided]
    own = labelled if judged else []
    counts = count_items(items)
    # Where the truth is not known, people are real.
    simulated = settings.simulated if any(item.truth is not None for item in items) else None
    error = simulated.error if simulated else settings.error
    found: dict[str, Estimate] = {}
    if exact is not None:
        found[EXACT] = exact
    if labelled:
        found[PEOPLE] = estimators.people_alone(counts, error)
    if decided:
        found[JUDGE] = estimators.judge_alone(count_items(replace(item, label=None) for item in decided))
    if labelled and counts.judged:
        found[CORRECTED] = estimators.corrected(counts, error)
    by = own or [item for item in calibration if item.flagged is not None and item.label is not None]
    if counts.judged and by:
        alike = counts if own else replace(count_items(by), flagged=counts.flagged, judged=counts.judged)
        found[ROGAN_GLADEN] = estimators.rogan_gladen(alike, error)
    best = next((method for method in PREFERRED if method in found), None)
    agreement = agreement_of(by) if judged else {}
    needed = needed_labels(items, counts, settings, error) if labelled else {}
    for method in METHODS:
        if method not in found:
            continue
        row = dict(zip(PLACE, place, strict=True)) | {"method": method, "best": int(method == best)}
        row |= {"simulated": int(simulated is not None and method != EXACT)}
        row |= {key: getattr(found[method], key) for key in ("value", "low", "high")}
        row |= {"labelled": len(labelled) if method not in (EXACT, JUDGE) else ""}
        row |= {"judged": len(judged) if method not in (EXACT, PEOPLE) else ""}
        if method == CORRECTED:
            row["weight"] = estimators.tuned_weight(counts)
            row["correlation"] = math.sqrt(estimators.squared_correlation(counts))
        if method in (JUDGE, CORRECTED, ROGAN_GLADEN):
            row |= agreement
        if method == (CORRECTED if CORRECTED in found else PEOPLE):
            row |= needed
        yield row


def needed_labels(items: Sequence[Item], counts: Counts, settings: Settings, error: float) -> dict[str, int]:
    """Labels and verdicts for the wanted width, empty if no number is enough. counts: of the items, some labelled.

    Of solutions that go together as the items do: an independent one is worth as many of them as of the items.
    """
    here, cheapest = estimators.plan_labels(counts, settings.width, settings.cost, error)
    if here is None:
        return {}
    labelled = sum(item.label is not None for item in items)
    others = sum(item.label is None and item.flagged is not None for item in items)
    of_labels, of_verdicts = labelled / counts.labelled, others / counts.judged if others else 1.0
    return {
        "labels_needed": math.ceil(here.labels * of_labels - 1e-6),
        "labels_cheapest": math.ceil(cheapest.labels * of_labels - 1e-6),
        "verdicts_cheapest": math.ceil(cheapest.verdicts * of_verdicts - 1e-6),
    }


def agreement_of(items: Sequence[Item]) -> dict[str, float | None]:
    """The judge's agreement with people; empty without a solution that has both."""
    if not items:
        return {}
    verdicts = [FLAWED if item.flagged else SOUND for item in items]
    found = measure_agreement([not item.label for item in items], verdicts)
    return {
        f"{name}{end}": found[name][key]
        for name in MEASURES
        if name != "accuracy"
        for end, key in (("", "value"), ("_low", "low"), ("_high", "high"))
    }


def corrected_values(place: tuple[str, ...], items: Sequence[Item], error: float) -> Iterator[dict]:
    """Rows of false_positive_values.csv: what each problem adds to an arm's corrected rate, as top and bottom of a
    ratio of sums, for paired comparisons of arms.

    The mean over solutions is the corrected rate, and their variance gives its variance: of n labelled and N others a
    labelled one counts (label - weight verdict) (n + N) / n, any other weight verdict (n + N) / N.
    """
    labelled = sum(item.label is not None for item in items)
    counted = [item for item in items if item.label is not None or item.flagged is not None]
    others = len(counted) - labelled
    if not labelled:
        return
    weight = estimators.tuned_weight(count_items(items))
    sums: dict[str, list[float]] = {}
    for item in counted:
        share = weight * bool(item.flagged) if others else 0.0
        of_all = share / others if item.label is None else (item.label - share) / labelled
        value = of_all * len(counted)
        entry = sums.setdefault(item.problem, [0.0, 0.0])
        entry[0] += (value - error) / (1 - 2 * error)
        entry[1] += 1
    for problem, (top, bottom) in sums.items():
        yield dict(zip(VALUES[:3], place, strict=False)) | {"problem": problem, "top": top, "bottom": bottom}
