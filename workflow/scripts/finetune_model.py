"""Finetune a language model on prompts and completions, the loss on the completion only.

    python finetune_model.py --data D.jsonl --model FOLDER --steps 240 --checkpoints 3 \\
        --batch-size 16 --learning-rate 1e-3 --max-length 256 --precision float32 --output FOLDER
    torchrun --nproc-per-node 8 finetune_model.py … --deepspeed zero-3

With --head classes the rows also hold `labels`, a list of [end, label]: the token that holds the character of the
completion before `end` is trained to have the class `label`, 0 or 1. Checkpoints are token-classification models.

The output folder holds checkpoint-1 … checkpoint-N (plain transformers folders), training.jsonl
(the loss per completion token, learning rate and completion tokens of every step; with --head classes,
of labelled tokens), timing.jsonl (the seconds, tokens and FLOPs utilisation of every step) and about.json
(how it was made). Every checkpoint is read from the disk again and compared with the trained model; its
weights.json records that. A killed run is resumed. On CPUs equal calls give equal bytes, except
timing.jsonl and about.json.
"""

import argparse

from yetbetter import program
from yetbetter.job import under_torchrun
from yetbetter.training.deepspeed_config import OFFLOADS
from yetbetter.training.finetuning import finetune
from yetbetter.training.job import read_job
from yetbetter.training.learning_rates import read_chosen_rate
from yetbetter.training.recipe import HEADS, LANGUAGE


def parse_arguments() -> argparse.Namespace:
    parser = program.Parser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--data", required=True, help="training set, rows of problem, sample, model, prompt, completion")
    add("--model", required=True, help="base model: a folder, or a model's name on the hub")
    add("--revision", help="the model's revision on the hub")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int, help="optimizer steps, independent of the size of the data")
    length.add_argument("--epochs", type=float, help="instead of steps: passes over the data, rounded to steps")
    add("--checkpoints", required=True, type=int, help="evenly spaced, the last after all steps")
    add("--batch-size", required=True, type=int, help="examples per step, of all processes")
    add("--micro-batch-size", type=int, help="examples per forward pass and process (default: all)")
    rate = parser.add_mutually_exclusive_group(required=True)
    rate.add_argument("--learning-rate", type=float, help="the highest, after the warm-up")
    rate.add_argument(
        "--rate-of",
        nargs="+",
        metavar=("CHOICE", "NAME=RATE"),
        help="a choice.json of evaluate_model.py, and the rates by name: the chosen one is used",
    )
    add("--warmup-fraction", default=0.05, type=float, help="share of the steps used for warm-up")
    add("--scheduler", default="linear", choices=("linear", "cosine", "constant"))
    add("--weight-decay", default=0.0, type=float, help="AdamW's")
    add("--max-gradient-norm", default=1.0, type=float, help="norm that gradients are clipped to; 0: no clipping")
    add("--max-length", required=True, type=int, help="tokens; longer examples are left out")
    add("--seed", default=0, type=int, help="for the order of examples, and dropout if any")
    add("--precision", required=True, choices=("float32", "bfloat16"), help="also of checkpoints")
    add("--attention", help="transformers' attention (default: eager for soft-capped models)")
    add("--gradient-checkpointing", action="store_true", help="less memory, more time")
    add("--packing", action="store_true", help="rows of several examples; --batch-size counts rows")
    add("--fused-loss", action="store_true", help="liger-kernel's layers; no loss builds all logits")
    add("--lora-rank", type=int, help="train adapters of this rank; checkpoints hold them merged")
    add("--lora-alpha", type=float, help="their scale, over the rank (default: twice the rank)")
    add("--lora-dropout", type=float, help="dropout of their inputs (default: 0)")
    add("--lora-targets", help="layers, by name, with commas (default: all linear ones)")
    add(
        "--log-to",
        default="none",
        choices=("none", "tensorboard", "wandb"),
        help="where to log in addition to training.jsonl",
    )
    add("--peak-tflops", type=float, help="of one device, for the utilisation (default: by its name)")
    add("--save-every", type=int, help="steps between the states that a killed run continues from")
    add("--deepspeed", metavar="STAGE", help="zero-2, zero-3, or your configuration (JSON); under torchrun")
    add("--offload", default="none", choices=OFFLOADS, help="what zero-2 and zero-3 keep off the GPU")
    add(
        "--asked",
        nargs="+",
        default=[],
        metavar="FILE:COUNT",
        help="problems that the finetuned model will be asked, the first COUNT of each file: the longest are checked"
        " before training, if the file is there",
    )
    add(
        "--chat",
        action="store_true",
        help="train in the model's chat format, or in a plain one if it has none; prompts are the user's turns",
    )
    add("--head", default=LANGUAGE, choices=HEADS, help="predict the next token, or two classes of labelled tokens")
    add("--asked-prompt", help="file with the prompt that they are asked with")
    add("--asked-tokens", type=program.whole(1), help="tokens that an answer may have")
    add("--output", action=program.Output, required=True, help="the folder to make")
    add("--drafts", help="folder of all drafts (default: .drafts beside the output)")
    arguments = parser.parse_args()
    if arguments.rate_of:
        arguments.learning_rate = read_chosen_rate(*arguments.rate_of)
    return arguments


def main() -> None:
    finetune(read_job(parse_arguments()))


if __name__ == "__main__":
    run = program.run_and_leave if under_torchrun() else program.run
    run(main)
