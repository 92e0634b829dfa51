"""The ways in which a budget can be spent: whose samples, how many per question, of which share of the questions."""

from dataclasses import dataclass
from fractions import Fraction

from yetbetter.errors import UserError
from yetbetter.study.budgets import RATIO_KEY, count_samples, ratio_of, to_fraction

SHARES = (1.0, 0.5, 0.2)
# Samples of the reference model per question, for the curves.
CURVE = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200, 300, 500, 1000)
BEYOND = 3  # times the largest budget is where the curves end


@dataclass(frozen=True)
class Allocation:
    """samples: of the model per question that is drawn from; share: of the questions, the first ones.

    match: what is equal for all allocations of a budget, compute or price.
    """

    budget: str
    match: str
    model: str
    samples: int
    share: float = 1.0

    @property
    def source(self) -> dict:
        """The entry of `sources:` that draws it."""
        draw = {"model": self.model, "match": self.match} if self.share == 1 else self.fixed
        entry = {"draws": [draw], "filter": "ground_truth"}
        return entry | ({} if self.share == 1 else {"questions": {"fraction": self.share}})

    @property
    def fixed(self) -> dict:
        return {"model": self.model, "samples": self.samples}


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


def allocations_of(config: dict, models: list[str], name: str = "the config") -> list[Allocation]:
    """Every allocation of every budget; of budgets of one size, of the first. UserError if no budget can be matched.

    A budget that does not buy one sample per question of a model buys one of fewer questions.
    """
    found = []
    for budget, entry in sizes_of(config["budgets"]).items():
        for rule in rules_of(entry, models, config):
            for model in models:
                ratio = ratio_of(rule, model, entry, config["models"], f"{name}: budgets.{budget}")
                exact = ratio * to_fraction(entry["samples"])
                if exact < 1:
                    found.append(Allocation(budget, rule, model, 1, float(exact)))
                    continue
                whole = count_samples({"model": model, "match": rule}, entry, config["models"], name).samples
                found.append(Allocation(budget, rule, model, whole))
                found += [
                    Allocation(budget, rule, model, int(exact / Fraction(str(share))), share) for share in SHARES[1:]
                ]
    if not found:
        raise UserError(
            f"{name}: plan: no budget can be matched between {', '.join(models)}: give each model and the budget's"
            " model `parameters`, or each a `price`"
        )
    return found


def curve_counts(config: dict, rule: str, model: str, budget: str) -> list[tuple[int, int]]:
    """(samples of the budget's reference model, samples of this model for the same) along the budget."""
    entry = config["budgets"][budget]
    most = BEYOND * max(one["samples"] for one in config["budgets"].values() if one["model"] == entry["model"])
    ratio = ratio_of(rule, model, entry, config["models"], "plan")
    # At least three points, so that a curve can be drawn.
    places = [place for number, place in enumerate(CURVE) if place <= most or number < 3]
    return [(place, int(ratio * place)) for place in places if ratio * place >= 1]
