"""A small study with tables, a figure and sidecars, made without running anything."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import yaml
from PIL import Image

from yetbetter.claims.columns import CLAIMS
from yetbetter.records import write_json
from yetbetter.tables import write_table

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
TABLES = ("arms", "claims", "data_quality", "differences", "finetuned", "wide")
FIGURES = ("headline", "number-matched_hard", "data_quality_number-matched_hard")
CELLS = [f"hard/low/from-{source}/to-{target}/seed-0" for source in ("se", "wc") for target in ("student", "se")]
HASH = "0123456789abcdef" * 4
VALUES = {("se", "student"): 0.38, ("wc", "student"): 0.412, ("se", "se"): 0.5, ("wc", "se"): 0.46}
SENTENCE = 'WC data is "better", <b>always</b> & everywhere; </script> none the less.'


def run(program: str, *arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, SCRIPTS / f"{program}.py", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def make_study(folder: Path, name: str = "small", shift: float = 0.0, rows: int = 300, **names: str) -> Path:
    """A results folder. shift: added to every accuracy on WC data. names: other names for se, wc, student, hard."""

    def called(word: str) -> str:
        return names.get(word, word)

    tables = folder / "tables"
    finetuned = []
    for (source, target), value in VALUES.items():
        for seed in ("0", "all"):
            accuracy = value + (shift if source == "wc" else 0)
            finetuned.append(
                {"dataset": called("hard"), "budget": "low", "source": called(source), "target": called(target)}
                | {"paradigm": "knowledge distillation", "seed": seed, "benchmark": "test", "metric": "pass@1"}
                | {"level": "all", "value": accuracy, "low": accuracy - 0.03, "high": accuracy + 0.03, "problems": 1000}
            )
    write_table(tables / "finetuned.csv", finetuned[0], finetuned)
    differences = []
    for target in ("student", "se"):
        lead = VALUES["wc", target] - VALUES["se", target] + shift
        differences.append(
            {"dataset": called("hard"), "budget": "low", "target": called(target), "benchmark": "test"}
            | {"metric": "pass@1", "level": "all", "source": called("wc"), "baseline": called("se")}
            | {"difference": lead, "low": lead - 0.028, "high": lead + 0.029}
        )
    write_table(tables / "differences.csv", differences[0], differences)
    arms = [
        {"dataset": called("hard"), "budget": "low", "source": called(source), "model": called(source)}
        | {"samples": samples, "questions": 500, "drawn": 500 * samples, "kept": 200, "tokens_per_solution": 35.4}
        | {
            "flops_assumed": 1.58e10,
            "flops_drawn": 1.59e10,
            "drawn_to_assumed": 1.006,
            "flops_prompts": 5e9,
            "price": "",
        }
        for source, samples in (("se", 1), ("wc", 3))
    ]
    write_table(tables / "arms.csv", arms[0], arms)
    quality = [
        {"dataset": called("hard"), "budget": "low", "source": called(source), "model": called(source), "samples": 1}
        | {"level": "all", "metric": "coverage", "basis": "arm", "value": value, "low": value - 0.04}
        | {"high": value + 0.04, "questions": 500}
        for source, value in (("se", 0.33), ("wc", 0.5 + shift))
    ]
    write_table(tables / "data_quality.csv", quality[0], quality)
    claims = [
        {"claim": number, "name": f"claim {number}", "sentence": SENTENCE, "verdict": verdict, "reason": "because"}
        | {"effect": 3.2, "unit": "points", "low": 0.4, "high": 6.1, "p": 0.012, "p_holm": 0.06, "problems": 1000}
        | {"basis": "problems, one seed", "decided_by": "weak - strong: harder, low", "paper_effect": 6}
        | {"seeds": 1, "needs_problems": 2500 if verdict == "inconclusive" else "", "cells": " ".join(CELLS)}
        for number, verdict in enumerate(("reproduced", "contradicted", "inconclusive", "not run"), start=1)
    ]
    claims[1] |= {"seeds": "1-3"}
    claims[3] |= dict.fromkeys(("effect", "low", "high", "p", "p_holm", "problems", "seeds", "cells"), "")
    write_table(tables / "claims.csv", CLAIMS, claims)
    texts = itertools.cycle(['a, "b"', "<i>é</i>", "", "line\nbreak"])
    wide = [
        {"number": (7919 * row) % rows, "text": next(texts)} | {f"column {n}": row * n for n in range(20)}
        for row in range(rows)
    ]
    write_table(tables / "wide.csv", wide[0], wide)
    (folder / "figures").mkdir()
    for figure in FIGURES:
        Image.new("RGB", (1350, 600), "white").save(folder / "figures" / f"{figure}.png")
    about = {
        "program": "evaluate_model.py",
        "versions": {"torch": "2.13.0"},
        "host": "h",
        "written": "2026-11-22T10:00:00",
    }
    evaluated = about | {"seconds": 90.0, "problems_hashes": {"test": HASH}}
    write_json(folder / "evaluations" / CELLS[0] / "about.json", evaluated)
    describe(folder, name, called)
    return folder


def describe(folder: Path, name: str, called) -> None:
    text = (ROOT / "config" / "config.yaml").read_text()
    config = yaml.safe_load(text) | {"study": name}
    for key in ("models", "sources", "datasets"):
        config[key] = {called(word): entry for word, entry in config[key].items()}
    for source in config["sources"].values():
        for draw in source.get("draws", []):
            draw["model"] = called(draw["model"])
    config["comparison"] = {key: called(word) for key, word in config["comparison"].items()}
    config["claims"] = {"datasets": {"easier": "easy", "harder": called("hard")}, "student": called("student")}
    grading = json.dumps({"version": 2, "mode": "strict"})
    done = run(
        *("describe_study", "--config", json.dumps(config), "--grading", grading, "--cells", *CELLS),
        *("--missing", "hard/high/from-wc/to-se/seed-0", "--output", folder / "tables" / "study.json"),
    )
    assert done.returncode == 0, done.stderr


def write_report(folder: Path, output: Path) -> subprocess.CompletedProcess:
    return run(
        *("write_report", "--description", folder / "tables" / "study.json", "--results", folder),
        *("--tables", *(folder / "tables" / f"{name}.csv" for name in TABLES)),
        *("--figures", *(folder / "figures" / f"{name}.png" for name in FIGURES)),
        *("--template", "workflow/report/page.html.j2", "--output", output),
    )
