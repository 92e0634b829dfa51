"""How far several annotators agree on the same solutions: Cohen's kappa, Krippendorff's alpha, with intervals."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from yetbetter.judging.agreement import none_if_nan
from yetbetter.stats.estimators import Bootstrap, divide, interval
from yetbetter.verdicts import CANNOT_TELL, FLAWED, LABELS, SOUND

Z = 1.96  # of a 95 % interval
KINDS = (SOUND, FLAWED)
# Of weights (resamples, solutions): observed and expected disagreement, each of shape (resamples,).
Disagreements = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def compare_annotators(labels: Sequence[dict[str, str]]) -> dict:
    """Agreement over solutions. labels: of each solution, by annotator.

    `cannot tell` is a missing label: it is counted, and enters no measure. Each measure is {value, low, high}, see
    `measure`; None means undefined.
    """
    names = sorted({name for one in labels for name in one})
    decided = [{name: label for name, label in one.items() if label != CANNOT_TELL} for one in labels]
    counts = [[list(one.values()).count(kind) for kind in KINDS] for one in decided if len(one) > 1]
    several = np.array(counts, dtype=float).reshape(-1, len(KINDS))
    return {
        "solutions": len(labels),
        "labelled_by_several": len(several),
        "annotators": {name: count_labels(labels, name) for name in names},
        "krippendorff_alpha": measure(len(several), lambda weights: krippendorff(weights, several)),
        "pairs": [compare_pair(decided, *pair) for pair in combinations(names, 2)],
    }


def count_labels(labels: Sequence[dict[str, str]], name: str) -> dict[str, int]:
    found = Counter(one[name] for one in labels if name in one)
    return {label: found[label] for label in LABELS}


def compare_pair(labels: Sequence[dict[str, str]], one: str, other: str) -> dict:
    """Share of equal labels, and Cohen's kappa, of two annotators over what both labelled.

    confusion: {label of the one: {label of the other: number of solutions}}.
    """
    pairs = [(found[one], found[other]) for found in labels if one in found and other in found]
    first, second = (np.array([pair[at] == SOUND for pair in pairs], dtype=float) for at in (0, 1))
    table = Counter(pairs)
    return {
        "annotators": [one, other],
        "solutions": len(pairs),
        "confusion": {kind: {same: table[kind, same] for same in KINDS} for kind in KINDS},
        "agreement": measure(len(pairs), lambda weights: (differing(weights, first, second), np.ones(len(weights)))),
        "cohen_kappa": measure(len(pairs), lambda weights: cohen(weights, first, second)),
    }


def differing(weights: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return divide(weights @ (first != second), weights.sum(axis=1))


def cohen(weights: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Disagreements whose ratio is 1 - kappa: the chance of each annotator's own shares (Cohen 1960).

    first, second: 1 where the annotator's label is sound, 0 where it is flawed. NaN if one of them gave all solutions
    the same label: kappa is then 0 whatever the other says.
    """
    if any(len(set(labels)) < 2 for labels in (first, second)):
        return (np.full(len(weights), np.nan),) * 2
    shares = [divide(weights @ labels, weights.sum(axis=1)) for labels in (first, second)]
    return differing(weights, first, second), shares[0] * (1 - shares[1]) + shares[1] * (1 - shares[0])


def krippendorff(weights: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Disagreements whose ratio is 1 - alpha, for nominal labels some of which are missing.

    counts: shape (solutions, kinds), how often each label was given; at least two labels for each solution.
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, from the pairs within a solution.
    """
    given = counts.sum(axis=1)
    within = divide(given**2 - (counts**2).sum(axis=1), given - 1)
    total = weights @ counts
    number = total.sum(axis=1)
    expected = divide(number**2 - (total**2).sum(axis=1), number * (number - 1))
    return divide(weights @ within, number), expected


def measure(solutions: int, disagreements: Disagreements) -> dict[str, float | None]:
    """1 - observed / expected disagreement, with a 95 % percentile bootstrap interval over solutions.

    Where no two labels differ, every resample has the value 1. The interval then begins where the largest share of
    differing solutions would put it that Wilson's interval allows for none in n: z^2 / (n + z^2).
    """
    observed, expected = disagreements(np.ones((1, solutions)))
    value = 1 - divide(observed, expected)
    if np.isnan(value[0]):
        return dict.fromkeys(("value", "low", "high"))
    if observed[0] == 0:
        low, high = np.maximum(1 - divide(np.array([Z**2 / (solutions + Z**2)]), expected), -1)[0], value[0]
    else:
        low, high = interval(1 - divide(*disagreements(Bootstrap(solutions).weights)))
    return {"value": float(value[0]), "low": none_if_nan(low), "high": none_if_nan(high)}


def show_annotators(found: dict) -> str:
    """A few lines of text for people."""
    lines = [f"{found['solutions']} solutions labelled, {found['labelled_by_several']} of them by several annotators"]
    for name, counts in found["annotators"].items():
        lines.append(f"  {name}: " + ", ".join(f"{number} {label}" for label, number in counts.items()))
    measures = [(f"  Krippendorff's alpha, {found['labelled_by_several']} solutions", found["krippendorff_alpha"])]
    for pair in found["pairs"]:
        both = f"  {' and '.join(pair['annotators'])}, {pair['solutions']} solutions"
        measures += [(f"{both}: equal labels", pair["agreement"]), (f"{both}: Cohen's kappa", pair["cohen_kappa"])]
    for name, one in measures:
        defined = one["value"] is not None and one["low"] is not None
        shown = f"{one['value']:.3f}  (95 % {one['low']:.3f} to {one['high']:.3f})" if defined else "undefined"
        lines.append(f"{name} {shown}")
    return "\n".join(lines)
