"""What a study's cells and arms say about a comparison: roles become names, names values per problem and seed."""

from collections import defaultdict

import numpy as np

from yetbetter.claims.rules import Comparison, Term
from yetbetter.errors import UserError
from yetbetter.measures.accuracy import problem_values
from yetbetter.records import read_rows
from yetbetter.stats.contrasts import Arm, Estimate, contrast
from yetbetter.tables import read_table

CELL = ("dataset", "budget", "source", "target", "seed")
SCORES = (*CELL, "benchmark", "problem", "verdict", "reasoning")
QUESTIONS = (
    *("dataset", "budget", "source", "problem", "level", "drawn", "trained"),
    *("correct", "unique_correct", "decided", "wrong_reasoning"),
)
MODEL_METRICS = ("pass@1", "false_positive_rate")
DATA_METRICS = ("coverage", "diversity", "false_positive_rate", "wrong_share")
GROUPS = {"dataset": "datasets", "budget": "budgets", "source": "sources", "target": "targets"}


class Missing(Exception):
    """What a comparison lacks, in words. unfilled: a role that no entry of the config plays."""

    def __init__(self, reason: str, unfilled: bool = False):
        super().__init__(reason)
        self.unfilled = unfilled


class Roles:
    """Names by role. stand_ins: roles that others are taken for where the config names none."""

    def __init__(self, roles: dict, stand_ins: dict[str, dict[str, str]]):
        self.roles, self.stand_ins = roles, stand_ins

    def name(self, axis: str, role: str) -> str:
        """Raises Missing for a role that nothing plays."""
        if axis not in GROUPS:
            return role
        group = GROUPS[axis]
        names = self.roles[group]
        stand_in = self.stand_ins.get(group, {}).get(role, role)
        found = names.get(role) or names.get(stand_in)
        if not found:
            raise Missing(f"no {axis} plays {role.replace('_', ' ')!r}", unfilled=True)
        return found

    def names(self, term: Term) -> dict[str, str]:
        return {axis: self.name(axis, role) for axis, role in term.roles}


class StudyEvidence:
    """The arms of a study by what they are, and the files that each rests on.

    arms: (dataset, budget, source, target, benchmark, metric) -> finetuned models, with their seeds; (dataset, budget,
    source, metric) -> training data. paths: the same without benchmark and metric. seed_sd, pool_sd: assumed standard
    deviations, as shares.
    """

    def __init__(
        self,
        roles: Roles,
        arms: dict[tuple, Arm],
        paths: dict[tuple, list[str]],
        seed_sd: float | None = None,
        pool_sd: float = 0.0,
    ):
        self.roles, self.arms, self.paths = roles, arms, paths
        self.seed_sd, self.pool_sd = seed_sd, pool_sd
        self.several = [arm for arm in arms.values() if arm.seeds > 1]

    def estimate(self, comparison: Comparison, terms: tuple[Term, ...]) -> tuple[Estimate, list[str]]:
        """The difference in the metric's own scale (of logarithms, in percent), and the files that it rests on.

        Raises Missing where a role is not filled, or a cell not there.
        """
        found, paths = [], []
        for term in terms:
            arm, files = self.find(self.roles.names(term), comparison.metric)
            found.append((term.weight, arm))
            paths += files
        kin = [arm for arm in self.several if arm.kin in {one.kin for _, one in found}]
        estimate = contrast(found, kin, comparison.in_percent, self.seed_sd, self.pool_sd)
        return estimate, list(dict.fromkeys(paths))

    def find(self, names: dict[str, str], metric: str) -> tuple[Arm, list[str]]:
        place, template = tuple(names[axis] for axis in CELL[:3]), "{}/{}/from-{}"
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


def read_study(
    roles: Roles,
    scores: str,
    cells: list[str],
    metrics: str,
    arms: list[str],
    seed_sd: float | None = None,
    pool_sd: float = 0.0,
) -> StudyEvidence:
    """Reads {scores}/{cell}/scores.jsonl of each cell and {metrics}/{arm}.questions.csv of each arm.

    UserError where a file is missing or is no such file.
    """
    found: dict[tuple, Arm] = {}
    paths: dict[tuple, list[str]] = defaultdict(list)
    models: dict[tuple, list[dict]] = defaultdict(list)
    for path in (f"{scores}/{cell}/scores.jsonl" for cell in cells):
        place, values = read_cell(path)
        models[place].append(values)
        paths[place].append(path)
    for place, seeds in models.items():
        for benchmark, metric in dict.fromkeys(kind for values in seeds for kind in values):
            arm = model_arm(place, seeds, benchmark, metric)
            if arm is not None:
                found[*place, benchmark, metric] = arm
    for path in (f"{metrics}/{arm}.questions.csv" for arm in arms):
        rows = read_table(path).rows
        if not rows or any(column not in rows[0] for column in QUESTIONS):
            raise UserError(f"{path}: no table of questions (columns: {', '.join(QUESTIONS)})")
        place = tuple(rows[0][axis] for axis in CELL[:3])
        paths[place].append(path)
        for metric in DATA_METRICS:
            arm = data_arm(place, rows, metric)
            if arm.bottom.any():
                found[*place, metric] = arm
    return StudyEvidence(roles, found, dict(paths), seed_sd, pool_sd)


def read_cell(path: str) -> tuple[tuple[str, ...], dict]:
    """(dataset, budget, source, target), and {(benchmark, metric): {problem: (top, bottom)}} of one finetuned model."""
    rows = read_rows(path, require=SCORES)
    if not rows:
        raise UserError(f"{path}: no scored problems")
    values: dict[tuple, dict] = defaultdict(dict)
    for row in rows:
        for metric, pair in problem_values(row).items():
            if metric in MODEL_METRICS:
                values[row["benchmark"], metric][row["problem"]] = pair
    return tuple(str(rows[0][axis]) for axis in CELL[:4]), values


def model_arm(place: tuple, seeds: list[dict], benchmark: str, metric: str) -> Arm | None:
    """The finetunings of one arm with different seeds over the problems that all of them were asked."""
    # Problems without a right answer have no reasoning, and stand in the ratio as (0, 0).
    asked = [values.get((benchmark, "pass@1"), {}) for values in seeds]
    problems = tuple(problem for problem in asked[0] if all(problem in values for values in asked))
    if not problems:
        return None
    kinds = [values.get((benchmark, metric), {}) for values in seeds]
    pairs = np.array([[values.get(problem, (0.0, 0.0)) for problem in problems] for values in kinds])
    units = (place[0], benchmark)
    return Arm(problems, pairs[..., 0], pairs[..., 1], units, kin=(*units, place[3], metric))


def data_arm(place: tuple, rows: list[dict], metric: str) -> Arm:
    top, bottom = np.array([question_values(row, metric) for row in rows]).T
    problems = tuple(row["problem"] for row in rows)
    return Arm(problems, top[None], bottom[None], (place[0], "train"), share=metric != "diversity")


def question_values(row: dict, metric: str) -> tuple[float, float]:
    """What one question of an arm adds to a metric of its training data: (top, bottom) of a ratio over questions."""
    trained, correct = float(row["trained"]), float(row["correct"])
    solved = float(correct > 0)
    return {
        "coverage": (solved, 1.0),
        "diversity": (float(row["unique_correct"]), solved),
        "false_positive_rate": (float(row["wrong_reasoning"]), float(row["decided"])),
        "wrong_share": (trained - correct, trained),
    }[metric]
