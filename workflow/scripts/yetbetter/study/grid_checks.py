"""Checks of a grid's sources and pools; every error is one line that names the key."""

from yetbetter.errors import UserError
from yetbetter.generation.engines import engine_of
from yetbetter.selection.filters import FILTERS
from yetbetter.study.budgets import RATIO_KEY, to_fraction
from yetbetter.study.by_level import groups_of
from yetbetter.tasks import CHECKS, TASKS

# Each block is a job; beyond this Snakemake itself takes minutes and gigabytes.
MOST_BLOCKS = 10_000


def check_arm(grid, arm) -> None:
    """UserError if the arm's filter needs a check that its data set lacks, or if there are too many blocks."""
    source = grid.config["sources"][arm.source]
    rule, fpr = source["filter"], grid.config["datasets"][arm.dataset]["fpr"]
    needed, task = FILTERS[rule].fpr, grid.config["datasets"][arm.dataset]["task"]
    if FILTERS[rule].answers and not TASKS[task].votes:
        raise UserError(
            f"{grid.name}: sources.{arm.source}.filter: {rule!r} for datasets.{arm.dataset}, whose task is {task!r}: it"
            " compares final answers, which there are none of"
        )
    if FILTERS[rule].graded and not TASKS[task].graded:
        raise UserError(
            f"{grid.name}: sources.{arm.source}.filter: {rule!r} for datasets.{arm.dataset}, whose task is {task!r}:"
            " its answers are neither right nor wrong (use filter: none, or judge)"
        )
    if needed and fpr not in needed:
        key = f"{grid.name}: sources.{arm.source}.filter: {rule!r} for datasets.{arm.dataset}, whose fpr is {fpr!r}"
        if CHECKS[fpr].run:
            raise UserError(f"{key}: its right answers are checked without a judge (use filter: reasoning)")
        raise UserError(f"{key}: nothing checks its solutions (fpr must be {' or '.join(needed)})")
    questions = grid.questions(arm.dataset, arm.budget, arm.source)
    for count in grid.draws(arm.budget, arm.source).values():
        check_blocks(grid, arm, grid.whole_blocks(count.samples), questions)


def check_pool(grid, dataset: str, model: str) -> None:
    entry = grid.models[model]
    if "parameters" not in entry and not (engine_of(entry).is_endpoint and "price" in entry):
        raise UserError(
            f"{grid.name}: models.{model}: no 'parameters', which a model that is sampled from needs"
            " (an endpoint's at least a 'price')"
        )


def check_blocks(grid, arm, samples: int, questions: int) -> None:
    """UserError if the arm needs more blocks of a pool than are allowed."""
    sampling = grid.config["sampling"]
    shards = -(-questions // sampling["shard_questions"])
    blocks = shards * (samples // sampling["block_samples"])
    if blocks > MOST_BLOCKS:
        raise UserError(
            f"{grid.name}: datasets.{arm.dataset}: sources.{arm.source} under budgets.{arm.budget} needs"
            f" {samples:,} samples of {questions:,} questions, a pool of {blocks:,} blocks, at most {MOST_BLOCKS:,} are"
            " sensible;"
            f" raise sampling.shard_questions ({sampling['shard_questions']}) or sampling.block_samples"
        )


def check_fractions(grid, source: str) -> None:
    """UserError if the draws of a mix together spend more than the budget."""
    if groups_of(grid.config["sources"][source]):
        return  # each question has one of the draws
    draws = grid.config["sources"][source].get("draws", [])
    spent = sum(to_fraction(draw["fraction"]) for draw in draws if draw.get("match") in RATIO_KEY)
    if len(draws) > 1 and spent > 1:
        raise UserError(
            f"{grid.name}: sources.{source}.draws: their fractions add up to {float(spent):.4g} of the budget"
            " (allowed: at most 1)"
        )
