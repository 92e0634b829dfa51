"""Turn an arm's solutions into training data: filter, count, write prompt and completion.

Solutions are read once, a shard of questions at a time: memory does not grow with their number.
"""

import argparse
from collections.abc import Iterable, Iterator

from yetbetter.generation import prompts
from yetbetter.program import Output, Parser, run
from yetbetter.records import digest_of, digest_of_problems, dump_row, iterate_rows, write_json, write_text
from yetbetter.selection.drawn import REQUIRED, Drawn, belonging, write_drawn
from yetbetter.selection.pools import Shard, parse_draws
from yetbetter.selection.training_data import Selection, add_arm_arguments, read_arm, training_row, write_by_model


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arm_arguments(parser)
    parser.add_argument("--prompt", required=True, help="template that the finetuned model is asked with")
    parser.add_argument("--output", action=Output, required=True, help="training data, JSON Lines")
    parser.add_argument(
        "--digest", action=Output, required=True, help="SHA-256 of the training data; finetuning depends on this file"
    )
    parser.add_argument(
        "--counts", action=Output, required=True, help="JSON: how many solutions were kept, and why others were not"
    )
    parser.add_argument(
        "--drawn", action=Output, help="JSON Lines: samples drawn and kept of each question, for measure_arm.py"
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    template = prompts.read_template(arguments.prompt)
    problems, shards, choice = read_arm(arguments, ("question",), REQUIRED if arguments.drawn else ())
    questions = {row["problem"]: row["question"] for row in problems}
    with Selection(choice) as selection:
        drawn: list[str] = []
        rows = select(shards, selection, template, questions, drawn if arguments.drawn else None)
        write_by_model(arguments.output, rows, parse_draws(arguments.draws))
    digest = digest_of(arguments.output)
    write_text(arguments.digest, [digest + "\n"])
    if arguments.drawn:
        write_drawn(arguments.drawn, belonging(arguments, digest), drawn)
    # The hash is of the whole split, even if the arm uses a part of it.
    split = iterate_rows(arguments.problems, require=("problem", "question"))
    counts = selection.counts
    write_json(arguments.counts, dict(sorted(counts.items())) | {"problems_hash": digest_of_problems(split)})
    print(f"kept {counts['kept']:,} of {counts['drawn']:,} solutions")


def select(
    shards: Iterable[Shard], selection: Selection, template: str, questions: dict[str, str], drawn: list[str] | None
) -> Iterator[dict]:
    """The rows of training data. drawn: receives the lines of what was drawn, unless it is None."""
    for shard in shards:
        filled: dict[str, str] = {}
        found = Drawn()
        for sample, solution in selection.choose(shard.samples, shard.solutions()):
            if drawn is not None:
                found.add(sample, solution)
            if sample.trained:
                problem = sample.problem
                if problem not in filled:
                    filled[problem] = prompts.fill(template, questions[problem])
                yield training_row(problem, sample.sample, sample.model, filled[problem], solution["text"])
        if drawn is not None:
            drawn += map(dump_row, found.rows)


if __name__ == "__main__":
    run(main)
