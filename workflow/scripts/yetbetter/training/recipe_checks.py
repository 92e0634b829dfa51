"""Checks of a config's finetuning recipes that the schema cannot make: in themselves, and for their models.

Each raises a UserError in one line that starts with the key.
"""

from yetbetter.errors import UserError
from yetbetter.training.launch import resources_of
from yetbetter.training.learning_rates import CHOSEN
from yetbetter.training.recipe import IS_LAST, IS_TIED, LAST, names_layer
from yetbetter.training.shapes import is_soft_capped, is_tied

EMBEDDINGS = ("embed_tokens", "wte", "embed_in", "word_embeddings")  # names of a model's first layer


def check_recipe(key: str, recipe: dict) -> None:
    """UserError, starting with the recipe's `key`, if its settings contradict each other."""
    length = recipe["length"]
    other = {"steps": "epochs", "epochs": "steps"}[length]
    if length not in recipe:
        raise UserError(f"{key}: missing key {length!r}, which length: {length} needs")
    if other in recipe:
        raise UserError(f"{key}.{other}: goes with length: {other}, it is {length!r}")
    if CHOSEN in recipe["learning_rates"]:
        raise UserError(f"{key}.learning_rates: the name {CHOSEN!r} is taken, for what the first seed chose")
    for target in recipe.get("lora", {}).get("targets", ()):
        if names_layer(target, LAST):
            raise UserError(f"{key}.lora.targets: {target!r} is {IS_LAST}")
    deepspeed, offload = recipe["deepspeed"], recipe["offload"]
    if offload != "none" and deepspeed == "none":
        raise UserError(f"{key}.offload: {offload!r} needs deepspeed (zero-2 or zero-3), it is 'none'")
    if offload == "all" and deepspeed != "zero-3":
        raise UserError(f"{key}.offload: 'all' needs deepspeed: zero-3, it is {deepspeed!r} (allowed: none, optimizer)")


def check_recipe_for(key: str, model_key: str, entry: dict, recipe: dict) -> None:
    """UserError if a recipe does not suit a model that it finetunes, or the GPUs that the model is given."""
    if recipe.get("attention") == "sdpa" and is_soft_capped(entry):
        raise UserError(
            f"{key}.attention: 'sdpa' leaves out the soft-capping of {model_key} (allowed: eager, flash_attention_2)"
        )
    for target in recipe.get("lora", {}).get("targets", ()):
        if names_layer(target, *EMBEDDINGS) and is_tied(entry):
            raise UserError(f"{key}.lora.targets: {target!r}, of {model_key}, is {IS_TIED}")
    asked = resources_of(entry, recipe)
    deepspeed = recipe["deepspeed"]
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
    if recipe["fused_loss"] and not asked["gpu"]:
        raise UserError(f"{key}.fused_loss: needs a GPU, {model_key} has none (resources.gpu)")
    together = processes * recipe.get("micro_batch_size", 1)
    if recipe["batch_size"] % together:
        parts = f"{processes} processes x micro_batch_size {recipe.get('micro_batch_size', 1)}"
        raise UserError(f"{key}.batch_size: {recipe['batch_size']}, allowed: multiples of {together} ({parts})")


def check_length(key: str, recipe: dict, budgets: list[str]) -> None:
    """UserError if a budget has no length, or fewer steps than checkpoints."""
    length = recipe["length"]
    for budget in budgets:
        if budget not in recipe[length]:
            raise UserError(f"{key}.{length}: no {budget!r} (has: {', '.join(recipe[length])})")
        if length == "steps" and recipe["steps"][budget] < recipe["checkpoints"]:
            steps = recipe["steps"][budget]
            raise UserError(f"{key}.checkpoints: {recipe['checkpoints']}, but {budget} has only {steps} steps")


def check_packed_sources(key: str, recipe: dict, sources: list[str]) -> None:
    """UserError if packed arms would be compared: their steps would hold different numbers of examples."""
    if recipe["packing"] and len(sources) > 1:
        raise UserError(
            f"{key}.packing: true, but its targets compare {' and '.join(sources)}, whose packed steps would hold"
            " different numbers of examples (allowed: false)"
        )
