"""Values of arms, of their finetuned models and of their training data, per seed and problem, for the statistics."""

import numpy as np
import pandas as pd

from yetbetter.errors import UserError
from yetbetter.measures.metrics import Metric
from yetbetter.measures.questions import COUNTS
from yetbetter.measures.scores import arrays_of
from yetbetter.stats.measurements import Measurements
from yetbetter.tables import Table, read_table

ARM = ["dataset", "budget", "source"]
MODEL = [*ARM, "target"]


def measure_model(scores: pd.DataFrame) -> dict[tuple[str, str], Measurements]:
    """(benchmark, metric) -> the finetunings of one arm with different seeds over the problems that all were asked.

    scores: of one arm and target, as `measures.scores` has them. A benchmark that some seed was not asked is left out.
    """
    dataset, budget, source, target = scores.iloc[0][MODEL]
    seeds, found = list(scores["seed"].unique()), {}
    for (benchmark, metric), own in scores.groupby(["benchmark", "metric"], sort=False):
        # Problems without a right answer have no reasoning, and are (0, 0) in the ratio.
        asked = scores[(scores["benchmark"] == benchmark) & (scores["metric"] == "pass@1")]
        times = asked.groupby("problem", sort=False)["seed"].nunique()
        problems = tuple(times.index[times == len(seeds)])
        if problems:
            units = (dataset, benchmark)
            arrays = arrays_of(own, seeds, problems)
            place = {"budget": budget, "target": target, "source": source}
            found[benchmark, metric] = Measurements(problems, *arrays, units, kin=(*units, metric), **place)
    return found


def read_questions(path: str) -> Table:
    """A .questions.csv of measure_arm.py, its counts as numbers."""
    table = read_table(path, [*ARM, "problem", *COUNTS], COUNTS)
    if not table.rows:
        raise UserError(f"{path}: no questions")
    return table


def measure_data(place: tuple[str, ...], questions: Table, metric: Metric) -> Measurements:
    """An arm's training data in a metric, over its questions. place: (dataset, budget, source)."""
    top, bottom = np.array([metric.of(row) for row in questions.rows], dtype=float).T
    problems = tuple(row["problem"] for row in questions.rows)
    return Measurements(problems, top[None], bottom[None], (place[0], "train"), share=metric.share)
