"""The tables of a ladder of weak sources: ladder.csv, ladder_crossover.csv and ladder_predictors.csv.

Every source of a ladder but the strong one is a rung. A rung's ratio is its pass@1 over the strong source's, among the
samples drawn for the training questions; its difference is the accuracy of the models finetuned on it, minus that of
those finetuned on the strong source's data.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from yetbetter.identity import stream_seed
from yetbetter.measures.arms import ARM, MODEL, measure_model, read_questions
from yetbetter.measures.metrics import FURTHER_MEASURES, METRICS
from yetbetter.measures.scores import read_scores
from yetbetter.stats.contrasts import FEWEST
from yetbetter.stats.crossover import Differences, Ratios, estimate_crossover, joint_differences, joint_ratios
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.noise import ONE_POOL
from yetbetter.stats.prediction import predict_held_out
from yetbetter.tables import level_order

BENCHMARK, METRIC = "test", "pass@1"
PLACE = ("dataset", "budget", "target", "level")
# Measures of the training data, from the counts of its questions.
DATA: dict[str, Callable[[list[dict]], float]] = {
    "coverage": lambda rows: share(rows, METRICS["coverage"].of),
    "distinct_solutions": lambda rows: share(rows, FURTHER_MEASURES["diversity_per_question"].of),
    "false_positive_rate": lambda rows: share(rows, METRICS["false_positive_rate"].of),
    "training_set_size": lambda rows: float(sum(row["trained"] for row in rows)) if rows else math.nan,
}
LADDER = (
    *(*PLACE, "source", "baseline", "ratio", "ratio_low", "ratio_high", "pass_at_1", "baseline_pass_at_1"),
    *("difference", "low", "high", "accuracy", "baseline_accuracy"),
    *(f"{side}{measure}" for measure in DATA for side in ("", "baseline_")),
    *("questions", "problems", "seeds", "basis"),
)
CROSSOVERS = (*PLACE, "crossover", "low", "high", "position", "text", "first", "last", "rungs", "problems", "basis")
PREDICTORS = ("dataset", "predictor", "rmse_points", "explained", "rmse_of_mean_points", "rungs", "differences")
# What each predictor says of a row of ladder.csv. Numbers of solutions are compared as ratios, shares as differences.
SCALES: dict[str, Callable[[dict], float]] = {
    "ratio": lambda row: row["ratio"],
    "coverage": lambda row: row["coverage"] - row["baseline_coverage"],
    "distinct_solutions": lambda row: log_ratio(row, "distinct_solutions"),
    "false_positive_rate": lambda row: row["false_positive_rate"] - row["baseline_false_positive_rate"],
    "training_set_size": lambda row: log_ratio(row, "training_set_size"),
}
TOGETHER, EVERY = "all together", "all"

Models = dict[tuple[str, ...], dict[str, Measurements]]
Questions = dict[tuple[str, ...], list[dict]]


def share(rows: list[dict], of: Callable) -> float:
    """The ratio of sums over questions, NaN if there is nothing to count."""
    top, bottom = map(sum, zip(*map(of, rows), strict=True)) if rows else (0.0, 0.0)
    return top / bottom if bottom else math.nan


def log_ratio(row: dict, measure: str) -> float:
    pair = row[measure], row[f"baseline_{measure}"]
    return math.log(pair[0] / pair[1]) if min(pair) > 0 else math.nan


# Reading --------------------------------------------------------------------------------------------------------------


def read_models(scores: Iterable[str]) -> Models:
    """(dataset, budget, target, level) -> source -> its finetuned models on the test problems of the level.

    scores: a scores.jsonl of each cell. UserError as `read_scores`.
    """
    tables: dict[tuple, list[pd.DataFrame]] = defaultdict(list)
    for path in scores:
        table = read_scores(path)
        place = tuple(table.loc[0, MODEL])
        tables[place].append(table[(table["benchmark"] == BENCHMARK) & (table["metric"] == METRIC)])
    models: Models = defaultdict(dict)
    for (dataset, budget, source, target), seeds in tables.items():
        table = pd.concat(seeds)
        for level in ["all", *sorted(set(table["level"]) - {""}, key=level_order)]:
            own = table if level == "all" else table[table["level"] == level]
            arm = measure_model(own).get((BENCHMARK, METRIC)) if len(own) else None
            if arm is not None:
                # Levels have problems of their own, so noise is not comparable between them.
                own_kin = {"units": (*arm.units, level), "kin": (*arm.kin, level)}
                models[dataset, budget, target, level][source] = replace(arm, **own_kin)
    return dict(models)


def read_data(questions: Iterable[str]) -> Questions:
    """(dataset, budget, source) -> counts of the training questions, with their levels.

    questions: a .questions.csv of each arm. UserError as `read_questions`.
    """
    found = {}
    for path in questions:
        rows = read_questions(path).rows
        found[tuple(rows[0][axis] for axis in ARM)] = rows
    return found


def of_level(rows: list[dict], level: str) -> list[dict]:
    return rows if level == "all" else [row for row in rows if row["level"] == level]


def sampled(data: Questions, dataset: str, level: str) -> dict[str, Measurements]:
    """source -> pass@1 of its samples, over the training questions of a level.

    Of the budgets of a source, the one with the most samples is used: it includes the samples of the others.
    """
    most: dict[str, tuple[float, list[dict]]] = {}
    for (name, _, source), rows in data.items():
        own = of_level(rows, level)
        drawn = sum(row["drawn"] for row in own)
        if name == dataset and drawn > most.get(source, (0.0,))[0]:
            most[source] = drawn, own
    return {source: measure_samples(rows) for source, (_, rows) in most.items()}


def measure_samples(rows: list[dict]) -> Measurements:
    counts = np.array([(row["correct"], row["drawn"]) for row in rows], dtype=float)
    return Measurements(tuple(row["problem"] for row in rows), counts[None, :, 0], counts[None, :, 1])


# Tables ---------------------------------------------------------------------------------------------------------------


class Ladder:
    """One data set, budget, target and level: the rungs by growing ratio, with ratios and differences together."""

    def __init__(self, place: tuple[str, ...], models: Models, samples: dict[str, Measurements], strong: str):
        self.place, self.strong = dict(zip(PLACE, place, strict=True)), strong
        self.arms, self.samples = models[place], samples
        known = {source: arm.value for source, arm in samples.items() if source in self.arms and arm.value > 0}
        sizes = [len(arm.problems) for side in (self.arms, samples) for source, arm in side.items() if source in known]
        complete = strong in known and min(sizes) >= FEWEST
        self.rungs = sorted(known.keys() - {strong}, key=lambda source: (known[source], source)) if complete else []
        # Arms of other budgets, whose noise is comparable.
        self.others = [arm for key, arms in models.items() if key != place for arm in arms.values()]

    @property
    def ratios(self) -> Ratios:
        return joint_ratios([self.samples[rung] for rung in self.rungs], self.samples[self.strong])

    @property
    def differences(self) -> Differences:
        return joint_differences([self.arms[rung] for rung in self.rungs], self.arms[self.strong], self.others)


def list_ladders(models: Models, data: Questions, strong: str) -> list[Ladder]:
    """The ladders that have a rung. strong: the source that rungs are compared with.

    Levels with too few problems or training questions for an interval are left out.
    """
    samples: dict[tuple[str, str], dict[str, Measurements]] = {}
    ladders = []
    for place in models:
        dataset, _, _, level = place
        if (dataset, level) not in samples:
            samples[dataset, level] = sampled(data, dataset, level)
        ladders.append(Ladder(place, models, samples[dataset, level], strong))
    return [ladder for ladder in ladders if ladder.rungs]


def named(basis: str, one_pool: bool) -> str:
    return f"{basis}, {ONE_POOL}" if one_pool else basis


def ladder_rows(ladders: list[Ladder], data: Questions, one_pool: bool = False) -> Iterator[dict]:
    """Rows of ladder.csv. Shares and their differences are in the metric's own scale, as in finetuned.csv."""
    for ladder in ladders:
        ratios, differences = ladder.ratios, ladder.differences
        columns = {
            "ratio": ratios.values,
            **dict(zip(("ratio_low", "ratio_high"), ratios.intervals(), strict=True)),
            "difference": differences.values,
            **dict(zip(("low", "high"), differences.intervals(), strict=True)),
            "accuracy": differences.ends[:-1],
        }
        strong = ladder.samples[ladder.strong]
        baseline = {"pass_at_1": strong.value, **measure_data(data, ladder, ladder.strong)}
        for number, rung in enumerate(ladder.rungs):
            yield (
                ladder.place
                | {"source": rung, "baseline": ladder.strong}
                | {name: float(values[number]) for name, values in columns.items()}
                | {"pass_at_1": ladder.samples[rung].value, **measure_data(data, ladder, rung)}
                | {f"baseline_{name}": value for name, value in baseline.items()}
                | {"baseline_accuracy": float(differences.ends[-1]), "questions": len(strong.problems)}
                | {"problems": differences.problems, "basis": named(differences.basis, one_pool)}
                | {"seeds": "/".join(str(ladder.arms[name].seeds) for name in (rung, ladder.strong))}
            )


def measure_data(data: Questions, ladder: Ladder, source: str) -> dict[str, float]:
    """The measures of a source's training data at the ladder's budget and level."""
    rows = of_level(data.get((ladder.place["dataset"], ladder.place["budget"], source), []), ladder.place["level"])
    return {name: measure(rows) for name, measure in DATA.items()}


def crossover_rows(ladders: list[Ladder], one_pool: bool = False) -> Iterator[dict]:
    """Rows of ladder_crossover.csv, for ladders of at least two rungs.

    crossover, low, high: ratios, empty beyond the ends of the ladder (`first`, `last`); `text` says on which side.
    """
    for ladder in ladders:
        if len(ladder.rungs) < 2:
            continue
        differences = ladder.differences
        found = estimate_crossover(ladder.ratios, differences, stream_seed("ladder", *ladder.place.values()))
        ends = {"crossover": found.value, "low": found.low, "high": found.high}
        yield (
            ladder.place
            | {name: end if math.isfinite(end) else math.nan for name, end in ends.items()}
            | {"position": found.position, "text": found.text, "first": found.first, "last": found.last}
            | {"rungs": found.rungs, "problems": differences.problems, "basis": named(differences.basis, one_pool)}
        )


def predictor_rows(rows: list[dict]) -> Iterator[dict]:
    """Rows of ladder_predictors.csv, from those of ladder.csv: how well each predicts held-out rungs.

    A rung is held out at all budgets, of all data sets and for all targets. Levels are not used.
    """
    rows = [row for row in rows if row["level"] == "all"]
    for dataset in dict.fromkeys([EVERY, *(row["dataset"] for row in rows)]) if rows else ():
        own = [row for row in rows if dataset in (EVERY, row["dataset"])]
        table = {name: [scale(row) for row in own] for name, scale in SCALES.items()}
        # A study without a check of the reasoning has no false positive rate.
        table = {name: column for name, column in table.items() if not all(map(math.isnan, column))}
        for name, chosen in [*((name, [name]) for name in table), (TOGETHER, list(table))]:
            yield {"dataset": dataset, "predictor": name} | predict(own, np.array([table[one] for one in chosen]).T)


def predict(rows: list[dict], features: np.ndarray) -> dict:
    """features: shape (rows, predictors)."""
    complete = ~np.isnan(features).any(axis=1)
    kept = [row for row, whole in zip(rows, complete, strict=True) if whole]
    points = np.array([100 * row["difference"] for row in kept])
    rungs = [row["source"] for row in kept]
    found = predict_held_out(features[complete], points, rungs)
    counts = {"rungs": len(set(rungs)), "differences": len(kept)}
    if found is None:
        return counts
    return counts | {
        "rmse_points": found.error,
        "explained": found.explained,
        "rmse_of_mean_points": found.error_of_mean,
    }
