"""Collect every arm's and pool's measures into tables: coverage.csv, diversity.csv, data_quality.csv, arms.csv."""

import argparse

from yetbetter.measures.costs import cost_arm, cost_judge, parse_model_cost
from yetbetter.program import run
from yetbetter.records import read_json
from yetbetter.selection.choice import REASONS
from yetbetter.tables import read_table, write_table

COVERAGE = ("dataset", "model", "level", "k", "samples_drawn", "value", "low", "high", "questions")
DIVERSITY = ("dataset", "model", "level", "k", "samples_drawn", "metric", "value", "low", "high", "questions")
QUALITY = (
    *("dataset", "budget", "source", "model", "samples", "level", "metric", "basis"),
    *("value", "low", "high", "questions"),
)
ARMS = (
    *("dataset", "budget", "source", "model", "samples", "samples_exact", "questions", "drawn", "kept"),
    *(*REASONS, "kept_duplicates", "no_answer", "timeout", "empty", "cut"),
    *("tokens", "tokens_per_solution", "prompt_tokens"),
    *("flops_assumed", "flops_drawn", "drawn_to_assumed", "flops_prompts", "price"),
    *("judge", "judged", "judge_tokens", "judge_prompt_tokens", "flops_judge", "price_judge"),
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    # Without their endings: a thousand whole names would not fit into one command.
    parser.add_argument("--pools", required=True, nargs="*", help="what measure_pool.py wrote, without .csv")
    parser.add_argument("--arms", required=True, nargs="*", help="what measure_arm.py wrote, without .csv and .json")
    parser.add_argument("--model", required=True, action="append", metavar="NAME:PARAMETERS:TRUE_PARAMETERS:PRICE")
    parser.add_argument("--coverage", required=True)
    parser.add_argument("--diversity", required=True)
    parser.add_argument("--quality", required=True)
    parser.add_argument("--costs", required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    pools = [row for pool in arguments.pools for row in read_table(f"{pool}.csv").rows]
    write_table(arguments.coverage, COVERAGE, choose(COVERAGE, pools, "coverage"))
    write_table(arguments.diversity, DIVERSITY, choose(DIVERSITY, pools, "diversity", "diversity_per_question"))
    summaries = [read_json(f"{arm}.json") for arm in arguments.arms]
    models = dict(map(parse_model_cost, arguments.model))
    write_table(arguments.costs, ARMS, (describe_arm(summary, summaries, models) for summary in summaries))
    arms = [row for arm in arguments.arms for row in read_table(f"{arm}.csv").rows]
    write_table(arguments.quality, QUALITY, measure_quality(summaries, arms, pools))


def choose(columns: tuple, rows: list[dict], *metrics: str):
    return ({key: row[key] for key in columns} for row in rows if row["metric"] in metrics)


def name_of(draws: list[dict]) -> str:
    return "+".join(draw["model"] for draw in draws)


def describe_arm(summary: dict, summaries: list[dict], models: dict) -> dict:
    # The paper's W: one length for all models, here the mean over all solutions that the data set's arms draw.
    alike = [draw for other in summaries if other["dataset"] == summary["dataset"] for draw in other["draws"]]
    common = sum(draw["tokens"] for draw in alike) / sum(draw["samples"] * draw["questions"] for draw in alike)
    draws, counts = summary["draws"], summary["counts"]
    total = {key: sum(draw[key] for draw in draws) for key in ("tokens", "prompt_tokens", "empty", "cut")}
    row = {key: summary[key] for key in ("dataset", "budget", "source")} | total | cost_arm(draws, models, common)
    row |= cost_judge(summary.get("judge"), models)
    row |= {key: counts.get(key, 0) for key in ("drawn", "kept", *REASONS, "kept_duplicates")}
    return row | {
        "model": name_of(draws),
        "samples": sum(draw["samples"] for draw in draws),
        "samples_exact": sum(draw["samples_exact"] for draw in draws),
        "questions": max(draw["questions"] for draw in draws),
        "no_answer": counts.get("verdict_no_answer", 0),
        "timeout": counts.get("verdict_timeout", 0),
        "tokens_per_solution": total["tokens"] / counts["drawn"],
    }


def measure_quality(summaries: list[dict], arms: list[dict], pools: list[dict]):
    """Each arm's own measures, and beside them what the pool makes one expect for that many samples of it."""
    expected: dict[tuple, list[dict]] = {}
    for row in pools:
        # The false positive rate has no k: it is the same for every number of samples.
        expected.setdefault((row["dataset"], row["model"], row["k"]), []).append(row)
    for summary in summaries:
        place = {key: summary[key] for key in ("dataset", "budget", "source")}
        draws = summary["draws"]
        samples = sum(draw["samples"] for draw in draws)
        label = {"model": name_of(draws), "samples": samples}
        for row in arms:
            if all(row[key] == value for key, value in place.items()):
                yield row | label | {"basis": "arm"}
        if len(draws) == 1 and summary["as_pool"]:
            for k in (str(samples), ""):
                for row in expected.get((place["dataset"], label["model"], k), []):
                    yield {key: row[key] for key in row if key in QUALITY} | place | label | {"basis": "pool"}


if __name__ == "__main__":
    run(main)
