"""Supervised finetuning, inside the trainer: TRL's SFTTrainer, its checkpoints, its processes.

Importing this module imports torch, transformers and TRL.
"""

import json
import math
import os
import shutil
import sys
import time
from pathlib import Path

import torch
import transformers
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from datasets import Dataset
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

from yetbetter.drafts import link_or_copy
from yetbetter.errors import UserError
from yetbetter.identity import stream_seed
from yetbetter.program import Progress
from yetbetter.records import write_json
from yetbetter.training import COMPLETE, Job, saved_states
from yetbetter.training_data import encode_examples

# The plain part of a trainer's state: weights, configuration, tokenizer; no optimizer, no pickle.
PLAIN_FILES = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt")
SCHEDULERS = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def run(job: Job, plan: dict | None) -> None:
    """Train as `training.make_plan` says; the first process gives the plan, the others None.

    On return the state of the last step and all checkpoints are on disk.
    """
    transformers.utils.logging.disable_progress_bar()
    config = trainer_config(job)
    plan = broadcast_object_list([plan])[0]
    if not plan["done"]:
        config.output_dir = plan["state"]
        train(job, config, plan)
    PartialState().destroy_process_group()


def train(job: Job, config: SFTConfig, plan: dict) -> None:
    """Train from the plan's state, or from the base model, to the last step."""
    tokenizer, model = load_base_model(job)
    path, limit = job.arguments.data, job.recipe.max_length
    columns, kept_out = encode_examples(job.rows, tokenizer, limit, path)
    data = Dataset.from_dict(columns)
    facts = {"examples": len(data), "kept_out": kept_out}
    if kept_out and job.rank == 0:
        number = f"{len(kept_out)} of {len(job.rows)} examples"
        reasons = ", ".join(sorted({row["reason"] for row in kept_out}))
        print(f"{path}: {number} kept out ({reasons})", file=sys.stderr)
    keeper = Keeper(job, plan, facts)
    trainer = Trainer(model, config, None, data, processing_class=tokenizer, callbacks=[keeper])
    if len(trainer.train_dataset) != len(data):
        raise UserError(f"{path}: the trainer took {len(trainer.train_dataset)} of {len(data)} rows")
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train(resume_from_checkpoint=plan["resume"])


class Trainer(SFTTrainer):
    """TRL's trainer, logging each step's completion tokens and writing no model cards."""

    step_tokens = 0

    def training_step(self, model, inputs, num_items_in_batch=None):
        # The trainer counts them for the loss, over all processes and passes of the step.
        self.step_tokens = int(num_items_in_batch)
        return super().training_step(model, inputs, num_items_in_batch)

    def log(self, logs, *args, **kwargs):
        super().log(logs | {"completion_tokens": self.step_tokens}, *args, **kwargs)

    def create_model_card(self, *args, **kwargs):
        pass


class Keeper(transformers.TrainerCallback):
    """Takes the checkpoints, marks the trainer's states as whole, shows the progress line."""

    def __init__(self, job: Job, plan: dict, facts: dict):
        self.recipe, self.save_every = job.recipe, job.arguments.save_every
        self.result, self.before, self.facts = Path(plan["result"]), plan["before"], facts
        self.progress = Progress("finetune", job.recipe.steps)
        self.tokens, self.start = 0, time.monotonic()

    def on_train_begin(self, args, state, control, **kwargs):
        self.start = time.monotonic()

    def on_step_end(self, args, state, control, **kwargs):
        step = state.global_step
        if step in self.recipe.checkpoint_steps() or (self.save_every and not step % self.save_every):
            control.should_save = True

    def on_log(self, args, state, control, logs, **kwargs):
        step, loss = state.global_step, logs.get("loss")
        if loss is None:  # the trainer's summary after the last step
            return
        if not math.isfinite(loss):
            raise UserError(f"the loss is {loss} in step {step}: lower --learning-rate")
        self.tokens = int(logs["num_tokens"])
        if state.is_world_process_zero:
            rate = self.tokens / (time.monotonic() - self.start)
            note = f"loss {loss:.3f}, {rate:,.0f} tokens/s"
            self.progress.show(step, note, final=step == self.recipe.steps)

    def on_save(self, args, state, control, **kwargs):
        saved = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        sync(saved)
        PartialState().wait_for_everyone()  # now the files of every process are on disk
        if not state.is_world_process_zero:
            return
        steps = self.recipe.checkpoint_steps()
        if state.global_step in steps:
            checkpoint = self.result / f"checkpoint-{1 + steps.index(state.global_step)}"
            take_checkpoint(saved, checkpoint, self.recipe.precision)
            sync(checkpoint)
        progress = {
            "epochs": state.epoch,
            "seconds": self.before["seconds"] + time.monotonic() - self.start,
            "tokens": self.before["tokens"] + self.tokens,
        }
        write_json(saved / COMPLETE, self.facts | progress)
        for older in saved_states(saved.parent):
            if older != saved:
                # The mark goes first: what is left of a folder is never continued.
                (older / COMPLETE).unlink()
                shutil.rmtree(older)


def sync(folder: Path) -> None:
    """Wait until every file under `folder` is on disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.fsync(file.fileno())


def take_checkpoint(saved: Path, checkpoint: Path, precision: str) -> None:
    """Make `checkpoint` of the plain files in a trainer's state, the weights in `precision`."""
    shutil.rmtree(checkpoint, ignore_errors=True)
    checkpoint.mkdir(parents=True)
    for path in {path for pattern in PLAIN_FILES for path in saved.glob(pattern)}:
        if path.suffix == ".safetensors":
            copy_weights(path, checkpoint / path.name, getattr(torch, precision))
        elif path.name == "config.json":
            config = json.loads(path.read_text(encoding="utf-8"))
            write_json(checkpoint / path.name, config | {"dtype": precision})
        elif path.name != "trainer_state.json":
            shutil.copy(path, checkpoint)


def copy_weights(source: Path, target: Path, precision: torch.dtype) -> None:
    """Copy a safetensors file, its tensors cast where they have another precision."""
    weights = load_file(source)
    if all(tensor.dtype == precision for tensor in weights.values()):
        link_or_copy(source, target)
    else:
        cast = {name: tensor.to(precision) for name, tensor in weights.items()}
        save_file(cast, target, metadata={"format": "pt"})


def load_base_model(job: Job):
    """(tokenizer, model in float32); UserError where there is none, or none as safetensors."""
    model, options = job.arguments.model, {"revision": job.arguments.revision}
    try:
        tokenizer = AutoTokenizer.from_pretrained(model, **options)
        config = AutoConfig.from_pretrained(model, **options)
        # PyTorch's own attention silently leaves out soft-capping (Gemma 2).
        soft_capped = getattr(config, "attn_logit_softcapping", None)
        options["attn_implementation"] = job.recipe.attention or ("eager" if soft_capped else None)
        options |= {"dtype": torch.float32, "use_safetensors": True}
        return tokenizer, AutoModelForCausalLM.from_pretrained(model, **options)
    except (OSError, ValueError, ImportError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UserError(f"{model}: cannot be loaded: {reason}") from error


def save_base_model(job: Job, checkpoint: Path) -> None:
    """Write the untrained model as a checkpoint is written."""
    transformers.utils.logging.disable_progress_bar()
    tokenizer, model = load_base_model(job)
    model.to(getattr(torch, job.recipe.precision)).save_pretrained(checkpoint)
    tokenizer.save_pretrained(checkpoint)


def trainer_config(job: Job) -> SFTConfig:
    """The trainer's configuration; making it joins the processes."""
    recipe = job.recipe
    micro_batch, passes = recipe.split_batch(job.processes)
    # The trainer adds the epoch to its seed, so that neighbouring seeds would share their orders.
    seed = stream_seed("finetune", recipe.seed) % 2**31
    return SFTConfig(
        output_dir=job.arguments.output,  # a placeholder: the plan names the folder
        max_steps=recipe.steps,
        per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=passes,
        learning_rate=recipe.learning_rate,
        warmup_steps=math.ceil(recipe.warmup_fraction * recipe.steps),
        lr_scheduler_type=SCHEDULERS[recipe.scheduler],
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_gradient_norm,
        optim="adamw_torch",
        completion_only_loss=True,
        max_length=None,  # too long examples are kept out before; the trainer would cut them
        seed=seed,
        data_seed=seed,
        bf16=recipe.precision == "bfloat16",
        activation_checkpointing=job.arguments.gradient_checkpointing,
        deepspeed=job.deepspeed,
        save_strategy="no",  # Keeper asks for every save
        logging_steps=1,  # over a longer interval, a continued run would average other steps
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=torch.cuda.is_available(),
        **join_processes(job),
    )


def join_processes(job: Job) -> dict:
    """What the configuration needs on this hardware; all that is special about CPUs is here."""
    if torch.cuda.is_available():
        if torch.cuda.device_count() > 1 and "RANK" not in os.environ:
            raise UserError("several GPUs: use torchrun, or let CUDA_VISIBLE_DEVICES name one")
        return {}
    if job.deepspeed is None:
        return {"use_cpu": True}
    os.environ |= {"DS_ACCELERATOR": "cpu", "ACCELERATE_USE_DEEPSPEED": "true"}
    import deepspeed.ops

    # gloo does its work, and compiling it takes minutes.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    # Left to itself, the trainer takes two processes on CPU for one each.
    PartialState(backend="gloo")
    return {"accelerator_config": {"use_configured_state": True}}
