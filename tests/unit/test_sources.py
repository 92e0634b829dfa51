"""What a source may look at and keep: fewer questions, a limit per question, filters; the study and its base grid."""

import copy
from pathlib import Path

import pytest
from test_config import REMOVED, SCHEMA, assert_says, refusal
from test_config import changed as change_default
from test_views import Store, judged, load_view, samples_of, select, solution
from test_views import refusal as refused

from configs import check_config, forecast_of, grid_of, pocket_study
from yetbetter.errors import UserError
from yetbetter.pocket.world import make_problems
from yetbetter.selection.training_data import Choice
from yetbetter.study.grid import Arm, Pool, block_name

ROOT = Path(__file__).parents[2]
STUDY = pocket_study()


def with_source(**entry) -> dict:
    """The default config with a source of its own, for the harder data set and the high budget, and nothing extra."""
    config = copy.deepcopy(STUDY)
    config["sources"]["own"] = {"draws": [{"model": "wc", "match": "compute"}], "filter": "ground_truth"} | entry
    config["experiments"] = {
        "main": STUDY["experiments"]["main"],
        "own": STUDY["experiments"]["main"] | {"datasets": ["hard"], "budgets": ["high"], "sources": ["own"]},
    }
    return config


def questions(asked, model="wc") -> int:
    config = with_source(questions=asked, draws=[{"model": model, "samples": 10}])
    check_config(config, SCHEMA, "study.yaml")
    return grid_of(config).questions("hard", "high", "own")


# Questions ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "model", "number"),
    [
        (1, "wc", 1),
        (500, "wc", 500),
        ({"fraction": 0.2}, "wc", 100),
        ({"fraction": 1}, "wc", 500),
        ({"fraction": 0.003}, "wc", 1),
        ({"count": 150, "match": "compute"}, "se", 150),
        ({"count": 150, "match": "compute"}, "wc", 450),
        ({"count": 14, "match": "price"}, "wc", 490),
    ],
)
def test_questions_are_a_number_a_fraction_or_traded_for_what_they_cost(asked, model, number):
    assert questions(asked, model) == number


def test_an_arm_of_few_questions_needs_only_the_shards_that_hold_them():
    grid = grid_of(with_source(questions=200))
    blocks = grid.blocks("hard", {"wc": 20}, grid.questions("hard", "high", "own"))
    assert blocks == [f"wc/{block_name(0, sample)}" for sample in (0, 10)]
    assert grid.questions("hard", "high", "wc") == 500


def test_many_samples_of_few_questions_make_no_pool_larger_than_they_need():
    config = with_source(questions=200, draws=[{"model": "wc", "samples": 50}])
    grid = grid_of(config)
    assert grid.pools["hard", "wc"] == 30
    assert grid.pools_of(grid.cells)["hard", "wc"] == Pool(30, 500)
    blocks = grid.pool_blocks("hard", "wc")
    assert len(blocks) == 2 * 3 + 2
    assert sum(grid.samples_in("hard", block) for block in blocks) == 500 * 30 + 250 * 20
    pool = [row for row in forecast_of(config).rows if row["kind"] == "pool" and row["dataset"] == "hard"]
    assert {row["model"]: (row["samples"], row["jobs_sampling"]) for row in pool} == {
        "se": (5000, 2),
        "wc": (20_000, 8),
    }


def test_a_pool_that_only_few_questions_are_asked_of_holds_whole_shards_of_them():
    config = with_source(questions=200, draws=[{"model": "student", "samples": 10}])
    assert grid_of(config).pools_of(grid_of(config).cells)["hard", "student"] == Pool(10, 250)


def test_a_forecast_counts_the_questions_and_the_limit_of_an_arm():
    config = with_source(questions=200, keep_per_question=2)
    config["experiments"]["own"]["targets"] = ["student-epochs"]
    forecast = forecast_of(config)
    (arm,) = [row for row in forecast.rows if row["source"] == "own"]
    assert (arm["samples"], arm["samples_per_question"], arm["jobs_sampling"]) == (200 * 30, 30, 3)
    # 6 P D: the default lengths of question and solution, 1.5 epochs, two solutions of each of 200 questions
    assert arm["flops_finetuning"] == pytest.approx(6 * 150_000 * (100 + 250) * 1.5 * 200 * 2)


@pytest.mark.parametrize("dataset", ["easy", "hard"])
def test_the_first_training_questions_are_like_the_others(dataset):
    """Levels are drawn one by one: of any fifth of the split each level has its share, within four standard errors."""
    levels = [row["level"] for row in make_problems(dataset, "train", 500)]
    for level in set(levels):
        share = levels.count(level) / 500
        for start in range(0, 500, 100):
            found = levels[start : start + 100].count(level) / 100
            assert abs(found - share) < 4 * (share * (1 - share) / 100) ** 0.5


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"questions": 0}, ("sources.own.questions", "0")),
        (
            {"questions": 501},
            ("sources.own.questions for datasets.hard", "501 questions, the training split holds 500"),
        ),
        ({"questions": {"fraction": 0}}, ("sources.own.questions.fraction", "0")),
        ({"questions": {"fraction": 0.001}}, ("sources.own.questions", "0.5 of 500", "at least 1 is needed")),
        ({"questions": {"fraction": 1.5}}, ("sources.own.questions.fraction", "1.5")),
        ({"questions": {"count": 200, "match": "compute"}}, ("sources.own.questions", "600 questions", "holds 500")),
        ({"questions": {"count": 20, "match": "number"}}, ("sources.own.questions.match", "compute, price")),
        ({"questions": {"count": 20}}, ("sources.own.questions", "missing key 'match'")),
        ({"questions": {"part": 0.5}}, ("sources.own.questions",)),
        ({"keep_per_question": 0}, ("sources.own.keep_per_question", "0")),
        ({"filter": "majorities"}, ("sources.own.filter", "ground_truth, none, majority, reasoning, judge")),
        (
            {"draws": [{"model": "wc", "samples": 100_000}]},
            ("datasets.hard: sources.own under budgets.high", "100,000 samples of 500 questions", "20,000 blocks"),
        ),
        (
            {"draws": [{"model": "wc", "match": "compute", "fraction": 0.7}, {"model": "se", "match": "price"}]},
            ("sources.own.draws", "add up to 1.7 of the budget"),
        ),
        (
            {
                "draws": [{"model": "wc", "samples": 1}, {"model": "se", "samples": 1}],
                "questions": {"count": 1, "match": "price"},
            },
            ("sources.own.questions", "this one has 2 draws"),
        ),
    ],
)
def test_a_source_that_cannot_be_is_reported_in_one_line(entry, expected):
    assert_says(refusal(with_source(**entry)), *expected)


@pytest.mark.parametrize("entry", [{"draws": [{"model": "wc", "match": "price"}]}, {}])
def test_a_missing_price_is_named_with_the_source_that_needs_it(entry):
    config = with_source(questions={"count": 10, "match": "price"}, **entry)
    del config["models"]["wc"]["price"]
    expected = (
        r"^study\.yaml: sources\.own.*`match: price` needs a number above 0 as models\.wc\.price, which is missing"
    )
    with pytest.raises(UserError, match=expected):
        check_config(config, SCHEMA, "study.yaml")
        grid_of(config, "study.yaml")


# Filters that need a check --------------------------------------------------------------------------------------------

JUDGE = {
    "model": "se",
    "prompt": "resources/prompts/judge.txt",
    "prompt_without_answer": "resources/prompts/judge_without_answer.txt",
}


def filtered(rule: str, fpr: str, judge=JUDGE) -> dict:
    config = with_source(filter=rule) | {"judge": judge}
    config["datasets"]["hard"]["fpr"] = fpr
    return config


@pytest.mark.parametrize(
    ("rule", "fpr"),
    [("reasoning", "exact"), ("reasoning", "judge"), ("judge", "judge"), ("majority", "none"), ("none", "none")],
)
def test_a_filter_is_taken_where_its_data_set_is_checked_for_it(rule, fpr):
    check_config(filtered(rule, fpr), SCHEMA, "study.yaml")
    assert Arm("hard", "high", "own") in grid_of(filtered(rule, fpr)).sampled_arms


@pytest.mark.parametrize(
    ("rule", "fpr", "expected"),
    [
        ("reasoning", "none", "nothing checks its solutions (fpr must be exact or tests or judge)"),
        ("judge", "none", "nothing checks its solutions (fpr must be judge)"),
        ("judge", "exact", "its right answers are checked without a judge (use filter: reasoning)"),
    ],
)
def test_a_filter_that_nothing_answers_is_refused(rule, fpr, expected):
    config = filtered(rule, fpr)
    check_config(config, SCHEMA, "study.yaml")
    with pytest.raises(UserError) as failure:
        grid_of(config, "study.yaml")
    assert_says(str(failure.value), f"sources.own.filter: {rule!r} for datasets.hard", expected)


def test_a_judge_that_filters_must_not_get_the_answer():
    with_answer = {key: value for key, value in JUDGE.items() if key != "prompt_without_answer"}
    expected = ("judge.prompt", "{answer}", "sources.own", "prompt_without_answer")
    assert_says(refusal(filtered("judge", "judge", with_answer)), *expected)
    check_config(filtered("reasoning", "judge", with_answer), SCHEMA, "study.yaml")
    both = JUDGE | {"prompt_without_answer": JUDGE["prompt"]}
    assert_says(refusal(filtered("judge", "judge", both)), "judge.prompt_without_answer", "{answer}")
    blind = with_answer | {"prompt": JUDGE["prompt_without_answer"]}
    check_config(filtered("judge", "judge", blind), SCHEMA, "study.yaml")


# Views and selection --------------------------------------------------------------------------------------------------


def test_a_view_of_some_questions_holds_no_others_and_misses_none(tmp_path):
    store = Store(tmp_path)
    store.add("wc/q0", "p0 p1 p2")
    assert samples_of(load_view(store.pools(), {"wc": 2}, questions=["p0", "p1"])) == {"p0": [0, 1], "p1": [0, 1]}
    message = refused(lambda: load_view(store.pools(), {"wc": 2}, questions=["p0", "p3"]))
    assert "0 samples of 'p3', the arm needs 2" in message


def test_of_each_question_the_first_kept_solutions_stay():
    rows = [
        judged("p0", 0, "a", "incorrect"),
        *(judged("p0", number, f"b{number}") for number in (1, 2, 3)),
        judged("p1"),
    ]
    kept, counts = select(rows, Choice(keep_per_question=1))
    assert [(row["problem"], row["sample"]) for row in kept] == [("p0", 1), ("p1", 0)]
    assert (counts["kept"], counts["out_wrong"], counts["out_surplus"]) == (2, 1, 2)
    assert select(rows, Choice(keep_per_question=2))[0] == [rows[1], rows[2], rows[4]]
    assert select(rows, Choice(keep_per_question=9))[0] == select(rows, Choice())[0]


def test_a_duplicate_that_is_dropped_takes_no_place_of_a_question():
    rows = [judged(sample=0, text="a"), judged(sample=1, text="a"), judged(sample=2, text="b")]
    assert select(rows, Choice(duplicates="drop", keep_per_question=2))[0] == [rows[0], rows[2]]


def test_the_reasoning_filter_drops_what_was_found_wrong_and_keeps_what_could_not_be_decided():
    kinds = ("valid", "invalid", "unreadable", "sound", "flawed", "no_verdict", None)
    rows = [
        judged(sample=number, text=str(number), verdict="correct" if kind else "incorrect", reasoning=kind)
        for number, kind in enumerate(kinds)
    ]
    kept, counts = select(rows, Choice("reasoning"))
    assert [row["sample"] for row in kept] == [0, 2, 3, 5]
    assert (counts["out_flawed"], counts["out_wrong"]) == (2, 1)


@pytest.mark.parametrize("kind", [None, "not_judged"])
def test_a_right_answer_that_was_never_checked_is_refused_by_the_reasoning_filter(kind):
    rows = [judged(reasoning=kind, model="wc")]
    assert "never checked" in refused(lambda: select(rows, Choice("reasoning")))


def test_the_judges_filter_keeps_what_it_finds_sound_whatever_the_answer():
    verdicts = ("sound", "flawed", "no_verdict", "sound")
    rows = [
        solution(sample=number, text=str(number), verdict="correct" if number else "incorrect", judged=verdict)
        for number, verdict in enumerate(verdicts)
    ]
    kept, counts = select(rows, Choice("judge"))
    assert [row["sample"] for row in kept] == [0, 3]
    assert counts["out_rejected"] == 2


# Base and study -------------------------------------------------------------------------------------------------------


def test_the_study_holds_the_base_grid_and_the_experiments_marked_extra():
    grid = grid_of(STUDY)
    base = grid.cells_in(extra=False)
    assert set(base) < set(grid.cells_in(extra=True)) == set(grid.cells)
    assert len(base) == 30
    assert grid.experiments_in(extra=False) == ["main", "human"]
    assert 60 <= len(grid.cells) - len(base) <= 200
    assert set(grid.arms_of(base)) < set(grid.arms)


def test_the_base_grids_pools_need_only_what_its_own_arms_need():
    grid = grid_of(STUDY)
    pools = {key: pool.samples for key, pool in grid.pools_of(grid.cells_in(extra=False)).items()}
    assert pools == {(dataset, model): n for dataset in ("easy", "hard") for model, n in (("se", 10), ("wc", 30))}
    rungs = {(dataset, model): 10 for dataset in ("easy", "hard") for model in STUDY["models"] if model[:3] == "wc-"}
    assert grid.pools == pools | {("hard", "se"): 30, ("hard", "wc"): 90} | rungs


def test_what_two_experiments_share_is_one_cell():
    grid = grid_of(STUDY)
    mixed, mixing = (set(grid.cells_of(name)) for name in ("mixed", "mixing"))
    assert {cell.source for cell in mixed & mixing} == {"se", "mix-50", "wc"}
    assert grid.cells_of() == []


@pytest.mark.parametrize(
    ("budget", "source", "draws"),
    [
        ("low", "wc-number", {"wc": 1}),
        ("price", "wc-price", {"wc": 35}),
        ("price", "wc-price-15", {"wc": 5}),
        ("high", "mix-50", {"se": 5, "wc": 15}),
        ("high", "mix-20", {"se": 8, "wc": 6}),
        ("high", "mix-80", {"se": 2, "wc": 24}),
        ("beyond", "wc", {"wc": 90}),
        ("middle", "wc", {"wc": 9}),
    ],
)
def test_the_studys_arms_draw_what_the_paper_drew(budget, source, draws):
    found = grid_of(STUDY).draws(budget, source)
    assert {model: count.samples for model, count in found.items()} == draws


def test_every_ablation_and_mix_spends_the_budget_of_what_it_is_compared_with():
    grid = grid_of(STUDY)
    spent = {
        source: sum(
            grid.models[model]["parameters"] * count.samples for model, count in grid.draws("high", source).items()
        )
        for source in ("se", "wc", "mix-20", "mix-50", "mix-80")
    }
    assert set(spent.values()) == {4_500_000}
    traded = {
        source: grid.questions("hard", "high", source)
        * sum(grid.models[model]["parameters"] * count.samples for model, count in grid.draws("high", source).items())
        for source in ("se-questions", "wc-questions", "wc-samples")
    }
    assert set(traded.values()) == {150 * 4_500_000}


def test_a_model_under_another_recipe_is_the_same_model_in_its_paradigm():
    config = copy.deepcopy(STUDY)
    config["models"]["wc-epochs"] = config["models"]["wc"] | {"finetuning": "epochs"}
    grid = grid_of(config)
    assert grid.paradigm("wc", "wc-epochs") == grid.paradigm("wc", "wc") == "self-improvement"
    assert grid.paradigm("mix-50", "wc-epochs") == "mixed"
    assert grid.paradigm("wc", "student-epochs") == grid.paradigm("wc", "student") == "knowledge distillation"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("experiments.seeds.extra", "yes", ("experiments.seeds.extra", "'yes'", "boolean")),
        (
            "experiments.mixing.figure",
            "pie",
            ("experiments.mixing.figure", "'pie'", "bars, mixing, samples, crossover"),
        ),
        ("experiments.mixing.title", "", ("experiments.mixing.title", "''")),
        ("experiments.mixing.sources.0", "mix-51", ("experiments.mixing.sources", "'mix-51'", "mix-50")),
        ("experiments.crossover.budgets.0", "medium", ("experiments.crossover.budgets", "'medium'", "middle")),
        ("finetuning.epochs.epochs.low", REMOVED, ("finetuning.epochs.epochs", "'low'")),
    ],
)
def test_an_experiment_that_names_what_is_not_there_is_reported(key, value, expected):
    assert_says(refusal(change_default(key, value)), *expected)
