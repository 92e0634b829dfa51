"""Score a finetuned model's answers: pass@1 and reasoning of the greedy ones, maj@k of the sampled ones."""

from collections import Counter
from collections.abc import Iterable, Iterator

from yetbetter import grading
from yetbetter.errors import UserError
from yetbetter.evaluation.benchmarks import GREEDY, SAMPLED, Benchmark
from yetbetter.pocket.reasoning import check_reasoning
from yetbetter.records import iterate_rows
from yetbetter.stats.estimators import majority

VOTERS = (1, 4, 8, 16)


def score_answers(
    path: str, benchmarks: Iterable[Benchmark], answer_format: str, mode: str, exact: bool
) -> Iterator[dict]:
    """One row for each problem of each benchmark. path: the answers that evaluate_model.py wrote.

    answer_format, mode: see `grading`. exact: check the reasoning of right greedy answers against the problem's
    program. Raises UserError if a problem does not have the answers that its benchmark asks for.
    """
    answers: dict[tuple, list[dict]] = {}
    for row in iterate_rows(path, require=("benchmark", "decoding", "problem", "text")):
        answers.setdefault((row["benchmark"], row["decoding"], row["problem"]), []).append(row)
    for benchmark in benchmarks:
        for number, problem in enumerate(benchmark.problems[: max(benchmark.greedy, benchmark.sampled)]):
            greedy = answers.get((benchmark.name, GREEDY, problem["problem"]), [])
            sampled = answers.get((benchmark.name, SAMPLED, problem["problem"]), [])
            wanted = int(number < benchmark.greedy), benchmark.samples * int(number < benchmark.sampled)
            if (len(greedy), len(sampled)) != wanted:
                raise UserError(
                    f"{path}: {len(greedy)} greedy and {len(sampled)} sampled answers to"
                    f" {problem['problem']!r} of {benchmark.name}, the benchmark asks for {wanted[0]} and {wanted[1]}"
                )
            place = {"benchmark": benchmark.name, "problem": problem["problem"], "level": problem.get("level")}
            yield place | score_problem(problem, greedy, sampled, answer_format, mode, exact)


def score_problem(
    problem: dict, greedy: list[dict], sampled: list[dict], answer_format: str, mode: str, exact: bool
) -> dict:
    """verdict, answer and reasoning of the greedy answer, maj@k of the sampled ones; null for what was not sampled."""
    row: dict = {"verdict": None, "reasoning": None}
    gold = grading.gold_of(problem)
    for answer in greedy:
        row["answer"], row["verdict"] = grading.grade(answer["text"], gold, answer_format, mode)
        if exact and row["verdict"] == grading.CORRECT:
            row["reasoning"] = check_reasoning(answer["text"], problem["program"])
    graded = [grading.grade(answer["text"], gold, answer_format, mode) for answer in sampled]
    verdicts = Counter(verdict for _, verdict in graded)
    # Wrong answers vote together if they are the same text after normalisation.
    others = Counter(grading.normalise(answer) for answer, verdict in graded if verdict == grading.INCORRECT)
    blank = len(graded) - verdicts[grading.CORRECT] - others.total()
    for voters in VOTERS:
        if voters <= len(graded):
            row[f"maj@{voters}"] = majority(verdicts[grading.CORRECT], list(others.values()), blank, voters)
    return row
