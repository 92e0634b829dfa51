"""The committed pocket models are small, safe to load, and what their manifest says."""

import hashlib
import itertools
import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from yetbetter.errors import UserError
from yetbetter.pocket import words
from yetbetter.pocket.families import FAMILIES
from yetbetter.pocket.pretraining import (
    PAIR,
    PRETRAININGS,
    Pretraining,
    batches_of,
    count_parameters,
    find_pretraining,
    pretrain,
    sample,
    share_of,
    train_to_ratios,
)
from yetbetter.pocket.problems import make_problems
from yetbetter.pocket.subjects import ARITHMETIC, SUBJECTS, is_right
from yetbetter.pocket.tokenizer import CONTEXT, vocabulary
from yetbetter.pocket.world import SPLITS

FOLDER = Path(__file__).parents[2] / "resources/pocket"
PARTS = {name: FOLDER / name for name in ("ladder", "code", "instructions")}
DATASETS = ARITHMETIC.datasets
MANIFEST = json.loads((FOLDER / "MANIFEST.json").read_text())


def folder_of(name: str) -> Path:
    return FOLDER / name.replace("-", "/")


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(FOLDER / "wc")


@pytest.fixture(scope="module")
def problems() -> list[dict]:
    return [row for d in FAMILIES for s in SPLITS for row in make_problems(d, s, 60)]


def test_files_are_those_of_the_manifest():
    found = {
        str(path.relative_to(FOLDER)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FOLDER.glob("*/**/*")
        if path.is_file()
    }
    assert found == MANIFEST["sha256"]
    assert set(PRETRAININGS) == set(MANIFEST["models"])


def test_weights_are_safetensors_and_the_models_of_a_subject_or_the_ladder_are_under_two_megabytes():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".json", ".safetensors", ".md"}
    sizes = [sum(path.stat().st_size for path in files if folder in path.parents) for folder in PARTS.values()]
    assert all(0 < size < 2_000_000 for size in sizes)
    assert sum(path.stat().st_size for path in files) - sum(sizes) < 2_000_000


@pytest.mark.parametrize("name", ["wc", "code-wc", "instructions-wc"])
def test_the_weak_model_has_the_papers_share_of_the_strong_ones_pass_at_1_on_each_data_set(name):
    low, high = PAIR
    shares = MANIFEST["models"][name]["stopped"]["share_of_se"]
    assert set(shares) == set(SUBJECTS[PRETRAININGS[name].subject].datasets)
    assert all(low <= share <= high for share in shares.values())


def test_the_ladder_rises_on_both_data_sets_past_the_weak_model_to_the_strong_one():
    assert sorted(MANIFEST["ladder"]) == [f"{rung:.2f}" for rung in PRETRAININGS["wc"].rungs]
    rungs = [MANIFEST["ladder"][name]["stopped"] for name in sorted(MANIFEST["ladder"])]
    for dataset in DATASETS:
        shares = [rung["share_of_se"][dataset] for rung in rungs]
        assert shares == sorted(shares) and shares[0] < 0.6 and shares[-1] > 0.95
    steps = [rung["step"] for rung in rungs]
    assert steps[0] < MANIFEST["models"]["wc"]["stopped"]["step"] < steps[-1]


def test_a_model_stops_at_the_snapshot_next_to_its_ratio_and_few_are_measured():
    shape = {"hidden": 32, "layers": 1, "heads": 1, "mlp": 32, "seed": 1, "easy": 40, "hard": 40}
    checks = {"first_check": 3, "check_every": 1, "last_step": 24}
    pretraining = Pretraining(10_000, **shape, **checks, ratio=0.5, rungs=(0.9, 0.1))
    measured = []

    def measure(model) -> dict[str, float]:
        """What rises with training: how far the weights are from those of the first snapshot."""
        weights = model.get_input_embeddings().weight.detach().float()
        measured.append(weights)
        return dict.fromkeys(DATASETS, float((weights - first).norm()))

    snapshots = [one for one in pretrain(pretraining) if one.model is not None]
    first = snapshots[0].model.get_input_embeddings().weight.detach().float()
    distances = [measure(one.model)["easy"] for one in snapshots]
    assert len(snapshots) == 22 and distances == sorted(distances)
    measured.clear()
    found = train_to_ratios(pretraining, dict.fromkeys(DATASETS, distances[-1]), measure, lambda snapshot: None)
    for ratio, snapshot in found.items():
        nearest = min(range(len(snapshots)), key=lambda number: abs(distances[number] / distances[-1] - ratio))
        assert snapshot.step == snapshots[nearest].step
    assert set(found) == {0.5, 0.9, 0.1} and len(measured) < len(snapshots)


def test_a_batch_of_whole_texts_holds_one_text_in_a_row_and_padding_behind_it():
    shape = {"hidden": 32, "layers": 1, "heads": 1, "mlp": 32, "seed": 1, "lists": 12}
    pretraining = Pretraining(10_000, **shape, subject="programs", whole=4)
    tokenizer = SUBJECTS["programs"].build_tokenizer()
    expected = {SUBJECTS["programs"].text_of(row) for row in make_problems("lists", "pretraining", 12)}
    epoch = list(itertools.islice(batches_of(pretraining, tokenizer), 3))
    found = [tokenizer.decode(row[row != tokenizer.pad_token_id]) for batch in epoch for row in batch]
    assert {text.removeprefix("<s>").removesuffix("</s>") for text in found} == expected
    assert len(found) == 12 and all(len(batch) == 4 for batch in epoch)


def test_a_share_of_pass_at_1_is_the_geometric_mean_over_data_sets():
    assert share_of({"easy": 0.4, "hard": 0.1}, {"easy": 0.5, "hard": 0.2}) == pytest.approx(0.4**0.5)


@pytest.mark.parametrize("name", PRETRAININGS)
def test_model_has_its_nominal_size_and_a_shape_that_vllm_serves(name):
    model = AutoModelForCausalLM.from_pretrained(folder_of(name), dtype=torch.float32)
    assert abs(count_parameters(model) / PRETRAININGS[name].nominal - 1) < 0.03
    assert count_parameters(model) == MANIFEST["models"][name]["parameters"]
    assert model.config.head_dim == 32
    assert model.config.max_position_embeddings == CONTEXT
    stored = json.loads((folder_of(name) / "config.json").read_text())
    assert stored["dtype"] == "bfloat16"
    assert stored["architectures"] == ["LlamaForCausalLM"]


@pytest.mark.parametrize("family", ["", "code-", "instructions-"])
def test_strong_model_is_three_times_the_weak_one(family):
    weak, strong = (MANIFEST["models"][family + name]["parameters"] for name in ("wc", "se"))
    assert abs(strong / weak / 3 - 1) < 0.03
    assert PRETRAININGS[family + "se"].nominal == 3 * PRETRAININGS[family + "wc"].nominal


@pytest.mark.parametrize("name", PRETRAININGS)
def test_tokenizers_of_a_subject_are_the_same_and_today_s(name, tokenizer):
    theirs = json.loads((folder_of(name) / "tokenizer.json").read_text())
    subject = SUBJECTS[PRETRAININGS[name].subject]
    assert theirs == json.loads(subject.build_tokenizer().backend_tokenizer.to_str())
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
        assert len(completion) + 1 <= 80 < ARITHMETIC.completion_tokens


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
