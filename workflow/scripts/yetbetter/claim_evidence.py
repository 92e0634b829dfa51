"""What a study's cells and arms say about a comparison: roles become names, names values per problem and seed."""

from collections import defaultdict

import numpy as np

from yetbetter.claim_rules import Comparison, Term
from yetbetter.comparisons import problem_values
from yetbetter.contrasts import Arm, Estimate, contrast
from yetbetter.errors import UserError
from yetbetter.records import read_rows
from yetbetter.tables import read_table

CELL = ("dataset", "budget", "source", "target", "seed")
SCORES = (*CELL, "benchmark", "problem", "verdict", "reasoning")
QUESTIONS = (
    *("dataset", "budget", "source", "problem", "level", "drawn", "trained"),
    *("correct", "unique_correct", "decided", "wrong_reasoning"),
)
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
    """Scores of finetuned models and questions of training data, read once.

    scores: folder that holds {cell}/scores.jsonl for each of cells; metrics: folder that holds {arm}.questions.csv for
    each of arms. seed_sd, pool_sd: assumed standard deviations, as shares.
    """

    def __init__(
        self,
        roles: Roles,
        scores: str,
        cells: list[str],
        metrics: str,
        arms: list[str],
        seed_sd: float | None = None,
        pool_sd: float = 0.0,
    ):
        self.roles, self.seed_sd, self.pool_sd = roles, seed_sd, pool_sd
        # (dataset, budget, source, target) -> {seed: {(benchmark, metric): {problem: (top, bottom)}}}
        self.models: dict[tuple, dict[str, dict]] = defaultdict(dict)
        self.paths: dict[tuple, list[str]] = defaultdict(list)
        for cell in cells:
            self.read_cell(f"{scores}/{cell}/scores.jsonl")
        self.data: dict[tuple, list[dict]] = {}
        for arm in arms:
            path = f"{metrics}/{arm}.questions.csv"
            rows = read_table(path)
            if not rows or any(column not in rows[0] for column in QUESTIONS):
                raise UserError(f"{path}: no table of questions (columns: {', '.join(QUESTIONS)})")
            key = tuple(rows[0][axis] for axis in ("dataset", "budget", "source"))
            self.data[key] = rows
            self.paths[key] = [path]
        self._arms: dict[tuple, Arm] = {}

    def read_cell(self, path: str) -> None:
        rows = read_rows(path, require=SCORES)
        if not rows:
            raise UserError(f"{path}: no scored problems")
        *cell, seed = (str(rows[0][key]) for key in CELL)
        values: dict[tuple, dict] = defaultdict(dict)
        for row in rows:
            for metric, pair in problem_values(row).items():
                if not metric.startswith("maj@"):
                    values[row["benchmark"], metric][row["problem"]] = pair
        self.models[tuple(cell)][seed] = values
        self.paths[tuple(cell)].append(path)

    def estimate(self, comparison: Comparison, terms: tuple[Term, ...]) -> tuple[Estimate, list[str]]:
        """The difference in the metric's own scale (of logarithms, in percent), and the files that it rests on.

        Raises Missing where a role is not filled, or a cell not there.
        """
        found, paths = [], []
        for term in terms:
            names = self.roles.names(term)
            arm, files = (self.model_arm if "target" in names else self.data_arm)(names, comparison.metric)
            found.append((term.weight, arm))
            paths += files
        kin = []
        if comparison.about_models:
            kin = [arm for family in {arm.kin for _, arm in found} for arm in self.kin_of(family)]
        sd = (self.seed_sd, self.pool_sd)
        if comparison.in_percent:  # of a logarithm
            mean = np.mean([arm.value for _, arm in found])
            sd = tuple(value and value / mean for value in sd)
        estimate = contrast(found, kin, comparison.in_percent, *sd)
        return estimate, list(dict.fromkeys(paths))

    def model_arm(self, names: dict[str, str], metric: str) -> tuple[Arm, list[str]]:
        names = {"benchmark": "test"} | names
        key = tuple(names[axis] for axis in CELL[:-1])
        cell = "{}/{}/from-{}/to-{}".format(*key)
        if key not in self.models:
            raise Missing(f"no cell {cell}")
        arm = self._model_arm(key, names["benchmark"], metric)
        if arm is None:
            raise Missing(f"{metric.replace('_', ' ')} on {names['benchmark']} was not measured for {cell}")
        return arm, self.paths[key]

    def _model_arm(self, key: tuple, benchmark: str, metric: str) -> Arm | None:
        place = (*key, benchmark, metric)
        if place in self._arms:
            return self._arms[place]
        seeds = [values.get((benchmark, metric), {}) for values in self.models[key].values()]
        # Problems without a right answer have no reasoning, and stand in the ratio as (0, 0).
        asked = [values.get((benchmark, "pass@1"), {}) for values in self.models[key].values()]
        problems = tuple(problem for problem in asked[0] if all(problem in values for values in asked))
        if not problems or not any(seeds):
            return None
        pairs = np.array([[values.get(problem, (0.0, 0.0)) for problem in problems] for values in seeds])
        units = (key[0], benchmark)
        arm = Arm(problems, pairs[..., 0], pairs[..., 1], units, (*units, key[3], metric), name="/".join(key))
        self._arms[place] = arm
        return arm

    def kin_of(self, family: tuple) -> list[Arm]:
        """The arms of one data set, benchmark, target and metric that have several seeds."""
        dataset, benchmark, target, metric = family
        keys = [key for key, seeds in self.models.items() if (key[0], key[3]) == (dataset, target) and len(seeds) > 1]
        return [arm for key in keys if (arm := self._model_arm(key, benchmark, metric)) is not None]

    def data_arm(self, names: dict[str, str], metric: str) -> tuple[Arm, list[str]]:
        key = tuple(names[axis] for axis in ("dataset", "budget", "source"))
        if key not in self.data:
            raise Missing("no training data {}/{}/from-{}".format(*key))
        rows = self.data[key]
        top, bottom = np.array([question_values(row, metric) for row in rows]).T
        if not bottom.any():
            raise Missing("{} of {}/{}/from-{} was not measured".format(metric.replace("_", " "), *key))
        problems = tuple(row["problem"] for row in rows)
        return Arm(problems, top[None], bottom[None], (key[0], "train"), share=metric != "diversity"), self.paths[key]


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
