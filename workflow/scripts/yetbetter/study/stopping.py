"""Sources that stop sampling a question once it has so many right solutions (`stop_after`), and what refuses them.

Such a source looks at more samples of a hard question than of an easy one. Estimators of coverage@k and diversity@k
assume the same number for every question.
"""

from collections.abc import Collection

from yetbetter.errors import UserError
from yetbetter.selection.filters import FILTERS

REASON = "needs a fixed number of samples per question, which a source with stop_after does not have"


def check_stopping(config: dict, name: str, fixed: Collection[str]) -> None:
    """fixed: kinds of figure that compare sources by their number of samples per question."""
    stopping = {source: entry for source, entry in config["sources"].items() if "stop_after" in entry}
    for source, entry in stopping.items():
        if not FILTERS[entry["filter"]].graded:
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
