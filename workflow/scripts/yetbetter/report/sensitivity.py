"""What changes when the same answers are graded in the other mode: the report's section on it."""

from dataclasses import dataclass
from pathlib import Path

from yetbetter.claims.columns import NOT_RUN
from yetbetter.grading import LENIENT, STRICT
from yetbetter.report import side_by_side, wording
from yetbetter.report.sheets import Sheet
from yetbetter.report.study import ReportedStudy
from yetbetter.report.wording import to_float
from yetbetter.tables import read_table

VALUES, CLAIMS = "grader_sensitivity.csv", "grader_claims.csv"


@dataclass(frozen=True)
class Sensitivity:
    here: str
    other: str
    sentence: str
    claims: Sheet | None
    sheet: Sheet | None


def read_sensitivity(folder: Path, study: ReportedStudy) -> Sensitivity | None:
    """From the tables of `snakemake grader_sensitivity`; None if it was not asked for."""
    if not ((folder / VALUES).is_file() and (folder / CLAIMS).is_file()):
        return None
    here = study.description.get("grading", {}).get("mode", STRICT)
    other = LENIENT if here == STRICT else STRICT
    rows = [row | {key: to_float(row[key]) for key in NUMBERS} for row in read_table(folder / VALUES).rows]
    # Claims that neither mode can run say nothing about the grader.
    claims = [row for row in read_table(folder / CLAIMS).rows if {row["here"], row["there"]} != {NOT_RUN}]
    return Sensitivity(
        here,
        other,
        " ".join(filter(None, [tell_claims(claims), tell_values(rows)])),
        side_by_side.claims_sheet(claims, here, other),
        side_by_side.values_sheet(rows, here, other, "differences"),
    )


NUMBERS = ("here", "here_low", "here_high", "there", "there_low", "there_high", "difference")


def tell_claims(claims: list[dict]) -> str:
    if not claims:
        return ""
    same = sum(row["here"] == row["there"] for row in claims)
    return f"Of {len(claims)} claims that were put to the test {same} have the same verdict under both."


def tell_values(rows: list[dict]) -> str:
    """The largest change of an accuracy on the test problems."""
    own = [row for row in rows if (row["table"], row["metric"], row["benchmark"], row["level"])
           == ("finetuned", "pass@1", "test", "all")]  # fmt: skip
    if not own:
        return ""
    most = max(own, key=lambda row: abs(row["difference"]))
    if not most["difference"]:
        return f"No accuracy on the test problems changes ({len(own)} compared)."
    place = wording.joined(
        [most["dataset"], f"{most['budget']} budget", f"{most['source']} data", most["target"]], ", "
    )
    change = wording.number(100 * abs(most["difference"]))
    return f"The accuracy that changes most moves by {change} points ({place})."
