"""Coverage, diversity and false positive rate of the very samples an arm trains on, and what drawing them cost."""

import argparse

from yetbetter.errors import UserError
from yetbetter.identity import stream_seed
from yetbetter.measures import measure_arm
from yetbetter.program import run
from yetbetter.questions import COUNTS, count_questions
from yetbetter.records import read_json, read_rows, write_json
from yetbetter.selection import DUPLICATES, FILTERS, select
from yetbetter.tables import write_table
from yetbetter.views import Pools, load_view, parse_draws

COLUMNS = ("dataset", "budget", "source", "level", "metric", "value", "low", "high", "questions")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", required=True)
    parser.add_argument("--draws", required=True, nargs="+", metavar="MODEL:SAMPLES")
    parser.add_argument("--exact", required=True, nargs="+", help="samples per question before rounding down, in order")
    Pools.add_arguments(parser)
    parser.add_argument("--filter", default="ground_truth", choices=FILTERS, help="as in the selection")
    parser.add_argument("--duplicates", default="keep", choices=DUPLICATES, help="as in the selection")
    parser.add_argument("--counts", required=True, help="the selection's counts")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--budget", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--output", required=True, help="CSV, one row per level and metric")
    parser.add_argument("--summary", required=True, help="JSON: samples, tokens and counts")
    parser.add_argument("--questions", help="CSV, one row per question, for paired comparisons of arms")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    draws = parse_draws(arguments.draws)
    if len(arguments.exact) != len(draws):
        raise UserError(f"--exact has {len(arguments.exact)} counts, --draws has {len(draws)}")
    rows = load_view(Pools.of(arguments), draws, require=("tokens", "prompt_tokens"))
    identity = {"dataset": arguments.dataset, "budget": arguments.budget, "source": arguments.source}
    kept, _ = select(rows, arguments.filter, arguments.duplicates)
    trained = {(row["model"], row["problem"], row["sample"]) for row in kept}
    rows = [row | {"trained": (row["model"], row["problem"], row["sample"]) in trained} for row in rows]
    problems = read_rows(arguments.problems)
    if arguments.questions:
        columns = (*identity, "problem", "level", *COUNTS)
        write_table(arguments.questions, columns, (identity | row for row in count_questions(rows, problems)))
    measured = measure_arm(rows, problems, stream_seed(arguments.dataset))
    write_table(arguments.output, COLUMNS, (identity | row for row in measured))
    write_json(
        arguments.summary,
        identity | {"draws": summarise(rows, draws, arguments.exact), "counts": read_json(arguments.counts)},
    )


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


if __name__ == "__main__":
    run(main)
