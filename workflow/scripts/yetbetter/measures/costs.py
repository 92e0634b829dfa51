"""What an arm's samples cost: as the paper assumes (solutions of equal length), and as measured."""

import math
from dataclasses import dataclass

from yetbetter.errors import UserError
from yetbetter.study.budgets import flops


@dataclass(frozen=True)
class ModelCost:
    """Nominal parameters, as the matching uses them, and true ones (NaN: unknown); price of a million output tokens."""

    parameters: float
    true_parameters: float
    price: float | None


def parse_model_cost(argument: str) -> tuple[str, ModelCost]:
    """Read NAME:PARAMETERS:TRUE_PARAMETERS:PRICE, all but the name may be empty; FLOPs are NaN without parameters."""
    name, *numbers = argument.split(":")
    try:
        found = [float(number) if number else None for number in numbers]
        parameters, true_parameters, price = found
    except ValueError:
        raise UserError(f"--model {argument!r}: must be NAME:PARAMETERS:TRUE_PARAMETERS:PRICE") from None
    sizes = [size for size in (parameters, true_parameters) if size is not None]
    if not all(0 < size < math.inf for size in sizes) or not (price is None or 0 <= price < math.inf):
        raise UserError(f"--model {argument!r}: parameters must be above 0, the price at least 0, and all finite")
    nominal = math.nan if parameters is None else parameters
    return name, ModelCost(nominal, nominal if true_parameters is None else true_parameters, price)


def cost_arm(draws: list[dict], models: dict[str, ModelCost], tokens_per_solution: float) -> dict:
    """FLOPs and price of an arm.

    draws: model, samples, questions, tokens, prompt_tokens of each model drawn from, and looked_at (samples) if the arm
    stops early. tokens_per_solution: the W that all models are assumed to share. flops_assumed = sum of 2 * P * W *
    samples * questions with nominal P (paper, Eq. 4); flops_drawn the same with the tokens actually drawn and true P;
    prompts, read once per question, separately.
    """
    assumed = drawn = prompts = dollars = 0.0
    for draw in draws:
        if draw["model"] not in models:
            raise UserError(f"no --model gives the cost of {draw['model']!r} (given: {', '.join(models)})")
        model = models[draw["model"]]
        assumed += flops(model.parameters, tokens_assumed(draw, tokens_per_solution))
        drawn += flops(model.true_parameters, draw["tokens"])
        prompts += flops(model.true_parameters, draw["prompt_tokens"])
        dollars += float("nan") if model.price is None else model.price * draw["tokens"] / 1e6
    return {
        "flops_assumed": assumed,
        "flops_drawn": drawn,
        "drawn_to_assumed": drawn / assumed if assumed else float("nan"),
        "flops_prompts": prompts,
        "price": dollars,
    }


def tokens_assumed(draw: dict, tokens_per_solution: float) -> float:
    """Tokens that an arm pays for, if all solutions are of one length."""
    if "looked_at" in draw:
        return tokens_per_solution * draw["looked_at"]
    return tokens_per_solution * draw["samples"] * draw["questions"]


def number_of(draw: dict) -> int:
    """Samples that an arm pays for: those that it looked at."""
    return draw.get("looked_at", draw["samples"] * draw["questions"])


def cost_judge(judge: dict | None, models: dict[str, ModelCost]) -> dict:
    """The cost of a filter's judge, separate from the samples: it reads question and solution, and writes a verdict.

    judge: model, judged (solutions), tokens (written), prompt_tokens (read); None if no judge filters. FLOPs count
    both, with the true parameters; the price counts only written tokens, as for samples.
    """
    if judge is None:
        return {}
    if judge["model"] not in models:
        raise UserError(f"no --model gives the cost of the judge {judge['model']!r} (given: {', '.join(models)})")
    model = models[judge["model"]]
    return {
        "judge": judge["model"],
        "judged": judge["judged"],
        "judge_tokens": judge["tokens"],
        "judge_prompt_tokens": judge["prompt_tokens"],
        "flops_judge": flops(model.true_parameters, judge["tokens"] + judge["prompt_tokens"]),
        "price_judge": float("nan") if model.price is None else model.price * judge["tokens"] / 1e6,
    }
