"""What a study's cells and arms say about a comparison: roles become names, names values per problem and seed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from yetbetter.claims.roles import Missing, Roles
from yetbetter.claims.rules import Claim, Comparison, Term
from yetbetter.measures.arms import ARM, MODEL, measure_data, measure_model, read_questions
from yetbetter.measures.false_positives import CORRECTED, JUDGE, VALUES
from yetbetter.measures.metrics import METRICS
from yetbetter.measures.scores import read_scores
from yetbetter.stats.contrasts import Contrast, contrast
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.noise import ONE_POOL
from yetbetter.tables import read_table

RATE = "false_positive_rate"


class StudyEvidence:
    """The arms of a study by what they are, and the files that each rests on.

    arms: (dataset, budget, source, target, benchmark, metric) -> finetuned models, with their seeds; (dataset, budget,
    source, metric) -> training data. paths: the same without benchmark and metric. seed_sd, pool_sd: assumed standard
    deviations, as shares. one_pool: whether all seeds of an arm were trained on the same samples. looked_at: keys of
    arms whose reasoning is not checked exactly -> who looked at it.
    """

    def __init__(
        self,
        roles: Roles,
        arms: dict[tuple, Measurements],
        paths: dict[tuple, list[str]],
        seed_sd: float | None = None,
        pool_sd: float = 0.0,
        one_pool: bool = False,
        looked_at: dict[tuple, str] | None = None,
    ):
        self.roles, self.arms, self.paths = roles, arms, paths
        self.looked_at = looked_at or {}
        self.seed_sd, self.pool_sd, self.one_pool = seed_sd, pool_sd, one_pool
        self.several = [arm for arm in arms.values() if arm.seeds > 1]

    def estimate(self, comparison: Comparison, terms: tuple[Term, ...]) -> tuple[Contrast, list[str]]:
        """The difference in the metric's own scale (of logarithms, in percent), and the files that it rests on.

        Raises Missing if a role is not filled, or a cell not there.
        """
        found, paths = [], []
        for term in terms:
            arm, files = self.find(self.roles.names(term), comparison.metric)
            found.append((term.weight, arm))
            paths += files
        kin = [arm for arm in self.several if arm.kin in {one.kin for _, one in found}]
        estimate = contrast(found, kin, comparison.in_percent, self.seed_sd, self.pool_sd)
        if estimate.one_seed:
            estimate = replace(estimate, unknown=self.why_unknown([arm for _, arm in found]))
        if estimate.seeds and self.one_pool and not self.pool_sd:
            estimate = replace(estimate, basis=f"{estimate.basis}, {ONE_POOL}")
        keys = [self.key(self.roles.names(term), comparison.metric) for term in terms]
        if lookers := list(dict.fromkeys(self.looked_at[key] for key in keys if key in self.looked_at)):
            estimate = replace(estimate, basis=f"{estimate.basis}, {' and '.join(lookers)}")
        return estimate, list(dict.fromkeys(paths))

    def is_meant_for(self, claim: Claim) -> bool:
        """Whether the study assigns one of the roles of a claim of ours."""
        return any(self.roles.roles["sources"].get(role) for role in claim.ours)

    def why_unknown(self, arms: list[Measurements]) -> str:
        """Why no other arm lends its noise to the first of these that needs it; empty if no arm could."""
        for arm in arms:
            known = [one for one in self.several if one.kin == arm.kin]
            same = [one for one in known if one.target == arm.target]
            if arm.seeds > 1 or any(one.budget == arm.budget for one in same):
                continue
            text = (
                f"one seed of from-{arm.source}/to-{arm.target} at budget {arm.budget}, and the noise between seeds is"
            )
            if same:
                return f"{text} known at budget {in_words(one.budget for one in same)} only"
            if known:
                return f"{text} known for target {in_words(one.target for one in known)} only"
        return ""

    @staticmethod
    def key(names: dict[str, str], metric: str) -> tuple:
        place = tuple(names[axis] for axis in ARM)
        of_model = (names["target"], names.get("benchmark", "test")) if "target" in names else ()
        return (*place, *of_model, metric)

    def find(self, names: dict[str, str], metric: str) -> tuple[Measurements, list[str]]:
        place, template = tuple(names[axis] for axis in ARM), "{}/{}/from-{}"
        key = self.key(names, metric)
        if "target" in names:
            place, template = (*place, names["target"]), f"{template}/to-{{}}"
        if place not in self.paths:
            raise Missing(f"no {template.format(*place)}")
        if key not in self.arms:
            on = f" on {key[-2]}" if "target" in names else ""
            raise Missing(f"{metric.replace('_', ' ')}{on} was not measured for {template.format(*place)}")
        return self.arms[key], self.paths[place]


def read_evidence(
    roles: Roles,
    scores: Iterable[str],
    questions: Iterable[str],
    seed_sd: float | None = None,
    pool_sd: float = 0.0,
    one_pool: bool = False,
    corrected: str | None = None,
    judged: Iterable[str] = (),
) -> StudyEvidence:
    """The evidence in a scores.jsonl of each cell and a .questions.csv of each arm.

    corrected: estimate_false_positives.py's values, which replace the judge's where people labelled. judged: data sets
    whose reasoning a judge looks at. UserError if a file is missing or is not such a file.
    """
    found: dict[tuple, Measurements] = {}
    paths: dict[tuple, list[str]] = defaultdict(list)
    models: dict[tuple, list[pd.DataFrame]] = defaultdict(list)
    for path in scores:
        table = read_scores(path)
        place = tuple(table.loc[0, MODEL])
        models[place].append(table[table["metric"].isin(METRICS)])
        paths[place].append(path)
    for place, seeds in models.items():
        for kind, arm in measure_model(pd.concat(seeds)).items():
            found[*place, *kind] = arm
    for path in questions:
        table = read_questions(path)
        place = tuple(table.rows[0][axis] for axis in ARM)
        paths[place].append(path)
        for name, metric in METRICS.items():
            arm = measure_data(place, table, metric) if metric.of else None
            if arm is not None and arm.bottom.any():
                found[*place, name] = arm
    looked_at = {key: JUDGE for key in found if key[0] in judged and key[-1] == RATE}
    for place, values in read_corrected(corrected).items():
        key = (*place, RATE)
        if key in found:
            found[key], looked_at[key] = correct(found[key], values), CORRECTED
    return StudyEvidence(roles, found, dict(paths), seed_sd, pool_sd, one_pool, looked_at)


def read_corrected(path: str | None) -> dict[tuple, dict[str, tuple[float, float]]]:
    """(data set, budget, source) -> question -> (top, bottom) of the corrected false positive rate."""
    found: dict[tuple, dict[str, tuple[float, float]]] = {}
    for row in read_table(path, VALUES, ("top", "bottom")).rows if path else ():
        found.setdefault(tuple(row[axis] for axis in ARM), {})[row["problem"]] = row["top"], row["bottom"]
    return found


def correct(arm: Measurements, values: dict[str, tuple[float, float]]) -> Measurements:
    """The same arm with these values, and nothing for a question without one."""
    pairs = np.array([values.get(problem, (0.0, 0.0)) for problem in arm.problems], dtype=float).reshape(-1, 2)
    return replace(arm, top=pairs[None, :, 0], bottom=pairs[None, :, 1])


def in_words(names: Iterable[str]) -> str:
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last
