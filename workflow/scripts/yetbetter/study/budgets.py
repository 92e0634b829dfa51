"""How many samples per question a source may draw under a budget, of how many questions, and what they cost.

A budget is fixed in samples of a reference model (the paper's strong, expensive one). Matching turns it into a number
of samples of another model (paper, section 3, Eq. 4): compute-matched S_WC = (P_SE / P_WC) * S_SE, where a solution of
W tokens costs 2 * P * W FLOPs and W is assumed equal; price-matched the same with prices per output token.
"""

from dataclasses import dataclass
from fractions import Fraction

from yetbetter.errors import UserError

RATIO_KEY = {"compute": "parameters", "price": "price"}


@dataclass(frozen=True)
class Count:
    """Samples per question: the whole number drawn, and the exact one that the matching rule gives."""

    samples: int
    exact: Fraction

    @property
    def rounded(self) -> bool:
        return self.exact != self.samples


def count_samples(draw: dict, budget: dict, models: dict[str, dict], where: str) -> Count:
    """Samples per question of `draw` under `budget`, rounded down.

    draw: {model, match: compute | price | number} or {model, samples}, and optionally fraction, the share of the
    budget that it spends. budget: {model, samples} of the reference. where: the config keys, for messages.
    Raises UserError if a parameter count or price is missing, or if fewer than one sample results.
    """
    rule = draw.get("match", "fixed")
    if rule == "fixed":
        exact = to_fraction(draw["samples"])
    elif rule == "number":
        exact = to_fraction(budget["samples"])
    else:
        exact = ratio_of(rule, draw["model"], budget, models, where) * to_fraction(budget["samples"])
    if "fraction" in draw:
        exact *= to_fraction(draw["fraction"])
    if exact < 1:
        raise UserError(
            f"{where}: {rule} matching gives {float(exact):.3g} samples of {draw['model']!r} per question,"
            " at least 1 is needed"
        )
    return Count(int(exact), exact)


def count_questions(
    asked: int | dict | None, split: int, draws: list[dict], budget: dict, models: dict[str, dict], where: str
) -> tuple[int, Fraction]:
    """(number of training questions that a source draws from, the exact number before rounding down).

    The source draws from the first questions of the split. asked: a number, {fraction} of the split, None for all, or
    {count, match: compute | price}: count questions for the budget's reference model, and proportionally more for a
    cheaper model. split: questions of the split. where: the config keys, for messages. Raises UserError if no question
    results, or more than the split holds.
    """
    if asked is None:
        return split, Fraction(split)
    if isinstance(asked, int):
        exact = Fraction(asked)
    elif "fraction" in asked:
        exact = to_fraction(asked["fraction"]) * split
    else:
        if len(draws) > 1:
            raise UserError(f"{where}: `match` needs a source with one draw, this one has {len(draws)} draws")
        exact = asked["count"] * ratio_of(asked["match"], draws[0]["model"], budget, models, where)
    if exact < 1:
        raise UserError(f"{where}: {float(exact):.3g} of {split} training questions, at least 1 is needed")
    if int(exact) > split:
        raise UserError(f"{where}: {int(exact)} questions, the training split holds {split}")
    return int(exact), exact


def ratio_of(rule: str, model: str, budget: dict, models: dict[str, dict], where: str) -> Fraction:
    """How many samples of `model` the budget buys for one of its reference model."""
    costs = [cost_of(name, RATIO_KEY[rule], models, where, rule) for name in (budget["model"], model)]
    return costs[0] / costs[1]


def cost_of(model: str, key: str, models: dict[str, dict], where: str, rule: str) -> Fraction:
    value = models[model].get(key)
    if value is None:
        raise UserError(f"{where}: `match: {rule}` needs a number above 0 as models.{model}.{key}, which is missing")
    return to_fraction(value)


def to_fraction(number) -> Fraction:
    """The decimal number as written: 0.3 is 3/10, so that 10.5 / 0.3 is 35 and not 34.999…"""
    return Fraction(str(number))


def flops(parameters: float, tokens: float) -> float:
    """Forward FLOPs of `tokens` tokens through a model of `parameters` parameters: 2 * P * W (paper, section 3)."""
    return 2.0 * parameters * tokens
