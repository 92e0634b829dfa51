"""The committed pocket models are small, safe to load, and what their manifest says."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from yetbetter.errors import UserError
from yetbetter.pocket import words
from yetbetter.pocket.families import FAMILIES
from yetbetter.pocket.pretraining import (
    COMPLETION_TOKENS,
    PRETRAININGS,
    count_parameters,
    find_pretraining,
    is_right,
    sample,
)
from yetbetter.pocket.tokenizer import CONTEXT, build_tokenizer, vocabulary
from yetbetter.pocket.world import SPLITS, make_problems

FOLDER = Path(__file__).parents[2] / "resources/pocket"
MANIFEST = json.loads((FOLDER / "MANIFEST.json").read_text())


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(FOLDER / "wc")


@pytest.fixture(scope="module")
def problems() -> list[dict]:
    return [row for d in FAMILIES for s in SPLITS for row in make_problems(d, s, 60)]


def test_files_are_those_of_the_manifest():
    found = {
        str(path.relative_to(FOLDER)): hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*/*")
    }
    assert found == MANIFEST["sha256"]
    assert set(PRETRAININGS) == set(MANIFEST["models"])


def test_weights_are_safetensors_and_all_is_under_two_megabytes():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".safetensors", ".md"}
    assert sum(path.stat().st_size for path in files) < 2_000_000


@pytest.mark.parametrize("name", PRETRAININGS)
def test_model_has_its_nominal_size_and_a_shape_that_vllm_serves(name):
    model = AutoModelForCausalLM.from_pretrained(FOLDER / name, dtype=torch.float32)
    assert abs(count_parameters(model) / PRETRAININGS[name].nominal - 1) < 0.03
    assert count_parameters(model) == MANIFEST["models"][name]["parameters"]
    assert model.config.head_dim == 32
    assert model.config.max_position_embeddings == CONTEXT
    stored = json.loads((FOLDER / name / "config.json").read_text())
    assert stored["dtype"] == "bfloat16"
    assert stored["architectures"] == ["LlamaForCausalLM"]


def test_strong_model_is_three_times_the_weak_one():
    models = MANIFEST["models"]
    assert abs(models["se"]["parameters"] / models["wc"]["parameters"] / 3 - 1) < 0.03
    assert PRETRAININGS["se"].nominal == 3 * PRETRAININGS["wc"].nominal


@pytest.mark.parametrize("name", PRETRAININGS)
def test_tokenizers_are_the_same_and_today_s(name, tokenizer):
    theirs = json.loads((FOLDER / name / "tokenizer.json").read_text())
    assert theirs == json.loads(build_tokenizer().backend_tokenizer.to_str())
    assert tokenizer.convert_tokens_to_ids(vocabulary()) == list(range(len(tokenizer)))


def test_every_text_survives_the_tokenizer(tokenizer, problems):
    for row in problems:
        for text in (words.PROMPT.format(**row) + f" {row['solution']}", row["question"]):
            ids = tokenizer(text)["input_ids"]
            assert tokenizer.unk_token_id not in ids
            assert tokenizer.decode(ids, skip_special_tokens=True) == text
            assert tokenizer.decode(ids[1:]) == text


def test_one_bos_in_front_and_no_eos(tokenizer, problems):
    for row in problems:
        ids = tokenizer(words.PROMPT.format(**row))["input_ids"]
        assert ids[0] == tokenizer.bos_token_id
        assert not {tokenizer.bos_token_id, tokenizer.eos_token_id} & set(ids[1:])


def test_completion_s_tokens_do_not_depend_on_the_prompt_before_it(tokenizer, problems):
    for row in problems:
        prompt = tokenizer(words.PROMPT.format(**row))["input_ids"]
        completion = tokenizer(f" {row['solution']}", add_special_tokens=False)["input_ids"]
        both = tokenizer(words.PROMPT.format(**row) + f" {row['solution']}")["input_ids"]
        assert both == prompt + completion
        assert len(prompt) <= 70
        assert len(completion) + 1 <= 80 < COMPLETION_TOKENS


def test_weak_model_solves_some_problems(tokenizer):
    model = AutoModelForCausalLM.from_pretrained(FOLDER / "wc", dtype=torch.float32)
    problems = make_problems("easy", "validation", 40)
    texts = sample(model, tokenizer, [row["question"] for row in problems], 1, greedy=True)
    right = [is_right(text, row["answer"]) for (text,), row in zip(texts, problems, strict=True)]
    assert 0.05 < sum(right) / len(right) < 0.75


def test_answer_counts_only_at_the_end():
    assert is_right(" So 2 + 3 = 5. The answer is 5.", "5")
    assert not is_right("The answer is 5. So 2 + 3 = 5.", "5")
    assert not is_right("The answer is 15.", "5")


def test_unknown_model_is_one_clear_line():
    with pytest.raises(UserError, match="'xl' is not one of wc, se, student"):
        find_pretraining("xl")
