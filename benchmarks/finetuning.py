"""Tokens per second of finetune_model.py against a plain script around TRL's SFTTrainer, same model, same data.

    python benchmarks/finetuning.py --model resources/pocket/student --examples 3000 --steps 60

plain: SFTTrainer on prompt and completion columns, its default settings but for the batch, the steps, float32 and the
warm-up. plain, no recomputing: the same without gradient checkpointing, which is TRL's default. ours, and ours packed:
finetune_model.py, with --packing in rows of --max-length. They take turns, each in a separate process. Tokens are
those of prompts and completions, without padding. Training is timed from the first step to the last, checkpoints
left out; the start is everything before the first step, imports too. CPU seconds (on a GPU seconds) are counted,
since the machine's load affects them least. The ratio is the median over the turns of the ratio of rates.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter.errors import UserError
from yetbetter.program import Parser, run, whole

SCRIPTS = Path(__file__).resolve().parent.parent / "workflow" / "scripts"
PROMPT = Path(__file__).resolve().parent.parent / "resources/prompts/pocket.txt"
WAYS = ("plain", "plain, no recomputing", "ours", "ours, packed")


def main() -> None:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="resources/pocket/student", help="folder or hub id")
    parser.add_argument("--data", help="training set (default: human solutions of the pocket world)")
    parser.add_argument("--examples", type=whole(1), default=3000, help="of the pocket world (default: 3000)")
    parser.add_argument("--steps", type=whole(1), default=60)
    parser.add_argument("--batch-size", type=whole(1), default=16)
    parser.add_argument("--max-length", type=whole(1), default=256)
    parser.add_argument("--packed-batch-size", type=whole(1), help="rows in a packed step (default: --batch-size)")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--repeats", type=whole(1), default=2, help="turns of each (default: 2)")
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    parser.add_argument("--run", help=argparse.SUPPRESS)  # one way, in this process
    arguments = parser.parse_args()
    if arguments.run:
        print(json.dumps(measure(arguments)))
        return
    with tempfile.TemporaryDirectory() as folder:
        if arguments.data is None:
            arguments.data = make_data(Path(folder), arguments.examples)
        compare(arguments)


def make_data(folder: Path, examples: int) -> str:
    from yetbetter.generation.prompts import fill, read_template
    from yetbetter.pocket.world import make_problems
    from yetbetter.records import write_rows
    from yetbetter.selection.training_data import training_row

    template = read_template(PROMPT)
    problems = make_problems("hard", "train", examples)
    rows = (
        training_row(row["problem"], 0, "human", fill(template, row["question"]), row["solution"]) for row in problems
    )
    write_rows(folder / "data.jsonl", rows)
    return str(folder / "data.jsonl")


def compare(arguments) -> None:
    """Let the ways take turns and print the table."""
    turns: list[dict[str, dict]] = []
    for _ in range(arguments.repeats):
        turns.append({way: in_a_process(way, arguments) for way in arguments.ways})
    print(f"{arguments.model}, {arguments.steps} steps, {arguments.precision}, medians of {len(turns)} turns")
    print(f"{'':>22} {'start, CPU s':>12} {'start, s':>9} {'tokens a step':>13} {'tokens/CPU s':>12} {'ratio':>6}")
    for way in arguments.ways:
        median = {key: statistics.median(turn[way][key] for turn in turns) for key in turns[0][way]}
        ratio = statistics.median(turn[way]["rate"] / turn[arguments.ways[0]]["rate"] for turn in turns)
        print(
            f"{way:>22} {median['start_cpu']:>12.1f} {median['start']:>9.1f} {median['tokens']:>13,.0f}"
            f" {median['rate']:>12,.0f} {ratio:>5.2f}x"
        )


def in_a_process(way: str, arguments) -> dict:
    keys = ("model", "data", "steps", "batch_size", "max_length", "packed_batch_size", "precision")
    options = [f"--{key.replace('_', '-')}={getattr(arguments, key)}" for key in keys if getattr(arguments, key)]
    command = [sys.executable, __file__, "--run", way, *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    job = subprocess.run(command, capture_output=True, text=True, env=environment)
    if job.returncode:
        sys.exit(f"{way}: {job.stderr[-2000:]}")
    return json.loads(job.stdout.splitlines()[-1])


def measure(arguments) -> dict:
    """Train in one way; seconds before the first step, tokens a step, and tokens a second of training."""
    with tempfile.TemporaryDirectory() as folder:
        if arguments.run.startswith("plain"):
            return train_plainly(arguments, folder, recompute=arguments.run == "plain")
        return train_ours(arguments, folder, packed=arguments.run == "ours, packed")


class Clock:
    """CPU seconds (seconds on a GPU) and tokens between the first step's start and the last one's end."""

    def __init__(self):
        import torch

        self.now = time.monotonic if torch.cuda.is_available() else time.process_time
        self.first = self.cpu_at_first = self.last = 0.0

    def start(self) -> None:
        if not self.last:
            self.first, self.cpu_at_first, self.last = time.time(), time.process_time(), self.now()
            self.begun = self.last

    def result(self, tokens: int, steps: int) -> dict:
        seconds = self.last - self.begun
        started = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        since_boot = float(Path("/proc/uptime").read_text().split()[0])
        start = self.first - (time.time() - (since_boot - started))
        return {
            "start_cpu": self.cpu_at_first,
            "start": start,
            "tokens": tokens / steps,
            "rate": tokens / seconds,
        }


def train_plainly(arguments, folder: str, recompute: bool) -> dict:
    from datasets import load_dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    clock = Clock()

    class Watch(TrainerCallback):
        tokens = 0

        def on_step_begin(self, *args, **kwargs):
            clock.start()

        def on_step_end(self, *args, **kwargs):
            clock.last = clock.now()

        def on_log(self, args, state, control, logs, **kwargs):
            self.tokens = logs.get("num_tokens", self.tokens)

    if not Path(arguments.data).is_file():
        raise UserError(f"--data {arguments.data!r}: no such file")
    data = load_dataset("json", data_files=arguments.data, split="train", cache_dir=folder)
    data = data.select_columns(["prompt", "completion"])
    try:
        tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    except OSError as error:
        raise UserError(f"--model {arguments.model!r}: {str(error).splitlines()[0]}") from None
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype="float32")
    config = SFTConfig(
        folder,
        max_steps=arguments.steps,
        per_device_train_batch_size=arguments.batch_size,
        max_length=arguments.max_length,
        learning_rate=1e-3,
        warmup_steps=round(0.05 * arguments.steps),
        bf16=arguments.precision == "bfloat16",
        activation_checkpointing=recompute,
        completion_only_loss=True,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    watch = Watch()
    SFTTrainer(model, config, train_dataset=data, processing_class=tokenizer, callbacks=[watch]).train()
    return clock.result(watch.tokens, arguments.steps)


def train_ours(arguments, folder: str, packed: bool) -> dict:
    from finetune_model import parse_arguments
    from yetbetter.records import read_json
    from yetbetter.training.finetuning import finetune
    from yetbetter.training.job import read_job

    # Rows of several examples: a packed step holds more tokens by default.
    batch = arguments.packed_batch_size or arguments.batch_size if packed else arguments.batch_size
    options = {"model": arguments.model, "data": arguments.data, "steps": arguments.steps, "checkpoints": 1}
    options |= {"batch-size": batch, "learning-rate": 1e-3, "max-length": arguments.max_length}
    options |= {"precision": arguments.precision, "output": f"{folder}/out"}
    sys.argv = ["finetune_model.py", *(f"--{key}={value}" for key, value in options.items())]
    sys.argv += ["--packing"] if packed else []
    job = read_job(parse_arguments())
    clock = Clock()
    watch(clock)
    finetune(job)
    return clock.result(read_json(f"{folder}/out/about.json")["tokens"], arguments.steps)


def watch(clock: Clock) -> None:
    """Have the trainer report its steps to the clock; imports the trainer now instead of later."""
    from yetbetter.training.finetuning import load_trainer

    loop = load_trainer()

    class Watched(loop.Keeper):
        def on_step_begin(self, *args, **kwargs):
            clock.start()

        def on_step_end(self, *args, **kwargs):
            clock.last = clock.now()
            super().on_step_end(*args, **kwargs)

    loop.Keeper = Watched


if __name__ == "__main__":
    run(main)
