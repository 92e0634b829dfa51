"""Put the paper's claims to the test on a study's cells and arms, or on the paper's own printed numbers."""

import argparse
import json

from yetbetter.claims.columns import CLAIMS, COMPARISONS
from yetbetter.claims.evidence import Roles, read_study
from yetbetter.claims.published import PublishedEvidence
from yetbetter.claims.rules import read_rules
from yetbetter.claims.run import claim_rows, comparison_rows, run_claims
from yetbetter.errors import UserError
from yetbetter.program import run
from yetbetter.tables import write_table


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", default="workflow/claims.yaml", help="what the claims say (YAML)")
    parser.add_argument("--published", required=True, help="the paper's printed numbers (CSV)")
    parser.add_argument(
        "--roles", help="JSON: names by role, margins, assumed noise; without it the printed numbers are tested"
    )
    # Folders and names instead of files: a thousand whole paths would not fit into one command.
    parser.add_argument("--scores", help="folder that holds a scores.jsonl of score_model.py per cell")
    parser.add_argument("--cells", nargs="*", default=[], help="paths of the cells inside it")
    parser.add_argument("--metrics", help="folder that holds a .questions.csv of measure_arm.py per arm")
    parser.add_argument("--arms", nargs="*", default=[], help="paths of the arms inside it")
    parser.add_argument(
        "--seed-sd-points", type=float, help="printed numbers: assumed standard deviation between finetunings"
    )
    parser.add_argument(
        "--correlation", type=float, default=0.0, help="printed numbers: assumed, between two arms' answers"
    )
    parser.add_argument("--output", required=True, help="CSV, one row per claim")
    parser.add_argument("--comparisons", required=True, help="CSV, one row per comparison of a claim")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    if not -1 < arguments.correlation < 1:
        raise UserError(f"--correlation {arguments.correlation:g}: must lie between -1 and 1")
    if arguments.roles:
        rules, evidence, printed, alpha = of_study(arguments)
    else:
        seed_sd = None if arguments.seed_sd_points is None else arguments.seed_sd_points / 100
        rules = read_rules(arguments.rules, further=("student", "weak", "strong"))
        evidence, alpha = PublishedEvidence(arguments.published, arguments.correlation, seed_sd), 0.05
        printed = evidence
    outcomes = run_claims(rules, evidence, printed, alpha)
    write_table(arguments.output, CLAIMS, claim_rows(outcomes, alpha))
    write_table(arguments.comparisons, COMPARISONS, comparison_rows(outcomes, alpha))
    for outcome in outcomes:
        print(f"{outcome.claim.number:2} {outcome.claim.name}: {outcome.verdict} ({outcome.reason})")


def of_study(arguments: argparse.Namespace):
    roles = json.loads(arguments.roles)
    # Targets are named by their role where they have one, as everything else in the rules.
    by_name = {name: role for role, name in roles["targets"].items() if role != "further"}
    further = tuple(by_name.get(name, name) for name in roles["targets"].get("further", []))
    rules = read_rules(arguments.rules, roles["margins"], further or ("student",))
    roles["targets"] |= {name: name for name in further if name not in roles["targets"]}
    seed_sd = roles["seed_sd_points"]
    evidence = read_study(
        Roles(roles, rules.stand_ins),
        arguments.scores,
        arguments.cells,
        arguments.metrics,
        arguments.arms,
        None if seed_sd is None else seed_sd / 100,
        roles["pool_sd_points"] / 100,
    )
    return rules, evidence, PublishedEvidence(arguments.published), roles["alpha"]


if __name__ == "__main__":
    run(main)
