"""What came out of the allocations that a plan forecast, where the study ran them: the report's section on it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from yetbetter.records import digest_of
from yetbetter.report import wording
from yetbetter.report.plan_page import parse_groups
from yetbetter.report.sheets import Column, Field, Sheet, in_two_lines, make_sheet, numeric
from yetbetter.report.study import ReportedStudy
from yetbetter.report.wording import to_float
from yetbetter.study.budgets import count_questions, count_samples
from yetbetter.study.by_level import groups_of
from yetbetter.tables import read_table

TABLE = "allocations.csv"
# Quantity -> its title, and the metric of data_quality.csv; both are per training question.
MEASURED = {"coverage": ("coverage, %", "coverage", 100), "distinct": ("distinct", "diversity_per_question", 1)}
READ = (
    *("budget", "match", "draws", "share", "kept"),
    *(f"{name}{end}" for name in MEASURED for end in ("", "_low", "_high") if name != "coverage"),
    *("coverage", "low", "high"),
)


@dataclass(frozen=True)
class Outcome:
    sentence: str
    sheet: Sheet


def plan_tables(results: str | Path) -> list[Path]:
    """The plan's tables of allocations, one for each data set, in the study's folder."""
    return sorted(Path(results).glob(f"plan/*/{TABLE}"))


def digests_of_plans(results: str | Path) -> list[str]:
    return [digest_of(table) for table in plan_tables(results)]


def read_outcome(results: str | Path, study: ReportedStudy) -> Outcome | None:
    """None without a plan, or if the study ran none of its allocations. UserError for a table of other columns."""
    arms = {key: arm for arm in study.table("arms").rows for key in keys_of(arm, study.config)}
    lines, inside = [], {name: [] for name in MEASURED}
    for table in plan_tables(results):
        seen = set()
        for row in read_table(table, READ).rows:
            drawn = " ".join(sorted(row["draws"].split()))
            groups = parse_groups(row["groups"]) if row.get("groups") else {}
            key = table.parent.name, drawn, shared(row["share"]), row.get("stop_after", ""), in_order(groups)
            if key in arms and key not in seen:
                seen.add(key)
                lines.append(list(compare(row, arms[key], study, inside)))
    if not lines:
        return None
    names = ["data set", "budget", "source", "draws"]
    for title, *_ in MEASURED.values():
        names += [f"{title}: forecast", "measured", "inside"]
    columns = [Column(name, "text") for name in names[:4]]
    columns += [Column(name, "text" if name == "inside" else "number") for name in names[4:]]
    columns += [Column("training set: forecast", "number"), Column("measured", "number")]
    held = [
        f"{sum(found)} of {wording.count(len(found), 'measured value')} of {name if name == 'coverage' else 'distinct'}"
        for name, found in inside.items()
        if found
    ]
    sentence = f"The 95 % intervals of the plan held {wording.joined(held)}." if held else ""
    return Outcome(sentence, make_sheet("plan_outcome.csv", columns, lines))


def keys_of(arm: dict, config: dict) -> Iterator[tuple]:
    """What identifies an arm among allocations; nothing if it keeps other solutions than all right ones."""
    source = config["sources"].get(arm["source"], {})
    other = {"keep_per_question", "words"} & source.keys() or source.get("duplicates", "keep") != "keep"
    if source.get("filter") != "ground_truth" or other:
        return
    budget, models, draws = config["budgets"][arm["budget"]], config["models"], source["draws"]
    split = config["datasets"][arm["dataset"]]["splits"]["train"]
    counts = [(draw["model"], count_samples(draw, budget, models, "the report").samples) for draw in draws]
    _, exact = count_questions(source.get("questions"), split, draws, budget, models, "the report")
    drawn = " ".join(sorted(f"{model}:{count}" for model, count in counts))
    by = groups_of(source)
    groups = in_order(by[1]) if by else ""
    yield arm["dataset"], drawn, shared(exact / split), str(source.get("stop_after", "")), groups


def shared(share) -> str:
    return f"{float(share):.6g}"


def in_order(groups: dict) -> str:
    return "; ".join(f"{model}: {', '.join(sorted(map(str, values)))}" for model, values in sorted(groups.items()))


def compare(row: dict, arm: dict, study: ReportedStudy, inside: dict[str, list[bool]]) -> Iterator[Field]:
    """A line of the table; adds to `inside` whether the measured values are within the forecast's intervals."""
    place = {axis: arm[axis] for axis in ("dataset", "budget", "source")}
    share = float(row["share"])
    yield from (Field(place[axis]) for axis in place)
    yield Field(row["draws"] + (f", first {wording.percent(share, 0)}" if share < 1 else ""))
    for name, (_, metric, factor) in MEASURED.items():
        ends = ("low", "high") if name == "coverage" else (f"{name}_low", f"{name}_high")
        value, low, high = (to_float(row[key]) for key in (name, *ends))
        yield numeric(value, with_interval(value, low, high, factor))
        # Measures of an arm are of the questions that it draws from, the plan's of all.
        found = study.table("data_quality").where(**place, level="all", metric=metric, basis="arm")
        measured = found.estimate().times(share)
        text = with_interval(measured.value, measured.low, measured.high, factor) if measured.known else ""
        yield numeric(measured.value, text)
        held = low <= measured.value <= high if measured.known else None
        yield Field("" if held is None else "yes" if held else "no")
        inside[name] += [] if held is None else [held]
    yield numeric(to_float(row["kept"]), wording.number(row["kept"], 0))
    yield numeric(arm["kept"], wording.number(arm["kept"], 0))


def with_interval(value: float, low: float, high: float, factor: int) -> str | Markup:
    digits = 1 if factor == 100 else 2
    text = wording.number(factor * value, digits)
    if math.isnan(low) or math.isnan(high):
        return text
    return in_two_lines(text, wording.interval(factor * low, factor * high, digits, wording.number))
