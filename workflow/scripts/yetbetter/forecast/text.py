"""A forecast as text: an aligned table, and its assumptions in sentences."""

from yetbetter.forecast.estimates import STAGES, Forecast
from yetbetter.training.disk import readable

HEAD = (
    *("samples", "tokens", "FLOPs", "dollars", "sampling h", "judge h", "finetune h", "evaluate h"),
    *("disk GB", "cell GB", "jobs"),
)
TOTALS = {
    "once": "drawn and judged once, for all arms",
    "apart": "finetuned and evaluated, per arm",
    "total": "total",
    "unshared": "total if arms shared no samples",
    "study": "total with the experiments of `snakemake study`",
}


def show_forecast(forecast: Forecast) -> str:
    """The forecast as aligned text: a line per pool, arm and total, then the assumptions behind it."""
    table = [["", *HEAD]] + [[row_name(row), *map(short, figures_of(row))] for row in forecast.rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    kinds = ["", *(row["kind"] for row in forecast.rows)]
    lines = []
    for (name, *figures), kind, before in zip(table, kinds, ["", *kinds], strict=False):
        if kind != before and kind in ("pool", "judge", "judge_finetuned", "weights", "arm", "once"):
            lines.append("")
        lines.append("  ".join([name.ljust(widths[0]), *map(str.rjust, figures, widths[1:])]))
    return "\n".join([*lines, "", *explain_forecast(forecast)])


def row_name(row: dict) -> str:
    if row["kind"] == "pool":
        return f"pool {row['dataset']}/{row['model']}, {row['samples_per_question']} per question"
    if row["kind"] == "arm":
        count = f", {row['samples_per_question']} per question" if row["samples"] else ""
        return f"arm {row['dataset']}/{row['budget']}/from-{row['source']}{count}"
    if row["kind"] == "judge":
        return f"judge {row['dataset']}/{row['model']}, solutions at most"
    if row["kind"] == "judge_finetuned":
        return f"judge finetuned {row['dataset']}/{row['model']}, answers at most"
    if row["kind"] == "weights":
        return f"models downloaded: {row['model'].replace('+', ', ')}"
    return TOTALS[row["kind"]]


def figures_of(row: dict) -> list[float]:
    hours = [row[f"gpu_hours_{stage}"] for stage in STAGES]
    sums = [sum(row[f"{kind}_{stage}"] for stage in STAGES) for kind in ("flops", "jobs")]
    disk = [row["gb_pools"] + row["gb_weights"] + row["gb_checkpoints"], row["gb_training"]]
    written = ("judged", "judge_tokens") if row["kind"].startswith("judge") else ("samples", "tokens")
    return [*(row[column] for column in written), sums[0], row["dollars"], *hours, *disk, sums[1]]


def short(number: float) -> str:
    if number == 0:
        return "-"
    if number >= 1e9:
        return f"{number:.2e}"
    return f"{number:,.0f}" if number >= 100 else f"{number:.2g}" if number < 1 else f"{number:.3g}"


def explain_forecast(forecast: Forecast) -> list[str]:
    """Sentences: assumptions, and what the columns do not include."""
    assumed = forecast.assumptions
    datasets = sorted({arm.dataset for arm in forecast.grid.arms})
    lengths = (
        f"{dataset} {tokens:.0f} ({basis})" for dataset in datasets for tokens, basis in [forecast.lengths.of(dataset)]
    )
    used = ", ".join(f"{stage} {assumed['utilisation'][stage]:.0%}" for stage in STAGES)
    return [
        f"Tokens per solution: {', '.join(lengths)}; of a question in training: {assumed['tokens_per_question']}.",
        f"GPU-hours of {assumed['gpu']}: {assumed['peak_flops']:.3g} FLOP/s, utilisation: {used}.",
        "An arm's sampling is its view of the pools, as if drawn for it alone; totals count every pool once.",
        *explain_judge(forecast),
        *explain_disk(forecast),
        *explain_dollars(forecast),
    ]


def explain_dollars(forecast: Forecast) -> list[str]:
    if not forecast.total["dollars"]:
        return ["No dollars: no model in use has a price. The cost of GPUs is not included."]
    lines = [
        "Dollars are for the output of models with a price, and for the prompts that endpoints read; the cost of GPUs"
        " is not included."
    ]
    if forecast.asks_endpoints:
        lines.append(
            "Hidden reasoning is billed as output and is not part of the forecast: if every answer reaches"
            f" max_new_tokens, the total is {forecast.total['dollars_at_most']:,.0f} dollars."
        )
    return lines


def explain_judge(forecast: Forecast) -> list[str]:
    if not forecast.total["judged"]:
        return []
    name, config = forecast.config["judge"]["model"], forecast.config
    unknown = "" if "parameters" in config["models"][name] else f"; models.{name} has no 'parameters', so no FLOPs"
    return [
        f"The judge is asked about {forecast.total['judged']:,} solutions at most (as if all were right), reads each"
        f" with its prompt and writes {forecast.assumptions['tokens_per_judgement']} tokens (assumed){unknown}."
    ]


def explain_disk(forecast: Forecast) -> list[str]:
    if not forecast.disks:
        return []
    stays, unscored = (
        sum(forecast.total[f"gb_{kind}"] for kind in kinds) * 1e9
        for kinds in (("pools", "weights", "checkpoints"), ("unscored",))
    )
    most = max(forecast.disks.values(), key=lambda disk: disk.training)
    what = f"{most.checkpoints} checkpoints of {readable(most.checkpoint)}, 2 states of {readable(most.state)}"
    finetunings = f"{most.rates} finetuning{'s' if most.rates > 1 else ''} of {readable(most.finetuning)} ({what})"
    return [
        f"Disk: {readable(stays)} stay. In addition, the largest cell needs in training"
        f" {readable(most.training)}: {most.target}, {finetunings}.",
        f"Until it is scored it still holds {readable(most.unscored)}; cells side by side add up (fewer --jobs, fewer"
        f" cells), to {readable(unscored)} if all were trained before any is scored.",
    ]
