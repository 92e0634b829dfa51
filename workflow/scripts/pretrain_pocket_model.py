"""Pretrain one pocket model from scratch as defined in `pocket/pretraining.py`; a few minutes on one core."""

import argparse
import dataclasses
import sys
from pathlib import Path

from yetbetter.program import Output, Parser, run, versions, whole
from yetbetter.records import write_json


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument("--model", required=True, help="wc, se or student")
    parser.add_argument("--output", action=Output, required=True, help="folder of the model and its tokenizer")
    parser.add_argument("--seed", type=whole(), help="instead of the model's own")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    # Slow to import, so only after the arguments are checked.
    import torch

    from yetbetter.pocket.pretraining import count_parameters, find_pretraining, pretrain, save_model

    # The order of floating-point sums, and so the model, depends on the number of threads.
    torch.set_num_threads(1)
    pretraining = find_pretraining(arguments.model)
    if arguments.seed is not None:
        pretraining = dataclasses.replace(pretraining, seed=arguments.seed)
    report = {}
    for report in pretrain(pretraining):
        print(progress_line(report), file=sys.stderr, flush=True)
    model = report.pop("model")
    save_model(model, arguments.output)
    about = {
        "model": arguments.model,
        "parameters": count_parameters(model),
        "recipe": dataclasses.asdict(pretraining),
        "stopped": report,
        "versions": versions(),
    }
    write_json(Path(arguments.output) / "pretraining.json", about)


def progress_line(report: dict) -> str:
    line = f"step {report['step']:,}, loss {report['loss']:.3f}"
    line += f", {report['tokens_per_second']:,.0f} tokens/s"
    for dataset, share in report.get("pass_at_1", {}).items():
        line += f", pass@1 {dataset} {share:.1%}"
    return line


if __name__ == "__main__":
    run(main)
