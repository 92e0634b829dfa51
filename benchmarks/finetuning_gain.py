"""Validation pass@1 of the pocket study's targets before finetuning, and of the checkpoints chosen after it.

    snakemake --cores all && python benchmarks/finetuning_gain.py
    python benchmarks/finetuning_gain.py --table results/pocket/tables/study/checkpoints.csv

Prints the table of config/README.md: of all arms of a data set, budget and target the lowest and the highest mean over
seeds, and the arms that are no better than the target before finetuning. Both are measured on the validation problems,
greedily; choosing among three checkpoints there makes the second figure slightly too good.
"""

import argparse
import statistics
import sys
from collections import defaultdict
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter import program
from yetbetter.errors import UserError
from yetbetter.records import read_rows
from yetbetter.tables import read_table

REPOSITORY = Path(__file__).resolve().parent.parent
COLUMNS = ("dataset", "target", "budget", "source", "chosen", "validation")


def main() -> None:
    parser = program.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, default=Path("results/pocket/tables/checkpoints.csv"))
    table = parser.parse_args().table
    models = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())["models"]
    arms = defaultdict(lambda: defaultdict(list))
    for row in read_table(table, COLUMNS, ["validation"]).rows:
        if row["chosen"] == "1":
            group = row["dataset"], row["target"], row["budget"]
            arms[group][row["source"]].append(100 * row["validation"])
    print("| data set | target | before | budget | after, lowest | highest | arms | no better |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    before = {}
    for (dataset, target, budget), sources in sorted(arms.items()):
        if target not in models:
            raise UserError(f"{table}: the target {target!r} is not a model of config/config.yaml")
        if (dataset, target) not in before:
            before[dataset, target] = accuracy_before(models[target]["path"], dataset)
        base = before[dataset, target]
        after = {name: statistics.mean(values) for name, values in sources.items()}
        lowest, highest = min(after, key=after.get), max(after, key=after.get)
        worse = ", ".join(name for name, value in sorted(after.items()) if value <= base) or "none"
        ends = f"{after[lowest]:.1f} ({lowest}) | {after[highest]:.1f} ({highest})"
        print(f"| {dataset} | {target} | {base:.1f} | {budget} | {ends} | {len(after)} | {worse} |")


def accuracy_before(model: str, dataset: str) -> float:
    """Greedy pass@1 of a pocket model in percent."""
    # Bad arguments are reported before torch is loaded.
    from yetbetter.generation.transformers_engine import load_model
    from yetbetter.pocket.pretraining import greedy_pass_at_1

    problems = read_rows(Path("results") / "pocket" / "problems" / dataset / "validation.jsonl")
    return 100 * greedy_pass_at_1(*load_model(str(REPOSITORY / model)), problems)


if __name__ == "__main__":
    program.run(main)
