"""A head of classes on a model in training: how it is loaded, and its first weights."""

import torch
from transformers import AutoModelForTokenClassification

from yetbetter.errors import UserError
from yetbetter.generation.classifier import head_names, holds_classes, with_classes
from yetbetter.generation.loading import read_weights
from yetbetter.identity import stream_seed
from yetbetter.training.checkpoints import gathered
from yetbetter.training.recipe import names_layer


def read_for_classes(model: str, config, seed: int, **options):
    """A model with a head of two classes; to be called inside `loading`.

    config: the folder's. The head's first weights come from `seed`; a folder that has such a head keeps its own.
    """
    trained = holds_classes(config.architectures)
    config = with_classes(model, config)
    loaded = read_weights(model, kind=AutoModelForTokenClassification, new_head=not trained, config=config, **options)
    if not trained:
        begin_head(loaded, seed)
    return loaded


@torch.no_grad()
def begin_head(model, seed: int) -> None:
    """Give the head its first weights, as transformers draws them, but from a seed; biases are 0."""
    generator = torch.Generator().manual_seed(stream_seed("head", seed) % 2**31)
    scale = getattr(model.config.get_text_config(), "initializer_range", None) or 0.02
    for name in head_names(model):
        for parameter in model.get_submodule(name).parameters():
            with gathered(parameter, change=True):
                values = torch.zeros(parameter.shape)
                if parameter.dim() > 1:
                    values.normal_(0.0, scale, generator=generator)
                parameter.copy_(values)


def lora_of_head(model, targets: list[str] | str) -> dict:
    """Settings of LoRA with which the head is trained in full; UserError for a target that names it."""
    names = head_names(model)
    for target in targets if isinstance(targets, list) else ():
        if names_layer(target, *names):
            raise UserError(f"--lora-targets: {target!r} is the head of classes, which is trained in full")
    return {"task_type": "TOKEN_CLS", "modules_to_save": names, "exclude_modules": names}
