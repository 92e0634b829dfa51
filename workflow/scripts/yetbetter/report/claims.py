"""The paper's claims as a page tells them: verdict, effect with its interval, what it rests on, what it would need."""

from dataclasses import dataclass
from pathlib import Path

from yetbetter.report import wording
from yetbetter.tables import read_table

# How a verdict is drawn besides its word, so that it is not told by colour alone.
SIGNS = {"reproduced": "✓", "contradicted": "✕", "inconclusive": "?", "not run": "–"}
UNITS = {"points": " points", "percent": f"{wording.NARROW}%"}


@dataclass(frozen=True)
class Claim:
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
        row = self.row
        digits = 1 if row.get("unit") in UNITS else 2
        value = wording.signed(row.get("effect"), digits)
        if not value:
            return ""
        unit = UNITS.get(row.get("unit", ""), f" {row.get('unit', '')}".rstrip())
        return f"{value}{unit} {wording.interval(row.get('low'), row.get('high'), digits)}".strip()

    @property
    def chance(self) -> str:
        """p, and p after the correction for the number of claims."""
        told = [
            f"{name} {probability(self.row.get(key))}"
            for name, key in (("p", "p"), ("after Holm", "p_holm"))
            if self.row.get(key)
        ]
        return ", ".join(told)

    @property
    def evidence(self) -> str:
        row = self.row
        told = []
        for key, noun in (("problems", "problem"), ("seeds", "seed"), ("comparisons", "comparison")):
            if row.get(key):
                found = wording.to_float(row[key])
                told.append(wording.count(found, noun) if found == found else f"{row[key]} {noun}s")
        return ", ".join(told)

    @property
    def needs(self) -> str:
        """How many problems or seeds would settle an inconclusive claim."""
        told = [
            wording.count(wording.to_float(self.row[key]), noun)
            for key, noun in (("needs_problems", "test problem"), ("needs_seeds", "seed"))
            if wording.to_float(self.row.get(key)) == wording.to_float(self.row.get(key))
        ]
        return " and ".join(told)  # both where neither alone would do

    @property
    def cells(self) -> list[str]:
        return self.row.get("cells", "").replace(";", " ").split()


def probability(text) -> str:
    value = wording.to_float(text)
    if value != value:
        return str(text)
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def read_claims(path: str | Path) -> list[Claim]:
    return [Claim(row) for row in read_table(path)]


def count_verdicts(claims: list[Claim]) -> list[tuple[str, str, int]]:
    """Verdict, its style, and how many claims have it, in a fixed order."""
    found = [claim.verdict for claim in claims]
    return [(verdict, verdict.replace(" ", "-"), found.count(verdict)) for verdict in SIGNS if verdict in found]
