"""Coverage@k and diversity@k for every k, and the false positive rate, of a model's pool; by level, with intervals."""

import argparse
from collections import Counter

from yetbetter.identity import stream_seed
from yetbetter.measures.quality import measure_pool
from yetbetter.measures.questions import count_by_question
from yetbetter.program import Output, Parser, run, whole
from yetbetter.selection.pools import Pools, Shard, read_shards
from yetbetter.selection.training_data import fingerprint_of, read_problems
from yetbetter.tables import write_table
from yetbetter.verdicts import CORRECT

COLUMNS = ("dataset", "model", "samples_drawn", "level", "k", "metric", "value", "low", "high", "questions")


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--problems", required=True)
    Pools.add_arguments(parser)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--samples", required=True, type=whole(1), help="samples per question in the pool")
    parser.add_argument("--questions", type=whole(1), help="number of the first problems, if the pool has no others")
    parser.add_argument("--output", action=Output, required=True, help="CSV, one row per level, metric and k")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    problems = read_problems(arguments.problems, "level")[: arguments.questions]
    only = None if arguments.questions is None else [row["problem"] for row in problems]
    counted, multiplicities = {}, {}
    for shard in read_shards(Pools.of(arguments), {arguments.model: arguments.samples}, only):
        multiplicities |= count_distinct(shard)
        counted |= count_by_question(shard.samples)
    check = "judge" if arguments.judgements else "exact" if arguments.reasoning else ""
    # One stream per data set, so that every model is resampled with the same questions.
    seed = stream_seed(arguments.dataset)
    measured = measure_pool(counted, multiplicities, problems, arguments.samples, seed, check)
    identity = {"dataset": arguments.dataset, "model": arguments.model, "samples_drawn": arguments.samples}
    write_table(arguments.output, COLUMNS, (identity | row for row in measured))


def count_distinct(shard: Shard) -> dict[str, list[int]]:
    """How often each distinct right solution of each question was drawn; all count as trained on."""
    found: dict[str, Counter] = {sample.problem: Counter() for sample in shard.samples}
    for sample, solution in shard.solutions():
        sample.trained = True
        if sample.verdict == CORRECT:
            found[sample.problem][fingerprint_of(solution["text"])] += 1
    return {question: list(count.values()) for question, count in found.items()}


if __name__ == "__main__":
    run(main)
