"""Test the paper's claims on a study's cells and arms, or on the paper's own printed numbers."""

import argparse

from yetbetter.claims.columns import CLAIMS, COMPARISONS
from yetbetter.claims.evidence import read_evidence
from yetbetter.claims.published import PublishedEvidence
from yetbetter.claims.roles import GROUPS, Roles, name_further
from yetbetter.claims.rules import read_rules
from yetbetter.claims.run import claim_rows, comparison_rows, run_claims
from yetbetter.claims.verdicts import Outcome
from yetbetter.errors import UserError
from yetbetter.program import Output, Parser, json_object, number, run
from yetbetter.tables import write_table

SETTINGS = ("margins", "alpha", "seed_sd_points", "pool_sd_points", "one_pool", "judged")


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--rules", default="workflow/claims.yaml", help="the claims (YAML)")
    parser.add_argument("--published", required=True, help="the paper's printed numbers (CSV)")
    parser.add_argument(
        "--roles",
        type=json_object,
        help="JSON: names by role, margins, assumed noise; without it the printed numbers are tested",
    )
    # Folders and names instead of files: a thousand paths would not fit into one command.
    parser.add_argument("--scores", help="folder that holds a scores.jsonl of score_model.py per cell")
    parser.add_argument("--cells", nargs="*", default=[], help="paths of the cells inside it")
    parser.add_argument("--metrics", help="folder that holds a .questions.csv of measure_arm.py per arm")
    parser.add_argument("--arms", nargs="*", default=[], help="paths of the arms inside it")
    parser.add_argument("--corrected", help="values of estimate_false_positives.py, for arms that people labelled")
    parser.add_argument(
        "--seed-sd-points", type=number(0, 100), help="printed numbers: assumed standard deviation between finetunings"
    )
    parser.add_argument(
        "--correlation", type=number(-1, 1), default=0.0, help="printed numbers: assumed, between two arms' answers"
    )
    parser.add_argument("--output", action=Output, required=True, help="CSV, one row per claim")
    parser.add_argument("--comparisons", action=Output, required=True, help="CSV, one row per comparison of a claim")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    if not -1 < arguments.correlation < 1:
        raise UserError(f"--correlation {arguments.correlation:g}: must lie between -1 and 1")
    outcomes, alpha = of_study(arguments) if arguments.roles else of_paper(arguments)
    write_table(arguments.output, CLAIMS, claim_rows(outcomes, alpha))
    write_table(arguments.comparisons, COMPARISONS, comparison_rows(outcomes, alpha))
    for outcome in outcomes:
        print(f"{outcome.claim.number:2} {outcome.claim.name}: {outcome.verdict} ({outcome.reason})")


def of_study(arguments: argparse.Namespace) -> tuple[list[Outcome], float]:
    """The claims tested on a study, and the level of the tests."""
    roles = arguments.roles
    if missing := [key for key in (*GROUPS.values(), *SETTINGS) if key not in roles]:
        raise UserError(f"--roles: no key {missing[0]!r}, it must have: {', '.join((*GROUPS.values(), *SETTINGS))}")
    wrong = [key for key in (*GROUPS.values(), "margins") if not isinstance(roles[key], dict)]
    wrong += ["judged"] if not isinstance(roles["judged"], list) else []
    numbers = [key for key in SETTINGS[1:-1] if roles[key] is not None or key != "seed_sd_points"]
    wrong += [key for key in numbers if not isinstance(roles[key], int | float)]
    if wrong:
        raise UserError(f"--roles: {wrong[0]} is {roles[wrong[0]]!r}, it must be as the workflow writes it")
    further, roles["targets"] = name_further(roles["targets"])
    rules = read_rules(arguments.rules, roles["margins"], further)
    evidence = read_evidence(
        Roles(roles, rules.stand_ins),
        [f"{arguments.scores}/{cell}/scores.jsonl" for cell in arguments.cells],
        [f"{arguments.metrics}/{arm}.questions.csv" for arm in arguments.arms],
        None if roles["seed_sd_points"] is None else roles["seed_sd_points"] / 100,
        roles["pool_sd_points"] / 100,
        bool(roles["one_pool"]),
        arguments.corrected,
        roles["judged"],
    )
    return run_claims(rules, evidence, PublishedEvidence(arguments.published), roles["alpha"]), roles["alpha"]


def of_paper(arguments: argparse.Namespace) -> tuple[list[Outcome], float]:
    """The same on the printed numbers."""
    rules = read_rules(arguments.rules, further=("student", "weak", "strong"))
    seed_sd = None if arguments.seed_sd_points is None else arguments.seed_sd_points / 100
    evidence = PublishedEvidence(arguments.published, arguments.correlation, seed_sd)
    return run_claims(rules, evidence, evidence), 0.05


if __name__ == "__main__":
    run(main)
