"""The programs around the claims, run as the workflow runs them, on small real files."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from configs import check_config, completed
from yetbetter.claims.columns import CLAIMS, COMPARISONS
from yetbetter.claims.evidence import read_evidence
from yetbetter.claims.published import PublishedEvidence
from yetbetter.claims.roles import Roles
from yetbetter.claims.rules import read_rules
from yetbetter.claims.run import claim_rows, run_claims
from yetbetter.errors import UserError
from yetbetter.figures.registry import FIGURES
from yetbetter.figures.request import Request
from yetbetter.judging.samples import Sample
from yetbetter.measures.metrics import METRICS, Metric
from yetbetter.measures.quality import measure_arm
from yetbetter.measures.questions import COUNTS, count_by_question, tabulate_questions
from yetbetter.records import write_rows
from yetbetter.study.claim_roles import roles_of
from yetbetter.tables import read_table, write_table

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
CONFIG = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
# Without the arms of single claims, which the studies of these tests have not.
CONFIG["claims"] = {key: CONFIG["claims"][key] for key in ("datasets", "student")} | {
    "budgets": {"low": "low", "high": "high"}
}
CONFIG = completed(CONFIG)
PUBLISHED = ROOT / "resources" / "published_numbers.csv"
PROBLEMS = 120


def call(program: str, *arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, str(SCRIPTS / f"{program}.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)


def check(folder: Path, *more) -> subprocess.CompletedProcess:
    outputs = ("--output", folder / "claims.csv", "--comparisons", folder / "claim_comparisons.csv")
    return call("check_claims", "--published", PUBLISHED, *outputs, *more)


def write_cell(folder: Path, dataset, budget, source, target, seed, rate, dice) -> str:
    place = {"dataset": dataset, "budget": budget, "source": source, "target": target, "seed": str(seed)}
    rows = []
    for benchmark in ("test", "functional"):
        for number in range(PROBLEMS):
            right = dice.random() < rate
            reasoning = ("invalid" if dice.random() < 0.05 else "valid") if right else None
            verdict = "correct" if right else "incorrect"
            row = {"benchmark": benchmark, "problem": f"{dataset}-{number}", "level": 1, "paradigm": "x"}
            rows.append(place | row | {"verdict": verdict, "reasoning": reasoning})
    cell = f"{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}"
    write_rows(folder / "scores" / cell / "scores.jsonl", rows)
    return cell


def write_arm(folder: Path, dataset, budget, source, solved, unique, wrong, dice) -> str:
    columns = ("dataset", "budget", "source", "problem", "level", *COUNTS)
    rows = []
    for number in range(PROBLEMS):
        correct = (2 + dice.poisson(unique)) * (dice.random() < solved)
        counts = (12, correct, correct, correct and max(1, correct - 1), correct, dice.binomial(correct, wrong))
        place = {"dataset": dataset, "budget": budget, "source": source, "problem": f"{dataset}-{number}", "level": 1}
        rows.append(place | dict(zip(COUNTS, counts, strict=True)))
    arm = f"{dataset}/{budget}/from-{source}"
    write_table(folder / "metrics" / f"{arm}.questions.csv", columns, rows)
    return arm


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Files of a study with two seeds, in which WC data is far better in every way; its options for the program."""
    folder = tmp_path_factory.mktemp("study")
    dice = np.random.default_rng(0)
    places = [(dataset, budget) for dataset in ("easy", "hard") for budget in ("low", "high")]
    cells = [
        write_cell(folder, dataset, budget, source, target, seed, 0.8 if source == "wc" else 0.3, dice)
        for dataset, budget in places
        for source in ("wc", "se")
        for target in ("student", "wc", "se")
        for seed in (0, 1)
    ]
    arms = [
        write_arm(folder, dataset, budget, source, *((0.95, 5, 0.1) if source == "wc" else (0.5, 0.5, 0.05)), dice)
        for dataset, budget in places
        for source in ("wc", "se")
    ]
    options = ["--roles", json.dumps(roles_of(CONFIG)), "--scores", folder / "scores", "--metrics", folder / "metrics"]
    return folder, [*options, "--cells", *cells, "--arms", *arms]


@pytest.fixture(scope="module")
def claims(study):
    folder, options = study
    done = check(folder, *options)
    assert done.returncode == 0, done.stderr
    return {row["claim"]: row for row in read_table(folder / "claims.csv").rows}


def test_every_claim_has_a_row_with_all_columns(claims, study):
    assert list(claims) == [str(number) for number in range(1, 17)]
    assert tuple(next(iter(claims.values()))) == CLAIMS
    assert tuple(read_table(study[0] / "claim_comparisons.csv").rows[0]) == COMPARISONS


def test_verdicts_follow_the_files(claims):
    assert {claims[number]["verdict"] for number in ("1", "2", "5", "6", "7")} == {"reproduced"}
    assert {claims[str(number)]["verdict"] for number in range(9, 17)} == {"not run"}
    assert "no source plays 'mix'" in claims["12"]["reason"]


def test_a_claim_names_the_files_that_it_rests_on(claims, study):
    files = claims["5"]["cells"].split()
    assert len(files) == 4 * 2 * 2
    assert all(Path(file).is_file() for file in files)
    assert claims["1"]["cells"].split() == [
        f"{study[0]}/metrics/{dataset}/{budget}/from-{source}.questions.csv"
        for dataset in ("easy", "hard")
        for budget in ("low", "high")
        for source in ("wc", "se")
    ]


def test_seeds_and_problems_are_those_of_the_files(claims):
    assert (claims["5"]["seeds"], claims["5"]["problems"], claims["5"]["basis"]) == ("2", "120", "seeds x problems")
    assert (claims["1"]["seeds"], claims["1"]["problems"], claims["1"]["basis"]) == ("", "120", "questions")


def test_rates_of_finetuned_models_are_pooled_over_all_problems(study):
    """As in finetuned.csv: those without a right answer add nothing, and do not narrow the other arm's."""
    folder, options = study
    rules = read_rules(ROOT / "workflow" / "claims.yaml")
    cells = options[options.index("--cells") + 1 : options.index("--arms")]
    paths = [f"{folder}/scores/{cell}/scores.jsonl" for cell in cells]
    evidence = read_evidence(Roles(roles_of(CONFIG), rules.stand_ins), paths, [])
    arm = evidence.arms["hard", "low", "se", "student", "test", "false_positive_rate"]
    assert arm.top.shape == (2, PROBLEMS)
    assert arm.bottom.mean() == pytest.approx(0.3, abs=0.1)
    assert arm.value == pytest.approx(0.05, abs=0.08)


def test_a_metric_that_is_registered_is_measured_and_claims_may_name_it(study, tmp_path, monkeypatch):
    """One entry is enough: the rules know it, its unit and factor, and every arm's questions are counted in it."""
    folder, options = study
    kept = Metric("kept share", "% of the samples", of=lambda counts: (counts["trained"], counts["drawn"]))
    monkeypatch.setitem(METRICS, "kept_share", kept)
    text = (ROOT / "workflow" / "claims.yaml").read_text(encoding="utf-8")
    (tmp_path / "claims.yaml").write_text(text.replace("metric: coverage", "metric: kept_share"), encoding="utf-8")
    rules = read_rules(tmp_path / "claims.yaml")
    arms = options[options.index("--arms") + 1 :]
    evidence = read_evidence(
        Roles(roles_of(CONFIG), rules.stand_ins), [], [f"{folder}/metrics/{arm}.questions.csv" for arm in arms]
    )
    (outcome,) = run_claims(replace(rules, claims=rules.claims[:1]), evidence, PublishedEvidence(str(PUBLISHED)))
    (row,) = claim_rows([outcome], 0.05)
    assert (row["verdict"], row["unit"]) == ("reproduced", "points")
    assert row["effect"] > 20
    assert np.isnan(row["paper_effect"])


def test_a_missing_file_of_scores_is_named(study, tmp_path):
    _, options = study
    done = check(tmp_path, *[str(option).replace("seed-1", "seed-7") for option in options])
    assert done.returncode == 1
    assert "seed-7/scores.jsonl: no such file" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_printed_numbers_are_tested_without_any_study(tmp_path):
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr
    rows = read_table(tmp_path / "claims.csv").rows
    assert [row["verdict"] for row in rows[:2]] == ["reproduced", "reproduced"]
    assert {row["verdict"] for row in rows[2:]} == {"inconclusive", "not run"}
    assert "one seed" in rows[3]["reason"]
    assert float(rows[3]["needs_problems"]) > 10_000


def test_without_noise_between_finetunings_the_papers_gaps_stay_inconclusive(tmp_path):
    assert check(tmp_path, "--seed-sd-points", "0").returncode == 0
    rows = read_table(tmp_path / "claims.csv").rows
    assert {row["verdict"] for row in rows[3:]} == {"inconclusive", "not run"}
    alone = [row for row in read_table(tmp_path / "claim_comparisons.csv").rows if row["metric"] == "pass@1"]
    # Of all single gaps only the price-matched student's is clear of 0 on 500 problems.
    assert [row["place"] for row in alone if row["verdict"] == "reproduced"] == [
        "price weak - price strong: harder, price, student"
    ]


def test_an_impossible_correlation_is_refused(tmp_path):
    done = check(tmp_path, "--correlation", "1.5")
    assert "--correlation: '1.5' is not a number of at least -1 and at most 1" in done.stderr
    assert "--correlation 1: must lie between -1 and 1" in check(tmp_path, "--correlation", "1").stderr


# The figure -----------------------------------------------------------------------------------------------------------


def test_the_figure_has_a_row_and_a_word_for_every_claim(claims, study):
    folder, _ = study
    done = call(
        *("plot_figure", "claims", "--tables", folder / "claims.csv", folder / "claim_comparisons.csv"),
        *("--output-pdf", folder / "claims.pdf", "--output-png", folder / "claims.png"),
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "claims.png").stat().st_size > 20_000
    tables = {name: folder / f"{name}.csv" for name in ("claims", "claim_comparisons")}
    (axes,) = FIGURES["claims"].plot(Request(tables)).axes
    words = [text.get_text().split("\n")[0] for text in axes.texts]
    assert [word for word in words if word in ("reproduced", "contradicted", "inconclusive", "not run")] == [
        claims[str(number)]["verdict"] for number in range(1, 17)
    ]


def test_an_empty_table_of_claims_is_plotted_as_such(tmp_path):
    write_table(tmp_path / "claims.csv", CLAIMS, [])
    write_table(tmp_path / "comparisons.csv", COMPARISONS, [])
    tables = {"claims": tmp_path / "claims.csv", "claim_comparisons": tmp_path / "comparisons.csv"}
    (axes,) = FIGURES["claims"].plot(Request(tables)).axes
    assert "no values in the table" in [text.get_text() for text in axes.texts]


# What an arm holds for each question ----------------------------------------------------------------------------------


def drawn(problem: str, verdict: str = "correct", **more) -> Sample:
    return Sample("wc", problem, 0, verdict, **({"trained": True, "distinct": verdict == "correct"} | more))


def test_questions_add_up_to_what_is_measured_of_the_arm():
    problems = [{"problem": name, "level": 1} for name in "abc"]
    rows = [
        drawn("a", reasoning="valid"),
        drawn("a", reasoning="valid", distinct=False),
        drawn("a", reasoning="invalid"),
        drawn("b", "incorrect"),
        drawn("c", reasoning="unreadable"),
        drawn("c", reasoning="valid", trained=False, distinct=False),
    ]
    counts = count_by_question(rows)
    counted = list(tabulate_questions(counts, problems))
    assert [tuple(row[key] for key in ("problem", *COUNTS)) for row in counted] == [
        ("a", 3, 3, 3, 2, 3, 1),
        ("b", 1, 1, 0, 0, 0, 0),
        ("c", 2, 1, 1, 1, 0, 0),
    ]
    measured = {
        row["metric"]: row["value"] for row in measure_arm(counts, problems, 0, "exact") if row["level"] == "all"
    }
    solved = sum(row["correct"] > 0 for row in counted)
    assert measured["coverage"] == pytest.approx(solved / 3)
    assert measured["diversity"] == pytest.approx(sum(row["unique_correct"] for row in counted) / solved)
    rate = sum(row["wrong_reasoning"] for row in counted) / sum(row["decided"] for row in counted)
    assert measured["false_positive_rate"] == pytest.approx(rate)


# The config -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "role", "value", "parts"),
    [
        ("datasets", "harder", "maths", ("claims.datasets.harder: unknown 'maths'", "easy, hard")),
        ("budgets", "price", "prices", ("claims.budgets.price: unknown 'prices'", "low, high")),
        ("sources", "mix", "mix-55", ("claims.sources.mix: unknown 'mix-55'", "se, wc, human")),
        ("sources", "mixx", "wc", ("claims.sources: unknown key 'mixx'", "did you mean 'mix'")),
        ("margins", "similar", 5, ("claims.margins: unknown key 'similar'", "similar_fpr_points")),
    ],
)
def test_a_role_that_names_nothing_is_refused(group, role, value, parts):
    refused({group: {role: value}}, *parts)


@pytest.mark.parametrize(
    ("claims", "parts"),
    [
        ({"student": "pupil"}, ("claims.student: unknown 'pupil'", "wc, se, student")),
        ({"further": ["wc", "pupil"]}, ("claims.further: unknown 'pupil'",)),
        ({"alpha": 0.7}, ("claims.alpha",)),
        ({"seed_sd_points": -1}, ("claims.seed_sd_points",)),
    ],
)
def test_a_setting_of_the_claims_that_cannot_be_is_refused(claims, parts):
    refused(claims, *parts)


def refused(claims: dict, *parts: str) -> None:
    with pytest.raises(UserError) as failure:
        check_config(
            CONFIG | {"claims": claims}, str(ROOT / "workflow" / "schemas" / "config.schema.yaml"), "study.yaml"
        )
    message = str(failure.value)
    assert message.startswith("study.yaml: ")
    for part in parts:
        assert part in message


def test_roles_come_from_the_comparison_and_the_claims():
    roles = roles_of(CONFIG)
    assert roles["sources"] == {"weak": "wc", "strong": "se"}
    assert roles["targets"] == {"weak": "wc", "strong": "se", "student": "student"}
    assert (roles["alpha"], roles["seed_sd_points"], roles["pool_sd_points"]) == (0.05, None, 0)
