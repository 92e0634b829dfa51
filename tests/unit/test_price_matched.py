"""The paper's price-matched comparison with a pair of today, as config/price_matched.yaml lays it over the paper's."""

import subprocess
import sys
from pathlib import Path

import pytest
from test_forecast import PAPER, SCHEMA, laid_over, row_of

from configs import check_config, forecast_of, grid_of
from yetbetter.generation.engines import parse_options
from yetbetter.generation.openai_options import OPTIONS

ROOT = Path(__file__).parents[2]
CONFIG = laid_over(ROOT / "config" / "price_matched.yaml")
PAIR = ("pro", "flash")


@pytest.fixture(autouse=True)
def in_the_root(monkeypatch):
    """Prompts are named from the root, where Snakemake runs."""
    monkeypatch.chdir(ROOT)


def test_three_samples_of_pro_buy_14_of_flash_and_2_at_015_of_the_price():
    check_config(CONFIG, SCHEMA, "price_matched.yaml")
    grid = grid_of(CONFIG)
    counts = {source: grid.draws("price", source) for source in ("pro", "flash", "flash-15")}
    assert {source: sum(count.samples for count in found.values()) for source, found in counts.items()} == {
        "pro": 3,
        "flash": 14,
        "flash-15": 2,
    }
    # Rounding down leaves the price of the cheap arm between 0.13 and 0.15 of Pro's.
    assert 0.13 < 2 * CONFIG["models"]["flash"]["price"] / (3 * CONFIG["models"]["pro"]["price"]) < 0.15


def test_no_more_is_drawn_of_an_endpoint_than_the_budget_buys():
    grid = grid_of(CONFIG)
    for model, samples in (("pro", 3), ("flash", 14)):
        blocks = grid.pool_blocks("math", model)
        assert sum(grid.samples_in("math", block) for block in blocks) == samples * 7490


def test_the_pair_is_asked_as_its_endpoint_wants_it_and_stops_at_a_cent():
    for model in PAIR:
        entry = CONFIG["models"][model]
        options = {name: default for name, (_, default) in OPTIONS.items()} | entry["engine_options"]
        # docs/api.md: Gemini's endpoint refuses top_k and seed.
        assert (options["send_top_k"], options["send_seed"]) == (False, False)
        assert options["reasoning_effort"] == "low"
        assert options["output_price"] == entry["price"]
        assert options["spending_limit"] == 0.01


def test_the_forecast_counts_what_the_pair_reads_and_writes():
    forecast = forecast_of(CONFIG)
    # 300 tokens of a solution; 4 shots of 1,823 characters, 3 a token, and 100 tokens of a question.
    prompt = 1823 / 3 + 100
    dollars = {"pro": 3 * 7490 * (300 * 12 + prompt * 2) / 1e6, "flash": 14 * 7490 * (300 * 2.5 + prompt * 0.3) / 1e6}
    assert dollars == pytest.approx({"pro": 113, "flash": 101}, abs=0.5)
    for model in PAIR:
        assert row_of(forecast, "pool", model=model)["dollars"] == pytest.approx(dollars[model], rel=1e-3)
    total = row_of(forecast, "total")
    assert total["dollars"] == pytest.approx(sum(dollars.values()), rel=1e-3)
    longest = {"pro": 3 * 7490 * (2048 * 12 + prompt * 2) / 1e6, "flash": 14 * 7490 * (2048 * 2.5 + prompt * 0.3) / 1e6}
    assert total["dollars_at_most"] == pytest.approx(sum(longest.values()), rel=1e-3)


def test_the_arms_of_a_budget_of_three_samples_are_trained_as_long_as_others_of_three():
    assert CONFIG["study"] != PAPER["study"]
    assert CONFIG["budgets"]["price"]["samples"] == CONFIG["budgets"]["middle"]["samples"]
    for target in CONFIG["experiments"]["price-matched"]["targets"]:
        steps = CONFIG["finetuning"][CONFIG["models"][target]["finetuning"]]["steps"]
        assert steps["price"] == steps["middle"]


def test_its_grid_is_planned_with_its_figure_and_its_commands_say_what_the_endpoint_refuses():
    files = ["config/paper.yaml", "config/price_matched.yaml"]
    command = ["snakemake", "--dry-run", "--printshellcmds", "--cores", "1", "--configfile", *files]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    lines = (done.stdout + done.stderr).splitlines()
    assert any("figures/price-matched_math.pdf" in line for line in lines)
    # The figure shows differences from Pro's samples, of the same problems.
    assert any("--pair flash-15:pro --pair flash:pro" in line for line in lines)
    asked = [line for line in lines if "--engine openai" in line]
    assert len(asked) == sum(len(grid_of(CONFIG).pool_blocks("math", model)) for model in PAIR)
    words = asked[0].split()
    options = [words[number + 1] for number, word in enumerate(words) if word == "--engine-option"]
    found = parse_options("openai", options)
    assert (found["send_top_k"], found["send_seed"]) == (False, False)
