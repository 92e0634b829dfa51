"""Write a verifier's training set: solutions of an arm, each labelled right or wrong.

A solution is right if its final answer is. As many right as wrong solutions are chosen, and at most --per-question of
each label and question, by a hash of their identities. --kind process labels every step: it is right if any completion
of the text up to its end (see split_solutions.py) reaches the right answer.
"""

import argparse

from yetbetter.errors import UserError
from yetbetter.program import Output, Parser, run
from yetbetter.records import digest_of, digest_of_problems, iterate_rows, write_json, write_text
from yetbetter.selection.labelled import add_labelled_arguments, choose_labelled
from yetbetter.selection.pools import parse_draws
from yetbetter.selection.training_data import write_by_model
from yetbetter.verification.labels import read_completions, training_row
from yetbetter.verification.prompts import GENERATIVE, KINDS, PROCESS, WORDS, read_verifier_prompt


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_labelled_arguments(parser)
    add = parser.add_argument
    add("--kind", required=True, choices=KINDS, help="the verifier's")
    add("--prompt", required=True, help="file that holds {question} and {solution} once")
    add("--words-of-answer", nargs=2, default=WORDS, metavar=("RIGHT", "WRONG"), help="generative: default Yes and No")
    add("--completions", nargs="+", metavar="FOLDER", help="process: verdicts on completions, or folders of them")
    add("--output", action=Output, required=True, help="the training set, JSON Lines")
    add("--digest", action=Output, required=True, help="its SHA-256; training depends on this file")
    add("--counts", action=Output, required=True, help="JSON: how many solutions were kept, and why others were not")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    if (arguments.kind == PROCESS) != bool(arguments.completions):
        raise UserError(f"--completions: --kind {PROCESS} needs them, no other kind takes them")
    prompt = read_verifier_prompt(arguments.prompt, arguments.kind)
    if arguments.kind == GENERATIVE and not all(word.strip() for word in arguments.words_of_answer):
        raise UserError("--words-of-answer: a word is empty")
    completions = read_completions(arguments.completions) if arguments.completions else None
    chosen, counts, questions = choose_labelled(arguments, in_steps=arguments.kind == PROCESS)
    rows = [
        training_row(one, questions[one.problem], arguments.kind, prompt, arguments.words_of_answer, completions)
        for one in chosen
    ]
    write_by_model(arguments.output, rows, parse_draws(arguments.draws))
    write_text(arguments.digest, [digest_of(arguments.output) + "\n"])
    if completions:
        labels = [label for row in rows for _, label in row["labels"]]
        counts |= {"steps": len(labels), "steps_right": sum(labels), "steps_wrong": len(labels) - sum(labels)}
        counts["completions_per_step"] = len(next(iter(completions.values()), []))
    split = iterate_rows(arguments.problems, require=("problem", "question"))
    write_json(arguments.counts, dict(sorted(counts.items())) | {"problems_hash": digest_of_problems(split)})
    print(f"kept {counts['kept']:,} of {counts['drawn']:,} solutions, half of them right")


if __name__ == "__main__":
    run(main)
