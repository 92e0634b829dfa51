"""The memory plans of all finetunings of a config, as a table."""

from yetbetter.forecast.memory import plan_memory, whole_logits
from yetbetter.training.shapes import shape_of

PARTS = ("weights", "gradients", "optimizer", "buffers", "activations", "backward", "loss", "step", "overhead", "total")
HEAD = ("model", "recipe", "GPUs", "DeepSpeed", "offload", "micro batch", *PARTS, "host")


def render_memory_plans(config: dict, name: str, gpu_gb: float) -> str:
    """The plans of all targets as aligned text: a row, then a verdict, for each.

    config: checked. name: the config's, for errors. gpu_gb: memory of a GPU in GB.
    """
    targets = dict.fromkeys(target for entry in config["experiments"].values() for target in entry["targets"])
    table, lines = [list(HEAD)], []
    for target in targets:
        entry = config["models"][target]
        recipe = config["finetuning"][entry["finetuning"]]
        shape = shape_of(entry, f"{name}: models.{target}")
        plan = plan_memory(shape, recipe, entry)
        micro = recipe.get("micro_batch_size") or recipe["batch_size"] // plan.processes
        chosen = [recipe["deepspeed"], recipe["offload"]]
        parts = [f"{getattr(plan, part) / 1e9:#.3g}" for part in PARTS]
        row = [target, entry["finetuning"], plan.processes, *chosen, micro, *parts, f"{plan.host / 1e9:.0f}"]
        table.append([str(cell) for cell in row])
        share = plan.total / 1e9 / gpu_gb
        logits = whole_logits(shape, recipe, micro) / 1e9
        verdict = "too much" if share > 1 else "tight" if share > 0.9 else "fits"
        where = f"{share:.0%} of a GPU, {verdict}" if plan.overhead else "plus Python and its packages (0.5 GB)"
        lines.append(
            f"{target}: {shape.parameters / 1e9:.3g} B parameters; {plan.total / 1e9:.3g} GB, {where}."
            f" Logits made whole would take {logits:.3g} GB more."
        )
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines_of_table = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in table]
    note = [
        "GB per process. total: permanent memory, and the largest of activations + loss, activations + backward",
        "(gradients on their way through a layer), step (the optimizer's).",
        f"host: memory of a whole node, for what is offloaded. A GPU is taken to have {gpu_gb:g} GB.",
    ]
    return "\n".join([*lines_of_table, "", *note, *lines])
