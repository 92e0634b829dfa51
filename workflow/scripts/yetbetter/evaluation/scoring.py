"""Score a finetuned model's answers: verdict and check of the greedy ones, maj@k or pass@k of the sampled ones."""

from collections.abc import Callable, Iterator, Sequence

from yetbetter.errors import UserError
from yetbetter.evaluation.benchmarks import GREEDY, SAMPLED, Benchmark, asked_references
from yetbetter.evaluation.verified_answers import VerifiedAnswers, score_verified
from yetbetter.records import iterate_rows
from yetbetter.tasks import CHECKS, CONVENTIONS, Options, Solution
from yetbetter.verdicts import CORRECT

# Of an answer's verdict row, what a row of scores keeps.
KEPT = ("answer", "verdict", "error", "failed_test", "scores", "not_followed")


def score_answers(
    path: str,
    benchmarks: Sequence[Benchmark],
    options: Options,
    fpr: str = "none",
    judged: Callable[[str, str, str], str] | None = None,
    verified: VerifiedAnswers | None = None,
) -> list[dict]:
    """One row for each problem of each benchmark. path: the answers that evaluate_model.py wrote.

    fpr: how right greedy answers are checked, a name in `tasks.CHECKS`. judged: what a judge says of a right answer,
    from (benchmark, problem, text), if one was asked. verified: verifiers' scores of the sampled answers. Raises
    UserError if a problem does not have the answers that its benchmark asks for.
    """
    task, check = CONVENTIONS[options.convention], CHECKS[fpr].run
    asked = list(find_answers(path, benchmarks))
    references = {benchmark.name: asked_references(benchmark, task) for benchmark in benchmarks}
    solutions = (
        Solution(problem["problem"], number, answer["text"], references[benchmark.name][problem["problem"]])
        for benchmark, problem, *answers in asked
        for number, answer in enumerate((*answers[0], *answers[1]))
    )
    graded = task.verdicts(solutions, options)
    rows, right = [], []
    for benchmark, problem, greedy, sampled in asked:
        row = {"benchmark": benchmark.name, "problem": problem["problem"], "level": problem.get("level")}
        row |= {"verdict": None, "reasoning": None}
        for answer in greedy:
            verdict = next(graded)
            row |= {key: verdict[key] for key in KEPT if key in verdict}
            if row["verdict"] == CORRECT:
                right.append((row, answer["text"], problem))
        of_samples = [next(graded) for _ in sampled]
        row |= task.score_samples(of_samples)
        if verified and of_samples:
            scores = verified.of(benchmark.name, problem["problem"], len(of_samples))
            row |= score_verified(of_samples, scores, task.vote_of)
        rows.append(row)
    if judged:
        for row, text, _ in right:
            row["reasoning"] = judged(row["benchmark"], row["problem"], text)
    if check and right:
        checked = check(((text, problem) for _, text, problem in right), options)
        for (row, *_), reasoning in zip(right, checked, strict=True):
            row["reasoning"] = reasoning
    return rows


def find_answers(
    path: str, benchmarks: Sequence[Benchmark]
) -> Iterator[tuple[Benchmark, dict, list[dict], list[dict]]]:
    """(benchmark, problem, its greedy answers, its sampled ones) of all problems that are asked."""
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
            yield benchmark, problem, greedy, sampled
