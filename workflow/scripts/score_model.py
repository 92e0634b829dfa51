"""Score a finetuned model's answers: one row per benchmark and problem, graded, voted on and checked."""

import argparse
from collections import Counter

from yetbetter import grading
from yetbetter.errors import UserError
from yetbetter.evaluation import benchmarks as evaluation
from yetbetter.evaluation.benchmarks import GREEDY, SAMPLED
from yetbetter.pocket.reasoning import check_reasoning
from yetbetter.program import run
from yetbetter.records import iterate_rows, write_rows
from yetbetter.stats.estimators import majority

VOTERS = (1, 4, 8, 16)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", required=True, help="JSON Lines that evaluate_model.py wrote")
    parser.add_argument("--benchmark", required=True, action="append", metavar="NAME:FILE:GREEDY:SAMPLED:SAMPLES")
    parser.add_argument("--answer-format", required=True, choices=grading.CONVENTIONS)
    parser.add_argument("--grading-mode", default=grading.STRICT, choices=grading.MODES)
    parser.add_argument(
        "--fpr",
        default="none",
        choices=["exact", "judge", "none"],
        help="how a right answer's reasoning is checked; a judge is not asked about finetuned models",
    )
    for axis in ("dataset", "budget", "source", "target", "seed", "paradigm"):
        parser.add_argument(f"--{axis}", required=True)
    parser.add_argument("--output", required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    cell = {axis: getattr(arguments, axis) for axis in ("dataset", "budget", "source", "target", "seed", "paradigm")}
    answers: dict[tuple, list[dict]] = {}
    for row in iterate_rows(arguments.answers, require=("benchmark", "decoding", "problem", "text")):
        answers.setdefault((row["benchmark"], row["decoding"], row["problem"]), []).append(row)
    scored = []
    require = ("program",) if arguments.fpr == "exact" else ()
    for benchmark in (evaluation.parse_benchmark(argument, require) for argument in arguments.benchmark):
        for number, problem in enumerate(benchmark.problems[: max(benchmark.greedy, benchmark.sampled)]):
            greedy = answers.get((benchmark.name, GREEDY, problem["problem"]), [])
            sampled = answers.get((benchmark.name, SAMPLED, problem["problem"]), [])
            wanted = int(number < benchmark.greedy), benchmark.samples * int(number < benchmark.sampled)
            if (len(greedy), len(sampled)) != wanted:
                raise UserError(
                    f"{arguments.answers}: {len(greedy)} greedy and {len(sampled)} sampled answers to"
                    f" {problem['problem']!r} of {benchmark.name}, the benchmark asks for {wanted[0]} and {wanted[1]}"
                )
            place = {"benchmark": benchmark.name, "problem": problem["problem"], "level": problem.get("level")}
            scored.append(cell | place | score(problem, greedy, sampled, arguments))
    write_rows(arguments.output, scored)
    print(f"scored {len(scored):,} problems")
    if arguments.fpr == "judge":
        print("the reasoning of right answers was not measured: the judge is asked about training data only")


def grade(answer: dict, problem: dict, arguments: argparse.Namespace) -> tuple[str | None, str]:
    return grading.grade(answer["text"], problem["answer"], arguments.answer_format, arguments.grading_mode)


def score(problem: dict, greedy: list[dict], sampled: list[dict], arguments: argparse.Namespace) -> dict:
    """pass@1 and the reasoning of the greedy answer, maj@k of the sampled ones; null for what was not drawn."""
    row: dict = {"verdict": None, "reasoning": None}
    for answer in greedy:
        row["answer"], row["verdict"] = grade(answer, problem, arguments)
        if arguments.fpr == "exact" and row["verdict"] == grading.CORRECT:
            row["reasoning"] = check_reasoning(answer["text"], problem["program"])
    graded = [grade(answer, problem, arguments) for answer in sampled]
    verdicts = Counter(verdict for _, verdict in graded)
    # Wrong answers vote together when they are the same text after normalisation.
    others = Counter(grading.normalise(answer) for answer, verdict in graded if verdict == grading.INCORRECT)
    blank = len(graded) - verdicts[grading.CORRECT] - others.total()
    for voters in VOTERS:
        if voters <= len(graded):
            row[f"maj@{voters}"] = majority(verdicts[grading.CORRECT], list(others.values()), blank, voters)
    return row


if __name__ == "__main__":
    run(main)
