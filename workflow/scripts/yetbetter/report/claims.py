"""The paper's claims as a page shows them: verdict, effect with its interval, what it rests on, what it would need."""

from dataclasses import dataclass
from pathlib import Path

from yetbetter.report import wording
from yetbetter.tables import read_table

# A verdict's sign: with its word it is more than a colour.
SIGNS = {"reproduced": "✓", "contradicted": "✕", "inconclusive": "?", "not run": "–"}
UNITS = {"points": " points", "percent": f"{wording.NARROW}%"}


@dataclass(frozen=True)
class ClaimRow:
    """A row of claims.csv with what is read put into words."""

    row: dict[str, str]

    @property
    def verdict(self) -> str:
        return self.row["verdict"]

    @property
    def sign(self) -> str:
        return SIGNS.get(self.verdict, "")

    @property
    def style(self) -> str:
        return self.verdict.replace(" ", "-")

    @property
    def effect(self) -> str:
        """+3.2 points [+0.4, +6.1]"""
        value = self.measured("effect")
        return (
            f"{value} {wording.interval(self.row.get('low'), self.row.get('high'), self.digits)}".strip()
            if value
            else ""
        )

    @property
    def paper(self) -> str:
        return self.measured("paper_effect")

    @property
    def digits(self) -> int:
        return 1 if self.row.get("unit") in UNITS else 2

    def measured(self, key: str) -> str:
        value = wording.signed(self.row.get(key), self.digits)
        unit = self.row.get("unit", "")
        return f"{value}{UNITS.get(unit, f' {unit}')}".rstrip() if value else ""

    @property
    def chance(self) -> str:
        """p, and p after the correction for the number of claims."""
        pieces = [
            f"{name} {probability(self.row.get(key))}"
            for name, key in (("p", "p"), ("after Holm", "p_holm"))
            if self.row.get(key)
        ]
        return ", ".join(pieces)

    @property
    def unit_of_evidence(self) -> str:
        return "question" if self.row.get("basis", "").startswith("questions") else "test problem"

    @property
    def evidence(self) -> str:
        """How many problems or questions, and seeds, the effect rests on, and what its interval knows."""
        _, *more = self.row.get("basis", "").split(", ")
        pieces = [
            count_or_range(self.row[key], noun)
            for key, noun in (("problems", self.unit_of_evidence), ("seeds", "seed"))
            if self.row.get(key)
        ]
        return ", ".join([*pieces, *(part for part in more if part != "one seed")])

    @property
    def needs(self) -> str:
        """How many problems or seeds would settle an inconclusive claim, for which effect."""
        pieces = [
            wording.count(wording.to_float(self.row[key]), noun)
            for key, noun in (("needs_problems", self.unit_of_evidence), ("needs_seeds", "seed"))
            if self.row.get(key)
        ]
        effect = self.row.get("needs_for")
        # Both if neither alone would do.
        return " and ".join(pieces) + (f" for {effect}" if pieces and effect else "")

    @property
    def cells(self) -> list[str]:
        return self.row.get("cells", "").replace(";", " ").split()


def count_or_range(text: str, noun: str) -> str:
    """Comparisons of one claim may rest on different numbers, such as 1-3 seeds."""
    return f"{text} {noun}s" if "-" in text else wording.count(wording.to_float(text), noun)


def probability(text) -> str:
    value = wording.to_float(text)
    if value != value:
        return str(text)
    if value < 0.001:
        return "< 0.001"
    return "> 0.999" if value > 0.999 else f"= {value:.3f}"


def read_claims(path: str | Path) -> list[ClaimRow]:
    return [ClaimRow(row) for row in read_table(path).rows]


def count_verdicts(claims: list[ClaimRow]) -> list[tuple[str, str, int]]:
    """Verdict, its style, and how many claims have it, in a fixed order."""
    found = [claim.verdict for claim in claims]
    return [(verdict, verdict.replace(" ", "-"), found.count(verdict)) for verdict in SIGNS if verdict in found]
