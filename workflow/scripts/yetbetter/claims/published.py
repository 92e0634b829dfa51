"""What the paper's printed numbers say about a comparison: percentages, with the counts that they are of."""

import math

from yetbetter.claims.roles import Missing
from yetbetter.claims.rules import Claim, Comparison, Term
from yetbetter.measures.metrics import METRICS
from yetbetter.stats.contrasts import Contrast
from yetbetter.tables import NUMBERS, read_table

PUBLISHED = ("table", "dataset", "budget", "source", "target", "k", "metric", "value", "unit", "grade")
DATASETS = {"easier": "gsm8k", "harder": "math"}
BUDGETS = {
    "number_matched": "low",
    "ablation": "high",
    "mix": "high",
    "fewer": "high",
    "unfiltered": "high",
    "price": "",
}
# Where the paper printed the number of a source's finetuned model: table, source, and the budget in that table.
FINETUNED = {
    "weak": ("finetuned", "wc", None),
    "strong": ("finetuned", "se", None),
    "number_matched": ("number_matched", "wc", "low"),
    "high_low": ("coverage_diversity", "high_low", "high"),
    "low_low": ("coverage_diversity", "low_low", "high"),
    "fewer_weak": ("dataset_size_500", "wc", "high"),
    "fewer_strong": ("dataset_size_500", "se", "high"),
    "price_weak": ("price_matched", "wc", ""),
    "price_cheap": ("price_matched", "wc_0.15x", ""),
    "price_strong": ("price_matched", "se", ""),
}
TARGETS = {"student": "student", "weak": "wc", "strong": "se"}
WRITERS = {"weak": "wc", "strong": "se"}
# Metrics of training data that the paper printed.
PRINTED = ("coverage", "diversity", "false_positive_rate")
# What the percentages are of (the paper's set-up): test problems, training questions, solutions judged of each model.
TEST = {"math": 500, "gsm8k": 1319}
QUESTIONS, JUDGED = 7500, 500


class PublishedEvidence:
    """Differences between printed numbers. correlation: assumed between two arms on the same problems (0: unpaired).

    seed_sd: assumed standard deviation between finetunings, as a share; None makes them rest on one seed.
    """

    def __init__(self, path: str, correlation: float = 0.0, seed_sd: float | None = None, pool_sd: float = 0.0):
        self.path, self.table = path, read_table(path, PUBLISHED, NUMBERS)
        self.correlation, self.seed_sd, self.pool_sd = correlation, seed_sd, pool_sd

    def is_meant_for(self, claim: Claim) -> bool:
        """The paper printed nothing for claims of ours."""
        return not claim.ours

    def value(self, **keys: str) -> float:
        """A printed number; Missing if there is none."""
        rows = self.table.where(**keys).rows
        if not rows:
            raise Missing("the paper printed no such number: " + ", ".join(name for name in keys.values() if name))
        return rows[0]["value"]

    def read(self, term: Term, metric: str) -> tuple[float, float, float, str]:
        """(value, in the metric's own scale; variance of one problem's value; problems; what they are)."""
        roles = dict(term.roles)
        if roles["dataset"] not in DATASETS:
            raise Missing(f"the paper's numbers for {roles['dataset']} are not at hand")
        dataset, budget = DATASETS[roles["dataset"]], roles["budget"]
        budget = BUDGETS.get(budget, budget)
        if "target" in roles:
            if metric != "pass@1" or roles.get("benchmark", "test") != "test":
                raise Missing(
                    f"the paper's {metric.replace('_', ' ')} on {roles.get('benchmark', 'test')} is not at hand"
                )
            if roles["source"] not in FINETUNED:
                raise Missing(f"the paper's numbers for {roles['source'].replace('_', ' ')} are not at hand")
            table, source, own = FINETUNED[roles["source"]]
            keys = {"table": table, "dataset": dataset, "budget": budget if own is None else own, "source": source}
            share = self.value(**keys, target=TARGETS[roles["target"]], metric="pass_at_1") / 100
            return share, share * (1 - share), TEST[dataset], f"{dataset} test"
        if roles["source"] not in WRITERS:
            raise Missing(f"the paper's numbers for {roles['source'].replace('_', ' ')} are not at hand")
        keys = {"dataset": dataset, "source": WRITERS[roles["source"]]}
        if metric not in PRINTED:
            raise Missing(f"the paper's {METRICS[metric].title} is not at hand")
        if metric == "false_positive_rate":  # one for both budgets; of different solutions for each model
            share = self.value(table="data", budget="", metric="fpr_judge", **keys) / 100
            return share, share * (1 - share), JUDGED, f"{dataset} judged {keys['source']}"
        coverage = self.value(table="data", budget=budget, metric="coverage", **keys) / 100
        if metric == "coverage":
            return coverage, coverage * (1 - coverage), QUESTIONS, f"{dataset} train"
        rows = self.table.where(table="data", budget=budget, metric="diversity", **keys)
        mean, k = self.value(table="data", budget=budget, metric="diversity", **keys), rows.rows[0]["k"]
        # Of numbers between 1 and k with this mean no variance can be larger (Bhatia and Davis 2000, American
        # Mathematical Monthly 107); over the questions that were solved.
        return mean, max((mean - 1) * (k - mean), 0.0), QUESTIONS * coverage, f"{dataset} train"

    def estimate(self, comparison: Comparison, terms: tuple[Term, ...]) -> tuple[Contrast, list[str]]:
        """The difference in the metric's own scale (of logarithms, in percent), and the file. Missing as it says."""
        effect, ends, parts = 0.0, [0.0, 0.0], []
        for term in terms:
            value, spread, problems, units = self.read(term, comparison.metric)
            factor = term.weight / value if comparison.in_percent else term.weight
            effect += term.weight * (math.log(value) if comparison.in_percent else value)
            ends[term.weight < 0] += value
            parts.append((factor, math.sqrt(spread / problems), units, problems))
        variance = sum(
            a * b * error * other * (1.0 if one is two else self.correlation)
            for one in parts
            for two in parts
            if one[2] == two[2]
            for (a, error, *_), (b, other, *_) in [(one, two)]
        )
        estimate = {
            "effect": effect,
            "problem_variance": variance,
            "problems": int(min(part[3] for part in parts)),
            "informative": int(min(part[3] for part in parts)),
            "ends": tuple(ends),
            "basis": "questions, unpaired" if not self.correlation else f"questions, correlation {self.correlation:g}",
        }
        if comparison.about_models:
            noise = sum(factor**2 for factor, *_ in parts)
            seed = math.nan if self.seed_sd is None else noise * self.seed_sd**2
            kind = "one seed" if self.seed_sd is None else "noise between seeds assumed"
            pairing = "unpaired" if not self.correlation else f"correlation {self.correlation:g}"
            estimate |= {
                "seed_variance": seed,
                "seed_raw": seed,
                "pool_variance": noise * self.pool_sd**2,
                "seeds": (1,) * len(parts),
                "basis": f"problems, {pairing}, {kind}",
            }
        return Contrast(**estimate), [self.path]

    def printed(self, comparison: Comparison, terms: tuple[Term, ...]) -> float:
        """The printed difference in the metric's own scale, NaN if the paper printed none."""
        try:
            return self.estimate(comparison, terms)[0].effect
        except (Missing, KeyError):
            return math.nan
