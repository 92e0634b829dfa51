"""MATH's gold answers with a unit, where the shared data is: every way to write the unit is accepted."""

import re

import pytest
from test_grading_data import math_rows

from yetbetter.grading import CORRECT, Grader

UNIT = re.compile(
    r"(?P<core>.*[\d}])\s*(?:\\[,; ]\s*)*\\(?:text|mbox|textnormal)\s*\{(?P<unit>[^{}]*)\}(?P<power>\^\{?\d\}?)?\.?"
)


def spellings(core: str, unit: str, power: str) -> list[str]:
    tied = unit.replace(" ", "~")
    return [
        core,
        rf"{core}\mathrm{{{unit}}}{power}",
        rf"{core} \mathrm{{~{tied}}}{power}",
        rf"{core}\,\mathrm{{{tied}}}{power}",
        rf"{core}\text{{ {unit}}}{power}",
        rf"{core}~\textrm{{{unit}}}{power}",
        rf"{core} \operatorname{{{unit}}}{power}",
        rf"{core}{{\rm {unit}}}{power}",
        rf"{core}\mbox{{ {unit}}}{power}",
        f"{core} {unit}{power}",
        f"${core}$ {unit}{power}.",
    ]


def test_every_unit_of_maths_gold_answers_may_be_respelt():
    found = [match for row in math_rows() if (match := UNIT.fullmatch(row["answer"]))]
    if not found:
        pytest.skip("no gold answers")
    with Grader() as grader:
        for match in found:
            unit = match["unit"].strip()
            for spelling in (
                spellings(match["core"].rstrip(), unit, match["power"] or "") if unit not in ("and", "or") else ()
            ):
                assert grader.verdict(spelling, match[0]) == CORRECT, (spelling, match[0])
                assert grader.verdict(match[0], spelling) == CORRECT, (spelling, match[0])
    assert len(found) > 90
