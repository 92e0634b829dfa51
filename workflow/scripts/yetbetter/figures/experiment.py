"""What the figures of single experiments show: its cells among those of the whole study, and what its arms are."""

import math
import textwrap
from dataclasses import dataclass, field
from typing import NamedTuple

from yetbetter.errors import UserError
from yetbetter.figures.look import ARMS, DIFFERENCES, FINETUNED, PUBLISHED, SEEDS, Look, choose_dataset, paper_target
from yetbetter.figures.request import Request
from yetbetter.figures.style import DAGGER
from yetbetter.study.experiments import PAPER_TABLES, baseline_of
from yetbetter.tables import NUMBERS, Estimate, Table, read_table, to_number

ARMS_WITH_COSTS = (*ARMS, "questions", "flops_assumed", "price")
UNPAIRED = "\N{DOUBLE DAGGER}"


class Place(NamedTuple):
    """Training data: a budget and a source."""

    budget: str
    source: str


class Difference(NamedTuple):
    """In points; `paired` says whether both were compared on the same problems."""

    cell: Estimate
    paired: bool = True

    @property
    def decided(self) -> bool:
        """Whether the interval excludes zero."""
        return self.cell.bounded and (self.cell.low > 0 or self.cell.high < 0)

    @property
    def text(self) -> str:
        if not self.cell.known:
            return "n/a"
        interval = f" [{self.cell.low:+.1f}, {self.cell.high:+.1f}]" if self.cell.bounded else DAGGER
        text = f"{self.cell.value:+.1f}{interval}{'' if self.paired else UNPAIRED}"
        return text.replace("-", "\N{MINUS SIGN}")


class TrainingSet(NamedTuple):
    """What arms.csv holds of an arm: who wrote the data, how many samples of how many questions, what they cost.

    FLOPs are those that the matching assumes (solutions of equal length), the price in dollars; NaN where unknown.
    """

    model: str
    samples: float
    questions: float
    flops: float
    price: float

    @property
    def flops_per_question(self) -> float:
        return self.flops / self.questions if self.questions else math.nan


@dataclass(frozen=True)
class Experiment:
    """One experiment's part of a study's tables. Accuracies and differences are in percent and in points."""

    title: str
    dataset: str
    look: Look
    table: Table
    differences: Table
    arms: Table
    sources: list[str]
    targets: list[str]
    budgets: list[str]
    seeds: list[str] | None = None
    notes: dict[str, str] = field(default_factory=dict)
    published: Table = field(default_factory=lambda: Table("", []))
    roles: dict[str, str] = field(default_factory=dict)  # source -> a key of PAPER_TABLES

    @property
    def places(self) -> list[Place]:
        return [Place(budget, source) for budget in self.budgets for source in self.sources]

    @property
    def baseline(self) -> str:
        return baseline_of(self.sources, self.look.strong)

    def accuracy(self, place: Place, target: str) -> Estimate:
        """The mean over the cell's finetuning seeds, or over those that were asked for; without interval if a part."""
        rows = self.table.where(budget=place.budget, source=place.source, target=target)
        found = [seed for seed in rows.values("seed") if seed not in SEEDS]
        if self.seeds is None or not found or set(found) <= set(self.seeds):
            return rows.where(seed=SEEDS).estimate().times(100)
        cells = [rows.estimate(seed=seed).times(100) for seed in found if seed in self.seeds]
        if len(cells) == 1:
            return cells[0]
        return Estimate(sum(cell.value for cell in cells) / len(cells)) if cells else Estimate()

    def difference(self, left: Place, right: Place, target: str) -> Difference:
        """left - right: as the table of paired differences has it, either way round, or else from both intervals."""
        if left.budget == right.budget and self.seeds is None:
            rows = self.differences.where(target=target, budget=left.budget)
            cell = rows.estimate("difference", source=left.source, baseline=right.source).times(100)
            if not cell.known:
                turned = rows.estimate("difference", source=right.source, baseline=left.source).times(-100)
                cell = Estimate(turned.value, turned.high, turned.low)
            if cell.known:
                return Difference(cell)
        first, second = self.accuracy(left, target), self.accuracy(right, target)
        value = first.value - second.value
        # As of two independent samples: wider than a paired comparison would be.
        down = math.hypot(first.value - first.low, second.high - second.value)
        up = math.hypot(first.high - first.value, second.value - second.low)
        return Difference(Estimate(value, value - down, value + up), paired=False)

    def arm(self, place: Place) -> TrainingSet | None:
        rows = self.arms.where(budget=place.budget, source=place.source).rows
        if not rows:
            return None
        where = f"{self.arms.path}: {place.budget}, {place.source}"
        numbers = (to_number(rows[0][key], f"{where}: {key}") for key in ("samples", "questions", "flops_assumed"))
        return TrainingSet(rows[0]["model"], *numbers, to_number(rows[0]["price"], f"{where}: price"))

    def writer(self, source: str) -> str:
        """The model that a source draws from, as far as the table of arms knows; several joined by +."""
        return self.look.writers.get(source, source)

    def colour(self, source: str) -> str:
        return self.look.colour(source)

    def writer_label(self, model: str) -> str:
        roles = {self.writer(name): self.label(name) for name in (self.look.weak, self.look.strong)}
        return " + ".join(roles.get(name, name) for name in model.split("+"))

    def label(self, source: str) -> str:
        return self.look.label(source)

    def title_of(self, target: str, width: int = 24) -> str:
        return textwrap.fill(f"target: {self.look.label(target)}", width) if target else ""

    def detail(self, place: Place, width: int = 34) -> list[str]:
        """What the source is under this budget, in lines: samples, questions, share of SE's cost, notes."""
        arm, parts = self.arm(place), []
        if arm and not math.isnan(arm.samples):
            count = f"{arm.samples:g} {self.writer_label(arm.model)} sample{'' if arm.samples == 1 else 's'}"
            parts.append(f"{count} \N{MULTIPLICATION SIGN} {arm.questions:,.0f} questions")
            parts += self._cost_shares(place, arm)
        if place.source in self.notes:
            parts.append(self.notes[place.source])
        # A part is not torn, unless it is longer than a line.
        lines = [""]
        for part in parts:
            joined = f"{lines[-1]}, {part}" if lines[-1] else part
            lines = [*lines[:-1], joined] if len(joined) <= width else [*lines, part]
        return [piece for line in lines if line for piece in textwrap.wrap(line, width)]

    def _cost_shares(self, place: Place, arm: TrainingSet) -> list[str]:
        """Against SE under the same budget, which the budget is counted in; without it, against the baseline."""
        base = self.arm(Place(place.budget, self.look.strong)) or self.arm(Place(place.budget, self.baseline))
        if base is None:
            return []
        costs = {"compute": (arm.flops, base.flops), "price": (arm.price, base.price)}
        shares = {what: 100 * cost / whole for what, (cost, whole) in costs.items() if whole and cost / whole > 0}
        return [", ".join(f"{share:.0f} % of {what}" for what, share in shares.items())] if shares else []

    def printed(self, place: Place, target: str) -> float:
        """The paper's value in percent; NaN where it printed none for such data."""
        if place.source not in self.roles:
            return math.nan
        table, name = PAPER_TABLES[self.roles[place.source]]
        known = self.look.study
        keys = {"budget": (known.in_paper("budget", place.budget), "")} if table == "finetuned" else {}
        arm = self.arm(place)
        if table == "dataset_size_500" and (arm is None or arm.questions != 500):
            return math.nan
        keys |= {"dataset": known.in_paper("dataset", self.dataset), "target": paper_target(self.look, target)}
        rows = self.published.where(table=table, source=name, metric="pass_at_1", **keys).rows
        return rows[0]["value"] if rows else math.nan

    @property
    def headline(self) -> str:
        return textwrap.fill(f"{self.dataset}: {self.title}", {1: 56, 2: 74}.get(len(self.targets), 92))

    def remarks(self, differences: list[Difference] = ()) -> list[str]:
        """What the legend says in words: seeds, and differences that are not paired."""
        texts = [self._seeds_text()]
        if any(pair.cell.bounded and not pair.paired for pair in differences):
            texts.append(f"{UNPAIRED} not paired:\nfrom two separate intervals")
        return [text for text in texts if text]

    def _seeds_text(self) -> str:
        counts = []
        for place in self.places:
            for target in self.targets:
                rows = self.table.where(budget=place.budget, source=place.source, target=target)
                found = [seed for seed in rows.values("seed") if seed not in SEEDS]
                counts.append(len([seed for seed in found if self.seeds is None or seed in self.seeds]))
        low, high = min(filter(None, counts), default=0), max(counts, default=0)
        if not high:
            return ""
        if high == 1:
            return "one finetuning seed:\nintervals are over problems alone"
        return f"means over {low if low == high else f'{low} to {high}'} finetuning seeds"


def read_experiment(request: Request) -> Experiment:
    """The experiment that is asked for; UserError where a table or an option is not as it should be."""
    keys = {"benchmark": "test", "metric": "pass@1", "level": "all"}
    whole = request.read("finetuned", FINETUNED)
    dataset = choose_dataset(whole, request.dataset)
    table = whole.where(dataset=dataset, **keys)
    differences = request.read("differences", DIFFERENCES).where(dataset=dataset, **keys)
    arms = request.read("arms", ARMS_WITH_COSTS).where(dataset=dataset)
    sources = request.sources or whole.values("source")
    look = request.look(sources, {row["source"]: row["model"] for row in arms.rows})
    roles = read_pairs("--role", request.role)
    for source, role in roles.items():
        if role not in PAPER_TABLES:
            raise UserError(f"--role {source}={role}: no such role (allowed: {', '.join(PAPER_TABLES)})")
    return Experiment(
        title=request.title,
        dataset=dataset,
        look=look,
        table=table,
        differences=differences,
        arms=arms,
        sources=request.sources or look.order(table.values("source")) or [request.strong, request.weak],
        targets=look.order_targets(request.targets or table.values("target")),
        budgets=request.budgets or look.order_budgets(table.values("budget")),
        seeds=request.seeds,
        notes=read_pairs("--note", request.note),
        published=read_table(request.published, PUBLISHED, NUMBERS) if request.published else Table("", []),
        roles=roles | {request.strong: "strong", request.weak: "weak"},
    )


def read_pairs(option: str, words: list[str]) -> dict[str, str]:
    pairs = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign or not name:
            raise UserError(f"{option} {word!r}: must be SOURCE=TEXT")
        pairs[name] = text
    return pairs
