"""The optional settings: adapters, packing, epochs, other logs; and who they are refused to."""

import dataclasses
import json
import sys
from pathlib import Path

import pytest
import torch
from finetune_support import LENGTH, command, content, example, examples, make_model, rows_of, run_here, write
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, Gemma2Config, Gemma2ForCausalLM

from finetune_model import parse_arguments
from yetbetter.errors import UserError
from yetbetter.identity import model_identity
from yetbetter.records import digest_of
from yetbetter.training.data import IGNORED, encode_examples
from yetbetter.training.finetuning import draft_settings
from yetbetter.training.job import read_job
from yetbetter.training.packing import Rows, pack, refuse_leaks
from yetbetter.training.recipe import Recipe
from yetbetter.versions import TRAINING_VERSION

SHORT = {"steps": 6, "checkpoints": 2}


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    return write(tmp_path_factory.mktemp("data") / "data.jsonl", examples())


def recipe(**changes) -> Recipe:
    settings = {"steps": 10, "checkpoints": 2, "batch_size": 8, "micro_batch_size": None, "learning_rate": 1e-3}
    settings |= {"warmup_fraction": 0.05, "scheduler": "linear", "weight_decay": 0.0, "max_gradient_norm": 1.0}
    settings |= {"max_length": 40, "seed": 0, "precision": "float32", "attention": None}
    return Recipe(**settings | changes)


def test_a_setting_that_is_off_does_not_change_what_a_draft_is_called():
    plain = {"steps", "checkpoints", "batch_size", "micro_batch_size", "learning_rate", "warmup_fraction"}
    plain |= {"scheduler", "weight_decay", "max_gradient_norm", "max_length", "seed", "precision", "attention"}
    assert recipe().settings().keys() == plain
    assert recipe(packing=True, lora_rank=4).settings().keys() == plain | {"packing", "lora_rank"}


def test_the_settings_that_identify_a_draft_are_these(model, data, tmp_path, monkeypatch):
    """A change of these settings, of their names or of a value's type would train every finished study again."""
    monkeypatch.setattr(sys, "argv", command(model, data, tmp_path / "out", steps=None, epochs=3, save_every=2))
    recipe = {"steps": 15, "checkpoints": 3, "batch_size": 8, "micro_batch_size": None, "learning_rate": 0.01}
    recipe |= {"warmup_fraction": 0.05, "scheduler": "linear", "weight_decay": 0.0, "max_gradient_norm": 1.0}
    recipe |= {"max_length": LENGTH, "seed": 0, "precision": "float32", "attention": None}
    content = {"model": model_identity(model, None), "data": digest_of(data), "deepspeed": None}
    assert draft_settings(read_job(parse_arguments())) == recipe | content | {"version": TRAINING_VERSION}


def test_checkpoints_of_adapters_are_plain_models_in_which_only_the_named_layers_changed(
    model, data, tmp_path, monkeypatch
):
    pytest.importorskip("peft")
    options = {"lora_rank": 4, "lora_alpha": 16, "lora_targets": "q_proj,v_proj", "save_every": 1} | SHORT
    output = run_here(monkeypatch, model, data, tmp_path / "out", **options)
    before = load_file(Path(model) / "model.safetensors")
    after = load_file(output / "checkpoint-2" / "model.safetensors")
    assert after.keys() == before.keys()
    changed = {name for name in after if not torch.equal(after[name], before[name].float())}
    assert changed == {name for name in after if "q_proj" in name or "v_proj" in name}
    for name in changed:
        assert torch.linalg.matrix_rank(after[name] - before[name].float()) <= 4
    about = json.loads((output / "about.json").read_text())
    assert about["trained"] < about["parameters"] / 5
    names = {path.name for path in (output / "checkpoint-2").iterdir()}
    assert "model.safetensors" in names and not any("adapter" in name for name in names)
    AutoModelForCausalLM.from_pretrained(output / "checkpoint-2")
    log = rows_of(output / "training.jsonl")
    assert log[-1]["loss"] < log[0]["loss"]
    again = run_here(monkeypatch, model, data, tmp_path / "again", **options)
    assert content(again) == content(output)


@pytest.mark.parametrize("targets", ["no_such_layer", "q_proj,no_such_layer"])
def test_a_layer_that_is_not_there_gets_no_adapter(targets, model, data, tmp_path, monkeypatch):
    """Nor is it left out in silence beside one that is there."""
    pytest.importorskip("peft")
    with pytest.raises(UserError, match=r"--lora-targets: .*no_such_layer"):
        run_here(monkeypatch, model, data, tmp_path / "out", lora_rank=4, lora_targets=targets, **SHORT)


def packed_and_alone(model: str, attention: str):
    """The loss and its gradient of five examples, packed in rows and one by one."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    columns, _ = encode_examples([example(number) for number in range(3, 8)], tokenizer, LENGTH, "data.jsonl")
    packed = pack(columns, 100)
    assert len(packed) < 5
    batch = Rows(0)([packed[row] for row in range(len(packed))])
    assert int(batch.pop("tokens")) == sum(map(len, columns["input_ids"]))
    labels = batch.pop("labels")
    live = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32, attn_implementation=attention)

    def loss_of(batch, labels):
        logits = live(**batch, use_cache=False).logits[:, :-1]
        targets = labels[:, 1:]
        return torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="sum"
        )

    losses, gradients = [], []
    alone = [
        ({"input_ids": torch.tensor([ids])}, torch.tensor([row]))
        for ids, row in zip(columns["input_ids"], columns["labels"], strict=True)
    ]
    for batches in ([(batch, labels)], alone):
        live.zero_grad()
        loss = sum(loss_of(*pair) for pair in batches)
        loss.backward()
        losses.append(loss.item())
        gradients.append(torch.cat([p.grad.flatten() for p in live.parameters()]))
    return losses, gradients


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_examples_have_the_loss_and_gradient_of_single_ones(attention, model):
    losses, gradients = packed_and_alone(model, attention)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert (gradients[0] - gradients[1]).norm() < 1e-4 * gradients[1].norm()


def test_packing_trains_on_every_example_with_more_of_them_in_a_step(model, data, tmp_path, monkeypatch):
    options = {"packing": True, "max_length": 120, "batch_size": 4, "steps": 6, "checkpoints": 1}
    output = run_here(monkeypatch, model, data, tmp_path / "out", **options)
    about = json.loads((output / "about.json").read_text())
    assert about["examples"] == 41 and about["rows"] < 20
    timing = rows_of(output / "timing.jsonl")
    assert about["tokens"] == sum(row["tokens"] for row in timing)
    # Padding is not counted: four rows hold at most 480 tokens, and the log's own completion tokens are among them.
    for row, log in zip(timing, rows_of(output / "training.jsonl"), strict=True):
        assert log["completion_tokens"] < row["tokens"] <= 480


def test_an_attention_that_lets_examples_see_each_other_is_refused(model):
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    def without_a_mask(module, query, key, value, attention_mask, **kwargs):
        return sdpa_attention_forward(module, query, key, value, None, is_causal=True)

    ALL_ATTENTION_FUNCTIONS.register("leaking", without_a_mask)
    ALL_MASK_ATTENTION_FUNCTIONS.register("leaking", ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])
    probe = torch.tensor([[1, 5, 9, 14, 15], [1, 6, 7, 20, 8]])
    live = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    refuse_leaks(live, Rows(0), probe, 1e-3)
    live.set_attn_implementation("leaking")
    with pytest.raises(UserError, match="--packing: with --attention leaking examples see each other"):
        refuse_leaks(live, Rows(0), probe, 1e-3)


def test_soft_capped_attention_is_never_left_to_pytorch(data, tmp_path, monkeypatch):
    shape = {"head_dim": 8, "num_key_value_heads": 4, "query_pre_attn_scalar": 8, "attn_logit_softcapping": 5.0}
    gemma = make_model(tmp_path / "gemma", Gemma2Config, Gemma2ForCausalLM, **shape)
    with pytest.raises(UserError, match=r"--attention is 'sdpa', allowed for this model, .*soft-capped: eager, flash"):
        run_here(monkeypatch, gemma, data, tmp_path / "out", attention="sdpa", **SHORT)
    output = run_here(monkeypatch, gemma, data, tmp_path / "out", packing=True, **SHORT)
    assert json.loads((output / "checkpoint-2" / "weights.json").read_text())["logits"]["distance"] < 1e-4


def test_epochs_are_as_many_steps_as_the_data_asks_for(model, data, tmp_path, monkeypatch):
    output = run_here(monkeypatch, model, data, tmp_path / "out", steps=None, epochs=1.5, checkpoints=1)
    assert len(rows_of(output / "training.jsonl")) == round(1.5 * 41 / 8)
    for epochs, options in ((0, {"steps": None}), (1, {})):
        with pytest.raises((UserError, SystemExit)):
            run_here(monkeypatch, model, data, tmp_path / "other", epochs=epochs, **options)


def test_the_timing_is_separate_and_adds_up(model, data, tmp_path, monkeypatch):
    output = run_here(monkeypatch, model, data, tmp_path / "out", peak_tflops=0.001, **SHORT)
    about = json.loads((output / "about.json").read_text())
    timing = rows_of(output / "timing.jsonl")
    assert [row["step"] for row in timing] == [1, 2, 3, 4, 5, 6]
    assert sum(row["tokens"] for row in timing) == about["tokens"]
    for row in timing:
        assert row["tokens_per_second"] == pytest.approx(row["tokens"] / row["seconds"])
        assert row["flops_utilisation"] == pytest.approx(6 * about["parameters"] * row["tokens_per_second"] / 1e9)
    plain = run_here(monkeypatch, model, data, tmp_path / "plain", **SHORT)
    assert {row["flops_utilisation"] for row in rows_of(plain / "timing.jsonl")} == {None}
    assert (plain / "training.jsonl").read_bytes() == (output / "training.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lora_rank": 0}, "--lora-rank is 0, allowed: 1 or more"),
        ({"lora_alpha": 8}, "--lora-alpha is of no use without --lora-rank"),
        ({"fused_loss": True}, "the package liger_kernel is not installed"),
        ({"log_to": "wandb"}, "the package wandb is not installed"),
        ({"log_to": "tensorboard"}, "the package tensorboard is not installed"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line(changes, message, model, data, tmp_path, monkeypatch):
    import importlib.util

    names = {"liger_kernel", "wandb", "tensorboard"}
    if any(name in message and importlib.util.find_spec(name) for name in names):
        pytest.skip("the package is installed here")
    with pytest.raises(UserError, match=message):
        run_here(monkeypatch, model, data, tmp_path / "out", **changes)


def test_every_option_of_the_recipe_is_one_of_the_program(monkeypatch):
    monkeypatch.setattr(sys, "argv", command("m", "d", Path("o")))
    arguments = parse_arguments()
    assert all(hasattr(arguments, key.name) for key in dataclasses.fields(Recipe))


# What the finetuned model will be asked -------------------------------------------------------------------------------


@pytest.fixture
def questions(tmp_path):
    """The options for a file whose second question is too long for the model's context."""
    rows = [{"problem": f"p{number}", "question": "how many" + " apples" * number} for number in (1, 300, 2)]
    (tmp_path / "prompt.txt").write_text("{question} ? answer :")
    file = write(tmp_path / "test {x}.jsonl", rows)
    return lambda count: {"asked": f"{file}:{count}", "asked_prompt": tmp_path / "prompt.txt", "asked_tokens": 20}


@pytest.fixture(scope="module")
def short_model(tmp_path_factory) -> str:
    return make_model(tmp_path_factory.mktemp("short"), max_position_embeddings=64)


def test_a_benchmarks_question_that_is_too_long_is_named_before_training(
    short_model, data, tmp_path, monkeypatch, questions
):
    with pytest.raises(
        UserError, match=r"test \{x\}\.jsonl: problem 'p300': its prompt 'how many apples.*': 30\d tokens"
    ):
        run_here(monkeypatch, short_model, data, tmp_path / "out", **SHORT, **questions(2))
    assert not list(tmp_path.rglob("training.jsonl"))


def test_questions_that_are_not_asked_or_not_there_stop_no_training(
    short_model, data, tmp_path, monkeypatch, questions
):
    plain = run_here(monkeypatch, short_model, data, tmp_path / "plain", **SHORT)
    asked = run_here(monkeypatch, short_model, data, tmp_path / "asked", **SHORT, **questions(1))
    later = questions(2) | {"asked": f"{tmp_path}/later.jsonl:2"}
    assert (
        content(asked)
        == content(plain)
        == content(run_here(monkeypatch, short_model, data, tmp_path / "l", **SHORT, **later))
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"asked": "test.jsonl"}, "--asked 'test.jsonl': must be FILE:COUNT"),
        ({"asked_prompt": None}, "--asked needs --asked-prompt and --asked-tokens"),
    ],
)
def test_what_is_asked_is_told_wholly(model, data, tmp_path, monkeypatch, questions, changes, message):
    with pytest.raises(UserError, match=message):
        run_here(monkeypatch, model, data, tmp_path / "out", **SHORT, **questions(1) | changes)
