"""Coverage, diversity and false positive rate of the samples that an arm trains on, and the cost of drawing them.

These samples are read from --drawn. If that file is missing, damaged, or belongs to other training data than --digest,
the arm's solutions are selected here, as select_solutions.py does.
"""

import argparse
from collections.abc import Iterable, Iterator

from yetbetter.errors import UserError
from yetbetter.identity import stream_seed
from yetbetter.measures.false_positives import Checked
from yetbetter.measures.quality import measure_arm
from yetbetter.measures.questions import COUNTS, count_by_question, tabulate_questions
from yetbetter.program import MOST, Output, Parser, number, run, whole
from yetbetter.records import open_text, read_json, write_json, write_rows
from yetbetter.selection.drawn import REQUIRED, Drawn, DrawnFile, Spent, belonging, find_drawn
from yetbetter.selection.filters import FILTERS
from yetbetter.selection.pools import Shard, parse_draws
from yetbetter.selection.training_data import Choice, Selection, add_arm_arguments, read_arm
from yetbetter.tables import write_table

COLUMNS = ("dataset", "budget", "source", "level", "metric", "value", "low", "high", "questions")


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arm_arguments(parser)
    parser.add_argument("--drawn", help="select_solutions.py's file about the arm, with the same arguments")
    parser.add_argument("--digest", help="SHA-256 of the training data that --drawn must belong to")
    parser.add_argument(
        "--exact",
        required=True,
        nargs="+",
        type=number(above=True),
        help="samples per question before rounding down, in order",
    )
    parser.add_argument("--judge", help="name of the model whose verdicts the filter uses, if it asks one")
    parser.add_argument("--counts", required=True, help="the selection's counts")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--budget", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--output", action=Output, required=True, help="CSV, one row per level and metric")
    parser.add_argument("--summary", action=Output, required=True, help="JSON: samples, tokens and counts")
    parser.add_argument("--checked", action=Output, help="JSON Lines, right answers with a check, by hash")
    parser.add_argument("--seed", type=whole(-MOST), default=0, help="the study's, of the hash (default: 0)")
    parser.add_argument(
        "--by-question", action=Output, help="CSV, one row per question, for paired comparisons of arms"
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    draws = parse_draws(arguments.draws)
    if len(arguments.exact) != len(draws):
        raise UserError(f"--exact has {len(arguments.exact)} counts, --draws has {len(draws)}")
    problems, shards, choice = read_arm(arguments, ("level",), REQUIRED)
    identity = {"dataset": arguments.dataset, "budget": arguments.budget, "source": arguments.source}
    fixed = arguments.stop_after is None and not arguments.groups
    counted, spent, checked = {}, Spent(draws, fixed), Checked(arguments.seed)
    file = find_file(arguments)
    for shard, drawn in select_here(shards, choice) if file is None else look_up(shards, file):
        counted |= count_by_question(shard.samples)
        checked.add(shard.samples)
        spent.add(shard, drawn)
    if arguments.checked:
        write_rows(arguments.checked, checked.rows)
    if arguments.by_question:
        columns = (*identity, "problem", "level", *COUNTS)
        write_table(arguments.by_question, columns, (identity | row for row in tabulate_questions(counted, problems)))
    check = "judge" if arguments.judgements else "exact" if arguments.reasoning else ""
    measured = measure_arm(counted, problems, stream_seed(arguments.dataset), check)
    write_table(arguments.output, COLUMNS, (identity | row for row in measured))
    summary = {"draws": list(spent.summary(arguments.exact)), "counts": read_json(arguments.counts)}
    # The pool's estimates apply to arms with all questions whose filter keeps all samples that they count. They are of
    # a fixed number of samples, so not of an arm that stops, or has other models for other questions.
    plain = choice == Choice(choice.filter, choice.duplicates)
    plain &= arguments.questions is None and fixed
    summary["as_pool"] = plain and FILTERS[choice.filter].as_pool
    if arguments.judge:
        summary["judge"] = {"model": arguments.judge} | spent.judge
    write_json(arguments.summary, identity | summary)


def find_file(arguments: argparse.Namespace) -> DrawnFile | None:
    if arguments.drawn is None:
        return None
    if arguments.digest is None:
        raise UserError("--digest is missing, which --drawn needs")
    with open_text(arguments.digest) as file:
        training_data = file.read().strip()
    try:
        return find_drawn(arguments.drawn, belonging(arguments, training_data))
    except FileNotFoundError:
        return None  # a file of the pools is missing: reading them reports it


def select_here(shards: Iterable[Shard], choice: Choice) -> Iterator[tuple[Shard, list[dict]]]:
    """Each shard with its rows of what was drawn; its samples get `trained` and `distinct`."""
    with Selection(choice) as selection:
        for shard in shards:
            drawn = Drawn()
            for sample, solution in selection.choose(shard.samples, shard.solutions()):
                drawn.add(sample, solution)
            yield shard, drawn.rows


def look_up(shards: Iterable[Shard], file: DrawnFile) -> Iterator[tuple[Shard, list[dict]]]:
    for shard in shards:
        shard.check_texts()
        yield shard, file.take(shard)


if __name__ == "__main__":
    run(main)
