"""Loads models: one-line errors for those that cannot be loaded, and facts that need no weights.

Heavy packages are imported where they are used.
"""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from yetbetter.errors import UserError
from yetbetter.generation.model_folder import check_model_folder, fault_of_folder, find_shards, read_shapes
from yetbetter.job import offline_variable
from yetbetter.records import shorten

# A model's own code is never run. Without this option, transformers asks on the terminal whether to run it.
OWN_CODE = {"trust_remote_code": False}
OTHER_SHAPE, MISSING = "has another shape", "is missing"


@dataclass(frozen=True)
class ModelFacts:
    """What sampling needs to know of a model, read without its weights.

    ends: ids that end a completion. context: limit of prompt and completion in tokens, 0 if unknown. vocabulary: rows
    of the embedding, which token ids must stay below.
    """

    path: str
    revision: str | None
    config: object
    tokenizer: object
    ends: list[int]
    context: int
    vocabulary: int


def read_facts(model: str, revision: str | None = None) -> ModelFacts:
    """The facts of a folder or hub id. UserError, in one line, for a model that cannot be sampled from."""
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig

    if model.startswith((".", "/", "~")) and not Path(model).is_dir():
        raise UserError(f"model {model}: no such folder")
    check_folder(model)
    with loading(model):
        whole = AutoConfig.from_pretrained(model, **OWN_CODE, revision=revision)
        tokenizer = AutoTokenizer.from_pretrained(model, **OWN_CODE, revision=revision)
    config = whole.get_text_config()
    vocabulary = getattr(config, "vocab_size", None) or 0
    if tokenizer.eos_token_id is None:
        raise UserError(f"model {model}: its tokenizer has no EOS token, so no completion could ever end")
    check_tokenizer(model, tokenizer, vocabulary)
    try:
        ends = GenerationConfig.from_pretrained(model, revision=revision).eos_token_id
    except OSError:  # not every model has that file
        ends = config.eos_token_id
    ends = {*(ends if isinstance(ends, list) else [ends])} - {None}
    if ends and tokenizer.eos_token_id not in ends:
        print(
            f"model {model}: its tokenizer ends texts with id {tokenizer.eos_token_id}, its config.json or"
            f" generation_config.json with {sorted(ends)}: is the tokenizer this model's?",
            file=sys.stderr,
        )
    ends = sorted({tokenizer.eos_token_id, *ends})
    return ModelFacts(model, revision, whole, tokenizer, ends, context_of(whole), vocabulary)


def context_of(config) -> int:
    """The longest sequence, in tokens, of a model with this config.json; 0 if it does not say."""
    return max(0, getattr(config.get_text_config(), "max_position_embeddings", None) or 0)


def check_tokenizer(model: str, tokenizer, vocabulary: int) -> None:
    """UserError for a tokenizer whose prompts would be wrong with this model, whatever their text.

    vocabulary: rows of the model's embedding, 0 if unknown.
    """
    if appends_eos(tokenizer):
        raise UserError(
            f"model {model}: its tokenizer appends EOS ({tokenizer.eos_token}) to every text, so a prompt would end"
            " before its answer; set add_eos_token to false in its tokenizer_config.json, or take EOS out of the"
            " post_processor in its tokenizer.json"
        )
    if vocabulary and (tokenizer.eos_token_id or 0) >= vocabulary:
        raise UserError(f"model {model}: {beyond(tokenizer, tokenizer.eos_token_id, vocabulary)}")


def appended_token(tokenizer) -> int | None:
    """The token that the tokenizer itself puts after every text."""
    ids, bare = tokenizer("x").input_ids, tokenizer("x", add_special_tokens=False).input_ids
    return ids[-1] if ids and bare[-1:] != ids[-1:] else None


def appends_eos(tokenizer) -> bool:
    """Whether the tokenizer itself puts EOS after every text."""
    token = appended_token(tokenizer)
    return token is not None and token == tokenizer.eos_token_id


def beyond(tokenizer, number: int, vocabulary: int) -> str:
    """What is wrong with a token id that has no row in the embedding, and what to do."""
    return (
        f"the token {tokenizer.convert_ids_to_tokens(number)!r} has id {number} in the tokenizer, the model's embedding"
        f" only ids below {vocabulary}; use the tokenizer's files that belong to the model, or enlarge the embedding"
        " (resize_token_embeddings)"
    )


def read_weights(model: str, revision: str | None, kind=None, new_head: bool = False, **options):
    """The model of a folder or hub id; to be called inside `loading`.

    kind: the class that loads it (default: AutoModelForCausalLM). new_head: the files hold another head, or none; the
    new one has random values. UserError if another tensor is missing or has not the shape that config.json asks for:
    transformers would fill it with random values.
    """
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    shown = logging.get_verbosity()
    logging.set_verbosity_error()  # its table of such tensors has many lines
    try:
        loaded, report = (kind or AutoModelForCausalLM).from_pretrained(
            model,
            revision=revision,
            use_safetensors=True,
            **OWN_CODE,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            **options,
        )
    finally:
        logging.set_verbosity(shown)
    found = {key: [item if isinstance(item, str) else item[0] for item in items] for key, items in report.items()}
    if new_head:
        inside = f"{loaded.base_model_prefix}."
        for key in ("missing_keys", "unexpected_keys"):
            found[key] = [name for name in found.get(key, ()) if name.startswith(inside)]
    for key, what in (("mismatched_keys", OTHER_SHAPE), ("missing_keys", MISSING)):
        if wrong := found.get(key):
            refuse_weights(model, wrong, what)
    if unused := found.get("unexpected_keys"):
        print(
            f"model {model}: {len(unused)} tensors of its weights are not used, such as {min(unused)}: does its"
            " config.json belong to them?",
            file=sys.stderr,
        )
    return loaded


def refuse_weights(model: str, names: list[str], what: str) -> NoReturn:
    more = f" ({len(names)} tensors in all)" if len(names) > 1 else ""
    raise UserError(
        f"model {model}: its weights do not match its config.json: {min(names)} {what}{more}; take both from one model"
    )


def check_tensors(facts: ModelFacts) -> None:
    """UserError if a folder's weights lack a tensor, or one has not the shape that its config.json asks for.

    For engines that fill a part of a tensor and do not report it. Only names and shapes are read. If transformers
    cannot build the model, or names its tensors differently than its files do, it is not checked.
    """
    folder = Path(facts.path)
    if not folder.is_dir() or getattr(facts.config, "quantization_config", None):
        return
    import torch
    from transformers import AutoModelForCausalLM

    found = {name: shape for path in find_shards(folder) for name, shape in read_shapes(path).items()}
    try:
        with torch.device("meta"):
            built = AutoModelForCausalLM.from_config(facts.config)
    except Exception:
        return
    tensors = built.state_dict(keep_vars=True)
    if not found.keys() <= tensors.keys():
        return
    other = [name for name, shape in found.items() if list(tensors[name].shape) != list(shape)]
    if other:
        refuse_weights(facts.path, other, OTHER_SHAPE)
    there = {id(tensors[name]) for name in found}  # tied tensors are one object under two names
    if missing := [name for name, tensor in tensors.items() if id(tensor) not in there]:
        refuse_weights(facts.path, missing, MISSING)


def check_folder(model: str) -> None:
    """UserError, in one line, if `model` is a folder whose files cannot be loaded; needs no package."""
    try:
        check_model_folder(model)
    except UserError as error:
        raise UserError(f"model {model}: cannot be loaded: {error}") from None


@contextlib.contextmanager
def loading(model: str) -> Iterator[None]:
    """Raise UserError if a model or tokenizer (of a folder or hub id) cannot be loaded."""
    try:
        yield
    except UserError:
        raise
    # Errors of any kind: a broken tokenizer.json raises a plain Exception, a wrong config.json value another one.
    except Exception as error:
        reason, advice = str(error).strip(), ""
        if not reason or isinstance(error, LookupError):  # a KeyError's text is the key alone
            reason = f"{type(error).__name__} {reason}".strip()
        if "trust_remote_code" in reason:
            reason = "it needs code of its own (auto_map in its config.json), which is not run here"
        if Path(model).is_dir():
            reason = fault_of_folder(Path(model)) or reason
        elif isinstance(error, OSError):
            # The other lines give advice that is useless for a job without a network.
            reason = reason.partition("\n")[0].rstrip(".")
            offline = offline_variable()
            advice = f" ({offline} is set, so only the cache is looked at)" if offline else ""
            advice += (
                "; download it where there is a network, such as the login node, into an HF_HOME that is seen from here"
                " (workflow/scripts/fetch_model.py; a gated one needs HF_TOKEN there)"
            )
        raise UserError(f"model {model}: cannot be loaded: {shorten(reason, 200)}{advice}") from error
