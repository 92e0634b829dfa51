"""How a finetuning is launched: its resources, and the command and options that a config's recipe becomes.

A key that a recipe does not name is not passed to finetune_model.py: the program's own default applies, and commands,
params and drafts of a study stay what they were before the key existed.
"""

import shlex

from yetbetter.cluster.environments import tell_gpus

# Keys whose options shape the weights, and keys that only say how the work is done: changing those retrains nothing.
SHAPING = ("micro_batch_size", "warmup_fraction", "scheduler", "weight_decay", "max_gradient_norm", "attention")
WORKING = ("deepspeed", "offload", "save_every", "log_to")


def resources_of(entry: dict, recipe: dict) -> dict:
    """What a model's finetuning asks of the scheduler, per node."""
    return entry["resources"] | recipe["resources"]


def gpu_model_of(asked: dict) -> str | None:
    """The scheduler's name for the GPUs that these resources ask for; None if any will do, or none is asked for."""
    return asked.get("gpu_model") if asked.get("gpu") else None


def training_options(recipe: dict) -> str:
    """Options of finetune_model.py that a recipe names and that shape the weights, each with a space before it."""
    words = [f"{option(key)} {recipe[key]}" for key in SHAPING if key in recipe]
    lora = recipe.get("lora", {})
    words += [f"--lora-{key} {lora[key]}" for key in ("rank", "alpha", "dropout") if key in lora]
    if "targets" in lora:
        words.append(f"--lora-targets {shlex.quote(','.join(lora['targets']))}")
    words += [option(key) for key in ("packing", "fused_loss") if recipe[key]]
    return "".join(f" {word}" for word in words)


def working_options(recipe: dict) -> str:
    """Options of finetune_model.py that a recipe names and that affect only floating-point rounding."""
    words = [f"{option(key)} {recipe[key]}" for key in WORKING if recipe.get(key, "none") != "none"]
    words += [option("gradient_checkpointing")] if recipe["gradient_checkpointing"] else []
    return "".join(f" {word}" for word in words)


def option(key: str) -> str:
    return "--" + key.replace("_", "-")


def length_option(recipe: dict, budget: str) -> str:
    """The option for the length of training under a budget."""
    length = recipe["length"]
    return f"--{length} {recipe[length][budget]}"


def launch(entry: dict, recipe: dict, python: str = "python") -> dict:
    """How a model's finetuning is started: the command before the program's name, processes on a node, further options.

    python: the command of the Python that holds the trainer. With DeepSpeed, torchrun starts one process per GPU; a
    single process without DeepSpeed is started directly, which saves 2 CPU seconds. Over several nodes the command
    runs on the job's first node, where srun starts torchrun on each of them; the first node is their meeting point.
    """
    asked = resources_of(entry, recipe)
    processes, nodes = max(1, asked["gpu"]), asked["nodes"]
    command = python
    if recipe["deepspeed"] != "none":
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
