"""A source that stops early is added to a finished study: it draws and remakes nothing, is trained on and priced."""

import csv
import json

import pytest

pytestmark = pytest.mark.slow


def stop_early(config: dict) -> None:
    """One source of the weak model, and one in which the strong model answers what the weak one did not."""
    weak = {"model": "wc", "match": "compute", "fraction": 0.5}
    config["sources"] |= {
        "wc-stop": {"draws": [{"model": "wc", "match": "compute"}], "filter": "ground_truth", "stop_after": 1},
        "wc-then-se": {"draws": [weak, weak | {"model": "se"}], "filter": "ground_truth", "stop_after": 1},
    }
    main = config["experiments"]["main"]
    config["experiments"]["stopping"] = main | {"budgets": ["high"], "sources": ["se", "wc-stop", "wc-then-se"]}


def rows_of(path) -> list[dict]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)) if path.suffix == ".csv" else [json.loads(line) for line in file]


def looked_at(clone, draws: dict[str, int]) -> list[dict]:
    """By hand: each question's samples in order until one is right."""
    pools = {}
    for model in draws:
        for solutions in sorted((clone.results / f"solutions/hard/{model}").glob("*.jsonl")):
            verdicts = rows_of(clone.results / f"verdicts/hard/{model}/{solutions.name}")
            for solution, verdict in zip(rows_of(solutions), verdicts, strict=True):
                place = model, solution["problem"], solution["sample"]
                pools[place] = solution | {"model": model, "right": verdict["verdict"] == "correct"}
    found = []
    for problem in dict.fromkeys(problem for _, problem, _ in pools):
        for model, sample in ((model, sample) for model, count in draws.items() for sample in range(count)):
            found.append(pools[model, problem, sample])
            if found[-1]["right"]:
                break
    return found


def test_a_source_that_stops_early_is_added_to_a_finished_study(finished):
    finished.change_config(stop_early)
    jobs = finished.planned()
    assert not {"sample_solutions", "grade_solutions"} & jobs.keys()
    for rule in ("select_solutions", "finetune_model", "measure_arm"):
        assert {job["source"] for job in jobs[rule]} == {"wc-stop", "wc-then-se"}, rule
    finished.run()
    arms = {row["source"]: row for row in rows_of(finished.results / "tables/arms.csv") if row["budget"] == "high"}
    scored = {row["source"] for row in rows_of(finished.results / "tables/finetuned.csv")}
    prices = {"wc": 0.3, "se": 10.5}
    for source, draws in (("wc-stop", {"wc": 6}), ("wc-then-se", {"wc": 3, "se": 1})):
        seen, row = looked_at(finished, draws), arms[source]
        assert int(row["drawn"]) == len(seen) < 24 * sum(draws.values())
        assert int(row["tokens"]) == sum(one["tokens"] for one in seen)
        price = sum(one["tokens"] * prices[one["model"]] for one in seen) / 1e6
        assert float(row["price"]) == pytest.approx(price, rel=1e-5)
        data = rows_of(finished.results / f"training_data/hard/high/from-{source}.jsonl")
        right = {(one["model"], one["problem"], one["sample"]) for one in seen if one["right"]}
        cut = {(one["model"], one["problem"], one["sample"]) for one in seen if one["finish_reason"] == "length"}
        assert {(one["model"], one["problem"], one["sample"]) for one in data} == right - cut
        assert source in scored
    quality = rows_of(finished.results / "tables/data_quality.csv")
    assert {row["basis"] for row in quality if row["source"] == "wc-stop"} == {"arm"}
    assert float(arms["wc-stop"]["flops_per_solved"]) > 0
