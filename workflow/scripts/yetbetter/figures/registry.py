"""The registry of figures: all that is known of each before it is plotted.

To add a figure: a module `figures/NAME.py` with `plot(request)`, which returns matplotlib's Figure, and an entry here.
Nothing here loads matplotlib, since every start of the workflow reads this module.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from yetbetter.study.experiments import baseline_of, writers
from yetbetter.study.ladder import LADDER

# How often a part of a study (the base grid, or all experiments) has a figure, and what names it. Once for each ...
POOLS = "data set whose samples are measured"
CELLS = "data set that models are finetuned on"
TARGETS = "data set, budget and target of the finetuned models"
EXPERIMENTS = "data set of an experiment of this kind"
EXPERIMENT_DATA = "data set of an experiment whose sources the base grid does not show"
ONCE = "experiment of this kind"
# ... or once in all: in a part with finetuned models, in the part of all experiments.
PART, WHOLE = "part", "whole"

COMPARED = ("dataset", "strong", "weak", "names")
EXPERIMENT = (*COMPARED, "title", "sources", "targets", "budgets", "seeds", "note", "role")
EXPERIMENT_TABLES = ("finetuned", "differences", "arms")


@dataclass(frozen=True)
class Figure:
    """What is known of a figure. `{dataset}` and the like in its file's name and labels are filled in for each place.

    per: how often there is one, see above. tables: of the same part, by name; any other file by its path.
    category, labels, caption (reStructuredText): in reports.
    options: those of `request.OPTIONS` that it takes.
    only: whether a data set (`study.datasets.Dataset`) has it.
    published: whether the paper's values are plotted beside ours.
    of_models: its SE and WC are models; otherwise they are sources.
    in_whole: of those that are per PART, whether the part of all experiments has one too.
    baselines: what an experiment's sources are compared with, from (its sources, the config's sources, the strong one).
    leads: its place among the first figures of the report's page. folded: whether that page shows it only on demand.
    fixed_samples: whether it compares sources by their number of samples per question, equal for all questions.
    module: where its `plot` is; default yetbetter.figures.NAME.
    """

    name: str
    per: str
    file: str
    tables: tuple[str, ...]
    category: str
    labels: dict[str, str]
    caption: str
    options: tuple[str, ...] = COMPARED
    only: Callable[..., bool] = lambda dataset: True
    published: bool = False
    of_models: bool = False
    in_whole: bool = False
    baselines: Callable[[list[str], dict, str], list[str]] = lambda names, sources, strong: []
    leads: int | None = None
    folded: bool = False
    fixed_samples: bool = False
    module: str = ""

    @property
    def table_names(self) -> list[str]:
        return [Path(table).stem for table in self.tables]

    @property
    def module_name(self) -> str:
        return self.module or f"yetbetter.figures.{self.name}"

    def plot(self, request):
        """matplotlib's Figure of a `request.Request`; its module is loaded only now."""
        return importlib.import_module(self.module_name).plot(request)


def against_baseline(names: list[str], sources: dict, strong: str) -> list[str]:
    return [baseline_of(names, strong)]


def against_strong_writer(names: list[str], sources: dict, strong: str) -> list[str]:
    """Every source that draws from the same model as the strong one."""
    return [name for name in names if writers(sources[name]) == writers(sources[strong])]


def of_experiment(name: str, **more) -> Figure:
    """A kind of figure that an experiment may ask for: the config's `experiments.*.figure`."""
    return Figure(
        name,
        per=EXPERIMENTS,
        file="{experiment}_{dataset}",
        tables=EXPERIMENT_TABLES,
        category="Experiments",
        labels={"experiment": "{experiment}", "data set": "{dataset}"},
        options=EXPERIMENT,
        published=True,
        **{"caption": EXPERIMENT_CAPTION} | more,
    )


EXPERIMENT_CAPTION = (
    "Accuracy (greedy pass@1 on the test problems) of the targets after finetuning on the data sources that one "
    "experiment compares. The text below each source gives its samples per question, its questions, its cost in "
    "compute (as the matching assumes) and, if prices are known, in dollars, relative to SE data of the same budget, "
    "and its other properties. Differences are in points, with the 95 % interval of the paired comparison on the "
    "same problems. A double dagger marks a difference without such a comparison; its interval, from two separate "
    "ones, is wider. With one finetuning seed an interval does not cover other seeds. If the budget varies, the "
    "point where the difference changes sign is interpolated between the budgets tried. Diamonds, if drawn, are the "
    "paper's values. Tables: ``finetuned.csv``, ``differences.csv`` and ``arms.csv``."
)
VERIFICATION_CAPTION = (
    "Share of problems whose given answer is right, if k answers are sampled: by a majority vote (maj@k), by a vote in "
    "which a verifier's scores are the weights, and by the best-scored answer alone; with the share of problems that "
    "any of the k answers solves. Expected values over all choices of k of the samples. Lines and bands are 95 % "
    "intervals over problems. Details: ``docs/verifiers.md``. Table: ``finetuned.csv``."
)
DATA_QUALITY_CAPTION = (
    "Coverage, diversity and false positive rate of the training data, for each budget and source. Bars are the "
    "samples on which the budget's models are trained; circles are the expectation for as many samples over the "
    "whole pool. Coverage is the share of questions with a correct answer. Diversity is the number of unique correct "
    "solutions per solved question. The false positive rate is the share of correct answers that rest on wrong "
    "reasoning, by an exact check or, for a sample of them, by an LLM judge (``docs/judge.md``). Lines are 95 % "
    "intervals over questions. Diamonds, if drawn, are the paper's values. Answers that are neither right nor "
    "wrong have their diversity alone, the number of unique answers per question. Table: ``data_quality.csv``."
)
# In the order in which they are made and shown.
ENTRIES = (
    Figure(
        "data_quality",
        per=POOLS,
        file="data_quality_{dataset}",
        tables=("data_quality",),
        category="Training data",
        labels={"figure": "data quality", "data set": "{dataset}"},
        published=True,
        leads=4,
        caption=DATA_QUALITY_CAPTION,
    ),
    Figure(
        "coverage_trend",
        per=POOLS,
        file="coverage_trend_{dataset}",
        tables=("coverage",),
        category="Training data",
        labels={"figure": "coverage trend", "data set": "{dataset}"},
        options=(*COMPARED, "ratio"),
        only=lambda dataset: dataset.graded,
        published=True,
        of_models=True,
        caption=(
            "Coverage@k, the expected share of questions with at least one correct answer among k samples, against "
            "k. The solid WC curve uses as many WC samples as k SE samples cost in compute; the dashed one uses k WC "
            "samples. Bands are 95 % intervals over questions. Diamonds, if drawn, are the paper's values. Table: "
            "``coverage.csv``."
        ),
    ),
    Figure(
        "coverage_by_level",
        per=POOLS,
        file="coverage_by_level_{dataset}",
        tables=("coverage", "arms"),
        category="Training data",
        labels={"figure": "coverage by level", "data set": "{dataset}"},
        only=lambda dataset: dataset.has_levels and dataset.graded,
        published=True,
        of_models=True,
        caption=(
            "Coverage at each level of difficulty, SE against WC, with the samples per question that each budget "
            "buys. The number below each level is its number of questions. Lines are 95 % intervals over the "
            "questions of the level. Diamonds, if drawn, are the paper's values. Tables: ``coverage.csv`` and "
            "``arms.csv``."
        ),
    ),
    Figure(
        "headline",
        per=PART,
        file="headline",
        tables=("finetuned", "differences", "arms"),
        category="Finetuned models",
        labels={"figure": "headline"},
        options=(*COMPARED, "budget"),
        published=True,
        leads=2,
        caption=(
            "Accuracy (greedy pass@1 on the test problems) of the three targets after finetuning on SE data or on WC "
            "data of one budget, as means over finetuning seeds. Lines are 95 % intervals of each accuracy. The text "
            "above each pair is the difference in points with the 95 % interval of the paired comparison on the same "
            "problems; judge by this interval. The text below each target is the name of finetuning it on WC data. "
            "Tables: ``finetuned.csv`` and ``differences.csv``."
        ),
    ),
    Figure(
        "claims",
        per=PART,
        file="claims",
        tables=("claims", "claim_comparisons"),
        category="Claims",
        labels={"figure": "claims"},
        options=(),
        in_whole=True,
        leads=1,
        caption=(
            "The paper's claims (and ours, marked so), each with the comparison that decides it: if the claim is "
            "contradicted, the one that points most against it, else the one with the least support for it. Lines are "
            "95 % intervals, not corrected for the number of claims; the verdict is corrected (Holm). The shaded side "
            "is where the claim expects the difference. How a verdict is reached, and what one finetuning seed means: "
            "``docs/claims.md``. Tables: ``claims.csv`` and ``claim_comparisons.csv``."
        ),
    ),
    Figure(
        "finetuned",
        per=CELLS,
        file="finetuned_{dataset}",
        tables=("finetuned", "arms"),
        category="Finetuned models",
        labels={"figure": "accuracy", "data set": "{dataset}"},
        options=(*COMPARED, "benchmark", "metric"),
        published=True,
        leads=3,
        caption=(
            "Accuracy on the test problems of each target after finetuning, for each budget and data source, as "
            "means over finetuning seeds. References are the target before finetuning and, if trained, the target "
            "finetuned on human-written solutions; references that belong to no budget have dashed lines through the "
            "panel. Lines on the bars are 95 % intervals. Diamonds, if drawn, are the paper's values. Table: "
            "``finetuned.csv``."
        ),
    ),
    Figure(
        "checkpoints",
        per=CELLS,
        file="checkpoints_{dataset}",
        tables=("checkpoints",),
        category="Finetuned models",
        labels={"figure": "checkpoints", "data set": "{dataset}"},
        folded=True,
        caption=(
            "Validation accuracy of every checkpoint of every finetuning, by step. Colours show the source of the "
            "data, dashes the learning rate, lines of one kind the seeds. A ring marks the chosen checkpoint, which "
            "answered the benchmarks. Validation splits are small: differences between neighbouring checkpoints are "
            "mostly chance. Table: ``checkpoints.csv``."
        ),
    ),
    Figure(
        "functional_transfer",
        per=CELLS,
        file="functional_transfer_{dataset}",
        tables=("finetuned",),
        category="Finetuned models",
        labels={"figure": "functional transfer", "data set": "{dataset}"},
        only=lambda dataset: "functional" in dataset.entry["benchmarks"] and dataset.votes,
        caption=(
            "Accuracy of the majority vote over k sampled answers (maj@k) of the targets finetuned on SE or on WC "
            "data: above on functional variants of the test problems, below on the control problems. Points are "
            "means over finetuning seeds, drawn side by side at each k. Lines through them are 95 % intervals. "
            "Table: ``finetuned.csv``."
        ),
    ),
    Figure(
        "reasoning",
        per=CELLS,
        file="reasoning_{dataset}",
        tables=("finetuned", "arms"),
        category="Finetuned models",
        labels={"figure": "false positive rate", "data set": "{dataset}"},
        options=(*COMPARED, "benchmark"),
        only=lambda dataset: dataset.looks_at_reasoning,
        caption=(
            "False positive rates of the finetuned models on the test problems: the share of their correct answers "
            "that rest on wrong reasoning, for each target, budget and data source, as means over finetuning seeds. "
            "Lines are 95 % intervals; dashed lines extend the references that belong to no budget. Table: "
            "``finetuned.csv``."
        ),
    ),
    Figure(
        "false_positives",
        per=CELLS,
        file="false_positives_{dataset}",
        tables=("false_positives",),
        category="False positives",
        labels={"figure": "false positive rates, estimated", "data set": "{dataset}"},
        only=lambda dataset: dataset.looks_at_reasoning,
        folded=True,
        caption=(
            "False positive rates of the training data and of the finetuned models' right answers to the test "
            "problems, estimated from people's labels alone, a judge's verdicts alone, the judge corrected by people "
            "(prediction-powered inference), and the judge's sensitivity and specificity (Rogan and Gladen). Lines are "
            "95 % intervals; that of the judge alone does not cover the judge's own errors. The exact rate, if known, "
            "is marked. Details: ``docs/false_positives.md``. Table: ``false_positives.csv``."
        ),
    ),
    Figure(
        "instructions",
        per=CELLS,
        file="instructions_{dataset}",
        tables=("finetuned", "arms"),
        category="Finetuned models",
        labels={"figure": "instructions followed", "data set": "{dataset}"},
        options=(*COMPARED, "benchmark"),
        only=lambda dataset: bool(dataset.scores),
        caption=(
            "IFEval's four scores of each target after finetuning, for each budget and data source, as means over "
            "finetuning seeds: the share of prompts whose instructions are all followed, and of single instructions, "
            "by the answer as it is (strict) and by the best of it without first line, last line and asterisks "
            "(loose). "
            "Bars are the official checkers, circles the checkers without their known defects "
            "(``docs/instructions.md``). Lines are 95 % intervals. Table: ``finetuned.csv``."
        ),
    ),
    Figure(
        "training",
        per=TARGETS,
        file="training_{dataset}_{budget}_{target}",
        tables=("training", "checkpoints"),
        category="Finetuning runs",
        labels={"data set": "{dataset}", "budget": "{budget}", "target": "{target}"},
        options=(*COMPARED, "budget", "target"),
        folded=True,
        caption=(
            "Each finetuning by step: the loss per completion token and the learning rate. Thick lines are running "
            "medians; ticks mark the checkpoints. Do not compare the losses of two data sources: they are of "
            "different texts. Table: ``training.csv``, which has every n-th step of finetunings of more than 1,000."
        ),
    ),
    of_experiment("bars", baselines=against_baseline),
    of_experiment("mixing", fixed_samples=True),
    of_experiment("samples", baselines=against_strong_writer, fixed_samples=True),
    of_experiment("crossover", fixed_samples=True),
    of_experiment("verification", caption=VERIFICATION_CAPTION),
    Figure(
        LADDER,
        per=ONCE,
        file="{experiment}",
        tables=("ladder", "ladder_crossover", "resources/published_numbers.csv"),
        category="Experiments",
        labels={"experiment": "{experiment}"},
        options=("strong", "weak", "names", "title", "targets", "budgets", "pair"),
        caption=(
            "WC models of growing accuracy, the rungs of a ladder, against one SE model. To the right: pass@1 of the "
            "WC model's samples over that of the SE model's. Upwards: accuracy of the target finetuned on WC data "
            "minus that of the target finetuned on SE data, for each budget. Lines are 95 % intervals over problems "
            "and seeds; points of one rung are drawn side by side. Below each panel: the ratio above which WC data "
            "wins, by isotonic regression and linear interpolation, with its 95 % interval; an arrow marks an end that "
            "is open, because it lies beyond the ladder. Dotted lines are the ratios of the paper's pairs, by the "
            "coverage at one sample that it printed, and diamonds the differences that it printed for its student. "
            "Details: ``docs/ladder.md``. Tables: ``ladder.csv``, ``ladder_crossover.csv`` and "
            "``ladder_predictors.csv``."
        ),
    ),
    Figure(
        "experiment_data",
        per=EXPERIMENT_DATA,
        file="data_quality_{experiment}_{dataset}",
        tables=("data_quality",),
        category="Experiments",
        labels={"experiment": "{experiment}, training data", "data set": "{dataset}"},
        options=(*COMPARED, "title", "sources", "budgets"),
        module="yetbetter.figures.data_quality",
        caption=DATA_QUALITY_CAPTION,
    ),
    Figure(
        "small_vs_large_over_time",
        per=WHOLE,
        file="small_vs_large_over_time",
        tables=("resources/public_scores.csv",),
        category="Published models",
        labels={"figure": "small and large models over time"},
        options=(),
        caption=(
            "Published scores of pretrained open models on GSM8K and MATH, by release date; a month without a day is "
            "drawn at its middle. Small models have up to 12 billion parameters, large ones 20 billion and more. The "
            "lines are the best so far of each size. Filled points were evaluated by one tool under the same "
            "settings, hollow ones by their makers with other prompts: compare these with care. Table: "
            "``resources/public_scores.csv``, with the address at which each score and date was found."
        ),
    ),
)

FIGURES = {figure.name: figure for figure in ENTRIES}
# What `experiments.*.figure` of a config may say.
KINDS = {name: figure for name, figure in FIGURES.items() if figure.per in (EXPERIMENTS, ONCE)}
