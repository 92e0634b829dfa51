"""Coverage@k and diversity@k for every k, and the false positive rate, of a model's pool; by level, with intervals.

Coverage@k is also known as pass@k.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Hashable

from yetbetter.identity import stream_seed
from yetbetter.measures.quality import measure_pool
from yetbetter.measures.questions import count_by_question
from yetbetter.program import Output, Parser, run, whole
from yetbetter.records import iterate_rows
from yetbetter.selection.pools import Pools, Shard, read_shards
from yetbetter.selection.training_data import fingerprint_of, read_problems, unlearnable
from yetbetter.tables import write_table
from yetbetter.tasks import CONVENTIONS, references_of
from yetbetter.verdicts import CORRECT, UNGRADED

COLUMNS = ("dataset", "model", "samples_drawn", "level", "k", "metric", "value", "low", "high", "questions")


# What makes two solutions of a problem the same: problem, text -> key.
Identity = Callable[[str, str], Hashable]


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--problems", required=True)
    Pools.add_arguments(parser)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--samples", required=True, type=whole(1), help="samples per question in the pool")
    parser.add_argument("--questions", type=whole(1), help="number of the first problems, if the pool has no others")
    parser.add_argument(
        "--answer-format", choices=CONVENTIONS, help="of programs, for the diversity of their forms (default: none)"
    )
    parser.add_argument("--output", action=Output, required=True, help="CSV, one row per level, metric and k")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    problems = read_problems(arguments.problems, "level")[: arguments.questions]
    only = None if arguments.questions is None else [row["problem"] for row in problems]
    identities = {"diversity": lambda problem, text: fingerprint_of(text)} | forms_of(arguments)
    counted, multiplicities = {}, {name: {} for name in identities}
    for shard in read_shards(Pools.of(arguments), {arguments.model: arguments.samples}, only):
        for name, found in count_distinct(shard, identities).items():
            multiplicities[name] |= found
        counted |= count_by_question(shard.samples)
    check = "judge" if arguments.judgements else "exact" if arguments.reasoning else ""
    # One stream per data set, so that every model is resampled with the same questions.
    seed = stream_seed(arguments.dataset)
    measured = measure_pool(counted, multiplicities, problems, arguments.samples, seed, check)
    identity = {"dataset": arguments.dataset, "model": arguments.model, "samples_drawn": arguments.samples}
    write_table(arguments.output, COLUMNS, (identity | row for row in measured))


def forms_of(arguments: argparse.Namespace) -> dict[str, Identity]:
    """The further identity of solutions, if their task has one."""
    task = CONVENTIONS.get(arguments.answer_format)
    if task is None or task.form_of is None:
        return {}
    references = references_of(iterate_rows(arguments.problems, require=("problem",)), task, arguments.problems)
    return {"diversity_of_forms": lambda problem, text: task.form_of(text, references[problem])}


def count_distinct(shard: Shard, identities: dict[str, Identity]) -> dict[str, dict[str, list[int]]]:
    """name -> question -> how often each distinct right (or ungraded) solution was drawn; all count as trained on."""
    found = {name: {sample.problem: Counter() for sample in shard.samples} for name in identities}
    for sample, solution in shard.solutions():
        sample.trained = True
        if sample.verdict == CORRECT or (sample.verdict == UNGRADED and not unlearnable(solution)):
            for name, identity in identities.items():
                found[name][sample.problem][identity(sample.problem, solution["text"])] += 1
    return {
        name: {question: list(count.values()) for question, count in counts.items()} for name, counts in found.items()
    }


if __name__ == "__main__":
    run(main)
