"""Configs with the schema's defaults, as every part of the library gets them."""

import copy
from pathlib import Path

import yaml

from yetbetter.figures.registry import KINDS
from yetbetter.forecast.estimates import Forecast
from yetbetter.study import checks
from yetbetter.study.grid import Grid
from yetbetter.study.schema import fill, read_schema, with_defaults

ROOT = Path(__file__).parents[1]
SCHEMA = str(ROOT / "workflow/schemas/config.schema.yaml")
CONTENT = read_schema(SCHEMA, checks.REGISTRIES | {"figures": KINDS}, checks.KEYS)


def pocket_study() -> dict:
    """The pocket study in the sizes that tests count with; config/config.yaml has those that decide its claims.

    It is about mathematics alone.
    """
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    del config["datasets"]["lists"], config["claims"]["datasets"]["coding"], config["experiments"]["code"]
    del config["datasets"]["requests"], config["claims"]["datasets"]["instructions"], config["experiments"]["following"]
    for model in config["models"].values():
        model.pop("paths", None)
    for entry in config["datasets"].values():
        entry["splits"] = {"train": 500, "validation": 200, "test": 1000, "functional": 500, "control": 500}
        sampled = {"greedy": 500, "sampled": 100, "samples": 16}
        entry["benchmarks"] = {"test": {"greedy": 1000}, "functional": sampled, "control": dict(sampled)}
    config["sampling"]["shard_questions"] = 250
    config["finetuning"]["pocket"]["steps"] = {"low": 80, "price": 80, "middle": 140, "high": 240, "beyond": 400}
    traded = {"count": 150, "match": "compute"}
    for source, questions in (("se-questions", traded), ("wc-questions", traded), ("wc-samples", 150)):
        config["sources"][source]["questions"] = questions
    return config


def check_config(config: dict, schema_path: str, name: str) -> dict:
    return checks.check_config(config, schema_path, name, KINDS)


def completed(config: dict) -> dict:
    return with_defaults(config, CONTENT)


def model_of(entry: dict) -> dict:
    """A model's entry with the schema's defaults."""
    return fill(copy.deepcopy(entry), CONTENT["$defs"]["model"], CONTENT)


def dataset_of(entry: dict) -> dict:
    """A data set's entry with the schema's defaults."""
    return fill(copy.deepcopy(entry), CONTENT["$defs"]["dataset"], CONTENT)


def recipe_of(entry: dict) -> dict:
    """A finetuning recipe with the schema's defaults."""
    return fill(copy.deepcopy(entry), CONTENT["$defs"]["recipe"], CONTENT)


def grid_of(config: dict, name: str = "the config") -> Grid:
    return Grid(completed(config), name)


def forecast_of(config: dict, *arguments, **keywords) -> Forecast:
    return Forecast(completed(config), *arguments, **keywords)
