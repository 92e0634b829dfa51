"""Estimate false positive rates from people's labels, a judge's verdicts, and both together.

For each arm's training data, and for each finetuned model's right answers on the test problems, with all its seeds.
"""

import argparse
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.judging.agreement import read_labelled
from yetbetter.judging.labels import read_labelled_solutions, shown_value
from yetbetter.measures import false_positives as rates
from yetbetter.program import MOST, Output, Parser, json_object, number, run, whole
from yetbetter.records import read_rows
from yetbetter.stats.corrected import Estimate
from yetbetter.study.grid import parse_cell
from yetbetter.tables import read_table, to_number, write_table
from yetbetter.verdicts import FLAWED, SOUND

ARM = ("dataset", "budget", "source", "level", "metric", "value", "low", "high")
SCORE = ("benchmark", "problem", "reasoning", "dataset", "budget", "source", "target", "seed")


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    add = parser.add_argument
    # Folders and names instead of files: a thousand paths would not fit into one command.
    add("--metrics", help="folder that holds a .csv and a .checked.jsonl of measure_arm.py per arm")
    add("--arms", nargs="*", default=[], help="paths of the arms inside it")
    add("--scores", help="folder that holds a scores.jsonl of score_model.py per cell")
    add("--cells", nargs="*", default=[], help="paths of the cells inside it")
    add("--labelled", help="instead of a study: a file of labels that judge_solutions.py --labelled reads")
    add("--labels", nargs="*", default=[], metavar="DATASET=FILE", help="labels that collect_labels.py collected")
    add("--error", type=number(0, 0.49), default=0.0, help="chance that people err (default: 0)")
    add("--width", type=number(0, 1, above=True), default=0.1, help="wanted width of an interval (default: 0.1)")
    add("--cost", type=number(0), default=0.01, help="of a verdict, where a label costs 1 (default: 0.01)")
    add("--simulated", type=json_object, help="JSON: labels, judged, error, judge_error of simulated people and judge")
    add("--seed", type=whole(-MOST), default=0, help="the study's seed (default: 0)")
    add("--output", action=Output, required=True, help="CSV, one row per arm or model and estimate")
    add("--values", action=Output, help="CSV, corrected values by question, for comparisons of arms")
    arguments = parser.parse_args()
    for names, folder in (("arms", "metrics"), ("cells", "scores")):
        if getattr(arguments, names) and not getattr(arguments, folder):
            raise UserError(f"--{folder} is missing, the folder of the {names}")
    return arguments


def main() -> None:
    arguments = parse_arguments()
    settings = rates.Settings(
        arguments.seed, arguments.error, arguments.width, arguments.cost, read_simulated(arguments.simulated)
    )
    labels = read_labels(arguments.labels)
    rows, values, calibration = [], [], {}
    for arm in arguments.arms:
        path = f"{arguments.metrics}/{arm}"
        place, exact = read_arm(f"{path}.csv")
        checked = rates.read_checked(f"{path}.checked.jsonl")
        items = rates.items_of_arm(checked, labels.get(place[0], {}), settings)
        exact = exact if rates.knows_truth(checked) else None
        rows += rates.estimate_rates((*place, ""), items, settings, exact)
        calibration.setdefault(place[0], []).extend(item for item in items if item.label is not None)
        if exact is None:
            values += rates.corrected_values(place, items, arguments.error)
    for place, scored in group_cells(arguments.scores, arguments.cells).items():
        items = rates.items_of_model(scored, settings)
        exact = None
        if rates.knows_truth(scored):
            exact = rates.exact_rate(scored)
        rows += rates.estimate_rates(place, items, settings, exact, calibration.get(place[0], []))
    if arguments.labelled:
        place = (Path(arguments.labelled).stem, "", "labelled", "")
        rows += rates.estimate_rates(place, read_right_answers(arguments.labelled), settings)
    write_table(arguments.output, rates.COLUMNS, rows)
    if arguments.values:
        write_table(arguments.values, rates.VALUES, values)
    print(f"{len(rows)} estimates")


def read_simulated(asked: dict | None) -> rates.Simulated | None:
    if asked is None:
        return None
    keys = tuple(rates.Simulated.__dataclass_fields__)
    wrong = [key for key in keys if isinstance(asked.get(key), bool) or not isinstance(asked.get(key), int | float)]
    wrong += [key for key in ("labels", "judged") if key not in wrong and not asked[key] >= 0]
    wrong += [key for key in ("error", "judge_error") if key not in wrong and not 0 <= asked[key] < 0.5]
    if wrong:
        found = shown_value(asked.get(wrong[0]))
        wanted = f"{', '.join(keys)}, none below 0, with errors below 0.5"
        raise UserError(f"--simulated: {wrong[0]} is {found}; it must hold {wanted}")
    return rates.Simulated(**{key: asked[key] for key in keys})


def read_right_answers(path: str) -> list[rates.Item]:
    """The solutions of a labelled file whose final answer is right, or of which it is not known."""
    right = (row for row in read_labelled(path) if row["correct"] in (None, True))
    return [rates.Item(row["question"], label=not row["sound"]) for row in right]


def read_labels(named: list[str]) -> dict[str, dict[tuple, tuple[bool, int]]]:
    """data set -> (model, problem, sample) -> (whether people call it flawed, number chosen). Without undecided ones.

    Only solutions that a choice by hash offered are part of a random sample; those that a person picked are left out.
    """
    found: dict[str, dict[tuple, bool]] = {}
    for word in named:
        dataset, sign, path = word.partition("=")
        if not (dataset and sign and path):
            raise UserError(f"--labels {word!r}: must be DATASET=FILE")
        for one in read_labelled_solutions(path):
            if one.label in (SOUND, FLAWED) and one.choice is not None:
                for model, sample in one.samples:
                    found.setdefault(dataset, {})[model, one.problem, sample] = (
                        one.label == FLAWED,
                        one.choice["samples"],
                    )
    return found


def read_arm(path: str) -> tuple[tuple[str, str, str], Estimate | None]:
    """(data set, budget, source) and the false positive rate, if it was measured."""
    table = read_table(path, ARM)
    if not table.rows:
        raise UserError(f"{path}: no measures")
    place = tuple(table.rows[0][key] for key in ARM[:3])
    (*_, row) = [{}, *table.where(level="all", metric="false_positive_rate").rows]
    ends = [to_number(row[key], f"{path}: {key}") for key in ("value", "low", "high")] if row else []
    return place, Estimate(*ends) if ends and ends[0] == ends[0] else None


def group_cells(folder: str, cells: list[str]) -> dict[tuple, list[dict]]:
    """(data set, budget, source, target) -> scored right answers to the test problems with a verdict, of all seeds."""
    found: dict[tuple, list[dict]] = {}
    for path in cells:
        cell = parse_cell(path)
        rows = read_rows(f"{folder}/{path}/scores.jsonl", require=SCORE)
        right = [row for row in rows if row["benchmark"] == "test" and row["reasoning"] in rates.LISTED]
        found.setdefault((cell.dataset, cell.budget, cell.source, cell.target), []).extend(right)
    return found


if __name__ == "__main__":
    run(main)
