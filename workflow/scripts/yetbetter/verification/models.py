"""Loads verifiers: checkpoint folders of finetune_model.py, in one-line errors for folders that hold none."""

from pathlib import Path

import torch

from yetbetter.errors import UserError
from yetbetter.generation.loading import (
    MISSING,
    OTHER_SHAPE,
    OWN_CODE,
    ModelFacts,
    loading,
    read_facts,
    read_weights,
    refuse_weights,
)
from yetbetter.generation.model_folder import find_shards, read_shapes
from yetbetter.verification.prompts import GENERATIVE

CLASSES = 2  # wrong and right


def read_verifier_facts(folder: str, kind: str) -> ModelFacts:
    """What scoring needs to know of a verifier before its weights are read.

    UserError for a folder without a model, or with one of another kind.
    """
    if not Path(folder).is_dir():
        raise UserError(f"verifier {folder}: no such folder")
    facts = read_facts(folder)
    classes = any(name.endswith("ForTokenClassification") for name in facts.config.architectures or ())
    if classes and kind == GENERATIVE:
        raise UserError(f"verifier {folder}: a model that classifies tokens, --kind {kind} needs a language model")
    if not classes and kind != GENERATIVE:
        raise UserError(f"verifier {folder}: a language model, --kind {kind} needs one trained with --head classes")
    if classes and facts.config.num_labels != CLASSES:
        raise UserError(f"verifier {folder}: {facts.config.num_labels} classes, a verifier has {CLASSES}")
    return facts


def count_parameters(folder: str) -> int:
    """The numbers in the folder's weights; a tensor that layers share is stored once."""
    total = 0
    for path in find_shards(Path(folder)):
        for shape in read_shapes(path).values():
            size = 1
            for length in shape:
                size *= length
            total += size
    return total


def load_verifier(facts: ModelFacts, kind: str, precision: str):
    """The model, on the GPU if there is one. precision: float32 or bfloat16."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    options = {"dtype": getattr(torch, precision), "config": facts.config}
    # Only this attention computes the soft caps of Gemma 2.
    if getattr(facts.config.get_text_config(), "attn_logit_softcapping", None):
        options["attn_implementation"] = "eager"
    with loading(facts.path):
        if kind == GENERATIVE:
            model = read_weights(facts.path, None, **options)
        else:
            model = read_classifier(facts.path, **options)
        return model.eval().to("cuda" if torch.cuda.is_available() else "cpu")


def read_classifier(folder: str, **options):
    """The token-classification model of a folder; to be called inside `loading`.

    UserError if a tensor is missing or has another shape than config.json asks for.
    """
    from transformers import AutoModelForTokenClassification
    from transformers.utils import logging

    shown = logging.get_verbosity()
    logging.set_verbosity_error()  # its table of such tensors has many lines
    try:
        loaded, report = AutoModelForTokenClassification.from_pretrained(
            folder,
            use_safetensors=True,
            **OWN_CODE,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            **options,
        )
    finally:
        logging.set_verbosity(shown)
    for kind, what in (("mismatched_keys", OTHER_SHAPE), ("missing_keys", MISSING)):
        if wrong := report.get(kind):
            refuse_weights(folder, [item if isinstance(item, str) else item[0] for item in wrong], what)
    return loaded
