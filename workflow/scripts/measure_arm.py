"""Coverage, diversity and false positive rate of the very samples an arm trains on, and what drawing them cost."""

import argparse

from yetbetter.errors import UserError
from yetbetter.identity import stream_seed
from yetbetter.measures.quality import measure_arm
from yetbetter.measures.questions import COUNTS, count_questions
from yetbetter.program import run
from yetbetter.records import read_json, write_json
from yetbetter.selection.choice import Choice, add_arm_arguments, load_arm, select
from yetbetter.selection.pools import parse_draws
from yetbetter.tables import write_table

COLUMNS = ("dataset", "budget", "source", "level", "metric", "value", "low", "high", "questions")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arm_arguments(parser)
    parser.add_argument("--exact", required=True, nargs="+", help="samples per question before rounding down, in order")
    parser.add_argument("--judge", help="name of the model whose verdicts the filter goes by, where one is asked")
    parser.add_argument("--counts", required=True, help="the selection's counts")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--budget", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--output", required=True, help="CSV, one row per level and metric")
    parser.add_argument("--summary", required=True, help="JSON: samples, tokens and counts")
    parser.add_argument("--by-question", help="CSV, one row per question, for paired comparisons of arms")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    draws = parse_draws(arguments.draws)
    if len(arguments.exact) != len(draws):
        raise UserError(f"--exact has {len(arguments.exact)} counts, --draws has {len(draws)}")
    problems, rows, choice = load_arm(arguments, require=("tokens", "prompt_tokens"))
    identity = {"dataset": arguments.dataset, "budget": arguments.budget, "source": arguments.source}
    kept, _ = select(rows, choice)
    trained = {(row["model"], row["problem"], row["sample"]) for row in kept}
    rows = [row | {"trained": (row["model"], row["problem"], row["sample"]) in trained} for row in rows]
    if arguments.by_question:
        columns = (*identity, "problem", "level", *COUNTS)
        write_table(arguments.by_question, columns, (identity | row for row in count_questions(rows, problems)))
    measured = measure_arm(rows, problems, stream_seed(arguments.dataset))
    write_table(arguments.output, COLUMNS, (identity | row for row in measured))
    summary = {"draws": summarise(rows, draws, arguments.exact), "counts": read_json(arguments.counts)}
    # What the pool makes one expect of so many samples holds for all questions and all right answers.
    plain = arguments.questions is None and choice == Choice(choice.filter, choice.duplicates)
    summary["as_pool"] = plain and choice.filter in ("ground_truth", "none")
    if arguments.judge:
        summary["judge"] = summarise_judge(rows, arguments.judge)
    write_json(arguments.summary, identity | summary)


def summarise(rows: list[dict], draws: dict[str, int], exact: list[str]) -> list[dict]:
    """For each model: samples per question, questions, and tokens drawn; a prompt counts once for its question."""
    summary = []
    for (model, samples), wanted in zip(draws.items(), exact, strict=True):
        own = [row for row in rows if row["model"] == model]
        prompt_tokens = {row["problem"]: row["prompt_tokens"] for row in own}
        summary.append(
            {
                "model": model,
                "samples": samples,
                "samples_exact": float(wanted),
                "questions": len(prompt_tokens),
                "tokens": sum(row["tokens"] for row in own),
                "prompt_tokens": sum(prompt_tokens.values()),
                "empty": sum(not row["text"].strip() for row in own),
                "cut": sum(row["finish_reason"] == "length" for row in own),
            }
        )
    return summary


def summarise_judge(rows: list[dict], judge: str) -> dict:
    """What asking the judge for the filter took; the same solution is asked about once, whatever arms look at it."""
    asked = [row for row in rows if "judge_tokens" in row]
    sums = {key: sum(row[f"judge_{key}"] for row in asked) for key in ("tokens", "prompt_tokens")}
    return {"model": judge, "judged": len(asked)} | sums


if __name__ == "__main__":
    run(main)
