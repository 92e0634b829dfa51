"""How far a judge's verdicts agree with people's labels: accuracy, Cohen's kappa, error rates, confusion table."""

from collections import Counter
from pathlib import Path

import numpy as np

from yetbetter.errors import UserError
from yetbetter.records import read_rows, where_is
from yetbetter.stats.estimators import Bootstrap, divide, interval
from yetbetter.stats.shares import interval_of_number
from yetbetter.verdicts import FLAWED, NO_VERDICT, SOUND

JUDGED = (SOUND, FLAWED, NO_VERDICT)


def read_labelled(path: str | Path) -> list[dict]:
    """Rows (problem, question, solution, answer or None, sound, correct or None) of a labelled file.

    Two formats: question, solution, sound (and where known answer, correct), or that of Ling et al. 2023 (Deductive
    Verification): question, answer (the solution's text), flag (1: sound), gt_answer, correct.
    """
    labelled = []
    for number, row in enumerate(read_rows(path, require=("question",)), start=1):
        ling = "flag" in row
        solution, label = (row.get("answer"), row["flag"]) if ling else (row.get("solution"), row.get("sound"))
        if not isinstance(solution, str):
            raise UserError(
                f"{where_is(path, number)}: no solution in the row (`answer` beside `flag`, `solution` beside `sound`)"
            )
        if label not in (0, 1):
            name = "flag" if ling else "sound"
            raise UserError(f"{where_is(path, number)}: {name} is {label!r}, allowed: true, false, 1, 0")
        answer = row.get("gt_answer" if ling else "answer")
        labelled.append(
            {
                "problem": f"{Path(path).stem}:{number}",
                "question": row["question"],
                "solution": solution,
                # A gold solution of GSM8K states its answer behind four hashes.
                "answer": None if answer is None else str(answer).rpartition("####")[2].strip(),
                "sound": bool(label),
                "correct": row.get("correct"),
            }
        )
    if not labelled:
        raise UserError(f"{path}: holds no rows")
    return labelled


def measure_agreement(labels: list[bool], verdicts: list[str], seed: int = 0) -> dict:
    """Agreement over the rows that have a verdict; those without are counted apart. None means undefined.

    labels: people's, True for sound. Each measure is {value, low, high}: 95 %, Wilson's interval of shares, and for
    kappa a bootstrap over rows. If no row differs, it begins where Wilson's lower end for the accuracy would put it.
    kappa: (accuracy - chance) / (1 - chance), chance from both margins (Cohen 1960); undefined if all labels or all
    verdicts are alike, since it is then 0 in every resample, whatever the other side says. sensitivity: share of the
    solutions labelled flawed that the judge calls flawed; specificity: share of the sound ones that it calls sound.
    """
    table = Counter(zip(labels, verdicts, strict=True))
    decided = [
        (label, verdict == SOUND) for label, verdict in zip(labels, verdicts, strict=True) if verdict in JUDGED[:2]
    ]
    kinds = np.array([2 * (not label) + (not sound) for label, sound in decided], dtype=int)
    one = np.eye(4)[kinds] if decided else np.zeros((0, 4))
    resampled = Bootstrap(len(decided), seed).weights @ one
    measured = {}
    for name, measure in MEASURES.items():
        if name in SHARES:
            low, high = share_of_counts(one, SHARES[name])
        elif one_sided(one.sum(axis=0)):
            measured[name] = dict.fromkeys(("value", "low", "high"))
            continue
        else:
            low, high = interval(measure(resampled))
            if low == high == 1:
                low = 1 - (1 - share_of_counts(one, SHARES["accuracy"])[0]) / (1 - chance(one.sum(axis=0)))
        measured[name] = {
            "value": none_if_nan(measure(one.sum(axis=0))),
            "low": none_if_nan(low),
            "high": none_if_nan(high),
        }
    return {
        "rows": len(labels),
        "decided": len(decided),
        "no_verdict": len(labels) - len(decided),
        "confusion": {
            name: {verdict: table[label, verdict] for verdict in JUDGED}
            for name, label in ((SOUND, True), (FLAWED, False))
        },
        **measured,
    }


# Of counts (..., 4): labelled sound and called sound, sound/flawed, flawed/sound, flawed/flawed.


def accuracy(counts: np.ndarray) -> np.ndarray:
    return divide(counts[..., 0] + counts[..., 3], counts.sum(axis=-1))


def kappa(counts: np.ndarray) -> np.ndarray:
    by_chance = chance(counts)
    return divide(accuracy(counts) - by_chance, 1 - by_chance)


def one_sided(counts: np.ndarray) -> bool:
    """Whether all labels are alike, or all verdicts. counts: shape (4,)."""
    margins = counts[:2].sum(), counts[2:].sum(), counts[::2].sum(), counts[1::2].sum()
    return not all(margins)


def chance(counts: np.ndarray) -> np.ndarray:
    """The accuracy of verdicts that do not depend on the labels, both with the same margins."""
    total = counts.sum(axis=-1)
    labelled, called = counts[..., 0] + counts[..., 1], counts[..., 0] + counts[..., 2]
    return divide(labelled * called + (total - labelled) * (total - called), total**2)


def sensitivity(counts: np.ndarray) -> np.ndarray:
    return divide(counts[..., 3], counts[..., 2] + counts[..., 3])


def specificity(counts: np.ndarray) -> np.ndarray:
    return divide(counts[..., 0], counts[..., 0] + counts[..., 1])


MEASURES = {"accuracy": accuracy, "kappa": kappa, "sensitivity": sensitivity, "specificity": specificity}
# Those that are shares: of which counts, and which of all.
SHARES = {"accuracy": ((0, 3), (0, 1, 2, 3)), "sensitivity": ((3,), (2, 3)), "specificity": ((0,), (0, 1))}


def share_of_counts(one: np.ndarray, cells: tuple[tuple[int, ...], tuple[int, ...]]) -> tuple[float, float]:
    """low and high of a share of rows. one: shape (rows, 4), the cell that each row is in."""
    total = one.sum(axis=0)
    part, whole = (sum(total[cell] for cell in chosen) for chosen in cells)
    if not whole:
        return np.nan, np.nan
    low, high = interval_of_number(part / whole, whole)
    return float(low), float(high)


def none_if_nan(value) -> float | None:
    return None if np.isnan(value) else float(value)


def show_agreement(name: str, found: dict) -> str:
    """A few lines of text for people."""
    lines = [f"{name}: {found['rows']} labelled solutions, {found['decided']} with a verdict"]
    lines.append(f"  {'labelled':<12}" + "".join(f"{verdict:>12}" for verdict in JUDGED))
    for label, row in found["confusion"].items():
        lines.append(f"  {label:<12}" + "".join(f"{row[verdict]:>12}" for verdict in JUDGED))
    for measure in MEASURES:
        value, low, high = (found[measure][key] for key in ("value", "low", "high"))
        shown = "undefined" if value is None else f"{value:.3f}"
        shown += "" if low is None or value is None else f"  (95 % {low:.3f} to {high:.3f})"
        lines.append(f"  {measure:<12}{shown}")
    return "\n".join(lines)
