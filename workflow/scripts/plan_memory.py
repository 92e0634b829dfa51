"""Plan the memory per GPU of each finetuning of a config, before anything is submitted.

    python workflow/scripts/plan_memory.py --config config/paper.yaml [config/families/qwen.yaml] [--gpu-gb 80]

A plan is the peak of a step whose examples all have the recipe's full length. For its accuracy see docs/memory.md.
"""

import argparse
from pathlib import Path

import yaml

from yetbetter.errors import UserError
from yetbetter.figures.registry import KINDS
from yetbetter.forecast.memory_table import render_memory_plans
from yetbetter.program import Parser, number, run
from yetbetter.study.checks import SCHEMA, check_config


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, nargs="+", help="a study's config; further files override its keys")
    parser.add_argument("--gpu-gb", type=number(above=True), default=80, help="memory of a GPU in GB, for the verdict")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    config, name = read_configs(arguments.config), ", ".join(arguments.config)
    config = check_config(config, SCHEMA, name, KINDS)
    print(render_memory_plans(config, name, arguments.gpu_gb))


def read_configs(paths: list[str]) -> dict:
    """The configs merged, later files override earlier ones; UserError for a file that is missing or not YAML."""
    config: dict = {}
    for path in paths:
        try:
            read = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(f"{path}: no such file") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: not a config ({' '.join(str(error).split())})") from None
        if not isinstance(read, dict):
            raise UserError(f"{path}: not a config (a mapping is needed)")
        merge(config, read)
    return config


def merge(base: dict, over: dict) -> None:
    """Merge one config into another, as Snakemake does."""
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value


if __name__ == "__main__":
    run(main)
