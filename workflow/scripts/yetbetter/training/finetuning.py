"""Supervised finetuning, outside the trainer: the draft, and the folder that is published.

Nothing here imports torch when the module loads, so bad input and a finished draft are reported at once. The trainer is
in `loop`, imported when there is something to train.
"""

import dataclasses
import gc
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

from yetbetter.drafts import Draft, link_or_copy, open_draft
from yetbetter.errors import UserError
from yetbetter.identity import model_identity
from yetbetter.job import ignore_overrides
from yetbetter.program import write_sidecar
from yetbetter.records import digest_of, read_json, write_json, write_rows
from yetbetter.training.job import COMPLETE, RESULT, STATE, Job, Plan, saved_states, step_of
from yetbetter.training.resharding import make_universal
from yetbetter.training.weights import check_files
from yetbetter.versions import CHAT_VERSION, TRAINING_VERSION


def finetune(job: Job) -> None:
    """Train, or continue a run that was stopped, or publish a finished one.

    Of several processes, all call it, and the first one holds the draft. Raises UserError for bad input and for a
    checkpoint that is not the trained model, OutOfTime if the job's time limit ends the training.
    """
    check_replaceable(Path(job.output))
    if job.rank > 0:  # takes part in the training, in the folder that the first process names
        if job.rows:
            load_trainer().run_training(job, plan=None)
        return
    settings = draft_settings(job)
    with open_draft(job.output, settings, job.drafts) as draft:
        if draft.sealed:
            print(f"{job.output}: finished before, published again", file=sys.stderr)
        fill_draft(draft, job, settings)
        draft.publish({RESULT: job.output})


def check_replaceable(folder: Path) -> None:
    """UserError for a folder that holds anything but an earlier finetuning: publishing replaces the whole folder."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "about.json").is_file():
        raise UserError(f"{folder}: not a finetuning's folder (no about.json), its files would be lost; name another")


def draft_settings(job: Job) -> dict:
    """The draft's identity: everything that shapes the trained weights. Another value is another draft."""
    return job.recipe.settings() | {
        "model": model_identity(job.model, job.revision),
        "data": digest_of(job.data),
        "deepspeed": job.deepspeed,
        "version": TRAINING_VERSION,
        **({"chat": CHAT_VERSION} if job.chat else {}),
    }


def fill_draft(draft: Draft, job: Job, settings: dict) -> None:
    """Fill the draft's result folder and seal it; without examples it holds the base model."""
    result, state, steps = draft.folder / RESULT, draft.folder / STATE, job.recipe.steps
    plan = make_plan(draft, job)
    # The other processes wait for the plan, also if there is nothing to do.
    if job.rows and (job.processes > 1 or not plan.done):
        if not plan.done:
            draft.stop_if_due(plan.steps_before, plan.steps_before, steps, "steps")
            plan = dataclasses.replace(plan, limited=draft.limit.exists)
        load_trainer().run_training(job, plan, draft.limit)
    if draft.sealed:
        return
    if job.rows:
        last = saved_states(state)[-1]
        if step_of(last) < steps:
            draft.stop(step_of(last), plan.steps_before, steps, "steps")
        facts = collect_facts(last, result)
    else:
        facts = copy_base_model(job, result)
    shutil.rmtree(state, ignore_errors=True)
    for checkpoint in sorted(result.glob("checkpoint-*")):
        check_files(checkpoint)
    facts |= {"model_identity": settings["model"], "data_digest": settings["data"]}
    if job.stage:
        write_json(result / "deepspeed.json", job.deepspeed)
    write_sidecar(result / "about.json", job.given, **facts)
    draft.seal()


def make_plan(draft: Draft, job: Job) -> Plan:
    """Where to train and which state to continue from; incomplete states are deleted."""
    state, steps = draft.folder / STATE, job.recipe.steps
    complete = saved_states(state)
    for folder in set(state.glob("checkpoint-*")) - set(complete):
        shutil.rmtree(folder)
    last = complete[-1] if complete else None
    before = read_json(last / COMPLETE) if last else {"seconds": 0, "tokens": 0, "processes": job.processes}
    done = draft.sealed or (last is not None and step_of(last) == steps)
    universal = before["processes"] != job.processes and not done
    if last:
        written = f", which {before['processes']} processes wrote" if universal else ""
        print(f"continuing after step {step_of(last)} of {steps}{written}", file=sys.stderr)
    if universal:
        make_universal(last, before["processes"], job.processes, job.deepspeed, job.recipe.weight_decay)
    return Plan(done, draft.folder / RESULT, state, last, universal, before)


def collect_facts(last: Path, result: Path) -> dict:
    """Write training.jsonl and timing.jsonl from the last state's log; return the state's facts for the sidecar.

    Only timing.jsonl holds what depends on the machine, so that equal calls give an equal training.jsonl.
    """
    keys = ("step", "loss", "learning_rate", "completion_tokens")
    log = [row for row in read_json(last / "trainer_state.json")["log_history"] if "loss" in row]
    write_rows(result / "training.jsonl", ({key: row[key] for key in keys} for row in log))
    facts = read_json(last / COMPLETE)
    write_rows(result / "timing.jsonl", (timing_of(row, facts) for row in log))
    facts["completion_tokens"] = sum(row["completion_tokens"] for row in log)
    return facts | {"tokens_per_second": facts["tokens"] / facts["seconds"]}


def timing_of(row: dict, facts: dict) -> dict:
    """A step's seconds, tokens (prompts included) and model FLOPs utilisation.

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
    print(f"{job.data}: no examples, every checkpoint is the base model itself", file=sys.stderr)
    shutil.rmtree(result, ignore_errors=True)
    first = result / "checkpoint-1"
    load_trainer().save_base_model(job, first)
    for number in range(2, 1 + job.recipe.checkpoints):
        shutil.copytree(first, result / f"checkpoint-{number}", copy_function=link_or_copy)
    for name in ("training.jsonl", "timing.jsonl"):
        write_rows(result / name, [])
    nothing = dict.fromkeys(("examples", "epochs", "seconds", "tokens", "completion_tokens"), 0)
    return nothing | {"kept_out": [], "processes": job.processes}


def load_trainer() -> ModuleType:
    """The module `loop`, which imports torch, transformers and TRL: several seconds."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    ignore_overrides()  # before Accelerate is imported, which reads them
    from yetbetter.training import loop

    gc.freeze()  # the modules' objects stay to the end: each collection need not look at them again
    return loop
