"""What a judge is asked about: solutions of one pool, or a file with people's labels."""

from collections.abc import Iterable
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.judging.agreement import measure_agreement, read_labelled
from yetbetter.judging.judgements import View, choose_for_views, digest_of_text, fill_judge, sort_views
from yetbetter.judging.samples import Sample
from yetbetter.records import check_unique, digest_of_problems, read_rows, where_is

# Of a view some right answers are judged; for a filter all of them, or everything.
KINDS = ("views", "all_right", "every")


def collect_from_pool(
    pool: Iterable[Sample],
    solutions: Iterable[dict],
    problems: list[dict],
    views: dict[str, list[View]],
    samples: int,
    seed: int,
    template: str,
    path: Path,
) -> tuple[list[dict], dict]:
    """What to ask about a pool (problem, sample, model, solution: digest, prompt); how and from what it was chosen.

    pool, solutions: the pool's samples with their verdicts, and after them their texts, both in the same order and gone
    through once; only those that are asked about are kept. problems: rows of the file `path`. views: of each kind of
    `choose_for_views`. UserError for a solution to an unknown problem.
    """
    by_name = {row["problem"]: row for row in problems}
    order = {name: number for number, name in enumerate(by_name)}
    kinds = {kind: sort_views(views[kind]) for kind in KINDS}
    chosen = {}
    for sample in choose_for_views(pool, samples=samples, seed=seed, order=order, **kinds):
        if sample.problem not in by_name:
            raise UserError(f"{path}: no problem {sample.problem!r}, which the solutions answer")
        chosen[sample.problem, sample.sample] = sample.model
    asked = []
    for row in solutions:
        model = chosen.get((row["problem"], row["sample"]))
        if model is not None:
            problem = by_name[row["problem"]]
            place = {"problem": row["problem"], "sample": row["sample"], "model": model}
            prompt = fill_judge(template, problem["question"], row["text"], problem["answer"])
            asked.append(place | {"solution": digest_of_text(row["text"]), "prompt": prompt})
    labels = {kind: [view.label for view in found] for kind, found in kinds.items() if found}
    choice = {"samples": samples, "seed": seed} | labels
    return asked, {"choice": choice, "problems_hash": digest_of_problems(problems)}


def collect_labelled(path: Path, template: str, prompt: Path) -> tuple[list[dict], dict]:
    """What to ask about a labelled file, with the labels in the rows. prompt: the template's file, for messages."""
    asked = []
    for row in read_labelled(path):
        if row["answer"] is None and "{answer}" in template:
            raise UserError(f"{path}: {row['problem']} has no answer, which {prompt} asks for")
        place = {
            "problem": row["problem"],
            "sample": 0,
            "model": "labelled",
            "solution": digest_of_text(row["solution"]),
        }
        labels = {"sound": row["sound"], "correct": row["correct"]}
        filled = fill_judge(template, row["question"], row["solution"], row["answer"] or "")
        asked.append(place | labels | {"prompt": filled})
    return asked, {"choice": {"labelled": digest_of_text(str([(row["sound"], row["correct"]) for row in asked]))}}


def collect_chosen(path: str | Path, cell: str, template: str) -> list[dict]:
    """What to ask about a finetuned model's answers, rows with problem, question, answer and text. cell: its name."""
    rows = read_rows(path, require=("problem", "question", "answer", "text"))
    check_unique(rows, path, "problem")
    for number, row in enumerate(rows, start=1):
        if wrong := [key for key in ("question", "answer", "text") if not isinstance(row[key], str)]:
            raise UserError(f"{where_is(path, number)}: {wrong[0]} is not text")
    return [
        {
            **{"problem": row["problem"], "sample": 0, "model": cell, "solution": digest_of_text(row["text"])},
            "prompt": fill_judge(template, row["question"], row["text"], row["answer"]),
        }
        for row in rows
    ]


def measure_groups(rows: list[dict]) -> dict[str, dict]:
    """Agreement over all labelled rows, and over those with a right final answer if the file says which."""
    groups = {"all": rows, "right answers": [row for row in rows if row["correct"]]}
    return {
        name: measure_agreement([row["sound"] for row in group], [row["verdict"] for row in group])
        for name, group in groups.items()
        if group
    }
