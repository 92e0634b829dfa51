"""Finetuning recipes: what is passed to the program, how it is started, what cannot be."""

import copy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from configs import check_config, grid_of, model_of, pocket_study, recipe_of
from yetbetter.errors import UserError
from yetbetter.forecast.memory import plan_memory, trained_parameters, whole_logits
from yetbetter.records import write_json
from yetbetter.training.deepspeed_config import deepspeed_config
from yetbetter.training.job import read_deepspeed
from yetbetter.training.launch import (
    gpu_model_of,
    launch,
    length_option,
    resources_of,
    training_options,
    working_options,
)
from yetbetter.training.learning_rates import read_chosen_rate
from yetbetter.training.shapes import PUBLISHED, Shape, shape_of

ROOT = Path(__file__).parents[2]
SCHEMA = str(ROOT / "workflow" / "schemas" / "config.schema.yaml")
CONFIG = pocket_study()
PLAIN = recipe_of(CONFIG["finetuning"]["pocket"])
HIDDEN = "CUDA_VISIBLE_DEVICES= "
GPUS = model_of({"path": "x/y", "resources": {"cpus": 16, "gpu": 8}})
CPU = model_of({"path": "x/y"})


def refusal(monkeypatch, gpu: int = 0, **keys) -> str:
    """The one line that refuses the pocket study with these keys in its recipe; a key that is None is taken out."""
    monkeypatch.chdir(ROOT)
    config = copy.deepcopy(CONFIG)
    recipe = config["finetuning"]["pocket"] | keys
    config["finetuning"]["pocket"] = {key: value for key, value in recipe.items() if value is not None}
    for entry in config["models"].values():
        entry["resources"] = {"gpu": gpu}
    with pytest.raises(UserError) as failure:
        check_config(config, SCHEMA, "study.yaml")
    message = str(failure.value)
    assert message.startswith("study.yaml: finetuning.pocket") and len(message.splitlines()) == 1
    return message


def test_a_recipe_passes_nothing_that_it_does_not_say():
    assert training_options(PLAIN) == "" and working_options(PLAIN) == ""
    assert launch(model_of({"path": "x"}), PLAIN) == {"command": f"{HIDDEN}python", "processes": 1, "options": ""}
    assert length_option(PLAIN, "low") == "--steps 80"


def test_every_key_becomes_an_option_that_the_program_knows(monkeypatch):
    from finetune_model import parse_arguments

    shaping = {"micro_batch_size": 2, "warmup_fraction": 0.1, "scheduler": "cosine", "weight_decay": 0.01}
    shaping |= {"max_gradient_norm": 0.5, "attention": "eager"}
    working = {"deepspeed": "zero-3", "offload": "all", "save_every": 10, "gradient_checkpointing": True}
    needed = "--data D --model M --checkpoints 1 --batch-size 4 --learning-rate 1 --max-length 9 --precision float32"
    line = f"{needed} --output O --steps 5{training_options(recipe_of(shaping))}{working_options(recipe_of(working))}"
    monkeypatch.setattr(sys, "argv", ["finetune_model.py", *shlex.split(line)])
    found = vars(parse_arguments())
    assert {key: found[key] for key in shaping | working} == shaping | working


def test_lora_packing_and_logs_are_said_in_the_words_of_the_program():
    lora = {"rank": 8, "alpha": 16, "targets": ["q_proj", "v_proj"]}
    recipe = recipe_of({"lora": lora, "packing": True, "fused_loss": True})
    lora = " --lora-rank 8 --lora-alpha 16 --lora-targets q_proj,v_proj"
    assert training_options(recipe) == f"{lora} --packing --fused-loss"
    assert working_options(recipe_of({"log_to": "tensorboard"})) == " --log-to tensorboard"
    assert length_option({"length": "epochs", "epochs": {"low": 2.5}}, "low") == "--epochs 2.5"


def test_a_job_is_read_without_any_package_but_numpy():
    modules = "finetuning, job, launch, learning_rates, recipe_checks, resharding, shapes, weights"
    refuse = (
        "import sys\n"
        "class OnlyNumPy:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] not in {*sys.stdlib_module_names, 'numpy', 'yetbetter'}:\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, OnlyNumPy())\n"
        f"from yetbetter.training import {modules}"
    )
    scripts = ROOT / "workflow" / "scripts"
    done = subprocess.run([sys.executable, "-c", refuse], cwd=scripts, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_torchrun_starts_a_process_for_each_gpu_of_a_node():
    found = launch(GPUS, PLAIN | {"deepspeed": "zero-2"})
    assert found["command"] == "YETBETTER_GPUS=8 python -m torch.distributed.run --nproc-per-node 8 --standalone"
    assert found["processes"] == 8
    cpu = launch(model_of({"path": "x"}), PLAIN | {"deepspeed": "zero-2"})
    assert cpu["command"] == f"{HIDDEN}python -m torch.distributed.run --nproc-per-node 1 --standalone"


def test_several_nodes_are_started_by_srun_and_meet_at_the_first():
    found = launch(GPUS, PLAIN | {"deepspeed": "zero-3", "resources": {"nodes": 2}})
    words = found["command"]
    start = (
        "YETBETTER_GPUS=8 srun --overlap --nodes 2 --ntasks 2 --ntasks-per-node 1 --cpus-per-task 16 --gpus-per-node 8"
    )
    assert words.startswith(f"{start} python -m torch")
    assert "--nnodes 2" in words and "--nproc-per-node 8" in words and "--standalone" not in words


def test_the_command_of_several_nodes_is_one_that_bash_takes(tmp_path):
    """With programs that only print their arguments, since no node is available."""
    scripts = {"srun": 'printf "%s\\n" "$@"', "hostname": "echo first-node"}
    for name, line in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{line}\n")
        (tmp_path / name).chmod(0o755)
    command = launch(GPUS, PLAIN | {"deepspeed": "zero-3", "resources": {"nodes": 2}})["command"]
    # All that Slurm's plugin leaves of Slurm's own variables.
    slurm = {"SLURM_JOB_ID": "40007", "PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(["bash", "-euc", f"{command} x.py"], env=slurm, capture_output=True, text=True, timeout=300)
    words = done.stdout.split()
    assert words[words.index("--rdzv-endpoint") + 1] == "first-node:20007"
    assert words[words.index("--rdzv-id") + 1] == "40007" and words[-1] == "x.py"


def test_a_recipe_may_ask_for_other_resources_than_its_model():
    found = resources_of(model_of({"resources": {"gpu": 2, "mem_mb": 9000}}), recipe_of({"resources": {"gpu": 8}}))
    assert found == {"cpus": 1, "mem_mb": 9000, "runtime": 60, "gpu": 8, "nodes": 1}


def test_gpus_are_named_only_where_some_are_asked_for():
    asked = resources_of(model_of({"resources": {"gpu": 1, "gpu_model": "h100"}}), recipe_of({"resources": {"gpu": 8}}))
    assert gpu_model_of(asked) == "h100"
    assert gpu_model_of(asked | {"gpu": 0}) is None
    assert gpu_model_of({"gpu": 8}) is None


@pytest.mark.parametrize(
    ("gpu", "keys", "parts"),
    [
        (0, {"length": "epochs"}, ("missing key 'epochs'",)),
        (0, {"steps": None}, ("missing key 'steps'",)),
        (0, {"epochs": {"low": 1, "high": 1}}, ("epochs", "length: epochs")),
        (0, {"steps": None, "length": "epochs", "epochs": {"low": 1}}, ("epochs", "'high'")),
        (0, {"learning_rates": {"chosen": 0.1}}, ("learning_rates", "'chosen'")),
        (0, {"offload": "optimizer"}, ("offload", "zero-2 or zero-3")),
        (2, {"deepspeed": "zero-2", "offload": "all"}, ("offload", "zero-3")),
        (2, {}, ("deepspeed", "'none'", "zero-2, zero-3")),
        (0, {"deepspeed": "zero-2", "precision": "bfloat16"}, ("precision", "GPUs")),
        (0, {"deepspeed": "zero-2", "resources": {"nodes": 2}}, ("resources.nodes", "without GPUs")),
        (3, {"deepspeed": "zero-2"}, ("batch_size", "16", "multiples of 3")),
        (4, {"deepspeed": "zero-2", "micro_batch_size": 3}, ("batch_size", "multiples of 12")),
        (0, {"fused_loss": True}, ("fused_loss", "GPU")),
        (0, {"packing": True}, ("packing", "se and wc", "allowed: false")),
        (0, {"deepspeed": "zero-1"}, ("deepspeed", "zero-2, zero-3")),
        (0, {"lora": {"alpha": 16}}, ("lora", "rank")),
        (0, {"keep": "some"}, ("keep", "all, best")),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(gpu, keys, parts, monkeypatch):
    message = refusal(monkeypatch, gpu, **keys)
    assert all(part in message for part in parts), message


def test_soft_capped_attention_is_not_left_to_a_kernel_without_it(monkeypatch, tmp_path):
    model = tmp_path / "gemma"
    write_json(model / "config.json", {"attn_logit_softcapping": 50.0})
    config = copy.deepcopy(CONFIG)
    config["models"]["student"]["path"] = str(model)
    config["finetuning"]["pocket"]["attention"] = "sdpa"
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match=r"soft-capping of models.student .*allowed: eager, flash_attention_2"):
        check_config(config, SCHEMA, "study.yaml")


def test_later_seeds_take_the_rate_that_the_first_chose():
    config = copy.deepcopy(CONFIG)
    config["finetuning"]["pocket"] |= {"learning_rates": {"low": 0.1, "high": 0.2}, "choose": "first_seed"}
    config["experiments"]["main"]["seeds"] = [5, 1]
    grid = grid_of(config)
    cell = ("easy", "low", "se", "wc")
    assert grid.learning_rates(*cell, 5) == ["low", "high"]
    assert grid.learning_rates(*cell, 1) == ["chosen"]
    assert grid.learning_rates("easy", "high", "human", "wc", 0) == ["low", "high"]
    config["finetuning"]["pocket"]["choose"] = "every_seed"
    assert grid_of(config).learning_rates(*cell, 1) == ["low", "high"]


def test_a_choice_of_another_rate_than_those_given_is_refused(tmp_path):
    write_json(tmp_path / "choice.json", {"checkpoint": "middle/checkpoint-7"})
    choice = str(tmp_path / "choice.json")
    assert read_chosen_rate(choice, "low=1e-7", "middle=5e-7") == 5e-7
    with pytest.raises(UserError, match="chose the learning rate 'middle', --rate-of has only: low=1e-7"):
        read_chosen_rate(choice, "low=1e-7")


def test_deepspeeds_configuration_follows_stage_and_offload():
    two, three = deepspeed_config("zero-2"), deepspeed_config("zero-3", "all")
    assert two["zero_optimization"]["stage"] == 2 and "offload_optimizer" not in two["zero_optimization"]
    zero = three["zero_optimization"]
    assert zero["stage"] == 3 and zero["stage3_gather_16bit_weights_on_model_save"] is True
    assert zero["offload_optimizer"]["device"] == zero["offload_param"]["device"] == "cpu"
    assert three["zero_force_ds_cpu_optimizer"] is False
    assert two["bf16"] == {"enabled": "auto"} and two["train_micro_batch_size_per_gpu"] == "auto"


def test_offloading_without_a_stage_is_refused(monkeypatch):
    with pytest.raises(UserError, match="--offload optimizer needs --deepspeed zero-2 or zero-3"):
        read_deepspeed("mine.json", "optimizer", 1)


@pytest.mark.parametrize("path", ["config/paper.yaml", "config/families/llama.yaml", "config/families/qwen.yaml"])
def test_the_shapes_add_up_to_the_published_parameter_counts(path):
    models = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))["models"]
    known = [entry for entry in models.values() if entry["path"] in PUBLISHED]
    assert len({entry["path"] for entry in known}) == 3
    for entry in known:
        assert shape_of(entry, "").parameters == pytest.approx(entry["true_parameters"], rel=2e-3)


def test_a_folders_shape_is_that_of_its_weights(tmp_path):
    from safetensors import safe_open

    for name in ("wc", "se"):
        folder = ROOT / "resources" / "pocket" / name
        with safe_open(folder / "model.safetensors", "np") as weights:
            sizes = [weights.get_slice(key).get_shape() for key in weights.keys()]  # noqa: SIM118
        matrices = sum(size[0] * size[1] for size in sizes if len(size) == 2)
        assert shape_of({"path": str(folder)}, "").parameters == matrices
    write_json(tmp_path / "config.json", {"hidden_size": 8})
    with pytest.raises(UserError, match=r"config\.json: no 'num_attention_heads'"):
        shape_of({"path": str(tmp_path)}, "")


def test_an_unknown_models_shape_is_asked_for_by_name(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError, match=r"models\.wc\.path: the shape of 'no/model' is not known here"):
        shape_of({"path": "no/model"}, "models.wc")


SMALL = Shape(layers=2, hidden=4, intermediate=8, heads=2, key_value_heads=1, head_size=2, vocabulary=10, tied=True)


def test_the_plan_divides_what_the_stage_divides():
    # 2 layers of 2 x 4 x 2 x 3 + 3 x 4 x 8 weights, 10 x 4 of the embedding: 328.
    assert SMALL.parameters == 328
    recipe = recipe_of({"precision": "bfloat16", "batch_size": 8, "micro_batch_size": 1, "max_length": 16})
    plans = {name: plan_memory(SMALL, recipe | {"deepspeed": name}, GPUS) for name in ("zero-2", "zero-3")}
    assert (plans["zero-2"].weights, plans["zero-2"].gradients, plans["zero-2"].optimizer) == (656, 82, 492)
    assert (plans["zero-3"].weights, plans["zero-3"].gradients, plans["zero-3"].optimizer) == (82, 82, 492)
    alone = plan_memory(SMALL, recipe | {"precision": "float32"}, CPU)
    assert (alone.weights, alone.gradients, alone.optimizer, alone.overhead) == (1312, 1312, 2624, 0)
    always = alone.weights + alone.gradients + alone.optimizer
    assert alone.total == always + max(alone.step, alone.activations + max(alone.loss, alone.backward))
    offloaded = plan_memory(SMALL, recipe | {"deepspeed": "zero-3", "offload": "all"}, GPUS)
    assert (offloaded.weights, offloaded.optimizer) == (0, 0) and offloaded.host > 8 * (82 + 492)


def test_checkpointing_micro_batches_and_lora_take_less():
    recipe = recipe_of({"precision": "float32", "batch_size": 8, "max_length": 64})
    shape = PUBLISHED["google/gemma-2-9b"]
    whole = plan_memory(shape, recipe, CPU).activations
    assert plan_memory(shape, recipe | {"micro_batch_size": 4}, CPU).activations == whole // 2
    assert plan_memory(shape, recipe | {"gradient_checkpointing": True}, CPU).activations < whole / 10
    lora = {"rank": 3, "targets": ["q_proj", "up_proj"]}
    assert trained_parameters(SMALL, {"lora": lora}) == 2 * 3 * ((4 + 4) + (4 + 8))
    assert plan_memory(SMALL, recipe | {"lora": lora}, CPU).optimizer == 8 * 120
    assert whole_logits(SMALL, recipe, 2) == 2 * 64 * 10 * 16


def test_the_plan_of_a_config_is_printed_for_each_of_its_targets():
    line = [sys.executable, "workflow/scripts/plan_memory.py", "--config", "config/paper.yaml"]
    done = subprocess.run([*line, "config/families/qwen.yaml"], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    rows = [text.split() for text in done.stdout.splitlines()[1:4]]
    assert [row[0] for row in rows] == ["student", "wc", "se"]
    assert [row[3:5] for row in rows] == [["zero-3", "none"], ["zero-3", "none"], ["zero-3", "optimizer"]]
    assert "% of a GPU, fits" in done.stdout
