"""What happens at every step of a finetuning: counted, logged, saved, and the checkpoints verified."""

import dataclasses
import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from trl import SFTTrainer

from yetbetter.errors import UserError
from yetbetter.program import Progress
from yetbetter.records import write_json
from yetbetter.time_limit import TimeLimit
from yetbetter.training.checkpoints import (
    Snapshot,
    sync,
    take_checkpoint,
    take_merged,
    take_snapshot,
    verify_checkpoint,
)
from yetbetter.training.data import IGNORED
from yetbetter.training.job import COMPLETE, Job, Plan, saved_states
from yetbetter.training.resharding import untie_steps

# Bytes a second at which the first save is expected to be written. Later ones are expected to take as long as the
# longest so far.
WRITING_SPEED = 0.5e9


class Counting:
    """What both trainers log of each step: its tokens with a loss, all its tokens and its seconds."""

    step_tokens = 0
    tokens_before = 0
    started: float | None = None

    def training_step(self, model, inputs, num_items_in_batch=None):
        if self.started is None:
            self.started = time.monotonic()
        # The trainer counts these for the loss, over all processes and passes of the step.
        self.step_tokens = int(num_items_in_batch)
        tokens = inputs.pop("tokens", None)
        before = self._total_train_tokens
        loss = super().training_step(model, inputs, num_items_in_batch)
        if tokens is not None:  # packed: TRL would count a batch as one row
            self._total_train_tokens = before + int(self.accelerator.reduce(tokens.to(loss.device), "sum"))
            self._metrics["train"]["num_tokens"] = [self._total_train_tokens]
        return loss

    def log(self, logs, *args, **kwargs):
        if "loss" in logs:
            seconds = time.monotonic() - (self.started or 0)
            tokens, self.tokens_before = self._total_train_tokens - self.tokens_before, self._total_train_tokens
            logs = logs | {"completion_tokens": self.step_tokens, "tokens": tokens, "seconds": seconds}
            self.started = None
        super().log(logs, *args, **kwargs)


class Trainer(Counting, SFTTrainer):
    """TRL's trainer, for the language-model head; writes no model cards."""

    def create_model_card(self, *args, **kwargs):
        pass


class ClassTrainer(Counting, transformers.Trainer):
    """transformers' trainer with the loss of a head of classes: the mean over all labelled tokens of a step.

    The loss that such a model computes itself is the mean over those of one forward pass, whatever their number:
    passes and processes would weigh tokens differently.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Labelled tokens of a step are counted over its passes and processes, and the loss is divided by their number.
        self.model_accepts_loss_kwargs = self.loss_is_scaled_for_ga = True
        self._total_train_tokens = 0

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels = inputs.pop("labels")
        outputs = model(**inputs, use_cache=False)
        loss = torch.nn.functional.cross_entropy(
            outputs.logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        # The gradients of the processes are averaged.
        loss = loss * self.accelerator.num_processes / num_items_in_batch
        self._total_train_tokens += int(self.accelerator.reduce(inputs["attention_mask"].sum(), "sum"))
        return (loss, outputs) if return_outputs else loss

    def log(self, logs, *args, **kwargs):
        super().log(logs | {"num_tokens": self._total_train_tokens}, *args, **kwargs)


class Stopper:
    """Decides after which step a training is out of time; the first process decides, and all stop together.

    limited: whether there may be a limit, the same in all processes; limit: the first process's. state_bytes: what a
    save writes.
    """

    def __init__(self, limited: bool, limit: TimeLimit | None, state_bytes: float):
        self.limited, self.limit, self.stops = limited, limit, False
        self.step = self.save = 0.0  # seconds of the longest step and save
        self.first_save = state_bytes / WRITING_SPEED
        self.since = time.monotonic()

    def begin(self) -> None:
        self.since = time.monotonic()

    def after_step(self) -> bool:
        if self.limited:
            self.step = max(self.step, time.monotonic() - self.since)
            due = self.limit is not None and self.limit.is_due(self.step + (self.save or self.first_save))
            self.stops = broadcast_object_list([due])[0]
            self.begin()
        return self.stops

    def after_save(self) -> None:
        self.save = max(self.save, time.monotonic() - self.since)
        self.begin()


class Keeper(transformers.TrainerCallback):
    """Takes and verifies the checkpoints, marks the trainer's states as whole, shows the progress line.

    When the stopper finds no time for another step and its save, the state is saved and training ends.
    facts: for the sidecar, kept in the mark of each state. probe: token ids [rows, length] on which the checkpoints'
    logits are compared. load_base: returns the untrained model's tokenizer and the model in float32, whole and in this
    process; adapters are merged into it.
    """

    before_training: Callable | None = None  # called with the model as it is trained

    def __init__(self, job: Job, plan: Plan, facts: dict, probe: torch.Tensor, load_base: Callable, stopper: Stopper):
        self.probe, self.load_base, self.stopper = probe, load_base, stopper
        self.recipe, self.save_every, self.plan, self.facts = job.recipe, job.save_every, plan, facts
        self.progress = Progress("finetune", job.recipe.steps)
        self.tokens, self.start = 0, time.monotonic()

    def on_train_begin(self, args, state, control, model=None, optimizer=None, **kwargs):
        if self.plan.universal:
            untie_steps(optimizer)
        if self.before_training:
            self.before_training(model)
        self.start = time.monotonic()
        self.stopper.begin()

    def on_step_end(self, args, state, control, **kwargs):
        step = state.global_step
        due = self.stopper.after_step()
        if due or step in self.recipe.checkpoint_steps() or (self.save_every and not step % self.save_every):
            control.should_save = True

    def on_log(self, args, state, control, logs, **kwargs):
        step, loss = state.global_step, logs.get("loss")
        if loss is None:  # the trainer's summary after the last step
            return
        if not math.isfinite(loss):
            # Nothing was learned before the first step's loss.
            damaged = "the base model's weights are damaged, or too large for --precision"
            raise UserError(f"the loss is {loss} in step {step}: {'lower --learning-rate' if step > 1 else damaged}")
        self.tokens = int(logs["num_tokens"])
        if state.is_world_process_zero:
            rate = self.tokens / (time.monotonic() - self.start)
            note = f"loss {loss:.3f}, {rate:,.0f} tokens/s"
            self.progress.show(step, note, final=step == self.recipe.steps)

    def on_save(self, args, state, control, model=None, **kwargs):
        self.keep(args, state, model)
        self.stopper.after_save()
        if self.stopper.stops:
            control.should_training_stop = True

    def keep(self, args, state, model) -> None:
        """Take the checkpoint of a saved state, if this step has one; then mark the state as complete."""
        saved = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        sync(saved)
        steps, snapshot = self.recipe.checkpoint_steps(), None
        if state.global_step in steps:
            snapshot = take_snapshot(model, self.probe, self.recipe.precision, write=state.is_world_process_zero)
        PartialState().wait_for_everyone()  # now the files of every process are on disk
        if not state.is_world_process_zero:
            return
        if snapshot:
            checkpoint = self.plan.result / f"checkpoint-{1 + steps.index(state.global_step)}"
            snapshot = self.take(saved, checkpoint, snapshot)
            sync(checkpoint)
            verify_checkpoint(checkpoint, snapshot, self.recipe.precision)
        progress = {
            "epochs": state.epoch,
            "seconds": self.plan.before["seconds"] + time.monotonic() - self.start,
            "tokens": self.plan.before["tokens"] + self.tokens,
        }
        if torch.cuda.is_available():
            progress["peak_memory_gb"] = torch.cuda.max_memory_allocated() / 1e9  # of the first process
        write_json(saved / COMPLETE, self.facts | progress)
        for older in saved_states(saved.parent):
            if older != saved:
                # The mark goes first: a folder that is being deleted is never continued from.
                (older / COMPLETE).unlink()
                shutil.rmtree(older)

    def take(self, saved: Path, checkpoint: Path, snapshot: Snapshot) -> Snapshot:
        """Make the checkpoint from the trainer's state; returns what the checkpoint must hold."""
        if self.recipe.lora_rank is None:
            take_checkpoint(saved, checkpoint, self.recipe.precision)
            return snapshot
        tokenizer, base = self.load_base()
        tensors = take_merged(saved, checkpoint, base, tokenizer, self.recipe.precision)
        return dataclasses.replace(snapshot, tensors=tensors)
