"""The grid that a config declares: its cells, its arms, and which blocks of which pools an arm needs."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from yetbetter.budgets import Count, count_samples
from yetbetter.errors import UserError
from yetbetter.recipes import CHOSEN

# Each block is a job; beyond this Snakemake itself takes minutes and gigabytes.
MOST_BLOCKS = 10_000


@dataclass(frozen=True)
class Arm:
    """Training data: what one source gives for one data set under one budget."""

    dataset: str
    budget: str
    source: str


@dataclass(frozen=True)
class Cell:
    """One finetuned model: an arm's data, a target, a seed."""

    dataset: str
    budget: str
    source: str
    target: str
    seed: int

    @property
    def path(self) -> str:
        return f"{self.dataset}/{self.budget}/from-{self.source}/to-{self.target}/seed-{self.seed}"


class Grid:
    """Everything that can be asked of a checked config. Raises UserError where the config asks for the impossible."""

    def __init__(self, config: dict, name: str = "the config"):
        self.config, self.name = config, name
        self.models = config["models"]
        self.cells = list(dict.fromkeys(self._cells()))
        self.first_seeds = self._first_seeds()
        self.arms = list(dict.fromkeys(Arm(cell.dataset, cell.budget, cell.source) for cell in self.cells))
        self.sampled_arms = [arm for arm in self.arms if not self.is_human(arm.source)]
        self.pools = self._pools()

    def _cells(self) -> Iterator[Cell]:
        for experiment in self.config["experiments"].values():
            axes = ("datasets", "budgets", "sources", "targets", "seeds")
            yield from (Cell(*values) for values in product(*(experiment[axis] for axis in axes)))

    def _first_seeds(self) -> dict[tuple[str, str, str, str], int]:
        """(dataset, budget, source, target) -> the first seed that the experiments name for it."""
        seeds: dict[tuple[str, str, str, str], int] = {}
        for cell in self.cells:
            seeds.setdefault((cell.dataset, cell.budget, cell.source, cell.target), cell.seed)
        return seeds

    def learning_rates(self, dataset: str, budget: str, source: str, target: str, seed: int) -> list[str]:
        """Names of the learning rates that a cell is trained with; CHOSEN where the first seed chose for it."""
        recipe = self.config["finetuning"][self.models[target]["finetuning"]]
        first = self.first_seeds.get((dataset, budget, source, target), seed)
        if recipe.get("choose") == "first_seed" and seed != first:
            return [CHOSEN]
        return list(recipe["learning_rates"])

    def is_human(self, source: str) -> bool:
        return "solutions" in self.config["sources"][source]

    def draws(self, budget: str, source: str) -> dict[str, Count]:
        """Samples per question that a source draws of each model under a budget."""
        return {
            draw["model"]: count_samples(
                draw,
                self.config["budgets"][budget],
                self.models,
                f"{self.name}: sources.{source} under budgets.{budget}",
            )
            for draw in self.config["sources"][source].get("draws", [])
        }

    def _pools(self) -> dict[tuple[str, str], int]:
        """(dataset, model) -> samples per question in its pool: the most that any arm needs, in whole blocks."""
        pools: dict[tuple[str, str], int] = {}
        for arm in self.sampled_arms:
            for model, count in self.draws(arm.budget, arm.source).items():
                key = (arm.dataset, model)
                pools[key] = max(pools.get(key, 0), self.whole_blocks(count.samples))
        for _, model in pools:
            entry = self.models[model]
            if "parameters" not in entry and not (entry.get("engine") == "openai" and "price" in entry):
                raise UserError(
                    f"{self.name}: models.{model}: no 'parameters', which a model that is sampled from needs"
                    " (an endpoint's at least a 'price')"
                )
        for dataset, samples in ((dataset, samples) for (dataset, _), samples in pools.items()):
            self.check_blocks(dataset, samples)
        return pools

    def check_blocks(self, dataset: str, samples: int) -> None:
        sampling = self.config["sampling"]
        shards = -(-self.config["datasets"][dataset]["splits"]["train"] // sampling["shard_questions"])
        blocks = shards * (samples // sampling["block_samples"])
        if blocks > MOST_BLOCKS:
            raise UserError(
                f"{self.name}: datasets.{dataset}: a pool of {blocks:,} blocks, at most {MOST_BLOCKS:,} are sensible;"
                f" raise sampling.shard_questions ({sampling['shard_questions']}) or sampling.block_samples"
            )

    def whole_blocks(self, samples: int) -> int:
        block = self.config["sampling"]["block_samples"]
        return -(-samples // block) * block

    def blocks(self, dataset: str, draws: dict[str, int]) -> list[str]:
        """model/block of the blocks that hold the first samples of every training question."""
        sampling = self.config["sampling"]
        questions = range(0, self.config["datasets"][dataset]["splits"]["train"], sampling["shard_questions"])
        return [
            f"{model}/{block_name(first_question, first_sample)}"
            for model, samples in draws.items()
            for first_question in questions
            for first_sample in range(0, samples, sampling["block_samples"])
        ]

    def paradigm(self, source: str, target: str) -> str:
        """What training this target on this source's data is called (paper, Table 1)."""
        if self.is_human(source):
            return "supervised finetuning"
        writers = [draw["model"] for draw in self.config["sources"][source]["draws"]]
        if writers == [target]:
            return "self-improvement"
        if target in writers:
            return "mixed"
        size = self.models[target].get("parameters", 0)
        # An endpoint's model of unknown size is taken for a large one.
        if all(self.models[writer].get("parameters", math.inf) < size for writer in writers):
            return "weak-to-strong improvement"
        return "knowledge distillation"

    def rounded(self) -> list[str]:
        """One line for each count that a matching rule had to round down."""
        lines = {}
        for arm in self.sampled_arms:
            for model, count in self.draws(arm.budget, arm.source).items():
                if count.rounded:
                    lines[arm.source, arm.budget, model] = (
                        f"source {arm.source}, budget {arm.budget}: {float(count.exact):.4g} samples of {model} "
                        f"per question, rounded down to {count.samples}"
                    )
        return list(lines.values())


def block_name(first_question: int, first_sample: int) -> str:
    """The block's name in paths; it says where the block starts, its size is the config's."""
    return f"questions-{first_question:06d}_samples-{first_sample:04d}"
