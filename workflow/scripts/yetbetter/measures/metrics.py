"""The registry of metrics: names for tables, text and axes, and how each is computed.

A metric of training data is a ratio of sums over questions. `of` gives the terms of one question, (top, bottom), from
its counts (`measures.questions`). The rows of a table with `basis` pool are expectations over all samples of a pool:
`measures.quality` computes them. To add a metric, add an entry here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Counts = Mapping[str, float]


@dataclass(frozen=True)
class Metric:
    """title: in text. axis: the label of an axis. factor: from the table's unit to the axis's. unit: of a difference.

    caption: in a sentence with its value, if not the title. digits: after the decimal point. published: its name among
    the paper's values. of: None for metrics of finetuned models only. share: whether it is a share, so between 0 and 1.
    tabled: whether arms are measured by it. graded: whether it is of answers that are right or wrong. checked: values
    of the config's `fpr` that provide the checks it needs; empty: it needs none.
    """

    title: str
    axis: str
    caption: str = ""
    factor: float = 100
    digits: int = 1
    unit: str = "points"
    published: str = ""
    of: Callable[[Counts], tuple[float, float]] | None = None
    share: bool = True
    tabled: bool = True
    graded: bool = True
    checked: tuple[str, ...] = ()


METRICS = {
    "coverage": Metric(
        title="coverage",
        axis="% of questions",
        published="coverage",
        of=lambda counts: (float(counts["correct"] > 0), 1.0),
    ),
    "diversity": Metric(
        title="diversity",
        axis="unique correct solutions\nper solved question",
        caption="unique correct solutions per solved question",
        factor=1,
        digits=2,
        unit="solutions",
        published="diversity",
        of=lambda counts: (counts["unique_correct"], float(counts["correct"] > 0)),
        share=False,
    ),
    "false_positive_rate": Metric(
        title="false positive rate",
        axis="% of correct answers",
        published="fpr_human",
        of=lambda counts: (counts["wrong_reasoning"], counts["decided"]),
        checked=("exact", "judge"),
    ),
    "wrong_share": Metric(
        title="share of wrong answers",
        axis="% of the training data",
        of=lambda counts: (counts["trained"] - counts["correct"], counts["trained"]),
        tabled=False,
    ),
    "pass@1": Metric(title="accuracy", axis="accuracy, pass@1 (%)", published="pass_at_1"),
}

# Further measures of arms, which no claim is about.
FURTHER_MEASURES = {
    "diversity_of_answers": Metric(
        title="diversity of answers",
        axis="unique answers per question",
        caption="unique answers per question",
        factor=1,
        digits=2,
        unit="answers",
        of=lambda counts: (counts["unique_answers"], 1.0),
        share=False,
        graded=False,
    ),
    "diversity_per_question": Metric(
        title="diversity per question",
        axis="unique correct solutions\nper question",
        factor=1,
        digits=2,
        unit="solutions",
        of=lambda counts: (counts["unique_correct"], 1.0),
        share=False,
    ),
    # Coverage per cost, where samples cost the same: it allows for sources that look at more samples of hard questions.
    "solved_per_sample": Metric(
        title="questions solved per sample",
        axis="questions solved\nper sample looked at",
        factor=1,
        digits=3,
        unit="questions",
        of=lambda counts: (float(counts["correct"] > 0), counts["drawn"]),
        share=False,
    ),
    "diversity_of_forms": Metric(
        title="diversity of forms",
        axis="unique forms of correct solutions\nper solved question",
        factor=1,
        digits=2,
        unit="forms",
        share=False,
        tabled=False,  # of pools alone
    ),
    "unreadable_rate": Metric(
        title="share of chains that cannot be read",
        axis="% of correct answers",
        of=lambda counts: (counts["unclear"], counts["decided"] + counts["unclear"]),
        checked=("exact",),
    ),
    "no_verdict_rate": Metric(
        title="share of answers without a verdict",
        axis="% of correct answers judged",
        of=lambda counts: (counts["unclear"], counts["decided"] + counts["unclear"]),
        checked=("judge",),
    ),
}
