"""Sources without a fixed number of samples per question, and what refuses them.

With `stop_after` a source stops sampling a question once it has so many right solutions; with `levels` or `subjects` in
its draws it has other samples for other questions. Estimators of coverage@k and diversity@k assume the same samples for
every question.
"""

from collections.abc import Collection

from yetbetter.errors import UserError
from yetbetter.selection.filters import FILTERS
from yetbetter.study.by_level import groups_of

REASON = "needs a fixed number of samples per question, which stop_after, levels and subjects do not leave"


def is_fixed(source: dict) -> bool:
    return "stop_after" not in source and groups_of(source) is None


def check_stopping(config: dict, name: str, fixed: Collection[str]) -> None:
    """fixed: kinds of figure that compare sources by their number of samples per question."""
    stopping = {source: entry for source, entry in config["sources"].items() if not is_fixed(entry)}
    for source, entry in stopping.items():
        if "stop_after" in entry and not FILTERS[entry["filter"]].graded:
            allowed = " or ".join(key for key, rule in FILTERS.items() if rule.graded)
            raise UserError(
                f"{name}: sources.{source}.stop_after: it counts right answers, which filter {entry['filter']!r} must"
                f" not look at (use filter: {allowed})"
            )
        for role in ("weak", "strong"):
            if config["comparison"][role] == source:
                raise UserError(f"{name}: comparison.{role}: {source!r}: the comparison {REASON}")
    for experiment, entry in config["experiments"].items():
        found = stopping.keys() & set(entry["sources"])
        if found and entry.get("figure") in fixed:
            raise UserError(f"{name}: experiments.{experiment}.figure: {entry['figure']!r} {REASON} ({min(found)!r})")
