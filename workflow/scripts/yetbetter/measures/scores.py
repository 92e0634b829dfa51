"""Scores of finetuned models as one long table, and as arrays over seeds and problems for the statistics."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from yetbetter.errors import UserError
from yetbetter.records import read_rows
from yetbetter.verdicts import CORRECT, FLAWED, INVALID, SOUND, VALID

# How the keys of a row begin that hold a metric of sampled answers.
SAMPLED = ("maj@", "pass@", "solved@", "best@", "weighted@")
# Coordinates of a row of scores.jsonl, and the columns of the table of all scores.
PLACE = ("dataset", "budget", "source", "target", "seed", "paradigm", "benchmark", "problem", "level")
SCORES = (*PLACE, "metric", "top", "bottom")


def problem_values(row: dict) -> dict[str, tuple[float, float]]:
    """What one scored problem adds to each metric: (top, bottom) of a ratio of sums over problems."""
    values = {}
    if row["verdict"] is not None:
        values["pass@1"] = (float(row["verdict"] == CORRECT), 1.0)
    if row["reasoning"] is not None:
        wrong = row["reasoning"] in (INVALID, FLAWED)
        values["false_positive_rate"] = (float(wrong), float(wrong or row["reasoning"] in (VALID, SOUND)))
    values |= {key: (value, 1.0) for key, value in row.items() if key.startswith(SAMPLED)}
    return values | {key: (float(top), float(bottom)) for key, (top, bottom) in row.get("scores", {}).items()}


def read_scores(path: str) -> pd.DataFrame:
    """A scores.jsonl of score_model.py: a row per problem and metric; columns SCORES, all text except top and bottom.

    level: "" if the problem has none. UserError if the file is missing or empty, or a row lacks a key.
    """
    rows = read_rows(path, require=(*PLACE, "verdict", "reasoning"))
    if not rows:
        raise UserError(f"{path}: no scored problems")
    return tabulate_values(rows)


def tabulate_values(rows: Iterable[dict]) -> pd.DataFrame:
    """Rows of scores.jsonl as a table with columns SCORES, in their order; metrics in the order of problem_values."""
    values = []
    for row in rows:
        place = ["" if row[key] is None else str(row[key]) for key in PLACE]
        values += [(*place, metric, *pair) for metric, pair in problem_values(row).items()]
    return pd.DataFrame(values, columns=SCORES)


def arrays_of(scores: pd.DataFrame, seeds: Sequence[str], problems: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """(top, bottom), shape (seeds, problems) each, of one source, target, benchmark and metric.

    0 for a problem that contributes nothing, such as one without a right answer to the false positive rate.
    """
    top, bottom = (
        scores.pivot(index="seed", columns="problem", values=part).reindex(index=seeds, columns=problems).fillna(0.0)
        for part in ("top", "bottom")
    )
    return top.to_numpy(), bottom.to_numpy()
