"""What a study's cells and arms say about a comparison: roles become names, names values per problem and seed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from yetbetter.claims.roles import Missing, Roles
from yetbetter.claims.rules import Claim, Comparison, Term
from yetbetter.measures.arms import ARM, MODEL, measure_data, measure_model, read_questions
from yetbetter.measures.metrics import METRICS
from yetbetter.measures.scores import read_scores
from yetbetter.stats.contrasts import Contrast, contrast
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.noise import ONE_POOL


class StudyEvidence:
    """The arms of a study by what they are, and the files that each rests on.

    arms: (dataset, budget, source, target, benchmark, metric) -> finetuned models, with their seeds; (dataset, budget,
    source, metric) -> training data. paths: the same without benchmark and metric. seed_sd, pool_sd: assumed standard
    deviations, as shares. one_pool: whether all seeds of an arm were trained on the same samples.
    """

    def __init__(
        self,
        roles: Roles,
        arms: dict[tuple, Measurements],
        paths: dict[tuple, list[str]],
        seed_sd: float | None = None,
        pool_sd: float = 0.0,
        one_pool: bool = False,
    ):
        self.roles, self.arms, self.paths = roles, arms, paths
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

    def find(self, names: dict[str, str], metric: str) -> tuple[Measurements, list[str]]:
        place, template = tuple(names[axis] for axis in ARM), "{}/{}/from-{}"
        key = (*place, metric)
        if "target" in names:
            place, template = (*place, names["target"]), f"{template}/to-{{}}"
            key = (*place, names.get("benchmark", "test"), metric)
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
) -> StudyEvidence:
    """The evidence in a scores.jsonl of each cell and a .questions.csv of each arm.

    UserError if a file is missing or is not such a file.
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
    return StudyEvidence(roles, found, dict(paths), seed_sd, pool_sd, one_pool)


def in_words(names: Iterable[str]) -> str:
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last
