"""Two studies side by side on a page: their claims, differences, values and settings."""

from pathlib import Path

from markupsafe import Markup, escape

from yetbetter.records import write_text
from yetbetter.report import page, wording
from yetbetter.report.claims import SIGNS, ClaimRow
from yetbetter.report.sheets import Column, Field, Sheet, file_sheet, make_sheet, numeric
from yetbetter.report.templates import render
from yetbetter.report.two_studies import Results, differing, translate

TOLD = {"yes": "agree", "no": "disagree", "open": "open"}


def write_comparison(
    path: str,
    template: Path,
    here: Results,
    there: Results,
    values: list[dict],
    claims: list[dict],
    alone: tuple[int, int],
    figure: str | None,
    tables: tuple[str, ...],
) -> None:
    """The page of two studies. values, claims: as `joined` joins them. alone: values that only one has, of each.

    figure: a PNG file. tables: CSV files that the page shows whole.
    """
    measured = [row for row in values if row["overlap"]]
    text = render(
        template,
        here=here,
        there=there,
        alone=alone,
        renamed={name: new for names in translate(here, there).values() for name, new in names.items()},
        shared=len(values),
        measured=len(measured),
        apart=sum(row["overlap"] == "no" for row in measured),
        agreement=count_agreement(claims),
        claims=claims_sheet(claims, here.name, there.name),
        leads=values_sheet(values, here.name, there.name, "differences"),
        values=values_sheet(values, here.name, there.name),
        settings=settings_sheet(here, there),
        figure=page.embed(Path(figure)) if figure else None,
        tables=[file_sheet(Path(table)) for table in tables],
    )
    write_text(path, [text])


def claims_sheet(rows: list[dict], here: str, there: str) -> Sheet | None:
    if not rows:
        return None
    columns = [Column("#", "number"), Column("claim"), Column(here), Column(there), Column("verdicts")]
    columns += [Column(f"effect, {here}"), Column(f"effect, {there}")]
    lines = []
    for row in rows:
        line = [numeric(row["claim"], str(row["claim"])), Field(claim_text(row), row["name"])]
        line += [Field(mark(row[side], row[side]), row[side]) for side in ("here", "there")]
        line.append(Field(mark(TOLD[row["agree"]], row["agree"]), row["agree"]))
        for side in ("here", "there"):
            own = {key: row[f"{key}_{side}"] for key in ("effect", "low", "high")} | {"unit": row["unit"]}
            line.append(numeric(own["effect"], ClaimRow(own).effect))
        lines.append(line)
    return make_sheet("claims_side_by_side.csv", columns, lines, classes="claims pairs")


def claim_text(row: dict) -> Markup:
    return Markup(f"<b>{escape(row['name'])}</b><br>{escape(row['sentence'])}")


def mark(text: str, style: str) -> Markup:
    sign = SIGNS.get(text, "")
    return Markup(f'<span class="verdict {escape(style.replace(" ", "-"))}">{sign} {escape(text)}</span>')


def count_agreement(rows: list[dict]) -> str:
    """3 of 5 claims that both decide agree"""
    decided = [row for row in rows if row["agree"] != "open"]
    agreeing = sum(row["agree"] == "yes" for row in decided)
    if not rows:
        return ""
    if not decided:
        return f"None of {len(rows)} claims is decided in both."
    return f"Of {len(rows)} claims {len(decided)} are decided in both; {agreeing} of them agree."


def values_sheet(rows: list[dict], here: str, there: str, table: str = "finetuned") -> Sheet | None:
    """Accuracies on the test problems, or WC's lead, in both studies."""
    keys = {"table": table, "metric": "pass@1", "benchmark": "test", "level": "all"}
    own = [row for row in rows if keys.items() <= row.items()]
    if not own:
        return None
    names = {"dataset": "data set", "budget": "budget", "source": "source", "baseline": "against", "target": "target"}
    axes = [axis for axis in names if any(row[axis] for row in own)]
    columns = [Column(names[axis]) for axis in axes]
    columns += [Column(name, "number") for name in (here, "interval", there, "interval there", "difference")]
    columns.append(Column("intervals overlap"))
    write = wording.signed if table == "differences" else wording.number
    lines = []
    for row in own:
        line = [Field(row[axis]) for axis in axes]
        for side in ("here", "there"):
            value, low, high = (100 * row[f"{side}{end}"] for end in ("", "_low", "_high"))
            line += [numeric(value, write(value)), numeric(low, wording.interval(low, high, 1, write))]
        line += [numeric(100 * row["difference"], wording.signed(100 * row["difference"]))]
        lines.append([*line, Field(mark(row["overlap"], row["overlap"]), row["overlap"])])
    return make_sheet(f"{table}_side_by_side.csv", columns, lines)


def settings_sheet(here: Results, there: Results) -> Sheet | None:
    if not (here.config and there.config):
        return None
    columns = [Column("setting"), Column(here.name), Column(there.name)]
    rows = [[Field(key), Field(own), Field(other)] for key, own, other in differing(here.config, there.config)
            if key != "study"]  # fmt: skip
    return make_sheet("settings.csv", columns, rows) if rows else None
