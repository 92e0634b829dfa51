"""Supervised finetuning, around the trainer: the draft, and the folder that is published.

Nothing here imports torch when the module loads, so bad input and a finished draft are answered at
once. The trainer is in `training_loop`, imported when there is something to train.
"""

import argparse
import dataclasses
import gc
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yetbetter.drafts import Draft, link_or_copy, open_draft
from yetbetter.errors import UserError
from yetbetter.identity import model_identity
from yetbetter.program import write_sidecar
from yetbetter.records import digest_of, read_json, write_json, write_rows
from yetbetter.training.data import read_training_data
from yetbetter.training.deepspeed_config import STAGES, deepspeed_config
from yetbetter.training.recipe import Recipe, steps_of
from yetbetter.training.resharding import make_universal
from yetbetter.training.weights import check_files
from yetbetter.versions import TRAINING_VERSION

# In a draft: what is published, the trainer's own state, and the mark of a state that is whole.
RESULT, STATE, COMPLETE = "result", "state", "complete.json"
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


@dataclasses.dataclass(frozen=True)
class Job:
    """What one of the launched processes works on; rank and number as torchrun tells them."""

    arguments: argparse.Namespace
    recipe: Recipe
    rows: list[dict]
    deepspeed: dict | None  # the content of its configuration file
    rank: int
    processes: int


def finetune(arguments: argparse.Namespace) -> None:
    """Train as the program's arguments say, or continue a killed run, or publish a finished one.

    Raises UserError for bad input, where it can before any heavy import.
    """
    job = read_job(arguments)
    if job.rank > 0:  # takes part in the training, in the folder that the first process names
        if job.rows:
            with load_trainer(job) as training_loop:
                training_loop.run(job, plan=None)
        return
    settings = job.recipe.settings() | {
        "model": model_identity(arguments.model, arguments.revision),
        "data": digest_of(arguments.data),
        "deepspeed": job.deepspeed,
        "version": TRAINING_VERSION,
    }
    with open_draft(arguments.output, settings, arguments.drafts) as draft:
        if draft.sealed:
            print(f"{arguments.output}: finished before, published again", file=sys.stderr)
        fill_draft(draft, job, settings)
        draft.publish({RESULT: arguments.output})


def read_job(arguments: argparse.Namespace) -> Job:
    """The job that the arguments describe, everything checked that can be without the model."""
    rows = None
    if arguments.epochs is not None:
        rows = read_training_data(arguments.data)
        arguments.steps = steps_of(arguments.epochs, len(rows), arguments.batch_size, arguments.checkpoints)
    recipe = Recipe(**{key.name: getattr(arguments, key.name) for key in dataclasses.fields(Recipe)})
    processes = int(os.environ.get("WORLD_SIZE", 1))
    recipe.split_batch(processes)
    if arguments.save_every is not None and arguments.save_every < 1:
        raise UserError(f"--save-every is {arguments.save_every}, allowed: 1 or more")
    deepspeed = read_deepspeed(arguments, processes)
    check_model(arguments.model)
    for package in packages_of(arguments):
        if importlib.util.find_spec(package) is None:
            raise UserError(f"the package {package} is not installed, which the given options need")
    rows = read_training_data(arguments.data) if rows is None else rows
    return Job(arguments, recipe, rows, deepspeed, int(os.environ.get("RANK", 0)), processes)


def packages_of(arguments: argparse.Namespace) -> set[str]:
    """Packages, beyond the trainer's own, that the chosen options need."""
    needed = {
        "deepspeed": arguments.deepspeed,
        "peft": arguments.lora_rank,
        "liger_kernel": arguments.fused_loss,
        "tensorboard": arguments.log_to == "tensorboard",
        "wandb": arguments.log_to == "wandb",
    }
    return {package for package, used in needed.items() if used}


def check_model(model: str) -> None:
    """UserError where `model` can be neither a model folder nor a model's name on the hub."""
    folder = Path(model)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise UserError(f"{model}: no config.json in this folder, so it holds no model")
    elif not HUB_NAME.fullmatch(model):
        raise UserError(f"{model}: no such folder, nor a model's name on the hub (owner/name)")


def read_deepspeed(arguments: argparse.Namespace, processes: int) -> dict | None:
    """DeepSpeed's configuration; UserError where it does not fit how the program was started."""
    path = arguments.deepspeed
    if arguments.offload != "none" and path not in STAGES:
        raise UserError(f"--offload {arguments.offload} needs --deepspeed zero-2 or zero-3")
    if path is None:
        if processes > 1:
            raise UserError(f"{processes} processes need a --deepspeed configuration")
        return None
    if "RANK" not in os.environ:
        raise UserError("--deepspeed needs torchrun, be it with one process")
    if path in STAGES:
        return deepspeed_config(path, arguments.offload)
    config = read_json(path)
    zero, gather = config.get("zero_optimization", {}), "stage3_gather_16bit_weights_on_model_save"
    if zero.get("stage") == 3 and not zero.get(gather):
        raise UserError(f"{path}: {gather} must be true, or the checkpoints hold no weights")
    return config


def fill_draft(draft: Draft, job: Job, settings: dict) -> None:
    """Fill the draft's result folder and seal it; without examples it holds the base model."""
    result, state = draft.folder / RESULT, draft.folder / STATE
    plan = make_plan(draft, job)
    # Other processes wait to be told, also that there is nothing to do.
    if job.rows and (job.processes > 1 or not plan["done"]):
        begun, steps = plan["begun"], job.recipe.steps
        if not plan["done"]:
            draft.stop_if_due(begun, begun, steps, "steps")
            plan["limited"] = draft.limit.exists
        with load_trainer(job) as training_loop:
            training_loop.run(job, plan, draft.limit)
        whole = saved_states(state)
        if not draft.sealed and step_of(whole[-1]) < steps:
            draft.stop(step_of(whole[-1]), begun, steps, "steps")
    if draft.sealed:
        return
    if job.rows:
        facts = collect_facts(state / f"checkpoint-{job.recipe.steps}", result)
    else:
        facts = copy_base_model(job, result)
    shutil.rmtree(state, ignore_errors=True)
    for checkpoint in sorted(result.glob("checkpoint-*")):
        check_files(checkpoint)
    facts |= {"model_identity": settings["model"], "data_digest": settings["data"]}
    if job.arguments.deepspeed in STAGES:
        write_json(result / "deepspeed.json", job.deepspeed)
    write_sidecar(result / "about.json", job.arguments, **facts)
    draft.seal()


def make_plan(draft: Draft, job: Job) -> dict:
    """Where to train and which state to continue; states left half-written are deleted."""
    state, steps = draft.folder / STATE, job.recipe.steps
    whole = saved_states(state)
    for folder in set(state.glob("checkpoint-*")) - set(whole):
        shutil.rmtree(folder)
    last = whole[-1] if whole else None
    before = read_json(last / COMPLETE) if last else {"seconds": 0, "tokens": 0, "processes": job.processes}
    done = draft.sealed or (last is not None and step_of(last) == steps)
    other = before["processes"] != job.processes and not done
    if last:
        written = f", which {before['processes']} processes wrote" if other else ""
        print(f"continuing after step {step_of(last)} of {steps}{written}", file=sys.stderr)
    if other:
        make_universal(last, before["processes"], job.processes, job.deepspeed, job.recipe.weight_decay)
    return {
        "done": done,
        "result": str(draft.folder / RESULT),
        "state": str(state),
        "resume": str(last) if last else None,
        "universal": other,
        "before": before,
        "begun": step_of(last) if last else 0,
        "limited": False,  # whether a time limit may end it
    }


def saved_states(folder: Path) -> list[Path]:
    """The trainer's whole states, in the order of their steps."""
    return sorted((mark.parent for mark in folder.glob(f"checkpoint-*/{COMPLETE}")), key=step_of)


def step_of(state: Path) -> int:
    return int(state.name.rpartition("-")[2])


def collect_facts(last: Path, result: Path) -> dict:
    """Write training.jsonl and timing.jsonl from the last state's log; the rest of the state goes to the sidecar.

    What depends on the machine is in timing.jsonl alone, so that equal calls give an equal training.jsonl.
    """
    keys = ("step", "loss", "learning_rate", "completion_tokens")
    log = [row for row in read_json(last / "trainer_state.json")["log_history"] if "loss" in row]
    write_rows(result / "training.jsonl", ({key: row[key] for key in keys} for row in log))
    facts = read_json(last / COMPLETE)
    write_rows(result / "timing.jsonl", (timing_of(row, facts) for row in log))
    facts["completion_tokens"] = sum(row["completion_tokens"] for row in log)
    return facts | {"tokens_per_second": facts["tokens"] / facts["seconds"]}


def timing_of(row: dict, facts: dict) -> dict:
    """A step's seconds and tokens, prompts included, and the share of the devices' peak that they come to.

    Model FLOPs: six for every parameter and token (forward and backward pass). On a CPU, and on a device whose peak is
    not known, the utilisation is null.
    """
    rate = row["tokens"] / row["seconds"]
    peak = facts["peak_flops"]
    utilisation = peak and 6 * facts["parameters"] * rate / peak
    timing = {key: row[key] for key in ("step", "seconds", "tokens")}
    return timing | {"tokens_per_second": rate, "flops_utilisation": utilisation}


def copy_base_model(job: Job, result: Path) -> dict:
    """Make every checkpoint the base model, in the precision that a trained one would have."""
    no_examples = f"{job.arguments.data}: no examples, every checkpoint is the base model itself"
    print(no_examples, file=sys.stderr)
    shutil.rmtree(result, ignore_errors=True)
    first = result / "checkpoint-1"
    with load_trainer(job) as training_loop:
        training_loop.save_base_model(job, first)
    for number in range(2, 1 + job.recipe.checkpoints):
        shutil.copytree(first, result / f"checkpoint-{number}", copy_function=link_or_copy)
    for name in ("training.jsonl", "timing.jsonl"):
        write_rows(result / name, [])
    nothing = dict.fromkeys(("examples", "epochs", "seconds", "tokens", "completion_tokens"), 0)
    return nothing | {"kept_out": [], "processes": job.processes}


@contextmanager
def load_trainer(job: Job) -> Iterator:
    """The module `training_loop`, without the packages that it would load and not use.

    A package that is None in `sys.modules` counts as not installed; otherwise Accelerate and TRL
    import what they find. The garbage collector stands still meanwhile: what an import makes stays,
    and looking through it again and again takes a quarter of the time.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    hidden = {"peft", "wandb", "deepspeed"} - packages_of(job.arguments) - sys.modules.keys()
    if "transformers" in sys.modules:  # it has looked for them already, and counts on what it found
        hidden = set()
    sys.modules.update(dict.fromkeys(hidden))
    gc.disable()
    try:
        from yetbetter.training import loop as training_loop

        gc.freeze()
        gc.enable()
        yield training_loop
    finally:
        gc.enable()
        for name in hidden:
            del sys.modules[name]
