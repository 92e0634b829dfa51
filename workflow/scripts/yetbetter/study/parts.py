"""Which cells, arms and pools a set of tables and figures is made from.

A study has parts, each with a folder of tables and figures: the base grid, all experiments, and the finished cells of
either.
"""

from dataclasses import dataclass, field
from pathlib import Path

from yetbetter.study.grid import Arm, Cell, Grid, Pool
from yetbetter.tasks import CHECKS

# What measure_arm.py writes of an arm.
MEASURED = ("csv", "json", "questions.csv", "checked.jsonl")


@dataclass(frozen=True)
class Part:
    """training_sets: the arms, and the slices of further seeds. pools: by (dataset, model).

    missing: cells that are not finished.
    """

    cells: list[Cell]
    training_sets: list[Arm]
    arms: list[Arm]
    sampled_arms: list[Arm]
    pools: dict[tuple[str, str], Pool]
    missing: list[Cell] = field(default_factory=list)

    @property
    def pool_names(self) -> list[str]:
        return [f"{dataset}/pool-{model}" for dataset, model in self.pools]

    @property
    def arm_names(self) -> list[str]:
        return [arm.path for arm in self.sampled_arms]


def whole(grid: Grid) -> Part:
    return Part(grid.cells, grid.training_sets, grid.arms, grid.sampled_arms, grid.pools_of(grid.cells))


def finished(grid: Grid, results: str) -> Part:
    """The finished cells, arms and pools of a grid in a study's folder."""
    cells = [cell for cell in grid.cells if has_scores(results, cell)]
    arms = [arm for arm in grid.sampled_arms if has_measures(results, arm)]
    pools = {}
    for (dataset, model), pool in grid.pools_of(grid.cells).items():
        samples = finished_samples(grid, results, dataset, model, pool)
        if samples:
            pools[dataset, model] = Pool(samples, pool.questions)
    return Part(cells, arms, arms, arms, pools, [cell for cell in grid.cells if cell not in cells])


def has_scores(results: str, cell: Cell) -> bool:
    files = (f"scores/{cell.path}/scores.jsonl", f"evaluations/{cell.path}/choice.json")
    return all(Path(results, file).is_file() for file in files)


def has_measures(results: str, arm: Arm) -> bool:
    folder = Path(results, "metrics", arm.dataset, arm.budget)
    return all((folder / f"from-{arm.source}.{kind}").is_file() for kind in MEASURED)


def finished_samples(grid: Grid, results: str, dataset: str, model: str, pool: Pool) -> int:
    """Samples per question whose blocks are all drawn, graded and, if the data set is checked, checked."""
    checked = ["reasoning"] if CHECKS[grid.config["datasets"][dataset]["fpr"]].run else []

    def complete(samples: int) -> bool:
        blocks = grid.blocks(dataset, {model: samples}, pool.questions)
        stages = ("solutions", "verdicts", *checked)
        return all(Path(results, stage, dataset, f"{block}.jsonl").is_file() for block in blocks for stage in stages)

    block = grid.config["sampling"]["block_samples"]
    return max(filter(complete, range(block, pool.samples + 1, block)), default=0)
