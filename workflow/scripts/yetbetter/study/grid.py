"""The grid that a config declares: its cells, its arms, and which blocks of which pools an arm needs."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from yetbetter.errors import UserError
from yetbetter.study.budgets import Count, count_questions, count_samples
from yetbetter.study.grid_checks import check_arm, check_fractions, check_pool
from yetbetter.training.learning_rates import CHOSEN


@dataclass(frozen=True)
class Arm:
    """Training data: one source, data set and budget. repetition: which slice of the pools it is drawn from."""

    dataset: str
    budget: str
    source: str
    repetition: int = 0

    @property
    def path(self) -> str:
        return f"{self.dataset}/{self.budget}/from-{self.source}{slice_name(self.repetition)}"


def slice_name(repetition: int) -> str:
    """The end of an arm's path. The first slice has none: its paths are those of studies with one repetition."""
    return f"/seed-{repetition}" if repetition else ""


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


def parse_cell(path: str) -> Cell:
    """The cell of a path; its seed stays text, as in tables."""
    parts, prefixes = path.split("/"), ("", "", "from-", "to-", "seed-")
    pairs = list(zip(parts, prefixes, strict=False))
    names = [part.removeprefix(prefix) for part, prefix in pairs]
    if len(parts) != len(prefixes) or not all(names) or not all(part.startswith(prefix) for part, prefix in pairs):
        raise UserError(f"cell {path!r}: must be DATASET/BUDGET/from-SOURCE/to-TARGET/seed-SEED")
    return Cell(*names)


def parse_coordinates(word: str) -> Cell:
    """The cell of DATASET/BUDGET/SOURCE/TARGET/SEED; its seed stays text."""
    parts = word.split("/")
    if len(parts) != 5 or not all(parts):
        raise UserError(f"cell {word!r}: must be DATASET/BUDGET/SOURCE/TARGET/SEED")
    return Cell(*parts)


@dataclass(frozen=True)
class Pool:
    """A model's samples that are measured together: a number of samples for each of the first training questions.

    Some arms draw more samples of fewer questions; those are measured with their arm only.
    """

    samples: int
    questions: int


class Grid:
    """The grid of a checked config. Raises UserError if the config asks for the impossible."""

    def __init__(self, config: dict, name: str = "the config"):
        self.config, self.name = config, name
        self.models = config["models"]
        self.cells = list(dict.fromkeys(self._cells()))
        self.first_seeds = self._first_seeds()
        # cell -> the benchmarks that it answers; empty if all cells answer all.
        self.benchmarks = self._benchmarks()
        # cell -> the verifiers that vote on its answers.
        self.verifiers = self._verifiers()
        self.arms = self.arms_of(self.cells)
        self.sampled_arms = [arm for arm in self.arms if not self.is_human(arm.source)]
        # With the slices of later repetitions, which are trained on but not measured.
        self.training_sets = self.training_sets_of(self.cells)
        for arm in self.sampled_arms:
            check_arm(self, arm)
        pools = self.pools_of(self.cells)
        self.pools = {key: pool.samples for key, pool in pools.items()}
        for key in pools:
            check_pool(self, *key)

    def _cells(self, *names: str) -> Iterator[Cell]:
        for name in names or self.config["experiments"]:
            experiment = self.config["experiments"][name]
            axes = ("datasets", "budgets", "sources", "targets", "seeds")
            yield from (Cell(*values) for values in product(*(experiment[axis] for axis in axes)))

    def cells_of(self, *experiments: str) -> list[Cell]:
        """The cells of these experiments, each once."""
        return list(dict.fromkeys(self._cells(*experiments))) if experiments else []

    def experiments_in(self, extra: bool) -> list[str]:
        """Names of the experiments; without `extra` only those of the base grid."""
        return [name for name, entry in self.config["experiments"].items() if extra or not entry["extra"]]

    def cells_in(self, extra: bool) -> list[Cell]:
        """All cells, or without `extra` those of the base grid."""
        return self.cells_of(*self.experiments_in(extra))

    def arms_of(self, cells: list[Cell]) -> list[Arm]:
        """The cells' arms, each with the first slice of its pools."""
        return list(dict.fromkeys(Arm(cell.dataset, cell.budget, cell.source) for cell in cells))

    def repetition(self, source: str, seed: int) -> int:
        """Which slice of its pools a source has for a seed. With `repeat: samples` each seed has one of its own."""
        return seed if self.config["repeat"] == "samples" and not self.is_human(source) else 0

    def training_set(self, cell: Cell) -> Arm:
        """What a cell is trained on."""
        return Arm(cell.dataset, cell.budget, cell.source, self.repetition(cell.source, cell.seed))

    def training_sets_of(self, cells: list[Cell]) -> list[Arm]:
        """The cells' arms, and the slices of their further seeds."""
        return list(dict.fromkeys([*self.arms_of(cells), *map(self.training_set, cells)]))

    def pools_of(self, cells: list[Cell]) -> dict[tuple[str, str], Pool]:
        """(dataset, model) -> its pool: all questions that the cells' arms need, and the most samples of all these."""
        views: dict[tuple[str, str], list[Pool]] = {}
        for arm in self.arms_of(cells):
            questions = self.questions(arm.dataset, arm.budget, arm.source)
            for model, count in self.draws(arm.budget, arm.source).items():
                view = Pool(self.whole_blocks(count.samples), self.whole_shards(arm.dataset, questions))
                views.setdefault((arm.dataset, model), []).append(view)
        pools = {}
        for key, needed in views.items():
            questions = max(view.questions for view in needed)
            pools[key] = Pool(max(view.samples for view in needed if view.questions == questions), questions)
        return pools

    def _first_seeds(self) -> dict[tuple[str, str, str, str], int]:
        """(dataset, budget, source, target) -> the first seed that the experiments name for it."""
        seeds: dict[tuple[str, str, str, str], int] = {}
        for cell in self.cells:
            seeds.setdefault((cell.dataset, cell.budget, cell.source, cell.target), cell.seed)
        return seeds

    def _benchmarks(self) -> dict[Cell, set[str]]:
        """A cell of several experiments answers the benchmarks of each."""
        experiments = self.config["experiments"]
        if not any("benchmarks" in experiment for experiment in experiments.values()):
            return {}
        asked: dict[Cell, set[str]] = {}
        for name, experiment in experiments.items():
            for cell in self._cells(name):
                own = experiment.get("benchmarks", self.config["datasets"][cell.dataset]["benchmarks"])
                asked.setdefault(cell, set()).update(own)
        return asked

    def _verifiers(self) -> dict[Cell, list[str]]:
        asked: dict[Cell, list[str]] = {}
        for name, experiment in self.config["experiments"].items():
            for cell in self._cells(name) if experiment["verifiers"] else ():
                asked[cell] = list(dict.fromkeys([*asked.get(cell, []), *experiment["verifiers"]]))
        return asked

    def learning_rates(self, dataset: str, budget: str, source: str, target: str, seed: int) -> list[str]:
        """Names of the learning rates that a cell is trained with; CHOSEN if the first seed chooses for it."""
        recipe = self.config["finetuning"][self.models[target]["finetuning"]]
        first = self.first_seeds.get((dataset, budget, source, target), seed)
        if recipe["choose"] == "first_seed" and seed != first:
            return [CHOSEN]
        return list(recipe["learning_rates"])

    def is_human(self, source: str) -> bool:
        return "solutions" in self.config["sources"][source]

    def draws(self, budget: str, source: str) -> dict[str, Count]:
        """Samples per question that a source draws of each model under a budget."""
        check_fractions(self, source)
        return {
            draw["model"]: count_samples(
                draw,
                self.config["budgets"][budget],
                self.models,
                f"{self.name}: sources.{source} under budgets.{budget}",
            )
            for draw in self.config["sources"][source].get("draws", [])
        }

    def questions(self, dataset: str, budget: str, source: str) -> int:
        """Number of training questions that an arm draws from, starting with the first."""
        return self._count_questions(dataset, budget, source)[0]

    def _count_questions(self, dataset: str, budget: str, source: str) -> tuple[int, Fraction]:
        entry = self.config["sources"][source]
        return count_questions(
            entry.get("questions"),
            self.config["datasets"][dataset]["splits"]["train"],
            entry.get("draws", []),
            self.config["budgets"][budget],
            self.models,
            f"{self.name}: sources.{source}.questions for datasets.{dataset} under budgets.{budget}",
        )

    def whole_shards(self, dataset: str, questions: int) -> int:
        """Questions are drawn in whole shards; the last shard ends with the split."""
        shard = self.config["sampling"]["shard_questions"]
        return min(-(-questions // shard) * shard, self.config["datasets"][dataset]["splits"]["train"])

    def whole_blocks(self, samples: int) -> int:
        block = self.config["sampling"]["block_samples"]
        return -(-samples // block) * block

    def blocks(
        self, dataset: str, draws: dict[str, int], questions: int | None = None, repetition: int = 0
    ) -> list[str]:
        """model/block of the blocks that hold a slice of the samples of every training question.

        questions: of the first so many alone. repetition: number of the slice; 0 are the first samples.
        """
        sampling = self.config["sampling"]
        block = sampling["block_samples"]
        first = self.config["datasets"][dataset]["splits"]["train"] if questions is None else questions
        questions = range(0, first, sampling["shard_questions"])
        return [
            f"{model}/{block_name(first_question, first_sample)}"
            for model, samples in draws.items()
            for first_question in questions
            for first_sample in range(samples * repetition // block * block, samples * (repetition + 1), block)
        ]

    def pool_blocks(self, dataset: str, model: str) -> list[str]:
        """The blocks of a pool that some arm needs, in order."""
        needed: dict[str, None] = {}
        for arm in self.training_sets:
            count = self.draws(arm.budget, arm.source).get(model)
            if count and arm.dataset == dataset:
                questions = self.questions(dataset, arm.budget, arm.source)
                needed |= dict.fromkeys(self.blocks(dataset, {model: count.samples}, questions, arm.repetition))
        return sorted(needed)

    def samples_in(self, dataset: str, block: str) -> int:
        """Solutions that a block holds; the last shard ends with the split."""
        sampling, first = self.config["sampling"], int(re.search(r"questions-(\d+)", block)[1])
        left = self.config["datasets"][dataset]["splits"]["train"] - first
        return min(sampling["shard_questions"], left) * sampling["block_samples"]

    def paradigm(self, source: str, target: str) -> str:
        """What training this target on this source's data is called (paper, Table 1)."""
        if self.is_human(source):
            return "supervised finetuning"
        writers = [draw["model"] for draw in self.config["sources"][source]["draws"]]
        # A model with another recipe has another name.
        own = [self.weights(writer) == self.weights(target) for writer in writers]
        if all(own):
            return "self-improvement"
        if any(own):
            return "mixed"
        size = self.models[target].get("parameters", 0)
        # A model of unknown size at an endpoint is assumed to be large.
        if all(self.models[writer].get("parameters", math.inf) < size for writer in writers):
            return "weak-to-strong improvement"
        return "knowledge distillation"

    def weights(self, model: str) -> tuple:
        return self.models[model]["path"], self.models[model].get("revision")

    def rounded(self) -> list[str]:
        """One line for each number of samples or questions that was rounded down."""
        lines = {}
        for arm in self.sampled_arms:
            for model, count in self.draws(arm.budget, arm.source).items():
                if count.rounded:
                    lines[arm.source, arm.budget, model] = (
                        f"source {arm.source}, budget {arm.budget}: {float(count.exact):.4g} samples of {model} "
                        f"per question, rounded down to {count.samples}"
                    )
            questions, exact = self._count_questions(arm.dataset, arm.budget, arm.source)
            if questions != exact:
                lines[arm] = (
                    f"source {arm.source}, budget {arm.budget}: {float(exact):.5g} questions of {arm.dataset}, "
                    f"rounded down to {questions}"
                )
        return list(lines.values())


def block_name(first_question: int, first_sample: int) -> str:
    """The block's name in paths: where the block starts. Its size is in the config."""
    return f"questions-{first_question:06d}_samples-{first_sample:04d}"
