"""The checks of check_gpu.py: each gets an empty folder, gives what it measured, raises if something is wrong."""

import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from yetbetter import job
from yetbetter.generation.engines import Decoding
from yetbetter.generation.prompts import fill, read_template
from yetbetter.pocket.world import make_problems
from yetbetter.records import read_json, read_rows, write_json, write_rows
from yetbetter.selection.training_data import training_row
from yetbetter.training.checkpoints import take_snapshot, verify_checkpoint
from yetbetter.training.data import encode_examples
from yetbetter.training.devices import device_name, peak_flops
from yetbetter.training.packing import Rows, positions, refuse_leaks

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "workflow/scripts/finetune_model.py"
SHAPES = {  # random models; the vocabulary is larger than the pocket tokenizer's, whose ids they are trained on
    "pocket": {"hidden_size": 64, "intermediate_size": 176, "num_hidden_layers": 4, "num_attention_heads": 2},
    "100M": {"hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 12},
}
VOCABULARY = {"pocket": 256, "100M": 32000}
BATCH = {"pocket": 64, "100M": 64}
LENGTH = 256
TRAINER = ("trl", "datasets", "accelerate")


@dataclasses.dataclass(frozen=True)
class Machine:
    cpu: bool

    @property
    def processes(self) -> int:
        return 1 if self.cpu else torch.cuda.device_count()

    @property
    def precision(self) -> str:
        return "float32" if self.cpu else "bfloat16"

    @property
    def sizes(self) -> list[str]:
        return ["pocket"] if self.cpu else list(SHAPES)

    def describe(self) -> str:
        if self.cpu:
            return f"CPU, torch {torch.__version__}"
        memory = torch.cuda.get_device_properties(0).total_memory / 1e9
        found = f"{self.processes} x {device_name()}, {memory:.0f} GB, torch {torch.__version__}"
        return f"{found}, CUDA {torch.version.cuda}, NCCL {'.'.join(map(str, torch.cuda.nccl.version()))}"


def all_checks(machine: Machine) -> list[tuple[str, tuple[str, ...], Callable]]:
    """(name, packages it needs, check) in the order in which they run."""
    checks = []
    if not machine.cpu:
        checks.append(("GPUs counted", (), functools.partial(check_counting, machine)))
        checks.append(("NCCL", (), functools.partial(check_nccl, machine)))
    for size in machine.sizes:
        checks.append((f"{size}, torch alone", (), functools.partial(check_bare_training, machine, size)))
        for attention, needs in (("sdpa", ()), ("flash_attention_2", ("flash_attn", *TRAINER))):
            check = functools.partial(check_packed_rows, machine, size, attention)
            checks.append((f"{size}, packed rows, {attention}", needs, check))
        for way, needs, options in (
            ("plain", TRAINER, {}),
            ("packing", TRAINER, {"packing": True}),
            ("checkpointing", TRAINER, {"gradient-checkpointing": True}),
            ("ZeRO-2", (*TRAINER, "deepspeed"), {"deepspeed": 2}),
            ("ZeRO-3", (*TRAINER, "deepspeed"), {"deepspeed": 3}),
            ("flash", (*TRAINER, "flash_attn"), {"attention": "flash_attention_2"}),
            ("flash, packing", (*TRAINER, "flash_attn"), {"attention": "flash_attention_2", "packing": True}),
        ):
            if machine.processes > 1 and "deepspeed" not in options:
                continue  # several processes need DeepSpeed
            checks.append((f"{size}, {way}", needs, functools.partial(check_finetuning, machine, size, options)))
        zero = {} if machine.processes == 1 else {"deepspeed": 2}
        needs = (*TRAINER, "deepspeed") if zero else TRAINER
        checks.append((f"{size}, killed and resumed", needs, functools.partial(check_resume, machine, size, zero)))
    checks.append(("our sampler", (), functools.partial(check_sampler, machine)))
    if not machine.cpu:
        checks.append(("vLLM", ("vllm",), functools.partial(check_vllm, machine)))
    return checks


def make_model(size: str, folder: Path) -> Path:
    """A random model in bfloat16 with the pocket tokenizer, saved as any checkpoint is."""
    tokenizer = AutoTokenizer.from_pretrained(ROOT / "resources/pocket/student")
    ends = {key: getattr(tokenizer, key) for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=VOCABULARY[size], max_position_embeddings=LENGTH, **SHAPES[size], **ends)
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder / size)
    tokenizer.save_pretrained(folder / size)
    return folder / size


def make_data(folder: Path, examples: int = 2000) -> Path:
    template = read_template(ROOT / "resources/prompts/pocket.txt")
    rows = [
        training_row(row["problem"], 0, "human", fill(template, row["question"]), row["solution"])
        for row in make_problems("hard", "train", examples)
    ]
    write_rows(folder / "data.jsonl", rows)
    return folder / "data.jsonl"


def encode(folder: Path, model: Path, examples: int) -> dict[str, list[list[int]]]:
    data = make_data(folder, examples)
    return encode_examples(read_rows(data), AutoTokenizer.from_pretrained(model), LENGTH, str(data))[0]


def fill_rows(columns: dict[str, list[list[int]]]) -> list[dict]:
    """The examples in rows of at most LENGTH tokens, one after the other; what `packing.pack` makes better with TRL."""
    rows: list[dict] = []
    for ids, labels in zip(columns["input_ids"], columns["labels"], strict=True):
        if not rows or len(rows[-1]["input_ids"]) + len(ids) > LENGTH:
            rows.append({"input_ids": [], "labels": [], "seq_lengths": []})
        rows[-1]["input_ids"] += ids
        rows[-1]["labels"] += labels
        rows[-1]["seq_lengths"].append(len(ids))
    return rows


def check_counting(machine: Machine, folder: Path) -> dict:
    """What a GPU job counts before it loads anything is what torch sees."""
    names = job.check_gpus({job.ASKED: str(machine.processes)})
    assert names == [torch.cuda.get_device_name(number) for number in range(machine.processes)], names
    return {}


def check_nccl(machine: Machine, folder: Path) -> dict:
    """A sum over all GPUs of this machine, each in a process of its own."""
    program = folder / "sum.py"
    program.write_text(
        "import os, torch, torch.distributed as dist\n"
        "rank = int(os.environ['LOCAL_RANK']); torch.cuda.set_device(rank)\n"
        "dist.init_process_group('nccl', device_id=torch.device('cuda', rank)); n = dist.get_world_size()\n"
        "x = torch.full((1 << 20,), float(rank + 1), device='cuda', dtype=torch.bfloat16)\n"
        "dist.all_reduce(x); assert (x == n * (n + 1) / 2).all(), x[:3]\n"
        "dist.destroy_process_group()\n"
    )
    torchrun(machine, [str(program)], force=True)
    return {"note": f"{machine.processes} processes"}


def check_bare_training(machine: Machine, size: str, folder: Path) -> dict:
    """A loop of torch alone over packed rows: the loss falls; the saved model is read again and is the live one."""
    path = make_model(size, folder)
    device = torch.device("cpu" if machine.cpu else "cuda")
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).to(device)
    collate = Rows(model.config.pad_token_id)
    rows = fill_rows(encode(folder, path, 400))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    steps, batch = (6, 8) if machine.cpu else (30, BATCH[size])
    losses, tokens, start = [], 0, 0.0
    for step in range(steps):
        if step == 3:  # the first steps choose kernels and allocate
            losses[-1].item()
            start, tokens = time.monotonic(), 0
        inputs = collate([rows[(step * batch + i) % len(rows)] for i in range(batch)])
        tokens += int(inputs.pop("tokens"))
        labels = inputs.pop("labels").to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=not machine.cpu):
            logits = model(**{key: value.to(device) for key, value in inputs.items()}, use_cache=False).logits
            loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
    first, last = losses[0].item(), losses[-1].item()
    rate = tokens / (time.monotonic() - start)
    check_loss(machine, first, last)
    snapshot = take_snapshot(model, torch.tensor([row["input_ids"][:32] for row in rows[:4]]), machine.precision)
    model.to(getattr(torch, machine.precision)).save_pretrained(folder / "saved")
    verify_checkpoint(folder / "saved", snapshot, machine.precision)
    distance = read_json(folder / "saved" / "weights.json")["logits"]["distance"]
    return measured(machine, model, rate) | {"note": f"loss {first:.2f} to {last:.2f}, logits {distance:.1e} away"}


def check_loss(machine: Machine, first: float, last: float) -> None:
    if not last < (0.95 if machine.cpu else 0.8) * first:  # on a CPU only a few steps are taken
        raise AssertionError(f"the loss went from {first:.3f} to {last:.3f}")


def measured(machine: Machine, model, rate: float) -> dict:
    peak = None if machine.cpu else peak_flops(device_name())
    count = sum(parameter.numel() for parameter in model.parameters())
    row = {"tokens/s": rate, "utilisation": peak and 6 * count * rate / peak}
    if not machine.cpu:
        row["memory"] = torch.cuda.max_memory_allocated() / 1e9
        torch.cuda.reset_peak_memory_stats()
    return row


@torch.no_grad()
def check_packed_rows(machine: Machine, size: str, attention: str, folder: Path) -> dict:
    """Packed examples have the logits that they have alone, and none sees what it is packed with."""
    path = make_model(size, folder)
    device = torch.device("cpu" if machine.cpu else "cuda")
    model = AutoModelForCausalLM.from_pretrained(
        path, dtype=getattr(torch, machine.precision), attn_implementation=attention
    )
    model = model.to(device).eval()
    if attention == "sdpa":
        collate: Callable = Rows(model.config.pad_token_id)
    else:
        from yetbetter.training.packing import Flattened

        collate = Flattened(model.config.pad_token_id)
    row = fill_rows(encode(folder, path, 40))[0]
    batch = {key: value for key, value in collate([row]).items() if key not in ("labels", "tokens")}
    batch = {key: value.to(device) if torch.is_tensor(value) else value for key, value in batch.items()}
    packed = model(**batch, use_cache=False).logits[0].float()
    worst, start = 0.0, 0
    assert batch["position_ids"][0].tolist() == positions(row["seq_lengths"])
    for length in row["seq_lengths"]:
        ids = torch.tensor([row["input_ids"][start : start + length]], device=device)
        alone = model(input_ids=ids, use_cache=False).logits[0].float()
        worst = max(worst, float((packed[start : start + length] - alone).norm() / alone.norm()))
        start += length
    allowed = 1e-4 if machine.cpu else 3e-2
    if worst > allowed:
        raise AssertionError(f"logits of packed examples are {worst:.2g} away from those alone, allowed: {allowed}")
    first, second = row["seq_lengths"][:2]
    cut = min(first, second, 16)
    probe = torch.tensor([row["input_ids"][:cut], row["input_ids"][first : first + cut]])
    refuse_leaks(model, collate, probe, allowed)
    return {"note": f"{len(row['seq_lengths'])} examples, {worst:.1e} away"}


def command(machine: Machine, size: str, folder: Path, name: str, options: dict) -> list[str]:
    """finetune_model.py for the model and data in `folder`, which are made if they do not exist."""
    if not (folder / size).exists():
        make_model(size, folder)
        make_data(folder)
    batch = 16 if machine.cpu else BATCH[size]
    settings = {"model": folder / size, "data": folder / "data.jsonl", "output": folder / name}
    settings |= {"steps": 8 if machine.cpu else 40, "checkpoints": 2, "batch-size": batch, "learning-rate": 1e-3}
    settings |= {"max-length": LENGTH, "precision": machine.precision} | options
    if "deepspeed" in settings:
        stage = settings["deepspeed"]
        auto = ("train_micro_batch_size_per_gpu", "gradient_accumulation_steps", "gradient_clipping")
        config = dict.fromkeys(auto, "auto") | {"bf16": {"enabled": "auto"}, "zero_optimization": {"stage": stage}}
        if stage == 3:
            config["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"] = True
        settings["deepspeed"] = folder / f"zero{stage}.json"
        write_json(settings["deepspeed"], config)
    words = [str(PROGRAM)]
    for key, value in settings.items():
        words += [f"--{key}"] if value is True else [f"--{key}", str(value)]
    return words


def start(machine: Machine, words: list[str], force: bool = False) -> subprocess.Popen:
    """A process, or one per GPU through torchrun with DeepSpeed; its whole tree is one process group."""
    launch = [sys.executable]
    if force or "--deepspeed" in words:
        launch += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={machine.processes}"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([*launch, *words], env=environment, start_new_session=True)


def torchrun(machine: Machine, words: list[str], force: bool = False) -> None:
    code = start(machine, words, force).wait()
    if code:
        raise AssertionError(f"{Path(words[0]).name} ended with exit status {code}")


def check_finetuning(machine: Machine, size: str, options: dict, folder: Path) -> dict:
    """The program itself, with its own verification of every checkpoint; speed over the second half of the steps."""
    torchrun(machine, command(machine, size, folder, "out", options))
    output = folder / "out"
    about, log = read_json(output / "about.json"), read_rows(output / "training.jsonl")
    check_loss(machine, log[0]["loss"], log[-1]["loss"])
    timing = read_rows(output / "timing.jsonl")[len(log) // 2 :]
    rate = sum(row["tokens"] for row in timing) / sum(row["seconds"] for row in timing)
    peak = about["peak_flops"]
    distance = max(
        read_json(checkpoint / "weights.json")["logits"]["distance"] for checkpoint in output.glob("checkpoint-*")
    )
    note = f"loss {log[0]['loss']:.2f} to {log[-1]['loss']:.2f}, logits {distance:.1e} away"
    used = peak and 6 * about["parameters"] * rate / peak
    return {"tokens/s": rate, "utilisation": used, "memory": about.get("peak_memory_gb"), "note": note}


def check_resume(machine: Machine, size: str, options: dict, folder: Path) -> dict:
    """A run killed with SIGKILL resumes from its last state and ends like an undisturbed one."""
    torchrun(machine, command(machine, size, folder, "undisturbed", options))
    words = [*command(machine, size, folder, "killed", options), "--save-every", "1"]
    job = start(machine, words)
    states = folder / ".drafts" / "killed"
    while job.poll() is None and not list(states.glob("*/state/checkpoint-3/complete.json")):
        time.sleep(0.01)
    if job.poll() is not None:
        raise AssertionError("ended before it could be killed")
    os.killpg(job.pid, signal.SIGKILL)
    job.wait()
    torchrun(machine, words)
    losses = [
        [row["loss"] for row in read_rows(folder / name / "training.jsonl")] for name in ("undisturbed", "killed")
    ]
    distance = max(abs(one - other) / one for one, other in zip(*losses, strict=True))
    hashes = [
        [tensor["sha256"] for tensor in read_json(path)["tensors"].values()]
        for path in (folder / name / "checkpoint-2" / "weights.json" for name in ("undisturbed", "killed"))
    ]
    same = sum(one == other for one, other in zip(*hashes, strict=True))
    allowed = 0 if machine.cpu else 2e-2  # on GPUs the order of some additions is not fixed
    if distance > allowed:
        raise AssertionError(f"losses differ by up to {distance:.2%}, allowed: {allowed:.0%}")
    return {"note": f"{same} of {len(hashes[0])} tensors the same to the bit, losses within {distance:.1e}"}


def check_sampler(machine: Machine, folder: Path) -> dict:
    """The project's own generator on the student: as right as on a CPU, and fast."""
    from yetbetter.generation.transformers_engine import Generator, load_model

    generator = Generator(*load_model(str(ROOT / "resources/pocket/student")))
    template = read_template(ROOT / "resources/prompts/pocket.txt")
    problems = make_problems("easy", "test", 50)
    prompts = [fill(template, row["question"]) for row in problems]
    start = time.monotonic()
    answers = generator.generate(prompts, [[8 * i + j for j in range(8)] for i in range(50)], Decoding(0.7, 3, 96))
    rate = sum(answer["tokens"] for of_prompt in answers for answer in of_prompt) / (time.monotonic() - start)
    check_answers(problems, [[answer["text"] for answer in of_prompt] for of_prompt in answers])
    return {"tokens/s": rate}


def check_answers(problems: list[dict], texts: list[list[str]]) -> None:
    """The pocket student is right in about a third of its answers; garbage would hardly ever be."""
    right = [
        f"answer is {row['answer']}." in text for row, group in zip(problems, texts, strict=True) for text in group
    ]
    if not 0.1 < sum(right) / len(right) < 0.95:
        raise AssertionError(f"{sum(right)} of {len(right)} answers are right")


def check_vllm(machine: Machine, folder: Path) -> dict:
    """vLLM, in a process of its own, so that its memory is given back; it reads what was saved here."""
    template = read_template(ROOT / "resources/prompts/pocket.txt")
    problems = make_problems("easy", "test", 50)
    write_json(folder / "prompts.json", [fill(template, row["question"]) for row in problems])
    (folder / "draw.py").write_text(
        "import json, sys, time\nfrom vllm import LLM, SamplingParams\n"
        "if __name__ == '__main__':\n"
        "    model = LLM(sys.argv[1], gpu_memory_utilization=0.3, max_model_len=256, enforce_eager=True)\n"
        "    prompts = json.load(open(sys.argv[2] + '/prompts.json'))\n"
        "    start = time.monotonic()\n"
        "    drawn = model.generate(prompts, SamplingParams(n=8, temperature=0.7, top_k=3, max_tokens=96, seed=1))\n"
        "    seconds = time.monotonic() - start\n"
        "    outputs = [request.outputs for request in drawn]\n"
        "    tokens = sum(len(sample.token_ids) for group in outputs for sample in group)\n"
        "    found = {'rate': tokens / seconds, 'texts': [[sample.text for sample in group] for group in outputs]}\n"
        "    json.dump(found, open(sys.argv[2] + '/drawn.json', 'w'))\n"
    )
    student = ROOT / "resources/pocket/student"
    subprocess.run([sys.executable, str(folder / "draw.py"), str(student), str(folder)], check=True)
    drawn = json.loads((folder / "drawn.json").read_text())
    check_answers(problems, drawn["texts"])
    return {"tokens/s": drawn["rate"]}
