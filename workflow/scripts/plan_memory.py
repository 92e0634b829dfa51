"""Say how much memory each finetuning of a config needs, per GPU, before anything is submitted.

    python workflow/scripts/plan_memory.py --config config/paper.yaml [config/families/qwen.yaml] [--gpu-gb 80]

A plan is the peak of a step whose examples all have the recipe's full length. docs/memory.md says how far it can be
trusted.
"""

import argparse
from pathlib import Path

import yaml

from yetbetter.errors import UserError
from yetbetter.forecast.memory import plan_memory, whole_logits
from yetbetter.program import run
from yetbetter.study.checks import check_config
from yetbetter.training.shapes import shape_of

SCHEMA = Path(__file__).parents[1] / "schemas" / "config.schema.yaml"
PARTS = ("weights", "gradients", "optimizer", "buffers", "activations", "backward", "loss", "step", "overhead", "total")
HEAD = ("model", "recipe", "GPUs", "DeepSpeed", "offload", "micro batch", *PARTS, "host")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, nargs="+", help="a study's config; further ones are laid over it")
    parser.add_argument("--gpu-gb", type=float, default=80, help="memory of a GPU in GB, for the verdict")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    name = ", ".join(arguments.config)
    config: dict = {}
    for path in arguments.config:
        try:
            merge(config, yaml.safe_load(Path(path).read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise UserError(f"{path}: no such file") from None
        except (yaml.YAMLError, AttributeError) as error:
            raise UserError(f"{path}: no config ({' '.join(str(error).split())})") from None
    check_config(config, str(SCHEMA), name)
    print(render(config, name, arguments.gpu_gb))


def merge(base: dict, over: dict) -> None:
    """Lay one config over another, as Snakemake does."""
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value


def render(config: dict, name: str, gpu_gb: float) -> str:
    targets = dict.fromkeys(target for entry in config["experiments"].values() for target in entry["targets"])
    table, lines = [list(HEAD)], []
    for target in targets:
        entry = config["models"][target]
        recipe = config["finetuning"][entry["finetuning"]]
        shape = shape_of(entry, f"{name}: models.{target}")
        plan = plan_memory(shape, recipe, entry)
        micro = recipe.get("micro_batch_size") or recipe["batch_size"] // plan.processes
        chosen = [recipe.get("deepspeed", "none"), recipe.get("offload", "none")]
        parts = [f"{getattr(plan, part) / 1e9:#.3g}" for part in PARTS]
        row = [target, entry["finetuning"], plan.processes, *chosen, micro, *parts, f"{plan.host / 1e9:.0f}"]
        table.append([str(cell) for cell in row])
        share = plan.total / 1e9 / gpu_gb
        logits = whole_logits(shape, recipe, micro) / 1e9
        verdict = "too much" if share > 1 else "tight" if share > 0.9 else "fits"
        where = f"{share:.0%} of a GPU, {verdict}" if plan.overhead else "beside Python and its packages (0.5 GB)"
        lines.append(
            f"{target}: {shape.parameters / 1e9:.3g} B parameters; {plan.total / 1e9:.3g} GB, {where}."
            f" Logits made whole would take {logits:.3g} GB more."
        )
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    text = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in table]
    note = [
        "GB per process. total: what is always there, and the largest of activations + loss, activations + backward",
        "(gradients on their way through a layer), step (the optimizer's).",
        f"host: memory of a whole node, for what is offloaded. A GPU is taken to have {gpu_gb:g} GB.",
    ]
    return "\n".join([*text, "", *note, *lines])


if __name__ == "__main__":
    run(main)
