"""The solutions of an arm that a verifier learns from, right and wrong ones."""

import argparse
from collections import Counter

from yetbetter.errors import UserError
from yetbetter.program import MOST, whole
from yetbetter.selection.training_data import Selection, add_arm_arguments, fingerprint_of, read_arm
from yetbetter.verdicts import CORRECT, UNGRADED
from yetbetter.verification.balance import Chooser, Labelled
from yetbetter.verification.prompts import completion_of
from yetbetter.verification.steps import split_steps


def add_labelled_arguments(parser: argparse.ArgumentParser) -> None:
    """An arm's arguments, and how many of its solutions are chosen."""
    add_arm_arguments(parser)
    parser.set_defaults(filter="none")
    help = "the most right, and the most wrong, solutions of each question (default: 4)"
    parser.add_argument("--per-question", type=whole(1), default=4, help=help)
    parser.add_argument("--seed", type=whole(-MOST), default=0, help="of the choice (default: 0)")


def choose_labelled(arguments: argparse.Namespace, in_steps: bool) -> tuple[list[Labelled], Counter, dict[str, str]]:
    """(the chosen solutions by problem, model and sample; counts of all; the question of each problem).

    Right is a solution with the right final answer: wrong, missing and undecided answers are wrong. in_steps: leave out
    solutions of a single step, which are counted as `out_single_step`. UserError if solutions are neither right nor
    wrong, or if there is no right one, or no wrong one.
    """
    if arguments.filter != "none":
        raise UserError(f"--filter is {arguments.filter}, a verifier learns from right and wrong solutions: none")
    problems, shards, choice = read_arm(arguments, ("question",))
    chooser = Chooser(arguments.seed, arguments.per_question)
    with Selection(choice) as selection:
        single = 0
        for shard in shards:
            offered = []
            for sample, solution in selection.choose(shard.samples, shard.solutions()):
                if sample.verdict == UNGRADED:
                    raise UserError(
                        f"{arguments.verdicts}: answers are {UNGRADED}, a verifier needs right and wrong ones"
                    )
                if not sample.trained:
                    continue
                text = solution["text"]
                if in_steps and len(split_steps(completion_of(text))) < 2:
                    single += 1
                    continue
                key, right = fingerprint_of(text), sample.verdict == CORRECT
                offered.append(Labelled(sample.problem, sample.model, sample.sample, text, key, right))
            chooser.offer(offered)
    chosen = chooser.balanced()
    if not chosen:
        missing = "wrong" if any(one.right for one in chooser.kept) else "right"
        raise UserError(f"no {missing} solution among those drawn: a verifier needs both")
    left_out = {name: number for name, number in selection.counts.items() if name not in ("kept", "kept_duplicates")}
    counts = Counter(left_out) + chooser.counts
    counts |= {"kept": len(chosen), "kept_right": sum(one.right for one in chosen)}
    counts["kept_wrong"] = len(chosen) - counts["kept_right"]
    if in_steps:
        counts["out_single_step"] = single
    return chosen, counts, {row["problem"]: row["question"] for row in problems}
