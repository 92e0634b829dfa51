"""The recipe of a finetuning: every setting that shapes the trained weights."""

import dataclasses
import math

from yetbetter.errors import UserError

# Layers that no adapter may change, and why. The trainer computes the loss from the last layer's own weight, without
# the adapter. If two layers share their weights, an adapter would be merged into only one of them.
LAST, BETWEEN = "lm_head", "name layers in between, such as q_proj,v_proj"
IS_LAST = f"the model's last layer, whose adapter the trainer would not train; {BETWEEN}"
IS_TIED = (
    f"the embedding, which is this model's last layer too (tie_word_embeddings), and no adapter can be both; {BETWEEN}"
)

# What the model's last layer gives: the next token, or two classes of tokens that the data label.
LANGUAGE, TWO_CLASSES = "language", "classes"
HEADS = (LANGUAGE, TWO_CLASSES)


def names_layer(target: str, *layers: str) -> bool:
    """Whether a target of adapters names one of these layers."""
    return target.rpartition(".")[2] in layers


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a model is trained: lengths in tokens, batches in examples, all processes together.

    Raises UserError, naming the option, for a value that is not allowed.
    """

    steps: int
    checkpoints: int
    batch_size: int
    micro_batch_size: int | None
    learning_rate: float
    warmup_fraction: float
    scheduler: str
    weight_decay: float
    max_gradient_norm: float
    max_length: int
    seed: int
    precision: str
    attention: str | None
    # The settings from here on are part of a draft's identity only if they are on, or not the default.
    packing: bool = False
    fused_loss: bool = False
    lora_rank: int | None = None
    lora_alpha: float | None = None
    lora_dropout: float | None = None
    lora_targets: str | None = None
    head: str = LANGUAGE

    def __post_init__(self):
        micro = self.micro_batch_size
        for key, good, allowed in (
            ("steps", self.steps >= 1, "1 or more"),
            ("checkpoints", 1 <= self.checkpoints <= self.steps, f"1 to {self.steps} (--steps)"),
            ("batch_size", self.batch_size >= 1, "1 or more"),
            ("micro_batch_size", micro is None or micro >= 1, "1 or more"),
            ("learning_rate", 0 < self.learning_rate < math.inf, "above 0"),
            ("warmup_fraction", 0 <= self.warmup_fraction <= 1, "0 to 1"),
            ("weight_decay", 0 <= self.weight_decay < math.inf, "0 or more"),
            ("max_gradient_norm", 0 <= self.max_gradient_norm < math.inf, "0 (off) or more"),
            ("max_length", self.max_length >= 2, "2 or more"),
            ("lora_rank", self.lora_rank is None or self.lora_rank >= 1, "1 or more"),
            ("lora_alpha", self.lora_alpha is None or 0 < self.lora_alpha < math.inf, "above 0"),
            ("lora_dropout", self.lora_dropout is None or 0 <= self.lora_dropout < 1, "0 to below 1"),
        ):
            if not good:
                option = "--" + key.replace("_", "-")
                raise UserError(f"{option} is {getattr(self, key)!r}, allowed: {allowed}")
        for key in ("lora_alpha", "lora_dropout", "lora_targets"):
            if getattr(self, key) is not None and self.lora_rank is None:
                raise UserError(f"--{key.replace('_', '-')} is of no use without --lora-rank")
        if self.head == TWO_CLASSES:
            for key in ("packing", "fused_loss"):
                if getattr(self, key):
                    raise UserError(f"--{key.replace('_', '-')} is for --head language only")
        for target in (self.lora_targets or "").split(","):
            if names_layer(target, LAST):
                raise UserError(f"--lora-targets: {target!r} is {IS_LAST}")

    def settings(self) -> dict:
        """What the recipe adds to a draft's identity."""
        optional = {key.name: key.default for key in dataclasses.fields(self) if key.default is not dataclasses.MISSING}
        return {
            key: value
            for key, value in dataclasses.asdict(self).items()
            if key not in optional or (value and value != optional[key])
        }

    def checkpoint_steps(self) -> list[int]:
        """The steps after which checkpoints 1 … N are taken: evenly spaced, the last at the end."""
        return [self.steps * number // self.checkpoints for number in range(1, 1 + self.checkpoints)]

    def split_batch(self, processes: int) -> tuple[int, int]:
        """(examples in a forward pass of one process, passes in a step); UserError for no split."""
        share, rest = divmod(self.batch_size, processes)
        if rest:
            allowed = f"multiples of {processes}, the number of processes"
            raise UserError(f"--batch-size is {self.batch_size}, allowed: {allowed}")
        micro = self.micro_batch_size or share
        if share % micro:
            allowed = f"divisors of {share}, a process's share of a batch"
            raise UserError(f"--micro-batch-size is {micro}, allowed: {allowed}")
        return micro, share // micro


def steps_of(epochs: float, examples: int, batch_size: int, checkpoints: int) -> int:
    """The optimizer steps of `epochs` passes over the examples, rounded; at least one for each checkpoint."""
    if not 0 < epochs < math.inf:
        raise UserError(f"--epochs is {epochs!r}, allowed: above 0")
    return max(checkpoints, round(epochs * examples / batch_size))
