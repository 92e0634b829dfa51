"""DeepSpeed's configuration for a stage of ZeRO; the values that TRL and Accelerate fill in are "auto".

zero-2 divides the optimizer and the gradients among the processes, zero-3 the weights too.
"""

STAGES = {"zero-2": 2, "zero-3": 3}
OFFLOADS = ("none", "optimizer", "all")


def deepspeed_config(name: str, offload: str = "none") -> dict:
    """The configuration of `zero-2` or `zero-3`.

    offload: what is kept in the machine's memory instead of the GPU's: the optimizer, or (zero-3) all weights too.
    """
    stage = STAGES[name]
    zero: dict = {"stage": stage, "overlap_comm": True, "contiguous_gradients": True}
    if stage == 3:
        # Sizes that Accelerate derives from the model's width; without gathering, checkpoints would hold no weights.
        zero |= dict.fromkeys(
            ("reduce_bucket_size", "stage3_prefetch_bucket_size", "stage3_param_persistence_threshold"), "auto"
        )
        zero["stage3_gather_16bit_weights_on_model_save"] = True
    else:
        zero |= {"allgather_bucket_size": 2e8, "reduce_bucket_size": 2e8}
    if offload != "none":
        zero["offload_optimizer"] = {"device": "cpu", "pin_memory": True}
    if offload == "all":
        zero["offload_param"] = {"device": "cpu", "pin_memory": True}
    config = {
        "bf16": {"enabled": "auto"},
        "zero_optimization": zero,
        "gradient_clipping": "auto",
        "gradient_accumulation_steps": "auto",
        "train_batch_size": "auto",
        "train_micro_batch_size_per_gpu": "auto",
    }
    if offload != "none":
        # PyTorch's AdamW works on the offloaded part too; DeepSpeed's CPU version would have to be compiled first.
        config["zero_force_ds_cpu_optimizer"] = False
    return config
