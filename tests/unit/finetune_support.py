"""What the tests of finetuning share: a tiny model, its data, the program called here or as a process."""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from yetbetter.training.finetuning import finetune
from yetbetter.training.job import read_job

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
PROGRAM = SCRIPTS / "finetune_model.py"
WORDS = "Ann has buys eats apples . how many ? answer : so The is + - ="
LENGTH = 40


def make_model(folder: Path, config_of=LlamaConfig, model_of=LlamaForCausalLM, **changes) -> str:
    """A tiny random Llama, stored in bfloat16; its tokenizer adds BOS and never EOS."""
    special = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    vocabulary = [*special.values(), *"0123456789", *WORDS.split()]
    words = models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="<unk>")
    tokenizer = Tokenizer(words)
    steps = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(individual_digits=True)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    torch.manual_seed(0)
    settings = {
        "vocab_size": len(vocabulary),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    model_of(config_of(**settings | changes)).to(torch.bfloat16).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    return str(folder)


def example(number: int, **changes) -> dict:
    prompt = f"Ann has {number} apples . Ann buys {number + 3} . how many ? answer :"
    completion = f" so {number} + {number + 3} = {2 * number + 3} . The answer is {2 * number + 3}"
    row = {"problem": f"p{number}", "sample": 0, "prompt": prompt, "completion": completion}
    return row | {"model": "weak"} | changes


def examples() -> list[dict]:
    """Forty examples, and one that is too long."""
    rows = [example(number) for number in range(1, 41)]
    rows.insert(7, example(99, problem="long", sample=4, completion=" so so so so" * 10))
    return rows


def write(path: Path, rows: list[dict]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def command(model: str, data: str, output: Path, **changes) -> list[str]:
    """The program and its arguments; a change to None leaves an option out, one to True makes it a switch."""
    options = {
        "model": model,
        "data": data,
        "output": output,
        "steps": 30,
        "checkpoints": 3,
        "batch-size": 8,
        "learning-rate": 1e-2,
        "max-length": LENGTH,
        "precision": "float32",
    }
    options |= {key.replace("_", "-"): value for key, value in changes.items()}
    words = [str(PROGRAM)]
    for key, value in options.items():
        if value is not None:
            words += [f"--{key}"] if value is True else [f"--{key}", str(value)]
    return words


def run_here(monkeypatch, *arguments, **changes) -> Path:
    """Run in this process, which pays for the imports once."""
    from finetune_model import parse_arguments

    monkeypatch.setattr(sys, "argv", command(*arguments, **changes))
    job = read_job(parse_arguments())
    finetune(job)
    return Path(job.output)


def content(folder: Path) -> dict[str, bytes]:
    """Everything in a published folder except times and hosts."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in files if p.name not in ("about.json", "timing.jsonl")}


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]
