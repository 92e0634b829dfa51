"""Configs with the schema's defaults, as every part of the library gets them."""

import copy
from pathlib import Path

from yetbetter.figures.registry import KINDS
from yetbetter.forecast.estimates import Forecast
from yetbetter.study import checks
from yetbetter.study.grid import Grid
from yetbetter.study.schema import fill, read_schema, with_defaults

SCHEMA = str(Path(__file__).parents[1] / "workflow/schemas/config.schema.yaml")
CONTENT = read_schema(SCHEMA, checks.REGISTRIES | {"figures": KINDS}, checks.KEYS)


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
