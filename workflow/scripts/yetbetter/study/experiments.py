"""An experiment's sources: their baseline, what they do, and the paper's source that they correspond to."""

from yetbetter.selection.filters import FILTERS
from yetbetter.study.by_level import groups_of

# The paper's tables by the role of a source in them, and the source's name there.
PAPER_TABLES = {
    "strong": ("finetuned", "se"),
    "weak": ("finetuned", "wc"),
    "number_matched": ("number_matched", "wc"),
    "high_low": ("coverage_diversity", "high_low"),
    "low_low": ("coverage_diversity", "low_low"),
    "price_strong": ("price_matched", "se"),
    "price_weak": ("price_matched", "wc"),
    "price_cheap": ("price_matched", "wc_0.15x"),
    "fewer_strong": ("dataset_size_500", "se"),
    "fewer_weak": ("dataset_size_500", "wc"),
}


def baseline_of(sources: list[str], strong: str) -> str:
    """The source that others are compared with: SE if the experiment has it, else the first source."""
    return strong if strong in sources else sources[0]


def writers(source: dict) -> list[str]:
    """The models that a source of the config draws from."""
    return [draw["model"] for draw in source.get("draws", [])]


def describe(source: dict) -> str:
    """What a source of the config does in addition to drawing samples and keeping right answers, in a few words."""
    parts = [FILTERS[source["filter"]].note] if "filter" in source and FILTERS[source["filter"]].note else []
    groups = groups_of(source)
    if groups:
        parts.append(f"by {groups[0]}")
    if "stop_after" in source:
        parts.append(f"stops after {source['stop_after']} right")
    if "keep_per_question" in source:
        parts.append(f"{source['keep_per_question']} kept per question")
    if "words" in source:
        parts.append(f"{source['words']['at_least']} to {source['words']['at_most']} words")
    if source.get("duplicates") == "drop":
        parts.append("no duplicates")
    return ", ".join(parts)
