"""A finetuning job: the program's arguments, checked and typed, and the files that its draft holds.

Loads with the standard library and NumPy: bad input and a finished draft are reported without torch.
"""

import argparse
import dataclasses
import importlib.util
import os
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.generation.loading import check_folder
from yetbetter.generation.model_folder import HUB_NAME
from yetbetter.records import read_json
from yetbetter.training.asked import Asked, read_asked
from yetbetter.training.data import read_training_data
from yetbetter.training.deepspeed_config import STAGES, deepspeed_config
from yetbetter.training.recipe import TWO_CLASSES, Recipe, steps_of

# In a draft: what is published, the trainer's own state, and the mark of a complete state.
RESULT, STATE, COMPLETE = "result", "state", "complete.json"


@dataclasses.dataclass(frozen=True)
class Job:
    """One finetuning, as one of its processes works on it.

    model: a folder, or a name on the hub. stage: zero-2 or zero-3 where `deepspeed`, DeepSpeed's configuration, is
    ours. peak_tflops: of one device, if given. asked: what the finetuned model will be asked, if known. save_every:
    steps between states that a killed run resumes from, in addition to those of the checkpoints. rank, processes: from
    torchrun. given: the program's arguments by name, for the sidecar. chat: train in the model's chat format.
    """

    data: str
    rows: list[dict]
    model: str
    revision: str | None
    recipe: Recipe
    output: str
    drafts: str | None
    stage: str | None
    deepspeed: dict | None
    gradient_checkpointing: bool
    save_every: int | None
    log_to: str
    peak_tflops: float | None
    asked: Asked | None
    rank: int
    processes: int
    given: dict
    chat: bool = False


@dataclasses.dataclass(frozen=True)
class Plan:
    """Where a training starts and where it writes; the first process makes it, all of them follow it.

    done: whether nothing is left to train. result, state: folders of the draft. resume: the state to continue from,
    None for the base model. universal: whether another number of processes wrote that state, so that its universal
    checkpoint is read. before: "seconds", "tokens" and "processes" of the steps up to there. limited: whether a time
    limit may end the training.
    """

    done: bool
    result: Path
    state: Path
    resume: Path | None
    universal: bool
    before: dict
    limited: bool = False

    @property
    def steps_before(self) -> int:
        return step_of(self.resume) if self.resume else 0


def read_job(arguments: argparse.Namespace) -> Job:
    """The job that the arguments of finetune_model.py describe.

    Checks everything that can be checked without loading the model. Raises UserError naming the option or file.
    """
    rows, steps, labelled = None, arguments.steps, arguments.head == TWO_CLASSES
    for option in ("chat", "asked") if labelled else ():
        if getattr(arguments, option):
            raise UserError(f"--{option} is for --head language only: a head of classes answers nothing")
    if arguments.epochs is not None:
        rows = read_training_data(arguments.data, labelled)
        steps = steps_of(arguments.epochs, len(rows), arguments.batch_size, arguments.checkpoints)
    given = vars(arguments) | {"steps": steps}
    recipe = Recipe(**{key.name: given[key.name] for key in dataclasses.fields(Recipe)})
    rank, processes = process_numbers()
    recipe.split_batch(processes)
    if arguments.save_every is not None and arguments.save_every < 1:
        raise UserError(f"--save-every is {arguments.save_every}, allowed: 1 or more")
    deepspeed = read_deepspeed(arguments.deepspeed, arguments.offload, processes)
    check_model_path(arguments.model)
    check_folder(arguments.model)
    for package in needed_packages(recipe, deepspeed, arguments.log_to):
        if importlib.util.find_spec(package) is None:
            raise UserError(f"the package {package} is not installed, which the given options need")
    return Job(
        data=arguments.data,
        rows=read_training_data(arguments.data, labelled) if rows is None else rows,
        model=arguments.model,
        revision=arguments.revision,
        recipe=recipe,
        output=arguments.output,
        drafts=arguments.drafts,
        stage=arguments.deepspeed if arguments.deepspeed in STAGES else None,
        deepspeed=deepspeed,
        gradient_checkpointing=arguments.gradient_checkpointing,
        save_every=arguments.save_every,
        log_to=arguments.log_to,
        peak_tflops=arguments.peak_tflops,
        asked=read_asked(arguments.asked, arguments.asked_prompt, arguments.asked_tokens),
        rank=rank,
        processes=processes,
        given=given,
        chat=arguments.chat,
    )


def needed_packages(recipe: Recipe, deepspeed: dict | None, log_to: str) -> list[str]:
    """Packages, in addition to the trainer's own, that the chosen options need."""
    needed = {
        "deepspeed": deepspeed is not None,
        "peft": recipe.lora_rank is not None,
        "liger_kernel": recipe.fused_loss,
        "tensorboard": log_to == "tensorboard",
        "wandb": log_to == "wandb",
    }
    return [package for package, used in needed.items() if used]


def check_model_path(model: str) -> None:
    """UserError if `model` can be neither a folder nor a model's name on the hub."""
    if not Path(model).is_dir() and not HUB_NAME.fullmatch(model):
        raise UserError(f"{model}: no such folder, nor a model's name on the hub (owner/name)")


def process_numbers() -> tuple[int, int]:
    """(this process's rank, number of processes), from torchrun; (0, 1) without it."""
    numbers = []
    for name, alone in (("RANK", "0"), ("WORLD_SIZE", "1")):
        value = os.environ.get(name, alone)
        if not value.isdigit():
            raise UserError(f"the environment variable {name} is {value!r}, torchrun sets it to a number; unset it")
        numbers.append(int(value))
    return numbers[0], numbers[1]


def read_deepspeed(path: str | None, offload: str, processes: int) -> dict | None:
    """DeepSpeed's configuration, or None without DeepSpeed.

    path: zero-2, zero-3, or a configuration file. Raises UserError if it contradicts `offload` or how the program was
    started.
    """
    if offload != "none" and path not in STAGES:
        raise UserError(f"--offload {offload} needs --deepspeed zero-2 or zero-3")
    if path is None:
        if processes > 1:
            raise UserError(f"{processes} processes need a --deepspeed configuration")
        return None
    if "RANK" not in os.environ:
        raise UserError("--deepspeed needs torchrun, be it with one process")
    if path in STAGES:
        return deepspeed_config(path, offload)
    config = read_json(path)
    zero, gather = config.get("zero_optimization", {}), "stage3_gather_16bit_weights_on_model_save"
    if zero.get("stage") == 3 and not zero.get(gather):
        raise UserError(f"{path}: {gather} must be true, or the checkpoints hold no weights")
    return config


def saved_states(folder: Path) -> list[Path]:
    """The trainer's complete states in `folder`, in the order of their steps."""
    return sorted((mark.parent for mark in folder.glob(f"checkpoint-*/{COMPLETE}")), key=step_of)


def step_of(state: Path) -> int:
    """The optimizer step after which a state was saved."""
    return int(state.name.rpartition("-")[2])
