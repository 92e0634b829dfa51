"""A config's finetuning recipes: what of them cannot be, their options for finetune_model.py, how it is started.

A key that a recipe does not name is not passed either: the program's own default holds, and commands, params and drafts
of a study stay what they were before the key existed.
"""

import shlex
from collections.abc import Iterable

from yetbetter.cluster.environments import tell_gpus
from yetbetter.errors import UserError
from yetbetter.training.shapes import is_soft_capped

# A folder beside those of the learning rates: the model trained with the rate that the first seed's validation chose.
CHOSEN = "chosen"
# Keys whose options shape the weights, and those that only say how the work is done: changing these retrains nothing.
SHAPING = ("micro_batch_size", "warmup_fraction", "scheduler", "weight_decay", "max_gradient_norm", "attention")
WORKING = ("deepspeed", "offload", "save_every", "log_to")
RESOURCES = {"cpus": 1, "mem_mb": 3000, "runtime": 60, "gpu": 0, "nodes": 1}


def rates_chosen(choices: Iterable[tuple[tuple, str]]) -> dict[tuple, str]:
    """The learning rate that CHOSEN stands for, by what a finetuning's seeds share.

    choices: that, and the chosen checkpoint as RATE/NAME, of all seeds.
    """
    rates: dict[tuple, str] = {}
    for group, checkpoint in choices:
        rate = checkpoint.partition("/")[0]
        if rate != CHOSEN:
            rates.setdefault(group, rate)
    return rates


def resources_of(entry: dict, recipe: dict) -> dict:
    """What a model's finetuning asks of the scheduler, per node."""
    return RESOURCES | entry.get("resources", {}) | recipe.get("resources", {})


def gpu_model_of(asked: dict) -> str | None:
    """The scheduler's name for the GPUs that these resources ask for; None where any will do, or none is asked for."""
    return asked.get("gpu_model") if asked.get("gpu") else None


def training_options(recipe: dict) -> str:
    """Options of finetune_model.py that a recipe names and that shape the weights, each with a space before it."""
    words = [f"{option(key)} {recipe[key]}" for key in SHAPING if key in recipe]
    lora = recipe.get("lora", {})
    words += [f"--lora-{key} {lora[key]}" for key in ("rank", "alpha", "dropout") if key in lora]
    if "targets" in lora:
        words.append(f"--lora-targets {shlex.quote(','.join(lora['targets']))}")
    words += [option(key) for key in ("packing", "fused_loss") if recipe.get(key)]
    return "".join(f" {word}" for word in words)


def working_options(recipe: dict) -> str:
    """Those that shape nothing but a sum's last digits."""
    words = [f"{option(key)} {recipe[key]}" for key in WORKING if recipe.get(key, "none") != "none"]
    words += [option("gradient_checkpointing")] if recipe.get("gradient_checkpointing") else []
    return "".join(f" {word}" for word in words)


def option(key: str) -> str:
    return "--" + key.replace("_", "-")


def length_option(recipe: dict, budget: str) -> str:
    """How long training lasts under a budget."""
    length = recipe.get("length", "steps")
    return f"--{length} {recipe[length][budget]}"


def launch(entry: dict, recipe: dict, python: str = "python") -> dict:
    """How a model's finetuning is started: the command before the program's name, processes on a node, further options.

    python: the command of the Python that holds the trainer. torchrun starts one process per GPU and belongs to
    DeepSpeed; a single process without it starts 2 CPU seconds sooner as it is. Over several nodes the command runs on
    the job's first one, which starts torchrun on each (`on_several_nodes` of the rules); there they meet.
    """
    asked = resources_of(entry, recipe)
    processes, nodes = max(1, asked["gpu"]), asked["nodes"]
    command = python
    if recipe.get("deepspeed", "none") != "none":
        command = f"{python} -m torch.distributed.run --nproc-per-node {processes}"
        if nodes == 1:
            command += " --standalone"
        else:
            command = (
                f"srun --overlap --nodes {nodes} --ntasks {nodes} --ntasks-per-node 1"
                f" --cpus-per-task {asked['cpus']} --gpus-per-node {asked['gpu']}"
                f" {command} --nnodes {nodes} --rdzv-backend c10d --rdzv-id $SLURM_JOB_ID"
                ' --rdzv-endpoint "$(hostname):$((20000 + SLURM_JOB_ID % 20000))"'
            )
    command = tell_gpus(asked["gpu"]) + command
    return {"command": command, "processes": processes, "options": working_options(recipe)}


def check_recipe(key: str, recipe: dict) -> None:
    """UserError, starting with the recipe's `key`, where its settings contradict each other."""
    length = recipe.get("length", "steps")
    other = {"steps": "epochs", "epochs": "steps"}[length]
    if length not in recipe:
        raise UserError(f"{key}: missing key {length!r}, which length: {length} needs")
    if other in recipe:
        raise UserError(f"{key}.{other}: goes with length: {other}, it is {length!r}")
    if CHOSEN in recipe["learning_rates"]:
        raise UserError(f"{key}.learning_rates: the name {CHOSEN!r} is taken, for what the first seed chose")
    deepspeed, offload = recipe.get("deepspeed", "none"), recipe.get("offload", "none")
    if offload != "none" and deepspeed == "none":
        raise UserError(f"{key}.offload: {offload!r} needs deepspeed (zero-2 or zero-3), it is 'none'")
    if offload == "all" and deepspeed != "zero-3":
        raise UserError(f"{key}.offload: 'all' needs deepspeed: zero-3, it is {deepspeed!r} (allowed: none, optimizer)")


def check_target(key: str, model_key: str, entry: dict, recipe: dict) -> None:
    """UserError where a recipe does not suit a model that it finetunes, or the GPUs that it is given."""
    if recipe.get("attention") == "sdpa" and is_soft_capped(entry):
        raise UserError(
            f"{key}.attention: 'sdpa' leaves out the soft-capping of {model_key} (allowed: eager, flash_attention_2)"
        )
    asked = resources_of(entry, recipe)
    deepspeed = recipe.get("deepspeed", "none")
    if asked["nodes"] > 1 and not asked["gpu"]:
        raise UserError(
            f"{key}.resources.nodes: {asked['nodes']}, but {model_key} is finetuned without GPUs (allowed: 1)"
        )
    processes = max(1, asked["gpu"]) * asked["nodes"]
    if processes > 1 and deepspeed == "none":
        raise UserError(
            f"{key}.deepspeed: 'none' trains on one GPU, {model_key} has {processes}"
            " (allowed: zero-2, zero-3; or resources: {gpu: 1} in the recipe)"
        )
    if deepspeed != "none" and not asked["gpu"] and recipe["precision"] != "float32":
        raise UserError(f"{key}.precision: {recipe['precision']!r} with deepspeed needs GPUs, {model_key} has none")
    if recipe.get("fused_loss") and not asked["gpu"]:
        raise UserError(f"{key}.fused_loss: needs a GPU, {model_key} has none (resources.gpu)")
    together = processes * recipe.get("micro_batch_size", 1)
    if recipe["batch_size"] % together:
        parts = f"{processes} processes x micro_batch_size {recipe.get('micro_batch_size', 1)}"
        raise UserError(f"{key}.batch_size: {recipe['batch_size']}, allowed: multiples of {together} ({parts})")


def check_length(key: str, recipe: dict, budgets: list[str]) -> None:
    """UserError where a budget has no length, or fewer steps than checkpoints."""
    length = recipe.get("length", "steps")
    for budget in budgets:
        if budget not in recipe[length]:
            raise UserError(f"{key}.{length}: no {budget!r} (has: {', '.join(recipe[length])})")
        if length == "steps" and recipe["steps"][budget] < recipe["checkpoints"]:
            steps = recipe["steps"][budget]
            raise UserError(f"{key}.checkpoints: {recipe['checkpoints']}, but {budget} has only {steps} steps")


def check_packing(key: str, recipe: dict, sources: list[str]) -> None:
    """UserError where packed arms would be compared: their steps would hold different numbers of examples."""
    if recipe.get("packing") and len(sources) > 1:
        raise UserError(
            f"{key}.packing: true, but its targets compare {' and '.join(sources)}, whose packed steps would hold"
            " different numbers of examples (allowed: false)"
        )
