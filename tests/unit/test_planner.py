"""The plan: which allocations there are, what they give and cost, which is chosen, and the page that says so."""

import json
import math
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from headless import Browser, needs_browser

from configs import SCHEMA, check_config, completed, grid_of, pocket_study
from yetbetter.errors import UserError
from yetbetter.forecast.allocations import Allocation, allocations_of, curve_counts
from yetbetter.forecast.by_group import allocate
from yetbetter.forecast.pilots import ModelPilot
from yetbetter.forecast.plan_tables import ALLOCATIONS, CURVES, PILOT
from yetbetter.forecast.planner import Planner, is_settled
from yetbetter.forecast.stopping import looks, stopping_allocations
from yetbetter.records import write_json, write_rows, write_text
from yetbetter.report.plan_page import (
    Plan,
    against_rival,
    describe_crossing,
    how_sure,
    read_plan,
    recommended_sheet,
    snippet,
    state,
    stopping_sheet,
    what_to_draw,
)
from yetbetter.stats.coverage_forecast import Difference, Pilot
from yetbetter.stats.estimators import coverage_curve
from yetbetter.study.study import Study
from yetbetter.tables import read_table, write_table

ROOT = Path(__file__).parents[2]
PAIR = ["wc", "se"]
ONE_BUDGET = {"low": {"model": "se", "samples": 1}}


def study(**changes) -> dict:
    return completed(pocket_study() | {"plan": {}} | changes)


def pilot_of(model: str, seed: int, alpha: float, beta: float, questions: int = 200, samples: int = 8) -> ModelPilot:
    """The same questions for every model with one seed; all correct solutions are distinct."""
    ranks = np.random.default_rng(seed).random(questions)
    values = np.sort(np.random.default_rng(0).beta(alpha, beta, 10_000))
    right = np.random.default_rng([seed, len(model)]).binomial(samples, values[(ranks * 10_000).astype(int)])
    counts = Pilot(samples, right, ["a", "b"] * (questions // 2))
    return ModelPilot(model, counts, [[1] * count for count in right], 35.0, 30.0, 0.01, int(right.sum()), 7)


@pytest.fixture(scope="module")
def planner() -> Planner:
    """The weak model is a little weaker: with three times the samples it is ahead."""
    return Planner(study(), "hard", [pilot_of("wc", 1, 0.3, 0.8), pilot_of("se", 1, 0.35, 0.6)])


@pytest.fixture(scope="module")
def plan(planner, tmp_path_factory) -> Plan:
    folder = tmp_path_factory.mktemp("plans") / "hard"
    tables = {
        "pilot": (PILOT, planner.pilot_rows()),
        "curves": (CURVES, planner.curve_rows()),
        "allocations": (ALLOCATIONS, planner.allocation_rows()),
    }
    for name, (columns, rows) in tables.items():
        write_table(folder / f"{name}.csv", columns, rows)
    return read_plan(folder, study())


# Allocations ----------------------------------------------------------------------------------------------------------


def test_allocations_cost_what_the_budget_buys():
    found = allocations_of(study(), PAIR)
    compute = {(one.model, one.share): one.samples for one in found if (one.budget, one.match) == ("high", "compute")}
    assert compute == {
        **{("wc", 1): 30, ("wc", 0.5): 60, ("wc", 0.2): 150},
        **{("se", 1): 10, ("se", 0.5): 20, ("se", 0.2): 50},
    }


def test_a_mix_spends_half_of_the_budget_on_each_model_if_that_buys_a_sample_of_both():
    mixes = [one for one in allocations_of(study(), PAIR, mixed=("wc", "se")) if one.is_mix]
    drawn = {(one.budget, one.match): one.draws for one in mixes}
    assert drawn["high", "compute"] == (("wc", 15), ("se", 5))
    assert ("low", "compute") not in drawn  # half a sample of se
    assert mixes[0].source["draws"][1] == {"model": "se", "match": "compute", "fraction": 0.5}


def test_price_matched_allocations_cost_the_same_dollars():
    found = allocations_of(study(), PAIR)
    price = {one.model: one.samples for one in found if (one.budget, one.match, one.share) == ("low", "price", 1)}
    assert price == {"wc": 35, "se": 1}


def test_budgets_of_one_size_are_planned_once():
    assert {one.budget for one in allocations_of(study(), PAIR)} == {"low", "high", "middle", "beyond"}


def test_a_budget_below_one_sample_of_a_model_buys_one_of_fewer_questions():
    config = study(budgets={"tiny": {"model": "wc", "samples": 1}})
    [one] = [one for one in allocations_of(config, PAIR) if (one.model, one.match) == ("se", "compute")]
    assert (one.samples, one.share) == (1, pytest.approx(1 / 3))


def test_models_without_numbers_to_match_them_by_are_refused_in_one_line():
    config = study()
    for model in PAIR:
        del config["models"][model]["price"]
    del config["models"]["wc"]["parameters"]
    with pytest.raises(UserError, match=r"mine\.yaml: plan: no budget can be matched between wc, se: give each"):
        allocations_of(config, PAIR, "mine.yaml")


def test_curves_go_beyond_the_largest_budget_and_have_three_points():
    config = study(budgets=ONE_BUDGET)
    assert curve_counts(config, "compute", "wc", "low") == [(1, 3), (2, 6), (3, 9)]
    assert curve_counts(study(), "compute", "se", "low")[-1] == (50, 50)


# Forecasts and the choice ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(planner) -> list[dict]:
    return planner.allocation_rows()


def row_of(rows: list[dict], **place) -> dict:
    [row] = [row for row in rows if (place | {"stop_after": ""}).items() <= row.items()]
    return row


def test_an_allocation_within_the_pilot_has_the_pilot_s_own_coverage(planner, rows):
    row = row_of(rows, budget="low", match="compute", model="wc", share=1.0)
    expected = coverage_curve(8, planner.pilots["wc"].counts.right).mean(axis=0)[2]
    assert row["coverage"] == pytest.approx(expected)
    assert row["low"] < expected < row["high"]
    assert row["kept"] == pytest.approx(3 * 500 * planner.pilots["wc"].counts.right.mean() / 8)


def test_a_share_of_the_questions_covers_at_most_that_share(rows):
    for row in rows:
        assert row["high"] <= row["share"] + 1e-12
        assert row["low"] <= row["coverage"] <= row["high"]


def test_the_choice_has_the_highest_coverage_of_those_that_are_settled_against_the_reference(rows):
    places = {(row["budget"], row["match"]) for row in rows}
    kept = set()
    for place in places:
        own = [row for row in rows if (row["budget"], row["match"]) == place and not row["stop_after"]]
        [chosen] = [row for row in own if row["recommended"]]
        ahead = [row for row in own if row["chance_ahead"] >= 0.975]
        if ahead:
            assert chosen["coverage"] == max(row["coverage"] for row in ahead)
        else:
            assert (chosen["model"], chosen["share"]) == ("se", 1)
        kept.add(not ahead)
    assert kept == {True, False}


def test_a_lead_of_the_rival_that_is_not_settled_is_told_with_what_would_settle_it(rows):
    [kept] = [row for row in rows if row["recommended"] and row["model"] == "se" and row["lead"] < 0][:1]
    assert (kept["settled"], kept["lead_low"] < kept["lead"] < 0 < kept["lead_high"]) == ("no", True)
    assert kept["questions_to_settle"] == math.ceil(200 * ((kept["lead_high"] - kept["lead"]) / kept["lead"]) ** 2)
    words = against_rival(kept)
    assert words.startswith(f"{kept['rival']} is expected to solve") and "points more" in words


def test_the_lead_of_the_choice_is_over_the_reference(rows):
    rows = [row for row in rows if (row["budget"], row["match"]) == ("low", "compute")]
    [chosen] = [row for row in rows if row["recommended"]]
    assert (chosen["model"], chosen["reference"]) == ("wc", "se")
    reference = row_of(rows, model="se", share=1)
    assert chosen["difference"] == pytest.approx(chosen["coverage"] - reference["coverage"])
    assert math.isnan(reference["difference"])
    assert chosen["settled"] == "yes"
    assert is_settled(Difference(0.1, 0.01, 0.2, 0.98)) and not is_settled(Difference(0.1, -0.01, 0.2, 0.97))


def test_costs_are_those_of_the_pilot_s_lengths(planner, rows):
    row = row_of(rows, budget="high", match="compute", model="wc", share=1.0)
    assert row["tokens"] == 30 * 500 * 35
    assert row["flops"] == 2 * 150_000 * row["tokens"]
    assert row["dollars"] == pytest.approx(0.3 * row["tokens"] / 1e6)
    assert row["gpu_hours"] > 0
    assert math.isnan(row["gpu_hours_measured"])  # these models use no GPU
    assert row["false_positives"] / row["kept"] == pytest.approx(7 / planner.pilots["wc"].checked)


def test_a_mix_costs_half_of_both_and_has_an_interval_of_its_own(rows):
    own = {model: row_of(rows, budget="high", match="compute", model=model, share=1) for model in ("wc", "se", "wc+se")}
    mix = own["wc+se"]
    assert mix["draws"] == "wc:15 se:5"
    assert mix["flops"] == pytest.approx((own["wc"]["flops"] + own["se"]["flops"]) / 2)
    assert mix["kept"] == pytest.approx((own["wc"]["kept"] + own["se"]["kept"]) / 2)
    assert mix["low"] <= mix["coverage"] <= mix["high"]
    assert mix["difference_low"] <= mix["difference"] <= mix["difference_high"]
    assert mix["difference"] == pytest.approx(mix["coverage"] - own["se"]["coverage"])
    assert 0 < mix["chance_ahead"] < 1


def test_hours_on_gpus_are_the_pilot_s_own():
    config = study(budgets=ONE_BUDGET)
    config["models"]["wc"]["resources"]["gpu"] = 2
    planner = Planner(config, "hard", [pilot_of("wc", 1, 0.3, 0.8, 20), pilot_of("se", 1, 0.35, 0.6, 20)])
    row = row_of(planner.allocation_rows(), budget="low", match="compute", model="wc", share=1.0)
    assert row["gpu_hours_measured"] == pytest.approx(3 * 500 * 0.01 * 2 / 3600)


@pytest.mark.parametrize("right", [0, 4, 8])
def test_models_that_are_alike_are_not_settled(right):
    def same(model):
        return ModelPilot(model, Pilot(8, [right] * 50), [[right] if right else []] * 50, 35.0, 30.0, math.nan, 0, 0)

    planner = Planner(study(budgets={"low": {"model": "se", "samples": 9}}), "hard", [same("wc"), same("se")])
    for row in planner.allocation_rows():
        assert all(math.isfinite(row[key]) for key in ("coverage", "low", "high", "distinct", "kept"))
        assert row["settled"] in ("", "no")


def test_a_mix_is_compared_with_a_model_outside_of_it():
    config = study(budgets={"low": {"model": "se", "samples": 2}})
    config["models"]["student"]["price"] = 0.3
    pilots = [pilot_of("wc", 1, 0.3, 0.8, 40), pilot_of("se", 1, 0.35, 0.6, 40), pilot_of("student", 1, 0.2, 0.9, 40)]
    planner = Planner(config, "hard", pilots)
    [mix] = [one for one in planner.allocations if one.is_mix and one.match == "compute"]
    others = [one for one in planner.allocations if one.model == "student" and one.share == 1]
    [apart] = planner.differences([(mix, others[0])])
    assert apart.low < apart.estimate < apart.high
    assert {row["rival"] for row in planner.allocation_rows() if row["recommended"]} - {""}


def test_one_model_alone_has_a_plan():
    rows = Planner(study(budgets=ONE_BUDGET), "hard", [pilot_of("wc", 1, 0.3, 0.8, 20)]).allocation_rows()
    assert {row["model"] for row in rows} == {"wc"}
    chosen = [row for row in rows if row["recommended"]]
    assert chosen and {(row["rival"], row["settled"]) for row in chosen} == {("", "")}


# The pilot's blocks ---------------------------------------------------------------------------------------------------


def test_a_pilot_is_whole_blocks_that_the_study_uses():
    config = check_config(pocket_study() | {"plan": {"questions": 300, "samples": 8}}, SCHEMA, "mine.yaml")
    made = Study(config)
    pilot = made.pilot(SimpleNamespace(dataset="hard"))
    assert (pilot.questions, pilot.draws) == (500, {"wc": 10, "se": 10})
    for model in PAIR:
        needed = made.grid.pool_blocks("hard", model)
        assert {block for block in pilot.blocks if block.startswith(f"{model}/")} <= set(needed)
    assert made.planned_datasets == ["easy", "hard"]


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"models": ["wx"]}, "plan.models: unknown 'wx'"),
        ({"datasets": ["harder"]}, "plan.datasets: unknown 'harder'"),
        ({"samples": 0}, "plan.samples: 0"),
        ({"question": 5}, "did you mean 'questions'"),
    ],
)
def test_a_wrong_plan_is_refused_in_one_line(plan, message):
    with pytest.raises(UserError, match=message):
        check_config(pocket_study() | {"plan": plan}, SCHEMA, "mine.yaml")


def test_answers_that_are_neither_right_nor_wrong_have_no_plan():
    paper = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
    with pytest.raises(UserError, match=r"plan.datasets: 'oasst1' has task 'instructions', without right answers"):
        check_config(paper | {"plan": {"datasets": ["oasst1"]}}, SCHEMA, "mine.yaml")


# The page -------------------------------------------------------------------------------------------------------------


def test_the_answer_says_what_to_draw_and_how_sure_that_is(plan):
    text = " ".join(state(study(), [plan]))
    assert text.startswith(
        "For the compute of one sample of se per question on hard, draw three samples of wc for every"
    )
    assert "se alone is expected to solve" in text
    assert "This choice is" in text


def test_the_config_s_lines_draw_what_is_recommended(plan):
    lines = yaml.safe_load(snippet(study(), [plan]))
    config = pocket_study()
    config["budgets"] |= lines["budgets"]
    config["sources"] |= lines["sources"]
    config["experiments"]["main"]["sources"] += list(lines["sources"])
    grid = grid_of(config)
    for row in plan.recommended:
        if row["share"] == 1:
            drawn = grid.draws(row["budget"], f"plan-{row['model'].replace('+', '-')}-{row['match']}")
            assert " ".join(f"{model}:{count.samples}" for model, count in drawn.items()) == row["draws"]
    check_config(config, SCHEMA, "mine.yaml")


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("pilot", ",8,", ",many,", "pilot.csv: samples is 'many', not a whole number"),
        ("allocations", "wc:3,", "wc:x,", "allocations.csv: draws is 'wc:x', not a whole number"),
        ("allocations", ",yes,", ",,", "allocations.csv: no allocation is recommended"),
    ],
)
def test_a_table_that_is_no_plan_s_is_refused_in_one_line(plan, tmp_path, table, old, new, message):
    for file in plan.files:
        text = file.read_text()
        write_text(tmp_path / "hard" / file.name, [text.replace(old, new) if file.stem == table else text])
    with pytest.raises(UserError, match=re.escape(message)):
        read_plan(tmp_path / "hard", study())


def test_a_share_of_the_questions_is_a_source_too():
    one = Allocation("tiny", "compute", (("se", 1),), 0.3)
    assert one.source == {
        "draws": [{"model": "se", "samples": 1}],
        "filter": "ground_truth",
        "questions": {"fraction": 0.3},
    }


def test_curves_that_cross_are_reported():
    once = describe_crossing("compute", "se", "wc", [(1, 0.1), (3, 0.05), (10, -0.02)])
    assert once == (
        "Compute-matched, wc is expected ahead first, then se from 3 to 10 samples on (samples of se per question)."
    )
    assert "ahead of wc at every budget shown, up to 3" in describe_crossing(
        "price", "se", "wc", [(1, -0.1), (3, -0.2)]
    )
    solved = [(10, 0.0), (30, 0.0)]
    assert "then se" not in describe_crossing("price", "se", "wc", [(1, 0.1), *solved])
    assert describe_crossing("price", "se", "wc", solved) == (
        "Price-matched, neither wc nor se is expected to lead by 0.5 points at any budget shown."
    )
    # A pilot in which hardly anything was solved.
    assert "neither" in describe_crossing("price", "se", "wc", [(1, 0.001), (10, 0.004)])


@pytest.mark.parametrize(
    ("settled", "needed", "words"),
    [
        ("yes", math.nan, "settled by"),
        ("no", 420, "about 450 pilot"),
        ("no", 900, "all 500"),
        ("no", math.nan, "no lead"),
    ],
)
def test_what_a_larger_pilot_would_settle(settled, needed, words):
    assert words in how_sure({"settled": settled, "questions_to_settle": needed, "rival": "se"}, 500)


def test_the_table_has_a_row_for_each_budget_and_rule(plan):
    sheet = recommended_sheet(plan, study())
    assert len(sheet.rows) == 8
    led = [row for row, one in zip(sheet.rows, plan.recommended, strict=True) if one["model"] != one["reference"]]
    assert led and all(field.text for row in led for field in row)


# The programs ---------------------------------------------------------------------------------------------------------

BLOCK = "questions-000000_samples-0000"


@pytest.fixture(scope="module")
def blocks(tmp_path_factory) -> Path:
    """A pilot of 30 questions x 4 samples of two models, as files."""
    folder = tmp_path_factory.mktemp("pilot")
    problems = [{"problem": f"p{i}", "question": "?", "answer": "1", "level": i % 3} for i in range(30)]
    write_rows(folder / "problems.jsonl", problems)
    random = np.random.default_rng(0)
    for model in PAIR:
        solutions, verdicts, reasoning = [], [], []
        for i in range(30):
            for sample in range(4):
                place = {"problem": f"p{i}", "sample": sample}
                correct = random.random() < 0.1 + i / 40
                text = {"text": f"{random.integers(3)}", "tokens": 20, "prompt_tokens": 9, "finish_reason": "stop"}
                solutions.append(place | text)
                verdicts.append(place | {"verdict": "correct" if correct else "incorrect"})
                reasoning += [place | {"reasoning": "valid" if sample else "invalid"}] if correct else []
        for stage, rows in (("solutions", solutions), ("verdicts", verdicts), ("reasoning", reasoning)):
            write_rows(folder / stage / model / f"{BLOCK}.jsonl", rows)
        about = {"pool": {"model_name": model}, "counts": {"samples": 120}, "seconds": 12.0}
        write_json(folder / "solutions" / model / f"{BLOCK}.about.json", about)
    return folder


def one_experiment() -> dict:
    """A study of one budget, which the programs check."""
    config = study(budgets=ONE_BUDGET)
    main = config["experiments"]["main"] | {"datasets": ["hard"], "budgets": ["low"], "sources": ["se", "wc"]}
    config["experiments"] = {"main": main | {"targets": ["student"]}}
    config["claims"]["budgets"] = {}
    return config


def run(program: str, *words) -> subprocess.CompletedProcess:
    line = [sys.executable, ROOT / f"workflow/scripts/{program}.py", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, timeout=300, cwd=ROOT)


def planned(blocks: Path, folder: Path, config: dict, *more) -> subprocess.CompletedProcess:
    stages = [word for stage in ("solutions", "verdicts", "reasoning") for word in (f"--{stage}", blocks / stage)]
    tables = [word for name in ("pilot", "curves", "allocations") for word in (f"--{name}", folder / f"{name}.csv")]
    place = ["--dataset", "hard", "--models", *PAIR, "--samples", 4, "--questions", 30]
    named = ["--blocks", *(f"{model}/{BLOCK}" for model in PAIR)]
    return run(
        *("plan_sampling", "--config", json.dumps(config), "--problems", blocks / "problems.jsonl"),
        *(*stages, *named, *place, *tables, *more),
    )


@pytest.fixture(scope="module")
def page(blocks, tmp_path_factory) -> Path:
    """The page of that pilot."""
    folder = tmp_path_factory.mktemp("planned")
    config = one_experiment()
    done = planned(blocks, folder / "hard", config)
    assert done.returncode == 0, done.stderr
    page = folder / "plan.html"
    words = ["--plans", folder / "hard", "--template", "workflow/report/plan.html.j2", "--output", page]
    done = run("write_plan", "--config", json.dumps(config), *words)
    assert done.returncode == 0, done.stderr
    return page


def test_the_program_counts_what_is_in_the_blocks(page, blocks):
    rows = read_table(page.parent / "hard/pilot.csv", PILOT).rows
    assert {row["model"] for row in rows} == set(PAIR)
    verdicts = (blocks / "verdicts/wc" / f"{BLOCK}.jsonl").read_text().splitlines()
    right = Counter(json.loads(line)["problem"] for line in verdicts if '"correct"' in line)
    own = next(row for row in rows if row["model"] == "wc")
    assert float(own["pass_at_1"]) == pytest.approx(sum(right.values()) / 120, rel=1e-4)
    assert float(own["solved"]) == pytest.approx(len(right) / 30, rel=1e-4)
    assert (own["tokens_per_solution"], own["seconds_per_sample"], own["checked"]) == ("20", "0.1", str(right.total()))


def test_the_page_loads_nothing_and_holds_the_lines_of_the_config(page):
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)
    assert "plan-" in text and "budgets:" in text
    assert (page.parent / "hard/coverage.pdf").is_file()


def test_a_config_that_is_none_is_reported_in_one_line(blocks, tmp_path):
    done = planned(blocks, tmp_path, {"models": {}})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("plan_sampling.py: error: --config: ")
    assert "Traceback" not in done.stderr


def test_a_model_that_the_config_lacks_is_reported_in_one_line(blocks, tmp_path):
    done = planned(blocks, tmp_path, one_experiment(), "--models", "wc", "sea")
    assert done.stderr.splitlines()[-1] == (
        "plan_sampling.py: error: --models: 'sea' is not among the models of --config"
    )


def test_more_questions_than_there_are_are_reported_in_one_line(blocks, tmp_path):
    done = planned(blocks, tmp_path, one_experiment(), "--questions", 31)
    assert "30 problems, --questions is 31" in done.stderr.splitlines()[-1]


@needs_browser
@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_the_page_fits_its_screen_and_asks_nothing_of_a_network(page, tmp_path, width):
    browser = Browser(tmp_path)
    try:
        browser.open(page, width)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert (browser.errors(), browser.requests()) == ([], [])
        assert "draw" in browser.run("document.querySelector('.lead').textContent")
    finally:
        browser.close()


# Stopping at the first right solution ---------------------------------------------------------------------------------


def test_what_is_looked_at_is_what_a_simulation_by_hand_looks_at():
    random = np.random.default_rng(5)
    p = np.where(random.random(4000) < 0.4, 0.5, 0.05)
    pilot = Pilot(8, random.binomial(8, p))
    seen = looks(pilot, 20)
    drawn = random.random((4000, 20)) < p[:, None]
    for most in (1, 3, 8, 20):
        first = np.where(drawn[:, :most].any(axis=1), drawn[:, :most].argmax(axis=1) + 1, most)
        assert seen[most - 1] == pytest.approx(first.mean(), rel=0.05)


def test_stopping_costs_at_most_the_budget_covers_more_and_is_offered_not_recommended(rows):
    stopping = [row for row in rows if row["stop_after"]]
    assert {(row["budget"], row["model"]) for row in stopping} >= {("low", "wc"), ("high", "se")}
    for row in stopping:
        place = {key: row[key] for key in ("budget", "match", "model")}
        fixed = row_of(rows, share=1.0, **place)
        assert fixed["samples"] < row["samples"] <= 3 * fixed["samples"]
        assert row["looked_at"] <= fixed["samples"] == fixed["looked_at"]
        assert row["tokens"] == pytest.approx(fixed["tokens"] * row["looked_at"] / fixed["samples"])
        assert row["coverage"] >= fixed["coverage"]
        assert row["kept"] == pytest.approx(500 * row["coverage"]) and row["distinct"] == row["coverage"]
        assert not row["recommended"]


def test_a_model_that_solves_nothing_has_nothing_to_stop_at():
    fixed = allocations_of(study(budgets=ONE_BUDGET), ["wc"])
    assert stopping_allocations(fixed, {"wc": Pilot(8, [0] * 50)}) == {}


def test_the_page_has_the_source_that_stops(plan):
    sheet = stopping_sheet(plan)
    entry = yaml.safe_load(sheet.rows[0][-1].text)
    assert entry["stop_after"] == 1
    config = pocket_study()
    config["sources"]["stopping"] = entry
    check_config(config, SCHEMA, "mine.yaml")


# By level -------------------------------------------------------------------------------------------------------------


def two_levels(random, easy: tuple[float, float], hard: tuple[float, float], questions: int = 300) -> tuple[dict, list]:
    """Pilots of 8 samples. easy, hard: p of wc and of se."""
    names = random.permutation(["easy", "hard"] * (questions // 2))
    p = np.where(names[:, None] == "easy", [easy], [hard])
    right = {model: random.binomial(8, p[:, side]) for side, model in enumerate(PAIR)}
    return {model: Pilot(8, counts, names) for model, counts in right.items()}, list(names)


def test_models_that_differ_by_level_share_the_questions():
    truth = (1 - 0.5**3 + 0.2) / 2
    alone = {"wc": truth - (1 - 0.5**3 + 1 - 0.98**3) / 2, "se": truth - 0.25}
    random, held = np.random.default_rng(1), []
    for seed in range(20):
        pilots, names = two_levels(random, (0.5, 0.3), (0.02, 0.2))
        made = allocate(pilots, names, {"wc": 3, "se": 1}, seed)
        assert made.model_of == {"easy": "wc", "hard": "se"}
        assert made.shares == {"wc": 0.5, "se": 0.5}
        held.append(made.coverage[1] < truth < made.coverage[2])
        held += [lead.low < alone[model] < lead.high for model, lead in made.ahead.items()]
    assert np.mean(held) > 0.9


def test_an_allocation_is_judged_on_questions_that_did_not_choose_it():
    """Both models alike: the best of both at each level has a lead by chance alone."""
    random, naive, judged = np.random.default_rng(2), [], []
    while len(judged) < 30:
        pilots, names = two_levels(random, (0.4, 0.4), (0.1, 0.1), 100)
        made = allocate(pilots, names, {"wc": 1, "se": 1}, len(judged))
        if made:
            own = [made.model_of[name] for name in names]
            found = [pilots[model].right[place] / 8 for place, model in enumerate(own)]
            naive.append(np.mean(found) - pilots["se"].unbiased[:, 0].mean())
            judged.append(made.ahead["se"].estimate)
    assert np.mean(naive) > 0.005
    assert np.mean(judged) < 0.4 * np.mean(naive)


def test_a_level_that_is_too_small_to_choose_has_the_model_that_is_better_over_all():
    pilots = {"wc": Pilot(8, [8] * 20 + [0] * 3), "se": Pilot(8, [0] * 20 + [8] * 3)}
    assert allocate(pilots, ["a"] * 20 + ["b"] * 3, {"wc": 1, "se": 1}, 0) is None


@pytest.fixture(scope="module")
def by_level() -> Planner:
    pilots, names = two_levels(np.random.default_rng(1), (0.6, 0.3), (0.01, 0.2), 200)
    made = [
        ModelPilot(model, pilot, [[1] * count for count in pilot.right], 35.0, 30.0, 0.01, 9, 1, {"level": names})
        for model, pilot in pilots.items()
    ]
    return Planner(study(budgets={"low": {"model": "se", "samples": 1}}), "hard", made)


def test_an_allocation_by_level_is_recommended_if_it_is_settled_and_has_a_source(by_level, tmp_path):
    rows = by_level.allocation_rows()
    [row] = [row for row in rows if row["groups"] and row["match"] == "compute"]
    assert (row["model"], row["groups"], row["draws"]) == ("wc+se by level", "wc: easy; se: hard", "wc:3 se:1")
    assert row["recommended"] == "yes" and row["difference_low"] > 0
    assert row["looked_at"] == 2 and row["tokens"] == 500 * 2 * 35
    right = {model: pilot.counts.right for model, pilot in by_level.pilots.items()}
    easy = np.array(by_level.pilots["wc"].groups["level"]) == "easy"
    assert row["kept"] == pytest.approx(500 / 200 * (3 * right["wc"][easy].sum() + right["se"][~easy].sum()) / 8)
    for name, columns, own in (("pilot", PILOT, by_level.pilot_rows()), ("curves", CURVES, by_level.curve_rows())):
        write_table(tmp_path / f"hard/{name}.csv", columns, own)
    write_table(tmp_path / "hard/allocations.csv", ALLOCATIONS, rows)
    plan = read_plan(tmp_path / "hard", study())
    assert [one["match"] for one in plan.recommended] == ["compute", "price"]
    assert state(study(), [plan])[0].startswith("For the compute of one sample of se per question on hard, draw three")
    [own] = [one for one in plan.recommended if one["groups"]]
    assert what_to_draw(own) == "three samples of wc for level easy and one sample of se for level hard"
    lines = yaml.safe_load(snippet(study(), [plan]))
    config = pocket_study()
    config["sources"] |= lines["sources"]
    check_config(config, SCHEMA, "mine.yaml")
    assert lines["sources"]["plan-wc-se-by-level-compute"]["draws"][0]["levels"] == ["easy"]
    assert recommended_sheet(plan, study()).rows
