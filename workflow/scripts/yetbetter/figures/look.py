"""What the figures are made of: columns of tidy tables, and the names and colours of sources by role."""

import math
from dataclasses import dataclass, field

from yetbetter.errors import UserError
from yetbetter.figures.names import Names
from yetbetter.tables import NUMBERS, Table, read_table

# The columns that several figures read; the tables may have more.
# fmt: off
FINETUNED = ("dataset", "budget", "source", "target", "paradigm", "seed", "benchmark", "metric",
             "level", "value", "low", "high")
DIFFERENCES = ("dataset", "budget", "target", "benchmark", "metric", "level", "source", "baseline",
               "difference", "low", "high")
# fmt: on
COVERAGE = ("dataset", "model", "level", "k", "value", "low", "high", "questions")
ARMS = ("dataset", "budget", "source", "model", "samples")
PUBLISHED = ("table", "dataset", "budget", "source", "target", "k", "metric", "value")
SEEDS = ("all", "")  # "all" is the mean over finetuning seeds; a base model has none
# Okabe and Ito's colours, told apart by colour-blind readers, and blue and orange in grey print.
STRONG, WEAK, MIX, HUMAN, BASE = "#0072B2", "#E69F00", "#009E73", "#7F7F7F", "#C4C4C4"
FURTHER = ("#CC79A7", "#56B4E9", "#D55E00", "#8C6D31", "#7A5195")


def choose_dataset(table: Table, dataset: str | None) -> str:
    """The data set to plot; UserError where the table holds several and none was named."""
    names = table.values("dataset")
    if dataset is None and len(names) > 1:
        raise UserError(f"{table.path}: holds several data sets, name one with --dataset: {', '.join(names)}")
    return dataset or (names[0] if names else "no data set")


@dataclass(frozen=True)
class Look:
    """Order, name and colour of the sources: by role, the same in every figure."""

    strong: str = "se"
    weak: str = "wc"
    names: list[str] = field(default_factory=list)  # of the whole table, so that its data sets agree on colours
    # Source -> model, where every view of one model's samples shall have that model's colour; several are joined by +.
    writers: dict[str, str] = field(default_factory=dict)
    study: Names = field(default_factory=Names)

    def role(self, name: str) -> str:
        """The role of a source: se, wc, mix, human, base; "" for any other."""
        kinds = {"human": self.study.human, "mix": self.study.mixed, "base": self.study.base}
        known = {self.strong: "se", self.weak: "wc"}
        return known.get(name) or next((kind for kind, names in kinds.items() if name in names), "")

    def role_of_target(self, name: str) -> str:
        """The role of a finetuned model: se, wc, or ""."""
        roles = {self.study.strong_model or self.strong: "se", self.study.weak_model or self.weak: "wc"}
        return roles.get(name, "")

    def colour(self, name: str) -> str:
        known = {"se": STRONG, "wc": WEAK, "mix": MIX, "human": HUMAN, "base": BASE}
        writer = self.writers.get(name, "")
        if writer and not self.role(name):
            pure = {self.writers.get(self.strong, self.strong): STRONG, self.writers.get(self.weak, self.weak): WEAK}
            if "+" in writer or writer in pure:
                return pure.get(writer, MIX)
        others = [other for other in self.names if not self.role(other)]
        place = others.index(name) if name in others else 0
        return known.get(self.role(name)) or FURTHER[place % len(FURTHER)]

    def label(self, name: str) -> str:
        """The name itself. A source or target that is called as its role is written as the paper writes the role."""
        spelled = {"human": "human-written", "base": "before finetuning", "se": "SE", "wc": "WC"}
        return spelled[name] if name in spelled and name in (self.role(name), self.role_of_target(name)) else name

    def order(self, names: list[str]) -> list[str]:
        """By role, then as the config has them."""
        roles = ["base", "human", "se", "wc", "mix", ""]
        return sorted(in_order(names, self.study.sources), key=lambda name: roles.index(self.role(name)))

    def order_targets(self, names: list[str]) -> list[str]:
        """Students first, as the config has them, then WC, then SE: the order of their sizes."""
        return sorted(
            in_order(names, self.study.targets), key=lambda name: ["", "wc", "se"].index(self.role_of_target(name))
        )

    def order_budgets(self, names: list[str]) -> list[str]:
        """Rows that belong to no budget first, then the budgets as the config has them."""
        return in_order(names, ["", *self.study.budgets])


def in_order(names: list[str], order: list[str]) -> list[str]:
    """Names sorted as in `order`; names that it lacks come last, in the given order."""
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))


def budget_label(budget: str) -> str:
    return f"{budget} budget" if budget else "references"


def samples_label(label: str, samples: str) -> str:
    """For example "SE, 1 sample"; the bare label where the count is unknown."""
    return f"{label}, {samples} sample{'' if samples == '1' else 's'}" if samples else label


def budgets_and_sources(table: Table, look: Look, sources: list[str] | None = None) -> list[tuple[str, list[str]]]:
    """The rows of a figure, by budget: `sources` if given, otherwise SE, WC and every source found under the budget.

    An empty table has the rows of the study's budgets. One that has neither SE nor WC, such as that of a data set with
    sources of its own, has no rows for them.
    """
    pair = [look.strong, look.weak]
    pair = pair if not table.rows or set(pair) & set(table.values("source")) else []
    grid = []
    for budget in look.order_budgets(table.values("budget")) or look.study.budgets:
        found = table.where(budget=budget).values("source")
        expected = pair if budget else []
        grid.append((budget, sources or look.order(list(dict.fromkeys(expected + found)))))
    return grid


def name_groups(grid: list[tuple[str, list[str]]], look: Look, arms: Table | None) -> list[tuple[str, list[str]]]:
    return [
        (budget_label(budget), [data_label(arms, look, budget, source) for source in sources])
        for budget, sources in grid
    ]


def data_label(arms: Table | None, look: Look, budget: str, source: str, noun: str = "") -> str:
    """The source with its samples per question, where they are known and mean something."""
    samples = arms.where(budget=budget, source=source).values("samples") if arms else []
    counted = samples and look.role(source) not in ("human", "base")
    return samples_label(look.label(source) + noun, samples[0] if counted else "")


class Paper:
    """The paper's printed values for one figure: none without a table, or for other data sets."""

    def __init__(self, path: str | None, kind: str, dataset: str, look: Look):
        published = read_table(path, PUBLISHED, NUMBERS) if path else Table("", [])
        self.table = published.where(table=kind, dataset=look.study.in_paper("dataset", dataset))
        self.look = look

    def value(self, metric: str, budget: str, source: str, target: str = "") -> float:
        """In the unit of the axis (percent, solutions); NaN where the paper printed none."""
        role = self.look.role(source)
        name = {"human": "ground_truth"}.get(role, role)
        # Numbers that hold for both budgets carry none.
        budgets = (self.look.study.in_paper("budget", budget), "")
        rows = self.table.where(metric=metric, budget=budgets, source=name, target=paper_target(self.look, target)).rows
        return rows[0]["value"] if rows else math.nan


def paper_target(look: Look, target: str) -> str | None:
    """What the paper's table calls a target; None if the table does not have it."""
    return look.role_of_target(target) or look.study.in_paper("target", target)
