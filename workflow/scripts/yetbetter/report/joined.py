"""The tables of two studies joined: values by what they are about, claims by their number."""

import numpy as np
import pandas as pd

from yetbetter.report.two_studies import VALUES, Results, translate
from yetbetter.report.wording import to_float

KEYS = ["dataset", "budget", "source", "baseline", "target", "benchmark", "level", "basis"]
IDENTITY = ["table", "metric", *KEYS]
ENDS = ["here", "here_low", "here_high", "there", "there_low", "there_high"]
JOINED_VALUES = (*IDENTITY, *ENDS, "difference", "overlap")
JOINED_CLAIMS = (
    *("claim", "name", "here", "there", "agree", "unit", "effect_here", "effect_there"),
    *("low_here", "high_here", "low_there", "high_there", "sentence"),
)
CLAIM = ["claim", "name", "sentence", "verdict", "unit", "effect", "low", "high"]
# Columns of arms.csv that hold a value each: in a row of the other tables the column `metric` names it.
ARMS = ["samples", "kept", "tokens_per_solution", "flops_assumed", "flops_drawn", "drawn_to_assumed", "price"]


def join_values(here: Results, there: Results) -> tuple[list[dict], int, int]:
    """Rows of what both studies measured, and how many values only the one and only the other has.

    overlap: of the intervals, yes or no, empty if one is not known.
    """
    own, other = list_values(here, {}, "here"), list_values(there, translate(here, there), "there")
    both = own.merge(other, on=IDENTITY)
    meet = (both["here_low"] <= both["there_high"]) & (both["there_low"] <= both["here_high"])
    both["difference"] = both["here"] - both["there"]
    both["overlap"] = np.select([both[ENDS].isna().any(axis=1), meet], ["", "yes"], "no")
    return both.to_dict("records"), len(own) - len(both), len(other) - len(both)


def list_values(results: Results, renamed: dict[str, dict[str, str]], side: str) -> pd.DataFrame:
    """All values of a study that another one may have too: a row each, with columns IDENTITY and those ENDS of a side.

    renamed: by axis, names that are replaced.
    """
    tables = []
    for name, column in VALUES.items():
        table = text_columns(results, name, ["metric", *KEYS, "seed", column, "low", "high"])
        table = table[table["seed"].isin(("all", ""))]  # of several seeds their mean; data_quality.csv has none
        tables.append(table.rename(columns={column: "value"}).assign(table=name))
    arms = text_columns(results, "arms", [*KEYS, *ARMS]).melt(KEYS, var_name="metric", ignore_index=False)
    tables.append(arms.sort_index(kind="stable").assign(table="arms", low="", high=""))
    values = pd.concat(tables).drop(columns="seed")
    values = values.rename(columns={"value": side, "low": f"{side}_low", "high": f"{side}_high"})
    for axis, names in renamed.items():
        values[axis] = [names.get(name, name) for name in values[axis]]
    ends = [column for column in values if column not in IDENTITY]
    values[ends] = values[ends].map(to_float)
    # Of names that are the same once they are replaced the last one counts.
    return values.dropna(subset=side).drop_duplicates(IDENTITY, keep="last")


def join_claims(here: Results, there: Results) -> list[dict]:
    """Verdicts side by side. agree: yes, no, or open if one of them decides nothing."""
    tables = (text_columns(results, "claims", CLAIM) for results in (here, there))
    both = pd.merge(*tables, on="claim", suffixes=("_here", "_there"))
    both = both.rename(columns={f"{name}_here": name for name in ("name", "sentence", "unit")})
    both = both.rename(columns={f"verdict_{side}": side for side in ("here", "there")})
    both["agree"] = [agree(*verdicts) for verdicts in zip(both["here"], both["there"], strict=True)]
    return both[list(JOINED_CLAIMS)].to_dict("records")


def agree(one: str, other: str) -> str:
    if {one, other} & {"inconclusive", "not run"}:
        return "open"
    return "yes" if one == other else "no"


def text_columns(results: Results, table: str, columns: list[str]) -> pd.DataFrame:
    """These columns of a table as text, empty ones for those that it lacks; no rows if the study has no such table."""
    rows = results.tables.get(table, [])
    return pd.DataFrame({column: [row.get(column, "") for row in rows] for column in columns}, dtype=object)
