"""The ways in which a budget can be spent: whose samples, how many per question, of which share of the questions."""

from dataclasses import dataclass
from fractions import Fraction

from yetbetter.errors import UserError
from yetbetter.study.budgets import RATIO_KEY, ratio_of, to_fraction

SHARES = (1.0, 0.5, 0.2)
HALF = 0.5  # of the budget, for each model of a mix
# Samples of the reference model per question, for the curves.
CURVE = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200, 300, 500, 1000)
BEYOND = 3  # times the largest budget is where the curves end


@dataclass(frozen=True)
class Allocation:
    """draws: (model, samples per question that is drawn from); two of them are a mix, each with half of the budget.

    match: what is equal for all allocations of a budget, compute or price. share: of the questions, the first ones.
    by: level or subject, if each group of questions has one of the models; groups: (model, its groups), of all models.
    stop_after: right solutions after which a question's samples are not looked at any further; None: never.
    """

    budget: str
    match: str
    draws: tuple[tuple[str, int], ...]
    share: float = 1.0
    stop_after: int | None = None
    by: str = ""
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def model(self) -> str:
        models = "+".join(model for model, _ in self.draws)
        return f"{models} by {self.by}" if self.by else models

    @property
    def samples(self) -> int:
        """Samples per question of all models together."""
        return sum(samples for _, samples in self.draws)

    @property
    def is_mix(self) -> bool:
        return len(self.draws) > 1 and not self.by

    @property
    def source(self) -> dict:
        """The entry of `sources:` that draws it."""
        part = {"fraction": HALF} if self.is_mix else {}
        matched = [{"model": model, "match": self.match} | part for model, _ in self.draws]
        if self.by:
            names = dict(self.groups)
            grouped = [draw | {f"{self.by}s": list(names[draw["model"]])} for draw in matched]
            return {"draws": grouped, "filter": "ground_truth"}
        if self.share == 1 and not self.stop_after:
            return {"draws": matched, "filter": "ground_truth"}
        fixed = [{"model": model, "samples": samples} for model, samples in self.draws]
        if self.stop_after:
            return {"draws": fixed, "filter": "ground_truth", "stop_after": self.stop_after}
        return {"draws": fixed, "filter": "ground_truth", "questions": {"fraction": self.share}}


def rules_of(budget: dict, models: list[str], config: dict) -> list[str]:
    """The matching rules that the config has numbers for: of the budget's reference, and of one planned model more."""
    entries = config["models"]
    return [
        rule
        for rule, key in RATIO_KEY.items()
        if key in entries[budget["model"]] and all(key in entries[model] for model in models)
    ]


def sizes_of(budgets: dict[str, dict]) -> dict[str, dict]:
    """The budgets without those that another one before them equals."""
    return {
        name: entry
        for number, (name, entry) in enumerate(budgets.items())
        if entry not in list(budgets.values())[:number]
    }


def allocations_of(
    config: dict, models: list[str], name: str = "the config", mixed: tuple[str, str] | None = None
) -> list[Allocation]:
    """Every allocation of every budget; of budgets of one size, of the first. UserError if no budget can be matched.

    A budget that does not buy one sample per question of a model buys one of fewer questions. mixed: two of the models
    that may share a budget, half for each, if that buys a sample of both.
    """
    found = []
    for budget, entry in sizes_of(config["budgets"]).items():
        for rule in rules_of(entry, models, config):
            for model in models:
                exact = exact_samples(model, rule, entry, config)
                if exact < 1:
                    found.append(Allocation(budget, rule, ((model, 1),), float(exact)))
                    continue
                counts = {share: int(exact / to_fraction(share)) for share in SHARES}
                found += [Allocation(budget, rule, ((model, count),), share) for share, count in counts.items()]
            if mixed:
                halves = [(model, int(exact_samples(model, rule, entry, config) / 2)) for model in mixed]
                found += [Allocation(budget, rule, tuple(halves))] if all(count for _, count in halves) else []
    if not found:
        raise UserError(
            f"{name}: plan: no budget can be matched between {', '.join(models)}: give each model and the budget's"
            " model `parameters`, or each a `price`"
        )
    return found


def exact_samples(model: str, rule: str, budget: dict, config: dict) -> Fraction:
    """Samples per question of a model that the whole budget buys, before rounding."""
    return ratio_of(rule, model, budget, config["models"], "budgets") * to_fraction(budget["samples"])


def curve_counts(config: dict, rule: str, model: str, budget: str) -> list[tuple[int, int]]:
    """(samples of the budget's reference model, samples of this model for the same) along the budget."""
    entry = config["budgets"][budget]
    most = BEYOND * max(one["samples"] for one in config["budgets"].values() if one["model"] == entry["model"])
    ratio = ratio_of(rule, model, entry, config["models"], "plan")
    # At least three points, so that a curve can be drawn.
    places = [place for number, place in enumerate(CURVE) if place <= most or number < 3]
    return [(place, int(ratio * place)) for place in places if ratio * place >= 1]
