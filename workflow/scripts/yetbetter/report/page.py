"""The parts of a report page."""

import base64
import io
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from yetbetter.figures.registry import FIGURES, KINDS
from yetbetter.report import captions, wording
from yetbetter.report.sheets import Column, Field, Sheet, interval_picture, make_sheet, numeric
from yetbetter.report.study import ReportedStudy
from yetbetter.tasks import CHECKS

# Figures that a reader asks for, and those that come first, in their order.
FOLDED = [name for name, figure in FIGURES.items() if figure.folded]
FIRST = sorted((name for name, figure in FIGURES.items() if figure.leads), key=lambda name: FIGURES[name].leads)


@dataclass(frozen=True)
class Picture:
    name: str
    kind: str
    title: str
    source: str
    width: int
    height: int
    numbers: list[str]
    caption: Markup


def embed(path: Path, effort: int = 1) -> tuple[str, int, int]:
    """A picture as a data address, and its size in dots. The same dots in half the bytes that matplotlib's file has.

    effort: 0 takes a tenth of the time and half as many bytes again.
    """
    from PIL import Image

    with Image.open(path) as picture:
        buffer = io.BytesIO()
        picture.convert("RGB").save(buffer, "WEBP", lossless=True, method=effort)
        return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode(), *picture.size


def make_picture(path: Path, study: ReportedStudy) -> Picture:
    experiments = study.config["experiments"]
    kind, parts = captions.find_kind(path.stem, [name for name in FIGURES if name not in KINDS], list(experiments))
    name, rest, entry = kind.replace("_", " "), parts, kind
    if kind == "experiment":
        entry = experiments[parts[0]].get("figure", "")
        name, rest = experiments[parts[0]].get("title", parts[0].replace("_", " ")), parts[1:]
    title = " · ".join([name[:1].upper() + name[1:], *rest])
    numbers = captions.tell_numbers(study, kind, parts)
    caption = captions.to_html(FIGURES[entry].caption if entry in FIGURES else "")
    return Picture(path.stem, kind, title, *embed(path), numbers, caption)


def order_pictures(pictures: list[Picture]) -> list[Picture]:
    """Those that come first, then the rest as they were given; the first of each kind is explained."""
    ordered = sorted(pictures, key=lambda picture: [*FIRST, picture.kind].index(picture.kind))
    explained: set[str] = set()
    for place, picture in enumerate(ordered):
        if picture.kind in explained:  # what a kind of figure shows is explained once
            ordered[place] = replace(picture, caption=Markup(""))
        explained.add(picture.kind)
    return ordered


def state(study: ReportedStudy) -> list[str]:
    """What the study is, in two sentences."""
    weak, strong = study.weak, study.strong
    names = [f"{study.label(source)} ({parameters(study, source)})" for source in (weak, strong)]
    collected = []
    for budget in study.look.order_budgets(study.table("arms").values("budget")):
        rows = study.table("arms").where(budget=budget)
        samples = [rows.where(source=source).values("samples")[:1] for source in (weak, strong)]
        if all(samples):
            collected.append((int(samples[0][0]), int(samples[1][0]), budget))
    drawn = [
        f"{many:,} against {few:,} samples per question at the {budget} budget"
        for many, few, budget in sorted(collected)
    ]
    drawn = [f"from {drawn[0]} to {drawn[-1]}"] if len(drawn) > 2 else drawn
    cells = study.description["cells"]
    datasets = list(dict.fromkeys(path.split("/")[0] for path in cells))
    seeds = Counter(path.rpartition("/seed-")[0] for path in cells).values()
    count = wording.count
    return [
        f"For the same sampling budget, the weak model {names[0]} answers each question more often than the strong"
        f" model {names[1]}{': ' if drawn else ''}{wording.joined(drawn)}.",
        f"{len(cells):,} finetuned model{'s' if len(cells) != 1 else ''} on {count(len(datasets), 'data set')}"
        f" ({wording.joined(datasets)}, {up_to(min(seeds), max(seeds))}) show which of the two writes the better"
        " training data."
        if cells
        else "No model is finetuned yet.",
    ]


def up_to(fewest: int, most: int) -> str:
    """one finetuning seed; one to three finetuning seeds"""
    start = "" if fewest == most else f"{wording.count(fewest, 'seed').split()[0]} to "
    return f"{start}{wording.count(most, 'finetuning seed')}"


def parameters(study: ReportedStudy, source: str) -> str:
    size = study.config["models"][study.model_of(source)].get("parameters")
    for unit, name in ((1e9, "billion"), (1e6, "million")):
        if size and size >= unit:
            return f"{size / unit:g} {name} parameters"
    return f"{wording.number(size, 0)} parameters" if size else "size unknown"


def settings(study: ReportedStudy) -> list[tuple[str, str]]:
    config, collected = study.config, []
    targets = list(dict.fromkeys(cell.split("/to-")[1].split("/")[0] for cell in study.description["cells"]))
    collected.append(("Finetuned", wording.joined(map(study.label, study.look.order_targets(targets)))))
    alike: dict[str, list[str]] = {}
    found = {cell.split("/")[0] for cell in study.description["cells"]}
    for name, entry in ((name, entry) for name, entry in config["datasets"].items() if name in found):
        checked = CHECKS[entry["fpr"]].note
        counts = [f"{size:,} {split}" for split, size in entry["splits"].items()]
        alike.setdefault(", ".join(counts) + (f"; {checked}" if checked else ""), []).append(name)
    collected += [(f"Data {wording.joined(names)}", counts) for counts, names in alike.items()]
    budgets = {cell.split("/")[1] for cell in study.description["cells"]}
    used = {config["models"][target]["finetuning"] for target in targets}
    for name, recipe in ((name, recipe) for name, recipe in config["finetuning"].items() if name in used):
        kind = "epochs" if "epochs" in recipe else "steps"
        length = recipe.get(kind)
        if isinstance(length, dict):
            length = ", ".join(f"{value} ({budget})" for budget, value in length.items() if budget in budgets)
        rates = ", ".join(f"{float(rate):g}" for rate in recipe["learning_rates"].values())
        collected.append(
            (f"Recipe {name}", f"{kind} {length}; batches of {recipe['batch_size']}; learning rate {rates}")
        )
    sampling = config["sampling"]
    collected.append(("Sampling", f"temperature {sampling['temperature']:g}, top-k {sampling['top_k']}"))
    collected.append(("Grading", study.description.get("grading", {}).get("mode", "strict")))
    return [*collected, ("Seed of the study", str(config["seed"]))]


def leads_sheet(study: ReportedStudy) -> Sheet | None:
    """Every comparison of WC with SE data on the test problems."""
    rows = study.leads()
    if not rows:
        return None
    weak, strong = study.label(study.weak), study.label(study.strong)
    reach = max(abs(100 * row[end]) for row in rows for end in ("low", "high", "difference") if row[end] == row[end])
    several = len({(row["problems"], row["seeds"]) for row in rows}) > 1
    # fmt: off
    columns = [Column("data set"), Column("budget"), Column("target"), Column(f"{weak} data is"),
               Column(f"{strong} data, %", "number"), Column(f"{weak} data, %", "number"),
               Column(f"{weak} − {strong}, points", "number"), Column("interval", "number"),
               Column(f"{strong} ← better → {weak}", "picture")]
    columns += [Column("problems", "number"), Column("seeds", "number")] if several else []
    # fmt: on
    fields = []
    for row in rows:
        lead, low, high = (100 * row[key] for key in ("difference", "low", "high"))
        line = [Field(row["dataset"]), Field(row["budget"]), Field(study.label(row["target"])), Field(row["paradigm"])]
        line += [numeric(100 * row[role], wording.number(100 * row[role])) for role in ("strong", "weak")]
        line += [numeric(lead, wording.signed(lead)), numeric(low, wording.interval(low, high))]
        line += [Field(interval_picture(lead, low, high, reach))]
        line += [numeric(row[key], wording.number(row[key], 0)) for key in ("problems", "seeds")] if several else []
        fields.append(line)
    note = f"Accuracy (greedy pass@1) {captions.basis(rows)}. Intervals are paired over problems"
    if min(row["seeds"] for row in rows) < 2:
        note += "; with one seed they hold for that finetuning and that pool."
    elif study.config.get("repeat") == "finetuning":
        note += " and seeds; all seeds have the same samples, so they hold for this pool."
    else:
        note += " and seeds, each with samples of its own."
    return make_sheet("weak_against_strong.csv", columns, fields, caption=note, classes="leads")


def compute_sheet(study: ReportedStudy) -> Sheet | None:
    rows = study.table("arms").rows
    if not rows:
        return None
    columns = {
        "data set": "text", "budget": "text", "source": "text", "samples per question": "number", "drawn": "number",
        "kept": "number", "tokens per solution": "number", "FLOPs assumed": "number", "FLOPs drawn": "number",
        "drawn / assumed": "number", "FLOPs of prompts": "number", "price, $": "number",
    }  # fmt: skip
    fields = [
        [
            *(Field(row[axis]) for axis in ("dataset", "budget", "source")),
            numeric(row["samples"], wording.number(row["samples"], 1 if wording.to_float(row["samples"]) % 1 else 0)),
            *(numeric(row[key], wording.number(row[key], 0)) for key in ("drawn", "kept")),
            numeric(row["tokens_per_solution"], wording.number(row["tokens_per_solution"])),
            *(numeric(row[key], wording.scientific(row[key])) for key in ("flops_assumed", "flops_drawn")),
            numeric(row["drawn_to_assumed"], wording.number(row["drawn_to_assumed"], 3)),
            numeric(row["flops_prompts"], wording.scientific(row["flops_prompts"])),
            numeric(row["price"], wording.number(row["price"], 4)),
        ]
        for row in rows
    ]
    empty = [number for number in range(len(columns)) if not any(line[number].text for line in fields)]
    fields = [[item for number, item in enumerate(line) if number not in empty] for line in fields]
    kept = [Column(*pair) for number, pair in enumerate(columns.items()) if number not in empty]
    return make_sheet("compute.csv", kept, fields, classes="compute")
