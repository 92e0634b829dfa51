"""A judged data set in the real workflow; the judge is a pocket model, which gives no verdict."""

import pytest

from yetbetter.records import read_rows
from yetbetter.tables import read_table

pytestmark = pytest.mark.slow

ARM = "results/miniature/metrics/hard/low/from-se.csv"
POOL = {"part": "", "dataset": "hard", "model": "se"}


def let_a_judge_look(config: dict) -> None:
    config["datasets"]["hard"]["fpr"] = "judge"
    config["datasets"]["hard"]["splits"]["train"] = 12
    config["judge"] = {"model": "se", "prompt": "judge.txt", "samples": 4, "max_new_tokens": 8}


def test_a_judged_data_set_is_measured_and_only_the_judging_follows_its_settings(fresh):
    # The prompt that comes along does not fit into the pocket model's 256 tokens.
    (fresh.folder / "judge.txt").write_text("Question: {question}\nAnswer: {solution}\nIs {answer} right?")
    assert "judge_solutions" not in fresh.planned(ARM)
    fresh.change_config(let_a_judge_look)
    fresh.run(ARM)
    rows = read_rows(fresh.results / "judgements" / "hard" / "se.jsonl", require=("verdict",))
    assert rows and {row["verdict"] for row in rows} == {"no_verdict"}
    found = {row["metric"]: row["value"] for row in read_table(fresh.folder / ARM).rows if row["level"] == "all"}
    assert (found["false_positive_rate"], found["no_verdict_rate"]) == ("", "1")
    assert fresh.planned(ARM) == {}

    fresh.change_config(lambda config: config["judge"].update(samples=1000))
    arm = {"dataset": "hard", "budget": "low", "source": "se"}
    assert fresh.planned(ARM) == {"judge_solutions": [POOL], "measure_arm": [arm]}
