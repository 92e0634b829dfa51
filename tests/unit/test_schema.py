"""The schema's defaults: filled in when the config is read, not repeated in the code."""

import ast
import sys
from pathlib import Path

import pytest
import yaml

import finetune_model
from configs import CONTENT, completed

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "workflow/scripts"


def read(name: str) -> dict:
    return yaml.safe_load((ROOT / "config" / name).read_text())


def keys_with(word: str, part=CONTENT) -> set[str]:
    """Names of the schema's keys that have an entry `word`."""
    found = set()
    for name, inner in part.items() if isinstance(part, dict) else ():
        if isinstance(inner, dict):
            found |= keys_with(word, inner) | ({name} if word in inner else set())
        elif isinstance(inner, list):
            found |= {name for entry in inner for name in keys_with(word, entry)}
    return found


def test_defaults_are_filled_at_every_depth():
    config = completed(read("config.yaml"))
    assert config["grading"] == {"mode": "strict"} and config["environments"] == {}
    assert config["models"]["wc"]["resources"] == {"cpus": 1, "mem_mb": 3000, "runtime": 60, "gpu": 0}
    assert config["datasets"]["easy"]["benchmarks"]["test"] == {"greedy": 4000, "sampled": 0, "samples": 0}
    assert config["sources"]["se"]["draws"] == [{"model": "se", "match": "compute", "fraction": 1}]
    assert config["sources"]["wc-low-one"]["draws"] == [{"model": "wc", "samples": 3}]  # no share of a budget
    assert config["forecast"]["utilisation"]["judging"] == 0.2


def test_a_value_of_the_config_stays():
    config = read("config.yaml")
    config["models"]["wc"]["resources"] = {"mem_mb": 9000}
    assert completed(config)["models"]["wc"]["resources"]["mem_mb"] == 9000


def test_the_config_itself_is_left_as_it_is():
    config = read("config.yaml")
    completed(config)
    assert config == read("config.yaml")


def test_two_entries_never_share_a_default():
    models = completed(read("config.yaml"))["models"]
    assert models["wc"]["resources"] is not models["se"]["resources"]


def test_a_human_source_has_no_default_of_a_drawn_one():
    assert completed(read("config.yaml"))["sources"]["human"] == {"solutions": "human"}


def test_a_finetuning_that_leaves_a_key_out_passes_none_on():
    recipe = completed(read("config.yaml"))["finetuning"]["pocket"]
    assert not keys_with("program_default") & set(recipe) and recipe["deepspeed"] == "none"
    assert recipe["resources"] == {"nodes": 1}  # all else is the model's


def test_the_programs_defaults_are_those_that_the_schema_states(monkeypatch):
    needed = "--data d --model m --steps 1 --checkpoints 1 --batch-size 1 --learning-rate 1 --max-length 9"
    monkeypatch.setattr(sys, "argv", ["finetune_model.py", *needed.split(), "--precision", "float32", "--output", "o"])
    own = vars(finetune_model.parse_arguments())
    recipe = CONTENT["$defs"]["recipe"]["properties"]
    stated = {name: entry["program_default"] for name, entry in recipe.items() if "program_default" in entry}
    assert stated and {name: own[name] for name in stated} == stated


# Keys whose names are those of other things, too.
ALIKE = {"seed", "title", "other", "extra", "partial"}


@pytest.mark.parametrize("folder", ["study", "forecast", "training", "cluster"])
def test_no_code_repeats_a_default_of_the_schema(folder):
    """`entry.get("batch_size", 64)`: a key with a default is read as entry["batch_size"]."""
    stated = keys_with("default") - ALIKE
    repeated = [
        f"{path.name}:{node.lineno}: {node.args[0].value}"
        for path in sorted((LIBRARY / "yetbetter" / folder).glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and len(node.args) == 2
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value in stated
    ]
    assert repeated == []
