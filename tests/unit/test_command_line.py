"""Values of `--config` have the types that they would have in a file, and are blamed on the command line."""

import copy

import pytest
from snakemake.cli import parse_config
from snakemake.utils import update_config
from test_config import CONFIG, SCHEMA

from configs import CONTENT
from yetbetter.errors import UserError
from yetbetter.figures.registry import KINDS
from yetbetter.study.checks import check_config
from yetbetter.study.command_line import as_in_a_file, blamed
from yetbetter.study.study import Study


def merged(*words: str) -> tuple[dict, dict]:
    """(config, given) as Snakemake makes them of the default config and words behind `--config`."""
    given, config = parse_config(words), copy.deepcopy(CONFIG)
    update_config(config, given)
    return config, given


def checked(*words: str) -> dict:
    config, given = merged(*words)
    return check_config(config, SCHEMA, "study.yaml", KINDS, given)


def refusal(*words: str) -> str:
    config, given = merged(*words)
    with pytest.raises(UserError) as failure:
        Study(check_config(config, SCHEMA, "study.yaml", KINDS, given), "study.yaml")
    return blamed(str(failure.value), "study.yaml", given)


def test_values_inside_a_mapping_have_the_types_of_a_file():
    assert checked("sampling={temperature: 0.9, top_k: 7}")["sampling"]["top_k"] == 7
    assert checked("models={wc: {chat: on}}")["models"]["wc"]["chat"] is True
    assert (
        checked("finetuning={pocket: {learning_rates: {a: 1.0e-3}}}")["finetuning"]["pocket"]["learning_rates"]["a"]
        == 1e-3
    )
    assert checked("experiments={main: {seeds: [0, 4]}}")["experiments"]["main"]["seeds"] == [0, 4]
    assert checked("sources={wc: {draws: [{model: wc, samples: 3}, {model: se, samples: 4}]}}")["sources"]["wc"][
        "draws"
    ] == [
        {"model": "wc", "samples": 3},
        {"model": "se", "samples": 4},
    ]


def test_a_text_that_looks_like_a_number_stays_a_text_where_one_is_wanted():
    assert checked("models={wc: {revision: 1234567}}")["models"]["wc"]["revision"] == "1234567"
    assert checked("experiments={main: {title: on}}")["experiments"]["main"]["title"] == "on"


@pytest.mark.parametrize("text", ["true", "yes", "True", "on"])
def test_partial_is_true_by_any_word_of_a_file(text):
    assert Study(checked(f"partial={text}")).partial


def test_the_values_of_the_command_line_are_left_as_they_are():
    config, given = merged("experiments={main: {seeds: [0, 4]}}")
    before = copy.deepcopy(given)
    as_in_a_file(config, given, CONTENT)
    assert given == before


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("seed=x", "--config: seed: 'x' is not of type integer"),
        ("sampling={temperature: 1e-3}", "--config: sampling.temperature: '1e-3' is not of type number"),
        ("sampling={temprature: 1}", "--config: sampling: unknown key 'temprature'"),
        ("modles=3", "--config: the config: unknown key 'modles'"),
        ("comparison={weak: x}", "--config: comparison.weak: unknown 'x'"),
        ("experiments={main: {sources: [se, x]}}", "--config: experiments.main.sources: unknown 'x'"),
        ("experiments={main: {seeds: [0, -1]}}", "--config: experiments.main.seeds.1: -1"),
        ("datasets={easy: {splits: {functional: 9999}}}", "--config: datasets.easy.splits.functional: 9999"),
        (
            "study=2024",
            "--config: study: 2024 is not of type string; YAML reads it as a number: write it in a config file",
        ),
        ("budgets={low: {samples: 1}, none: {model: se}}", "study.yaml with --config: budgets.none: missing key"),
    ],
)
def test_a_wrong_value_of_the_command_line_is_blamed_on_it(word, message):
    assert refusal(word).startswith(message)


@pytest.mark.parametrize("word", ["seed=3", "sampling={top_k: 4}", "study=other"])
def test_a_wrong_value_of_a_file_is_blamed_on_the_file(word):
    config, given = merged(word)
    config["sampling"]["temperature"] = "hot"
    with pytest.raises(UserError) as failure:
        check_config(config, SCHEMA, "study.yaml", KINDS, given)
    assert blamed(str(failure.value), "study.yaml", given).startswith("study.yaml: sampling.temperature: 'hot'")
