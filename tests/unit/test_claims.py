"""The claims: rules, verdicts on studies whose truth was planted, and how often a verdict is wrong."""

import copy
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from yetbetter.claims.columns import CLAIMS, COMPARISONS, CONTRADICTED, INCONCLUSIVE, NOT_RUN, REPRODUCED
from yetbetter.claims.evidence import StudyEvidence
from yetbetter.claims.published import PublishedEvidence
from yetbetter.claims.roles import Roles
from yetbetter.claims.rules import Claim, Comparison, Rules, Term, read_rules
from yetbetter.claims.run import claim_rows, comparison_rows, run_claims
from yetbetter.claims.tested import interval
from yetbetter.claims.verdicts import holm
from yetbetter.errors import UserError
from yetbetter.stats.contrasts import Contrast
from yetbetter.stats.measurements import Measurements
from yetbetter.stats.noise import BORROWED

ROOT = Path(__file__).parents[2]
RULES_FILE = ROOT / "workflow" / "claims.yaml"
PUBLISHED = str(ROOT / "resources" / "published_numbers.csv")
RULES = read_rules(RULES_FILE)
SOURCES = (
    *("weak", "strong", "number_matched", "high_low", "low_low", "mix", "price_weak", "price_cheap", "price_strong"),
    *("fewer_weak", "fewer_strong", "unfiltered_weak", "unfiltered_strong", "judged_weak", "judged_strong"),
    *("price_unfiltered_weak", "price_unfiltered_strong", "instructed_weak", "instructed_strong"),
)
ROLES = {
    "datasets": {"easier": "easier", "harder": "harder", "coding": "coding", "instructions": "instructions"},
    "budgets": {"low": "low", "high": "high", "price": "price"},
    "sources": {source: source for source in SOURCES},
    "targets": {"student": "student", "weak": "weak", "strong": "strong"},
}
NORMAL = NormalDist()
MISSING = object()


def rules_of(*numbers: int, rules: Rules = RULES) -> Rules:
    return Rules(tuple(claim for claim in rules.claims if claim.number in numbers), rules.margins, rules.stand_ins)


# A study in which all that the paper claims is true, and clearly so ---------------------------------------------------


def accuracy(dataset: str, source: str) -> float:
    """Chance that a finetuned model is right; the further sources are on the harder data set only."""
    known = {
        ("easier", "weak"): 0.66,
        ("easier", "strong"): 0.60,
        ("harder", "weak"): 0.48,
        ("harder", "strong"): 0.36,
        ("harder", "number_matched"): 0.28,
        ("harder", "high_low"): 0.40,
        ("harder", "low_low"): 0.30,
        ("harder", "mix"): 0.36,
    }
    winners = (
        "price_weak",
        "price_cheap",
        "fewer_weak",
        "unfiltered_strong",
        "price_unfiltered_weak",
        "instructed_weak",
    )
    return known.get((dataset, source), 0.50 if source in winners else 0.38)


def true_values() -> dict[tuple, float]:
    """Every arm's true value: (dataset, budget, source, target, benchmark, metric), or the same without the models'."""
    truth = {}
    for dataset in ("easier", "harder", "coding", "instructions"):
        for budget in ("low", "high", "price"):
            for source in SOURCES:
                for target in ("student", "weak", "strong"):
                    for benchmark in ("test", "functional"):
                        value = accuracy(dataset, source)
                        if source == "mix" and target == "weak":
                            value = accuracy(dataset, "weak") + 0.025  # a little better than WC data alone
                        truth[dataset, budget, source, target, benchmark, "pass@1"] = value
                        truth[dataset, budget, source, target, benchmark, "false_positive_rate"] = 0.05
                weak = source == "weak"
                truth[dataset, budget, source, "coverage"] = 0.75 if weak or dataset == "coding" else 0.6
                truth[dataset, budget, source, "diversity"] = 2.6 if weak else 1.8
                rate = 0.12 if dataset == "harder" else 0.02
                truth[dataset, budget, source, "false_positive_rate"] = rate + (0.03 if weak else 0.0)
                truth[dataset, budget, source, "wrong_share"] = 0.5 if "unfiltered" in source else 0.3
    return truth


def needed_by(rules: Rules, roles: Roles) -> set[tuple]:
    """The arms that the comparisons of these claims ask for."""
    keys = set()
    for claim in rules.claims:
        for comparison in claim.comparisons:
            for term in (term for terms in comparison.contrasts for term in terms):
                names = roles.names(term)
                place = (names["dataset"], names["budget"], names["source"])
                model = (names["target"], names.get("benchmark", "test")) if "target" in names else ()
                keys.add((*place, *model, comparison.metric))
    return keys


def draw(key: tuple, value: float, dice, ease: np.ndarray, seeds: int, seed_sd: float) -> Measurements:
    """An arm with this true value. ease: how easy each problem is, shared by all arms on the same problems."""
    problems = len(ease)
    names, units = tuple(f"p{number}" for number in range(problems)), (key[0], *key[4:5])
    metric = key[-1]
    if len(key) == 6:
        noise = dice.normal(0, 1, (seeds, problems))
        chance = np.clip(value + dice.normal(0, seed_sd, (seeds, 1)), 0.001, 0.999)
        threshold = np.vectorize(NORMAL.inv_cdf)(chance)
        right = (0.7 * ease + 0.714 * noise < threshold).astype(float)
        place = {"kin": (*units, metric), "budget": key[1], "source": key[2], "target": key[3]}
        if metric == "pass@1":
            return Measurements(names, right, np.ones_like(right), units, **place)
        decided = (dice.random((seeds, problems)) < 0.5).astype(float)
        return Measurements(names, right * decided, decided, units, **place)
    hit = (0.7 * ease + 0.714 * dice.normal(0, 1, problems) < NORMAL.inv_cdf(min(value, 0.99))).astype(float)
    if metric == "coverage":
        return Measurements(names, hit[None], np.ones((1, problems)), units)
    count = dice.poisson(4, problems)
    if metric == "diversity":
        solved = (count > 1).astype(float)
        return Measurements(
            names, (solved * (1 + dice.poisson(value - 1, problems)))[None], solved[None], units, share=False
        )
    return Measurements(names, dice.binomial(count, value)[None].astype(float), count[None].astype(float), units)


def study(
    truth: dict, rules: Rules, seed=0, problems=3000, seeds=3, seed_sd=0.004, roles=ROLES, **more
) -> StudyEvidence:
    """Evidence of a study with these true values: only of the arms that the rules ask for."""
    dice = np.random.default_rng(seed)
    known = Roles(roles, rules.stand_ins)
    ease = {dataset: dice.normal(0, 1, problems) for dataset in ("easier", "harder", "coding", "instructions")}
    wanted = sorted(needed_by(rules, known))
    arms = {
        key: draw(key, truth[key], dice, ease[key[0]], seeds, seed_sd) for key in wanted if truth[key] is not MISSING
    }
    paths = {key[: 4 if len(key) == 6 else 3]: ["/".join(key)] for key in arms}
    return StudyEvidence(known, arms, paths, **more)


def verdicts(truth: dict, *numbers: int, **more):
    rules = rules_of(*numbers)
    return {outcome.claim.number: outcome for outcome in run_claims(rules, study(truth, rules, **more))}


# The rules ------------------------------------------------------------------------------------------------------------


def test_all_sixteen_claims_and_ours_are_there():
    assert [claim.number for claim in RULES.claims] == list(range(1, 18))
    assert {claim.number: claim.ours for claim in RULES.claims if claim.ours} == {17: ("ladder_top", "ladder_bottom")}
    assert not any(claim.not_run for claim in RULES.claims)
    assert all(claim.sentence.endswith(".") for claim in RULES.claims)


def test_each_spells_out_one_comparison_per_combination():
    (coverage,) = rules_of(1).claims
    assert [comparison.place for comparison in coverage.comparisons] == [
        "weak - strong: easier, low",
        "weak - strong: easier, high",
        "weak - strong: harder, low",
        "weak - strong: harder, high",
    ]


def test_further_targets_are_those_that_the_config_names():
    (claim,) = rules_of(16, rules=read_rules(RULES_FILE, further=("student", "weak"))).claims
    assert [dict(one.contrasts[0][0].roles)["target"] for one in claim.comparisons] == ["student", "weak"]


def test_margins_of_the_config_are_laid_over_those_of_the_rules():
    (claim,) = rules_of(8, rules=read_rules(RULES_FILE, {"similar_fpr_points": 2})).claims
    assert {comparison.margin for comparison in claim.comparisons} == {2}


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("is: less, of: {source: number", "is: fewer, of: {source: number", ("claim 10", "'fewer'", "greater, less")),
        ("by: similar_fpr_points", "by: similar", ("claim 8", "'similar'", "much_more_percent")),
        ("metric: coverage", "metric: covrage", ("claim 1", "'covrage'", "allowed: coverage")),
        ("optional: true", "optionl: true", ("claim 13", "unknown key 'optionl'", "optional")),
        ("by: much_better_points", "by: much_better", ("claim 15", "'much_better'", "much_more_percent")),
        ("is: similar, by: similar_fpr_points", "is: similar", ("claim 8", "needs a margin")),
    ],
)
def test_a_mistake_in_the_rules_names_the_claim(tmp_path, old, new, parts):
    path = tmp_path / "claims.yaml"
    path.write_text(RULES_FILE.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(UserError) as failure:
        read_rules(path)
    assert len(str(failure.value).splitlines()) == 1
    for part in (str(path), *parts):
        assert part in str(failure.value)


# Planted truth, in both directions ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def all_true():
    most = verdicts(true_values(), *(number for number in range(1, 17) if number != 12))
    # To be better, but only a little, takes many problems and little noise.
    return most | verdicts(true_values(), 12, problems=12000, seed_sd=0.001)


@pytest.mark.parametrize("number", range(1, 17))
def test_a_claim_that_is_true_is_reproduced(all_true, number):
    outcome = all_true[number]
    assert outcome.verdict == REPRODUCED, outcome.reason
    assert outcome.p_holm <= 0.05


PASS, FPR = ("test", "pass@1"), ("test", "false_positive_rate")
FALSE = {  # claim: what is planted against it, one arm's true value at a time, and the comparison that shows it
    "1 low": (1, {("harder", "low", "weak", "coverage"): 0.5}, "harder, low"),
    "1 tie elsewhere": (1, {("easier", "high", "weak", "coverage"): 0.5}, "easier, high"),
    "2 not much": (2, {("easier", "low", "weak", "diversity"): 1.8}, "easier, low"),
    "3 lower": (3, {("easier", "high", "weak", "false_positive_rate"): 0.005}, "weak - strong: easier, high"),
    "3 not slightly": (3, {("harder", "low", "weak", "false_positive_rate"): 0.4}, "weak - strong: harder, low"),
    "3 not far": (
        3,
        {
            ("harder", "high", source, "false_positive_rate"): value
            for source, value in (("weak", 0.06), ("strong", 0.03))
        },
        "harder - easier: weak, high",
    ),
    "4 easier": (4, {("easier", "low", "weak", "student", *PASS): 0.5}, "weak - strong: easier, low"),
    "4 not more so": (4, {("easier", "high", "weak", "student", *PASS): 0.9}, "harder - easier: high"),
    "5": (5, {("harder", "high", "weak", "weak", *PASS): 0.3}, "harder, high, weak"),
    "6": (6, {("easier", "low", "weak", "strong", *PASS): 0.5}, "easier, low, strong"),
    "7": (7, {("harder", "low", "weak", "student", "functional", "pass@1"): 0.3}, "functional, low, student"),
    "8": (8, {("easier", "high", "weak", "strong", *FPR): 0.25}, "easier, high, strong"),
    "8 the other way": (8, {("harder", "low", "strong", "weak", *FPR): 0.25}, "harder, low, weak"),
    "9": (9, {("harder", "price", "price_cheap", "student", *PASS): 0.3}, "price cheap - price strong"),
    "10 wins": (10, {("harder", "low", "number_matched", "student", *PASS): 0.44}, "number matched - strong"),
    "10 all": (10, {("harder", "low", "number_matched", "student", *PASS): 0.6}, "number matched"),
    "11 first": (11, {("harder", "high", "high_low", "student", *PASS): 0.6}, "weak - high low"),
    "11 last": (11, {("harder", "high", "low_low", "student", *PASS): 0.47}, "high low - low low"),
    "12 hurts": (12, {("harder", "high", "mix", "weak", *PASS): 0.4}, "mix - weak: harder, mix, weak"),
    "12 a lot": (12, {("harder", "high", "mix", "weak", *PASS): 0.65}, "mix - weak: harder, mix, weak"),
    "12 helps": (12, {("harder", "high", "mix", "student", *PASS): 0.6}, "mix - weak: harder, mix, student"),
    "13": (13, {("harder", "high", "unfiltered_weak", "student", *PASS): 0.6}, "unfiltered strong - unfiltered weak"),
    "13 pair": (13, {("harder", "price", "price_unfiltered_weak", "student", *PASS): 0.3}, "price unfiltered weak"),
    "13 judge": (13, {("harder", "high", "judged_strong", "wrong_share"): 0.7}, "judged strong"),
    "14 coverage": (14, {("coding", "high", "weak", "coverage"): 0.9}, "coding, high"),
    "14 diversity": (14, {("coding", "low", "weak", "diversity"): 1.5}, "coding, low"),
    "14 a winner": (14, {("coding", "high", "weak", "student", *PASS): 0.6}, "coding, high, student"),
    "15 one target": (15, {("instructions", "high", "instructed_weak", "strong", *PASS): 0.3}, "strong"),
    "15 not much": (15, {("instructions", "high", "instructed_weak", "weak", *PASS): 0.36}, "weak"),
    "16": (16, {("harder", "high", "fewer_weak", "student", *PASS): 0.25}, "fewer weak - fewer strong"),
}


@pytest.mark.parametrize("case", FALSE, ids=str)
def test_a_claim_that_is_false_somewhere_is_contradicted_there(case):
    number, planted, place = FALSE[case]
    truth = true_values()
    assert set(planted) <= set(truth)
    outcome = verdicts(truth | planted, number)[number]
    assert outcome.verdict == CONTRADICTED, outcome.reason
    assert place in outcome.decided_by.comparison.place
    assert place in outcome.reason


def test_the_winner_may_be_the_other_one_as_long_as_it_stays():
    flipped = {("harder", "high", source, "student", *PASS): 0.25 for source in ("weak", "fewer_weak")}
    assert verdicts(true_values() | flipped, 16)[16].verdict == REPRODUCED


def test_without_an_effect_nothing_is_concluded():
    flat = {key: 0.4 for key in true_values() if key[-1] == "pass@1"}
    for number, outcome in verdicts(true_values() | flat, 5, 6, 9, 11, 16).items():
        assert outcome.verdict == INCONCLUSIVE, number


def test_a_direction_without_enough_problems_is_inconclusive_and_says_how_many_it_needs():
    rules = rules_of(5)
    outcomes = run_claims(rules, study(true_values(), rules, problems=60))
    (row,) = claim_rows(outcomes, 0.05)
    assert row["verdict"] == INCONCLUSIVE
    assert row["needs_problems"] > 60
    assert "hold" in row["reason"]


# Equivalence ----------------------------------------------------------------------------------------------------------


def test_similar_is_not_concluded_from_too_little_data():
    """The true difference is 0: no significance, and no similarity either."""
    assert verdicts(true_values(), 8, problems=100)[8].verdict == INCONCLUSIVE


def test_a_difference_at_the_margin_is_rarely_called_similar():
    at_margin = {key: 0.10 for key in true_values() if key[2:] == ("weak", "student", *FPR)}
    truth = true_values() | at_margin
    found = [verdicts(truth, 8, seed=seed, problems=500)[8].verdict for seed in range(20)]
    assert found.count(REPRODUCED) <= 2


# Seeds ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [4, 5, 6, 7, 8, 9, 10, 11, 12, 16])
def test_one_seed_never_decides_a_claim_on_finetuned_models(number):
    outcome = verdicts(true_values(), number, seeds=1)[number]
    assert outcome.verdict == INCONCLUSIVE
    assert outcome.reason.startswith("one seed")
    assert np.isnan(outcome.p_holm)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_claims_on_training_data_need_one_pool(number):
    assert verdicts(true_values(), number, seeds=1)[number].verdict == REPRODUCED


def test_an_assumed_noise_lets_one_seed_decide():
    assert verdicts_with_assumed(0.10) == INCONCLUSIVE
    assert verdicts_with_assumed(0.005) == REPRODUCED


def verdicts_with_assumed(sd: float) -> str:
    rules = rules_of(5)
    evidence = study(true_values(), rules, seeds=1, seed_sd=0.004)
    evidence.seed_sd = sd
    return run_claims(rules, evidence)[0].verdict


def with_repeated(seeds: int, budget: str) -> StudyEvidence:
    """One seed of everything that claim 9 asks for; several of WC and SE data at this budget."""
    rules = rules_of(9)
    evidence = study(true_values(), rules, seeds=1)
    lent = study(true_values(), rules_of(4), seeds=seeds).arms
    evidence.several = [replace(arm, budget=budget) for key, arm in lent.items() if key[:2] == ("harder", "low")]
    return evidence


def test_one_seed_borrows_from_comparable_cells_of_the_same_budget():
    (outcome,) = run_claims(rules_of(9), with_repeated(4, "price"))
    assert outcome.verdict == REPRODUCED
    assert outcome.decided_by.estimates[0].basis == BORROWED


def test_noise_at_another_budget_is_not_borrowed_and_the_reason_says_where_it_is_known():
    (outcome,) = run_claims(rules_of(9), with_repeated(4, "low"))
    assert outcome.verdict == INCONCLUSIVE
    assert outcome.reason.startswith("one seed of from-price_weak/to-student at budget price, ")
    assert "the noise between seeds is known at budget low only; " in outcome.reason


def test_noise_of_another_target_is_not_borrowed_either():
    evidence = with_repeated(4, "price")
    evidence.several = [replace(arm, target="weak") for arm in evidence.several]
    (outcome,) = run_claims(rules_of(9), evidence)
    assert "the noise between seeds is known for target weak only" in outcome.reason


# What is not there ----------------------------------------------------------------------------------------------------


def test_a_role_that_the_config_does_not_fill_leaves_its_claims_out():
    roles = copy.deepcopy(ROLES)
    del roles["sources"]["mix"]
    rules = rules_of(5, 12)
    evidence = study(true_values(), rules_of(5))
    evidence.roles = Roles(roles, rules.stand_ins)
    five, twelve = run_claims(rules, evidence)
    assert (five.verdict, twelve.verdict) == (REPRODUCED, NOT_RUN)
    assert "'mix'" in twelve.reason


def test_a_cell_that_is_not_there_is_named():
    truth = true_values() | {("harder", "low", "strong", "weak", *PASS): MISSING}
    outcome = verdicts(truth, 5)[5]
    assert outcome.verdict == NOT_RUN
    assert "no harder/low/from-strong/to-weak" in outcome.reason


def test_optional_comparisons_are_left_out_where_the_study_has_no_such_roles():
    roles = copy.deepcopy(ROLES)
    for source in ("judged_weak", "judged_strong", "price_unfiltered_weak"):
        del roles["sources"][source]
    rules = rules_of(13)
    evidence = study(true_values(), rules)
    evidence.roles = Roles(roles, rules.stand_ins)
    (outcome,) = run_claims(rules, evidence)
    assert outcome.verdict == REPRODUCED
    assert len(outcome.tested) == 1
    assert "left out: no source plays 'price unfiltered weak'" in outcome.reason


def test_claims_that_cannot_run_say_why_and_do_not_count_for_the_correction():
    sources = {role: name for role, name in ROLES["sources"].items() if role != "instructed_weak"}
    rules, evidence = rules_of(1, 15), study(true_values(), rules_of(1, 15))
    evidence.roles = Roles(ROLES | {"sources": sources}, rules.stand_ins)
    coverage, instructions = run_claims(rules, evidence)
    assert instructions.verdict == NOT_RUN
    assert "no source plays 'instructed weak'" in instructions.reason
    assert coverage.p_holm == coverage.p


# How often a verdict is wrong -----------------------------------------------------------------------------------------


def single(metric="pass@1", relation="greater", margin=0.0, number=1, place="one") -> Claim:
    terms = tuple(Term(weight, (("source", source),)) for weight, source in ((1.0, "weak"), (-1.0, "strong")))
    comparison = Comparison(metric, relation, (terms,), margin, "points", False, place)
    return Claim(number, place, "It is so.", (comparison,))


class Given:
    """Evidence that hands out estimates, drawn round true effects with their errors; one for each comparison."""

    def __init__(self, dice, effects, error=0.01, freedom=30.0):
        self.left, self.dice, self.error, self.freedom = list(effects), dice, error, freedom

    def estimate(self, comparison, terms):
        spread = self.error * np.sqrt(self.dice.chisquare(self.freedom) / self.freedom)
        effect = self.dice.normal(self.left.pop(0), self.error)
        return Contrast(effect, spread**2, self.freedom, problems=500, informative=500), []


def rate(effects: list[list[float]], wrong, claims: list[Claim], studies=800, seed=0) -> float:
    """Share of studies in which any claim gets a verdict that `wrong` (of the claim's place in the list) holds."""
    dice = np.random.default_rng(seed)
    rules = Rules(tuple(claims), {}, {})
    found = 0
    for _ in range(studies):
        outcomes = run_claims(rules, Given(dice, [effect for claim in effects for effect in claim]))
        found += any(wrong(outcome.verdict) for outcome in outcomes)
    return found / studies


def decided(verdict: str) -> bool:
    return verdict in (REPRODUCED, CONTRADICTED)


def joined(claims: list[Claim]) -> Claim:
    return Claim(1, "joined", "All hold.", tuple(claim.comparisons[0] for claim in claims))


def test_a_claim_of_one_comparison_is_decided_by_its_two_sided_p_and_of_several_at_almost_the_whole_level():
    dice = np.random.default_rng(0)
    for count, share in ((1, 1 / 2), (2, 3 / 4), (4, 7 / 8)):
        claim = joined([single() for _ in range(count)])
        (outcome,) = run_claims(Rules((claim,), {}, {}), Given(dice, [0.02] * count))
        assert outcome.p == pytest.approx(outcome.p_holds / share)
        (outcome,) = run_claims(Rules((claim,), {}, {}), Given(dice, [-0.05] * count))
        assert outcome.p == pytest.approx(2 * count * min(tested.p_against for tested in outcome.tested))


@pytest.mark.parametrize("count", [2, 4])
def test_a_comparison_at_the_boundary_makes_a_claim_decided_as_often_as_alpha_says(count):
    """In either direction: that it holds, or that it fails."""
    claim = joined([single() for _ in range(count)])
    found = rate([[0.2] * (count - 1) + [0.0]], decided, [claim], studies=3000)
    assert found == pytest.approx(0.05, abs=0.012)


def test_a_claim_at_its_boundary_is_decided_as_often_as_alpha_says():
    assert rate([[0.0]], decided, [single()]) == pytest.approx(0.05, abs=0.025)


@pytest.mark.parametrize(("relation", "effect"), [("greater", 0.02), ("less", -0.02), ("at_most", 0.02)])
def test_a_margin_moves_the_boundary(relation, effect):
    assert rate([[effect]], decided, [single(relation=relation, margin=2.0)]) == pytest.approx(0.05, abs=0.025)


def test_one_comparison_at_the_boundary_keeps_the_others_from_making_the_claim_true():
    claim = joined([single() for _ in range(4)])
    assert rate([[0.2, 0.2, 0.2, 0.0]], lambda verdict: verdict == REPRODUCED, [claim]) <= 0.045


def test_many_comparisons_do_not_make_a_true_claim_look_false():
    claim = joined([single() for _ in range(12)])
    assert rate([[0.0] * 12], lambda verdict: verdict == CONTRADICTED, [claim]) <= 0.045


def test_any_of_ten_claims_is_wrong_in_no_more_studies_than_alpha_says():
    claims = [single(number=number) for number in range(10)]
    assert rate([[0.0]] * 10, decided, claims, studies=500) == pytest.approx(0.05, abs=0.03)


def test_equivalence_is_wrong_as_rarely():
    claim = single(relation="similar", margin=3.0)
    assert rate([[0.03]], lambda verdict: verdict == REPRODUCED, [claim]) <= 0.045
    assert rate([[0.03]], lambda verdict: verdict == CONTRADICTED, [claim]) <= 0.045
    assert rate([[0.0]], lambda verdict: verdict == CONTRADICTED, [claim]) == 0
    assert rate([[0.15]], lambda verdict: verdict == CONTRADICTED, [claim], studies=50) == 1


def test_two_studies_with_other_seeds_never_conclude_the_opposite():
    """Small effects and noisy finetunings: what one study reproduces another does not contradict."""
    close = {key: 0.40 for key in true_values() if key[-1] == "pass@1" and key[2] in ("weak", "strong")}
    for pair in range(12):
        first, second = (
            verdicts(true_values() | close, 4, 5, 6, seed=seed, problems=300, seeds=2, seed_sd=0.02)
            for seed in (2 * pair, 2 * pair + 1)
        )
        for number in first:
            assert {first[number].verdict, second[number].verdict} != {REPRODUCED, CONTRADICTED}


# A claim of ours ------------------------------------------------------------------------------------------------------


def on_a_ladder(sources: dict[str, str], **truth: float):
    """The outcomes of claim 17 for a study with these roles. truth: accuracy by source."""
    dice, roles = np.random.default_rng(3), {**ROLES, "sources": {**ROLES["sources"], **sources}}
    ease, arms = {dataset: dice.normal(0, 1, 3000) for dataset in ("easier", "harder")}, {}
    for dataset in ease:
        for source, value in truth.items():
            key = (dataset, "low", source, "student", "test", "pass@1")
            arms[key] = draw(key, value, dice, ease[dataset], 3, 0.005)
    paths = {key[:4]: ["/".join(key)] for key in arms}
    return run_claims(rules_of(17), StudyEvidence(Roles(roles, RULES.stand_ins), arms, paths))


LADDER = {"ladder_top": "ladder_top", "ladder_bottom": "ladder_bottom"}


@pytest.mark.parametrize(
    ("top", "bottom", "verdict"),
    [(0.42, 0.28, REPRODUCED), (0.42, 0.42, CONTRADICTED), (0.28, 0.28, CONTRADICTED), (0.42, 0.35, INCONCLUSIVE)],
)
def test_the_ladders_claim_needs_a_top_rung_that_wins_and_a_bottom_rung_that_loses(top, bottom, verdict):
    (outcome,) = on_a_ladder(LADDER, strong=0.35, ladder_top=top, ladder_bottom=bottom)
    assert outcome.verdict == verdict
    assert len(outcome.tested) == 4


def test_a_claim_of_ours_is_left_out_of_a_study_that_has_no_role_of_it():
    assert on_a_ladder({}, strong=0.35, ladder_top=0.4) == []


def test_a_claim_of_ours_with_one_of_its_roles_says_what_is_missing():
    (outcome,) = on_a_ladder({"ladder_top": "ladder_top"}, strong=0.35, ladder_top=0.4)
    assert (outcome.verdict, outcome.reason) == (NOT_RUN, "no source plays 'ladder bottom'")


def test_holms_correction():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


# The paper's own numbers ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_the_paper():
    rules = read_rules(RULES_FILE, further=("student", "weak", "strong"))
    evidence = PublishedEvidence(PUBLISHED)
    return {outcome.claim.number: outcome for outcome in run_claims(rules, evidence, evidence)}


def test_the_papers_numbers_reproduce_its_claims_on_data(of_the_paper):
    assert [of_the_paper[number].verdict for number in (1, 2)] == [REPRODUCED] * 2


def test_the_papers_false_positive_rates_on_the_easier_set_are_too_close_to_tell(of_the_paper):
    outcome = of_the_paper[3]
    assert outcome.verdict == INCONCLUSIVE
    assert "easier" in outcome.decided_by.comparison.place


@pytest.mark.parametrize("number", [4, 5, 6, 9, 10, 11, 16])
def test_the_papers_single_gaps_are_inconclusive(of_the_paper, number):
    assert of_the_paper[number].verdict == INCONCLUSIVE
    assert "even without any it could not be told" in of_the_paper[number].reason


def test_an_unpaired_gap_of_the_paper_has_its_binomial_interval(of_the_paper):
    (tested,) = [one for one in of_the_paper[5].tested if one.comparison.place == "weak - strong: harder, low, weak"]
    effect, low, high = interval(tested, 0)
    error = 100 * np.sqrt(0.382 * 0.618 / 500 + 0.368 * 0.632 / 500)
    assert (effect, low, high) == pytest.approx((1.4, 1.4 - 1.96 * error, 1.4 + 1.96 * error), abs=0.01)


def test_what_the_paper_did_not_print_is_not_run(of_the_paper):
    assert {number for number, outcome in of_the_paper.items() if outcome.verdict == NOT_RUN} == {7, 8, 12, 13, 14, 15}


def test_an_assumed_correlation_narrows_the_papers_intervals():
    rules = rules_of(5)
    widths = []
    for correlation in (0.0, 0.5):
        (outcome,) = run_claims(rules, PublishedEvidence(PUBLISHED, correlation))
        widths.append(outcome.tested[0].estimates[0].error)
    assert widths[1] == pytest.approx(widths[0] * np.sqrt(0.5), rel=0.01)


# Tables ---------------------------------------------------------------------------------------------------------------


def test_rows_have_the_tables_columns_and_effects_their_units():
    rules = rules_of(2, 5)
    outcomes = run_claims(rules, study(true_values(), rules), PublishedEvidence(PUBLISHED))
    rows = list(claim_rows(outcomes, 0.05))
    assert all(set(row) <= set(CLAIMS) for row in rows)
    diversity, own = rows
    assert (diversity["unit"], own["unit"]) == ("percent", "points")
    assert diversity["effect"] == pytest.approx(100 * (2.6 / 1.8 - 1), abs=8)
    assert own["low"] < own["effect"] < own["high"]
    assert own["effect"] == pytest.approx(6, abs=2.5)  # the easier set's, which is the weakest
    assert (own["seeds"], own["problems"], own["basis"]) == (3, 3000, "seeds x problems")
    assert own["cells"].count("easier/low") == 2
    table = list(comparison_rows(outcomes, 0.05))
    assert all(set(row) <= set(COMPARISONS) for row in table)
    assert len(table) == 8
    assert table[0]["difference_percent"] == pytest.approx(diversity["effect"], abs=15)
    assert table[-1]["difference_points"] == pytest.approx(12, abs=2.5)
    assert table[-1]["difference_percent"] == pytest.approx(33, abs=8)
    assert table[-1]["paper_effect"] == pytest.approx(0.8)
