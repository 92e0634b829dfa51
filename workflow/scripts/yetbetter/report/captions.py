"""Captions of figures: what they show, as the registry says it, and the numbers in them, from the tables."""

import re
from collections.abc import Callable

from markupsafe import Markup, escape

from yetbetter.measures.metrics import FURTHER_MEASURES, METRICS, Metric
from yetbetter.report import wording
from yetbetter.report.study import ReportedStudy, basis
from yetbetter.study.experiments import baseline_of
from yetbetter.tables import Estimate, level_order

NUMBERS: dict[str, Callable] = {}
# Measures of answers that are neither right nor wrong.
ANSWERS = {name: metric for name, metric in FURTHER_MEASURES.items() if not metric.graded}


def numbers_of(kind: str):
    """Register the function that writes a kind of figure's numbers, from the study and the name's parts."""

    def register(function):
        NUMBERS[kind] = function
        return function

    return register


def find_kind(name: str, kinds: list[str], experiments: list[str] = ()) -> tuple[str, list[str]]:
    """The figure in the registry, and the rest of its name: coverage_trend_hard is ("coverage_trend", ["hard"]).

    An experiment's own figure is called like the experiment: mixing_hard is ("experiment", ["mixing", "hard"]).
    """

    def longest(names) -> str:
        return max((word for word in names if name == word or name.startswith(f"{word}_")), key=len, default="")

    own, kind = longest(experiments), longest(kinds)
    if own and len(own) >= len(kind):
        return "experiment", [own, *filter(None, [name[len(own) + 1 :]])]
    kind = kind or name
    rest = name[len(kind) + 1 :]
    own = longest_start(rest, experiments)
    return kind, [*([own] if own else []), *filter(None, rest[len(own) :].split("_"))]


def longest_start(text: str, names) -> str:
    return max((word for word in names if text.startswith(f"{word}_")), key=len, default="")


def to_html(caption: str) -> Markup:
    """A caption of the registry of figures, reStructuredText, as HTML."""
    return Markup(re.sub(r"``(.+?)``", r"<code>\1</code>", str(escape(caption))))


def tell_numbers(study: ReportedStudy, kind: str, parts: list[str]) -> list[str]:
    """Sentences; none if the kind is not known or its tables are not there."""
    return [line for line in NUMBERS[kind](study, *parts) if line] if kind in NUMBERS else []


def lead(study: ReportedStudy, row: dict) -> str:
    """student: WC 31.0 %, SE 29.4 %, +1.6 points [−0.7, +4.2]"""
    weak, strong = study.label(study.weak), study.label(study.strong)
    values = f"{weak} {wording.percent(row['weak'])}, {strong} {wording.percent(row['strong'])}"
    return f"{study.label(row['target'])}: {values}, {wording.points(row['difference'], row['low'], row['high'])}"


def budget_line(budget: str, text: str) -> str:
    return f"Budget {budget} – {text}."


def tell_leads(study: ReportedStudy, rows: list[dict]) -> list[str]:
    """A sentence for each budget, and what the differences rest on."""
    budgets = study.look.order_budgets(list(dict.fromkeys(row["budget"] for row in rows)))
    lines = []
    for budget in budgets:
        own = [lead(study, row) for row in rows if row["budget"] == budget]
        lines.append(budget_line(budget, "; ".join(own)))
    return [*lines, f"Differences are WC data's lead, {basis(rows)}." if rows else ""]


@numbers_of("headline")
def tell_headline(study: ReportedStudy) -> list[str]:
    chosen = study.config["comparison"]
    place = {axis: chosen[axis] for axis in ("dataset", "budget")}
    rows = [row for row in study.leads() if place.items() <= row.items()]
    leads = "; ".join(lead(study, row) for row in rows)
    return [f"{chosen['dataset']}, {chosen['budget']} budget, {leads}, {basis(rows)}."] if rows else []


@numbers_of("claims")
def tell_claims(study: ReportedStudy) -> list[str]:
    verdicts = study.table("claims").values("verdict")
    pieces = [f"{len(study.table('claims').where(verdict=verdict).rows)} {verdict}" for verdict in verdicts]
    return [f"Claims: {wording.joined(pieces)}."] if pieces else []


@numbers_of("finetuned")
def tell_finetuned(study: ReportedStudy, dataset: str) -> list[str]:
    return tell_leads(study, [row for row in study.leads() if row["dataset"] == dataset])


@numbers_of("reasoning")
def tell_reasoning(study: ReportedStudy, dataset: str) -> list[str]:
    """How many of the finetuned models' right answers rest on wrong reasoning."""
    rows = [row for row in study.leads("false_positive_rate") if row["dataset"] == dataset]
    budgets = study.look.order_budgets(list(dict.fromkeys(row["budget"] for row in rows)))
    return [
        budget_line(budget, "; ".join(lead(study, row) for row in rows if row["budget"] == budget))
        for budget in budgets
    ]


@numbers_of("functional_transfer")
def tell_transfer(study: ReportedStudy, dataset: str) -> list[str]:
    table = study.table("finetuned").where(dataset=dataset)
    votes = sorted(int(name[4:]) for name in table.values("metric") if re.fullmatch(r"maj@\d+", name))
    if not votes:
        return []
    most = votes[-1]
    rows = [row for row in study.leads(f"maj@{most}", "functional") if row["dataset"] == dataset]
    lines = []
    for budget in study.look.order_budgets(list(dict.fromkeys(row["budget"] for row in rows))):
        own = "; ".join(lead(study, row) for row in rows if row["budget"] == budget)
        lines.append(f"maj@{most} on functional variants, {budget} budget: {own}.")
    return lines


@numbers_of("experiment")
def tell_experiment(study: ReportedStudy, name: str, dataset: str = "") -> list[str]:
    """Accuracy on each source of an experiment, and its lead over the baseline's data if that was measured."""
    if not dataset:
        return tell_ladder(study)
    chosen = study.config["experiments"][name]
    keys = {"dataset": dataset, "benchmark": "test", "metric": "pass@1", "level": "all"}
    values = study.table("finetuned").where(seed="all", source=tuple(chosen["sources"]), **keys)
    baseline = baseline_of(chosen["sources"], study.strong)
    differences = study.table("differences").where(baseline=baseline, **keys)
    lines, bracketed = [], False
    for budget in study.look.order_budgets(
        [budget for budget in values.values("budget") if budget in chosen["budgets"]]
    ):
        for target in study.look.order_targets([name for name in chosen["targets"] if name in values.values("target")]):
            pieces = []
            for row in values.where(budget=budget, target=target).rows:
                lead = differences.estimate("difference", budget=budget, target=target, source=row["source"])
                change = f" ({wording.points(*lead)})" if lead.known else ""
                bracketed = bracketed or lead.known
                pieces.append(f"{study.label(row['source'])} {wording.percent(row['value'])}{change}")
            if pieces:
                lines.append(budget_line(budget, f"{study.label(target)}: {'; '.join(pieces)}"))
    problems = sorted({f"{int(wording.to_float(row['problems'])):,}" for row in values.rows if row["problems"]})
    seeds = study.seeds(**keys, source=tuple(chosen["sources"]), budget=tuple(chosen["budgets"]))
    rest = f"on {wording.joined(problems, ' or ')} test problems, {wording.count(seeds, 'seed')}" if problems else ""
    ends = [f"In brackets the lead over {study.label(baseline)} data" if bracketed else "", rest]
    end = ", ".join(filter(None, ends))
    return [*lines, f"{end[0].upper()}{end[1:]}." if lines and end else ""]


def tell_ladder(study: ReportedStudy) -> list[str]:
    """Above which ratio WC data wins, for each data set, budget and target."""
    weak, strong = study.label(study.weak), study.label(study.strong)
    pieces = [
        f"{row['dataset']}, {row['budget']} budget, {study.label(row['target'])}: {row['text']}"
        for row in study.table("ladder_crossover").where(level="all").rows
    ]
    if not pieces:
        return []
    return [f"{weak} data wins over {strong} data above a ratio of pass@1 of: {'; '.join(pieces)}."]


def interval_of(cell: Estimate, metric: Metric) -> str:
    """The interval of a metric of data, in the unit of its axis."""
    low, high = metric.factor * cell.low, metric.factor * cell.high
    return wording.interval(low, high, metric.digits, wording.number)


@numbers_of("data_quality")
def tell_quality(study: ReportedStudy, *place: str) -> list[str]:
    """place: the data set, and before it an experiment whose sources are named."""
    table = study.table("data_quality").where(dataset=place[-1], level="all", basis="arm")
    named = study.config["experiments"].get(place[0], {}) if len(place) > 1 else {}
    sources = [
        source for source in named.get("sources", [study.weak, study.strong]) if source in table.values("source")
    ]
    lines = []
    for budget in study.look.order_budgets(table.where(source=tuple(sources)).values("budget")):
        pieces = []
        for name, metric in (METRICS | ANSWERS).items():
            cells = [(source, table.estimate(budget=budget, source=source, metric=name)) for source in sources]
            write = wording.percent if metric.share else wording.number
            values = [
                f"{study.label(source)} {write(cell.value, metric.digits)} {interval_of(cell, metric)}".rstrip()
                for source, cell in cells
                if cell.known
            ]
            pieces += [f"{metric.caption or metric.title} {', '.join(values)}"] if values else []
        lines.append(budget_line(budget, "; ".join(pieces)) if pieces else "")
    questions = table.where(metric=("coverage", *ANSWERS), source=tuple(sources)).values("questions")
    return [*lines, f"Over {wording.joined(questions, ' or ')} questions." if questions else ""]


@numbers_of("coverage_trend")
def tell_trend(study: ReportedStudy, dataset: str) -> list[str]:
    table = study.table("coverage").where(dataset=dataset, level="all")
    pieces = []
    for source in (study.weak, study.strong):
        rows = table.where(model=study.model_of(source)).rows
        if rows:
            first, last = (choose(rows, key=lambda row: int(row["k"])) for choose in (min, max))
            pieces.append(
                f"{study.label(source)}: "
                + " and ".join(f"{wording.percent(row['value'])} at k = {row['k']}" for row in (first, last))
            )
    return [f"Coverage of {'; '.join(pieces)}."] if pieces else []


@numbers_of("coverage_by_level")
def tell_levels(study: ReportedStudy, dataset: str) -> list[str]:
    table = study.table("data_quality").where(dataset=dataset, metric="coverage", basis="arm")
    budgets = study.look.order_budgets(table.values("budget"))
    if not budgets:
        return []
    budget, pieces = budgets[-1], []
    for level in sorted((level for level in table.values("level") if level != "all"), key=level_order):
        cells = [
            (source, table.estimate(level=level, budget=budget, source=source)) for source in (study.weak, study.strong)
        ]
        values = [f"{study.label(source)} {wording.percent(cell.value)}" for source, cell in cells if cell.known]
        pieces += [f"level {level}: {', '.join(values)}"] if values else []
    return [budget_line(budget, "; ".join(pieces))] if pieces else []


@numbers_of("checkpoints")
def tell_checkpoints(study: ReportedStudy, dataset: str) -> list[str]:
    rows = study.table("checkpoints").where(dataset=dataset).rows
    chosen = [100 * wording.to_float(row["validation"]) for row in rows if row["chosen"] == "1"]
    if not chosen:
        return []
    return [
        f"{len(rows):,} checkpoints of {wording.count(len(chosen), 'finetuning')}; the chosen ones answer"
        f" {wording.number(min(chosen))} to {wording.number(max(chosen))}{wording.NARROW}% of the validation problems."
    ]


@numbers_of("training")
def tell_training(study: ReportedStudy, dataset: str, budget: str, target: str) -> list[str]:
    rows = study.table("checkpoints").where(dataset=dataset, budget=budget, target=target, chosen="1").rows
    pieces = [
        f"{study.label(row['source'])} after {row['step'] or '?'} steps, {wording.percent(row['validation'])}"
        for row in rows
    ]
    return [f"Chosen by validation: {'; '.join(pieces)}."] if pieces else []
