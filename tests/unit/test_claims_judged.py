"""Claims on false positive rates that a judge of stated error gives, alone and corrected by people's labels."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from configs import completed
from yetbetter.claims.evidence import StudyEvidence, read_evidence
from yetbetter.claims.roles import Roles
from yetbetter.claims.rules import read_rules
from yetbetter.claims.run import run_claims
from yetbetter.measures.false_positives import VALUES, Item, corrected_values
from yetbetter.measures.questions import COUNTS
from yetbetter.records import write_rows
from yetbetter.study.claim_roles import roles_of
from yetbetter.tables import write_table

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
CONFIG["claims"] = {key: CONFIG["claims"][key] for key in ("datasets", "student")} | {
    "budgets": {"low": "low", "high": "high"}
}
CONFIG = completed(CONFIG)
for entry in CONFIG["datasets"].values():
    entry["fpr"] = "judge"
RULES = read_rules(ROOT / "workflow" / "claims.yaml", CONFIG["claims"]["margins"])
ROLES = Roles(roles_of(CONFIG), RULES.stand_ins)
SETS = [(dataset, budget) for dataset in ("easy", "hard") for budget in ("low", "high")]
PLACES = [(*place, source) for place in SETS for source in ("wc", "se")]
ERROR = 0.02  # of the judge


def claim(number: int, evidence: StudyEvidence):
    return next(outcome for outcome in run_claims(RULES, evidence) if outcome.claim.number == number)


def read(cells=(), arms=(), corrected=None) -> StudyEvidence:
    return read_evidence(ROLES, cells, arms, corrected=corrected, judged=ROLES.roles["judged"])


def write_cells(folder: Path, rates: dict[str, float], problems: int) -> list[str]:
    """Two seeds of all finetuned models, most of whose answers are right and judged. rates: true ones, by source."""
    dice, paths = np.random.default_rng(1), []
    for dataset, budget, source in PLACES:
        for target in ("student", "wc", "se"):
            for seed in ("0", "1"):
                place = {"dataset": dataset, "budget": budget, "source": source, "target": target, "seed": seed}
                row = place | {"paradigm": "x", "benchmark": "test", "level": 1}
                right, flawed = dice.random(problems) < 0.9, dice.random(problems) < rates[source]
                said = flawed != (dice.random(problems) < ERROR)
                asked = right & (dice.random(problems) < 0.9)
                reasoning = np.where(asked, np.where(said, "flawed", "sound"), "not_judged")
                rows = [
                    row
                    | {"problem": f"p{number}", "verdict": "correct" if right[number] else "incorrect"}
                    | {"reasoning": str(reasoning[number]) if right[number] else None}
                    for number in range(problems)
                ]
                paths.append(str(folder / f"{dataset}-{budget}-{source}-{target}-{seed}.jsonl"))
                write_rows(paths[-1], rows)
    return paths


@pytest.mark.parametrize(
    ("rates", "problems", "verdict"),
    [({"wc": 0.02, "se": 0.02}, 1200, "reproduced"), ({"wc": 0.4, "se": 0.02}, 200, "contradicted")],
)
def test_the_claim_on_finetuned_models_is_decided_by_a_judge_at_the_right_verdict(tmp_path, rates, problems, verdict):
    outcome = claim(8, read(write_cells(tmp_path, rates, problems)))
    assert outcome.verdict == verdict
    assert all(estimate.basis.endswith("judge alone") for one in outcome.tested for estimate in one.estimates)


def write_arms(folder: Path, rates: dict[tuple[str, str], float], labels: int) -> tuple[list[str], str]:
    """Questions of all arms by a judge that errs more on WC's solutions, and the values that people correct it to."""
    dice, paths, values = np.random.default_rng(2), [], []
    for dataset, budget, source in PLACES:
        number = 4000
        flawed = dice.random(number) < rates[dataset, source]
        said = flawed != (dice.random(number) < (0.05 if source == "se" else 0.3))
        items = [Item(f"q{one}", bool(said[one]), bool(flawed[one]) if one < labels else None) for one in range(number)]
        values += corrected_values((dataset, budget, source), items, 0.0)
        place = {"dataset": dataset, "budget": budget, "source": source}
        counts = dict.fromkeys(COUNTS, 1)
        rows = [place | {"problem": f"q{one}", **counts, "wrong_reasoning": int(said[one])} for one in range(number)]
        paths.append(str(folder / f"{dataset}-{budget}-{source}.csv"))
        write_table(paths[-1], rows[0], rows)
    write_table(folder / "values.csv", VALUES, values)
    return paths, str(folder / "values.csv")


def test_people_correct_a_judge_that_errs_more_on_one_source(tmp_path):
    """Equal rates: the judge alone finds WC's data far worse; corrected by people they are not."""
    rates = {(dataset, source): 0.1 for dataset in ("easy", "hard") for source in ("wc", "se")}
    arms, values = write_arms(tmp_path, rates, labels=400)
    alone, both = (read(arms=arms, corrected=corrected) for corrected in (None, values))
    assert claim(3, alone).verdict == "contradicted"  # more than slightly dirtier
    outcome = claim(3, both)
    first = outcome.tested[0].estimates[0]
    assert abs(first.effect) < 2 * first.error
    assert first.basis == "questions, judge corrected by people"
    assert "judge alone" in claim(3, alone).tested[0].estimates[0].basis
