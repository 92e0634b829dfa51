"""Tables of a study that never was, with the cells of several experiments, for the tests of their figures."""

import csv
import random
from pathlib import Path

SE_FLOPS, WC_FLOPS = 3.0e12, 1.0e12  # of one sample
TARGETS = ("student", "wc", "se")
# (budget, source) -> SE samples, WC samples, questions, accuracy above the target's own.
PLACES = {
    ("low", "se"): (1, 0, 500, 0.00),
    ("low", "wc"): (0, 3, 500, 0.02),
    ("low", "wc_number"): (0, 1, 500, -0.012),
    ("high", "se"): (10, 0, 500, 0.05),
    ("high", "wc"): (0, 30, 500, 0.075),
    ("high", "wc_high_low"): (0, 30, 500, 0.04),
    ("high", "wc_low_low"): (0, 3, 500, -0.01),
    ("high", "wc_500"): (0, 30, 250, 0.03),
    ("high", "mix_25"): (7.5, 7.5, 500, 0.06),
    ("high", "mix"): (5, 15, 500, 0.068),
    ("high", "mix_75"): (2.5, 22.5, 500, 0.085),
    ("two", "se"): (3, 0, 500, 0.03),
    ("two", "wc"): (0, 9, 500, 0.045),
    ("three", "se"): (9, 0, 500, 0.06),
    ("three", "wc"): (0, 27, 500, 0.05),
    ("far", "se"): (30, 0, 500, 0.09),
    ("far", "wc"): (0, 90, 500, 0.065),
}
ARMS = ("dataset", "budget", "source", "model", "samples", "questions", "flops_assumed", "price")
FINETUNED = (
    *("dataset", "budget", "source", "target", "paradigm", "seed", "benchmark", "metric", "level"),
    *("value", "low", "high", "problems"),
)
DIFFERENCES = (
    *("dataset", "budget", "target", "benchmark", "metric", "level", "source", "baseline"),
    *("difference", "low", "high"),
)
MEASURED = {"benchmark": "test", "metric": "pass@1", "level": "all"}


def made_up_study(dataset: str = "hard", seeds: int = 2) -> dict[str, list[dict]]:
    """Tables by name: arms, finetuned (each seed and 'all'), differences (all from se, of the same budget)."""
    dice = random.Random(5)
    tables: dict[str, list[dict]] = {"arms": [], "finetuned": [], "differences": []}
    for (budget, source), (strong, weak, questions, gain) in PLACES.items():
        place = {"dataset": dataset, "budget": budget, "source": source}
        model = "se+wc" if strong and weak else "se" if strong else "wc"
        flops = (strong * SE_FLOPS + weak * WC_FLOPS) * questions
        arm = {"model": model, "samples": strong + weak, "questions": questions, "flops_assumed": flops, "price": ""}
        tables["arms"].append(place | arm)
        for number, target in enumerate(TARGETS):
            value = 0.25 + 0.09 * number + gain + dice.uniform(-0.004, 0.004)
            row = place | {"target": target, "paradigm": "x", "problems": 500} | MEASURED
            for seed in ["all", *range(seeds)]:
                near = value if seed == "all" else value + 0.01 * (2 * seed - seeds + 1)
                numbers = {"value": near, "low": near - 0.032, "high": near + 0.032}
                tables["finetuned"].append(row | {"seed": seed} | numbers)
    values = {(row["budget"], row["source"], row["target"]): row["value"] for row in means(tables)}
    for (budget, source), _ in PLACES.items():
        for target in TARGETS:
            if source != "se":
                gap = values[budget, source, target] - values[budget, "se", target]
                numbers = {"difference": gap, "low": gap - 0.021, "high": gap + 0.022}
                place = {"dataset": dataset, "budget": budget, "target": target, "source": source, "baseline": "se"}
                tables["differences"].append(place | MEASURED | numbers)
    return tables


def means(tables: dict[str, list[dict]]) -> list[dict]:
    return [row for row in tables["finetuned"] if row["seed"] == "all"]


def write_study(folder: Path, tables: dict[str, list[dict]]) -> Path:
    columns = {"arms": ARMS, "finetuned": FINETUNED, "differences": DIFFERENCES}
    for name, rows in tables.items():
        with open(folder / f"{name}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, columns[name])
            writer.writeheader()
            writer.writerows(rows)
    return folder
