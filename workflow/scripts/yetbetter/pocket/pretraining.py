"""The pocket models: their shapes, pretraining, and stopping rules.

A base model must leave room for finetuning and for repeated sampling, and its accuracy rises steeply with training. So
each is trained at a constant learning rate, and stopped early. SE stops when its pass@1 on validation problems reaches
its target. The other models stop at a share of SE's pass@1 on training problems, sampled as a study samples. The moving
average of the weights, rounded to bfloat16, is measured and kept: it is as good as a decayed learning rate and needs no
stopping time in advance.
"""

import copy
import math
import random
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from yetbetter.errors import UserError
from yetbetter.pocket.problems import make_problems
from yetbetter.pocket.subjects import ARITHMETIC, SUBJECTS, Subject
from yetbetter.pocket.tokenizer import CONTEXT
from yetbetter.records import follow_umask

WIDTH = 128  # tokens in a pretraining sequence
BATCH = 32  # sequences
MEASURED_TOGETHER = 250  # problems


@dataclass(frozen=True)
class Pretraining:
    """One model's shape and training.

    nominal: the parameter count used for matching budgets. target: validation pass@1 (greedy, mean of the data sets)
    at which training stops. ratio: the share of SE's pass@1 at which it stops instead (`share_of`). rungs: further such
    shares; each gives a model of the ladder. subject: the key of what it learns in SUBJECTS. easy, hard, lists,
    requests: pretraining problems of each data set; those of other subjects are not used.
    """

    nominal: int
    hidden: int
    layers: int
    heads: int
    mlp: int
    seed: int
    target: float | None = None
    ratio: float | None = None
    rungs: tuple[float, ...] = ()
    learning_rate: float = 4e-3
    average: float = 0.98  # kept of the moving average at each step
    kv_heads: int = 1
    initializer_range: float = 0.1  # 0.02 costs a model this narrow hundreds of steps
    warmup: int = 50  # steps
    first_check: int = 500  # step
    check_every: int = 10  # steps
    last_step: int = 1400
    subject: str = "arithmetic"
    easy: int = 20_000
    hard: int = 20_000
    lists: int = 20_000
    requests: int = 20_000
    checked_questions: int = 200  # validation problems of each data set, for the target
    measured_questions: int = 2000  # training problems of each data set, for the ratio
    measured_samples: int = 4  # of each
    whole: int = 0  # texts in a batch, one in a row; 0: texts are joined and cut into BATCH rows of WIDTH tokens


# Texts with programs are longer. Joined and cut, a third of what they say about a question would be without it, and
# learning takes three times the steps. A program is tested in a box of its own, which takes 30 ms of a CPU: fewer
# problems are measured.
CODE = {
    "subject": "programs",
    "first_check": 150,
    "last_step": 600,
    "whole": 48,
    "measured_questions": 250,
    "checked_questions": 100,
}
# Short texts, of which the question must be seen whole, too. Nothing is right or wrong: pass@1 is the share of answers
# that follow every instruction of their prompt.
TALK = {"subject": "instructions", "first_check": 100, "last_step": 400, "whole": 48, "measured_questions": 1000}
# Gemma2-9B has 0.82 of Gemma2-27B's pass@1 on MATH and 0.86 on GSM8K, by the printed coverage of the paper.
PAIR = (0.82, 0.86)
PRETRAININGS = {
    # With as many hard problems as easy ones, WC reaches a larger share of SE's pass@1 on the hard data set than on the
    # easy one, and is never within PAIR on both.
    "wc": Pretraining(
        150_000,
        **{"hidden": 64, "layers": 3, "heads": 2, "mlp": 176, "seed": 1, "hard": 17_000},
        **{"ratio": 0.84, "rungs": (0.50, 0.60, 0.68, 0.76, 0.92, 1.00)},
    ),
    "se": Pretraining(450_000, hidden=112, layers=3, heads=4, mlp=320, seed=2, target=0.42, check_every=25),
    "student": Pretraining(150_000, hidden=48, layers=5, heads=2, mlp=132, seed=3, ratio=0.70),
    "code-wc": Pretraining(150_000, hidden=64, layers=3, heads=2, mlp=176, seed=11, ratio=0.84, **CODE),
    "code-se": Pretraining(
        450_000,
        **{"hidden": 112, "layers": 3, "heads": 4, "mlp": 320, "seed": 12, "target": 0.45},
        **CODE | {"check_every": 25},
    ),
    "code-student": Pretraining(150_000, hidden=48, layers=5, heads=2, mlp=132, seed=13, ratio=0.70, **CODE),
    "instructions-wc": Pretraining(150_000, hidden=64, layers=3, heads=2, mlp=176, seed=21, ratio=0.84, **TALK),
    "instructions-se": Pretraining(
        450_000,
        **{"hidden": 112, "layers": 3, "heads": 4, "mlp": 320, "seed": 22, "target": 0.62},
        **TALK | {"check_every": 25},
    ),
    "instructions-student": Pretraining(150_000, hidden=48, layers=5, heads=2, mlp=132, seed=23, ratio=0.70, **TALK),
}


@dataclass
class Snapshot:
    """A model in training. model: its averaged weights, rounded to bfloat16; None before the first check."""

    step: int
    loss: float
    tokens_per_second: float
    model: LlamaForCausalLM | None
    pass_at_1: dict[str, float] = field(default_factory=dict)


def build_model(pretraining: Pretraining, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """An untrained model. head_dim is 32, the smallest that vLLM's CPU attention supports."""
    torch.manual_seed(pretraining.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=pretraining.hidden,
        intermediate_size=pretraining.mlp,
        num_hidden_layers=pretraining.layers,
        num_attention_heads=pretraining.heads,
        num_key_value_heads=pretraining.kv_heads,
        head_dim=32,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        initializer_range=pretraining.initializer_range,
        rope_parameters={"rope_type": "default", "rope_theta": 1000.0},
        dtype="bfloat16",
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


def count_parameters(model: torch.nn.Module) -> int:
    """Parameters, the tied embedding counted once."""
    return sum(parameter.numel() for parameter in model.parameters())


def pretrain(pretraining: Pretraining) -> Iterator[Snapshot]:
    """Train, with a snapshot after each `check_every` steps and after the last."""
    tokenizer = SUBJECTS[pretraining.subject].build_tokenizer()
    model = build_model(pretraining, tokenizer)
    optimizer = torch.optim.AdamW(model.parameters(), pretraining.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    averaged = copy.deepcopy(model)
    batches = batches_of(pretraining, tokenizer)
    batch = next(batches)
    seconds, tokens = 0.0, 0  # of training steps
    for step in range(1, pretraining.last_step + 1):
        started = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = pretraining.learning_rate * min(1.0, step / pretraining.warmup)
        loss = model(input_ids=batch, labels=batch.masked_fill(batch == tokenizer.pad_token_id, -100)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            for kept, new in zip(averaged.parameters(), model.parameters(), strict=True):
                kept.lerp_(new, 1 - pretraining.average)
        tokens += batch.numel()
        batch = next(batches)
        seconds += time.monotonic() - started
        last = step == pretraining.last_step
        if last or not step % pretraining.check_every:
            rounded = copy.deepcopy(averaged).bfloat16() if last or step >= pretraining.first_check else None
            yield Snapshot(step, loss.item(), tokens / seconds, rounded)


def train_to_target(pretraining: Pretraining, log: Callable[[Snapshot], None]) -> Snapshot:
    """The first snapshot that reaches the target, else the last."""
    subject = SUBJECTS[pretraining.subject]
    tokenizer = subject.build_tokenizer()
    validation = {
        dataset: make_problems(dataset, "validation", pretraining.checked_questions) for dataset in subject.datasets
    }
    for snapshot in pretrain(pretraining):
        if snapshot.model is not None:
            snapshot.pass_at_1 = {
                dataset: greedy_pass_at_1(snapshot.model, tokenizer, problems, subject)
                for dataset, problems in validation.items()
            }
        log(snapshot)
        if sum(snapshot.pass_at_1.values()) >= pretraining.target * len(subject.datasets):
            break
    return snapshot


def train_to_ratios(
    pretraining: Pretraining,
    reference: dict[str, float],
    measure: Callable[[LlamaForCausalLM], dict[str, float]],
    log: Callable[[Snapshot], None],
) -> dict[float, Snapshot]:
    """ratio -> the snapshot whose share of the reference's pass@1 is next to it, for the ratio and every rung.

    Measuring takes longer than training, and the share rises with training: all snapshots are kept, and bisection
    measures few of them. reference: pass@1 of SE by data set. measure: the same of a model.
    """
    snapshots = []
    for snapshot in pretrain(pretraining):
        log(snapshot)
        snapshots += [snapshot] if snapshot.model is not None else []

    def share(number: int) -> float:
        snapshot = snapshots[number]
        if not snapshot.pass_at_1:
            snapshot.pass_at_1 = measure(snapshot.model)
            log(snapshot)
        return share_of(snapshot.pass_at_1, reference)

    found = {}
    for ratio in (pretraining.ratio, *pretraining.rungs):
        above = bisect_left(range(len(snapshots)), ratio, key=share)
        near = [number for number in (above - 1, above) if 0 <= number < len(snapshots)]
        found[ratio] = snapshots[min(near, key=lambda number: abs(share(number) - ratio))]
    return found


def share_of(pass_at_1: dict[str, float], reference: dict[str, float]) -> float:
    """Geometric mean over the data sets of a model's pass@1 as a share of the reference's."""
    shares = [pass_at_1[dataset] / reference[dataset] for dataset in reference]
    return math.prod(shares) ** (1 / len(shares))


def batches_of(pretraining: Pretraining, tokenizer: PreTrainedTokenizerFast) -> Iterator[torch.Tensor]:
    """Batches of problems, int64 (rows, tokens), epoch after epoch, each in a new order."""
    subject = SUBJECTS[pretraining.subject]
    rows = [row for name in subject.datasets for row in make_problems(name, "pretraining", getattr(pretraining, name))]
    texts = [subject.text_of(row) for row in rows]
    encoded = [[*ids, tokenizer.eos_token_id] for ids in tokenizer(texts)["input_ids"]]
    rng = random.Random(pretraining.seed)
    stream: list[int] = []
    if pretraining.whole:
        while True:
            order = rng.sample(range(len(encoded)), len(encoded))
            for start in range(0, len(order) - pretraining.whole + 1, pretraining.whole):
                own = [torch.tensor(encoded[place]) for place in order[start : start + pretraining.whole]]
                yield pad_sequence(own, batch_first=True, padding_value=tokenizer.pad_token_id)
    while True:
        for place in rng.sample(range(len(encoded)), len(encoded)):
            stream += encoded[place]
            if len(stream) >= BATCH * WIDTH:
                yield torch.tensor(stream[: BATCH * WIDTH]).view(BATCH, WIDTH)
                stream = []


def greedy_pass_at_1(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    problems: list[dict],
    subject: Subject = ARITHMETIC,
) -> float:
    """Share of the problems whose greedy solution is right."""
    texts = sample(model, tokenizer, [row["question"] for row in problems], 1, greedy=True, subject=subject)
    right = subject.are_right([text for (text,) in texts], problems)
    return sum(right) / len(right)


def sampled_pass_at_1(
    generate: Callable[[list[str], list[list[int]]], list[list[dict]]], pretraining: Pretraining
) -> dict[str, float]:
    """Share of right solutions among samples of the training problems, by data set.

    generate: an engine's, from prompts and a seed for each sample of each prompt.
    """
    subject, found = SUBJECTS[pretraining.subject], {}
    for dataset in subject.datasets:
        problems, right = make_problems(dataset, "train", pretraining.measured_questions), 0
        for start in range(0, len(problems), MEASURED_TOGETHER):
            rows = problems[start : start + MEASURED_TOGETHER]
            numbers = range(pretraining.measured_samples)
            seeds = [[1000 * (start + place) + number for number in numbers] for place in range(len(rows))]
            answers = generate([subject.prompt_of(row["question"]) for row in rows], seeds)
            pairs = [(one["text"], row) for row, own in zip(rows, answers, strict=True) for one in own]
            right += sum(subject.are_right(*map(list, zip(*pairs, strict=True))))
        found[dataset] = right / len(problems) / pretraining.measured_samples
    return found


@torch.no_grad()
def sample(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    questions: list[str],
    count: int,
    *,
    greedy: bool = False,
    temperature: float = 0.7,
    top_k: int = 3,
    batch: int = 200,
    subject: Subject = ARITHMETIC,
) -> list[list[str]]:
    """`count` completions of each question's prompt; sampling draws from torch's global seed."""
    model = copy.deepcopy(model).float().eval()
    choice = (
        {"do_sample": False}
        if greedy
        else {"do_sample": True, "temperature": temperature, "top_k": top_k, "top_p": 1.0}
    )
    texts: list[str] = []
    prompts = [subject.prompt_of(question) for question in questions for _ in range(count)]
    for start in range(0, len(prompts), batch):
        inputs = tokenizer(prompts[start : start + batch], return_tensors="pt", padding=True)
        made = model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            max_new_tokens=subject.completion_tokens,
            **choice,
        )
        made = made[:, inputs["input_ids"].shape[1] :]
        texts += tokenizer.batch_decode(made, skip_special_tokens=True)
    return [texts[start : start + count] for start in range(0, len(texts), count)]


def find_pretraining(name: str) -> Pretraining:
    """How a pocket model is pretrained. Raises UserError for another name."""
    if name not in PRETRAININGS:
        raise UserError(f"model: {name!r} is not one of {', '.join(PRETRAININGS)}")
    return PRETRAININGS[name]


def save_model(model: LlamaForCausalLM, folder: str, subject: Subject = ARITHMETIC) -> None:
    """Write the model (safetensors) and its subject's tokenizer as one transformers folder."""
    model.save_pretrained(folder)
    subject.build_tokenizer().save_pretrained(folder)
    follow_umask(Path(folder))
