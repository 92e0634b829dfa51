"""Which of an arm's solutions become training data."""

from collections import Counter

from yetbetter.grading import CORRECT
from yetbetter.views import solution_key

FILTERS = ("ground_truth", "none")
DUPLICATES = ("keep", "drop")


def select(rows: list[dict], keep: str, duplicates: str) -> tuple[list[dict], Counter]:
    """The rows to train on, and how many fell out for which reason.

    keep: `ground_truth` keeps solutions whose final answer is right (paper, section 2); `none` keeps all.
    duplicates: `drop` keeps the first of equal solutions of one question. Solutions without text, and solutions cut at
    the length limit, have no end to learn and are always left out.
    """
    kept, counts, seen = [], Counter(drawn=len(rows), kept=0), set()
    for row in rows:
        counts[f"verdict_{row['verdict']}"] += 1
        identity = (row["problem"], solution_key(row["text"]))
        if keep == "ground_truth" and row["verdict"] != CORRECT:
            counts["out_wrong"] += 1
        elif not row["text"].strip():
            counts["out_empty"] += 1
        elif row["finish_reason"] == "length":
            counts["out_cut"] += 1
        elif duplicates == "drop" and identity in seen:
            counts["out_duplicate"] += 1
        else:
            counts["kept"] += 1
            counts["kept_duplicates"] += identity in seen
            seen.add(identity)
            kept.append(row)
    return kept, counts


def training_row(problem: str, sample: int, model: str, prompt: str, text: str) -> dict:
    """A prompt and its completion; a prompt ends without a blank, so the completion starts with one."""
    completion = text if text[:1].isspace() else " " + text
    return {"problem": problem, "sample": sample, "prompt": prompt, "completion": completion, "model": model}
