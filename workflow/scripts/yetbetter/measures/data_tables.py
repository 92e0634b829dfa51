"""Tables of the data: measures of pools and arms, and costs of arms; each row has its coordinates."""

from collections.abc import Iterator

from yetbetter.measures.costs import ModelCost, cost_arm, cost_judge, number_of
from yetbetter.selection.filters import reasons

COVERAGE = ("dataset", "model", "level", "k", "samples_drawn", "value", "low", "high", "questions")
DIVERSITY = ("dataset", "model", "level", "k", "samples_drawn", "metric", "value", "low", "high", "questions")
QUALITY = (
    *("dataset", "budget", "source", "model", "samples", "level", "metric", "basis"),
    *("value", "low", "high", "questions"),
)


def columns_of_arms() -> tuple[str, ...]:
    """Coordinates, counts of the selection, tokens, FLOPs, prices."""
    return (
        *("dataset", "budget", "source", "model", "samples", "samples_exact", "questions", "drawn", "kept"),
        *(*reasons(), "kept_duplicates", "no_answer", "timeout", "grader_error", "empty", "cut"),
        *("tokens", "tokens_per_solution", "prompt_tokens"),
        *("flops_assumed", "flops_drawn", "drawn_to_assumed", "flops_prompts", "price"),
        *("solved", "flops_per_solved", "price_per_solved"),
        *("judge", "judged", "judge_tokens", "judge_prompt_tokens", "flops_judge", "price_judge"),
    )


def of_metrics(columns: tuple[str, ...], pools: list[dict], *metrics: str) -> Iterator[dict]:
    """The rows of pools with these metrics, reduced to these columns."""
    return ({key: row[key] for key in columns} for row in pools if row["metric"] in metrics)


def models_of(draws: list[dict]) -> str:
    return "+".join(draw["model"] for draw in draws)


def questions_of(draws: list[dict]) -> int:
    return max(draw.get("of_questions", draw["questions"]) for draw in draws)


def samples_of(draws: list[dict]) -> float:
    """Samples per question: as many of every question, or the mean of what an arm looked at."""
    if any("looked_at" in draw for draw in draws):
        return sum(map(number_of, draws)) / questions_of(draws)
    return sum(draw["samples"] for draw in draws)


def cost_row(summary: dict, summaries: list[dict], models: dict[str, ModelCost], measured: list[dict]) -> dict:
    """What an arm drew, kept and spent.

    summary: measure_arm.py's, of the arm; summaries: of all arms; models: the cost of each model's tokens; measured:
    the arm's measures.
    """
    # The paper's W, one length for all models: the mean over all solutions that the data set's arms draw.
    alike = [draw for other in summaries if other["dataset"] == summary["dataset"] for draw in other["draws"]]
    common = sum(draw["tokens"] for draw in alike) / sum(map(number_of, alike))
    draws, counts = summary["draws"], summary["counts"]
    total = {key: sum(draw[key] for draw in draws) for key in ("tokens", "prompt_tokens", "empty", "cut")}
    row = {key: summary[key] for key in ("dataset", "budget", "source")} | total | cost_arm(draws, models, common)
    row |= cost_judge(summary.get("judge"), models)
    row |= cost_per_solved(row, measured)
    row |= {key: counts.get(key, 0) for key in ("drawn", "kept", *reasons(), "kept_duplicates")}
    return row | {
        "model": models_of(draws),
        "samples": samples_of(draws),
        "samples_exact": sum(draw["samples_exact"] for draw in draws),
        "questions": questions_of(draws),
        "no_answer": counts.get("verdict_no_answer", 0),
        "timeout": counts.get("verdict_timeout", 0),
        "grader_error": counts.get("verdict_grader_error", 0),
        "tokens_per_solution": total["tokens"] / counts["drawn"],
    }


def cost_per_solved(row: dict, measured: list[dict]) -> dict:
    """The cost of a question with a right answer to train on; nothing of answers that are neither right nor wrong."""
    found = [one for one in measured if (one["level"], one["metric"]) == ("all", "coverage")]
    solved = sum(round(float(one["value"]) * float(one["questions"])) for one in found)
    if not found:
        return {}
    costs = {"flops_per_solved": row["flops_drawn"], "price_per_solved": row["price"]}
    return {"solved": solved} | {key: cost / solved if solved else float("nan") for key, cost in costs.items()}


def quality_rows(summaries: list[dict], arms: list[dict], pools: list[dict]) -> Iterator[dict]:
    """Each arm's own measures, and the pool's estimates for the same number of samples.

    summaries: of the arms; arms, pools: rows of measures of arms and of pools.
    """
    expected: dict[tuple, list[dict]] = {}
    for row in pools:
        # The false positive rate does not depend on k.
        expected.setdefault((row["dataset"], row["model"], row["k"]), []).append(row)
    for summary in summaries:
        place = {key: summary[key] for key in ("dataset", "budget", "source")}
        draws = summary["draws"]
        samples = samples_of(draws)
        label = {"model": models_of(draws), "samples": samples}
        for row in arms:
            if all(row[key] == value for key, value in place.items()):
                yield row | label | {"basis": "arm"}
        if len(draws) == 1 and summary["as_pool"]:
            for k in (str(samples), ""):
                for row in expected.get((place["dataset"], label["model"], k), []):
                    yield {key: row[key] for key in row if key in QUALITY} | place | label | {"basis": "pool"}
