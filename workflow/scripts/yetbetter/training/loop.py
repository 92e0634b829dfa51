"""Supervised finetuning, inside the trainer: TRL's SFTTrainer, its configuration and its processes.

Importing this module imports torch, transformers and TRL.
"""

import math
import os
import sys
from pathlib import Path

import torch
import transformers
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from datasets import Dataset
from safetensors import SafetensorError
from transformers import AutoConfig, AutoTokenizer
from trl import SFTConfig
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from yetbetter.errors import UserError
from yetbetter.generation.chat_format import format_of
from yetbetter.generation.loading import OWN_CODE, beyond, check_folder, context_of, loading, read_weights
from yetbetter.identity import stream_seed
from yetbetter.time_limit import TimeLimit
from yetbetter.training.asked import check_asked
from yetbetter.training.checkpoints import TOLERANCE, probe_of, sync, take_snapshot, verify_checkpoint, without_sharding
from yetbetter.training.data import encode_examples
from yetbetter.training.devices import device_name, peak_flops
from yetbetter.training.disk import check_disk, needed_bytes
from yetbetter.training.heads import lora_of_head, read_for_classes
from yetbetter.training.job import Job, Plan
from yetbetter.training.labelled import encode_labelled
from yetbetter.training.recipe import IS_LAST, IS_TIED, TWO_CLASSES
from yetbetter.training.resharding import read_universal
from yetbetter.training.steps import ClassTrainer, Keeper, Stopper, Trainer

# PyTorch's own attention leaves out soft-capping (Gemma 2), in some versions without a warning.
SOFT_CAPPING = ("eager", "flash_attention_2", "flash_attention_3", "flex_attention")
# Words in the errors of torch and safetensors for a file that could not be written.
WRITE_ERRORS = ("inline_container", "PytorchStreamWriter", "os error", "I/O error", "IoError")
SCHEDULERS = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def run_training(job: Job, plan: Plan | None, time_limit: TimeLimit | None = None) -> None:
    """Train as the plan says; the first process gives the plan and its time limit, the others None.

    On return the state of the last step and all checkpoints are on disk; if the time ran out, those up to some step.
    """
    transformers.utils.logging.disable_progress_bar()
    config = trainer_config(job)
    plan = broadcast_object_list([plan])[0]
    if not plan.done:
        config.output_dir = str(plan.state)
        if plan.universal:
            read_universal(config.hf_deepspeed_config.config)
        # The state is deleted at the end; what TensorBoard shows is published.
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(plan.result / "tensorboard")
        train(job, config, plan, time_limit)
    PartialState().destroy_process_group()


def train(job: Job, config: SFTConfig, plan: Plan, time_limit: TimeLimit | None = None) -> None:
    """Train from the plan's state, or from the base model, to the last step, or as long as there is time."""
    tokenizer, model = load_base_model(job)
    path, limit = job.data, job.recipe.max_length
    vocabulary, context = model.config.get_text_config().vocab_size, context_of(model.config)
    classes = job.recipe.head == TWO_CLASSES
    if classes:
        columns, kept_out = encode_labelled(job.rows, tokenizer, limit, path, vocabulary, context)
    else:
        chat = format_of(tokenizer, job.model) if job.chat else None
        columns, kept_out = encode_examples(job.rows, tokenizer, limit, path, vocabulary, context, chat)
        check_asked(job.asked, tokenizer, context, vocabulary, chat)
    padding = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    if padding >= vocabulary:
        raise UserError(f"model {job.model}: {beyond(tokenizer, padding, vocabulary)}")
    count, probe = len(columns["input_ids"]), probe_of(columns["input_ids"])
    if kept_out and job.rank == 0:
        number = f"{len(kept_out)} of {len(job.rows)} examples"
        reasons = ", ".join(sorted({row["reason"] for row in kept_out}))
        print(f"{path}: {number} kept out ({reasons})", file=sys.stderr)
    data, collate = Dataset.from_dict(columns), DataCollatorForLanguageModeling(padding) if classes else None
    if job.recipe.packing:
        from yetbetter.training.packing import collator_for, pack

        data, collate = pack(columns, limit), collator_for(model, padding)
    model = add_adapter(job, model)
    sizes = parameter_counts(model)
    needed = needed_bytes(*sizes, job.recipe.precision, job.deepspeed is not None)
    if job.rank == 0:
        states = 3 if plan.universal else 2
        check_disk(plan.state.parent, *needed, job.recipe.checkpoints, states)
    facts = {"examples": count, "rows": len(data), "kept_out": kept_out, "parameters": sizes[0], "trained": sizes[1]}
    facts |= devices_of(job) | {"processes": job.processes} | ({"head": TWO_CLASSES} if classes else {})
    stopper = Stopper(plan.limited, time_limit, sum(needed))
    keeper = Keeper(job, plan, facts, probe, lambda: load_whole_base_model(job), stopper)
    kind = ClassTrainer if classes else Trainer
    trainer = kind(model, config, collate, data, processing_class=tokenizer, callbacks=[keeper])
    if len(trainer.train_dataset) != len(data):
        raise UserError(f"{path}: the trainer took {len(trainer.train_dataset)} of {len(data)} rows")
    trainer.remove_callback(transformers.PrinterCallback)
    if job.recipe.packing:
        keeper.before_training = lambda model: refuse_leaks_of(model, collate, columns["input_ids"], config.bf16)
    try:
        trainer.train(resume_from_checkpoint=str(plan.resume) if plan.resume else None)
    except (RuntimeError, SafetensorError) as error:
        if not any(words in str(error) for words in WRITE_ERRORS):
            raise
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{plan.state}: cannot be written, is the disk full? ({reason})") from error


def refuse_leaks_of(model, collate, examples: list[list[int]], low_precision: bool) -> None:
    """UserError if packed examples see each other, tried on the longest example and the first one."""
    from yetbetter.training.packing import refuse_leaks

    probe = probe_of([max(examples, key=len), examples[0]])
    refuse_leaks(model, collate, probe, TOLERANCE["bfloat16" if low_precision else "float32"])


def add_adapter(job: Job, model):
    """The model, with LoRA layers if the recipe has them; the layers' first values come from the recipe's seed."""
    recipe = job.recipe
    if recipe.lora_rank is None:
        return model
    from peft import LoraConfig, get_peft_model

    targets = recipe.lora_targets.split(",") if recipe.lora_targets else "all-linear"
    alpha = 2 * recipe.lora_rank if recipe.lora_alpha is None else recipe.lora_alpha
    torch.manual_seed(stream_seed("adapter", recipe.seed) % 2**31)
    classes = recipe.head == TWO_CLASSES
    lora = LoraConfig(
        r=recipe.lora_rank,
        lora_alpha=alpha,
        lora_dropout=recipe.lora_dropout or 0.0,
        target_modules=targets,
        **(lora_of_head(model, targets) if classes else {"task_type": "CAUSAL_LM"}),
    )
    ends = model.get_input_embeddings(), model.get_output_embeddings()
    try:
        adapted = get_peft_model(model, lora)
    except ValueError as error:
        raise UserError(f"--lora-targets: {' '.join(str(error).split())[:200]}") from error
    if recipe.lora_targets:
        refuse_unmatched(targets, adapted.targeted_module_names)
    if classes:
        if job.gradient_checkpointing:
            adapted.enable_input_require_grads()  # TRL's trainer does it for the language-model head
        return adapted
    plain = adapted.get_base_model()
    if plain.get_output_embeddings() is not ends[1]:
        raise UserError(f"--lora-targets: {recipe.lora_targets} holds {IS_LAST}")
    if plain.get_input_embeddings() is not ends[0] and plain.config.get_text_config().tie_word_embeddings:
        raise UserError(f"--lora-targets: {recipe.lora_targets} holds {IS_TIED}")
    return adapted


def refuse_unmatched(targets: list[str], adapted: list[str]) -> None:
    """UserError for a target of adapters that names none of the adapted layers: PEFT accepts it if another one does."""
    for target in targets:
        if not any(f".{layer}".endswith(f".{target}") for layer in adapted):
            raise UserError(f"--lora-targets: the model has no layer {target!r}")


def parameter_counts(model) -> tuple[int, int]:
    """(all parameters, those that are trained), also if ZeRO-3 has sharded them."""
    sizes = [(getattr(p, "ds_numel", p.numel()), p.requires_grad) for p in model.parameters()]
    return sum(size for size, _ in sizes), sum(size for size, trained in sizes if trained)


def devices_of(job: Job) -> dict:
    """For the sidecar: the device's name, and the peak FLOPs a second of all processes together (None: not known)."""
    name = device_name()
    peak = job.peak_tflops * 1e12 if job.peak_tflops else peak_flops(name)
    return {"device": name, "peak_flops": peak and peak * job.processes}


def load_base_model(job: Job):
    """(tokenizer, model in float32); UserError if there is no model, or none as safetensors."""
    model, options = job.model, {"revision": job.revision}
    check_folder(model)
    with loading(model):
        tokenizer = AutoTokenizer.from_pretrained(model, **OWN_CODE, **options)
        config = AutoConfig.from_pretrained(model, **OWN_CODE, **options)
        soft_capped = getattr(config.get_text_config(), "attn_logit_softcapping", None)
        if soft_capped and job.recipe.attention not in (None, *SOFT_CAPPING):
            allowed = f"allowed for this model, whose attention is soft-capped: {', '.join(SOFT_CAPPING)}"
            raise UserError(f"--attention is {job.recipe.attention!r}, {allowed}")
        options["attn_implementation"] = job.recipe.attention or ("eager" if soft_capped else None)
        options["dtype"] = torch.float32
        if job.recipe.head != TWO_CLASSES:
            return tokenizer, read_weights(model, **options)
        loaded = read_for_classes(model, config, job.recipe.seed, **options)
        # As TRL's trainer sets it for the language-model head: whoever scores pads as the training did.
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        loaded.config.get_text_config().pad_token_id = tokenizer.pad_token_id
        return tokenizer, loaded


def load_whole_base_model(job: Job):
    """What `load_base_model` returns, not sharded by ZeRO-3."""
    with without_sharding():
        return load_base_model(job)


def save_base_model(job: Job, checkpoint: Path) -> None:
    """Write the untrained model as a checkpoint is written."""
    transformers.utils.logging.disable_progress_bar()
    tokenizer, model = load_base_model(job)
    probe = torch.arange(min(16, model.config.get_text_config().vocab_size))[None]
    snapshot = take_snapshot(model, probe, job.recipe.precision)
    model.to(getattr(torch, job.recipe.precision)).save_pretrained(checkpoint)
    tokenizer.save_pretrained(checkpoint)
    sync(checkpoint)
    verify_checkpoint(checkpoint, snapshot, job.recipe.precision)


def trainer_config(job: Job) -> SFTConfig:
    """The trainer's configuration; making it joins the processes."""
    recipe = job.recipe
    micro_batch, passes = recipe.split_batch(job.processes)
    # The trainer adds the epoch to its seed, so that neighbouring seeds would share their orders.
    seed = stream_seed("finetune", recipe.seed) % 2**31
    return SFTConfig(
        output_dir=job.output,  # a placeholder: the plan names the folder
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
        max_length=None,  # examples that are too long were kept out before; the trainer would cut them
        seed=seed,
        data_seed=seed,
        bf16=recipe.precision == "bfloat16",
        activation_checkpointing=job.gradient_checkpointing,
        deepspeed=job.deepspeed,
        save_strategy="no",  # Keeper asks for every save
        logging_steps=1,  # over a longer interval, a continued run would average other steps
        logging_nan_inf_filter=False,
        report_to=job.log_to,
        use_liger_kernel=recipe.fused_loss,
        disable_tqdm=True,
        dataloader_pin_memory=torch.cuda.is_available(),
        **join_processes(job),
    )


def join_processes(job: Job) -> dict:
    """What the configuration needs on this hardware; everything special about CPUs is here."""
    if torch.cuda.is_available():
        if torch.cuda.device_count() > 1 and "RANK" not in os.environ:
            raise UserError("several GPUs: use torchrun, or let CUDA_VISIBLE_DEVICES name one")
        return {}
    # Gradients of well-learned tokens become subnormal numbers, which a CPU multiplies a hundred times slower.
    torch.set_flush_denormal(True)
    # Read when DeepSpeed is imported, which Accelerate does wherever it is installed.
    os.environ["DS_ACCELERATOR"] = "cpu"
    if job.deepspeed is None:
        return {"use_cpu": True}
    os.environ["ACCELERATE_USE_DEEPSPEED"] = "true"
    import deepspeed.ops

    # gloo does what this operator does, and compiling the operator takes minutes.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    # Otherwise, on CPUs, the trainer takes each of two processes for the only one.
    PartialState(backend="gloo")
    return {"accelerator_config": {"use_configured_state": True}}
