"""Pretrain one pocket model from scratch as defined in `pocket/pretraining.py`; a few minutes on one core."""

import argparse
import dataclasses
import sys
from pathlib import Path

from yetbetter.program import Output, Parser, run, versions, whole
from yetbetter.records import write_json

TEMPERATURE, TOP_K = 0.7, 3  # of the samples that pass@1 is measured on
REFERENCES = {
    "arithmetic": "resources/pocket/se",
    "programs": "resources/pocket/code/se",
    "instructions": "resources/pocket/instructions/se",
}


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__)
    parser.add_argument(
        "--model", required=True, help="wc, se or student; or one of these behind code- or instructions-"
    )
    parser.add_argument(
        "--output", action=Output, required=True, help="folder of the model and its tokenizer; wc's has its ladder, too"
    )
    parser.add_argument(
        "--reference", help="SE, whose pass@1 sets that of the others (default: the committed one of the same subject)"
    )
    parser.add_argument("--seed", type=whole(), help="instead of the model's own")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    # Slow to import, so only after the arguments are checked.
    import torch

    from yetbetter.generation.transformers_engine import load_model
    from yetbetter.pocket.pretraining import find_pretraining, train_to_ratios, train_to_target

    # The order of floating-point sums, and so the model, depends on the number of threads.
    torch.set_num_threads(1)
    pretraining = find_pretraining(arguments.model)
    if arguments.seed is not None:
        pretraining = dataclasses.replace(pretraining, seed=arguments.seed)
    if pretraining.target is not None:
        save(train_to_target(pretraining, log), arguments.output, arguments.model, pretraining)
        return
    path = arguments.reference or REFERENCES[pretraining.subject]
    strong, _ = load_model(path)
    reference = measure(strong, pretraining)
    print(f"{path}: {shares_text(reference)}", file=sys.stderr, flush=True)
    found = train_to_ratios(pretraining, reference, lambda model: measure(model, pretraining), log)
    save(found[pretraining.ratio], arguments.output, arguments.model, pretraining, reference)
    for rung in pretraining.rungs:
        save(found[rung], f"{arguments.output}/ladder/{rung:.2f}", arguments.model, pretraining, reference)


def measure(model, pretraining) -> dict[str, float]:
    """pass@1 by data set of a model's samples, drawn as a study draws them."""
    import copy

    from yetbetter.generation.engines import Decoding
    from yetbetter.generation.transformers_engine import Generator
    from yetbetter.pocket.pretraining import sampled_pass_at_1
    from yetbetter.pocket.subjects import SUBJECTS

    subject = SUBJECTS[pretraining.subject]
    generator = Generator(copy.deepcopy(model).float().eval(), subject.build_tokenizer())
    decoding = Decoding(TEMPERATURE, TOP_K, subject.completion_tokens)
    return sampled_pass_at_1(lambda prompts, seeds: generator.generate(prompts, seeds, decoding), pretraining)


def log(snapshot) -> None:
    line = f"step {snapshot.step:,}, loss {snapshot.loss:.3f}"
    line += f", {snapshot.tokens_per_second:,.0f} tokens/s"
    print(line + (f", {shares_text(snapshot.pass_at_1)}" if snapshot.pass_at_1 else ""), file=sys.stderr, flush=True)


def shares_text(pass_at_1: dict[str, float]) -> str:
    return ", ".join(f"pass@1 {dataset} {share:.1%}" for dataset, share in pass_at_1.items())


def save(snapshot, folder: str, name: str, pretraining, reference: dict[str, float] | None = None) -> None:
    from yetbetter.pocket.pretraining import count_parameters, save_model
    from yetbetter.pocket.subjects import SUBJECTS

    save_model(snapshot.model, folder, SUBJECTS[pretraining.subject])
    stopped = {"step": snapshot.step, "loss": snapshot.loss, "pass_at_1": snapshot.pass_at_1}
    if reference:
        stopped["share_of_se"] = {dataset: share / reference[dataset] for dataset, share in snapshot.pass_at_1.items()}
    about = {
        "model": name,
        "parameters": count_parameters(snapshot.model),
        "recipe": dataclasses.asdict(pretraining),
        "stopped": stopped,
        "versions": versions(),
    }
    write_json(Path(folder) / "pretraining.json", about)


if __name__ == "__main__":
    run(main)
