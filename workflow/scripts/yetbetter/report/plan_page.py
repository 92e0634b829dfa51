"""The page of a plan: what to run for each budget, how sure that is, and the lines of the config that run it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.forecast.allocations import Allocation
from yetbetter.forecast.plan_tables import ALLOCATIONS, CURVES, LEAST, PILOT
from yetbetter.records import write_text
from yetbetter.report import page, templates, wording
from yetbetter.report.sheets import (
    Column,
    Field,
    Sheet,
    file_sheet,
    in_two_lines,
    interval_picture,
    make_sheet,
    numeric,
)
from yetbetter.tables import Table, read_table

NUMBERS = {
    "pilot": ("solved", "pass_at_1", "tokens_per_solution", "false_positive_rate", "checked", "weight"),
    "curves": ("value", "low", "high"),
    "allocations": tuple(name for name in ALLOCATIONS if name not in ("dataset", "budget", "match", "model", "draws",
                         "samples", "stop_after", "groups", "reference", "recommended", "rival", "settled")),
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """The tables of one data set's plan, from the folder that plan_sampling.py wrote."""

    dataset: str
    folder: Path
    pilot: Table
    curves: Table
    allocations: Table

    @property
    def pilot_samples(self) -> dict[str, int]:
        return {row["model"]: int(row["samples"]) for row in self.pilot.rows}

    @property
    def recommended(self) -> list[dict]:
        """By budget and rule, in the order of the first allocation of each: those by level or subject come last."""
        order = list(dict.fromkeys((row["budget"], row["match"]) for row in self.allocations.rows))
        rows = self.allocations.where(recommended="yes").rows
        return sorted(rows, key=lambda row: order.index((row["budget"], row["match"])))

    @property
    def files(self) -> list[Path]:
        return [self.folder / f"{name}.csv" for name in NUMBERS]


def read_plan(folder: Path, config: dict) -> Plan:
    """UserError for a table that plan_sampling.py cannot have written with this config."""
    columns = {"pilot": PILOT, "curves": CURVES, "allocations": ALLOCATIONS}
    tables = {name: read_table(folder / f"{name}.csv", columns[name], NUMBERS[name]) for name in NUMBERS}
    counts = {"pilot": ("questions", "samples"), "curves": ("reference_samples", "samples"), "allocations": ("draws",)}
    for name, table in tables.items():
        for column, row in product(counts[name], table.rows):
            numbers = [word.rpartition(":")[2] for word in row[column].split()] or [""]
            if not all(number.isdecimal() for number in numbers):
                raise UserError(f"{table.path}: {column} is {row[column]!r}, not a whole number")
    plan = Plan(folder.name, folder, **tables)
    named = [(table, "dataset", "datasets") for table in tables.values()]
    named += [(tables["allocations"], "budget", "budgets"), (tables["pilot"], "model", "models")]
    for table, column, registry in named:
        for name in table.values(column):
            if name not in config[registry]:
                raise UserError(f"{table.path}: {column} {name!r} is not among the {registry} of the config")
    if plan.dataset not in config["datasets"]:
        raise UserError(f"{folder}: {plan.dataset!r} is not among the datasets of the config")
    if not plan.recommended:
        raise UserError(f"{plan.allocations.path}: no allocation is recommended")
    return plan


def write_plan(path: str, template: Path, config: dict, plans: list[Plan], figures: dict[str, Path]) -> None:
    """figures: data set -> PNG file. config: the study's complete, checked config."""
    text = templates.render(
        template,
        study=config["study"],
        statement=state(config, plans),
        snippet=snippet(config, plans),
        plans=[
            {
                "dataset": plan.dataset,
                "pilot": pilot_sheet(plan),
                "recommended": recommended_sheet(plan, config),
                "stopping": stopping_sheet(plan),
                "crossings": list(crossings(plan)),
                "figure": page.embed(figures[plan.dataset], effort=0),
            }
            for plan in plans
        ],
        tables=[(plan.dataset, file_sheet(file)) for plan in plans for file in plan.files],
    )
    write_text(path, [text])


# Sentences ------------------------------------------------------------------------------------------------------------


def what_to_draw(row: dict) -> str:
    """30 samples of wc for every question"""
    if row["groups"]:
        models = parse_groups(row["groups"])
        each = [
            f"{wording.count(samples, 'sample')} of {model} for {row['model'].rpartition(' ')[2]}"
            f" {wording.joined(models[model])}"
            for model, samples in draws_of(row)
        ]
        return wording.joined(each)
    where = "every question" if row["share"] == 1 else f"the first {wording.percent(row['share'], 0)} of the questions"
    (model, samples), *others = draws_of(row)
    drawn = [f"{wording.count(samples, 'sample')} of {model}", *(f"{count:,} of {other}" for other, count in others)]
    return f"{wording.joined(drawn)} for {where}"


def parse_groups(text: str) -> dict[str, tuple[str, ...]]:
    """Model -> its groups, of an allocation by level or subject."""
    parts = (part.partition(": ") for part in text.split("; "))
    return {model: tuple(groups.split(", ")) for model, _, groups in parts}


def allocation_of(row: dict) -> Allocation:
    groups = tuple(parse_groups(row["groups"]).items()) if row["groups"] else ()
    by = row["model"].rpartition(" by ")[2] if groups else ""
    stop_after = int(row["stop_after"]) if row["stop_after"] else None
    return Allocation(row["budget"], row["match"], draws_of(row), row["share"], stop_after, by, groups)


def draws_of(row: dict) -> tuple[tuple[str, int], ...]:
    """(model, samples per question) of an allocation."""
    pairs = (draw.rpartition(":") for draw in row["draws"].split())
    return tuple((model, int(samples)) for model, _, samples in pairs)


def what_it_buys(config: dict, budget: str, match: str) -> str:
    """the compute of one sample of se per question"""
    entry = config["budgets"][budget]
    return f"the {match} of {wording.count(entry['samples'], 'sample')} of {entry['model']} per question"


def how_sure(row: dict, questions: int) -> str:
    """settled, or what would settle it. questions: of the training split."""
    if not row["rival"]:
        return "without a rival in this pilot"
    needed = row["questions_to_settle"]
    if row["settled"] == "yes":
        return "settled by this pilot"
    start = f"not settled against {row['rival']}"
    if math.isnan(needed):  # an infinity is not in a table of numbers
        return f"{start}: no lead is expected"
    if needed > questions:
        return f"{start}, and all {questions:,} questions would not settle it either"
    return f"{start}: about {math.ceil(needed / 50) * 50:,} pilot questions would settle such a lead"


def against_rival(row: dict) -> str:
    """What the best other allocation is expected to lead or lag by; nothing without one."""
    if not row["rival"]:
        return ""
    lead, low, high = (100 * row[key] for key in ("lead", "lead_low", "lead_high"))
    than, low, high = ("fewer", low, high) if lead > 0 else ("more", -high, -low)
    points = f"{wording.number(abs(lead))} points {than} {wording.interval(low, high)}"
    return f"{row['rival']} is expected to solve {points}."


def state(config: dict, plans: list[Plan]) -> list[str]:
    """The answer in two or three sentences: of the comparison's data set and budget, if they are planned for."""
    compared = config["comparison"]
    plan = next((plan for plan in plans if plan.dataset == compared["dataset"]), plans[0])
    rows = plan.recommended
    budgets = config["budgets"]
    # Another budget of the same size may stand for it.
    row = next((row for row in rows if budgets[row["budget"]] == budgets[compared["budget"]]), rows[0])
    ends = f"{wording.percent(row['low'], 0)} to {wording.percent(row['high'], 0)}"
    solved = f"{wording.percent(row['coverage'], 0)} (95{wording.NARROW}% interval {ends})"
    sentences = [
        f"For {what_it_buys(config, row['budget'], row['match'])} on {plan.dataset}, draw {what_to_draw(row)}.",
        f"That is expected to solve {solved} of the questions.",
    ]
    if not math.isnan(row["difference"]):
        lead = 100 * row["difference"]
        sentences.append(
            f"{row['reference']} alone is expected to solve {wording.number(lead)} points fewer"
            f" {wording.interval(100 * row['difference_low'], 100 * row['difference_high'], write=wording.number)}."
        )
    elif row["rival"]:
        sentences.append(against_rival(row))
    sure = how_sure(row, config["datasets"][plan.dataset]["splits"]["train"])
    return [*sentences, f"This choice is {sure}."]


def crossings(plan: Plan) -> Iterator[str]:
    """One sentence for each pair of curves: who is expected ahead, and where they cross."""
    coverage = plan.curves.where(metric="coverage")
    for rule in coverage.values("match"):
        for reference in coverage.where(match=rule).values("reference"):
            own = coverage.where(match=rule, reference=reference)
            base = {int(row["reference_samples"]): row["value"] for row in own.where(model=reference).rows}
            for model in own.values("model"):
                curve = {int(row["reference_samples"]): row["value"] for row in own.where(model=model).rows}
                shared = sorted(base.keys() & curve.keys())
                if model != reference and shared:
                    yield describe_crossing(rule, reference, model, [(at, curve[at] - base[at]) for at in shared])


def describe_crossing(rule: str, reference: str, model: str, leads: list[tuple[int, float]]) -> str:
    """leads: (samples of the reference, coverage of the model minus that of the reference), by budget."""
    start = f"{rule[:1].upper()}{rule[1:]}-matched, "
    signs = [(at, lead > 0) for at, lead in leads if abs(lead) >= LEAST]
    if not signs:
        least = wording.number(100 * LEAST)
        return f"{start}neither {model} nor {reference} is expected to lead by {least} points at any budget shown."
    turns = [(before[0], *after) for before, after in pairwise(signs) if before[1] != after[1]]
    first, other = (model, reference) if signs[0][1] else (reference, model)
    if not turns:
        most = f"up to {leads[-1][0]} samples of {reference} per question"
        return f"{start}{first} is expected ahead of {other} at every budget shown, {most}."
    places = [f"{model if ahead else reference} from {low} to {high} samples on" for low, high, ahead in turns]
    return (
        f"{start}{first} is expected ahead first, then {wording.joined(places)} (samples of {reference} per question)."
    )


# Tables ---------------------------------------------------------------------------------------------------------------


def recommended_sheet(plan: Plan, config: dict) -> Sheet:
    """The recommended allocation of each budget and rule."""
    names = {
        **{"budget": "text", "draw": "text", "coverage, %": "number", "lead, points": "number", "": "picture"},
        **{"chance ahead": "number", "how sure": "text", "correct (distinct) per question": "number", "cost": "text"},
    }
    columns = [Column(name, kind) for name, kind in names.items()]
    ends = [abs(row[key]) for row in plan.recommended for key in ("difference_low", "difference_high")]
    reach = max((end for end in ends if not math.isnan(end)), default=0.0)
    questions = config["datasets"][plan.dataset]["splits"]["train"]
    rows = []
    for row in plan.recommended:
        difference = [100 * row[key] for key in ("difference", "difference_low", "difference_high")]
        lead = in_two_lines(wording.signed(difference[0]), wording.interval(*difference[1:]))
        if math.isnan(difference[0]):
            lead = f"is {row['reference']}"
        coverage = wording.interval(100 * row["low"], 100 * row["high"], 1, wording.number)
        distinct = "" if math.isnan(row["distinct"]) else f" ({wording.number(row['distinct'], 2)})"
        solutions = f"{wording.number(row['kept'] / questions, 2)}{distinct}"
        tokens = f"{wording.number(row['tokens'] / 1e6, 2)} M tokens"
        rows.append(
            [
                Field(f"{row['budget']} ({row['match']})"),
                Field(what_to_draw(row)),
                numeric(row["coverage"], in_two_lines(wording.number(100 * row["coverage"]), coverage)),
                numeric(row["difference"], lead),
                Field(interval_picture(*difference, 100 * reach)),
                numeric(row["chance_ahead"], chance(row["chance_ahead"])),
                Field(how_sure(row, questions)),
                numeric(row["distinct"], solutions),
                numeric(row["tokens"], tokens + (f", {row['dollars']:,.2f} dollars" if row["dollars"] else "")),
            ]
        )
    return make_sheet(f"recommended_{plan.dataset}.csv", columns, rows, classes="plan")


def stopping_sheet(plan: Plan) -> Sheet | None:
    """What stopping at the first right solution gives for the cost of each budget; None if no allocation does."""
    kinds = {
        **{"budget": "text", "draw": "text", "looked at per question": "number", "coverage, %": "number"},
        **{"lead, points": "number", "cost": "text", "source": "text"},
    }
    rows = []
    for row in plan.allocations.rows:
        if not row["stop_after"]:
            continue
        ((model, samples),) = draws_of(row)
        coverage = wording.interval(100 * row["low"], 100 * row["high"], 1, wording.number)
        lead, low, high = (100 * row[key] for key in ("difference", "difference_low", "difference_high"))
        rows.append(
            [
                Field(f"{row['budget']} ({row['match']})"),
                Field(f"{model}, at most {wording.count(samples, 'sample')}"),
                numeric(row["looked_at"], wording.number(row["looked_at"])),
                numeric(row["coverage"], in_two_lines(wording.number(100 * row["coverage"]), coverage)),
                numeric(row["difference"], in_two_lines(wording.signed(lead), wording.interval(low, high))),
                numeric(row["tokens"], f"{wording.number(row['tokens'] / 1e6, 2)} M tokens"),
                Field(in_yaml(allocation_of(row).source)),
            ]
        )
    columns = [Column(name, kind) for name, kind in kinds.items()]
    return make_sheet(f"stopping_{plan.dataset}.csv", columns, rows, classes="plan") if rows else None


def chance(share: float) -> str:
    """In percent; never 0 or 100, since a pilot cannot be certain."""
    if math.isnan(share):
        return ""
    return "> 99 %" if share > 0.99 else "< 1 %" if share < 0.01 else wording.percent(share, 0)


def pilot_sheet(plan: Plan) -> Sheet:
    """What the pilot shows of each model."""
    names = (
        "model",
        "questions",
        "samples",
        "solved",
        "pass@1",
        "tokens per solution",
        "false positives",
        "forecast by",
    )
    columns = [Column(name, "text" if name in ("model", "forecast by") else "number") for name in names]
    rows = []
    for model in plan.pilot.values("model"):
        own = plan.pilot.where(model=model).rows
        row = own[0]
        families = [f"{one['family']} {wording.percent(one['weight'], 0)}" for one in own]
        rows.append(
            [
                Field(model),
                numeric(row["questions"], row["questions"]),
                numeric(row["samples"], row["samples"]),
                numeric(row["solved"], wording.percent(row["solved"])),
                numeric(row["pass_at_1"], wording.percent(row["pass_at_1"])),
                numeric(row["tokens_per_solution"], wording.number(row["tokens_per_solution"], 0)),
                numeric(row["false_positive_rate"], wording.percent(row["false_positive_rate"])),
                Field(", ".join(families)),
            ]
        )
    return make_sheet(f"pilot_{plan.dataset}.csv", columns, rows)


# The config's lines ---------------------------------------------------------------------------------------------------


def name_of_source(one: Allocation) -> str:
    part = "" if one.share == 1 else f"-{one.samples}-of-{100 * one.share:.0f}-percent"
    return f"plan-{one.model.replace('+', '-').replace(' ', '-')}-{one.match}{part}"


def snippet(config: dict, plans: list[Plan]) -> str:
    """`budgets:` and `sources:` of the recommended allocations, as YAML; equal sources stand once."""
    sources: dict[str, tuple[dict, list[str]]] = {}
    budgets: dict[str, dict] = {}
    for plan in plans:
        for row in plan.recommended:
            one = allocation_of(row)
            budgets[one.budget] = config["budgets"][one.budget]
            entry, used = sources.setdefault(name_of_source(one), (one.source, []))
            drawn = wording.joined(f"{samples} of {model}" for model, samples in one.draws)
            used.append(f"{plan.dataset}/{one.budget}: {drawn}")
    lines = ["budgets:"]
    lines += [f"  {name}: {{model: {entry['model']}, samples: {entry['samples']}}}" for name, entry in budgets.items()]
    lines += ["", "sources:"]
    for name, (entry, used) in sources.items():
        lines.append(f"  # {'; '.join(used)}")
        lines.append(f"  {name}: {in_yaml(entry)}")
    return "\n".join(lines) + "\n"


def in_yaml(source: dict) -> str:
    """The entry of a source in one line."""
    each = (", ".join(f"{key}: {value}" for key, value in draw.items()) for draw in source["draws"])
    draws = ", ".join(f"{{{draw}}}" for draw in each)
    more = f", questions: {{fraction: {source['questions']['fraction']:g}}}" if "questions" in source else ""
    more += f", stop_after: {source['stop_after']}" if "stop_after" in source else ""
    return f"{{draws: [{draws}], filter: {source['filter']}{more}}}"
