"""Which of an arm's solutions become training data."""

import argparse
from collections import Counter
from dataclasses import dataclass

from yetbetter import grading
from yetbetter.errors import UserError
from yetbetter.records import check_unique, read_rows
from yetbetter.selection.pools import Pools, load_view, parse_draws, solution_key
from yetbetter.selection.voting import in_majority
from yetbetter.verdicts import CORRECT, FLAWED, INVALID, NOT_JUDGED, SOUND

FILTERS = ("ground_truth", "none", "majority", "reasoning", "judge")
DUPLICATES = ("keep", "drop")
# Why a solution fell out, in the order in which this is asked.
REASONS = (
    *("out_wrong", "out_minority", "out_flawed", "out_rejected"),
    *("out_empty", "out_cut", "out_duplicate", "out_surplus"),
)


@dataclass(frozen=True)
class Choice:
    """What a source keeps: its filter, what happens to equal solutions, at most how many of a question (None: all)."""

    filter: str = "ground_truth"
    duplicates: str = "keep"
    keep_per_question: int | None = None
    grading_mode: str = grading.STRICT  # under which two answers are the same in a vote

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--filter", default="ground_truth", choices=FILTERS)
        parser.add_argument("--duplicates", default="keep", choices=DUPLICATES)
        parser.add_argument(
            "--keep-per-question", type=int, help="only the first so many kept solutions of each question"
        )
        parser.add_argument(
            "--grading-mode", default=grading.STRICT, choices=grading.MODES, help="for --filter majority"
        )

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Choice":
        if arguments.keep_per_question is not None and arguments.keep_per_question < 1:
            raise UserError(f"--keep-per-question is {arguments.keep_per_question}, it must be at least 1")
        return cls(arguments.filter, arguments.duplicates, arguments.keep_per_question, arguments.grading_mode)


def add_arm_arguments(parser: argparse.ArgumentParser) -> None:
    """What every program is told that looks at an arm: problems, the view of the pools, what is kept of it."""
    parser.add_argument("--problems", required=True)
    parser.add_argument("--draws", required=True, nargs="+", metavar="MODEL:SAMPLES", help="the view of the pools")
    parser.add_argument("--questions", type=int, help="only the first so many problems")
    Pools.add_arguments(parser)
    Choice.add_arguments(parser)


def load_arm(arguments: argparse.Namespace, require: tuple[str, ...] = ()) -> tuple[list[dict], list[dict], Choice]:
    """(the arm's problems, the solutions that it draws, what it keeps of them)."""
    problems = read_rows(arguments.problems, require=("problem", "question"))
    check_unique(problems, arguments.problems, "problem")
    names = {row["problem"] for row in problems}
    only = None
    if arguments.questions is not None:
        if not 1 <= arguments.questions <= len(problems):
            raise UserError(
                f"--questions is {arguments.questions}, {arguments.problems} holds {len(problems)} problems"
            )
        problems = problems[: arguments.questions]
        only = [row["problem"] for row in problems]
    choice = Choice.of(arguments)
    by_vote, by_reasoning = choice.filter == "majority", choice.filter == "reasoning"
    rows = load_view(Pools.of(arguments), parse_draws(arguments.draws), require, only, by_vote, by_reasoning)
    unknown = [row["problem"] for row in rows if row["problem"] not in names]
    if unknown:
        raise UserError(f"{arguments.problems}: no problem {unknown[0]!r}, which the solutions answer")
    return problems, rows, choice


def select(rows: list[dict], choice: Choice) -> tuple[list[dict], Counter]:
    """The rows to train on, and how many fell out for which reason.

    The filter `ground_truth` keeps solutions whose final answer is right (paper, section 2); `none` keeps all;
    `majority` those that the samples of their question vote for; `reasoning` right answers whose reasoning was not
    found wrong (what could not be decided stays); `judge` those alone that a judge found sound. duplicates: `drop`
    keeps the first of equal solutions of one question. keep_per_question: of what is left the first ones, in the order
    of the rows. Solutions without text, and solutions cut at the length limit, have no end to learn and are always
    left out.
    """
    passes = filter_of(rows, choice)
    kept, counts, seen, per_question = [], Counter(drawn=len(rows), kept=0), set(), Counter()
    for row in rows:
        counts[f"verdict_{row['verdict']}"] += 1
        identity = (row["problem"], solution_key(row["text"]))
        reason = passes(row)
        if reason:
            counts[reason] += 1
        elif not row["text"].strip():
            counts["out_empty"] += 1
        elif row["finish_reason"] == "length":
            counts["out_cut"] += 1
        elif choice.duplicates == "drop" and identity in seen:
            counts["out_duplicate"] += 1
        elif choice.keep_per_question is not None and per_question[row["problem"]] == choice.keep_per_question:
            counts["out_surplus"] += 1
        else:
            counts["kept"] += 1
            counts["kept_duplicates"] += identity in seen
            seen.add(identity)
            per_question[row["problem"]] += 1
            kept.append(row)
    return kept, counts


def filter_of(rows: list[dict], choice: Choice):
    """A function of a row: why the filter leaves it out, or None."""
    if choice.filter == "none":
        return lambda row: None
    if choice.filter == "ground_truth":
        return lambda row: None if row["verdict"] == CORRECT else "out_wrong"
    if choice.filter == "judge":
        return lambda row: None if row["judged"] == SOUND else "out_rejected"
    if choice.filter == "majority":
        with grading.Grader(choice.grading_mode) as grader:
            majority = in_majority(rows, lambda answer, other: grader.verdict(answer, other) == CORRECT)
        return lambda row: None if (row["model"], row["problem"], row["sample"]) in majority else "out_minority"
    return reject_flawed


def reject_flawed(row: dict) -> str | None:
    """The filter `reasoning`; UserError where a right answer was never checked."""
    if row["verdict"] != CORRECT:
        return "out_wrong"
    if row.get("reasoning") in (None, NOT_JUDGED):
        raise UserError(
            f"sample {row['sample']} of {row['problem']!r} from {row['model']!r}: its reasoning was never checked,"
            " which --filter reasoning needs (--reasoning or --judgements)"
        )
    return "out_flawed" if row["reasoning"] in (INVALID, FLAWED) else None


def training_row(problem: str, sample: int, model: str, prompt: str, text: str) -> dict:
    """A prompt and its completion; a prompt ends without a blank, so the completion starts with one."""
    completion = text if text[:1].isspace() else " " + text
    return {"problem": problem, "sample": sample, "prompt": prompt, "completion": completion, "model": model}
