"""The recipe of a finetuning: every setting that shapes the trained weights."""

import dataclasses
import math

from yetbetter.errors import UserError


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a model is trained: lengths in tokens, batches in examples, all processes together.

    Raises UserError, naming the option, for a value that makes no sense.
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
        ):
            if not good:
                option = "--" + key.replace("_", "-")
                raise UserError(f"{option} is {getattr(self, key)!r}, allowed: {allowed}")

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
